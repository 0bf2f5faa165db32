"""What a person does about a real stack outside a run: see whether one may begin, and remove what one has left."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from seatrials.environments.environment import Environment
from seatrials.errors import LeftoversError, SeatrialsError
from seatrials.output.output import Tell, unheard
from seatrials.safety import journal, lease_item
from seatrials.safety.checks import Finding, journal_check, look_at_all
from seatrials.safety.http_guard import HttpGuard
from seatrials.safety.identity import Identity, confirm_identity, refuse_unconfirmed
from seatrials.safety.lease import Lease, lease_seconds
from seatrials.safety.permitted import TEST_PREFIX
from seatrials.safety.rights import rights_check
from seatrials.safety.sweep import Leftover
from seatrials.seams.clock import wall_timestamp
from seatrials.stacks.live.access import Access, open_access
from seatrials.stacks.live.rehearsed_faults import active_faults, end_faults


def doctor(environment: Environment, variables: Mapping[str, str], console: Console, tell: Tell = unheard) -> int:
    """Show whether a run could begin, changing nothing; return 0, or the exit code of the first problem."""
    try:
        access = open_access(environment, variables)
    except SeatrialsError as error:
        findings = [Finding("credentials and configuration", "", error)]
    else:
        findings = look_at_all(
            [
                *access.checks(),
                journal_check(access.store, environment.name),
                # Not among the checks of a run, whose rows ask IAM themselves: it is some thirty calls.
                rights_check(access.environment, access.session.client),
            ]
        )
        access.http.close()
    table = Table("checked", "seen", "what to do", title=f"{environment.name}, {environment.region}")
    for each in findings:
        problem = "" if each.problem is None else escape(str(each.problem))
        table.add_row(escape(each.what), escape(each.seen) or "[red]a problem[/red]", problem)
    console.print(table)
    if environment.confirm is not None:
        console.print(f"A run needs --confirm {environment.confirm}.")
    tell(environment=environment.name, confirm=environment.confirm, findings=[_as_data(each) for each in findings])
    return next((each.problem.exit_code for each in findings if each.problem is not None), 0)


def _as_data(finding: Finding) -> dict[str, object]:
    problem = finding.problem
    return {
        "checked": finding.what,
        "seen": finding.seen,
        "problem": None if problem is None else str(problem),
        "exit_code": 0 if problem is None else problem.exit_code,
    }


def sweep(
    environment: Environment,
    variables: Mapping[str, str],
    console: Console,
    tell: Tell = unheard,
    *,
    yes: bool,
    confirmation: str | None = None,
    wait_seconds: float = 0.0,
) -> None:
    """Show what runs have left, and with *yes* remove it; raises our errors, `LeaseHeldError` while a run goes on."""
    if yes:
        refuse_unconfirmed(environment.name, environment.confirm, confirmation)
    access = open_access(environment, variables)
    try:
        identity = confirm_identity(access.environment, access.session.client)
        run_id = f"sweep-{wall_timestamp()}-{journal.process_name()}"
        lease = Lease(
            access.store,
            access.clock,
            run_id=run_id,
            owner=identity.name,
            member=journal.process_name(),
            seconds=lease_seconds(environment.pace),
        )
        lease.require_free(wait_seconds)
        found = [*access.sweeper().find(), *_faults(access), *_journals(access), *_dead_lease(access)]
        shown = [*found, *access.sweeper().odd()]
        _show(console, environment.name, shown)
        if found and yes:
            _remove(access, lease, identity, console)
        elif found:
            console.print("Nothing was changed. `--yes` removes all of it.")
        tell(environment=environment.name, left=[asdict(each) for each in shown], removed=bool(found) and yes)
    finally:
        access.http.close()


def _faults(access: Access) -> list[Leftover]:
    """Return what is still broken, which nobody does any more who has no lease; only a rehearsal's server knows."""
    return [Leftover("fault", name, "end it") for name in active_faults(access.environment.control_url)]


def _journals(access: Access) -> list[Leftover]:
    """Return the journals of dead runs: a run is refused while there is one, though nothing else is left."""
    runs = journal.runs_with_entries(access.store, None)
    return [Leftover("journal", f"of {run}", "take out of it what is undone") for run in runs]


def _dead_lease(access: Access) -> list[Leftover]:
    """Return the lease of a dead run, which is over, or there would be no sweep."""
    dead = lease_item.read(access.store)
    if dead.is_free:
        return []
    return [Leftover("lease", f"of {lease_item.holder_of(access.store, dead)}", "take it over and give it back")]


def _show(console: Console, name: str, found: Sequence[Leftover]) -> None:
    if not found:
        console.print(f"No run has left anything on {name}.")
        return
    table = Table("left", "which", "what --yes does", title=name)
    for each in found:
        # A name may hold what rich would take for its own marks.
        table.add_row(each.kind, escape(each.name), each.remedy)
    console.print(table)


def _remove(access: Access, lease: Lease, identity: Identity, console: Console) -> None:
    permitted = access.permitted(TEST_PREFIX)
    access.guard.confirm_identity(permitted)
    http_guard = HttpGuard(access.guard, access.url, TEST_PREFIX, access.under_test().client_of)
    lease.acquire()
    try:
        access.clock.spawn(lease.keep, "lease")
        # What a sweep puts back stands in the journal already, until it is done.
        access.guard.confirm_lease(lease.holds, lambda *_call: None, None)
        access.http.event_hooks = {"request": [http_guard.look_at]}
        end_faults(access.environment.control_url)
        access.sweeper().remove(permitted, lease.check)
        left = access.sweeper().find()
    finally:
        lease.release(is_last=True)
    if left:
        msg = f"{identity.name} could not remove {', '.join(map(str, left))}: look at these, and sweep again"
        raise LeftoversError(msg)
    console.print("All of it is removed.")
