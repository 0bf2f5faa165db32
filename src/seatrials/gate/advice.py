"""What to do about a decision, the first thing first: each is one sentence that names whom or what it is about."""

from collections.abc import Iterable, Sequence

from seatrials.gate.case import Case
from seatrials.gate.decision import Criterion, Outcome, Verdict
from seatrials.gate.release import Failure, LastGo

_ASKED_MAX = 6


def steps_of(
    case: Case,
    verdict: Verdict,
    criteria: Sequence[Criterion],
    failures: Sequence[Failure],
    last_go: LastGo | None,
) -> Iterable[str]:
    """Yield what to do."""
    if verdict is Verdict.GO:
        yield "Nothing is in the way by these criteria."
    yield from _ask(failures)
    yield from _run(case, criteria)
    yield from _renew(case)
    yield _return_to(last_go, is_go=verdict is Verdict.GO)


def _ask(failures: Sequence[Failure]) -> Iterable[str]:
    """Yield whom to ask about what counts, each owner with all that is theirs."""
    by_owners: dict[str, list[str]] = {}
    for each in failures:
        if each.not_counted is None:
            by_owners.setdefault(" and ".join(each.owners), []).append(_place(each))
    for owners, subjects in by_owners.items():
        named = ", ".join(dict.fromkeys(subjects))
        yield f"Ask {owners} about {named}." if owners else f"Find out who answers for {named}: nobody is named."


def _run(case: Case, criteria: Sequence[Criterion]) -> Iterable[str]:
    """Yield what has to run, or to run again, before more can be told."""
    absent = [name for name in case.criteria.environments if case.newest(name) is None]
    if absent:
        yield f"Run the scenarios on {' and '.join(absent)}: without that nobody can tell."
    unknown = [each for each in criteria if each.outcome is Outcome.UNKNOWN and each.environment not in absent]
    if unknown:
        more = f" and {len(unknown) - _ASKED_MAX} more" if len(unknown) > _ASKED_MAX else ""
        named = ", ".join(each.id for each in unknown[:_ASKED_MAX])
        yield f"Mend what keeps {named}{more} from being told, and run again: each says why below."


def _renew(case: Case) -> Iterable[str]:
    expired = [each for each in case.criteria.waivers if not case.is_in_force(each)]
    if expired:
        named = ", ".join(f"{each.subject} ({each.owner})" for each in expired)
        yield f"These waivers have expired: {named}."


def _return_to(last_go: LastGo | None, *, is_go: bool) -> str:
    if last_go is None:
        return "There is no earlier GO by these criteria, so nothing is known that one could roll back to."
    tag = last_go.described.tag if last_go.described is not None else None
    ran = f", which ran {' and '.join(last_go.services)}" if last_go.services else ""
    when = "Should it go wrong" if is_go else "If it is out already"
    name = f"{tag} (commit {last_go.commit[:8]})" if tag else f"commit {last_go.commit[:8]}"
    return f"{when}, roll back to {name}{ran}."


def _place(failure: Failure) -> str:
    is_row = failure.environment is not None and not failure.subject.endswith(f".{failure.environment}")
    return f"{failure.subject} on {failure.environment}" if is_row else failure.subject
