"""What makes moto quick and corrects nothing: take it away, and every trace stays the same to the last byte.

- `answers`, with `parameters`: a call goes to moto's own method for it, without an HTTP message in between;
- `memory`: reads that nothing has changed since are not made again, nor in the next world;
- `repeated_work`: moto's DynamoDB parses an expression once, and copies what can change only;
- `backends`: moto finds its backends as in a dictionary;
- `loading`: botocore's models and endpoints are read once, where moto reads them anew.

Without the first a run takes more than twice its processor time, without each of the others about a tenth more.

One switch for all of it, for moto's functions are replaced for the life of a process: `moto_running(plain=True)` leaves
this package alone, and so does a run with the variable SEATRIALS_PLAIN_MOTO=1. `twin/moto_bridge/control_plane.py` is
the one that imports it. tests/unit/twin/moto_bridge/quick holds each part against what it stands for, and the traces of
whole scenarios with and without.

Private names of moto, each for want of a public one: `ConditionExpressionParser._lex_condition_expression`, which is
the part of its parser that takes the time.
"""

from seatrials.twin.moto_bridge.quick import loading

loading.import_ec2()

# These import moto's EC2 too.
from seatrials.twin.moto_bridge.quick.backends import find_backends_at_once  # noqa: E402
from seatrials.twin.moto_bridge.quick.repeated_work import spare_dynamodb  # noqa: E402
from seatrials.twin.moto_bridge.quick.shortcuts import QuickAnswers  # noqa: E402

__all__ = ["QuickAnswers", "make_quick"]


def make_quick() -> None:
    """Make moto quick in this process, for the rest of its life."""
    spare_dynamodb()
    find_backends_at_once()
