"""`seatrials timeline`: finds a run and a row, and writes the page or the file that shows it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from seatrials.configuration import nearest
from seatrials.errors import ConfigurationError, EvidenceError
from seatrials.evidence.folder import EvidenceFolder, RunFolder, page_of
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.reader import RunEvidence, read_newest
from seatrials.timeline import otlp, page, perfetto
from seatrials.timeline.build import build
from seatrials.timeline.evidence import RunFiles, files_of, read_run
from seatrials.timeline.model import Timeline
from seatrials.whole_file import write_whole

# By the name of a format: what ends the file's name, and what writes it.
FORMATS: Mapping[str, tuple[str, Callable[[Timeline], str]]] = {
    "html": (".html", page.render),
    "perfetto": (".perfetto.json", perfetto.render),
    "otlp": (".otlp.jsonl", otlp.render),
}
_FIRST = (
    CellOutcome.FAILED,
    CellOutcome.CRASHED,
    CellOutcome.RETRIED,
    CellOutcome.NOT_ASKED,
    CellOutcome.NOT_RUN,
)


def write_timeline(run: str, row: str | None, *, evidence: Path, out: Path | None, form: str) -> Path:
    """Write the timeline of *row* of *run*, or of all rows with a page that leads to them; return what to open.

    *run* is a run's folder, or the name of an environment, whose newest run is meant. Without *out* the file stands in
    the run's folder, outside of what is sealed. Raises `EvidenceError` where there is no such run, and
    `ConfigurationError` for a row that it does not have.
    """
    if form not in FORMATS:
        msg = f"--format {form}: {nearest(form, list(FORMATS))}"
        raise ConfigurationError(msg)
    files = read_run(find_run(run, evidence))
    with _writing():
        if row is not None:
            return _write_row(files, row_of(files, row), form, out)
        return _write_all(files, form, out)


def write_failed(run: RunEvidence) -> dict[str, Path]:
    """Write the pages of those rows of *run* that failed or crashed; return the page of each.

    A run that does not say which rows it has, has no page.
    """
    doubtful = (CellOutcome.CANNOT_TELL, CellOutcome.CRASHED, CellOutcome.NOT_ASKED)
    files = files_of(run)
    with _writing():
        failed = [row for row, result in files.results.items() if result.failed or result.outcome in doubtful]
        return {row: _write_row(files, row, "html", None) for row in failed if is_safe(row)}


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        msg = f"the timeline cannot be written: {where}{error.strerror}"
        raise EvidenceError(msg) from error


def find_run(run: str, evidence: Path) -> Path:
    """Return the folder of *run*; raises `EvidenceError` when there is none."""
    try:
        path = Path(run)
        if run and RunFolder(path).record.is_file():
            return path.resolve()
        is_name = bool(run) and run == path.name and run not in (".", "..")
        newest = read_newest(evidence, run) if is_name else None
        if newest is not None:
            return newest.path
    except OSError as error:
        msg = f"{run[:80]!r} is no run: {error.strerror}"
        raise EvidenceError(msg) from error
    names = EvidenceFolder(evidence).environments()
    known = f"the environments in {evidence} are {', '.join(names)}" if names else f"{evidence} has no run at all"
    msg = f"{run[:80]!r} is neither the folder of a run nor an environment with one: {known}"
    raise EvidenceError(msg)


def row_of(files: RunFiles, name: str) -> str:
    """Return the row that is called *name*, or whose test is; raises `ConfigurationError` when there is none."""
    for row, test in files.tests.items():
        if name.upper() == row.upper() or name in (test, test.rpartition("::")[2]):
            return row
    known = nearest(name, list(files.tests)) if files.tests else "it says of no row that it set out to run it"
    msg = f"{files.folder.path} has no row and no test {name[:80]!r}; {known}"
    raise ConfigurationError(msg)


def is_safe(row: str) -> bool:
    """Whether *row* can be part of a file's name; the evidence may say anything."""
    return row.isascii() and row.replace("-", "").isalnum()


def _write_row(files: RunFiles, row: str, form: str, out: Path | None) -> Path:
    if not is_safe(row):
        msg = f"the run has a row {row[:80]!r}, which is no id of the catalogue: see whether its run.json is damaged"
        raise EvidenceError(msg)
    ending, write = FORMATS[form]
    place = out if out is not None else files.folder.timeline_page(row).with_suffix(ending)
    place.parent.mkdir(parents=True, exist_ok=True)
    write_whole(place, write(build(files, row)))
    return place


def _write_all(files: RunFiles, form: str, out: Path | None) -> Path:
    folder = out if out is not None else files.folder.pages
    rows = [row for row in files.tests if is_safe(row)]
    ending, _ = FORMATS[form]
    for row in rows:
        _write_row(files, row, form, folder / f"{row}{ending}")
    if form != "html":
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    index = page_of(folder)
    name = f"{files.record.environment or 'a run'}, {files.folder.path.name}"
    write_whole(index, page.render_index(name, _index(files), files.problems))
    return index


def _index(files: RunFiles) -> Sequence[tuple[str, str, str, str, str]]:
    """Return a line for each row, those first that did not pass."""
    ordered = sorted(files.results, key=lambda row: (_rank(files.results[row].outcome), row))
    return [
        (
            row,
            f"{row}.html" if is_safe(row) else "",
            str(files.results[row].outcome),
            files.sentences.get(row) or files.tests[row].rpartition("::")[2],
            files.results[row].reason,
        )
        for row in ordered
    ]


def _rank(outcome: CellOutcome) -> int:
    return _FIRST.index(outcome) if outcome in _FIRST else len(_FIRST)
