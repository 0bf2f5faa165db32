"""A real stack, on AWS or in a rehearsal of it: one for all scenarios, which outlives the run and may have other users.

Every process of a run has its part in the lease before it changes anything. A scenario owns what bears its prefix, and
its sessions are ended with it. The process that is there for the whole run removes the rest, looks for what is left,
and gives the lease up.
"""

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

import httpx

from seatrials.cost import load_prices
from seatrials.environments.capabilities import Capability
from seatrials.environments.environment import Environment
from seatrials.errors import (
    ConfigurationError,
    LeaseLostError,
    LeftoversError,
    NotRunHereError,
    RefusedWriteError,
    SeatrialsError,
)
from seatrials.evidence.folder import RunFolder
from seatrials.evidence.record import SkewRecord
from seatrials.platform import contract
from seatrials.platform.balancer import Balancer
from seatrials.platform.stack import Connect, Stack
from seatrials.safety import journal, usage
from seatrials.safety.aws_errors import translated
from seatrials.safety.budget import Spending
from seatrials.safety.changes import Changes, describe_service, tasks_stopped
from seatrials.safety.checks import refuse_leftovers, require_all
from seatrials.safety.http_guard import HttpGuard
from seatrials.safety.identity import confirm_identity, refuse_unconfirmed
from seatrials.safety.lease import Lease, lease_seconds
from seatrials.safety.permitted import TEST_PREFIX
from seatrials.safety.under_test import open_sessions
from seatrials.safety.unexplained import Comparison
from seatrials.seams.application import AwsClient
from seatrials.seams.clock import SystemClock, wait_until, wall_seconds
from seatrials.seams.network import Connection
from seatrials.seams.skew import Skew
from seatrials.stacks.base import AS_IT_IS, StackOptions, StackRun, Wanted
from seatrials.stacks.live.access import open_access
from seatrials.stacks.live.faults import LiveFaults
from seatrials.stacks.live.images import running_images
from seatrials.stacks.live.lateness import RunLateness
from seatrials.stacks.live.log_volume import log_bytes
from seatrials.stacks.live.rehearsed_faults import RehearsedFaults, end_faults
from seatrials.stacks.live.task_time import TASK_USAGE, TaskMeter, TaskTime
from seatrials.stacks.live.turns import Turns
from seatrials.stacks.live.watch import Watch

# Without sessions the service goes to zero: a minute until the publication, as much until it can be read, two periods
# of the alarm, five minutes of cooldown, two of draining and stopping, which is eleven minutes; and room.
_TO_ZERO_SECONDS = 900.0
_CREATED = 201


class LiveStacks:
    """The stack of one run, as one of its processes has it."""

    def __init__(self, environment: Environment, options: StackOptions, variables: Mapping[str, str]) -> None:
        """Check everything, then take the lease; raises our error for what is wrong, before anything is written."""
        if options.folder is None:
            msg = f"a run on {environment.name} keeps evidence: give the folder"
            raise ConfigurationError(msg)
        refuse_unconfirmed(environment.name, environment.confirm, options.confirmation)
        self._folder = RunFolder(options.folder)
        self._options = options
        self.run_id = options.folder.name
        self._process = journal.process_name()
        share = 1 / max(1, options.workers)
        self._access = open_access(environment, variables, options.credentials, share=share)
        self._environment = self._access.environment
        self._prefix = f"{TEST_PREFIX}{self.run_id}_"
        self._leftovers: list[str] | None = None
        # The keys of the sessions that the scenario has made.
        self._made: list[tuple[str, str]] = []
        with ExitStack() as undo:
            undo.callback(self._access.http.close)
            require_all(self._access.checks())
            self._begin()
            undo.pop_all()
        self._lateness = RunLateness(self._access.clock, self._environment.control_url)

    def _begin(self) -> None:
        access = self._access
        identity = confirm_identity(self._environment, access.session.client)
        self._permitted = access.permitted(self._prefix)
        # Why not all rights at once: until the lease is held, the guard lets nothing through but the lease itself.
        access.guard.confirm_identity(self._permitted)
        self._http_guard = HttpGuard(
            access.guard,
            access.url,
            self._prefix,
            access.under_test().client_of,
            announce=lambda client: self._journal.note("client", client=client),
        )
        self._turns = Turns(self._folder.turns)
        # By how much AWS's clock, which dates all that it tells, is ahead of this one.
        self._skew = access.skew()
        self._lease = Lease(
            access.store,
            access.clock,
            run_id=self.run_id,
            owner=identity.name,
            member=self._process,
            seconds=lease_seconds(self._environment.pace),
        )
        self._lease.acquire(self._options.lease_wait_seconds)
        with ExitStack() as undo:
            undo.callback(self._lease.release)
            # Why only under the lease: before it, what another run is busy with would look like what one has left.
            refuse_leftovers(access.store, self._environment.name, self.run_id)
            # A process that is not there for the whole run compares nothing.
            self._found = access.surveyor().snapshot() if self._options.is_whole_run else None
            self._note_skew()
            self._began = self._aws_now()
            access.clock.spawn(self._lease.keep, "lease")
            undo.pop_all()
        self._journal = journal.Journal(
            access.store, access.clock, self.run_id, self._folder.journal(self._process), self._lease.check
        )
        changes = Changes(self._environment.names, access.session.client, self._journal)
        self._spending = Spending(self._environment.budget, load_prices(), wall_seconds, self._counts)
        access.guard.confirm_lease(self._lease.holds, changes.announce, self._spending)
        access.http.event_hooks = {"request": [self._before_request], "response": [self._after_response]}
        self._meter = self._count_tasks() if self._options.is_whole_run else None

    def _note_skew(self, end: Skew | None = None) -> None:
        """Keep how far the clock of the whole run was from AWS's."""
        if self._options.is_whole_run:
            told = {"beginning": self._skew, **({} if end is None else {"end": end})}
            self._folder.write_skew({moment: SkewRecord(**asdict(each)) for moment, each in told.items()})

    def _aws_now(self) -> float:
        """Return what AWS's clock shows now at the earliest, in epoch seconds of the platform."""
        return self._access.clock.now() + self._skew.seconds - self._skew.uncertainty_seconds

    @contextmanager
    def open(
        self,
        scenario: str,
        mutant: object = None,
        *,
        exclusive: bool = False,
        tasks_max: int = 0,
        wanted: Wanted = AS_IT_IS,
    ) -> Iterator[StackRun]:
        """Wait for the stack's turn, give it to *scenario*, and end the scenario's sessions."""
        assert wanted == AS_IT_IS, "only rows of the mock say what world they are about"
        if mutant is not None:
            msg = f"mutants are broken mock platforms, and {self._environment.name} is none: use the mock"
            raise ConfigurationError(msg)
        self._require_the_run(scenario)
        with self._turns.turn(exclusive=exclusive):
            turn_at = self._access.clock.now()
            if exclusive:
                self._require_the_service(tasks_max)
            # Once more, for both waits may have been long.
            self._require_the_run(scenario)
            prefix = f"{self._prefix}{scenario}"
            # Why before there are any: a run that is killed in its first activation must be found by a sweep.
            self._journal.note("sessions", prefix=prefix)
            self._made.clear()
            watch = Watch(self._environment.names, self._access.session.client, self._access.clock, self._aws_now())
            with watch.watching(), self._ended_sessions(f"{prefix}-"), self._closed_connections() as connect:
                yield self._run(prefix, watch, connect, turn_at)
            self._access.usage.write(self._usage_path())

    def close(self, *, in_haste: bool = False) -> None:
        """Leave the run; its last process removes what is left of it first.

        *In haste* it does not wait for the edit service to return to zero, which it does without a run as well.
        Raises `LeaseLostError` when the lease was not the run's any more: others may have changed what it examined.
        """
        left: LeftoversError | None = None
        try:
            with self._access.guard.cleaning():
                if self._options.is_whole_run:
                    self._clean_up(in_haste=in_haste)
        except LeftoversError as error:
            # Told once it is known whose the lease was: with the lease others may have taken the journal.
            left = error
        finally:
            try:
                self._account(in_haste=in_haste)
            finally:
                # Why last, and on a full disk too: whoever waits for the lease may change the service once it is free.
                was_ours = self._lease.release(is_last=self._options.is_whole_run)
                self._access.http.close()
                self._lateness.close()
        if not was_ours:
            msg = (
                f"this run lost its lease of {self._environment.name} before its end, and another run or a sweep may "
                "have removed what its rows looked at: run it again"
            )
            raise LeaseLostError(msg) from left
        if left is not None:
            raise left

    def lateness(self) -> Callable[[], float]:
        """Return what tells how late this run, or the world of a rehearsal, was at worst since now."""
        return self._lateness.watch()

    def leftovers(self) -> list[str] | None:
        """Return what is still there of the run after `close`; None when this process was not the last."""
        return self._leftovers

    def _clean_up(self, *, in_haste: bool) -> None:
        sweeper = self._access.sweeper(self.run_id)
        try:
            # A row that was interrupted may have ended before its fault did.
            end_faults(self._environment.control_url)
            # Before the sweep, which forgets what it has undone.
            stopped = tasks_stopped(journal.entries(self._access.store, self.run_id))
            sweeper.remove(self._permitted, self._lease.check)
            left = [str(each) for each in sweeper.find()]
            if not in_haste and not self._live_sessions():
                left += self._tasks_left()
            unexplained = self._compare(stopped)
        except SeatrialsError as error:
            self._leftovers = [str(error)]
            raise
        self._leftovers = left + [f"unexplained: {each}" for each in unexplained]
        if self._leftovers:
            raise LeftoversError(_told(left, unexplained, self._environment.name))

    def _compare(self, stopped: frozenset[str]) -> list[str]:
        """Hold the stack against how the run found it, and keep what is seen; return what nobody accounts for."""
        assert self._found is not None, "only the process that is there for the whole run cleans up"
        after = self._access.surveyor().snapshot(self._found)
        skew = self._access.skew()
        self._note_skew(skew)
        # DynamoDB may have taken what its own clock says is over.
        now = self._access.clock.now() + skew.seconds + skew.uncertainty_seconds
        comparison = Comparison(self._found, after, self._prefix, stopped, now)
        unexplained = comparison.unexplained()
        self._folder.write_comparison(unexplained, comparison.others())
        return unexplained

    def _tasks_left(self) -> list[str]:
        """Wait for the edit service to return to zero by itself; return what still runs of it."""
        try:
            self._wait_for_zero()
        except AssertionError as error:
            return [f"tasks of {self._environment.names.edit_service}: {error}"]
        return []

    def _require_the_run(self, scenario: str) -> None:
        """Raise what ends the run before *scenario*: its lease is lost, or its budget used up."""
        if not self._lease.holds():
            msg = f"this run no longer has the lease of {self._environment.name}, so {scenario} was not begun"
            raise LeaseLostError(msg)
        self._spending.check()

    def _require_the_service(self, tasks_max: int) -> None:
        """Wait until the service is as a scenario finds it that is alone; raises `NotRunHereError` when it is not.

        It has no live session then, and settled on so many tasks at most, or has returned to zero.
        """
        others = self._live_sessions()
        if others:
            msg = f"needs the service to itself, which has live sessions of others: {', '.join(others)}"
            raise NotRunHereError(msg)
        if tasks_max < contract.TASKS_MAX and not self._is_settled(tasks_max):
            self._wait_for_zero()

    def _is_settled(self, tasks_max: int) -> bool:
        """Whether the edit service has what it wants, which is no more than so many tasks, and no target beside."""
        names = self._environment.names
        service = describe_service(self._access.session.client("ecs"), names.cluster, names.edit_service)
        desired, running, pending = (int(service[f"{each}Count"]) for each in ("desired", "running", "pending"))
        if pending or desired != running or desired > tasks_max:
            return False
        return len(set(self._edit_targets())) <= desired

    def _live_sessions(self) -> list[str]:
        """Return the ids of all open sessions, whoever's they are."""
        found = open_sessions(self._access.session.client("dynamodb"), self._environment.names)
        return [each["sessionId"] for each in found]

    def _wait_for_zero(self) -> None:
        names = self._environment.names

        wait_until(
            self._access.clock,
            lambda: self._is_settled(0),
            _TO_ZERO_SECONDS,
            what=f"{names.edit_service} to be at zero without a session",
            every_seconds=5,
        )

    def _edit_targets(self) -> list[str]:
        """Return the addresses of the edit service's targets, those included that drain."""
        client, environment = self._access.session.client, self._environment
        with translated("read the targets of the load balancer"):
            balancer = Balancer(client("elbv2"), environment.names, environment.ports)
            return balancer.edit_targets()

    @contextmanager
    def _ended_sessions(self, prefix: str) -> Iterator[None]:
        """End the sessions of a scenario after a block, however that ends, and wait until they are over."""
        try:
            yield
        finally:
            sweeper = self._access.sweeper(self.run_id, prefix)
            with self._access.guard.cleaning():
                sweeper.end([item for item in sweeper.items(self._made) if item["status"] in contract.OPEN])

    @contextmanager
    def _closed_connections(self) -> Iterator[Connect]:
        """Give the way to bare connections, and close at the end of a block those that a scenario left open."""
        opened: list[Connection] = []

        def connect(trust: ssl.SSLContext | None = None, /) -> Connection:
            opened.append(self._http_guard.watched(self._access.connect(trust)))
            return opened[-1]

        try:
            yield connect
        finally:
            for connection in opened:
                with suppress(OSError):  # which says that it was closed already
                    connection.close()

    def _run(self, prefix: str, watch: Watch, connect: Connect, turn_at: float) -> StackRun:
        before = self._access.usage.counts()
        access, names = self._access, self._environment.names
        client = access.session.client
        services = {"edit": names.edit_service, "hermes": names.hermes_service}
        stack = Stack(
            environment=self._environment,
            clock=access.clock,
            request_clock=SystemClock(),
            aws=client,
            http=access.http,
            url=access.url,
            connect=connect,
            breaker=self._breaker(client, services),
            run_prefix=prefix,
        )
        return StackRun(
            stack=stack,
            sample_kind=self._environment.kind.sample_kind,
            timeline_text=lambda: [each.as_text() for each in watch.happenings()],
            timeline_json=lambda: [each.as_json() for each in watch.happenings()],
            usage=lambda: usage.difference(access.usage.counts(), before),
            images=self._images,
            turn_at=turn_at,
        )

    def _breaker(self, client: Callable[[str], AwsClient], services: Mapping[str, str]) -> LiveFaults:
        cluster, control_url = self._environment.names.cluster, self._environment.control_url
        if control_url is None:
            return LiveFaults(client, cluster, services)
        return RehearsedFaults(client, cluster, services, control_url)

    def _images(self) -> dict[str, tuple[str, ...]]:
        # What ran is told however much of the budget is left.
        with self._access.guard.cleaning():
            return running_images(self._access.session.client, self._environment.names)

    def _count_tasks(self) -> TaskMeter:
        """Begin to count what the edit service's tasks cost, where every process of the run reads it."""
        access = self._access
        time = TaskTime(self._environment.names, access.session.client, self._began)
        path = self._folder.counts / "tasks.json"
        meter = TaskMeter(time, access.clock, lambda counted: usage.write_counts(path, counted))
        meter.begin()
        return meter

    def _account(self, *, in_haste: bool) -> None:
        """Write down what this process has used; the one that is there for the whole run writes what all have."""
        counts = self._counts()
        if self._meter is None:
            return
        with self._access.guard.cleaning():
            tasks = self._meter.end()
            logs = {} if in_haste else self._log_volume()
        if tasks is None:
            counts = {name: amount for name, amount in counts.items() if name not in TASK_USAGE}
        else:
            counts = self._counts()
            self._folder.write_tasks(tasks)
        self._folder.write_usage_beside_rows({**counts, **logs})

    def _log_volume(self) -> dict[str, float]:
        """Return what the run's usage says of logs, once for all of its workers, who see the same ones."""
        names = self._environment.names
        groups = (names.edit_log_group, names.hermes_log_group)
        written = log_bytes(self._access.session.client, groups, self._began, self._aws_now())
        return {} if written is None else {"log_bytes": written}

    def _before_request(self, request: httpx.Request) -> None:
        """Count a request; refuse a change that may not be, and a second session where one is all that is allowed."""
        self._access.usage.add("http_requests")
        self._http_guard.look_at(request)
        if _is_activation(request) and self._made and not self._environment.allows(Capability.SESSIONS):
            msg = f"{self._environment.name} allows one session at a time: mark the scenario with needs('sessions')"
            raise RefusedWriteError(msg)

    def _after_response(self, response: httpx.Response) -> None:
        if _is_activation(response.request) and response.status_code == _CREATED:
            self._access.usage.add("sessions")
            self._made += _keys_of(response.read())

    def _counts(self) -> Mapping[str, float]:
        """Return what all processes of the run have used, as of when each wrote it down."""
        self._access.usage.write(self._usage_path())
        return usage.total(usage.read_folder(self._usage_path().parent))

    def _usage_path(self) -> Path:
        return self._folder.counts / f"{self._process}.json"


def _is_activation(request: httpx.Request) -> bool:
    return request.method == "POST" and request.url.path == contract.ACTIVATE_PATH


def _keys_of(body: bytes) -> list[tuple[str, str]]:
    """Return id and user of the session that an activation answers with; none where an answer tells of none."""
    try:
        fields = json.loads(body)
    except ValueError:
        return []
    session_id, user_id = (fields.get(name) if isinstance(fields, dict) else None for name in ("sessionId", "userId"))
    is_told = isinstance(session_id, str) and isinstance(user_id, str)
    return [(session_id, user_id)] if is_told and session_id and user_id else []


def _told(left: list[str], unexplained: list[str], name: str) -> str:
    """Say what of a run is still there, and what else has changed meanwhile."""
    problems = [f"the run has left {', '.join(left)}: `seatrials sweep {name}` shows it"] if left else []
    if unexplained:
        why = "no sweep undoes this, for neither the journal nor the platform accounts for it; find out who did it:"
        problems.append("\n  ".join([why, *unexplained]))
    return "\n".join(problems)
