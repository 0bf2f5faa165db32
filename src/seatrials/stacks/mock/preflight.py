"""What keeps a mock from running at all, found before a worker is started and without importing moto."""

import shutil

from seatrials.environments.environment import Environment
from seatrials.environments.parts import Ports
from seatrials.environments.variables import cache_folder, read_variables
from seatrials.errors import MissingProgramError, TemplateError
from seatrials.stacks.base import StackNotes, StackOptions, template_of
from seatrials.twin.cloudformation.fidelity.telling import left_out_of, refuse_left_out
from seatrials.twin.cloudformation.inputs import read_inputs
from seatrials.twin.cloudformation.linting import lint
from seatrials.twin.cloudformation.template import load_template
from seatrials.twin.physics.network import check_ports
from seatrials.twin.scratch import remove_abandoned


def check(environment: Environment, options: StackOptions) -> StackNotes:
    """Raise for a missing git, a port that another program has, or a template that AWS would refuse.

    A template that uses what the twin leaves out is refused to who is strict.

    Whether it can be deployed is told by whoever deploys it.

    What killed runs have left on this machine is removed. Returns what a linter warns of, and what is left out.
    """
    remove_abandoned()
    path = template_of(environment, options)
    if not path.is_file():
        msg = f"there is no template {path}: give the path of a CloudFormation template (looked for {path.absolute()})"
        raise TemplateError(msg)
    check_machine(environment.ports)
    inputs = read_inputs(options.parameters, options.parameter_files, options.imports)
    template = load_template(path)
    report = lint(template, environment.region, cache_folder(read_variables(), "cfn-lint"))
    if report.errors:
        # Deploying it tells whatever else is wrong with it in the same message.
        from seatrials.stacks.mock.stacks import MockStacks  # noqa: PLC0415  # imports moto

        MockStacks(environment, options, report.errors).close()
    found = left_out_of(template, environment.region, inputs)
    if options.strict:
        refuse_left_out(template, found)
    return StackNotes(
        left_out=(*template.left_out_notes(), *map(str, found)),
        warnings=report.warnings,
    )


def check_machine(ports: Ports) -> None:
    """Raise for a missing git, or a port that another program has."""
    if shutil.which("git") is None:
        msg = "there is no `git` on the path, and scenarios look at the mock platform's workspaces with it: install git"
        raise MissingProgramError(msg)
    check_ports([ports.hermes, ports.edit_api, ports.edit_preview, ports.edit_hmr])
