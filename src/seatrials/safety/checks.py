"""What must be true of a stack before a run may begin, each looked at without changing anything."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from seatrials.environments.parts import Place, ResourceNames
from seatrials.errors import (
    CertificateError,
    LeftoversError,
    MissingResourceError,
    SeatrialsError,
    UnreachableError,
)
from seatrials.platform import contract
from seatrials.platform.session_table import SessionTable
from seatrials.safety import journal, lease_item
from seatrials.safety.aws_errors import translated
from seatrials.safety.changes import describe_service
from seatrials.safety.identity import confirm_identity
from seatrials.safety.permitted import TEST_PREFIX
from seatrials.safety.store import Store
from seatrials.safety.under_test import odd_items
from seatrials.seams.application import AwsClient

_OK = 200
_ODD_SHOWN = 5
_PREVIEWS_SHOWN = 20


@dataclass(frozen=True)
class Check:
    """One thing to look at: returns what was seen, or raises the error that says what to do."""

    what: str
    look: Callable[[], str]


@dataclass(frozen=True)
class Finding:
    """What came of a check."""

    what: str
    seen: str
    problem: SeatrialsError | None


def checks_of(
    place: Place, names: ResourceNames, aws: Callable[[str], AwsClient], store: Store, http: httpx.Client
) -> list[Check]:
    """Return everything that is looked at, what the rest depends on first."""
    return [
        Check("account and region", lambda: _identity(place, aws)),
        Check(f"table {names.table}", lambda: _table(aws("dynamodb"), names)),
        Check(f"lease in {store.table}", lambda: _lease(store)),
        Check("odd items", lambda: _odd_items(aws("dynamodb"), names, store)),
        Check(f"cluster {names.cluster}", lambda: _cluster(aws("ecs"), names.cluster)),
        Check(f"service {names.edit_service}", lambda: _service(aws("ecs"), names.cluster, names.edit_service)),
        Check(f"service {names.hermes_service}", lambda: _service(aws("ecs"), names.cluster, names.hermes_service)),
        Check(f"load balancer {names.load_balancer}", lambda: _load_balancer(aws("elbv2"), names.load_balancer)),
        Check("scaling", lambda: _scaling(aws("application-autoscaling"), names.cluster, names.edit_service)),
        Check("metrics", lambda: _metrics(aws("cloudwatch"), names.metric_namespace)),
        Check("access points", lambda: _access_points(aws("efs"))),
        Check(str(http.base_url).rstrip("/"), lambda: _answer(http, "/health")),
        Check("Hermes", lambda: _answer(http, contract.HERMES_HEALTH_PATH)),
        Check("previews", lambda: _previews(aws("dynamodb"), names, http.base_url.host)),
    ]


def journal_check(store: Store, environment: str) -> Check:
    """Return what tells of runs that died before they had undone their changes.

    A run looks at it when it has the lease; before, what a living run is busy with would seem to be left.
    """
    return Check(f"journal in {store.table}", lambda: _journal(store, environment))


def refuse_leftovers(store: Store, environment: str, own_run: str | None) -> None:
    """Raise `LeftoversError` for each run but *own_run* whose changes are not undone: no other may begin."""
    runs = journal.runs_with_entries(store, own_run)
    if runs:
        msg = f"dead runs have left something here ({', '.join(runs)}): `seatrials sweep {environment}`"
        raise LeftoversError(msg)


def look_at_all(checks: list[Check]) -> list[Finding]:
    """Return what came of every check; one that fails keeps no other from being made."""
    return [_look(each) for each in checks]


def require_all(checks: list[Check]) -> None:
    """Make the checks in order and raise the first problem, for those after it may follow from it."""
    for each in checks:
        each.look()


def _look(check: Check) -> Finding:
    try:
        return Finding(check.what, check.look(), None)
    except SeatrialsError as error:
        return Finding(check.what, "", error)


def _identity(place: Place, aws: Callable[[str], AwsClient]) -> str:
    identity = confirm_identity(place, aws)
    return f"{identity.arn} in {place.region}"


def _table(dynamodb: AwsClient, names: ResourceNames) -> str:
    with translated(f"read the table {names.table}"):
        table: Mapping[str, Any] = dynamodb.describe_table(TableName=names.table)["Table"]
        # Reading items, and by each of the indexes, needs other rights than describing the table.
        sessions = SessionTable(dynamodb, names)
        sessions.with_status([contract.ACTIVE])
        sessions.of_client(TEST_PREFIX)
    return str(table["TableStatus"])


def _lease(store: Store) -> str:
    return lease_item.describe(store, lease_item.read(store))


def _journal(store: Store, environment: str) -> str:
    holder = lease_item.read(store).run_id
    refuse_leftovers(store, environment, holder)
    if holder is None or not journal.entries(store, holder):
        return "nothing to undo"
    return f"of {holder}, which has the lease, or had it: if it is dead, `seatrials sweep {environment}`"


def _odd_items(dynamodb: AwsClient, names: ResourceNames, store: Store) -> str:
    """Tell what is passed over, by runs as by sweeps; it keeps no run from beginning."""
    sessions, clients = SessionTable(dynamodb, names), sorted(journal.clients(store))
    with translated(f"read the sessions of {names.table}"):
        found = [*sessions.with_status(contract.OPEN), *(item for each in clients for item in sessions.of_client(each))]
    odd = [*odd_items(found, names.table), *(f"{store.table}: {each}" for each in journal.unreadable(store))]
    return "none" if not odd else f"{len(odd)}, passed over: {'; '.join(odd[:_ODD_SHOWN])}"


def _cluster(ecs: AwsClient, name: str) -> str:
    with translated(f"describe the cluster {name}"):
        clusters = ecs.describe_clusters(clusters=[name])["clusters"]
    if not clusters or clusters[0]["status"] != "ACTIVE":
        msg = f"there is no active cluster {name}: correct `names.cluster`, or deploy the stack"
        raise MissingResourceError(msg)
    return str(clusters[0]["clusterArn"])


def _service(ecs: AwsClient, cluster: str, name: str) -> str:
    service = describe_service(ecs, cluster, name)
    with translated(f"list the tasks of {name}"):
        ecs.list_tasks(cluster=cluster, serviceName=name)
    if service["status"] != "ACTIVE":
        msg = f"there is no active service {name} in {cluster}: correct the environment's names, or deploy the stack"
        raise MissingResourceError(msg)
    return f"desired {service['desiredCount']}, running {service['runningCount']}"


def _load_balancer(elbv2: AwsClient, name: str) -> str:
    with translated(f"describe the load balancer {name}"):
        balancer = elbv2.describe_load_balancers(Names=[name])["LoadBalancers"][0]
        listeners = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        elbv2.describe_target_groups(LoadBalancerArn=balancer["LoadBalancerArn"], PageSize=1)
    return f"{balancer['DNSName']}, {len(listeners)} listeners"


def _scaling(autoscaling: AwsClient, cluster: str, service: str) -> str:
    with translated("read the scaling activities"):
        answer = autoscaling.describe_scaling_activities(
            ServiceNamespace="ecs", ResourceId=f"service/{cluster}/{service}", MaxResults=1
        )
    return f"{len(answer['ScalingActivities'])} recent activities seen"


def _metrics(cloudwatch: AwsClient, namespace: str) -> str:
    with translated("list the metrics"):
        metrics = cloudwatch.list_metrics(Namespace=namespace)["Metrics"]
    return f"{len(metrics)} in {namespace}"


def _access_points(efs: AwsClient) -> str:
    with translated("list the access points"):
        points = efs.describe_access_points(MaxResults=1)["AccessPoints"]
    return f"{len(points)} or more"


def _previews(dynamodb: AwsClient, names: ResourceNames, host: str) -> str:
    """Compare where Hermes has told users to look with where a run will; a session of before shows it, if there is one.

    A certificate of a domain's own stands in front of a load balancer that has another name.
    """
    with translated(f"read the newest sessions of {names.table}"):
        items = SessionTable(dynamodb, names).newest((*contract.OPEN, *contract.FINAL), _PREVIEWS_SHOWN)
    hosts = sorted({httpx.URL(each["previewUrl"]["S"]).host for each in items if "previewUrl" in each})
    if hosts and host not in hosts:
        msg = (
            f"Hermes gives previews at {', '.join(hosts)}, and `base_url` is at {host}: set `base_url` to what users "
            "are told, or ALB_URL of Hermes (`DomainName` of the stack) to where they are"
        )
        raise UnreachableError(msg)
    return f"at {host}" if hosts else "no session yet to show where they are"


def _answer(http: httpx.Client, path: str) -> str:
    try:
        answer = http.get(path)
    except httpx.HTTPError as error:
        if _is_about_the_certificate(error):
            msg = (
                f"the certificate of {http.base_url} is not the one that the environment trusts ({error}): "
                "correct `trust`, or find out who answers there"
            )
            raise CertificateError(msg) from error
        msg = f"{http.base_url} cannot be reached: {type(error).__name__}: {error}; correct `base_url`, or the network"
        raise UnreachableError(msg) from error
    if answer.status_code != _OK:
        url = f"{str(http.base_url).rstrip('/')}{path}"
        msg = f"{url} answers {answer.status_code}: {_advice(answer)}"
        raise UnreachableError(msg)
    return f"answers {answer.status_code}"


def _advice(answer: httpx.Response) -> str:
    """Return what to do about an answer other than 200, by who gave it. Codes: AWS ALB User Guide, "Troubleshoot"."""
    status = answer.status_code
    if not answer.headers.get("server", "").startswith("awselb"):
        return "a service answered so: look into its log"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return "the target group has no target for it: start the service, or look into its log"
    if status in (HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT):
        return "the service does not answer the load balancer: look into its log, its port and its security group"
    return "the load balancer answered so itself: look at its listener rules, none of which forwards this path"


def _is_about_the_certificate(error: BaseException | None) -> bool:
    """Whether an error, or what it came from, is of a handshake that did not believe the certificate."""
    # httpcore raises its errors "from None", which leaves where they came from in their context.
    return error is not None and (
        isinstance(error, ssl.SSLCertVerificationError)
        or _is_about_the_certificate(error.__cause__ or error.__context__)
    )
