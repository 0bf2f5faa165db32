"""What a call asks for and the twin leaves out, told in the trace as the tables of operations and properties say it.

CloudFormation and the services name nearly everything alike but for case, so what is said of a property holds for the
parameter of its name in the calls that make or change such a resource.
"""

from collections.abc import Mapping
from typing import Any

from seatrials.twin.cloudformation.fidelity.operations.table import line_of, type_of
from seatrials.twin.cloudformation.fidelity.table import Status, asks_for_nothing, tables
from seatrials.twin.cloudformation.fidelity.usage import leaves
from seatrials.twin.trace import Trace

# Parameters whose property has another name, in the calls where it has.
_RENAMED = {
    "ModifyListenerAttributes": {"Attributes": "ListenerAttributes"},
    "ModifyLoadBalancerAttributes": {"Attributes": "LoadBalancerAttributes"},
    "ModifyTargetGroupAttributes": {"Attributes": "TargetGroupAttributes"},
}


class CallWatch:
    """Tells what calls ask for in vain, each operation and each property of each resource type once."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._told: set[tuple[str, str]] = set()

    def look(self, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        """Tell what a call that AWS has taken asks for and the twin leaves out."""
        said = line_of(service, operation)
        if said is not None and said.status is Status.LEFT_OUT:
            self._tell(service, operation, operation, f"AWS {said.says}")
        type_name = type_of(service, operation)
        if type_name is not None:
            self._look_at_properties(type_name, operation, parameters)

    def _look_at_properties(self, type_name: str, operation: str, parameters: Mapping[str, Any]) -> None:
        renamed = _RENAMED.get(operation, {})
        for leaf in leaves({renamed.get(name, name): value for name, value in parameters.items()}):
            line = tables()[type_name].line_of(leaf.path, leaf.value, any_case=True)
            if line is not None and line.status is Status.LEFT_OUT and not asks_for_nothing(leaf.value):
                self._tell(type_name, line.key, operation, f"{line.path}: AWS {line.says}")

    def _tell(self, subject: str, what: str, operation: str, told: str) -> None:
        if (subject, what) not in self._told:
            self._told.add((subject, what))
            self._trace.add("left_out", operation, what=told)
