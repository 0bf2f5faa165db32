"""Tests of what is looked at before a run: whatever is wrong ends it with a sentence, and nothing was written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from seatrials.environments.parts import ResourceNames, Trust
from seatrials.errors import (
    CertificateError,
    CredentialsError,
    MissingPermissionError,
    MissingResourceError,
    NotConfirmedError,
    RedirectedError,
    SeatrialsError,
    UnreachableError,
    WrongAccountError,
    WrongRegionError,
)
from tests.support.live_run import AwsCalls, Begin
from tests.support.small_platform import SmallPlatform


def refuse_credentials(
    _platform: SmallPlatform, calls: AwsCalls, _monkeypatch: pytest.MonkeyPatch, _folder: Path
) -> dict[str, Any]:
    """Let AWS say that the credentials have expired."""
    calls.refuse("GetCallerIdentity", "ExpiredToken")
    return {}


def remove_credentials(
    _platform: SmallPlatform, _calls: AwsCalls, monkeypatch: pytest.MonkeyPatch, _folder: Path
) -> dict[str, Any]:
    """Take the credentials away, and every place where there might be others."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return {}


def preview_elsewhere(
    platform: SmallPlatform, calls: AwsCalls, monkeypatch: pytest.MonkeyPatch, _folder: Path
) -> dict[str, Any]:
    """Let Hermes know the platform by another name."""
    with monkeypatch.context() as other:
        other.setattr(platform, "url", "https://alb.example")
        platform.add_session("a-client")
    calls.writes.clear()
    return {}


def cut_aws_off(
    _platform: SmallPlatform, calls: AwsCalls, _monkeypatch: pytest.MonkeyPatch, _folder: Path
) -> dict[str, Any]:
    """Let no endpoint of AWS be reached."""
    calls.failing["*"] = EndpointConnectionError(endpoint_url="https://sts.us-west-2.amazonaws.com/")
    return {}


def deny(operation: str) -> Callable[..., dict[str, Any]]:
    """Return what takes a permission away."""

    def refuse(
        _platform: SmallPlatform, calls: AwsCalls, _monkeypatch: pytest.MonkeyPatch, _folder: Path
    ) -> dict[str, Any]:
        calls.refuse(operation, "AccessDeniedException")
        return {}

    return refuse


def stop_hermes(
    platform: SmallPlatform, _calls: AwsCalls, _monkeypatch: pytest.MonkeyPatch, _folder: Path
) -> dict[str, Any]:
    """Let Hermes be down."""
    platform.is_hermes_up = False
    return {}


def break_rule(
    platform: SmallPlatform, _calls: AwsCalls, _monkeypatch: pytest.MonkeyPatch, _folder: Path
) -> dict[str, Any]:
    """Let no rule of the load balancer forward to Hermes."""
    platform.is_routed = False
    return {}


def profile(text: str) -> Callable[..., dict[str, Any]]:
    """Return what writes the default profile."""

    def write(
        _platform: SmallPlatform, _calls: AwsCalls, _monkeypatch: pytest.MonkeyPatch, folder: Path
    ) -> dict[str, Any]:
        (folder / "AWS_CONFIG_FILE").write_text(f"[default]\n{text}\n")
        return {}

    return write


def change(**changes: object) -> Callable[..., dict[str, Any]]:
    """Return what changes the environment or the options."""
    return lambda *_arguments: changes


@pytest.mark.parametrize(
    ("arrange", "error", "told"),
    [
        pytest.param(
            change(account_id="210987654321"),
            WrongAccountError,
            "belong to account 123456789012, and staging is in 210987654321: use the right profile",
            id="account",
        ),
        pytest.param(
            change(variables={"AWS_REGION": "eu-west-1"}),
            WrongRegionError,
            "staging is in us-west-2, and AWS_REGION is eu-west-1: unset it",
            id="region",
        ),
        pytest.param(
            profile("region = eu-west-1"), WrongRegionError, "the profile's region is eu-west-1", id="profile-region"
        ),
        pytest.param(
            refuse_credentials, CredentialsError, "the credentials have expired .*: log in again", id="expired"
        ),
        pytest.param(remove_credentials, CredentialsError, "no usable credentials .*: set AWS_PROFILE", id="none"),
        pytest.param(change(profile="nobody"), CredentialsError, "use the AWS profile nobody", id="no-profile"),
        pytest.param(cut_aws_off, UnreachableError, "check the network", id="aws-unreachable"),
        pytest.param(
            change(base_url="https://127.0.0.1:1"),
            UnreachableError,
            "cannot be reached: .*correct `base_url`",
            id="alb",
        ),
        pytest.param(stop_hermes, UnreachableError, "hermes/health answers 503: .*: start the service", id="no-hermes"),
        pytest.param(
            break_rule,
            UnreachableError,
            r":\d+/hermes/health answers 404: .*: look at its listener rules",
            id="no-rule",
        ),
        pytest.param(
            preview_elsewhere,
            UnreachableError,
            "gives previews at alb.example, and `base_url` is at 127.0.0.1: set",
            id="preview-elsewhere",
        ),
        pytest.param(
            change(trust=Trust(sha256="0" * 64)),
            CertificateError,
            "fingerprint .*; *correct `trust`|correct `trust`",
            id="pin",
        ),
        pytest.param(
            change(trust=Trust()), CertificateError, "not the one that the environment trusts", id="system-cas"
        ),
        pytest.param(
            change(names=ResourceNames(table="nothing")), MissingResourceError, "read the table nothing", id="table"
        ),
        pytest.param(
            change(names=ResourceNames(cluster="nothing")),
            MissingResourceError,
            "no active cluster nothing",
            id="cluster",
        ),
        pytest.param(
            change(names=ResourceNames(edit_service="nothing")), MissingResourceError, "service nothing", id="service"
        ),
        pytest.param(
            deny("DescribeServices"),
            MissingPermissionError,
            "may not call DescribeServices: .*docs/live.md",
            id="denied",
        ),
        pytest.param(
            change(confirm="production"),
            NotConfirmedError,
            "needs --confirm production, .* without it",
            id="unconfirmed",
        ),
        pytest.param(
            change(confirm="production", confirmation="staging"), NotConfirmedError, "with 'staging'", id="misconfirmed"
        ),
        pytest.param(
            change(variables={"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"}),
            RedirectedError,
            r"the shell sends AWS's calls elsewhere \(AWS_ENDPOINT_URL=http://127.0.0.1:5000\): unset it",
            id="endpoint",
        ),
        pytest.param(
            change(variables={"AWS_ENDPOINT_URL_ECS": "http://127.0.0.1:5000"}),
            RedirectedError,
            "_ECS",
            id="endpoint-of-one",
        ),
        pytest.param(
            profile("endpoint_url = http://127.0.0.1:5000"),
            RedirectedError,
            "the AWS profile",
            id="endpoint-of-profile",
        ),
        pytest.param(
            profile("services = local\n[services local]\necs =\n  endpoint_url = http://127.0.0.1:5000"),
            RedirectedError,
            "the AWS profile",
            id="endpoint-of-services",
        ),
    ],
)
def test_a_run_is_refused_before_anything_is_written(
    begin: Begin,
    small_platform: SmallPlatform,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arrange: Callable[..., dict[str, Any]],
    error: type[SeatrialsError],
    told: str,
) -> None:
    """What is wrong with credentials, place, stack or permission ends a run with a sentence, before it writes."""
    calls = AwsCalls(monkeypatch)
    changes = arrange(small_platform, calls, monkeypatch, tmp_path)

    with pytest.raises(error, match=told):
        begin(**changes)
    assert calls.writes == []
    assert [each for each in small_platform.requests if not each.startswith("GET")] == []
