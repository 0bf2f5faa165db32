"""Tests of doctor and sweep: what a person is shown, what is removed, and what is left alone."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from io import StringIO
from pathlib import Path
from types import MappingProxyType

import pytest
from rich.console import Console

from seatrials.environments.parts import ResourceNames
from seatrials.errors import LeaseHeldError, LeftoversError, MissingResourceError, NotConfirmedError, WrongRegionError
from seatrials.evidence.recorder import Recorder
from seatrials.platform import Platform
from seatrials.safety import lease
from seatrials.stacks import StackOptions
from seatrials.stacks.live.command import doctor, sweep
from seatrials.stacks.live.stacks import LiveStacks
from tests.support.small_platform import SmallPlatform

Sweep = Callable[..., str]

# A minute and a quarter in truth, which no test can wait.
_WATCHED_SECONDS = 0.2


@pytest.fixture
def sweep_staging(small_platform: SmallPlatform, monkeypatch: pytest.MonkeyPatch) -> Sweep:
    """Return what sweeps the small platform and returns what a person saw; it watches a lease for a moment only."""
    monkeypatch.setattr(lease, "MARGIN_SECONDS", _WATCHED_SECONDS - lease.LEASE_SECONDS)

    def run(*, yes: bool = False, wait_seconds: float = _WATCHED_SECONDS, **changes: object) -> str:
        console = Console(file=StringIO(), width=200)
        sweep(small_platform.environment(**changes), {}, console, yes=yes, wait_seconds=wait_seconds)
        assert isinstance(console.file, StringIO)
        return console.file.getvalue()

    return run


def examine(
    small_platform: SmallPlatform,
    variables: Mapping[str, str] = MappingProxyType({}),
    width: int = 220,
    **changes: object,
) -> tuple[int, str]:
    """Return doctor's exit code and what a person saw."""
    console = Console(file=StringIO(), width=width)
    code = doctor(small_platform.environment(**changes), variables, console)
    assert isinstance(console.file, StringIO)
    return code, console.file.getvalue()


def kill_a_run(small_platform: SmallPlatform, folder: Path) -> None:
    """Leave a stack as a run does that is killed amid a scenario with a session and a changed service."""
    stacks = LiveStacks(small_platform.environment(), StackOptions(folder=folder / "dead"), {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LiveStacks, "_ended_sessions", lambda *_arguments: nullcontext())
        with stacks.open("COLD-03") as run:
            Platform(run.stack, Recorder(run.stack.clock.now, run.sample_kind)).sessions.start()
            names = run.stack.environment.names
            run.stack.aws("ecs").update_service(cluster=names.cluster, service=names.edit_service, desiredCount=2)
    # Its threads die with it, and nobody prolongs its lease.
    stacks._lease._leaving.set()  # noqa: SLF001
    stacks._access.http.close()  # noqa: SLF001


def test_a_clean_stack_has_nothing_to_sweep(sweep_staging: Sweep, small_platform: SmallPlatform) -> None:
    """Somebody else's session, and their changes, are nothing that a run has left."""
    small_platform.add_session("acme")

    assert "No run has left anything on staging." in sweep_staging(yes=True)


def test_a_sweep_shows_and_changes_nothing(sweep_staging: Sweep, small_platform: SmallPlatform, tmp_path: Path) -> None:
    """Without --yes a sweep tells what a killed run left and what would be done about it."""
    kill_a_run(small_platform, tmp_path)
    before = (small_platform.sessions(), small_platform.runs_items())
    shown = sweep_staging()

    for each in ("changed service", "webordinary-edit-service", "session-1", "end it through Hermes", "--yes"):
        assert each in shown
    assert before == (small_platform.sessions(), small_platform.runs_items())


def test_a_sweep_leaves_the_stack_as_it_was_found(
    sweep_staging: Sweep, small_platform: SmallPlatform, tmp_path: Path
) -> None:
    """What a killed run left is gone, what it changed is put back, and a bystander's session is untouched."""
    kill_a_run(small_platform, tmp_path)
    bystander = small_platform.add_session("acme")
    small_platform.aws("dynamodb").delete_item(
        TableName="webordinary-edit-sessions",
        Key={"sessionId": {"S": bystander}, "userId": {"S": "acme@example.com"}},
    )
    bystander = small_platform.add_session("acme", "expired")
    sweep_staging(yes=True)
    service = small_platform.aws("ecs").describe_services(
        cluster="webordinary-edit-cluster", services=["webordinary-edit-service"]
    )["services"][0]

    assert small_platform.sessions() == {bystander: "expired"}
    assert small_platform.runs_items() == []
    assert service["desiredCount"] == 0


def test_a_bystander_keeps_the_tasks_that_serve_it(
    sweep_staging: Sweep, small_platform: SmallPlatform, tmp_path: Path
) -> None:
    """A service that serves a bystander by now is not scaled down as it was; the sweep says so, for a later one."""
    kill_a_run(small_platform, tmp_path)
    bystander = small_platform.add_session("acme")
    with pytest.raises(LeftoversError, match=f"cannot be put back now:\\n.*live sessions of others: {bystander}"):
        sweep_staging(yes=True)

    assert small_platform.sessions() == {bystander: "active"}
    assert "changed service" in sweep_staging()


def test_a_dead_lease_is_swept(sweep_staging: Sweep, small_platform: SmallPlatform, tmp_path: Path) -> None:
    """A run that was killed right after it had taken its lease has left that alone, and it goes."""
    kill_a_run(small_platform, tmp_path)
    sweep_staging(yes=True)
    small_platform.aws("dynamodb").put_item(
        TableName="webordinary-edit-sessions",
        Item={
            "sessionId": {"S": "seatrials#lease"},
            "userId": {"S": "stack"},
            "run_id": {"S": "dead"},
            "owner": {"S": "anna"},
            "beats": {"N": "0"},
            "fence": {"N": "7"},
        },
    )
    shown = sweep_staging(yes=True)

    assert "of the run dead of anna" in shown
    assert small_platform.runs_items() == []


def test_an_item_that_is_no_lease_is_swept(sweep_staging: Sweep, small_platform: SmallPlatform) -> None:
    """What nobody can read is shown by doctor and by the sweep, which is the only cure, with its table and key."""
    key = {"sessionId": {"S": "seatrials#lease"}, "userId": {"S": "stack"}}
    small_platform.aws("dynamodb").put_item(TableName="webordinary-edit-sessions", Item=key)
    told = "somebody unknown (the item seatrials#lease/stack of the table webordinary-edit-sessions is no lease)"
    code, looked = examine(small_platform, width=400)
    shown = sweep_staging(yes=True)

    assert (code, f"{told} has it, or had it" in looked) == (0, True)
    assert f"of {told}" in shown
    assert small_platform.runs_items() == []


def test_a_sweep_may_be_repeated(sweep_staging: Sweep, small_platform: SmallPlatform, tmp_path: Path) -> None:
    """A second sweep finds nothing and does no harm."""
    kill_a_run(small_platform, tmp_path)
    sweep_staging(yes=True)

    assert "No run has left anything" in sweep_staging(yes=True)


def test_a_journal_alone_is_swept(sweep_staging: Sweep, small_platform: SmallPlatform, tmp_path: Path) -> None:
    """A run that lost its lease leaves its journal, for which the next run is refused: the sweep is the cure."""
    stacks = LiveStacks(small_platform.environment(), StackOptions(folder=tmp_path / "dead"), {})
    with stacks.open("COLD-03"):
        pass
    stacks._lease.release(is_last=True)  # noqa: SLF001
    stacks._access.http.close()  # noqa: SLF001

    shown = sweep_staging(yes=True)

    assert ("journal" in shown, "of dead" in shown, small_platform.runs_items()) == (True, True, [])
    assert "No run has left anything" in sweep_staging()


@pytest.mark.parametrize(
    ("lease_of", "code", "told"),
    [
        (None, LeftoversError.exit_code, "dead runs have left something here (dead): `seatrials sweep staging`"),
        ("next", LeftoversError.exit_code, "dead runs have left something here (dead): `seatrials sweep staging`"),
        ("dead", 0, "of dead, which has the lease, or had it: if it is dead, `seatrials sweep staging`"),
    ],
    ids=["nobody has the lease", "another run has it", "it has it still"],
)
def test_doctor_tells_the_journal_of_a_dead_run(
    small_platform: SmallPlatform, tmp_path: Path, lease_of: str | None, code: int, told: str
) -> None:
    """Whoever has the lease, doctor names the run for which the next one is refused, or may be, and the cure."""
    kill_a_run(small_platform, tmp_path)
    key = {"sessionId": {"S": "seatrials#lease"}, "userId": {"S": "stack"}}
    table = small_platform.aws("dynamodb")
    if lease_of is None:
        table.delete_item(TableName="webordinary-edit-sessions", Key=key)
    else:
        held = {"run_id": {"S": lease_of}, "owner": {"S": "anna"}, "beats": {"N": "0"}, "fence": {"N": "7"}}
        table.put_item(TableName="webordinary-edit-sessions", Item={**key, **held})

    seen, shown = examine(small_platform, width=600)

    assert (code, True) == (seen, told in shown)


@pytest.mark.parametrize("yes", [False, True], ids=["show", "remove"])
def test_a_sweep_never_meets_a_live_run(
    sweep_staging: Sweep, small_platform: SmallPlatform, tmp_path: Path, *, yes: bool
) -> None:
    """While a run has the lease a sweep is refused, with the name of the run's owner."""
    kill_a_run(small_platform, tmp_path)

    with pytest.raises(LeaseHeldError, match="belongs to the run dead of "):
        sweep_staging(yes=yes, wait_seconds=0)


def test_sweeping_wants_the_confirmation_too(sweep_staging: Sweep) -> None:
    """Production is not changed by a sweep either without its word."""
    with pytest.raises(NotConfirmedError):
        sweep_staging(yes=True, confirm="production")


def test_doctor_finds_a_sound_stack_sound(small_platform: SmallPlatform) -> None:
    """With everything as it must be, doctor shows what it saw and ends with 0."""
    code, shown = examine(small_platform)

    assert code == 0
    for each in ("123456789012", "ACTIVE", "free", "desired 0, running 0", "answers 200"):
        assert each in shown


def test_doctor_tells_all_problems_at_once(small_platform: SmallPlatform) -> None:
    """One look tells every problem and what to do, and ends with the first one's exit code."""
    small_platform.is_hermes_up = False
    code, shown = examine(small_platform, width=400, names=ResourceNames(table="nothing"))

    assert code == MissingResourceError.exit_code
    assert "nothing" in shown
    assert "answers 503: the target group has no target for it: start the service" in shown


def test_doctor_tells_what_keeps_it_from_looking(small_platform: SmallPlatform) -> None:
    """A shell that is set to another region is told, though nothing else can be looked at."""
    code, shown = examine(small_platform, variables={"AWS_REGION": "eu-west-1"})

    assert code == WrongRegionError.exit_code
    assert "AWS_REGION is eu-west-1" in shown


def test_doctor_says_that_a_run_must_be_confirmed(small_platform: SmallPlatform) -> None:
    """Looking needs no confirmation, and tells which one a run needs."""
    _, shown = examine(small_platform, confirm="production")

    assert "A run needs --confirm production." in shown


def test_doctor_changes_nothing(small_platform: SmallPlatform) -> None:
    """A look leaves no item, no lease and no request that could change anything."""
    examine(small_platform)

    assert small_platform.runs_items() == []
    assert {each.partition(" ")[0] for each in small_platform.requests} == {"GET"}
