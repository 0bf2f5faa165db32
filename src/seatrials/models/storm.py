"""A storm: faults that a seed draws, one after the other under load, and what a platform keeps whatever breaks.

A session has one owner, which its item names; what was answered as committed stays in its log, once; the edit service
wants three tasks at most; and each session is served again soon after each fault.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from random import Random

from seatrials.models.use import commits, expect_kept, is_served
from seatrials.platform import Platform, Session, contract, patience

_SESSIONS = (1, 2, 3)
# How often sessions are used meanwhile.
_LOAD_EVERY_SECONDS = 30.0
Fault = Callable[[], AbstractContextManager[None]]


@dataclass
class _Client:
    """A session, and the messages of its commits that were answered as made."""

    session: Session
    committed: list[str] = field(default_factory=list)


class Storm:
    """Sessions that are used while things break."""

    def __init__(self, platform: Platform, seed: int) -> None:
        self._platform = platform
        self._chance = Random(f"storm {seed}")
        self._clients: list[_Client] = []
        self._commits = 0
        # What was broken, in order.
        self.faults: list[str] = []

    def rage(self, seconds: float) -> None:
        """Break one thing after the other for so long; fails as soon as something is lost, with all that was broken."""
        clock = self._platform.clock
        until = clock.now() + seconds
        try:
            while clock.now() < until:
                self._come_and_go()
                name, fault = self._drawn()
                self.faults.append(name)
                with fault():
                    self._use(self._chance.uniform(20, 90))
                self._expect_all_served()
                self._use(0)
                # Less than the five minutes after which a session that nobody uses is over.
                self._platform.let_pass(self._chance.uniform(60, 200), what="a calm between two faults")
                self._use(0)
                self._expect_all_kept()
        except AssertionError as error:
            msg = f"after the faults {', '.join(self.faults)}: {error}"
            raise AssertionError(msg) from error

    def end(self) -> None:
        """End every session."""
        for client in self._clients:
            self._platform.end(client.session)

    def _come_and_go(self) -> None:
        """Have as many sessions as chance wants; the oldest go first."""
        wanted = self._chance.choice(_SESSIONS)
        while len(self._clients) > wanted:
            self._platform.end(self._clients.pop(0).session)
        while len(self._clients) < wanted:
            self._clients.append(_Client(self._platform.ready()))

    def _drawn(self) -> tuple[str, Fault]:
        """Draw a fault of whatever the next one is about."""
        faults, services = self._platform.faults, self._platform.services
        host = self._platform.sessions.host(self._chance.choice(self._clients).session)
        hermes = self._chance.choice(services.hermes_task_arns())
        late_seconds = self._chance.choice((30, 90, 180))
        drawn: list[tuple[str, Fault]] = [
            ("task stopped", partial(faults.task_stopped, host)),
            ("task killed", partial(faults.task_killed, host, "killed")),
            ("task out of memory", partial(faults.task_killed, host, "out of memory")),
            ("task hanging", partial(faults.hanging, host)),
            ("task hanging up", partial(faults.hanging_up, host)),
            ("task without the load balancer", partial(faults.partitioned, "balancer", host)),
            ("task taken back by Spot", partial(faults.spot_interrupted, host)),
            ("Hermes killed", partial(faults.task_killed, hermes, "killed")),
            ("Hermes stopped", partial(faults.stopped, "hermes")),
            ("Hermes without the table", partial(faults.partitioned, "hermes", "table")),
            ("table throttling", partial(faults.table_throttling, refused=self._chance.randrange(1, 40))),
            ("table unsure", partial(faults.table_unsure, unsaid=self._chance.randrange(1, 20))),
            ("table away", faults.table_away),
            ("table slow", partial(faults.slow, "table", 1)),
            ("EFS slow", partial(faults.slow, "efs", 1)),
            ("load balancer slow", partial(faults.slow, "balancer", 1)),
            (f"metrics {late_seconds} s late", partial(faults.metrics_late, late_seconds)),
            ("image missing", partial(faults.image_missing, "edit")),
        ]
        return self._chance.choice(drawn)

    def _use(self, seconds: float) -> None:
        """Use the sessions for so long; whatever they are answered meanwhile, only what is answered as done counts."""
        platform = self._platform
        until = platform.clock.now() + seconds

        def used() -> bool:
            # Side by side, for what hangs takes a minute, in which the others would be used by nobody.
            looks = [partial(self._look, client.session) for client in self._clients]
            platform.in_parallel(*looks, partial(self._commit, self._chance.choice(self._clients)))
            # What hangs took as long as a connection may be idle, and the others' must not be used as they close.
            platform.let_pass(2, what="connections that were idle for a minute to close")
            assert platform.services.edit_counts().desired <= contract.TASKS_MAX
            return platform.clock.now() >= until

        at_most_seconds = seconds + 2 * contract.IDLE_TIMEOUT_SECONDS + patience.RESERVE_SECONDS
        platform.wait_until(used, at_most_seconds, what="sessions to be used", every_seconds=_LOAD_EVERY_SECONDS)

    def _look(self, session: Session) -> None:
        self._platform.sessions.preview(session)

    def _commit(self, client: _Client) -> None:
        self._commits += 1
        message = f"Commit {self._commits}"
        if commits(self._platform, client.session, message):
            client.committed.append(message)

    def _expect_all_served(self) -> None:
        """Wait until each session is served by the task that its item names, within the promised time."""
        for client in self._clients:
            self._platform.wait_until(
                partial(is_served, self._platform, client.session),
                contract.RECOVERY_SECONDS_MAX,
                what=f"session {client.session.id} to be served by its own task",
                every_seconds=2,
            )

    def _expect_all_kept(self) -> None:
        """Fail unless every commit that was answered as made is in its log, once."""
        for client in self._clients:
            expect_kept(client.session, client.committed, self._platform.workspace(client.session).git_log())
