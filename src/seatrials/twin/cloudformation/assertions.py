"""The section Rules of a template: what its author asserts of the parameters before anything is made.

Source: AWS CloudFormation User Guide, "CloudFormation template Rules syntax" and "Rule-specific intrinsic functions".
"""

from collections.abc import Mapping
from typing import Any

from seatrials.twin.cloudformation.intrinsics import Resolver
from seatrials.twin.cloudformation.template import Template


def failed_assertions(template: Template, resolver: Resolver) -> list[str]:
    """Return the assertions that do not hold, in their author's words, and what is wrong with the section."""
    failed: list[str] = []
    for name, rule in template.rules.items():
        where = f"rule {name}"
        condition = rule.get("RuleCondition")
        if condition is not None and not resolver.test(condition, where):
            continue
        for index, assertion in enumerate(_assertions(rule)):
            if not resolver.test(assertion.get("Assert"), f"{where}.Assertions.{index}"):
                failed.append(f"{where}: {assertion.get('AssertDescription', 'an assertion does not hold')}")
    return [*resolver.problems, *failed]


def _assertions(rule: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed = rule.get("Assertions")
    return [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
