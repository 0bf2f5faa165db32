"""moto switched on for the life of a process, and its whole state as bytes."""

import io
import pickle
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import moto.backends
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from moto import mock_aws
from moto import settings as moto_settings
from moto.applicationautoscaling import urls as autoscaling_urls
from moto.core import responses as moto_responses
from moto.core.base_backend import BackendDict
from moto.core.botocore_stubber import BotocoreStubber
from moto.ecs import urls as ecs_urls
from moto.ecs.models import ecs_backends
from moto.efs.models import efs_backends
from moto.elbv2.models import elbv2_backends
from moto.moto_api._internal import mock_random

from seatrials.twin.moto_bridge.backends import (
    TwinAutoScalingResponse,
    TwinEcs,
    TwinEcsResponse,
    TwinEfs,
    TwinElb,
)
from seatrials.twin.moto_bridge.hooks import current
from seatrials.twin.moto_bridge.quick.repeated_work import spare_dynamodb
from seatrials.twin.moto_bridge.replacing import replace_once


def control_plane() -> AbstractContextManager[Any]:
    """Switch moto on; inside, no AWS client of this process reaches the network."""
    # moto looks up the methods of a class anew for each answer.
    replace_once(moto_responses, "method_names_from_class", cache)
    spare_dynamodb()
    # 512 machine images that nobody here uses would make each restored world 20 times slower.
    replace_once(moto_settings, "ec2_load_default_amis", lambda _function: lambda: False)
    for backends, ours in ((ecs_backends, TwinEcs), (elbv2_backends, TwinElb), (efs_backends, TwinEfs)):
        backends.backend = ours
        # One that was asked for before has moto's own class.
        backends.clear()
    ecs_urls.url_paths["{0}/$"] = TwinEcsResponse.dispatch
    autoscaling_urls.url_paths["{0}/$"] = TwinAutoScalingResponse.dispatch
    replace_once(BotocoreStubber, "process_request", _on_virtual_time)
    mock: AbstractContextManager[Any] = mock_aws(config={"core": {"reset_boto3_session": False}})
    return mock


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
        hooks = current()
        if hooks is None:
            return process(self, request)
        with time_machine.travel(hooks.now(), tick=False):
            return process(self, request)

    return process_request
