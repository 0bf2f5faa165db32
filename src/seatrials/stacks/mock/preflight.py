"""What keeps a mock from running at all, found before a worker is started and without importing moto."""

import shutil

from seatrials.environments.environment import Environment
from seatrials.environments.parts import Ports
from seatrials.errors import MissingProgramError, TemplateError
from seatrials.stacks.base import StackOptions, template_of
from seatrials.twin.physics.network import check_ports
from seatrials.twin.scratch import remove_abandoned


def check(environment: Environment, options: StackOptions) -> None:
    """Raise for a missing git, a port that another program has, or a template that is not there.

    Whether the template can be deployed is told by whoever deploys it.
    What killed runs have left on this machine is removed.
    """
    remove_abandoned()
    template = template_of(environment, options)
    if not template.is_file():
        msg = f"there is no template {template}: give the path of a CloudFormation template"
        raise TemplateError(msg)
    check_machine(environment.ports)


def check_machine(ports: Ports) -> None:
    """Raise for a missing git, or a port that another program has."""
    if shutil.which("git") is None:
        msg = "there is no `git` on the path, and scenarios look at the mock platform's workspaces with it: install git"
        raise MissingProgramError(msg)
    check_ports([ports.hermes, ports.edit_api, ports.edit_preview, ports.edit_hmr])
