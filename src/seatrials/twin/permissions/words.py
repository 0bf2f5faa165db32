"""How each service refuses a call that is not allowed.

Source: IAM User Guide, "Troubleshoot access denied error messages"; the error codes of each protocol are those of the
API references' "Common Errors", and UnauthorizedOperation that of EC2's.
"""

from typing import Any

from seatrials.twin.permissions.judge import Denial

# By the protocol of a service in botocore's model: the code, and the HTTP status.
_CODES = {
    "query": ("AccessDenied", 403),
    "rest-xml": ("AccessDenied", 403),
    "ec2": ("UnauthorizedOperation", 403),
    "rest-json": ("AccessDeniedException", 403),
    "json": ("AccessDeniedException", 400),
}
# CloudWatch kept its code when it got another protocol.
_OTHERWISE = {"cloudwatch": ("AccessDenied", 403)}


def refusal_of(denial: Denial, service_model: Any) -> tuple[str, str, int]:  # noqa: ANN401  # botocore's, without a type
    """Return the code, the sentence and the HTTP status with which a service, by botocore's model, says no."""
    by_protocol = _CODES.get(service_model.protocol, _CODES["json"])
    code, status = _OTHERWISE.get(service_model.service_name, by_protocol)
    return code, denial.sentence, status
