"""One run of the gate: from evidence on disk to a decision on disk, and its exit code."""

import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from seatrials.catalogue import read_suites
from seatrials.cost import SHIPPED_PRICES, load_prices
from seatrials.environments.variables import read_variables
from seatrials.errors import ConfigurationError, EvidenceError
from seatrials.evidence.commits import Commits
from seatrials.evidence.folder import DatedFolders, EvidenceFolder, page_of
from seatrials.evidence.job import job_url
from seatrials.evidence.provenance import comparison
from seatrials.evidence.reader import read_mutants, read_others, read_runs
from seatrials.evidence.signing import Signer, sign_decision
from seatrials.gate import page
from seatrials.gate.case import Case
from seatrials.gate.criteria import load_criteria
from seatrials.gate.decision import Decision, Verdict
from seatrials.gate.history import Entry, FileHistory, History
from seatrials.gate.kept import head_kept_in, last_kept_go
from seatrials.gate.links import links_from
from seatrials.gate.markdown import as_markdown
from seatrials.gate.owners import read_owners
from seatrials.gate.signers import UNSIGNED, signers_of
from seatrials.gate.terminal import show
from seatrials.gate.verdict import judge
from seatrials.output.output import Tell, unheard
from seatrials.seams.clock import wall_epoch_seconds
from seatrials.timeline.command import write_failed
from seatrials.whole_file import is_folder

EXIT_CODES = {Verdict.GO: 0, Verdict.NO_GO: 1, Verdict.CANNOT_TELL: 2}


@dataclass(frozen=True, kw_only=True)
class GatePaths:
    """What a run of the gate reads, and where it writes."""

    criteria: Path
    evidence: Path
    # The tests, whose marks say which rows are required where.
    scenarios: Path
    prices: Path = SHIPPED_PRICES
    # Where a folder for the decision is made.
    out: Path
    # A decision that the history must go on from.
    after: Path | None = None


def open_history(address: str) -> History:
    """Return the history at a path or an `s3://` address."""
    if not address.startswith("s3://"):
        return FileHistory(Path(address))
    from seatrials.publishing.history_s3 import S3History, s3_client  # noqa: PLC0415  # boto3 takes time that a file need not

    return S3History(address, s3_client())


def run_gate(
    paths: GatePaths,
    history: History,
    commit: str | None,
    console: Console,
    signer: Signer | None = None,
    *,
    tell: Tell = unheard,
) -> int:
    """Judge the evidence, write the decision, show it, remember the runs, and return the exit code of the verdict.

    With a *signer* the decision is signed.
    """
    if commit is not None and re.fullmatch(r"[0-9a-f]{7,40}", commit) is None:
        msg = f"{commit!r} is no commit: give 7 to 40 hexadecimal digits, as `git rev-parse` prints them"
        raise ConfigurationError(msg)
    remembered = history.read()
    case = read_case(paths, remembered.entries, commit)
    if paths.after is not None:
        remembered.check_after(head_kept_in(paths.after, case.signers), str(paths.after))
    folder = _folder(paths.out)
    report = EvidenceFolder(paths.evidence).report_page
    _write_timelines(case)
    judgement = judge(case, _allure_report(paths.evidence, folder), links_from(folder, report))
    decision = replace(judgement.decision, notices=(*judgement.decision.notices, *remembered.told()))
    try:
        # Before the decision is written, which tells how far the history went with it.
        decision = replace(decision, history=history.append(judgement.entries))
    finally:
        decision = replace(decision, signature=_signature(signer))
        _write(decision, folder, signer)
        show(decision, console)
        console.print(f"decision: {page_of(folder)}", highlight=False, soft_wrap=True)
        tell(verdict=decision.verdict, folder=str(folder), page=str(page_of(folder)), decision=decision.as_json())
    return EXIT_CODES[decision.verdict]


def _write_timelines(case: Case) -> None:
    """Write the pages of the rows that failed, for the decision to link; where it cannot be done it has no links."""
    for environment in case.criteria.environments:
        run = case.newest(environment)
        if run is not None:
            with suppress(EvidenceError):
                write_failed(run)


def read_case(paths: GatePaths, history: Sequence[Entry], commit: str | None) -> Case:
    """Return what is to be judged, as it is on disk and in the repository of the working folder."""
    suites = read_suites(paths.scenarios)
    rows = tuple(row for suite in suites for row in suite.rows)
    criteria = load_criteria(paths.criteria, [row.id for row in rows], {row.suite for row in rows})
    commits = Commits.of(Path())
    top = commits.top if commits is not None else None
    signers, _ = signers_of(criteria.signatures, paths.criteria.parent)
    return Case(
        criteria=criteria,
        criteria_file=str(paths.criteria),
        rows=rows,
        runs={name: read_runs(paths.evidence, name) for name in criteria.environments},
        mutants=read_mutants(paths.evidence),
        history=history,
        prices=load_prices(paths.prices),
        commit=commit,
        now_seconds=wall_epoch_seconds(),
        compare=comparison(Path()),
        others=read_others(paths.evidence, criteria.environments, commit),
        signers=signers,
        commits=commits,
        owners=read_owners(top, criteria.owners),
        kept_go=last_kept_go(paths.out, str(paths.criteria), commit),
        criteria_text=paths.criteria.read_bytes(),
        criteria_path=_place(paths.criteria, top),
        scenarios_path=_place(paths.scenarios, top),
        job_url=job_url(read_variables()),
    )


def _place(path: Path, top: Path | None) -> str:
    """Return where *path* stands in the work tree at *top*, as git names it; what lies elsewhere has no such name."""
    absolute = path.resolve()
    return absolute.relative_to(top).as_posix() if top is not None and absolute.is_relative_to(top) else ""


def _signature(signer: Signer | None) -> str:
    return UNSIGNED if signer is None else f"signed with {signer.name}"


def _folder(out: Path) -> Path:
    try:
        return DatedFolders(out).create()
    except OSError as error:
        msg = f"a decision cannot be written below {out}: {error.strerror}; give another folder with --out"
        raise EvidenceError(msg) from error


def _write(decision: Decision, folder: Path, signer: Signer | None) -> None:
    try:
        (folder / "decision.json").write_text(json.dumps(decision.as_json(), indent=1) + "\n", encoding="utf-8")
        (folder / "summary.md").write_text(as_markdown(decision), encoding="utf-8")
        page_of(folder).write_text(page.render(decision), encoding="utf-8")
        sign_decision(folder, signer)
    except OSError as error:
        msg = f"the decision cannot be written in {folder}: {error.strerror}; make room, or give another --out"
        raise EvidenceError(msg) from error


def _allure_report(evidence: Path, folder: Path) -> str | None:
    """Return the way from *folder* to the Allure report; None when there is none."""
    report = EvidenceFolder(evidence).report_page
    return Path(os.path.relpath(report, folder)).as_posix() if is_folder(report.parent) and report.is_file() else None
