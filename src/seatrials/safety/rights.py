"""Whether somebody's credentials allow what a run calls, asked of IAM's simulator before the first of these calls."""

from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from seatrials.environments.environment import Environment
from seatrials.errors import MissingPermissionError
from seatrials.rights.calls import Purpose
from seatrials.rights.policies import grants
from seatrials.rights.simulation import Question, Simulator, questions_of
from seatrials.safety.aws_errors import as_ours
from seatrials.safety.checks import Check
from seatrials.seams.application import AwsClient
from seatrials.seams.aws import error_code

# What IAM answers who may not ask it, and of whom it knows no policies, such as an account's root.
# Source: IAM API Reference, SimulatePrincipalPolicy, errors.
_CANNOT_TELL = {"AccessDenied", "InvalidInput", "NoSuchEntity", "ValidationError"}


def rights_check(environment: Environment, aws: Callable[[str], AwsClient]) -> Check:
    """Return what tells which actions the policies of the credentials lack; what it cannot tell is no problem."""
    return Check("rights of a run", lambda: _rights(environment, aws))


def _rights(environment: Environment, aws: Callable[[str], AwsClient]) -> str:
    try:
        questions, missing = _asked(environment, Simulator(aws))
    except ClientError as error:
        if error_code(error) in _CANNOT_TELL:
            return f"cannot tell, for IAM does not simulate the policies of these credentials: {error}"
        raise as_ours(error, "ask IAM what the credentials allow") from error
    except BotoCoreError as error:
        raise as_ours(error, "ask IAM what the credentials allow") from error
    if missing:
        told = "\n".join(map(str, missing))
        msg = (
            f"a run calls these, and the policies of its credentials do not allow them:\n{told}\n"
            f"give them what `seatrials policy {environment.name} --purpose run` writes"
        )
        raise MissingPermissionError(msg)
    return f"IAM allows all {len(questions)} that a run needs, each on its resource"


def _asked(environment: Environment, simulator: Simulator) -> tuple[list[Question], list[Question]]:
    """Return what was asked, and what of it is missing."""
    principal = simulator.principal()
    found = {"role": principal} if ":role/" in principal else {}
    questions = questions_of(grants(Purpose.RUN, environment), found)
    return questions, sorted(set(questions) - simulator.allowed(questions, principal))
