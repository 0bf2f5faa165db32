"""What kinds of environment there are, and all that depends on the kind: everybody else asks an attribute.

`seatrials.stacks.open` alone goes by a kind's name, for it imports the code of the one that is opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from seatrials.environments.scopes import Column

# What a sample is: told by a model of AWS, by a twin that is reached as AWS is, or by AWS.
SampleKind = Literal["modelled", "rehearsed", "measured"]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of environment; *name* is what environments.toml and `run.json` call it."""

    name: str
    sample_kind: SampleKind
    # The columns of the catalogue that its environments may have as their scope, and the one of whoever names none.
    columns: tuple[Column, ...]
    default_column: Column
    # The keys that its environments cannot do without.
    needs: tuple[str, ...]
    # Whether a stack outlives the run and may have other users; else each scenario has one made for it.
    is_shared: bool
    # Whether the shell and the outputs of a stack may say which stack is meant, or all values are the file's own.
    is_told_by_variables: bool
    # Whether calls go to an endpoint in place of AWS, whose time may run at a pace of its own.
    may_redirect: bool

    @property
    def is_aws(self) -> bool:
        """Whether its stacks are on AWS."""
        return self.is_shared and not self.may_redirect


MOCK = Kind(
    name="mock",
    sample_kind="modelled",
    columns=("mock",),
    default_column="mock",
    needs=("template",),
    is_shared=False,
    is_told_by_variables=False,
    may_redirect=False,
)
REHEARSAL = Kind(
    name="rehearsal",
    sample_kind="rehearsed",
    columns=("staging", "production", "load"),
    default_column="staging",
    needs=("account_id", "base_url", "endpoint_url"),
    is_shared=True,
    is_told_by_variables=True,
    may_redirect=True,
)
LIVE = Kind(
    name="live",
    sample_kind="measured",
    columns=("staging", "production", "load"),
    # Whoever forgets to say what may be done to a real stack gets the rows that harm it least.
    default_column="production",
    needs=("account_id", "base_url"),
    is_shared=True,
    is_told_by_variables=True,
    may_redirect=False,
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (MOCK, REHEARSAL, LIVE)}
