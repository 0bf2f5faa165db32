"""Evidence as no run leaves it: each command that reads it names the file, ends with a code of the table, and ends.

Each oddity is tried on every fourth file, another one each time. SEATRIALS_ODD_FILES=all tries it on all.
"""

import errno
import io
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

import pytest

from seatrials import cli
from seatrials.commands import pages
from seatrials.environments.variables import read_variables
from seatrials.evidence.chain import join
from seatrials.evidence.folder import MatrixFolder, RunFolder
from seatrials.evidence.record import (
    KillsRecord,
    MatrixRecord,
    MatrixRun,
    MutantRecord,
    RowRecord,
    RunRecord,
    ServiceRecord,
)
from seatrials.report import report
from seatrials.seams.clock import iso_timestamp, wall_epoch_seconds
from tests.support.aws import Clients

COMMIT = "c" * 40
TEST = "tests/integration/test_cold_start.py::test_it"
SCENARIO = '''"""Cold start."""
import pytest


@pytest.mark.scenario("COLD-01")
@pytest.mark.staging
def test_it() -> None:
    """It holds."""
'''
CRITERIA = """
[environments.staging]
rows = "staging"
dirty_tree_allowed = true

[mutants]
required = true
dirty_tree_allowed = true
"""
ENVIRONMENTS = """
[staging]
kind = "live"
region = "us-west-2"
account_id = "123456789012"
base_url = "https://staging.example.com"
"""
COMMANDS: Mapping[str, Sequence[str]] = {
    "gate": ("gate", "--commit", COMMIT, "--scenarios", "scenarios", "--out", "out"),
    "report": ("report", "--tools", "."),
    "publish": ("publish", "--environment", "staging"),
    "matrix": ("scenarios", "--check", "--path", "scenarios", "--page", "page.md", "--matrix"),
}
SERVICES = {name: ServiceRecord(versions=("1.4.2",), images=(f"{name}:1.4.2",)) for name in ("hermes", "edit")}
SECONDS_MAX = 60
EVERY = 1 if read_variables().get("SEATRIALS_ODD_FILES") == "all" else 4


def lines(record: RunRecord) -> Iterator[str]:
    """Yield the report log of a run of one row."""
    began = wall_epoch_seconds() - 60
    told = {"call": [["platform_seconds", 2.5], ["calls", 3], ["scenario", "COLD-01"]]}
    yield json.dumps({"$report_type": "SessionStart"})
    for when in ("setup", "call", "teardown"):
        times = {"duration": 0.1, "start": began, "stop": began + 0.1}
        about = {"nodeid": TEST, "when": when, "outcome": "passed", "user_properties": told.get(when, [])}
        yield json.dumps({"$report_type": "TestReport", **about, **times})
    yield json.dumps({"$report_type": "SessionFinish", "exitstatus": record.exit_status})


def write_run(evidence: Path) -> None:
    """Write a whole run on staging."""
    started = iso_timestamp(wall_epoch_seconds() - 60)
    folder = RunFolder.create(evidence, "staging", started)
    record = RunRecord(
        environment="staging",
        chain=join(evidence, "staging", folder.path, started, COMMIT),
        kind="live",
        account="123456789012",
        commit=COMMIT,
        dirty=False,
        started=started,
        ended=iso_timestamp(wall_epoch_seconds()),
        exit_status=0,
        expected=(TEST,),
        rows={"COLD-01": TEST},
        scopes={"COLD-01": "staging"},
        scenarios={"COLD-01": "passed"},
        leftovers=(),
        usage={"http_requests": 3.0},
        services=SERVICES,
        wall_seconds=60.0,
        platform_seconds=2.5,
    )
    folder.write_rows({"COLD-01": RowRecord(nodeid=TEST, scope="staging")})
    folder.write_leftovers("main", [])
    folder.write_timeline("COLD-01", ["{}"])
    folder.write_services("COLD-01", SERVICES)
    folder.write_usage("COLD-01", {"http_requests": 3.0})
    folder.report_log.write_text("".join(f"{line}\n" for line in lines(record)))
    folder.allure_results.mkdir()
    full_name = TEST.removesuffix("::test_it").removesuffix(".py").replace("/", ".") + "#test_it"
    (folder.allure_results / "x-result.json").write_text(json.dumps({"fullName": full_name}))
    folder.write_run(record)
    folder.write_seal()


def write_matrix(evidence: Path) -> None:
    """Write a kill matrix of one mutant."""
    started = iso_timestamp(wall_epoch_seconds() - 30)
    folder = MatrixFolder.create(evidence, started)
    run = MatrixRun(
        commit=COMMIT,
        dirty=False,
        chain=join(evidence, "mutants", folder.path, started, COMMIT),
        started=started,
        is_partial=False,
        expected=("deaf",),
    )
    mutants = {"deaf": MutantRecord(killed_by=("COLD-01",))}
    folder.write(
        MatrixRecord(run=run, mutants=mutants, scenarios={"COLD-01": KillsRecord(kills=("deaf",))}, problems=()), "# x"
    )


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with evidence, and with all that the commands need beside it."""
    place = tmp_path_factory.mktemp("place")
    (place / "scenarios").mkdir()
    (place / "scenarios/test_cold_start.py").write_text(SCENARIO)
    (place / "gate.toml").write_text(CRITERIA)
    (place / "environments.toml").write_text(ENVIRONMENTS)
    write_run(place / "evidence")
    write_matrix(place / "evidence")
    return place


@pytest.fixture(name="place")
def _place(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aws: Clients) -> Path:
    """Return a copy of the folder to work in, which every command has seen once."""
    assert aws is not None
    place = tmp_path / "place"
    shutil.copytree(whole, place, symlinks=True)
    monkeypatch.chdir(place)
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setattr(pages, "forget_aws_variables", lambda: None)
    monkeypatch.setattr(report, "find_node", lambda: place)
    monkeypatch.setattr(report, "install_packages", lambda _tools, _node, _variables: False)
    monkeypatch.setattr(report, "run_node", allure)
    assert [end_of(each, monkeypatch) for each in ("gate", "report", "publish")] == [0, 0, 0]
    shutil.copy(place / "out/latest/decision.json", place / "earlier.json")
    return place


def allure(_node: Path, _arguments: Sequence[str], work: Path, _variables: Mapping[str, str]) -> None:
    """Write what Allure would, and keep what it was given."""
    settings = json.loads((work / "report.json").read_text())
    history = Path(settings["historyPath"])
    history.write_text(f'{history.read_text()}{{"uuid": "1"}}\n')
    Path(settings["output"]).mkdir()
    page = '<html><head></head><body><script src="data:text/javascript;base64,YWxsdXJl"></script></body></html>'
    (Path(settings["output"]) / "index.html").write_text(page)
    shutil.copy(work / "added/runs-globals.json", "given.json")


def end_of(command: str, monkeypatch: pytest.MonkeyPatch, place: Path = Path()) -> object:
    """Return with what a command ends."""
    words = list(COMMANDS[command])
    words += ["--after", "earlier.json"] if command == "gate" and Path("earlier.json").exists() else []
    words += [str(place / "evidence/mutants/latest/kill-matrix.json")] if command == "matrix" else []
    monkeypatch.setattr(sys, "argv", ["seatrials", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def folder(path: Path) -> None:
    """Let a folder stand there, with something in it."""
    path.mkdir()
    (path / "x.json").write_text("{}")


def holding(content: bytes) -> Callable[[Path], None]:
    """Return what lets a file hold *content*."""

    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


def listening(path: Path) -> None:
    """Let a socket stand there; its own name may be too long for one."""
    with tempfile.TemporaryDirectory(dir="/tmp") as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/s")
        Path(f"{short}/s").rename(path)


def large(path: Path) -> None:
    """Let a file of 100 MB stand there."""
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)


ODDITIES: Mapping[str, Callable[[Path], None]] = {
    "a folder": folder,
    "deep JSON": holding(b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    "deep lists": holding(b"[" * 10_000),
    "a huge number": holding(b'{"seed": ' + b"9" * 10_000 + b', "exit_status": 1e999}'),
    "no UTF-8": holding(b'{"commit": "\xff\xfe"}'),
    "NUL bytes": holding(b"\x00" * 100),
    "nothing": holding(b""),
    "null": holding(b"null"),
    "a loop": lambda path: path.symlink_to(path.name),
    "a dead link": lambda path: path.symlink_to("nowhere"),
    "a pipe": os.mkfifo,
    "a socket": listening,
    "100 MB": large,
}


def files_of(place: Path) -> list[Path]:
    """Return each file of the evidence, and each folder."""
    return sorted(each for each in (place / "evidence").rglob("*") if "report/2" not in each.as_posix())


def is_judged(path: Path) -> bool:
    """Whether a verdict rests on a file or folder."""
    others = ("allure-results", "published", "report", "gate", "current", "kill-matrix.md", "latest", "x-result.json")
    return not any(each in path.parts for each in others) and path.name not in others


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    """Let a command that waits for ever be a failure."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        pytest.fail(f"a command took more than {SECONDS_MAX} s")

    before = signal.signal(signal.SIGALRM, stop)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def wrong_with(
    command: str, path: Path, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[str]:
    """Yield what a command does wrong with a file that is odd, a sentence each."""
    signal.alarm(SECONDS_MAX)
    Path("given.json").unlink(missing_ok=True)
    with monkeypatch.context() as patch:
        code = end_of(command, patch, place)
    shown = "".join(capsys.readouterr())
    about = f"{command} of {path.relative_to(place)} ends with {code}: {shown[-300:]}"
    if "Traceback" in shown or code == 70 or not isinstance(code, int):
        yield f"crash: {about}"
    if not is_judged(path):
        return
    told = shown + (Path("given.json").read_text() if Path("given.json").exists() else "")
    decision = Path("out/latest/decision.json")
    told += decision.read_text() if command == "gate" and decision.exists() else ""
    if command == "gate" and code == 0:
        yield f"GO: {about}"
    if command == "report" and code == 77:
        return
    of_run = "staging" in path.parts or "chains" in path.parts
    if (command == "gate" or (of_run and command != "matrix")) and path.name not in told:
        yield f"not named: {about}"


def commands_for(path: Path) -> list[str]:
    """Return the commands that read a file or folder of the evidence."""
    if "mutants" in path.parts:
        return ["gate", "matrix"]
    if "gate" in path.parts:
        return ["gate"]
    return ["gate", "report", "publish"] if is_judged(path) else ["report", "publish"]


@pytest.mark.parametrize("oddity", ODDITIES)
def test_an_odd_file_is_told(
    place: Path, oddity: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever stands in the place of a file or folder: no crash, no wait, no GO, and its name is told."""
    kept, wrong, first = place / "kept", list[str](), list(ODDITIES).index(oddity)
    for path in files_of(place)[first % EVERY :: EVERY]:
        path.rename(kept)
        ODDITIES[oddity](path)
        for command in commands_for(path):
            wrong += wrong_with(command, path, place, monkeypatch, capsys)
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        kept.rename(path)

    assert not wrong, "\n".join(wrong)
    assert not list(place.glob("seatrials-crash-*"))


def real_path(path: str) -> str:
    """Return the path without links, which are those to the newest folders."""
    return os.path.realpath(path)


def forbid(path: Path, patch: pytest.MonkeyPatch) -> None:
    """Let nobody read a file or folder, as root may though it is forbidden."""
    forbidden, stat = real_path(str(path)), os.stat

    def refusing(real: Callable[..., object]) -> Callable[..., object]:
        def call(target: object = ".", *arguments: object, **options: object) -> object:
            is_path = isinstance(target, str | os.PathLike)
            asked = real_path(str(target)) if is_path else ""
            if asked.startswith(f"{forbidden}/") or (asked == forbidden and real is not stat):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
            return real(target, *arguments, **options)

        return call

    for module, name in ((os, "open"), (io, "open"), (os, "listdir"), (os, "scandir"), (os, "stat")):
        patch.setattr(module, name, refusing(getattr(module, name)))


def test_what_nobody_may_read_is_told(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file or folder of somebody else's is named, and never passed over."""
    wrong = list[str]()
    for path in files_of(place):
        for command in commands_for(path):
            with monkeypatch.context() as patch:
                forbid(path, patch)
                wrong += wrong_with(command, path, place, monkeypatch, capsys)

    assert not wrong, "\n".join(wrong)
