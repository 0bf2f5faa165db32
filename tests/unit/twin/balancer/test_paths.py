"""Paths as rules see them. Source: AWS ALB User Guide, "Condition types for listener rules"; RFC 3986, 6.2.2."""

from random import Random

import pytest

from seatrials.seams.paths import normalized
from seatrials.twin.balancer import Variety
from tests.support.balancer import FakeListeners, open_world, rule, status_of


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/", "/a/"),
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/a/b/..", "/a/"),
        ("/../../etc/passwd", "/etc/passwd"),
        ("/a/%2e%2e/b", "/b"),
        ("/a/%2E%2e", "/"),
        ("/%61bc", "/abc"),
        ("/a/..%2fb", "/a/..%2fb"),
        ("/a//b", "/a//b"),
        ("/a/...", "/a/..."),
    ],
)
def test_dots_are_resolved_and_letters_decoded(path: str, expected: str) -> None:
    """What is reserved stays as it was sent, an empty segment too."""
    assert normalized(path) == expected


def test_a_balancer_matches_paths_in_one_of_two_ways() -> None:
    """The guide says that paths are normalized, and not how: by chance a balancer resolves dots or does not."""
    listeners = FakeListeners()
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "418"}}
    listeners.rules = [rule(5, "/api/*", answer), *listeners.rules]
    statuses = set()
    for variety in (Variety(), *(Variety(Random(seed)) for seed in range(8))):
        with open_world(listeners, variety=variety) as world:
            statuses.add((variety.normalizes_paths, status_of(world.get("/api/../other"))))

    assert statuses == {(False, 418), (True, 503)}
