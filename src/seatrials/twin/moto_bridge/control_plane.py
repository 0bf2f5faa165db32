"""moto switched on for the life of a process, and its whole state as bytes."""

import copyreg
import io
import pickle
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from random import Random
from types import FunctionType
from typing import Any

import moto.backends
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from moto import mock_aws, settings
from moto.core import responses
from moto.core.base_backend import BackendDict
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.common_models import BaseModel
from moto.moto_api._internal import mock_random

from seatrials.twin.moto_bridge.hooks import Shortcuts, current
from seatrials.twin.moto_bridge.replacing import replace_once
from seatrials.twin.moto_bridge.waits import let_waits_be_told

# Makes a world's shortcuts, once this process has been made quick.
_quick: list[Callable[[dict[str, Any]], Shortcuts]] = []


def control_plane(*, plain: bool) -> AbstractContextManager[Any]:
    """Switch moto on; inside, no AWS client of this process reaches the network.

    *plain*, nothing is there that only saves time; raises `RuntimeError` in a process that has been made quick.
    """
    if plain and _quick:
        msg = "moto is quick in this process, for the rest of its life: run what must be plain in a process of its own"
        raise RuntimeError(msg)
    if not plain and not _quick:
        # The one place that knows of speed; it must come before all that imports moto's EC2.
        from seatrials.twin.moto_bridge import quick  # noqa: PLC0415  # so that a plain process has none of it

        quick.make_quick()
        _quick.append(quick.QuickAnswers)
    from seatrials.twin.moto_bridge import backends  # noqa: PLC0415  # imports moto's EC2

    backends.put_in_place()
    # 512 machine images of moto's own, none of them of the platform: each with an identifier, and in every snapshot.
    replace_once(settings, "ec2_load_default_amis", lambda _function: lambda: False)
    replace_once(BaseModel, "__new__", _untracked)
    replace_once(responses, "gen_amzn_requestid_long", _request_ids)
    replace_once(BotocoreStubber, "process_request", _on_virtual_time)
    mock: AbstractContextManager[Any] = mock_aws(config={"core": {"reset_boto3_session": False}})
    return mock


def _untracked(tracked: Callable[..., BaseModel]) -> "staticmethod[..., BaseModel]":
    """Let moto list no object that it makes: it does for its dashboard, and so nothing of an ended world could go.

    Those of S3 hold files, which moto closes by that list.
    """

    def new(cls: type[BaseModel], *given: Any, **named: Any) -> BaseModel:  # noqa: ANN401  # moto's own
        return tracked(cls, *given, **named) if cls.__module__.startswith("moto.s3.") else object.__new__(cls)

    return staticmethod(new)


def shortcuts(pristine: dict[str, Any]) -> Shortcuts | None:
    """Return those of one world, or None in a plain process; worlds that begin alike share *pristine*, at first {}."""
    return _quick[0](pristine) if _quick else None


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
    """Pickles what moto's backends hold beside plain objects.

    That are keys and certificates of the library cryptography, and dictionaries that make what they lack: by functions
    that have no name, or of classes whose constructors take something else than a dictionary's.
    """

    def reducer_override(self, value: Any) -> Any:  # noqa: ANN401  # pickle's own signature
        if isinstance(value, EllipticCurvePrivateKey | RSAPrivateKey):
            form = serialization.PrivateFormat.PKCS8
            der = value.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
            return _load_key, (der,)
        if isinstance(value, x509.Certificate):
            return _load_certificate, (value.public_bytes(serialization.Encoding.DER),)
        if isinstance(value, FunctionType) and "<" in value.__qualname__ and value.__closure__ is None:
            return _load_function, (_number_of(value),)
        if isinstance(value, defaultdict) and type(value) is not defaultdict:
            state = (vars(value), {"default_factory": value.default_factory})
            return copyreg.__newobj__, (type(value),), state, None, iter(value.items())  # type: ignore[attr-defined]  # typeshed lacks it
        return NotImplemented


# Functions that no name leads to, such as a lambda: a snapshot, which stays in the process, has their places here.
_nameless: list[FunctionType] = []


def _number_of(function: FunctionType) -> int:
    if function not in _nameless:
        _nameless.append(function)
    return _nameless.index(function)


def _load_function(number: int) -> FunctionType:
    return _nameless[number]


def _load_key(der: bytes) -> PrivateKeyTypes:
    return serialization.load_der_private_key(der, None)


def _load_certificate(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def _on_virtual_time(process: Callable[..., Any]) -> Callable[..., Any]:
    """Let moto answer for the world that runs now: stamp what it stores with that world's time, above all."""

    def process_request(self: BotocoreStubber, request: Any) -> Any:  # noqa: ANN401  # moto's own signature
        let_waits_be_told(request.url)
        hooks = current()
        if hooks is None:
            return process(self, request)
        with hooks.asking():
            return process(self, request)

    return process_request


def _request_ids(_generate: Callable[..., str]) -> Callable[..., str]:
    """Let requests be numbered by chance of their own: how often moto is asked must not change what it names things."""
    chance = Random("request ids")

    def generate(headers: dict[str, Any] | None = None) -> str:
        request_id = f"{chance.getrandbits(208):052X}"
        if headers is not None:
            headers["x-amzn-requestid"] = request_id
        return request_id

    return generate
