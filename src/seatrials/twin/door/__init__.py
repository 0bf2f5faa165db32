"""The door of AWS's API: what AWS refuses before anything has changed is refused here, in its words.

- `shapes`: what botocore's model of a service says of each parameter: presence, type, length, range, pattern, values;
- `words`: the code and the sentence with which each service refuses such a parameter;
- `refusal`: what a refusal is, and the table of rules that no model has;
- `ecs`, `balancing`, `attributes`, `scaling`, `network`, `gateways`, `storage`, `policies`, `vpcs`:
  those rules;
- `conditions`: what a condition of a listener's rule takes.

Templates are held to the tables of attributes and conditions too, by `cloudformation/rules/`.

Without a door moto stores what AWS would never have, and an actor of the twin meets it later, where nobody can tell any
more which call it came from.
"""

from botocore.exceptions import ClientError

from seatrials.twin.door import attributes, balancing, ecs, gateways, network, policies, scaling, storage, vpcs
from seatrials.twin.door.refusal import RULES, Asked, Refusal
from seatrials.twin.door.shapes import problems_of
from seatrials.twin.door.words import refusal_of

__all__ = ["Asked", "Refusal", "check"]

# Each of these fills the table of rules as it is imported.
_ = (attributes, balancing, ecs, gateways, network, policies, scaling, storage, vpcs)


def check(asked: Asked, *, before_sdk: bool = False) -> None:
    """Raise the `Refusal` with which AWS answers a call; return when it takes the call.

    *before_sdk*, a call of which something is missing or of the wrong type passes: the SDK refuses it next, by itself.
    """
    problems = problems_of(asked.model, asked.operation, asked.parameters)
    if before_sdk and any(each.is_structural for each in problems):
        return
    if problems:
        raise refusal_of(asked.service, problems)
    try:
        for rule in RULES.get((asked.service, asked.operation), ()):
            rule(asked)
    except ClientError as error:
        # What a rule looked for is not there: AWS says so to the caller as it has said to the rule.
        raise Refusal(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
