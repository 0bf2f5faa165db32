"""Rules of listeners with what moto leaves out of them: transforms, regular expressions, and looks at tokens."""

from typing import Any

from moto.core.responses import ActionResult
from moto.elb import urls as elb_urls
from moto.elbv2.exceptions import InvalidModifyRuleArgumentsError, RuleNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeAction
from moto.elbv2.responses import ELBV2Response

from seatrials.twin.moto_bridge.pages import page_of


class RuleKeeper(ELBv2Backend):
    """ELBv2 that takes conditions of regular expressions, and actions that look at tokens."""

    def _validate_conditions(self, conditions: list[dict[str, Any]]) -> None:
        super()._validate_conditions([each for each in conditions if not _expressions(each)])

    def _validate_actions(self, actions: list[FakeAction]) -> None:
        super()._validate_actions([each for each in actions if each.type != "jwt-validation"])


# Source: botocore, elbv2, PageSize: at most 400.
_GROUPS_PER_PAGE = 400
# As many as moto gives, fewer than the service does: so that whoever reads rules must read on.
_RULES_PER_PAGE = 50


class TwinElbResponse(ELBV2Response):
    """Calls for rules that keep their transforms, and for rules and target groups in pages."""

    def describe_rules(self) -> ActionResult:
        given = self._get_param("ListenerArn"), self._get_param("RuleArns")
        # A rule may be deleted between two pages, the last one of the first page too, which moto would look for.
        places = {_place(rule): rule for rule in self.elbv2_backend.describe_rules(*given)}
        last, size = self._get_param("Marker") or "", self._get_int_param("PageSize", _RULES_PER_PAGE)
        left = sorted(place for place in places if place > last)
        marker = left[size - 1] if len(left) > size else None
        return ActionResult({"Rules": [places[each] for each in left[:size]], "NextMarker": marker})

    def describe_target_groups(self) -> ActionResult:
        groups = super().describe_target_groups().result["TargetGroups"]  # type: ignore[index]  # as below
        given = self._get_param("PageSize"), self._get_param("Marker")
        page, token = page_of(list(groups), *given, _GROUPS_PER_PAGE)
        return ActionResult({"TargetGroups": page} if token is None else {"TargetGroups": page, "NextMarker": token})

    def create_rule(self) -> ActionResult:
        result = super().create_rule()
        [rule] = result.result["Rules"]  # type: ignore[index]  # an answer, which moto calls an object
        rule.transforms = self._get_params().get("Transforms", [])
        return result

    def modify_rule(self) -> ActionResult:
        parameters = self._get_params()
        reset = str(parameters.get("ResetTransforms", "false")).lower() == "true"
        if "Transforms" not in parameters and not reset:
            return super().modify_rule()
        if reset and parameters.get("Transforms"):
            raise InvalidModifyRuleArgumentsError
        if parameters.get("Conditions") or parameters.get("Actions"):
            super().modify_rule()
        rules: list[Any] = self.elbv2_backend.describe_rules(None, [parameters["RuleArn"]])
        if not rules:
            raise RuleNotFoundError
        rules[0].transforms = parameters.get("Transforms", [])
        return ActionResult({"Rules": rules})


def put_in_place() -> None:
    """Let moto answer calls for load balancers with these, for the life of the process."""
    elb_urls.ELBV2Response = TwinElbResponse  # type: ignore[attr-defined]  # looked up when a call comes


def _place(rule: Any) -> str:  # noqa: ANN401  # one of moto's
    """Return by what rules are in order: by their priorities, the default one last."""
    return f"{rule.listener_arn} {rule.priority:>5}"


def _expressions(condition: dict[str, Any]) -> list[str]:
    configs = [value for name, value in condition.items() if name.endswith("Config") and value]
    return condition.get("RegexValues") or [each for config in configs for each in config.get("RegexValues", [])]
