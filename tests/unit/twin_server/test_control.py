"""The server's own paths: how late the world is, for whoever asks rightly, and everything else is AWS's."""

import json

import pytest

from seatrials.seams.http1 import Request, Response
from seatrials.seams.lateness import LATENESS_PATH, Lateness
from seatrials.twin_server.control import USAGE_PATH, Control

OF_AWS = Response(200, b"of AWS")


def control(*notes: tuple[float, float]) -> Control:
    """Return the control of a world that was late as noted."""
    lateness = Lateness(pace=1.0)
    for at, late_seconds in notes:
        lateness.note(at, late_seconds)
    return Control(lambda _request: OF_AWS, lateness, lambda: {"task_seconds": 12.5})


def ask(of: Control, target: str, method: str = "GET") -> Response:
    """Return the answer to a request."""
    return of.handle(Request(method=method, target=target, headers=[], body=b""))


def test_the_world_tells_how_late_it_was() -> None:
    """The worst delay since a moment is told, whatever was worse before."""
    answer = ask(control((100.0, 40.0), (200.0, 7.5), (300.0, 2.0)), f"{LATENESS_PATH}?since=150")

    assert isinstance(answer.body, bytes)
    assert (answer.status, json.loads(answer.body)) == (200, {"late_seconds": 7.5})


def test_the_world_tells_what_was_used() -> None:
    """A run's own account of it can be held against the world's."""
    answer = ask(control(), USAGE_PATH)

    assert isinstance(answer.body, bytes)
    assert (answer.status, json.loads(answer.body)) == (200, {"task_seconds": 12.5})


@pytest.mark.parametrize("since", ["", "?since=", "?since=yesterday", "?since=nan", "?since=inf", "?until=3"])
def test_a_moment_that_is_none_is_refused(since: str) -> None:
    """Without seconds since the epoch nothing can be told."""
    assert ask(control(), f"{LATENESS_PATH}{since}").status == 400


@pytest.mark.parametrize(
    ("method", "target"), [("POST", f"{LATENESS_PATH}?since=1"), ("GET", "/_seatrials"), ("GET", "/_seatrials/else")]
)
def test_nothing_else_is_served_there(method: str, target: str) -> None:
    """What is below the server's own path never goes to AWS's API."""
    assert ask(control(), target, method).status == 404


@pytest.mark.parametrize("target", ["/", "/_seatrialsx", "/2015-02-01/file-systems", "/?/_seatrials/lateness"])
def test_the_rest_is_awss(target: str) -> None:
    """Every other path is the API's."""
    assert ask(control(), target) is OF_AWS
