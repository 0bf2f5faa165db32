"""A schedule on one world: its steps, what must hold after each, and that all comes back to rest at the end."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from math import inf

from seatrials.checkers.judge import judge
from seatrials.explore.coverage import Met, met
from seatrials.explore.schedule import ARRIVE, LEAVE, REST, USE, Step
from seatrials.explore.users import Users
from seatrials.platform import NotYet, Platform, contract, patience

# What a voyage takes of platform time at least; what is not taken by its steps, its sessions are used.
LASTS_SECONDS = 600.0
_OK = 200
# While these last, no activity reaches the table.
_KEEP_FROM_NOTING = ("table away", "table throttling", "table unsure")
# How long after somebody has asked for a session something breaks: amid what Hermes does for it, or behind that.
_AMID_SECONDS = (0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.4, 2.0, 8.0, 20.0)
Fault = Callable[[], AbstractContextManager[None]]
FaultOfTask = Callable[[str], AbstractContextManager[None]]


class Voyage:
    """One schedule, on a platform of its own."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.users = Users(platform)
        self.met: set[Met] = set()
        # Whether something that was broken may not be well again yet.
        self._is_upset = False

    def make(self, schedule: Sequence[Step]) -> None:
        """Take every step, and come to rest; fails with an `AssertionError` as soon as something does not hold."""
        began = self._platform.clock.now()
        # Somebody is there before anything breaks, for there is nothing to break else.
        self.users.arrive(is_broken=False)
        self._expect_all(began)
        for step in schedule:
            self._take(step)
        self._expect_all(self._platform.clock.now())
        left = began + LASTS_SECONDS - self._platform.clock.now()
        if left > 0:
            self.users.use(left)
        self._come_to_rest()

    def _take(self, step: Step) -> None:
        if step.name == ARRIVE:
            self.users.arrive(is_broken=self._is_upset)
        elif step.name == LEAVE:
            self.users.leave(step.whose)
        elif step.name == USE:
            self.users.use(step.seconds)
        elif step.name == REST:
            self._platform.let_pass(step.seconds, what="what comes of itself")
        else:
            self._break(step)
        if step.hastes:
            self._expect_contract()
        else:
            self._expect_all(self._platform.clock.now())

    def _break(self, step: Step) -> None:
        """Break something for a while, under load, and mend it."""
        self.met |= met(self.users.statuses(), step.name, "begins")
        self._is_upset = True
        with ExitStack() as held:
            self._begin(step, lambda: held.enter_context(self._fault(step)()))
            self.users.use(step.seconds, is_noted=step.name not in _KEEP_FROM_NOTING)
        self.met |= met(self.users.statuses(), step.name, "is over")

    def _begin(self, step: Step, begin: Callable[[], None]) -> None:
        """Let something break: amid an arrival, perhaps, and somebody may leave behind that."""
        amid = partial(self._platform.let_pass, _AMID_SECONDS[step.whose % len(_AMID_SECONDS)], what="a moment")
        arriving = [partial(self.users.arrive, is_broken=True)] if step.arrives else []

        def breaking() -> None:
            if step.arrives:
                amid()
            begin()
            if step.leaves:
                amid()
                self.users.leave(step.whose)

        self._platform.in_parallel(*arriving, breaking)

    def _expect_all(self, since: float) -> None:
        self._expect_hermes(since)
        self._is_upset = False
        self.users.expect_none_lost()
        self.users.expect_served(since)
        self.users.expect_none_lost()
        self.users.expect_kept()
        self.users.expect_nothing_of_refused()
        self._expect_contract()

    def _expect_hermes(self, since: float) -> None:
        """Fail unless Hermes answers in the time that a container may take to recover."""
        left = max(1.0, since + contract.RECOVERY_SECONDS_MAX - self._platform.clock.now())
        self._platform.wait_until(self._is_hermes_there, left, what="Hermes to answer", every_seconds=5)

    def _is_hermes_there(self) -> bool | NotYet:
        answer = self._platform.http.get(contract.HERMES_HEALTH_PATH)
        return answer.status == _OK or NotYet(f"it is {answer}")

    def _expect_contract(self) -> None:
        found = judge(self._platform.recorder.history).in_words()
        assert not found, found

    def _come_to_rest(self) -> None:
        """End every session, and expect that nothing of them is left."""
        self.users.use(0)
        self.users.expect_none_lost()
        self.users.expect_kept()
        # Those too whose users never heard of them, for their answer was lost.
        for session in self._platform.sessions.live_of_run():
            self._platform.sessions.deactivate(session)
        # What was broken last may have kept Hermes from telling how many there are, for as long as it takes to be back.
        most = patience.EMPTY_SECONDS + contract.RECOVERY_SECONDS_MAX
        most += contract.EXPIRY_LATEST_SECONDS if self.users.may_have_more else 0
        self._platform.wait_until(self._is_at_rest, most, what="nothing to be left", every_seconds=10)
        self._expect_contract()

    def _is_at_rest(self) -> bool | NotYet:
        counts = self._platform.services.edit_counts()
        if counts.desired or counts.running or counts.pending:  # then the rest need not be asked
            return NotYet(f"{counts}")
        live = self._platform.sessions.live_of_run()
        rules, targets = self._platform.balancer.rules_of_sessions(), self._platform.balancer.edit_targets()
        is_still = not (live or rules or targets)
        return is_still or NotYet(f"{len(live)} sessions, {len(rules)} rules, {len(targets)} targets, {counts}")

    def _fault(self, step: Step) -> Fault:
        """Return what breaks; nothing where what it is about is not there."""
        faults, whose = self._platform.faults, step.whose
        of_a_task: dict[str, FaultOfTask] = {
            "task stopped": faults.task_stopped,
            "task killed": faults.task_killed,
            "task out of memory": partial(faults.task_killed, how="out of memory"),
            "task hanging": faults.hanging,
            "task hanging up": faults.hanging_up,
            "task unreachable": partial(faults.partitioned, "balancer"),
            "task taken back": faults.spot_interrupted,
        }
        of_hermes: dict[str, FaultOfTask] = {"Hermes killed": faults.task_killed, "Hermes hanging": faults.hanging}
        of_all: dict[str, Fault] = {
            "Hermes stopped": partial(faults.stopped, "hermes"),
            "Hermes without the table": partial(faults.partitioned, "hermes", "table"),
            "table throttling": partial(faults.table_throttling, refused=1 + 7 * whose),
            "table unsure": partial(faults.table_unsure, unsaid=1 + 5 * whose),
            "table away": faults.table_away,
            "table slow": partial(faults.slow, "table", 1),
            "EFS slow": partial(faults.slow, "efs", 1),
            "load balancer slow": partial(faults.slow, "balancer", 1),
            "metrics late": partial(faults.metrics_late, 30 + 15 * whose),
            "metrics refused": faults.metrics_refused,
            "metrics lost": partial(faults.metrics_late, inf),
            "image missing": partial(faults.image_missing, "edit"),
            "image slow": partial(faults.image_slow, "edit", 20 + 10 * whose),
            "mount failing": partial(faults.mount_failing, "edit"),
        }
        if step.name in of_all:
            return of_all[step.name]
        services = self._platform.services
        found = services.edit_task_arns() if step.name in of_a_task else services.hermes_task_arns()
        statuses = services.last_statuses(found) if found else []
        # One that has no process yet has none that could break.
        tasks = [each for each, status in zip(found, statuses, strict=True) if status == "RUNNING"]
        breaks = of_a_task.get(step.name) or of_hermes[step.name]
        return partial(breaks, tasks[whose % len(tasks)]) if tasks else nullcontext
