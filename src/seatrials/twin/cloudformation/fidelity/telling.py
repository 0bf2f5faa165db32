"""What a template uses and the twin leaves out, as it is told at a deployment, and refused to who is strict."""

from collections.abc import Iterator, Mapping

from seatrials.errors import TemplateError
from seatrials.twin.cloudformation.fidelity.usage import LeftOut, left_out
from seatrials.twin.cloudformation.inputs import NO_INPUTS, Inputs
from seatrials.twin.cloudformation.intrinsics import Resolver, Stack
from seatrials.twin.cloudformation.parameters import parameter_values
from seatrials.twin.cloudformation.rules.declarations import Declared, reference
from seatrials.twin.cloudformation.template import Template

# Metadata of the CDK is nothing that AWS would act on.
_HARMLESS = "AWS::CDK::Metadata"


def left_out_of(template: Template, region: str, inputs: Inputs = NO_INPUTS) -> list[LeftOut]:
    """Return what *template* uses and the twin leaves out, each property of each resource once.

    Whatever is wrong with the template is told by who deploys it.
    """
    values, _ = parameter_values(template, inputs)
    resolver = Resolver(
        template=template,
        parameters=values,
        stack=Stack(name="webordinary", region=region, account="123456789012"),
        imports=inputs.imports,
        zones=lambda name: [f"{name}{letter}" for letter in "abc"],
        reference=reference,
    )
    return left_out(_declared(template, resolver))


def refuse_left_out(template: Template, found: list[LeftOut]) -> None:
    """Raise one `TemplateError` that lists all that is left out of *template*, if anything is."""
    types = [f"{name} ({kind}): left out" for name, kind in template.left_out.items() if kind != _HARMLESS]
    if found or types:
        lines = "\n- ".join([*types, *map(str, found)])
        msg = f"the template uses what the twin leaves out, which --strict does not allow:\n- {lines}"
        raise TemplateError(msg)


def _declared(template: Template, resolver: Resolver) -> Iterator[Declared]:
    for each in template.resources.values():
        if each.condition is None or resolver.holds(each.condition, each.logical_id):
            properties = resolver.resolve(each.properties, each.logical_id)
            yield Declared(each.logical_id, each.type, properties if isinstance(properties, Mapping) else {})
