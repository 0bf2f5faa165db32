"""Settings of every unit test, and a small real platform: moto's control plane and a Hermes of a few lines."""

import gc
import json
import ssl
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import boto3
import pytest
import trustme
from botocore.loaders import create_loader
from hypothesis import settings
from moto import mock_aws
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse

from seatrials.environments.variables import read_variables
from seatrials.platform import patience
from seatrials.safety import rates, sweep
from seatrials.seams.clock import SystemClock
from seatrials.seams.http1 import HttpServer
from seatrials.stacks import StackOptions
from seatrials.stacks.live.stacks import LiveStacks
from seatrials.twin.moto_bridge.cloudwatch import TwinCloudWatchResponse
from tests.support.aws import Clients
from tests.support.live_run import Begin
from tests.support.small_platform import REGION, SmallPlatform, TlsNetwork, make_resources, sha256_of

# The same examples in every run, and no limit of real time: a machine that is busy with something else is no defect.
settings.register_profile("seatrials", deadline=None, derandomize=True)
settings.load_profile("seatrials")


# Files that take the longest, dearest first. Each is run by one worker: begun last, it would leave the others idle.
_LONGEST = (
    "run/test_breakages.py",
    "run/test_ending.py",
    "run/test_soundness.py",
    "twin_server/test_server.py",
    "run/test_plugin.py",
    "gate/test_signed_tampering.py",
    "twin/cloudformation/fidelity/test_planted.py",
    "run/test_reporter.py",
    "gate/test_tampering.py",
    "twin/cloudformation/test_refusals.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files be begun first; the others keep their order."""
    places = {Path(__file__).parent / name: place for place, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish() -> None:
    """Let the collector of garbage look no more through what was imported, which stays: it is most of what there is.

    And let it look seldom: at each 700th object, as Python has it, it takes a fifth of the time of tests on moto.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture(scope="session", autouse=True)
def _in_haste() -> Iterator[None]:
    """Let tests share what they only read: what cfn-lint has found of a template, and the models of AWS's services."""
    with pytest.MonkeyPatch.context() as patch:
        # A test may have a home of its own.
        patch.setenv("XDG_CACHE_HOME", read_variables().get("XDG_CACHE_HOME") or str(Path.home() / ".cache"))
        # Nothing here starts from an image, and making moto's takes a second.
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        # A loader keeps what it has read, and each session of boto3 would have its own.
        loader = create_loader()
        patch.setattr("botocore.session.create_loader", lambda *_search_path: loader)
        yield


@pytest.fixture(autouse=True)
def _plugin_of_inner_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run of pytest within a test have the plugin, as pyproject.toml says it of this project's own runs."""
    monkeypatch.setenv("PYTEST_PLUGINS", "seatrials.run.plugin")
    monkeypatch.delenv("SEATRIALS_ENVIRONMENT", raising=False)


def allow_all(asked: IamResponse) -> ActionResult:
    """Answer SimulatePrincipalPolicy, which moto does not implement, for somebody who may do everything."""
    given = asked._get_param("ActionNames")  # noqa: SLF001  # moto's own way to what was asked
    results = [{"EvalActionName": each, "EvalDecision": "allowed"} for each in given]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Clients]:
    """Return what makes clients of an AWS that is moto's, in this process; no profile of the machine is read."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    activities = json.dumps({"ScalingActivities": []})
    # moto does not implement these calls.
    monkeypatch.setattr(
        ApplicationAutoScalingResponse, "describe_scaling_activities", lambda _self: activities, raising=False
    )
    monkeypatch.setattr(
        CloudWatchResponse, "describe_alarm_history", TwinCloudWatchResponse.describe_alarm_history, raising=False
    )
    monkeypatch.setattr(IamResponse, "simulate_principal_policy", allow_all, raising=False)
    with mock_aws():
        yield cache(lambda service: boto3.client(service, region_name=REGION))


@pytest.fixture
def small_platform(aws: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallPlatform]:
    """Return a platform that answers at a real address, with TLS."""
    # An index of moto's has at once what its table has; for AWS's a sweep and a scenario wait.
    monkeypatch.setattr(sweep, "_INDEX_SECONDS", 0.0)
    monkeypatch.setattr(patience, "INDEX_SECONDS", 0.0)
    # Nor has it limits that others share; how a run stays below AWS's is tested on a virtual clock.
    monkeypatch.setattr(rates, "RATES", {})
    monkeypatch.setattr(rates, "_OTHERS", rates.Rate(burst=1e6, per_second=1e6))
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    network = TlsNetwork(context)
    platform = SmallPlatform(aws, ca_file, "", "")
    server = HttpServer(SystemClock(), network, 0, platform.answer)
    platform.url = f"https://127.0.0.1:{network.port}"
    platform.certificate_sha256 = sha256_of(certificate.cert_chain_pems[0].bytes())
    make_resources(aws, platform.environment())
    yield platform
    server.close()


@pytest.fixture
def begin(small_platform: SmallPlatform, tmp_path: Path) -> Begin:
    """Return what begins a run on the small platform; the test ends it."""

    def begin(
        run: str = "run-1",
        *,
        confirmation: str | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
        **changes: object,
    ) -> LiveStacks:
        options = StackOptions(folder=tmp_path / run, confirmation=confirmation)
        return LiveStacks(small_platform.environment(**changes), options, variables)

    return begin
