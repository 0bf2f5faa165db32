"""The one file that knows moto's insides: what has no API call, and what moto's calls get wrong.

- boto3 clients whose calls take a latency and are heard by the world (`Bridge.client`);
- tasks, counts, events and deployments that moto keeps and the scheduler owns;
- target health, which moto invents and the balancer knows;
- scaling activities, which moto does not implement;
- a world's control plane as bytes, to start each test from (`snapshot`, `restore`).

Measured with moto 5.2.5; an upgrade must pass tests/unit/twin/test_moto_bridge.py.
"""

import io
import json
import pickle
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar

import boto3
import moto.backends
import time_machine
from botocore import UNSIGNED
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from moto import mock_aws
from moto import settings as moto_settings
from moto.applicationautoscaling import urls as autoscaling_urls
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core import responses as moto_responses
from moto.core import serialize
from moto.core import utils as moto_utils
from moto.core.base_backend import BackendDict
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.constants import MISSING
from moto.core.responses import ActionResult
from moto.ecs import urls as ecs_urls
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend, ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.efs import urls as efs_urls
from moto.efs.exceptions import EFSError
from moto.efs.models import AccessPoint, EFSBackend, efs_backends
from moto.elbv2 import urls as elbv2_urls
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, elbv2_backends
from moto.moto_api._internal import mock_random

from seatrials.application import AwsClient
from seatrials.twin.balancer.targets import TargetRegistry
from seatrials.twin.tasks import TaskRecord

ACCOUNT = "123456789012"
# What target health is remembered under: it changes without a call.
TARGET_HEALTH = "target health"
_MEMORABLE_SERVICES = ("application-autoscaling", "cloudwatch", "dynamodb", "ec2", "ecs", "efs", "elbv2")
_READ_ONLY = ("Describe", "List", "Get", "Query", "Scan", "BatchGet", "TransactGet", "Filter")


# Answers by (service, operation, parameters): the HTTP answer, and the parsed one pickled.
Memory = dict[tuple[str, str, str], tuple[Any, bytes]]


class Bridge:
    """What one world plugs into moto; `current` is the world that runs now."""

    current: ClassVar["Bridge | None"] = None

    def __init__(
        self,
        *,
        region: str,
        pristine: "Memory",
        now: Callable[[], float],
        on_call: Callable[[str, str], None],
        on_change: Callable[[str, str, dict[str, Any], dict[str, Any]], None],
    ) -> None:
        """*on_call* hears (caller, operation) before a call.

        *pristine* holds the answers that are true of the control plane as it was restored; more are added to it.
        *on_change* hears (service, operation, parameters, answer) after one that may have changed something.
        """
        self.region = region
        self.now = now
        self.on_call = on_call
        self.on_change = on_change
        self.targets: TargetRegistry | None = None
        # Answers to reads of services that have not changed since, by question.
        self.memory: Memory = dict(pristine)
        self._pristine = pristine
        self._touched: set[str] = set()
        self.on_stop_task: Callable[[TaskRecord, str], None] | None = None
        # In the API's names, times as epoch seconds; oldest first.
        self.activities: list[dict[str, Any]] = []

    def client(self, caller: str, service: str) -> AwsClient:
        """Return the client of *service* with which *caller* speaks; one is kept for the life of the process."""
        return _client(self.region, caller, service)

    def forget(self, service: str) -> None:
        """Note that something of *service* has changed: no read of it may be answered from memory."""
        self._touched.add(service)
        for question in [each for each in self.memory if each[0] == service]:
            del self.memory[question]

    def remember(self, question: tuple[str, str, str], answer: tuple[Any, bytes]) -> None:
        """Note an answer for as long as nothing changes, and for later worlds if nothing has changed yet."""
        self.memory[question] = answer
        if question[0] not in self._touched:
            self._pristine[question] = answer

    def timestamp(self) -> datetime:
        """Return the world's time as moto stores times."""
        return datetime.fromtimestamp(self.now(), UTC)

    def add_task(self, cluster_name: str, task: TaskRecord) -> None:
        """Let ECS know *task*; later changes of the record show by themselves."""
        self.forget("ecs")
        tasks: dict[str, Any] = self._ecs().tasks.setdefault(cluster_name, {})
        tasks[task.task_arn] = task

    def show_service(self, cluster_name: str, service_name: str, **attributes: Any) -> None:  # noqa: ANN401
        """Set what DescribeServices answers; attribute names are the API's in snake case."""
        self.forget("ecs")
        service = self._ecs().services[f"{cluster_name}:{service_name}"]
        for name, value in attributes.items():
            setattr(service, name, value)

    def forced_deployments(self, cluster_name: str, service_name: str) -> int:
        """Return how often UpdateService has asked for a new deployment of the same task definition."""
        return int(getattr(self._ecs().services[f"{cluster_name}:{service_name}"], "forced_deployments", 0))

    def _ecs(self) -> Any:  # noqa: ANN401  # moto's backend, which holds records of ours as its own
        return ecs_backends[ACCOUNT][self.region]


def reads_only(operation: str) -> bool:
    """Whether an operation of AWS's API changes nothing, by its name."""
    return operation.startswith(_READ_ONLY)


def control_plane() -> AbstractContextManager[Any]:
    """Switch moto on; inside, no AWS client of this process reaches the network."""
    # moto looks up the methods of a class, and the names of an attribute, anew for each answer.
    _replace(moto_responses, "method_names_from_class", cache)
    _replace(serialize.ResponseSerializer, "get_value", _value_at_once)
    _replace(serialize.JSONSerializer, "_serialize_type_structure", _items_as_stored)
    # 512 machine images that nobody here uses would make each restored world 20 times slower.
    _replace(moto_settings, "ec2_load_default_amis", lambda _function: lambda: False)
    for backends, ours in ((ecs_backends, _TwinEcs), (elbv2_backends, _TwinElb), (efs_backends, _TwinEfs)):
        backends.backend = ours
        # One that was asked for before has moto's own class.
        backends.clear()
    ecs_urls.url_paths["{0}/$"] = _TwinEcsResponse.dispatch
    autoscaling_urls.url_paths["{0}/$"] = _TwinAutoScalingResponse.dispatch
    _replace(BotocoreStubber, "process_request", _on_virtual_time)
    mock: AbstractContextManager[Any] = mock_aws(config={"core": {"reset_boto3_session": False}})
    return mock


_replaced: set[tuple[str, str]] = set()


def _replace(owner: Any, name: str, change: Callable[[Any], Any]) -> None:  # noqa: ANN401  # a module or class of moto
    """Put *change* of a function of moto in its place, once for the life of the process."""
    if (owner.__name__, name) not in _replaced:
        _replaced.add((owner.__name__, name))
        setattr(owner, name, change(getattr(owner, name)))


def _value_at_once(get_value: Callable[..., Any]) -> Callable[..., Any]:
    """Let moto derive the names of an attribute once for each class and shape, on which alone they depend."""
    known: dict[tuple[Any, ...], tuple[str, ...]] = {}

    def get(self: Any, value: Any, key: str, shape: Any) -> Any:  # noqa: ANN401  # moto's own signature
        picker = self._value_picker
        if getattr(picker, "response_transformers", True):
            return get_value(self, value, key, shape)
        question = (picker.__class__, value.__class__, shape, key)
        names = known.get(question)
        if names is None:
            context = serialize.AttributePickerContext(obj=value, key=key, shape=shape)
            names = known[question] = tuple(picker.get_possible_keys(context))
        for name in names:
            found = moto_utils.get_value(value, name, MISSING)
            if found is not MISSING:
                return found
        return None

    return get


def _items_as_stored(serialize_structure: Callable[..., None]) -> Callable[..., None]:
    """Let the values of DynamoDB's items pass as they are: moto stores them in the shape in which they are sent."""

    def serialize_type_structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:  # noqa: ANN401
        if shape.name == "AttributeValue" and value.__class__ is dict:
            serialized[key] = value
        else:
            serialize_structure(self, serialized, value, shape, key)

    return serialize_type_structure


def _backends() -> list[Any]:
    instances: list[Any] = vars(BackendDict)["_instances"]
    return instances


def seed_identifiers(seed: int) -> None:
    """Make the identifiers that moto draws from now on a function of *seed*."""
    mock_random.seed(seed)


def snapshot() -> bytes:
    """Return the whole control plane as it is now."""
    kept = [
        (backends.service_name, account, region, backend)
        for backends in _backends()
        for account, regions in backends.items()
        for region, backend in regions.items()
    ]
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(kept)
    return buffer.getvalue()


def restore(state: bytes) -> None:
    """Make the control plane what it was when *state* was taken."""
    for backends in _backends():
        for regions in backends.values():
            regions.clear()
    for service, account, region, backend in pickle.loads(state):  # noqa: S301  # made by `snapshot` in this process
        moto.backends.get_backend(service)[account][region] = backend


class _Pickler(pickle.Pickler):
    """Pickles what moto's ACM holds beside plain objects: keys and certificates of the library cryptography."""

    def reducer_override(self, value: Any) -> Any:  # noqa: ANN401  # pickle's own signature
        if isinstance(value, EllipticCurvePrivateKey | RSAPrivateKey):
            form = serialization.PrivateFormat.PKCS8
            der = value.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
            return _load_key, (der,)
        if isinstance(value, x509.Certificate):
            return _load_certificate, (value.public_bytes(serialization.Encoding.DER),)
        return NotImplemented


def _load_key(der: bytes) -> PrivateKeyTypes:
    return serialization.load_der_private_key(der, None)


def _load_certificate(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def _on_virtual_time(process: Callable[..., Any]) -> Callable[..., Any]:
    """Let moto stamp what it stores with the world's time, and leave the rest of the process on its own."""

    def process_request(self: BotocoreStubber, request: Any) -> Any:  # noqa: ANN401  # moto's own signature
        bridge = Bridge.current
        if bridge is None:
            return process(self, request)
        with time_machine.travel(bridge.timestamp(), tick=False):
            return process(self, request)

    return process_request


_session: list[boto3.Session] = []
_clients: dict[tuple[str, str, str], AwsClient] = {}


def _client(region: str, caller: str, service: str) -> AwsClient:
    key = (region, caller, service)
    if key not in _clients:
        if not _session:
            _session.append(boto3.Session("testing", "testing", region_name=region))
        client = _session[0].client(service, config=_config(region, caller))
        client.meta.events.register("provide-client-params", _before(caller))
        client.meta.events.register("before-call", _remembered)
        client.meta.events.register("after-call", _after)
        _clients[key] = client
    return _clients[key]


def _config(region: str, caller: str) -> Config:
    return Config(
        region_name=region,
        # A variable of the developer's shell must never lead a mock call out of the process.
        ignore_configured_endpoint_urls=True,
        account_id_endpoint_mode="disabled",
        # An application retries on its own clock; botocore would sleep on the machine's.
        retries={"mode": "standard", "total_max_attempts": 1},
        parameter_validation=caller != "twin",
        # Given, for botocore would build one anew for each call; and nobody checks a signature in this process.
        user_agent="seatrials",
        signature_version=UNSIGNED,
    )


def _before(caller: str) -> Callable[..., None]:
    def before(params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:  # noqa: ANN401
        bridge = Bridge.current
        if bridge is None:
            return
        context["parameters"] = params
        if caller != "twin":
            bridge.on_call(caller, f"{model.service_model.service_name}.{model.name}")

    return before


def _remembered(model: Any, context: dict[str, Any], **_: Any) -> tuple[Any, Any] | None:  # noqa: ANN401
    """Answer a read from memory when nothing of its service has changed since it was last made."""
    bridge = Bridge.current
    if bridge is None or not _is_memorable(model):
        return None
    found = bridge.memory.get(_question(model, context))
    return None if found is None else (found[0], pickle.loads(found[1]))  # noqa: S301  # made by `_after`


def _after(model: Any, context: dict[str, Any], http_response: Any, parsed: Any, **_: Any) -> None:  # noqa: ANN401
    bridge = Bridge.current
    if bridge is None:
        return
    service = model.service_model.service_name
    if not model.name.startswith(_READ_ONLY):
        bridge.forget(service)
        if http_response.status_code < 300:  # noqa: PLR2004  # HTTP's own
            bridge.on_change(service, model.name, context["parameters"], parsed)
    elif _is_memorable(model) and http_response.status_code == 200:  # noqa: PLR2004
        question = _question(model, context)
        if question not in bridge.memory:
            bridge.remember(question, (http_response, pickle.dumps(parsed)))


def _is_memorable(model: Any) -> bool:  # noqa: ANN401  # botocore's operation model
    """Whether an operation reads only what the calls of its own service, and the scheduler, change."""
    reads = model.name.startswith(_READ_ONLY) and model.name != "DescribeScalingActivities"
    return reads and model.service_model.service_name in _MEMORABLE_SERVICES


def _question(model: Any, context: dict[str, Any]) -> tuple[str, str, str]:  # noqa: ANN401
    subject = TARGET_HEALTH if model.name == "DescribeTargetHealth" else model.service_model.service_name
    return subject, model.name, repr(context["parameters"])


class _TwinEcs(EC2ContainerServiceBackend):
    """ECS whose tasks and counts are the scheduler's."""

    # moto finds a backend's URLs by the name of the module of its class.
    _url_module = ecs_urls

    def update_service(self, service_properties: dict[str, Any]) -> Any:  # noqa: ANN401  # moto's service, with more
        service: Any = self._get_service(service_properties["cluster"], service_properties["service"])
        definition = service_properties.get("task_definition")
        if definition:
            service.task_definition = self.describe_task_definition(definition).arn
        if service_properties.get("force_new_deployment"):
            service.forced_deployments = getattr(service, "forced_deployments", 0) + 1
        ours = ("cluster", "service", "task_definition", "force_new_deployment")
        for name, value in service_properties.items():
            if name not in ours and value is not None:
                setattr(service, name, value)
        return service

    def list_tasks(
        self,
        cluster_str: str | None = None,
        container_instance: str | None = None,
        family: str | None = None,
        started_by: str | None = None,
        service_name: str | None = None,
        desiredStatus: str | None = None,  # noqa: N803  # moto's own name
    ) -> list[Any]:
        wanted = desiredStatus or "RUNNING"
        tasks = super().list_tasks(cluster_str, container_instance, family, started_by, None, wanted)
        if service_name is None:
            return tasks
        group = f"service:{service_name.rsplit('/', 1)[-1]}"
        return [task for task in tasks if task.group == group]

    def stop_task(self, cluster_str: str, task_str: str, reason: str) -> Any:  # noqa: ANN401  # a task of ours
        tasks: dict[str, Any] = self.tasks.get(self._get_cluster(cluster_str).name, {})
        found = [arn for arn in tasks if arn.endswith(task_str.rsplit("/", 1)[-1])]
        if not found:
            msg = "The referenced task was not found."
            raise InvalidParameterException(msg)
        task = tasks[found[0]]
        bridge = Bridge.current
        if bridge is not None and bridge.on_stop_task is not None:
            bridge.on_stop_task(task, reason or "Task stopped by user")
        return task


class _TwinEcsResponse(EC2ContainerServiceResponse):
    """ECS calls with what moto drops from CreateService."""

    def create_service(self) -> ActionResult:
        result = super().create_service()
        service: Any = self.ecs_backend._get_service(
            self._get_param("cluster", "default"), self._get_param("serviceName")
        )
        service.running_count = 0
        service.pending_count = 0
        service.deployments = []
        service.deployment_configuration = self._get_param("deploymentConfiguration") or {}
        service.health_check_grace_period_seconds = self._get_param("healthCheckGracePeriodSeconds") or 0
        service.enable_execute_command = bool(self._get_param("enableExecuteCommand"))
        return result


class _TwinElb(ELBv2Backend):
    """ELBv2 whose targets live in the balancer."""

    _url_module = elbv2_urls

    def register_targets(self, target_group_arn: str, instances: list[Any]) -> None:
        super().register_targets(target_group_arn, instances)
        targets = _targets()
        if targets is not None:
            default_port = self.target_groups[target_group_arn].port
            targets.register(
                target_group_arn, [(each["Id"], int(each.get("Port", default_port))) for each in instances]
            )

    def deregister_targets(self, target_group_arn: str, instances: list[dict[str, Any]]) -> None:
        super().deregister_targets(target_group_arn, instances)
        targets = _targets()
        if targets is not None:
            default_port = self.target_groups[target_group_arn].port
            targets.deregister(
                target_group_arn, [(each["Id"], int(each.get("Port", default_port))) for each in instances]
            )

    def describe_target_health(self, target_group_arn: str, targets: list[dict[str, Any]]) -> list[FakeHealthStatus]:
        registry = _targets()
        if registry is None or target_group_arn not in self.target_groups:
            return super().describe_target_health(target_group_arn, targets)
        default_port = self.target_groups[target_group_arn].port
        wanted = [(each["Id"], int(each.get("Port", default_port))) for each in targets] or None
        return [
            FakeHealthStatus(each.ip, str(each.port), str(each.port), each.state, each.reason, each.description)
            for each in registry.describe(target_group_arn, wanted)
        ]


class _AccessPointAlreadyExistsError(EFSError):
    code = 409

    def __init__(self, access_point_id: str) -> None:
        super().__init__("AccessPointAlreadyExists", f"Access point already exists: {access_point_id}")


class _TwinEfs(EFSBackend):
    """EFS that makes an access point once for each token, however often it is asked."""

    _url_module = efs_urls

    def create_access_point(
        self,
        client_token: str,
        tags: list[dict[str, str]],
        file_system_id: str,
        posix_user: dict[str, Any],
        root_directory: dict[str, Any],
    ) -> AccessPoint:
        for point in self.access_points.values():
            if (point.client_token, point.file_system_id) == (client_token, file_system_id):
                raise _AccessPointAlreadyExistsError(point.access_point_id)
        return super().create_access_point(client_token, tags, file_system_id, posix_user, root_directory)


class _TwinAutoScalingResponse(ApplicationAutoScalingResponse):
    """Application Auto Scaling with the activities that moto does not implement."""

    def describe_scaling_activities(self) -> str:
        """Answer DescribeScalingActivities, newest first."""
        bridge = Bridge.current
        activities = bridge.activities if bridge is not None else []
        resource = self._get_param("ResourceId")
        shown = [each for each in activities if resource in (None, each["ResourceId"])]
        return json.dumps({"ScalingActivities": list(reversed(shown))})


def _targets() -> TargetRegistry | None:
    return None if Bridge.current is None else Bridge.current.targets
