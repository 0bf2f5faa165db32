"""The ECS service scheduler: makes the tasks of each service what the service asks for.

It acts when something has changed (a call to ECS, a step of a task, a target's health), after its usual delay, and as
long as something is unsettled. What it decides is in `_reconcile`, one rule a method.

Source: Amazon ECS Developer Guide, "Amazon ECS services"; wording of events from public logs of 2026.
"""

from random import Random
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.twin.ecs.agent import role_that_cannot_be_assumed
from seatrials.twin.ecs.deployments import Deployment, Limits, breaker_threshold, throttle_seconds
from seatrials.twin.ecs.service_state import ServiceState
from seatrials.twin.ecs.task_run import StopOrder, Surroundings, TaskRun
from seatrials.twin.moto_bridge import old_events
from seatrials.twin.tasks import TaskRecord

_EVENTS_MAX = 100
# Source: Amazon ECS Developer Guide, "Amazon ECS service quotas". A scaling policy may ask for any number.
_TASKS_PER_SERVICE_MAX = 5_000
_NO_PLACE = (
    "was unable to place a task because no container instance met all of its requirements. "
    "Reason: No Container Instances were found in your cluster."
)
_NO_ADDRESS = (
    "was unable to place a task. Reason: Unexpected EC2 error while attempting to Create Network Interface: "
    "InsufficientFreeAddressesInSubnet."
)
_NO_ROLE = (
    "ECS was unable to assume the role '{}' that was provided for this task. Please verify that the role being passed "
    "has the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
)


class Scheduler:
    """The services of one world."""

    def __init__(self, world: Surroundings, ecs: AwsClient, choice: Random) -> None:
        """*choice* draws which task a scale-in stops: AWS leaves it open, so no scenario may rely on it."""
        self._world = world
        self._ecs = ecs
        self._choice = choice
        self._services: dict[str, ServiceState] = {}
        self._definitions: dict[str, dict[str, Any]] = {}
        self._changed = world.clock.signal()
        self._stale = True

    def start(self) -> None:
        """Begin to act."""
        self._world.clock.spawn(self._loop, "ecs scheduler")

    def service_changed(self) -> None:
        """Hear that someone called ECS."""
        self._stale = True
        self._changed.set()

    def service_updated(self, cluster: str, name: str, definition: str, desired: int) -> None:
        """Hear UpdateService: what it asks for shows at once, and is acted upon in the scheduler's next turn.

        So `services-stable` waits for the new deployment. Source: botocore, ecs.Deployment, rolloutState.
        """
        for state in self._services.values():
            if (state.cluster, state.name) == (cluster, name) and state.deployments:
                state.description = {**state.description, "taskDefinition": definition, "desiredCount": desired}
                self._open_deployment(state)
                self._show(state)

    def poke(self) -> None:
        """Hear that a task or a target has changed."""
        self._changed.set()

    def stop_task(self, record: TaskRecord, reason: str) -> None:
        """Hear StopTask, which names one task and gives a reason."""
        for state in self._services.values():
            for run in state.runs:
                if run.record is record:
                    run.stop("UserInitiated", reason, StopOrder.SIGTERM_FIRST)

    def interrupt(self, task_arn: str) -> None:
        """Take a task back as Fargate Spot does: its warning is SIGTERM, and its service looks for another place.

        Source: Amazon ECS Developer Guide, "Amazon ECS clusters for Fargate", "Fargate Spot termination notices".
        """
        for run in (run for state in self._services.values() for run in state.runs):
            if run.record.task_arn == task_arn:
                run.stop("SpotInterruption", "Your Spot Task was interrupted.", StopOrder.AT_ONCE)

    def runs(self, service_name: str) -> list[TaskRun]:
        """Return every task that a service has had, oldest first."""
        return [run for state in self._services.values() if state.name == service_name for run in state.runs]

    def running(self) -> list[tuple[str, str, int]]:
        """Return cluster, name and number of running tasks of each service."""
        return [
            (state.cluster, state.name, sum(run.record.is_running for run in state.runs))
            for state in self._services.values()
        ]

    def _loop(self) -> None:
        world = self._world
        while True:
            self._changed.wait(None if self.is_settled() else 5.0)
            self._changed.clear()
            world.clock.sleep(world.calibration.scheduler_interval.draw(world.random))
            if self._stale:
                self._read_services()
            for state in list(self._services.values()):
                with world.clock.supervisor.turn("the ECS scheduler", f"service {state.name}"):
                    self._reconcile(state)

    def is_settled(self) -> bool:
        """Whether every service has reached a steady state."""
        return not self._stale and all(state.steady for state in self._services.values())

    def _read_services(self) -> None:
        self._stale = False
        for cluster in self._ecs.list_clusters()["clusterArns"]:
            with self._world.clock.supervisor.turn("the ECS scheduler", f"cluster {cluster}"):
                self._read_cluster(cluster)

    def _read_cluster(self, cluster: str) -> None:
        neighbours = self._world.bridge.neighbours
        pages = self._ecs.get_paginator("list_services").paginate(cluster=cluster)
        for page in pages:
            acting = [each for each in page["serviceArns"] if neighbours is None or each not in neighbours.services]
            found = self._ecs.describe_services(cluster=cluster, services=acting)["services"] if acting else []
            for description in found:
                arn = description["serviceArn"]
                state = self._services.get(arn) or self._new_state(arn, description)
                state.description = description

    def _new_state(self, arn: str, description: dict[str, Any]) -> ServiceState:
        world = self._world
        state = self._services[arn] = ServiceState(description)
        if world.calibration.has_past:
            state.events = old_events(world.clock.now(), world.random, state.name)
        return state

    def _reconcile(self, state: ServiceState) -> None:
        if state.controller != "ECS":
            # Tasks of such a service come from task sets and CodeDeploy, which only stand there.
            state.steady = True
            return
        self._open_deployment(state)
        self._count_failures(state)
        self._mark_unhealthy(state)
        self._start_missing(state)
        self._stop_replaced(state)
        self._stop_old(state)
        self._stop_surplus(state)
        self._close_deployment(state)
        self._show(state)

    def _open_deployment(self, state: ServiceState) -> None:
        """Begin a deployment when the service names another task definition, or a new one is forced."""
        definition = str(state.description["taskDefinition"])
        forced = self._world.bridge.forced_deployments(state.cluster, state.name)
        current = state.deployments[0] if state.deployments else None
        if current is not None and (current.task_definition, current.forced) == (definition, forced):
            return
        number = self._world.random.randrange(10**18, 10**19)
        deployment = Deployment(f"ecs-svc/{number}", definition, self._world.bridge.timestamp(), forced)
        for older in state.deployments:
            older.status = "ACTIVE"
        state.deployments.insert(0, deployment)
        state.failures = 0
        state.not_before = 0.0
        self._world.trace.add("deployment", state.name, id=deployment.id, state="begun", definition=definition)

    def _count_failures(self, state: ServiceState) -> None:
        """Take note of tasks that ended, slow down starts that fail, and trip the circuit breaker.

        Starts that fail count until a task of the deployment runs, failed health checks always; a healthy task resets
        the count. Source: Amazon ECS Developer Guide, "Deployment circuit breaker".
        """
        is_up = any(run.record.is_running for run in state.wanted(state.primary))
        for run in [each for each in state.runs if not each.record.is_wanted and not each.is_counted]:
            run.is_counted = True
            if run.record.started_by != state.primary.id:
                continue
            if run.failed_to_start:
                self._slow_down(state)
            if run.is_being_replaced or (run.failed_to_start and not is_up):
                self._fail_deployment(state)
        state.runs = [each for each in state.runs if each.record.stopped_at is None]
        if is_up:
            state.failures = 0
        if any(self._is_healthy(run) for run in state.wanted(state.primary)):
            state.primary.failed_tasks = 0

    def _slow_down(self, state: ServiceState) -> None:
        state.failures += 1
        state.not_before = self._world.clock.now() + throttle_seconds(state.failures)
        if state.failures > 1:
            self._event(state, "is unable to consistently start tasks successfully.")

    def _fail_deployment(self, state: ServiceState) -> None:
        deployment = state.primary
        if deployment.rollout_state != "IN_PROGRESS":
            return
        deployment.failed_tasks += 1
        breaker = state.description.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker", {})
        if breaker.get("enable") and deployment.failed_tasks >= breaker_threshold(state.desired):
            deployment.fail()
            self._event(state, f"(deployment {deployment.id}) deployment failed: tasks failed to start.")
            if breaker.get("rollback"):
                self._roll_back(state)

    def _roll_back(self, state: ServiceState) -> None:
        """Go back to the last completed deployment, whose tasks go on; without one the service stalls."""
        failed, completed = state.primary, state.last_completed
        if completed is None:
            return
        state.last_completed = None
        completed.resume()
        completed.forced = failed.forced
        failed.status = "ACTIVE"
        state.deployments = [completed, *(each for each in state.deployments if each is not completed)]
        self._event(state, f"rolling back to deployment {completed.id}.")
        self._world.bridge.show_service(state.cluster, state.name, task_definition=completed.task_definition)
        self.service_changed()

    def _mark_unhealthy(self, state: ServiceState) -> None:
        """Mark tasks whose targets fail their health checks, once the grace period is over; each such target is told.

        Wording: Amazon ECS Developer Guide, "Amazon ECS service event messages", and public logs.
        """
        grace_seconds = float(state.description.get("healthCheckGracePeriodSeconds", 0))
        now = self._world.bridge.timestamp()
        for run in state.wanted():
            started = run.record.started_at
            in_grace = started is None or (now - started).total_seconds() < grace_seconds
            if run.is_being_replaced or in_grace:
                continue
            if run.record.health_status == "UNHEALTHY":
                run.is_being_replaced = True
                self._event(state, f"(task {run.record.id}) failed container health checks.")
                continue
            failing = run.targets_except("healthy", "initial", "draining", "unused")
            if not failing:
                continue
            run.is_being_replaced, run.failed_group = True, failing[0][0]
            for group, target in failing:
                where = f"(port {target.port}) is unhealthy in (target-group {group})"
                self._event(state, f"{where} due to (reason {target.description})")

    def _start_missing(self, state: ServiceState) -> None:
        """Start what the primary deployment lacks, within the service's maximum."""
        if self._world.clock.now() < state.not_before or state.primary.rollout_state == "FAILED":
            return
        limits = self._limits(state)
        sound = [run for run in state.wanted(state.primary) if not run.is_being_replaced]
        room = min(limits.most_running, _TASKS_PER_SERVICE_MAX) - len(state.wanted())
        missing = min(state.desired - len(sound), room)
        if missing > 0 and not state.is_on_fargate:
            if not any(_NO_PLACE in each["message"] for each in state.events[:1]):
                self._event(state, _NO_PLACE)
        elif missing > 0 and self._has_its_roles(state):
            self._start_tasks(state, missing)

    def _start_tasks(self, state: ServiceState, missing: int) -> None:
        started = [run for run in (self._start_task(state) for _ in range(missing)) if run is not None]
        if started:
            ids = " ".join(f"(task {run.record.id})" for run in started)
            self._event(state, f"has started {len(started)} tasks: {ids}.")
        if len(started) < missing and not any(_NO_ADDRESS in each["message"] for each in state.events[:2]):
            self._event(state, _NO_ADDRESS)

    def _has_its_roles(self, state: ServiceState) -> bool:
        """Whether ECS may take the roles of the service's tasks; without one it launches none, and tells why."""
        role = role_that_cannot_be_assumed(self._definition(state.primary.task_definition), self._world.bridge)
        if role is not None:
            self._event(state, f"failed to launch a task with (error {_NO_ROLE.format(role)}).")
            self._slow_down(state)
            self._fail_deployment(state)
        return role is None

    def _stop_replaced(self, state: ServiceState) -> None:
        """Stop an unhealthy task once a healthy one stands in for it, or before, when there is no room for both."""
        limits = self._limits(state)
        sound = [run for run in state.wanted(state.primary) if not run.is_being_replaced]
        stood_in_for = sum(self._is_healthy(run) for run in sound) >= state.desired
        for run in [each for each in state.wanted() if each.is_being_replaced]:
            no_room = len(sound) < state.desired and len(state.wanted()) >= limits.most_running
            if stood_in_for or no_room:
                reason = "Task failed container health checks"
                if run.record.health_status != "UNHEALTHY":
                    reason = f"Task failed ELB health checks in (target-group {run.failed_group})"
                self._stop(state, run, "ServiceSchedulerInitiated", reason)

    def _stop_old(self, state: ServiceState) -> None:
        """Stop tasks of older deployments while enough healthy ones remain."""
        limits = self._limits(state)
        for deployment in state.deployments[1:]:
            for run in state.wanted(deployment):
                healthy = sum(self._is_healthy(each) for each in state.wanted())
                if not self._is_healthy(run) or healthy - 1 >= limits.least_healthy:
                    self._stop(state, run, "ServiceSchedulerInitiated", self._scaling_reason(state))
        kept = [each for each in state.deployments[1:] if any(r.record.started_by == each.id for r in state.runs)]
        state.deployments = [state.primary, *kept]

    def _stop_surplus(self, state: ServiceState) -> None:
        """Scale in: stop what is too many, from the fullest zone, and there whichever the seed picks."""
        surplus = [run for run in state.wanted(state.primary) if not run.is_being_replaced]
        while len(surplus) > state.desired:
            run = self._pick(surplus)
            surplus.remove(run)
            self._stop(state, run, "ServiceSchedulerInitiated", self._scaling_reason(state))

    def _pick(self, runs: list[TaskRun]) -> TaskRun:
        zones = [run.record.availability_zone for run in runs]
        fullest = max(zones.count(zone) for zone in zones)
        return self._choice.choice([run for run in runs if zones.count(run.record.availability_zone) == fullest])

    def _close_deployment(self, state: ServiceState) -> None:
        """Note when the service is as it should be."""
        healthy = [run for run in state.wanted(state.primary) if self._is_healthy(run) and not run.is_being_replaced]
        steady = len(healthy) == state.desired and len(state.wanted()) == state.desired and len(state.deployments) == 1
        if steady and state.primary.rollout_state == "IN_PROGRESS":
            state.primary.complete()
            state.last_completed = state.primary
            self._event(state, f"(deployment {state.primary.id}) deployment completed.")
        if steady and not state.steady:
            self._event(state, "has reached a steady state.")
        state.steady = steady

    def _show(self, state: ServiceState) -> None:
        runs = state.runs
        self._world.bridge.show_service(
            state.cluster,
            state.name,
            running_count=sum(run.record.is_running for run in runs),
            pending_count=sum(run.record.is_pending for run in runs),
            events=state.events,
            deployments=[self._deployment_as_api(state, each) for each in state.deployments],
        )

    def _deployment_as_api(self, state: ServiceState, deployment: Deployment) -> dict[str, Any]:
        runs = [run for run in state.runs if run.record.started_by == deployment.id]
        desired = state.desired if deployment is state.primary else 0
        running = sum(run.record.is_running for run in runs)
        return deployment.as_api(desired, running, sum(run.record.is_pending for run in runs), state.description)

    def _start_task(self, state: ServiceState) -> TaskRun | None:
        place = self._place(state)
        if place is None:
            return None
        definition = self._definition(state.primary.task_definition)
        record = self._record(state, definition, place)
        groups = [(each["targetGroupArn"], each["containerPort"]) for each in state.description["loadBalancers"]]
        run = TaskRun(self._world, record, definition, groups, self.poke)
        state.runs.append(run)
        self._world.bridge.add_task(state.cluster, record)
        self._world.clock.spawn(run.run, f"task {record.id}")
        return run

    def _record(self, state: ServiceState, definition: dict[str, Any], place: tuple[str, str, str]) -> TaskRecord:
        world = self._world
        task_id = f"{world.random.getrandbits(128):032x}"
        region_prefix = state.description["clusterArn"].replace(":cluster/", ":task/")
        arn = f"{region_prefix}/{task_id}"
        zone, address, subnet = place
        interface = {"attachmentId": f"eni-attach-{task_id[:17]}", "privateIpv4Address": address}
        groups = state.description["networkConfiguration"]["awsvpcConfiguration"].get("securityGroups", [])
        owner = region_prefix.replace(":task/", ":attachment/").rpartition("/")[0] + f"/{interface['attachmentId']}"
        world.bridge.attach_interface(f"eni-{task_id[:17]}", subnet, address, groups, owner)
        return TaskRecord(
            task_arn=arn,
            cluster_arn=state.description["clusterArn"],
            task_definition_arn=definition["taskDefinitionArn"],
            family=definition["family"],
            group=f"service:{state.name}",
            started_by=state.primary.id,
            availability_zone=zone,
            cpu=str(definition.get("cpu", "")),
            memory=str(definition.get("memory", "")),
            enable_execute_command=bool(state.description.get("enableExecuteCommand")),
            created_at=world.bridge.timestamp(),
            containers=[_container(each, arn, interface) for each in definition["containerDefinitions"]],
            attachments=[_attachment(interface, subnet)],
        )

    def _place(self, state: ServiceState) -> tuple[str, str, str] | None:
        """Return zone, address and subnet for a new task: the emptiest zone, the subnet's next free address.

        None when no subnet of the service has a free one.
        """
        configuration = state.description["networkConfiguration"]["awsvpcConfiguration"]
        subnets = configuration["subnets"]
        taken = [run.subnet for run in state.wanted()]
        is_public = configuration.get("assignPublicIp") == "ENABLED"
        for subnet in sorted(subnets, key=lambda each: (taken.count(each), subnets.index(each))):
            groups = configuration.get("securityGroups", [])
            address = self._world.vpc.join_task(subnet, groups, f"service {state.name}", is_public=is_public)
            if address is not None:
                return self._world.vpc.zone_of(subnet), address, subnet
        return None

    def _definition(self, arn: str) -> dict[str, Any]:
        if arn not in self._definitions:
            self._definitions[arn] = self._ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        return self._definitions[arn]

    def _is_healthy(self, run: TaskRun) -> bool:
        return run.record.is_running and run.is_well and run.targets_are("healthy")

    def _limits(self, state: ServiceState) -> Limits:
        return Limits.of(state.desired, state.description.get("deploymentConfiguration", {}))

    def _scaling_reason(self, state: ServiceState) -> str:
        return f"Scaling activity initiated by (deployment {state.primary.id})"

    def _stop(self, state: ServiceState, run: TaskRun, code: str, reason: str) -> None:
        run.stop(code, reason, StopOrder.DRAIN_FIRST)
        self._event(state, f"has stopped 1 running tasks: (task {run.record.id}).")

    def _event(self, state: ServiceState, text: str) -> None:
        message = f"(service {state.name}) {text}"
        created = self._world.bridge.timestamp()
        state.events.insert(0, {"id": f"{state.events_ever:08d}", "createdAt": created, "message": message})
        state.events_ever += 1
        del state.events[_EVENTS_MAX:]
        self._world.trace.add("service_event", state.name, message=text)


def _container(definition: dict[str, Any], task_arn: str, interface: dict[str, str]) -> dict[str, Any]:
    return {
        "containerArn": task_arn.replace(":task/", ":container/") + f"/{definition['name']}",
        "taskArn": task_arn,
        "name": definition["name"],
        "image": definition["image"],
        "lastStatus": "PENDING",
        "healthStatus": "UNKNOWN",
        "networkInterfaces": [interface],
        "cpu": str(definition.get("cpu", 0)),
    }


def _attachment(interface: dict[str, str], subnet: str) -> dict[str, Any]:
    return {
        "id": interface["attachmentId"],
        "type": "ElasticNetworkInterface",
        "status": "ATTACHED",
        "details": [
            {"name": "subnetId", "value": subnet},
            {"name": "networkInterfaceId", "value": interface["attachmentId"].replace("eni-attach-", "eni-")},
            {"name": "privateIPv4Address", "value": interface["privateIpv4Address"]},
        ],
    }
