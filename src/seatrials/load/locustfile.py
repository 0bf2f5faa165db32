"""The users of a load, as locust loads them: `locust -f locustfile.py`, with the options that `command.py` gives.

Importing locust makes greenlets of threads and sockets, so nothing but a process of locust's imports this file.
"""

import sys
from pathlib import Path
from random import Random
from typing import Any

import gevent
from locust import User, events, task
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner
from locust.stats import StatsEntry

from seatrials.errors import SeatrialsError
from seatrials.evidence.redaction import redact
from seatrials.load.figures import FAILURES_KEPT, FailedRequest, LoadFigures, RequestFigures
from seatrials.load.member import Member
from seatrials.load.options import add_options
from seatrials.load.visit import Visit
from seatrials.whole_file import write_whole

# What a worker calls its message about a failed request.
_FAILED = "failed request"
_PROGRESS_SECONDS = 10.0
_ROW = "LOAD-01"


class _Process:
    """What a process of locust's has: its part in the run, or, in the master, what the others have told."""

    def __init__(self) -> None:
        self.member: Member | None = None
        self.visits = 0
        self.failures: list[FailedRequest] = []


_PROCESS = _Process()
events.init_command_line_parser.add_listener(add_options)  # type: ignore[no-untyped-call]  # locust's own


@events.init.add_listener  # type: ignore[untyped-decorator]  # locust's own
def _begin(environment: Environment, **_: object) -> None:
    """Join the run, or begin to gather what the workers see."""
    runner, options = environment.runner, environment.parsed_options
    assert options is not None, "locust reads its options before it makes an environment"
    if isinstance(runner, MasterRunner):
        runner.register_message(_FAILED, _gather)
        gevent.spawn(_tell_progress, environment)
        return
    try:
        _PROCESS.member = Member(_ROW, options)
    except SeatrialsError as error:
        sys.exit(f"seatrials: a process of users could not join the run: {error}")


@events.quitting.add_listener  # type: ignore[untyped-decorator]  # locust's own
def _end(environment: Environment, **_: object) -> None:
    """Leave the run, or write down what all have seen."""
    if _PROCESS.member is not None:
        _PROCESS.member.close()
    if isinstance(environment.runner, MasterRunner):
        assert environment.parsed_options is not None, "locust reads its options before it makes an environment"
        write_whole(Path(environment.parsed_options.figures), _figures(environment).model_dump_json(indent=2))


class PlatformUser(User):
    """Somebody who visits the platform again and again."""

    @task
    def visit(self) -> None:
        """Make one visit; what it does is drawn from the seed, the process's number and the visit's."""
        member, options, runner = _PROCESS.member, self.environment.parsed_options, self.environment.runner
        assert member is not None, "a process has joined the run before it has users"
        assert options is not None, "locust reads its options before it makes an environment"
        _PROCESS.visits += 1
        number = _PROCESS.visits
        worker = runner.worker_index if isinstance(runner, WorkerRunner) else 0

        def note(name: str, seconds: float, wrong: str) -> None:
            # What users are answered may be anybody's, and locust writes all of it down.
            told = redact(wrong)
            error = AssertionError(told) if told else None
            self.environment.events.request.fire(
                request_type="", name=name, response_time=seconds * 1000, response_length=0, exception=error, context={}
            )
            if told and isinstance(runner, WorkerRunner):
                visitor = f"visit {number} of {member.name}"
                failed = FailedRequest(at_seconds=member.now(), visitor=visitor, name=name, told=told)
                runner.send_message(_FAILED, failed.model_dump())

        Visit(member.platform(str(number)), Random(f"{options.load_seed} {worker} {number}"), note).make()


def _gather(msg: Any, **_: object) -> None:  # noqa: ANN401  # locust's own, without a type
    if len(_PROCESS.failures) < FAILURES_KEPT:
        _PROCESS.failures.append(FailedRequest.model_validate(msg.data))


def _tell_progress(environment: Environment) -> None:
    """Say now and then how far it is, a line at a time."""
    while True:
        gevent.sleep(_PROGRESS_SECONDS)
        total, runner = environment.stats.total, environment.runner
        users = runner.user_count if runner is not None else 0
        print(f"{users} users, {total.num_requests} requests, {total.num_failures} failed", flush=True)  # noqa: T201


def _figures(environment: Environment) -> LoadFigures:
    stats, options = environment.stats, environment.parsed_options
    assert options is not None, "locust reads its options before it makes an environment"
    entries = sorted(stats.entries.values(), key=lambda entry: entry.name)
    return LoadFigures(
        users=options.num_users,
        members=options.members,
        seconds=max(0.0, (stats.last_request_timestamp or stats.start_time) - stats.start_time),
        requests=tuple(_request(entry) for entry in entries),
        failures=tuple(_PROCESS.failures),
    )


def _request(entry: StatsEntry) -> RequestFigures:
    p50, p95, p99 = (entry.get_response_time_percentile(part) / 1000 for part in (0.5, 0.95, 0.99))
    return RequestFigures(
        name=entry.name,
        count=entry.num_requests,
        failed=entry.num_failures,
        p50_seconds=p50,
        p95_seconds=p95,
        p99_seconds=p99,
        maximum_seconds=entry.max_response_time / 1000,
    )
