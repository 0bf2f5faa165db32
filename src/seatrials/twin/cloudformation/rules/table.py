"""All rules, and what of a template breaks them."""

from collections.abc import Iterable

from seatrials.twin.cloudformation.rules.alarms import ALARM_RULES
from seatrials.twin.cloudformation.rules.attributes import ATTRIBUTE_RULES
from seatrials.twin.cloudformation.rules.declarations import Declarations
from seatrials.twin.cloudformation.rules.limits import LIMIT_RULES
from seatrials.twin.cloudformation.rules.listeners import LISTENER_RULES
from seatrials.twin.cloudformation.rules.rule import Rule
from seatrials.twin.cloudformation.rules.services import SERVICE_RULES
from seatrials.twin.cloudformation.rules.stores import STORE_RULES
from seatrials.twin.cloudformation.rules.tasks import TASK_RULES

RULES: tuple[Rule, ...] = (
    *TASK_RULES,
    *SERVICE_RULES,
    *LISTENER_RULES,
    *ATTRIBUTE_RULES,
    *ALARM_RULES,
    *STORE_RULES,
    *LIMIT_RULES,
)


def broken(declarations: Declarations, rules: Iterable[Rule] = RULES) -> list[str]:
    """Return every way in which the template breaks one of *rules*: resource, property, reason and source."""
    by_type: dict[str, list[Rule]] = {}
    for rule in rules:
        by_type.setdefault(rule.type, []).append(rule)
    return [
        f"{resource.logical_id} ({resource.type}).{path}: {reason} ({rule.source})"
        for resource in declarations
        for rule in by_type.get(resource.type, ())
        for path, reason in rule.find(resource, declarations)
    ]
