"""The attributes of load balancers and target groups: those that there are, with values that they take."""

from collections.abc import Callable, Iterator, Mapping

from seatrials.twin.cloudformation.rules.declarations import Declarations, Declared, Finding, is_known, mapping, number
from seatrials.twin.cloudformation.rules.rule import Rule
from seatrials.twin.door.attributes import LOAD_BALANCER_ATTRIBUTES, TARGET_GROUP_ATTRIBUTES, Values


def _checked(property_name: str, known: Mapping[str, Values]) -> Callable[[Declared, Declarations], Iterator[Finding]]:
    def find(owner: Declared, _: Declarations) -> Iterator[Finding]:
        for path, attribute in owner.at(f"{property_name}.*"):
            key, value = str(mapping(attribute).get("Key")), mapping(attribute).get("Value")
            if not is_known(key):
                continue
            if key not in known:
                yield f"{path}.Key", f"the attribute key {key!r} is not recognized; known are {', '.join(known)}"
            elif is_known(value) and not known[key].takes(_as_written(value)):
                yield f"{path}.Value", f"the attribute {key} is {value!r}; it must be {known[key].told}"

    return find


def _as_written(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    whole = number(value)
    return str(int(whole)) if whole is not None and whole.is_integer() else str(value)


ATTRIBUTE_RULES = (
    Rule(
        "balancer-attributes",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "An attribute exists and has a value that it takes.",
        "ELB LoadBalancerAttribute",
        _checked("LoadBalancerAttributes", LOAD_BALANCER_ATTRIBUTES),
    ),
    Rule(
        "group-attributes",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "An attribute exists and has a value that it takes.",
        "ELB TargetGroupAttribute",
        _checked("TargetGroupAttributes", TARGET_GROUP_ATTRIBUTES),
    ),
)
