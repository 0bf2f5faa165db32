"""The judge of one world: what calls need against the roles that IAM has now, and who hears of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from seatrials.twin.permissions.calls import AskedCall, Needs, Place, everything, on
from seatrials.twin.permissions.conditions import is_known
from seatrials.twin.permissions.policies import Need, Statement, statements_of
from seatrials.twin.permissions.stores import STORES
from seatrials.twin.permissions.verdicts import Principal, Role, arn_of, reason_against, reason_against_role
from seatrials.twin.permissions.workings import WORKINGS

TABLE: Mapping[str, Mapping[str, Needs]] = {**STORES, **WORKINGS}

_ECS_TASKS = "ecs-tasks.amazonaws.com"
_ASSUME = "sts:AssumeRole"
# The keys of which every request has a value here, or none as on AWS; others are those of a need.
_OF_REQUESTS = (
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principaltype",
    "aws:requestedregion",
    "aws:resourceaccount",
    "aws:securetransport",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:viaawsservice",
)
_OF_NEEDS = (
    "aws:tagkeys",
    "aws:requesttag/",
    "cloudwatch:namespace",
    "ecs:cluster",
    "elasticfilesystem:accesspointarn",
    "elasticfilesystem:accessedviamounttarget",
    "elasticfilesystem:createaction",
    "elasticloadbalancing:createaction",
    "iam:passedtoservice",
    "s3:prefix",
)


@dataclass(frozen=True)
class Denial:
    """What was not allowed, to whom and why."""

    principal_arn: str
    role: str
    need: Need
    reason: str

    @property
    def sentence(self) -> str:
        """AWS's words. Source: IAM User Guide, "Troubleshoot access denied error messages"."""
        what = f"is not authorized to perform: {self.need.action} on resource: {self.need.resource}"
        return f"User: {self.principal_arn} {what} {self.reason}"


class Told(Protocol):
    """Hears what happened, as `Trace.add` does."""

    def __call__(self, kind: str, subject: str, **details: str) -> None:
        """Take note of an event."""


class Permissions:
    """The judge of one world. Verdicts are kept until `forget`, for IAM is asked the same again and again."""

    def __init__(self, place: Place, role_of: Callable[[str], Role | None], tell: Told) -> None:
        """*role_of* finds a role by its ARN; *tell* hears of every denial, and once of each condition left out."""
        self.place = place
        self._role_of = role_of
        self._tell = tell
        self._verdicts: dict[tuple[str | None, Need], str | None] = {}
        self._roles: dict[str, Role | None] = {}
        # The policies whose conditions and variables have been looked through.
        self._read: set[str] = set()
        self._left_out: set[str] = set()

    def forget(self) -> None:
        """Take no verdict for true any longer: something of IAM has changed."""
        self._verdicts.clear()
        self._roles.clear()

    def needs_of(self, service: str, signing_name: str, operation: str, parameters: Mapping[str, object]) -> list[Need]:
        """Return all that a call needs, by botocore's names of its service and operation."""
        asked = AskedCall(service, signing_name, operation, parameters, self.place)
        row = TABLE.get(service, {}).get(operation)
        if row is None:
            return [replace(each, is_guess=True) for each in on(everything)(asked)]
        try:
            return list(row(asked))
        except (AttributeError, KeyError, TypeError):
            # Parameters of another form than the model's name nothing; they are refused next, if the role lets them.
            return list(on(everything)(asked))

    def denial(self, principal: Principal, needs: Iterable[Need]) -> Denial | None:
        """Return the first of *needs* that a principal's role does not allow, having told of it; None: it may."""
        for need in needs:
            question = (principal.role_arn, need)
            if question not in self._verdicts:
                self._verdicts[question] = self._reason_against(principal, need, None)
            reason = self._verdicts[question]
            if reason is not None:
                if need.is_guess:
                    self._tell_of_guess(principal, need)
                return self._denied(principal, need, reason)
        return None

    def denial_at(self, principal: Principal, need: Need, resource_policy: str) -> Denial | None:
        """Return what keeps a principal from *need* on a resource with a policy of its own, having told of it."""
        reason = self._reason_against(principal, need, resource_policy)
        return None if reason is None else self._denied(principal, need, reason)

    def may_at(self, principal: Principal, need: Need, resource_policy: str) -> bool:
        """Whether a principal may do what it can do without, on a resource with a policy of its own."""
        return self._reason_against(principal, need, resource_policy) is None

    def decision(self, role_arn: str, need: Need) -> str:
        """Return what IAM's simulator says of a role's policies: allowed, explicitDeny or implicitDeny.

        Source: IAM API Reference, EvaluationResult, EvalDecision. Nothing is told of it, for nobody calls.
        """
        reason = self._reason_against(Principal(role_arn, session="simulated"), need, None)
        if reason is None:
            return "allowed"
        return "explicitDeny" if "explicit deny" in reason else "implicitDeny"

    def can_be_assumed(self, role_arn: str) -> bool:
        """Whether ECS may take the role for a task; it tells of one that it may not.

        Source: Amazon ECS Developer Guide, "Amazon ECS task IAM role", trust policy.
        """
        role = self._role(role_arn)
        need = Need(_ASSUME, role_arn)
        context = {
            "aws:sourceaccount": (self.place.account,),
            "aws:sourcearn": (self.place.arn("ecs", "*"),),
        }
        statements = () if role is None else statements_of(role.trust)
        for each in statements:
            self._tell_what_is_left_out(each)
        spoken = [each for each in statements if each.is_for(("Service", _ECS_TASKS)) and each.speaks_of(need, context)]
        if spoken and all(each.allows for each in spoken):
            return True
        why = "there is no such role" if role is None else f"its trust policy does not let {_ECS_TASKS} assume it"
        self._tell("access_denied", _name_of(role_arn), action=_ASSUME, resource=role_arn, reason=f"because {why}")
        return False

    def _denied(self, principal: Principal, need: Need, reason: str) -> Denial:
        role = "anonymous" if principal.role_arn is None else _name_of(principal.role_arn)
        denial = Denial(self.arn_of(principal), role, need, reason)
        self._tell("access_denied", role, action=need.action, resource=need.resource, reason=reason)
        return denial

    def arn_of(self, principal: Principal) -> str:
        """Return the ARN of a session; one without a role is anonymous."""
        return arn_of(self.place, principal)

    def _reason_against(self, principal: Principal, need: Need, resource_policy: str | None) -> str | None:
        """Return why *need* is not allowed, in AWS's words, having told what policies have in vain; None: it is."""
        role = None if principal.role_arn is None else self._role(principal.role_arn)
        own = () if role is None else (*role.policies, role.boundary)
        for document in (*own, resource_policy):
            if document is not None and document not in self._read:
                self._read.add(document)
                for each in statements_of(document):
                    self._tell_what_is_left_out(each)
        if resource_policy is None:
            return reason_against_role(self.place, principal.role_arn, role, need)
        return reason_against(self.place, principal, role, need, resource_policy)

    def _role(self, arn: str) -> Role | None:
        if arn not in self._roles:
            self._roles[arn] = self._role_of(arn)
        return self._roles[arn]

    def _tell_what_is_left_out(self, statement: Statement) -> None:
        for operator, key, _ in statement.conditions:
            if not (_is_key(key) and is_known(operator)):
                self._tell_once(f"the condition {operator} of {key}", "it is judged as if the key had no value")
        for name in statement.variables:
            if not _is_key(name):
                self._tell_once(f"the variable ${{{name}}}", "a text that has it stands for nothing")

    def _tell_of_guess(self, principal: Principal, need: Need) -> None:
        """Tell of a denial that may not be AWS's: a policy allows the action on a resource that no table knows."""
        role = None if principal.role_arn is None else self._role(principal.role_arn)
        statements = [each for text in (role.policies if role else ()) for each in statements_of(text)]
        if any(each.allows and each.names_action(need.action) for each in statements):
            self._tell_once(f"the resource of {need.action}", "it is judged as if it were about all resources")

    def _tell_once(self, subject: str, what: str) -> None:
        if subject not in self._left_out:
            self._left_out.add(subject)
            self._tell("left_out", subject, what=what)


def _is_key(name: str) -> bool:
    return name.lower() in _OF_REQUESTS or name.lower().startswith(_OF_NEEDS)


def _name_of(role_arn: str) -> str:
    return role_arn.rpartition("/")[2]
