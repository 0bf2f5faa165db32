"""A served platform with others on it: what runs are interrupted on, and who must not notice."""

import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import boto3
import httpx

from seatrials.environments.parts import ResourceNames
from seatrials.environments.variables import read_variables
from seatrials.platform import contract
from seatrials.seams.clock import SystemClock, wait_until
from seatrials.stacks.live.rehearsed_faults import active_faults
from seatrials.twin_server.process import RunningServer
from tests.support.aws import Json
from tests.support.interruption.run import folders_of
from tests.support.interruption.state import State, difference, is_at_rest, read_state

NAMES = ResourceNames()
# Of the machine, generous: until what the platform does by itself is done.
_REST_SECONDS = 180.0
_LEASE_KEY = {"sessionId": {"S": "seatrials#lease"}, "userId": {"S": "stack"}}
_REQUEST = {"clientId": "acme", "userId": "anna@example.com", "instruction": "Add an About page"}


class Rehearsal:
    """A server, with a bystander's session and a stranger's resources."""

    def __init__(self, server: RunningServer, *, may_replace: bool = False) -> None:
        """*may_replace* says that the rows of its runs replace tasks of Hermes."""
        self._may_replace = may_replace
        own = {name: each for name, each in read_variables().items() if not name.startswith(("AWS_", "SEATRIALS_"))}
        self.variables: Mapping[str, str] = {**own, **server.variables}
        context = ssl.create_default_context(cafile=server.variables["SEATRIALS_CA_FILE"])
        self.http = httpx.Client(verify=context, base_url=server.variables["SEATRIALS_BASE_URL"], trust_env=False)
        self._files = _world_of(server) / "efs"
        self._clock = SystemClock()
        self._session = boto3.Session(
            aws_access_key_id=server.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=server.variables["AWS_SECRET_ACCESS_KEY"],
            region_name=server.variables["AWS_REGION"],
        )

    def aws(self, service: str) -> Json:
        """Return a client of the server."""
        return self._session.client(service, endpoint_url=self.variables["AWS_ENDPOINT_URL"])

    def state(self) -> State:
        """Return all that a run could have changed, and what is broken."""
        broken = active_faults(self.variables["SEATRIALS_CONTROL_URL"])
        state = read_state(self.aws, self._files, NAMES.edit_service, may_replace=self._may_replace)
        return {**state, **{f"fault {name}": {} for name in broken}}

    def state_at_rest(self) -> State:
        """Return the state once no session is on its way to its end, and no task of those before is to be scaled in."""

        def at_rest() -> State | None:
            # Asked before too, for a state is read one call after the other, and tasks may go in between.
            state = self.state() if self._has_tasks_for_one() else None
            return state if state is not None and is_at_rest(state) and self._has_tasks_for_one() else None

        state = wait_until(self._clock, at_rest, _REST_SECONDS, what="the platform to be at rest")
        assert state is not None, "it was waited for"
        return state

    def _has_tasks_for_one(self) -> bool:
        """Whether the edit service has as many tasks as a bystander's session needs, or none, and wants no other."""
        services = self.aws("ecs").describe_services(cluster=NAMES.cluster, services=[NAMES.edit_service])["services"]
        desired, running, pending = (services[0][f"{each}Count"] for each in ("desired", "running", "pending"))
        return bool(desired == running <= 1 and pending == 0)

    def difference_to(self, before: State) -> list[str]:
        """Return what is not as it was *before*, once the platform has had its time to come to rest."""
        deadline = self._clock.now() + _REST_SECONDS
        while (found := difference(before, self.state())) and self._clock.now() < deadline:
            self._clock.sleep(1)
        return found

    def sweep(self) -> None:
        """Sweep as a person does after a kill, once the dead run's lease is over."""
        command = [sys.executable, "-m", "seatrials.cli", "sweep", "rehearsal", "--yes", "--wait", "3600"]
        result = subprocess.run(  # noqa: S603  # this Python, and arguments of our own
            command, env=dict(self.variables), capture_output=True, text=True, check=False
        )

        assert (result.returncode, result.stderr) == (0, "")

    def take_lease(self) -> None:
        """Take the lease, whoever has it, as a run does that takes this one's owner for dead."""
        self._write_lease("SET run_id = :run, #owner = :owner, beats = :none, members = :members ADD fence :one")

    def give_lease_back(self) -> None:
        """Give back what was taken."""
        self.aws("dynamodb").update_item(
            TableName=NAMES.table,
            Key=_LEASE_KEY,
            UpdateExpression="REMOVE run_id, #owner, beats, members",
            ExpressionAttributeNames={"#owner": "owner"},
        )

    def _write_lease(self, expression: str) -> None:
        self.aws("dynamodb").update_item(
            TableName=NAMES.table,
            Key=_LEASE_KEY,
            UpdateExpression=expression,
            ExpressionAttributeNames={"#owner": "owner"},
            ExpressionAttributeValues={
                ":run": {"S": "another"},
                ":owner": {"S": "bert"},
                ":members": {"SS": ["process-1"]},
                ":none": {"N": "0"},
                ":one": {"N": "1"},
            },
        )

    @contextmanager
    def bystander(self) -> Iterator[None]:
        """Keep somebody's session alive for the length of a block, from when it is active."""
        session_id = self.http.post(contract.ACTIVATE_PATH, json=_REQUEST, timeout=60).json()["sessionId"]
        path = f"{contract.SESSIONS_PATH}/{session_id}"
        over, ended = self._clock.signal(), self._clock.signal()

        def keep_alive() -> None:
            while not over.wait(1):
                self.http.post(f"{path}/keepalive", json={}, timeout=60)
            ended.set()

        self._clock.spawn(keep_alive, "bystander")
        try:
            yield
        finally:
            over.set()
            ended.wait()
            self.http.post(f"{path}/deactivate", json={}, timeout=60)

    def let_a_stranger_in(self) -> None:
        """Make what another team has in the same account."""
        self.aws("dynamodb").create_table(
            TableName="stranger",
            KeySchema=[{"AttributeName": "sessionId", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "sessionId", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.aws("dynamodb").put_item(TableName="stranger", Item={"sessionId": {"S": "TEST_of_a_stranger"}})
        files = self.aws("efs").describe_file_systems()["FileSystems"][0]["FileSystemId"]
        self.aws("efs").create_access_point(
            ClientToken="stranger",
            FileSystemId=files,
            RootDirectory={"Path": "/workspace/stranger"},
            Tags=[{"Key": "team", "Value": "stranger"}],
        )
        workspace = self._files / files / "workspace" / "stranger"
        workspace.mkdir(parents=True)
        (workspace / "notes.txt").write_text("a stranger's", encoding="utf-8")
        self._let_a_service_in()
        self.aws("logs").create_log_group(logGroupName="/ecs/stranger")
        self.aws("cloudwatch").put_metric_alarm(
            AlarmName="stranger",
            Namespace="Stranger",
            MetricName="Things",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )

    def _let_a_service_in(self) -> None:
        elbv2, ecs = self.aws("elbv2"), self.aws("ecs")
        balancer = elbv2.describe_load_balancers()["LoadBalancers"][0]
        listener = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"][0]
        group = elbv2.create_target_group(
            Name="stranger", Protocol="HTTP", Port=80, VpcId=balancer["VpcId"], TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]
        elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.1.99", "Port": 80}])
        elbv2.create_rule(
            ListenerArn=listener["ListenerArn"],
            Priority=40_000,
            Conditions=[{"Field": "path-pattern", "Values": ["/stranger/*"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": group}],
            Tags=[{"Key": "team", "Value": "stranger"}],
        )
        ecs.create_cluster(clusterName="stranger")
        container = {"name": "stranger", "image": "stranger:1", "memory": 512}
        ecs.register_task_definition(family="stranger", containerDefinitions=[container])
        ecs.create_service(cluster="stranger", serviceName="stranger", taskDefinition="stranger", desiredCount=0)


def _world_of(server: RunningServer) -> Path:
    """Return the folder of a server's world, beside which it has one for its clients."""
    of_clients = Path(server.variables["SEATRIALS_CA_FILE"]).parent
    [world] = [folder for folder in folders_of(server.process_id) if folder != of_clients]
    return world
