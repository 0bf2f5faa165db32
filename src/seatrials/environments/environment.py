"""One environment: all of its parts, and what must be true between them.

All that differs between a mock and a real stack stands in it, so that no other code has to ask where it runs: names of
resources, how the balancer is reached and trusted, what may be done there, how long a scenario may take.
"""

from typing import Literal

from pydantic import ConfigDict, ValidationInfo, field_validator, model_validator

from seatrials.environments.capabilities import Capability
from seatrials.environments.fields import FilePath
from seatrials.environments.kinds import Kind
from seatrials.environments.parts import Door, Limits, Pacing, Place, Release, ResourceNames, Terms
from seatrials.environments.scopes import Column

_OF_A_REHEARSAL = {
    "pace": "a pace",
    "epoch_seconds": "an epoch",
    "endpoint_url": "an endpoint",
    "control_url": "a server of its own",
}
# A hundred requests in a second of the platform's are more than a machine serves in a part of one of its own.
_RATE_PACE_MAX = 1.0


# The worlds of the twin. Why not `seatrials.twin.calibration`'s: a run on AWS is without the twin.
WorldName = Literal["default", "slow", "hard", "apart"]


# The last base is the first to be validated: what the others may say depends on a place's kind.
class Environment(Terms, Pacing, Door, Place):
    """What the scenarios run on, as a table of environments.toml describes it.

    Whoever needs a part of it declares that part as its parameter, and is given the environment.
    """

    model_config = ConfigDict(validate_default=True)

    # The CloudFormation template that a mock deploys; `--stack FILE` takes its place.
    template: FilePath | None = None
    # What the mock's AWS is like: within the promise of a 60 s cold start, as slow as Fargate is measured to be, or
    # within the promise and as hard to examine as AWS; `--world NAME` takes its place.
    world: WorldName = "default"
    # What Hermes and the editor must say that they are, for the capability `versions`.
    release: Release | None = None
    # What the platform's resources are called.
    names: ResourceNames = ResourceNames()
    # How long a row may take.
    limits: Limits = Limits()

    @field_validator("name")
    @classmethod
    def _is_the_table(cls, value: str, info: ValidationInfo) -> str:
        if info.context and value != info.context["table"]:
            msg = "must be left out, for the table is the name"
            raise ValueError(msg)
        return value

    @field_validator("account_id", "template", "base_url", "endpoint_url")
    @classmethod
    def _is_there_where_needed(cls, value: object, info: ValidationInfo) -> object:
        kind, key = _kind(info), str(info.field_name)
        if value is not None or kind is None or key not in kind.needs:
            return value
        # What variables give is known of the environment that was chosen only.
        is_asked = not kind.is_told_by_variables or not info.context or info.context["chosen"]
        is_output = key == "base_url" and info.data.get("outputs_stack") is not None
        if is_asked and not is_output:
            variable = f", here or as the variable SEATRIALS_{key.upper()}" if kind.is_told_by_variables else ""
            msg = f"is missing, and kind {kind.name!r} needs it{variable}"
            raise ValueError(msg)
        return value

    @field_validator(*_OF_A_REHEARSAL)
    @classmethod
    def _is_of_a_rehearsal(cls, value: float | str | None, info: ValidationInfo) -> float | str | None:
        kind, key = _kind(info), str(info.field_name)
        if value not in {None, 1} and kind is not None and not kind.may_redirect:
            msg = f"must be left out, for kind is {kind.name!r} and only a rehearsal has {_OF_A_REHEARSAL[key]}"
            raise ValueError(msg)
        return value

    @field_validator("scope")
    @classmethod
    def _is_fit_for_the_kind(cls, value: Column | None, info: ValidationInfo) -> Column | None:
        kind = _kind(info)
        if kind is None or value in kind.columns:
            return value
        if value is not None:
            msg = f"must be {' or '.join(kind.columns)}, for kind is {kind.name!r}"
            raise ValueError(msg)
        return kind.default_column

    @model_validator(mode="after")
    def _names_its_release(self) -> "Environment":
        if Capability.VERSIONS in self.capabilities and self.release is None:
            msg = "must have release = { hermes = ..., edit = ... }, for the capability 'versions' asks about them"
            raise ValueError(msg)
        return self

    def allows(self, capability: str) -> bool:
        """Whether scenarios that need *capability* can run here; raises `ConfigurationError` for an unknown one.

        What the file lists, but for `rate` at a pace that would make it too many requests for the machine.
        """
        return super().allows(capability) and (capability != Capability.RATE or self.pace <= _RATE_PACE_MAX)


def keys_refused_by(kind: Kind) -> frozenset[str]:
    """Return the keys that a table of *kind* may not have."""
    return frozenset() if kind.may_redirect else frozenset(_OF_A_REHEARSAL)


def _kind(info: ValidationInfo) -> Kind | None:
    """Return the kind of the environment that is validated; None when that is wrong itself."""
    return info.data.get("kind")
