"""Who may do what: the policies of a role against what a call needs.

A statement that denies counts before any that allows; without one that allows, nothing is allowed. What a policy of the
resource allows needs no policy of the role, in one account. Source: IAM User Guide, "Policy evaluation logic".
"""

from base64 import b32encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Protocol

from seatrials.twin.permissions.calls import AskedCall, Needs, Place, everything, on
from seatrials.twin.permissions.conditions import Context, is_known
from seatrials.twin.permissions.policies import Need, Statement, statements_of
from seatrials.twin.permissions.stores import STORES
from seatrials.twin.permissions.workings import WORKINGS

# The kind and the name of a principal, as policies of resources have them.
Name = tuple[str, str]
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
)


@dataclass(frozen=True)
class Role:
    """A role as IAM stores it; each policy is a text of JSON."""

    arn: str
    trust: str
    policies: tuple[str, ...]
    # What the role may do at most, whatever its policies say.
    boundary: str | None = None

    @property
    def name(self) -> str:
        """The role's name, without its path."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True)
class Principal:
    """Who makes a call: a session of a role, or nobody, who has no credentials."""

    role_arn: str | None
    # ECS names a task's session by the task's id. Source: Amazon ECS Developer Guide, "Amazon ECS task IAM role".
    session: str

    @property
    def access_key(self) -> str:
        """The key by which its calls from outside of this process can be told; nobody checks what they are signed with.

        Its form is that of a session's. Source: IAM User Guide, "Understanding unique ID prefixes".
        """
        return f"ASIA{b32encode(sha256(self.session.encode()).digest()).decode()[:16]}"


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
        self._left_out: set[str] = set()

    def forget(self) -> None:
        """Take no verdict for true any longer: something of IAM has changed."""
        self._verdicts.clear()

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
        role = self._role_of(role_arn)
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
        if principal.role_arn is None:
            return "anonymous"
        place, name = self.place, _name_of(principal.role_arn)
        return f"arn:{place.partition}:sts::{place.account}:assumed-role/{name}/{principal.session}"

    def _reason_against(self, principal: Principal, need: Need, resource_policy: str | None) -> str | None:
        """Return why *need* is not allowed, in AWS's words; None: it is.

        What a policy of the resource allows to the session itself, or to everybody, needs nothing else; what it allows
        to the role is within the role's boundary; what it allows to the account is for the account's own policies to
        give. Source: IAM User Guide, "Policy evaluation for requests within a single account" and "AWS JSON policy
        elements: Principal", AWS account principals.
        """
        role = None if principal.role_arn is None else self._role_of(principal.role_arn)
        context = self._context(principal.role_arn, need)
        own = [each for text in (role.policies if role else ()) for each in self._spoken(text, need, context)]
        session, of_role, of_account = self._names_of(principal)
        asked = self._spoken(resource_policy, need, context) if resource_policy else []
        of_resource = [each for each in asked if each.is_for(session, *of_role, *of_account)]
        if not all(each.allows for each in own):
            return "with an explicit deny in an identity-based policy"
        if not all(each.allows for each in of_resource):
            return "with an explicit deny in a resource-based policy"
        if any(each.is_not_principal or each.is_for(session) for each in of_resource):
            return None
        if not own and not any(each.is_for(*of_role) for each in of_resource):
            return f"because no identity-based policy allows the {need.action} action"
        return self._reason_of_boundary(role, need, context)

    def _reason_of_boundary(self, role: Role | None, need: Need, context: Context) -> str | None:
        if role is None or role.boundary is None:
            return None
        spoken = self._spoken(role.boundary, need, context)
        if not all(each.allows for each in spoken):
            return "with an explicit deny in a permissions boundary"
        return None if spoken else f"because no permissions boundary allows the {need.action} action"

    def _spoken(self, document: str, need: Need, context: Context) -> list[Statement]:
        statements = statements_of(document)
        for each in statements:
            self._tell_what_is_left_out(each)
        return [each for each in statements if each.speaks_of(need, context)]

    def _names_of(self, principal: Principal) -> tuple[Name, tuple[Name, ...], tuple[Name, ...]]:
        """Return by what a policy of a resource names a session, its role, and the account that the role is in."""
        session = ("AWS", self.arn_of(principal))
        if principal.role_arn is None:
            return session, (), ()
        account = self.place.account
        root = f"arn:{self.place.partition}:iam::{account}:root"
        return session, (("AWS", principal.role_arn),), (("AWS", account), ("AWS", root))

    def _context(self, role_arn: str | None, need: Need) -> dict[str, tuple[str, ...]]:
        of_request = {
            "aws:requestedregion": (self.place.region,),
            "aws:securetransport": ("true",),
            "aws:viaawsservice": ("false",),
            "aws:principalisawsservice": ("false",),
            "aws:principaltype": ("Anonymous",),
            "aws:resourceaccount": (self.place.account,),
        }
        if role_arn is not None:
            of_request |= {
                "aws:principalarn": (role_arn,),
                "aws:principalaccount": (self.place.account,),
                "aws:principaltype": ("AssumedRole",),
            }
        return {**of_request, **{name.lower(): values for name, values in need.keys}}

    def _tell_what_is_left_out(self, statement: Statement) -> None:
        for operator, key, _ in statement.conditions:
            if not (_is_key(key) and is_known(operator)):
                self._tell_once(f"the condition {operator} of {key}", "it is judged as if the key had no value")
        for name in statement.variables:
            if not _is_key(name):
                self._tell_once(f"the variable ${{{name}}}", "a text that has it stands for nothing")

    def _tell_of_guess(self, principal: Principal, need: Need) -> None:
        """Tell of a denial that may not be AWS's: a policy allows the action on a resource that no table knows."""
        role = None if principal.role_arn is None else self._role_of(principal.role_arn)
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
