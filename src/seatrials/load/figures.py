"""What a load came to: figures by kind of request, and the requests that failed."""

from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from seatrials.errors import EvidenceError

# How many failed requests are told one by one: the first ones, from which others may follow.
FAILURES_KEPT = 20
# The kinds of requests, by what the platform promises of them. All are in seconds of the machine but `ready`, the cold
# or warm start, which is in platform time.
READY, UPDATE, REFUSED, LEAVE = "ready", "update", "refused", "deactivate"
PROMISED = {
    "api": ("activate", "keepalive", LEAVE, "list", "page"),
    "file": ("read", "write", "commit"),
    "update": (UPDATE,),
    "ready": (READY,),
}


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RequestFigures(_Table):
    """The requests of one kind, in seconds of the machine; percentiles as locust rounds them."""

    name: str
    count: int
    failed: int
    p50_seconds: float
    p95_seconds: float
    p99_seconds: float
    maximum_seconds: float


class FailedRequest(_Table):
    """A request that was not answered as promised."""

    # Of platform time, in seconds since the epoch.
    at_seconds: float
    # Which visit of which process it was in.
    visitor: str
    name: str
    # The request, and what was seen in place of what is promised.
    told: str


class LoadFigures(_Table):
    """What all users of a load have seen."""

    users: int
    # How many processes they were in.
    members: int
    # How long the load lasted, in seconds of the machine.
    seconds: float
    requests: tuple[RequestFigures, ...]
    # The first of them; `RequestFigures.failed` counts all.
    failures: tuple[FailedRequest, ...]

    @property
    def count(self) -> int:
        """How many requests there were."""
        return sum(each.count for each in self.requests)

    @property
    def failed(self) -> int:
        """How many of them were not answered as promised."""
        return sum(each.failed for each in self.requests)

    def samples(self) -> Iterable[tuple[str, float, str]]:
        """Yield what the gate judges, each with name, value and unit; of kinds that nobody asked for there is none."""
        yield "load_failed_percent", 100 * self.failed / max(1, self.count), "percent"
        yield "load_requests_per_second", self.count / self.seconds if self.seconds else 0.0, "per second"
        for name, kinds in PROMISED.items():
            slowest = [each.p95_seconds for each in self.requests if each.name in kinds and each.count]
            if slowest:
                yield f"load_{name}_p95_seconds", max(slowest), "seconds"
        yield "load_visits", sum(each.count for each in self.requests if each.name == LEAVE), "visits"

    def failures_told(self) -> str:
        """Return the first failed requests, a line each; nothing when none failed."""
        if not self.failed:
            return ""
        lines = (f"{each.name}, in {each.visitor}: {each.told}" for each in self.failures)
        return "\n  ".join([f"{self.failed} of {self.count} requests were not answered as promised:", *lines])

    def as_text(self) -> list[str]:
        """Return a table for people, a line for each kind."""
        head = f"{'request':<12}{'count':>8}{'failed':>8}{'p50 s':>9}{'p95 s':>9}{'p99 s':>9}{'max s':>9}"
        return [head, *(_line(each) for each in self.requests)]


def read_figures(path: Path) -> LoadFigures:
    """Return what a load has written; raises `EvidenceError` when it has written nothing that is whole."""
    try:
        return LoadFigures.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        msg = f"the load ended without its figures in {path}: {error}"
        raise EvidenceError(msg) from error


def _line(each: RequestFigures) -> str:
    seconds = (each.p50_seconds, each.p95_seconds, each.p99_seconds, each.maximum_seconds)
    return f"{each.name:<12}{each.count:>8}{each.failed:>8}" + "".join(f"{value:>9.3f}" for value in seconds)
