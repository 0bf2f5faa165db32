"""What became of a row of the catalogue in one run."""

from enum import StrEnum


class CellOutcome(StrEnum):
    """What became of one row in one environment."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"
    # The process that ran it ended before it did, or the run did.
    CRASHED = "crashed"
    # It failed while its world was late, which may be why.
    CANNOT_TELL = "cannot tell"
    # A promise that it builds on was broken, which another row tells.
    NOT_ASKED = "not asked"
    # It has more than one result in the run, so that its pass is not the first answer.
    RETRIED = "retried"
    # Not required there, and not run there.
    NOT_REQUIRED = "not required"
