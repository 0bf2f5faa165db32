"""Every error that ends a program, by exit code after the class of all, and four that only end a scenario.

0, 1 and 2 belong to verdicts (go, no-go, cannot tell) and to pytest; an error of our own exits with 64 or above, and
what a signal ended with 128 and the signal's number.
README.md and docs/live.md say of each code what to do.
"""

# A signal ended the program: 128 and its number, as shells say it.
HUNG_UP = 129
INTERRUPTED = 130
TERMINATED = 143


def exit_code_of(returncode: int) -> int:
    """Return the exit code for what `subprocess` says of a process that ended, which for a signal is its negative."""
    return 128 - returncode if returncode < 0 else returncode


class SeatrialsError(Exception):
    """Something a person must mend; the text says what happened, the value seen, and what to do."""

    exit_code = 70


class ConfigurationError(SeatrialsError):
    """A configuration file or option is wrong; the text lists every problem found."""

    exit_code = 64


class TemplateError(SeatrialsError):
    """A CloudFormation template cannot be deployed; the text names the resource and the reason."""

    exit_code = 65


class TwinFailureError(SeatrialsError):
    """An actor of the twin raised what nobody expected; the text names actor, resource, property and place."""

    exit_code = 66


class TooLateError(SeatrialsError):
    """Rows failed while the world or the run was late, and none else did: nobody can tell what that means."""

    exit_code = 67


class NotificationError(SeatrialsError):
    """Somebody was not told of a decision; the verdict is as it was."""

    exit_code = 68


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


class SignatureError(SeatrialsError):
    """A signature does not verify: what it stands beside was changed, or somebody signed who is not trusted."""

    exit_code = 75


class ReportError(SeatrialsError):
    """The Allure report cannot be made, or would load something from elsewhere."""

    exit_code = 76


class EvidenceError(SeatrialsError):
    """Something is no evidence that can be read, or evidence cannot be written."""

    exit_code = 77


class ServerError(SeatrialsError):
    """A server of the platform does not start, or does not end in order; the text has what it said."""

    exit_code = 78


class UnsignedError(SeatrialsError):
    """Something that was to be verified is unsigned, and all that is signed verifies."""

    exit_code = 79


class CredentialsError(SeatrialsError):
    """There are no credentials for AWS, or AWS does not take them."""

    exit_code = 80


class WrongAccountError(SeatrialsError):
    """The credentials belong to another account than the environment's."""

    exit_code = 81


class WrongRegionError(SeatrialsError):
    """The shell or the profile is set to another region than the environment's."""

    exit_code = 82


class RedirectedError(SeatrialsError):
    """AWS's endpoints are replaced by others, though the environment is no rehearsal."""

    exit_code = 83


class UnreachableError(SeatrialsError):
    """AWS or the load balancer cannot be reached."""

    exit_code = 84


class CertificateError(SeatrialsError):
    """A certificate is not the one that the environment trusts."""

    exit_code = 85


class MissingResourceError(SeatrialsError):
    """A resource that the environment names is not there."""

    exit_code = 86


class MissingPermissionError(SeatrialsError):
    """The credentials may not do what a run needs."""

    exit_code = 87


class NotConfirmedError(SeatrialsError):
    """The environment wants to be confirmed, and was not."""

    exit_code = 88


class LeaseHeldError(SeatrialsError):
    """Another run has the stack."""

    exit_code = 89


class LeaseLostError(SeatrialsError):
    """This run no longer has the stack, so it may change nothing more."""

    exit_code = 90


class RefusedWriteError(SeatrialsError):
    """A call would change what this run may not touch; it was not made."""

    exit_code = 91


class BudgetExceededError(SeatrialsError):
    """The run has cost as much, or taken as long, as it may."""

    exit_code = 92


class LeftoversError(SeatrialsError):
    """Something of a run is still on the stack."""

    exit_code = 93


class AwsError(SeatrialsError):
    """AWS refused a call for a reason that has no error of its own here."""

    exit_code = 94


class WrongClockError(SeatrialsError):
    """The clock of this machine is so far from AWS's that rows could not compare their moments."""

    exit_code = 95


class NotRunHereError(Exception):
    """A scenario cannot be run here and now, which is no failure of the platform; the text says why, for evidence."""


class WaitTimeoutError(AssertionError):
    """What a scenario waited for did not happen in time; the text explains what was seen instead."""


class FatalStateError(AssertionError):
    """What a scenario waits for can no longer happen; the text says why."""


class BrokenPromiseError(AssertionError):
    """What a scenario waits for needs a promise that the platform has broken.

    *row* is the one that asks for it, and *about* are all rows whose sentences are about it.
    """

    def __init__(self, text: str, row: str, about: frozenset[str]) -> None:
        super().__init__(text)
        self.row = row
        self.about = about
