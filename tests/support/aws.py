"""Names for what boto3 gives and takes: it makes its clients at run time, so that no type can tell them."""

from collections.abc import Callable
from typing import Any

from seatrials.seams.application import AwsClient

# Returns the client of a service.
Clients = Callable[[str], AwsClient]
# What a call takes or answers, whole or in part: the service's model says what it must be.
Json = Any
Document = dict[str, Json]
