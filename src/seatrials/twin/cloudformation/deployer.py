"""A template made real on whatever `aws` talks to, resource by resource in the order of their needs.

moto's own CloudFormation drops what the scenarios are about (load balancers of a service, TTL, scaling policies,
alarms), so the deployer makes each resource by the service's own call. It goes through the template twice: first on
paper, where nothing is sent and every fault is collected, then on AWS.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from seatrials.errors import TemplateError
from seatrials.seams.application import AwsClient
from seatrials.twin.cloudformation.assertions import failed_assertions
from seatrials.twin.cloudformation.inputs import NO_INPUTS, Inputs
from seatrials.twin.cloudformation.intrinsics import PENDING, Resolver, Stack
from seatrials.twin.cloudformation.parameters import parameter_values
from seatrials.twin.cloudformation.resources import RESOURCE_TYPES, Creation, Made
from seatrials.twin.cloudformation.rules import RULES, Declarations, Declared, Rule, broken
from seatrials.twin.cloudformation.rules.declarations import reference
from seatrials.twin.cloudformation.template import Resource, Template, as_text, raise_problems


@dataclass(frozen=True, kw_only=True)
class DeployedStack:
    """What a deployment made."""

    # What Ref says of each resource, by its logical id.
    physical_ids: Mapping[str, str]
    outputs: Mapping[str, str]
    name: str
    stack_id: str
    # The types of the resources by logical id, the values of the parameters as text, and the outputs by export name.
    types: Mapping[str, str]
    parameters: Mapping[str, str]
    exports: Mapping[str, str]


def deploy(  # noqa: PLR0913  # what, where, with what, and judged by what, each named
    template: Template,
    aws: Callable[[str], AwsClient],
    *,
    stack_name: str,
    region: str,
    account: str,
    inputs: Inputs = NO_INPUTS,
    found: Iterable[str] = (),
    rules: Iterable[Rule] = RULES,
) -> DeployedStack:
    """Make every resource of *template* with the clients of *aws*, a function from service name to boto3 client.

    *found* is what a linter has against it, to be told with the rest; *rules* are what it must not break. Raises
    `TemplateError` with everything that is wrong before the first call is sent, or naming the resource that AWS
    refused.
    """
    stack = Stack(name=stack_name, region=region, account=account)
    raise_problems("the template cannot be deployed", [*found, *problems_of(template, aws, stack, inputs, rules)])
    values, _ = parameter_values(template, inputs)
    deployment = _Deployment(_resolver(template, aws, stack, inputs, values), aws, on_paper=False)
    return deployment.run(deployment.order())


def problems_of(
    template: Template,
    aws: Callable[[str], AwsClient],
    stack: Stack,
    inputs: Inputs = NO_INPUTS,
    rules: Iterable[Rule] = RULES,
) -> list[str]:
    """Return everything that is wrong with *template*, found without making anything of it.

    Raises `TemplateError` for resources that need one another in a circle.
    """
    values, problems = parameter_values(template, inputs)
    resolver = partial(_resolver, template, aws, stack, inputs, values)
    on_paper = _Deployment(resolver(), aws, on_paper=True)
    order = on_paper.order()
    on_paper.run(order)
    failed = failed_assertions(template, resolver())
    return [*problems, *failed, *on_paper.problems, *broken(_declarations(order, resolver()), rules)]


def _resolver(
    template: Template,
    aws: Callable[[str], AwsClient],
    stack: Stack,
    inputs: Inputs,
    values: Mapping[str, Any],
) -> Resolver:
    @cache
    def zones(region: str) -> list[str]:
        filters = [{"Name": "region-name", "Values": [region]}]
        answer = aws("ec2").describe_availability_zones(Filters=filters)
        return [str(zone["ZoneName"]) for zone in answer["AvailabilityZones"]]

    return Resolver(template=template, parameters=values, stack=stack, imports=inputs.imports, zones=zones)


def _declarations(order: Iterable[Resource], resolver: Resolver) -> Declarations:
    """Return the resources as the rules see them; what cannot be resolved is reported by the deployment on paper."""
    resolver.reference = reference
    resolved = ((each, resolver.resolve(each.properties, each.logical_id)) for each in order)
    return Declarations(
        Declared(each.logical_id, each.type, properties if isinstance(properties, Mapping) else {})
        for each, properties in resolved
    )


class _Deployment:
    """One way through a template."""

    def __init__(self, resolver: Resolver, aws: Callable[[str], AwsClient], *, on_paper: bool) -> None:
        self.problems = resolver.problems
        self._template = resolver.template
        self._resolver = resolver
        self._aws = aws
        self._on_paper = on_paper
        self._made: dict[str, Made | None] = {}
        resolver.reference = self._reference

    def order(self) -> list[Resource]:
        """Return the resources that the conditions leave in, each after all that it needs."""
        resources = [
            resource
            for resource in self._template.resources.values()
            if resource.condition is None or self._resolver.holds(resource.condition, resource.logical_id)
        ]
        needs = {resource.logical_id: self._needs(resource) for resource in resources}
        ordered: dict[str, None] = {}
        for logical_id in needs:
            self._visit(logical_id, needs, (), ordered)
        return [self._template.resources[logical_id] for logical_id in ordered]

    def run(self, order: list[Resource]) -> DeployedStack:
        """Make the resources and return what they are called."""
        for resource in order:
            self._made[resource.logical_id] = self._make(resource)
        stack, outputs = self._resolver.stack, self._outputs()
        values = self._resolver.parameters
        return DeployedStack(
            physical_ids={name: made.reference for name, made in self._made.items() if made is not None},
            outputs=outputs,
            name=stack.name,
            stack_id=str(stack.pseudo_parameters["AWS::StackId"]),
            types={resource.logical_id: resource.type for resource in order},
            parameters={
                name: ",".join(value) if isinstance(value, list) else as_text(value) for name, value in values.items()
            },
            exports=self._exports(outputs),
        )

    def _exports(self, outputs: Mapping[str, str]) -> dict[str, str]:
        exported = {name: self._template.outputs[name].get("Export") for name in outputs}
        return {
            as_text(self._resolver.resolve(export.get("Name"), f"output {name}.Export.Name")): outputs[name]
            for name, export in exported.items()
            if isinstance(export, Mapping)
        }

    def _needs(self, resource: Resource) -> list[str]:
        known = {*self._template.resources, *self._template.left_out}
        unknown = [each for each in resource.depends_on if each not in known]
        self.problems.extend(f"{resource.logical_id}: DependsOn names no resource: {name!r}" for name in unknown)
        return [*resource.depends_on, *self._resolver.references(resource.properties)]

    def _visit(
        self, logical_id: str, needs: Mapping[str, list[str]], path: tuple[str, ...], ordered: dict[str, None]
    ) -> None:
        if logical_id in ordered or logical_id not in needs:
            return
        if logical_id in path:
            cycle = " -> ".join((*path[path.index(logical_id) :], logical_id))
            msg = f"resources need one another in a circle: {cycle}; take one reference out"
            raise TemplateError(msg)
        for needed in needs[logical_id]:
            self._visit(needed, needs, (*path, logical_id), ordered)
        ordered[logical_id] = None

    def _make(self, resource: Resource) -> Made | None:
        resource_type = RESOURCE_TYPES.get(resource.type)
        if resource_type is None:
            self.problems.append(f"{resource.logical_id}: the resource type {resource.type} is not supported")
            # Said once, however often it is appended: `raise_problems` drops what repeats.
            self.problems.append(f"the supported resource types are {', '.join(RESOURCE_TYPES)}")
            return None
        properties = self._resolver.resolve(resource.properties, f"{resource.logical_id} ({resource.type})")
        if not isinstance(properties, Mapping):
            self.problems.append(f"{resource.logical_id} ({resource.type}): Properties must be a mapping")
            return None
        creation = Creation(
            logical_id=resource.logical_id,
            type_name=resource.type,
            properties=properties,
            stack=self._resolver.stack,
            aws=self._aws,
            on_paper=self._on_paper,
            problems=self.problems,
        )
        try:
            return resource_type.make(creation)
        except TemplateError as error:
            if not self._on_paper:
                raise
            self.problems.append(str(error))
            return None

    def _outputs(self) -> dict[str, str]:
        outputs: dict[str, str] = {}
        for name, output in self._template.outputs.items():
            where = f"output {name}"
            condition = output.get("Condition")
            if condition is None or self._resolver.holds(str(condition), where):
                outputs[name] = as_text(self._resolver.resolve(output.get("Value"), where))
        return outputs

    def _reference(self, logical_id: str, attribute: str | None) -> str:
        made = self._made.get(logical_id)
        if made is None:
            # Its own fault is reported already.
            return PENDING
        return made.reference if attribute is None else made.attribute(attribute)
