"""Every error of seatrials, each with its exit code.

0, 1 and 2 belong to verdicts (go, no-go, cannot tell) and to pytest; an error of our own exits with 64 or above.
"""


class SeatrialsError(Exception):
    """Something a person must mend; the text says what happened, the value seen, and what to do."""

    exit_code = 70


class ConfigurationError(SeatrialsError):
    """A configuration file or option is wrong; the text lists every problem found."""

    exit_code = 64


class TemplateError(SeatrialsError):
    """A CloudFormation template cannot be deployed; the text names the resource and the reason."""

    exit_code = 65


class MissingProgramError(SeatrialsError):
    """A program that the run needs is not on the path."""

    exit_code = 69


class PortInUseError(SeatrialsError):
    """Something else listens where the twin must listen."""

    exit_code = 71


class UnknownHostError(SeatrialsError, ConnectionError):
    """Nothing in the world answers to a name or address."""

    exit_code = 72


class StalledError(SeatrialsError):
    """Virtual time cannot move: every actor waits and nothing is due."""

    exit_code = 73


class NothingRanError(SeatrialsError):
    """A run selected no scenario, so it proves nothing."""

    exit_code = 74


class ServerError(SeatrialsError):
    """A server of the platform does not start, or does not end in order; the text has what it said."""

    exit_code = 78


class WaitTimeoutError(AssertionError):
    """What a scenario waited for did not happen in time; the text explains what was seen instead."""


class FatalStateError(AssertionError):
    """What a scenario waits for can no longer happen; the text says why."""
