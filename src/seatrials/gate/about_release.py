"""What a decision tells of its release: made of a case and of what came of it, and judging nothing."""

from collections.abc import Iterable, Sequence

from seatrials.catalogue import Row, rows_of
from seatrials.evidence.commit import Commit
from seatrials.gate.advice import steps_of
from seatrials.gate.case import Case
from seatrials.gate.changes import Rows, changed_criteria, changed_resources, changed_rows
from seatrials.gate.decision import Criterion, MatrixRow, Verdict
from seatrials.gate.failures import Link, failures_of
from seatrials.gate.history import Entry
from seatrials.gate.release import Changes, LastGo, Release, VerdictPoint
from seatrials.gate.versions import deployed, services_of, told_in_short
from seatrials.seams.clock import iso_timestamp

_COMMITS_SHOWN_MAX = 30
_VERDICTS_SHOWN_MAX = 30


def release_of(
    case: Case, verdict: Verdict, criteria: Sequence[Criterion], rows: Sequence[MatrixRow], link: Link
) -> Release:
    """Return what the decision on *case* says of its release."""
    commit, why = _commit(case)
    last_go = _last_go(case)
    failures = failures_of(case, criteria, rows, link)
    return Release(
        commit=commit,
        commit_unknown=why,
        services=services_of(case),
        last_go=last_go,
        changes=None if last_go is None else _changes(case, last_go),
        failures=failures,
        owners_unknown=case.owners.why_none,
        steps=tuple(steps_of(case, verdict, criteria, failures, last_go)),
        verdicts=_verdicts(case, verdict),
        job_url=case.job_url,
    )


def _commit(case: Case) -> tuple[Commit | None, str]:
    if case.judged_commit is None:
        return None, "the evidence is not of one commit"
    if case.commits is None:
        return None, "there is no git repository here that could tell of the commit"
    found = case.commits.find(case.judged_commit)
    return found, "" if found else f"the repository does not have commit {case.judged_commit[:8]}: fetch it"


def _last_go(case: Case) -> LastGo | None:
    """Return the newest GO of another commit by the same criteria, of the history or of a decision that was kept."""
    kept = case.kept_go
    found = [entry for entry in case.history if _is_go(case, entry)]
    newest = max(found, key=lambda entry: str(entry.go_at), default=None)
    if newest is not None and (kept is None or str(newest.go_at) >= kept.judged_at):
        commit, judged_at = str(newest.commit), str(newest.go_at)
        services = tuple(dict.fromkeys(told for each in found if each.commit == commit for told in each.services))
    elif kept is not None and kept.commit is not None:
        commit, judged_at = kept.commit, kept.judged_at
        services = told_in_short(deployed(kept.release.services)) if kept.release is not None else ()
    else:
        return None
    described = None if case.commits is None else case.commits.find(commit)
    return LastGo(commit=commit, judged_at=judged_at, described=described, services=services)


def _is_go(case: Case, entry: Entry) -> bool:
    """Whether a release went out with *entry*, and was not judged NO-GO since."""
    if entry.go_at is None or entry.commit is None or entry.verdict == Verdict.NO_GO:
        return False
    current = case.judged_commit
    return entry.criteria == case.criteria_name and (current is None or not entry.commit.startswith(current))


def _changes(case: Case, last_go: LastGo) -> Changes:
    commit, commits = case.judged_commit, case.commits
    if commits is None or commit is None or last_go.described is None:
        return _nothing_known(f"commit {last_go.commit[:8]} cannot be read here, so nothing is known: fetch it")
    new, lost = (
        commits.between(*sides, _COMMITS_SHOWN_MAX) for sides in ((last_go.commit, commit), (commit, last_go.commit))
    )
    rows = changed_rows(_rows_at(case, last_go.commit), case.rows)
    criteria = changed_criteria(commits.read(last_go.commit, case.criteria_path), case.criteria_text)
    path = case.criteria.release.template
    template = changed_resources(commits.read(last_go.commit, path), commits.read(commit, path))
    told = rows or Rows()
    unknown = {
        "which commits are new": new is None or lost is None,
        "all of the new commits, for the clone is shallow,": commits.is_shallow,
        "how many commits are new, for they are too many to count,": new is not None and new.is_cut,
        "which rows are new or gone": rows is None,
        f"what has changed in {case.criteria_file}": criteria is None,
        f"what has changed in {path}": template is None,
    }
    return Changes(
        commits=tuple(new.commits) if new is not None else (),
        commits_total=new.total if new is not None else 0,
        commits_lost=lost.total if lost is not None else 0,
        rows_added=told.added,
        rows_removed=told.removed,
        rows_changed=told.changed,
        criteria=criteria or (),
        template=template or (),
        unknown=tuple(f"{what} cannot be told" for what, is_unknown in unknown.items() if is_unknown),
    )


def _nothing_known(why: str) -> Changes:
    return Changes(
        commits=(),
        commits_total=0,
        commits_lost=0,
        rows_added=(),
        rows_removed=(),
        rows_changed=(),
        criteria=(),
        template=(),
        unknown=(why,),
    )


def _rows_at(case: Case, commit: str) -> list[Row] | None:
    files = None if case.commits is None else case.commits.read_folder(commit, case.scenarios_path)
    return None if files is None else rows_of(files)


def _verdicts(case: Case, verdict: Verdict) -> tuple[VerdictPoint, ...]:
    """Return the verdicts by these criteria, oldest first: the last one on each set of runs, and this one."""
    points: dict[str, VerdictPoint] = {
        entry.judged_at: VerdictPoint(judged_at=entry.judged_at, commit=entry.commit, verdict=entry.verdict)
        for entry in _of_these_criteria(case)
        if entry.verdict is not None
    }
    now = iso_timestamp(case.now_seconds)
    points[now] = VerdictPoint(judged_at=now, commit=case.judged_commit, verdict=str(verdict))
    return tuple(points[each] for each in sorted(points)[-_VERDICTS_SHOWN_MAX:])


def _of_these_criteria(case: Case) -> Iterable[Entry]:
    return (entry for entry in case.history if entry.criteria == case.criteria_name)
