"""The exit codes of the errors that end a program: their order, and what the documents say of them."""

import re
import signal

import pytest

from seatrials import errors
from seatrials.errors import SeatrialsError
from tests.support.project import PROJECT

CLASSES = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, SeatrialsError)]
CODES = [each.exit_code for each in CLASSES]
# What a signal ends a program with: 128 and its number.
OF_SIGNALS = {
    signal.SIGHUP: errors.HUNG_UP,
    signal.SIGINT: errors.INTERRUPTED,
    signal.SIGTERM: errors.TERMINATED,
}


def told(page: str) -> list[int]:
    """Return the exit codes of our own in the first cells of a page's tables, those of a range excepted."""
    lines = (PROJECT / page).read_text(encoding="utf-8").splitlines()
    cells = [found[1] for line in lines if (found := re.match(r"\| (\d+(?:, \d+)*) \|", line))]
    return [int(code) for cell in cells for code in cell.split(", ") if int(code) >= min(CODES)]


def test_errors_stand_in_the_order_of_their_codes() -> None:
    """After the class of all, whoever looks for a code, or for a free one, finds it by counting."""
    assert CODES[1:] == sorted(CODES[1:])


def test_every_exit_code_is_told_once() -> None:
    """README.md and docs/live.md have every exit code of ours between them, and none that does not exist."""
    assert sorted(told("README.md") + told("docs/live.md")) == sorted([*CODES, *OF_SIGNALS.values()])


def test_a_signal_has_the_code_that_shells_give_it() -> None:
    """Whoever reads the code of a run that was cancelled reads 128 and the number of the signal."""
    assert [128 + number for number in OF_SIGNALS] == list(OF_SIGNALS.values())


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (64, errors.ConfigurationError),
        (70, errors.SeatrialsError),
        (90, errors.LeaseLostError),
        (92, errors.BudgetExceededError),
    ],
)
def test_the_codes_that_scripts_know_stay(code: int, error: type[SeatrialsError]) -> None:
    """Wrong use, a crash, a lost lease and a spent budget keep their codes."""
    assert error.exit_code == code


def test_the_readme_leads_to_the_codes_of_real_stacks() -> None:
    """The range that README.md leaves to docs/live.md is from the first code there to the last."""
    codes = told("docs/live.md")

    assert f"| {min(codes)} to {max(codes)} |" in (PROJECT / "README.md").read_text(encoding="utf-8")
