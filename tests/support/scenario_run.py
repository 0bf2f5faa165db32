"""Scenarios for small runs of pytest inside a run of pytest, and a stack for them that does nothing."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from textwrap import indent
from typing import Any, NoReturn
from unittest.mock import patch

import httpx
import pytest

# pytester forgets the modules that a run inside is the first to import, and a second copy of one has other classes.
import seatrials.checkers.judge
import seatrials.stacks.mock.stacks  # noqa: F401  # the same
from seatrials.environments.environment import Environment
from seatrials.errors import NotRunHereError
from seatrials.mutants.mutant import Mutant, Plan
from seatrials.platform import Stack
from seatrials.run import plugin
from seatrials.stacks import AS_IT_IS, StackNotes, StackOptions, StackRun, Wanted
from seatrials.twin.calibration import DEFAULT
from seatrials.twin.physics.clock import VirtualClock

ENVIRONMENTS = '[mock]\nkind = "mock"\nregion = "us-west-2"\ntemplate = "stack.yaml"\n'
# The options that keep an inner run from doing what an outer one does, and its processes from importing asyncio.
PLAIN = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:anyio", "-p", "no:schemathesis")
STEP = 'platform.recorder.step("asked for anna@example.com")'
WAITS = f"""{STEP}
clock.sleep(100)
platform.sample("wait_seconds", 100)"""


def scenario(
    row: str,
    name: str = "test_waits",
    *,
    marks: Sequence[str] = ("staging",),
    body: str = WAITS,
    fixtures: str = "platform, clock",
    **of_row: object,
) -> str:
    """Return the source of a scenario; *marks* beside that of its row, which takes *of_row* too."""
    given = ", ".join([f'"{row}"', *(f"{key}={value!r}" for key, value in of_row.items())])
    decorators = [f"@pytest.mark.{mark}" for mark in (f"scenario({given})", *marks)]
    return "\n".join(["import pytest", *decorators, f"def {name}({fixtures}):", indent(body, "    "), ""])


SCENARIO = scenario("COLD-01")


def unused(*_arguments: object) -> NoReturn:
    """Stand for a part of the stack that no test touches."""
    raise NotImplementedError


class FakeStacks:
    """Opens stacks with time and nothing else, and remembers for whom."""

    # A stack on real time has none.
    trace_sha256: str | None = "0" * 64
    # How late it is, in seconds of platform time; None: it cannot be.
    late_seconds: float | None = None

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.opened: list[str] = []
        self.closed = False
        self.in_haste = False

    @contextmanager
    def open(
        self,
        scenario: str,
        mutant: Mutant | None = None,
        *,
        exclusive: bool = False,
        tasks_max: int = 0,
        wanted: Wanted = AS_IT_IS,
    ) -> Iterator[StackRun]:
        """Return a stack of which only the clock works; an exclusive COLD-09 finds it in use."""
        del tasks_max, wanted
        plan = Plan(DEFAULT)
        if mutant is not None:
            mutant.apply(plan)
        if exclusive and scenario == "COLD-09":
            msg = "others are here"
            raise NotRunHereError(msg)
        self.opened.append(scenario)
        with ExitStack() as held:
            for owner, name, value in plan.replacements:
                held.enter_context(patch.object(owner, name, value))
            clock = held.enter_context(VirtualClock(1_700_000_000).closing())
            stack = Stack(
                environment=self.environment,
                clock=clock,
                request_clock=clock,
                aws=lambda _service: None,
                http=httpx.Client(transport=httpx.MockTransport(unused)),
                url="https://alb.example",
                connect=unused,
                breaker=unused,  # no scenario here breaks anything
                run_prefix="TEST",
            )
            yield StackRun(
                stack=stack,
                sample_kind="modelled",
                timeline_text=lambda: ["0.000 s  task  abc"],
                timeline_json=lambda: ['{"kind":"task"}'],
                trace_sha256=lambda: self.trace_sha256,
                usage=lambda: {"task_seconds": 30.5},
            )

    def lateness(self) -> Callable[[], float] | None:
        """Return what tells how late it is said to be."""
        late_seconds = self.late_seconds
        return None if late_seconds is None else lambda: late_seconds

    def leftovers(self) -> list[str] | None:
        """Say what a careless scenario of anna's left."""
        return ["session session-1 of anna@example.com"]

    def close(self, *, in_haste: bool = False) -> None:
        """Note that the process gives everything back."""
        self.in_haste = in_haste
        self.closed = True


def fake_stacks(monkeypatch: pytest.MonkeyPatch) -> list[FakeStacks]:
    """Let runs open fake stacks; return those that they opened."""
    opened: list[FakeStacks] = []

    def open_stacks(environment: Environment, _options: StackOptions) -> FakeStacks:
        opened.append(FakeStacks(environment))
        return opened[-1]

    monkeypatch.setattr(plugin, "open_stacks", open_stacks)
    monkeypatch.setattr(plugin, "check_stacks", lambda _environment, _options: StackNotes())
    return opened


def small_run(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Return what runs a file of scenarios on the stack that runs open."""
    pytester.makeini("[pytest]")
    (pytester.path / "environments.toml").write_text(ENVIRONMENTS)

    def run(source: str, *options: str, environment: str = "mock") -> pytest.RunResult:
        pytester.makepyfile(test_cold_start=source)
        return pytester.runpytest_inprocess(*PLAIN, "--environment", environment, *options)

    return run


def record(pytester: pytest.Pytester) -> dict[str, Any]:
    """Return run.json of the newest run."""
    value: dict[str, Any] = json.loads((pytester.path / "evidence/mock/latest/run.json").read_text())
    return value


def not_run(pytester: pytest.Pytester) -> list[str]:
    """Return the reasons in the report log for which scenarios were not run."""
    lines = (pytester.path / "evidence/mock/latest/report-log.jsonl").read_text().splitlines()
    reports = [json.loads(line) for line in lines]
    properties = [dict(each["user_properties"]) for each in reports if each["$report_type"] == "TestReport"]
    return sorted({each["not_run"] for each in properties if "not_run" in each})
