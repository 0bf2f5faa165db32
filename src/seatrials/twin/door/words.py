"""How each service says that a parameter breaks its model: its error code, and Coral's sentence.

Sources: "Common Errors" of each service's API Reference for the codes; the sentence is the one that AWS's services
answer with, all problems of a call together.
"""

from collections.abc import Sequence

from seatrials.twin.door.refusal import Refusal
from seatrials.twin.door.shapes import Problem

# Codes for a value out of bounds; the rest of the services say ValidationException.
_CODES = {
    "acm": "ValidationException",
    "autoscaling": "ValidationError",
    "cloudformation": "ValidationError",
    "cloudwatch": "ValidationError",
    "ec2": "InvalidParameterValue",
    "ecs": "InvalidParameterException",
    "efs": "BadRequest",
    "elb": "ValidationError",
    "elbv2": "ValidationError",
    "iam": "ValidationError",
    "logs": "InvalidParameterException",
    "s3": "InvalidArgument",
    "secretsmanager": "InvalidParameterException",
    "sns": "InvalidParameter",
    "sqs": "InvalidParameterValue",
    "sts": "ValidationError",
}
# Of EC2, which tells a parameter that is missing from one that is wrong.
_MISSING = {"ec2": "MissingParameter", "sqs": "MissingParameter", "cloudwatch": "MissingParameter"}
_VALUE_LENGTH_MAX = 100


def refusal_of(service: str, problems: Sequence[Problem]) -> Refusal:
    """Return the refusal of a call whose parameters have *problems*, of which there is at least one."""
    code = _CODES.get(service, "ValidationException")
    if problems[0].value is None:
        code = _MISSING.get(service, code)
    elif problems[0].is_structural:
        code = "SerializationException"
    count = len(problems)
    head = f"{count} validation error{'s' if count > 1 else ''} detected: "
    return Refusal(code, head + "; ".join(_sentence(each) for each in problems))


def _sentence(problem: Problem) -> str:
    value = "null" if problem.value is None else f"'{str(problem.value)[:_VALUE_LENGTH_MAX]}'"
    return f"Value {value} at '{problem.path}' failed to satisfy constraint: {problem.constraint}"
