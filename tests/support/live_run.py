"""A run on the small platform, and what a test looks at and does beside it."""

from collections.abc import Callable

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from seatrials.evidence.recorder import Recorder
from seatrials.platform import Platform
from seatrials.safety.reading import is_reading
from seatrials.stacks import StackRun
from seatrials.stacks.live.stacks import LiveStacks
from tests.support.aws import Document, Json
from tests.support.small_platform import SmallPlatform

Begin = Callable[..., LiveStacks]


def platform_of(run: StackRun) -> Platform:
    """Return the platform as a scenario holds it."""
    return Platform(run.stack, Recorder(run.stack.clock.now, run.sample_kind))


def update_edit(run: StackRun, **values: Json) -> None:
    """Change the edit service as a scenario might."""
    names = run.stack.environment.names
    run.stack.aws("ecs").update_service(cluster=names.cluster, service=names.edit_service, **values)


def edit_desired(small_platform: SmallPlatform) -> int:
    """Return the edit service's desired count."""
    answer = small_platform.aws("ecs").describe_services(
        cluster="webordinary-edit-cluster", services=["webordinary-edit-service"]
    )
    return int(answer["services"][0]["desiredCount"])


def set_edit_desired(small_platform: SmallPlatform, count: int) -> None:
    """Scale the edit service as its owner does."""
    small_platform.aws("ecs").update_service(
        cluster="webordinary-edit-cluster", service="webordinary-edit-service", desiredCount=count
    )


class AwsCalls:
    """Records every call to AWS, and lets some fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[str] = []
        # Those that change something.
        self.writes: list[str] = []
        self.failing: dict[str, Exception] = {}
        make = BaseClient._make_api_call  # noqa: SLF001  # what every call of every client goes through

        def record(client: BaseClient, operation: str, given: Document) -> Json:
            self.made.append(operation)
            # A scan is a test's own look, which no run may have.
            if operation != "Scan" and not is_reading(str(client.meta.service_model.service_name), operation):
                self.writes.append(operation)
            failure = self.failing.get(operation) or self.failing.get("*")
            if failure is not None:
                raise failure
            return make(client, operation, given)

        monkeypatch.setattr(BaseClient, "_make_api_call", record)

    def refuse(self, operation: str, code: str) -> None:
        """Let an operation be answered with an error of AWS."""
        self.failing[operation] = ClientError({"Error": {"Code": code, "Message": "no"}}, operation)
