"""Who a run is on AWS, and where: both must be the environment's before anything is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from seatrials.environments.parts import Place
from seatrials.errors import NotConfirmedError, RedirectedError, WrongAccountError, WrongRegionError
from seatrials.safety.aws_errors import translated
from seatrials.seams.application import AwsClient

_ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL"
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


@dataclass(frozen=True)
class Identity:
    """Whose credentials a run has."""

    account_id: str
    arn: str

    @property
    def name(self) -> str:
        """The last part of the ARN, for people."""
        return self.arn.rpartition("/")[2] or self.arn


def refuse_unconfirmed(name: str, wanted: str | None, confirmation: str | None) -> None:
    """Raise `NotConfirmedError` when the environment *name* wants a confirmation, and has not got the right one."""
    if wanted is not None and confirmation != wanted:
        seen = "without it" if confirmation is None else f"with {confirmation!r}"
        msg = f"a run on {name} needs --confirm {wanted}, and was started {seen}: add it if this stack is really meant"
        raise NotConfirmedError(msg)


def refuse_redirection(place: Place, variables: Mapping[str, str], profile_endpoint: str | None = None) -> None:
    """Raise `RedirectedError` when the shell or the profile sends AWS's calls elsewhere, and no rehearsal says so."""
    if place.kind.may_redirect:
        return
    set_here = [name for name, value in variables.items() if name.startswith(_ENDPOINT_VARIABLE) and value]
    if set_here:
        names = ", ".join(f"{name}={variables[name]}" for name in sorted(set_here))
        msg = f"{place.name} is a real stack, and the shell sends AWS's calls elsewhere ({names}): unset it"
        raise RedirectedError(msg)
    if profile_endpoint is not None:
        msg = (
            f"{place.name} is a real stack, and the AWS profile sends calls to {profile_endpoint} "
            "by `endpoint_url` or `services`: use a profile without them"
        )
        raise RedirectedError(msg)


def refuse_other_region(place: Place, variables: Mapping[str, str], profile_region: str | None) -> None:
    """Raise `WrongRegionError` when the shell or the profile is set to another region than the environment's."""
    seen = {name: variables[name] for name in _REGION_VARIABLES if variables.get(name)}
    if profile_region is not None and not seen:
        seen = {"the profile's region": profile_region}
    wrong = {name: region for name, region in seen.items() if region != place.region}
    if wrong:
        told = ", ".join(f"{name} is {region}" for name, region in wrong.items())
        msg = f"{place.name} is in {place.region}, and {told}: unset it, or correct `region` in the environment"
        raise WrongRegionError(msg)


def confirm_identity(place: Place, aws: Callable[[str], AwsClient]) -> Identity:
    """Ask AWS whose credentials these are; raises `WrongAccountError` when the account is not the environment's."""
    with translated("ask AWS whose credentials these are"):
        answer = aws("sts").get_caller_identity()
    identity = Identity(str(answer["Account"]), str(answer["Arn"]))
    if identity.account_id != place.account_id:
        msg = (
            f"the credentials ({identity.arn}) belong to account {identity.account_id}, and {place.name} is in "
            f"{place.account_id}: use the right profile, or correct `account_id`"
        )
        raise WrongAccountError(msg)
    return identity
