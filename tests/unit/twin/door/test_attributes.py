"""Tests of the attributes of load balancers and target groups."""

import re
from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest

from seatrials.twin.door.attributes import LOAD_BALANCER_ATTRIBUTES, TARGET_GROUP_ATTRIBUTES, Values


def documented(shape: str) -> set[str]:
    """Return the attributes that botocore's model describes: each begins an item of the text on `Key`."""
    model: Any = botocore.session.get_session().get_service_model("elbv2")
    text = model.shape_for(shape).members["Key"].documentation
    return set(re.findall(r"<li>\s*<p>\s*<code>([a-z0-9_.]+\.[a-z0-9_.]+)</code>", text))


@pytest.mark.parametrize(
    ("shape", "known"),
    [("LoadBalancerAttribute", LOAD_BALANCER_ATTRIBUTES), ("TargetGroupAttribute", TARGET_GROUP_ATTRIBUTES)],
)
def test_every_attribute_that_aws_describes_is_known_and_no_other(shape: str, known: Mapping[str, Values]) -> None:
    """What AWS takes is taken (botocore, elbv2)."""
    assert len(known) > 20
    assert set(known) == documented(shape)


@pytest.mark.parametrize(
    ("key", "value", "takes"),
    [
        ("idle_timeout.timeout_seconds", "4000", True),
        ("idle_timeout.timeout_seconds", "4001", False),
        ("idle_timeout.timeout_seconds", "²", False),
        ("idle_timeout.timeout_seconds", "9" * 5_000, False),
        ("routing.http2.enabled", "True", False),
    ],
)
def test_a_value_is_of_its_range(key: str, value: str, *, takes: bool) -> None:
    """Numbers are whole and in ASCII (botocore, LoadBalancerAttribute)."""
    assert LOAD_BALANCER_ATTRIBUTES[key].takes(value) == takes


def test_a_cookie_is_not_called_as_the_balancers_own() -> None:
    """Names that begin with AWSALB are reserved (botocore, TargetGroupAttribute), in templates too."""
    takes = TARGET_GROUP_ATTRIBUTES["stickiness.app_cookie.cookie_name"].takes

    assert (takes("MYCOOKIE"), takes("AWSALBTG"), takes("")) == (True, False, False)
