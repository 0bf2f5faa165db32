"""What a resource type is: the calls that make one, and what Ref and GetAtt say of it afterwards.

A resource is made twice: first on paper, where every call is converted and checked but none is sent, so that all faults
of a template show at once; then on AWS. `Creation` is the resource being made, `Made` what others may refer to.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from seatrials.errors import TemplateError
from seatrials.seams.application import AwsClient
from seatrials.twin.cloudformation.intrinsics import PENDING, Stack
from seatrials.twin.cloudformation.shapes import Conversion
from seatrials.twin.cloudformation.template import likely_meant

Properties = dict[str, Any]

_DIGEST_LENGTH = 12
# A longer value of a property, such as a document, is not told.
_TOLD_CHARACTERS_MAX = 60


class _PaperAnswer:
    """The answer of a call that was not sent: whatever is looked up in it is pending."""

    def __getitem__(self, _: object) -> "_PaperAnswer":
        return self

    def __str__(self) -> str:
        return PENDING


class _PaperRequest(dict[str, Any]):
    """The parameters of a call that will not be sent; a missing one is reported elsewhere."""

    def __missing__(self, _: str) -> str:
        return PENDING


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a resource once it is made; the names that texts of a `ResourceType` may use."""

    stack: Stack
    # The resource's own properties, as CloudFormation names them.
    properties: Mapping[str, Any]
    # The parameters of the call, as the service names them.
    request: Mapping[str, Any]
    response: Any
    # What Ref returns.
    reference: str = ""


# A format string over `Facts` ("{response[Vpc][VpcId]}"), or a function where that is not enough.
Text = str | Callable[[Facts], str]


def _render(text: Text, facts: Facts) -> str:
    try:
        return text.format_map(vars(facts)) if isinstance(text, str) else text(facts)
    except KeyError as error:
        msg = f"it has no value here, because AWS's answer has no {error}"
        raise TemplateError(msg) from error


def mapping_of(value: object, what: str) -> Mapping[str, Any]:
    """Return *value*, which must be a mapping; raises `TemplateError` naming *what* it is."""
    if isinstance(value, Mapping):
        return value
    msg = f"{what} must be a mapping, not {value!r}"
    raise TemplateError(msg)


@dataclass(frozen=True, kw_only=True)
class Creation:
    """One resource being made, on paper or on AWS."""

    logical_id: str
    type_name: str
    properties: Mapping[str, Any]
    stack: Stack
    aws: Callable[[str], AwsClient]
    on_paper: bool
    # Filled on paper; on AWS the first fault is raised.
    problems: list[str]

    @property
    def where(self) -> str:
        """The resource as the problems name it."""
        return f"{self.logical_id} ({self.type_name})"

    def generated_name(self, length_max: int) -> str:
        """Return a name for a resource whose template gives none, the same for the same stack."""
        # AWS takes random letters; a digest keeps a seed's run repeatable.
        text = f"{self.stack.account}/{self.stack.region}/{self.stack.name}/{self.logical_id}"
        digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
        head = f"{self.stack.name}-{self.logical_id}"[: length_max - _DIGEST_LENGTH - 1]
        return f"{head.rstrip('-')}-{digest}"

    def call(self, service: str, operation: str, properties: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        """Make one call with *properties* in CloudFormation's names; return the parameters sent and the answer."""
        client = self.aws(service)
        conversion = Conversion(client, operation, self.where)
        request = conversion.parameters(properties)
        self.problems.extend(conversion.problems)
        if self.on_paper:
            return _PaperRequest(request), _PaperAnswer()
        if conversion.problems:
            raise TemplateError("\n".join(conversion.problems))
        try:
            return request, getattr(client, operation)(**request)
        except (ClientError, BotoCoreError) as error:
            msg = f"{self.where}: AWS refused {service} {operation}{_in_short(properties)}: {error}"
            raise TemplateError(msg) from error


def _in_short(properties: Mapping[str, Any]) -> str:
    """Return the scalar properties of a call, of which one may be what AWS refuses; ARNs say nothing to a reader."""
    told = [f"{name} {value}" for name, value in properties.items() if isinstance(value, str | int | float)]
    short = [each for each in told if "arn:" not in each and len(each) <= _TOLD_CHARACTERS_MAX]
    return f" with {', '.join(short)}" if short else ""


def tags_as_map(properties: Properties, _: Creation) -> Properties:
    """Return properties with the tags as a map, for the services that do not take a list of keys and values."""
    tags = properties.get("Tags")
    if not isinstance(tags, list):
        return properties
    pairs = [mapping_of(tag, "an item of Tags") for tag in tags]
    return {**properties, "Tags": {str(pair.get("Key")): pair.get("Value", "") for pair in pairs}}


# Asks AWS for what the answer to the making of a resource does not tell.
Lookup = Callable[[Creation, Facts], str]

# Turns the value of a property into the properties of a further call.
Further = Callable[[Facts, Any], Properties]


@dataclass(frozen=True, kw_only=True)
class Extra:
    """A property that CloudFormation sets by a further call, after the resource is there."""

    property: str
    operation: str
    parameters: Further
    # The property is a list and each item is a call of its own.
    each: bool = False
    # Items for which no call is made.
    without: Callable[[Any], bool] = field(default=lambda _: False)


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """How resources of one CloudFormation type are made, and what they are called."""

    service: str
    # The boto3 method that makes it; None when only the extras do.
    operation: str | None
    reference: Text
    attributes: Mapping[str, Text] = field(default_factory=dict)
    # Attributes that take a call of their own.
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    # The property that gets a generated name when the template gives none, and how long a name may be.
    name: str | None = None
    name_length_max: int = 255
    # Properties whose parameter has another name.
    renames: Mapping[str, str] = field(default_factory=dict)
    # EC2 takes tags as a TagSpecification of this resource type.
    tag_specification: str | None = None
    # Changes the properties where a new name is not enough.
    adjust: Callable[[Properties, Creation], Properties] | None = None
    extras: tuple[Extra, ...] = ()
    # Properties that say nothing to the mock: moto has no place for them and nothing depends on them.
    inert: tuple[str, ...] = ()
    # The known properties, where there is no operation to tell.
    known: tuple[str, ...] = ()

    def make(self, creation: Creation) -> "Made":
        """Make the resource; raises `TemplateError` when its properties do not fit or AWS refuses them."""
        properties = dict(creation.properties)
        if self.name is not None and self.name not in properties:
            properties[self.name] = creation.generated_name(self.name_length_max)
        request, response = self._create(creation, properties)
        facts = Facts(stack=creation.stack, properties=properties, request=request, response=response)
        facts = Facts(**{**vars(facts), "reference": _render(self.reference, facts)})
        for extra in self.extras:
            if extra.property in properties:
                self._add(creation, extra, facts)
        looked_up = {name: lookup(creation, facts) for name, lookup in self.lookups.items()}
        return Made(resource_type=self, type_name=creation.type_name, facts=facts, looked_up=looked_up)

    def _create(self, creation: Creation, properties: Properties) -> tuple[Mapping[str, Any], Any]:
        further = [extra.property for extra in self.extras]
        own = {name: value for name, value in properties.items() if name not in (*further, *self.inert)}
        if self.operation is None:
            unknown = [name for name in own if name not in self.known]
            known = (*self.known, *dict.fromkeys(further))
            creation.problems.extend(
                f"{creation.where}.{name}: is not a known property{likely_meant(name, known)}; "
                f"known are {', '.join(known)}"
                for name in unknown
            )
            return own, {}
        if self.adjust is not None:
            own = self.adjust(own, creation)
        if self.tag_specification is not None and "Tags" in own:
            own["TagSpecifications"] = [{"ResourceType": self.tag_specification, "Tags": own.pop("Tags")}]
        renamed = {self.renames.get(name, name): value for name, value in own.items()}
        return creation.call(self.service, self.operation, renamed)

    def _add(self, creation: Creation, extra: Extra, facts: Facts) -> None:
        value = facts.properties[extra.property]
        for item in value if extra.each and isinstance(value, list) else [value]:
            if not extra.without(item):
                creation.call(self.service, extra.operation, extra.parameters(facts, item))


@dataclass(frozen=True, kw_only=True)
class Made:
    """A resource that is there."""

    resource_type: ResourceType
    type_name: str
    facts: Facts
    # The attributes that AWS was asked for.
    looked_up: Mapping[str, str]

    @property
    def reference(self) -> str:
        """What Ref returns."""
        return self.facts.reference

    def attribute(self, name: str) -> str:
        """Return what GetAtt *name* returns; raises `TemplateError` when the type has no such attribute."""
        if name in self.looked_up:
            return self.looked_up[name]
        text = self.resource_type.attributes.get(name)
        if text is None:
            known = ", ".join((*self.resource_type.attributes, *self.looked_up)) or "none"
            msg = f"{self.type_name} has no attribute {name!r} here; it has: {known}"
            raise TemplateError(msg)
        return _render(text, self.facts)
