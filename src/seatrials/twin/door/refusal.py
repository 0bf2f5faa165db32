"""A refusal of AWS's, and the rules that lead to one and stand in no model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seatrials.seams.application import AwsClient


class Refusal(Exception):  # noqa: N818  # what AWS does, and no error of ours
    """AWS does not take a call: the code and the message are those that its caller reads."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        """*status* is HTTP's."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Asked:
    """A call that stands at the door."""

    # botocore's model of the service, which has no type.
    model: Any
    operation: str
    parameters: Mapping[str, Any]
    # The twin's own clients, for rules about what is there already.
    aws: Callable[[str], AwsClient]

    @property
    def service(self) -> str:
        """The service, as botocore calls it."""
        return str(self.model.service_name)


Rule = Callable[[Asked], None]

# By service and operation.
RULES: dict[tuple[str, str], list[Rule]] = {}


def rule(service: str, *operations: str) -> Callable[[Rule], Rule]:
    """Let the decorated function judge every call of these operations; it raises `Refusal`, or returns."""

    def take(judge: Rule) -> Rule:
        for operation in operations:
            RULES.setdefault((service, operation), []).append(judge)
        return judge

    return take
