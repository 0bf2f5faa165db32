"""Tests of the life of a task: its states, what happens in each, and what DescribeTasks says afterwards."""

import pytest

from seatrials.twin.control_plane import EPOCH_SECONDS
from seatrials.twin.ecs.task_run import TaskRun
from tests.support.twin import IMAGE, Twin

CLUSTER = "webordinary-edit-cluster"
SCALED_IN = "Scaling activity initiated by (deployment "


def started(twin: Twin) -> TaskRun:
    """Return the edit service's one task, running and healthy."""
    [run] = twin.scale(1)
    return run


def begun(twin: Twin, state: str) -> TaskRun:
    """Return the edit service's first task as soon as it is in *state*."""
    twin.update(desiredCount=1)
    twin.until(lambda: twin.runs() and twin.runs()[0].record.last_status == state)
    return twin.runs()[0]


def stop(twin: Twin, run: TaskRun, **parameters: str) -> None:
    """Call StopTask and wait for the end of the task."""
    twin.ecs.stop_task(cluster=CLUSTER, task=run.record.task_arn, **parameters)
    ended(twin, run)


def ended(twin: Twin, run: TaskRun) -> None:
    """Wait for the end of a task."""
    twin.until(lambda: run.record.last_status == "STOPPED")


def sigterm_at(twin: Twin, run: TaskRun) -> float:
    """Return when the task's container was sent SIGTERM, in seconds of the world."""
    [at] = [at for arn, at in twin.containers.sigterms if arn == run.record.task_arn]
    return round(float(at) - EPOCH_SECONDS, 6)


def test_a_task_comes_up_through_the_documented_states(twin: Twin) -> None:
    """PROVISIONING, PENDING, ACTIVATING, RUNNING (ECS Developer Guide, "Task lifecycle explanation")."""
    run = started(twin)
    states = twin.states(run)
    began = states[0][1]

    assert [(state, at - began) for state, at in states] == [
        ("provisioning", 0),
        ("pending", 4),
        ("activating", 4),
        ("running", 12),
    ]


def test_targets_are_registered_before_the_task_runs(twin: Twin) -> None:
    """Target groups are registered in ACTIVATING (same page), so a task that runs is a target."""
    run = started(twin)

    assert twin.targets(run.address)[0] == ("initial", dict(twin.states(run))["running"])


def test_counts_follow_the_states(twin: Twin) -> None:
    """A task counts as pending until RUNNING, as running from there to DEACTIVATING (botocore: ecs.Service).

    That the states next to PENDING count with it is our reading of practice; the reference names PENDING only.
    """
    counts = []
    for state in ("PROVISIONING", "ACTIVATING", "RUNNING"):
        run = begun(twin, state)
        twin.sleep(1.1)
        counts.append((twin.service()["pendingCount"], twin.service()["runningCount"]))
    twin.world.settle(60)
    twin.update(desiredCount=0)
    twin.until(lambda: run.record.last_status == "DEACTIVATING")
    twin.sleep(1.1)
    counts.append((twin.service()["pendingCount"], twin.service()["runningCount"]))

    assert counts == [(1, 0), (1, 0), (0, 1), (0, 0)]


def test_a_stop_is_asked_before_it_happens(twin: Twin) -> None:
    """A stopping task shows desiredStatus STOPPED while its container still runs (same page)."""
    run = started(twin)
    twin.update(desiredCount=0)
    twin.until(lambda: not run.record.is_wanted)
    task = twin.task(run.record.task_arn)

    assert (task["desiredStatus"], task["containers"][0]["lastStatus"]) == ("STOPPED", "RUNNING")


def test_the_scheduler_drains_before_it_terminates(twin: Twin) -> None:
    """Deregister, wait out the deregistration delay of 30 s, SIGTERM, release the interface, STOPPED.

    Source: ECS Developer Guide, "Load balancer connection draining"; public timelines show 39 s to SIGTERM with a delay
    of 30 s and a scheduler that looks every 10 s.
    """
    run = started(twin)
    twin.update(desiredCount=0)
    ended(twin, run)
    at = dict(twin.states(run))

    assert [state for state, _ in twin.states(run)][4:] == ["deactivating", "stopping", "deprovisioning", "stopped"]
    assert dict(twin.targets(run.address))["draining"] == at["deactivating"]
    assert 30 <= sigterm_at(twin, run) - at["deactivating"] <= 31
    assert sigterm_at(twin, run) == at["stopping"]
    assert at["stopped"] - at["deprovisioning"] == 8


def test_stop_task_terminates_before_it_drains(twin: Twin) -> None:
    """StopTask sends SIGTERM first and deregisters after (aws/amazon-ecs-agent issue 2316)."""
    run = started(twin)
    twin.containers.deaf = True
    asked = twin.now
    stop(twin, run)

    assert sigterm_at(twin, run) == asked
    assert dict(twin.targets(run.address))["draining"] == pytest.approx(asked + 30)


def test_sigkill_follows_after_the_stop_timeout(twin: Twin) -> None:
    """SIGKILL comes 30 s after SIGTERM, and the exit code is 137 (botocore: ContainerDefinition.stopTimeout)."""
    run = started(twin)
    twin.containers.deaf = True
    stop(twin, run)
    task = twin.task(run.record.task_arn)

    assert (task["executionStoppedAt"] - task["stoppingAt"]).total_seconds() == 30
    assert task["containers"][0]["exitCode"] == 137


def test_a_container_that_obeys_gives_its_own_exit_code(twin: Twin) -> None:
    """A container that exits at SIGTERM is not killed."""
    run = started(twin)
    twin.containers.exit_code = 3
    stop(twin, run)
    task = twin.task(run.record.task_arn)

    assert (task["executionStoppedAt"] - task["stoppingAt"]).total_seconds() == 0
    assert task["containers"][0]["exitCode"] == 3


def test_a_stop_timeout_may_be_shorter(twin: Twin) -> None:
    """The task definition's stopTimeout counts (botocore: 2 to 120 s on Fargate, 30 by default)."""
    twin.update(taskDefinition=twin.redefine(stopTimeout=5))
    run = started(twin)
    twin.containers.deaf = True
    stop(twin, run)
    task = twin.task(run.record.task_arn)

    assert (task["executionStoppedAt"] - task["stoppingAt"]).total_seconds() == 5


@pytest.mark.parametrize(
    ("parameters", "reason"), [({}, "Task stopped by user"), ({"reason": "rehearsal"}, "rehearsal")]
)
def test_stop_task_gives_its_reason(twin: Twin, parameters: dict[str, str], reason: str) -> None:
    """StopTask's text becomes the stoppedReason, with a default; the code is UserInitiated (botocore: StopTask)."""
    run = started(twin)
    stop(twin, run, **parameters)
    task = twin.task(run.record.task_arn)

    assert ("UserInitiated", reason) == (task["stopCode"], task["stoppedReason"])


def test_scaling_in_gives_its_reason(twin: Twin) -> None:
    """The scheduler says which deployment stopped a task; wording of public DescribeTasks outputs."""
    run = started(twin)
    twin.update(desiredCount=0)
    ended(twin, run)
    task = twin.task(run.record.task_arn)

    assert task["stopCode"] == "ServiceSchedulerInitiated"
    assert task["stoppedReason"] == f"{SCALED_IN}{run.record.started_by})"


def test_an_essential_container_ends_its_task(twin: Twin) -> None:
    """A task whose essential container crashes ends as EssentialContainerExited with its exit code.

    Source: botocore's TaskStopCode; the text is that of public DescribeTasks outputs.
    """
    run = started(twin)
    [container] = twin.world.runtime.containers[run.record.id]
    twin.world.runtime.kill(container, 1)
    ended(twin, run)
    task = twin.task(run.record.task_arn)

    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"
    assert task["containers"][0]["exitCode"] == 1


def test_a_missing_image_keeps_a_task_from_starting(twin: Twin) -> None:
    """The reason begins with CannotPullContainerError (ECS Developer Guide, "Stopped task error codes")."""
    twin.world.runtime.troubles.images_missing.add(IMAGE)
    run = begun(twin, "DEPROVISIONING")
    task = twin.task(run.record.task_arn)

    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError: ")
    assert task["containers"][0]["reason"] == task["stoppedReason"]
    assert "startedAt" not in task
    assert twin.targets(run.address) == []


def test_a_volume_that_cannot_be_mounted_keeps_a_task_from_starting(twin: Twin) -> None:
    """The reason begins with ResourceInitializationError and names EFS; wording of public DescribeTasks outputs."""
    point = twin.world.stack.physical_ids["WorkspaceAccessPoint"]
    twin.world.aws("efs").delete_access_point(AccessPointId=point)
    run = begun(twin, "DEPROVISIONING")

    assert run.failed_to_start
    assert str(run.record.stopped_reason).startswith(
        "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: "
    )


@pytest.mark.parametrize("state", ["PROVISIONING", "ACTIVATING"])
def test_a_task_may_be_stopped_before_it_runs(twin: Twin, state: str) -> None:
    """A task that is stopped on its way up starts no container and releases its interface."""
    run = begun(twin, state)
    stop(twin, run)

    assert [each for each, _ in twin.states(run)][-2:] == ["deprovisioning", "stopped"]
    assert "running" not in dict(twin.states(run))
    assert twin.containers.contexts == []


def test_a_task_shows_when_what_happened(twin: Twin) -> None:
    """DescribeTasks gives each time of a life, in order (botocore: ecs.Task)."""
    run = started(twin)
    twin.update(desiredCount=0)
    ended(twin, run)
    task = twin.task(run.record.task_arn)
    names = [
        "createdAt",
        "pullStartedAt",
        "pullStoppedAt",
        "startedAt",
        "stoppingAt",
        "executionStoppedAt",
        "stoppedAt",
    ]
    times = [task[name] for name in names]

    assert sorted(times) == times
    assert (times[3] - times[0]).total_seconds() == 12


def test_a_stopped_task_frees_its_disk(twin: Twin) -> None:
    """Nothing of a container's own file system outlives it; what it wrote to EFS does."""
    run = started(twin)
    [container] = twin.world.runtime.containers[run.record.id]
    (container.root / "scratch").write_text("gone")
    (container.root / "workspace" / "kept").write_text("kept")
    stop(twin, run)

    assert not container.root.exists()
    assert [each.read_text() for each in (twin.world.directory / "efs").rglob("kept")] == ["kept"]


def test_a_target_that_someone_else_has_deregistered_does_not_hold_the_task(twin: Twin) -> None:
    """A task ends as any other when its target was taken out of the group before."""
    [run] = twin.scale(1)
    for group, port in run.groups:
        target = {"Id": run.address, "Port": port}
        twin.world.aws("elbv2").deregister_targets(TargetGroupArn=group, Targets=[target])
    twin.sleep(40)
    twin.ecs.stop_task(cluster=CLUSTER, task=run.record.task_arn, reason="enough")

    twin.until(lambda: run.record.last_status == "STOPPED")
