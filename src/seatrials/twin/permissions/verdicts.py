"""Who may do what: the policies of a role against what a call needs, and nothing else.

A statement that denies counts before any that allows; without one that allows, nothing is allowed. What a policy of the
resource allows needs no policy of the role, in one account. Source: IAM User Guide, "Policy evaluation logic".
"""

from base64 import b32encode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from seatrials.twin.permissions.calls import Place
from seatrials.twin.permissions.conditions import Context
from seatrials.twin.permissions.policies import Need, Statement, statements_of

# The kind and the name of a principal, as policies of resources have them.
Name = tuple[str, str]


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


def arn_of(place: Place, principal: Principal) -> str:
    """Return the ARN of a session; one without a role is anonymous."""
    if principal.role_arn is None:
        return "anonymous"
    name = principal.role_arn.rpartition("/")[2]
    return f"arn:{place.partition}:sts::{place.account}:assumed-role/{name}/{principal.session}"


# Worlds begin with the same policies and ask the same of them. What is asked has all that decides: a policy that has
# changed is another question. Only a resource's policy tells sessions of a role apart.
@lru_cache(maxsize=4096)
def reason_against_role(place: Place, role_arn: str | None, role: Role | None, need: Need) -> str | None:
    """Return why *need* is not allowed to a role, where no resource has a policy, as `reason_against` does."""
    return reason_against(place, Principal(role_arn, session=""), role, need, None)


def reason_against(
    place: Place, principal: Principal, role: Role | None, need: Need, resource_policy: str | None
) -> str | None:
    """Return why *need* is not allowed to a principal of *role*, in AWS's words; None: it is.

    What a policy of the resource allows to the session itself, or to everybody, needs nothing else; what it allows
    to the role is within the role's boundary; what it allows to the account is for the account's own policies to
    give. Source: IAM User Guide, "Policy evaluation for requests within a single account" and "AWS JSON policy
    elements: Principal", AWS account principals.
    """
    context = _context(place, principal.role_arn, need)
    own = [each for text in (role.policies if role else ()) for each in _spoken(text, need, context)]
    session, of_role, of_account = _names_of(place, principal)
    asked = _spoken(resource_policy, need, context) if resource_policy else []
    of_resource = [each for each in asked if each.is_for(session, *of_role, *of_account)]
    if not all(each.allows for each in own):
        return "with an explicit deny in an identity-based policy"
    if not all(each.allows for each in of_resource):
        return "with an explicit deny in a resource-based policy"
    if any(each.is_not_principal or each.is_for(session) for each in of_resource):
        return None
    if not own and not any(each.is_for(*of_role) for each in of_resource):
        return f"because no identity-based policy allows the {need.action} action"
    return _reason_of_boundary(role, need, context)


def _reason_of_boundary(role: Role | None, need: Need, context: Context) -> str | None:
    if role is None or role.boundary is None:
        return None
    spoken = _spoken(role.boundary, need, context)
    if not all(each.allows for each in spoken):
        return "with an explicit deny in a permissions boundary"
    return None if spoken else f"because no permissions boundary allows the {need.action} action"


def _spoken(document: str, need: Need, context: Context) -> list[Statement]:
    return [each for each in statements_of(document) if each.speaks_of(need, context)]


def _names_of(place: Place, principal: Principal) -> tuple[Name, tuple[Name, ...], tuple[Name, ...]]:
    """Return by what a policy of a resource names a session, its role, and the account that the role is in."""
    session = ("AWS", arn_of(place, principal))
    if principal.role_arn is None:
        return session, (), ()
    account = place.account
    root = f"arn:{place.partition}:iam::{account}:root"
    return session, (("AWS", principal.role_arn),), (("AWS", account), ("AWS", root))


def _context(place: Place, role_arn: str | None, need: Need) -> dict[str, tuple[str, ...]]:
    of_request = {
        "aws:requestedregion": (place.region,),
        "aws:securetransport": ("true",),
        "aws:viaawsservice": ("false",),
        "aws:principalisawsservice": ("false",),
        "aws:principaltype": ("Anonymous",),
        "aws:resourceaccount": (place.account,),
    }
    if role_arn is not None:
        of_request |= {
            "aws:principalarn": (role_arn,),
            "aws:principalaccount": (place.account,),
            "aws:principaltype": ("AssumedRole",),
        }
    return {**of_request, **{name.lower(): values for name, values in need.keys}}
