"""The pages that are one list each: exit codes, capabilities, marks."""

from collections.abc import Iterator

from seatrials import errors
from seatrials.environments.capabilities import Capability
from seatrials.environments.scopes import COLUMNS, SCOPES
from seatrials.errors import SeatrialsError
from seatrials.reference.markdown import code, first_paragraph, table
from seatrials.run.marks import MARKS
from seatrials.schemas.comments import comments_of

_EXIT_CODES = """\
# Exit codes

What `seatrials` and `python -m pytest tests/integration` end with.
Up to 4 they are a verdict or pytest's own; from 64 on each has one meaning, and the text on standard error says what
to do. `nox` ends with 1 whenever one of its sessions fails.

What to do about each is told in `README.md` and, for real stacks, in [live.md](../live.md#at-3-am).
"""
_CAPABILITIES = """\
# Capabilities

What an environment lets scenarios do, beyond using the platform as its users do: `capabilities` of
[its table](environments.md). [environments.md](../environments.md#capabilities) says how a scenario asks for one, and
what becomes of a row that needs one which is not there.
"""
_MARKS = """\
# Marks

What stands above a scenario as `@pytest.mark.…`; [writing-scenarios.md](../writing-scenarios.md) shows them in use, and
`pytest --markers` lists them.
"""
_VERDICTS = (
    ("0", "every scenario passed; of `seatrials gate`: GO"),
    ("1", "some scenario failed; of `seatrials gate`: NO-GO; of others: something differs, survived or was found"),
    ("2", "of pytest: Ctrl-C, or a file that cannot be collected; of `seatrials gate`: CANNOT TELL"),
    ("3", "of pytest: an error of pytest or of a plugin"),
    ("4", "of pytest: wrong use, such as a scenario whose marks are wrong"),
)
_SIGNALS = (
    (str(errors.HUNG_UP), "SIGHUP ended it, as when its terminal is closed"),
    (str(errors.INTERRUPTED), "Ctrl-C ended a command of `seatrials`"),
    (str(errors.TERMINATED), "SIGTERM ended it, as when CI cancels a job"),
)


def exit_codes() -> str:
    """Return the page of exit codes, by the classes of errors that have them."""
    of_errors = sorted((each.exit_code, each) for each in _errors())
    rows = [(str(number), code(each.__name__), first_paragraph(each.__doc__)) for number, each in of_errors]
    plain = [[(number, "", said) for number, said in group] for group in (_VERDICTS, _SIGNALS)]
    return "\n".join([_EXIT_CODES, *table(("exit code", "error", "meaning"), [*plain[0], *rows, *plain[1]])])


def capabilities() -> str:
    """Return the page of capabilities."""
    said = comments_of(Capability)
    return "\n".join(
        [_CAPABILITIES, *table(("capability", "with it"), [(code(each), said[each.name]) for each in Capability])]
    )


def marks() -> str:
    """Return the page of marks, and where the rows of each run."""
    told = [each.partition(": ") for each in MARKS]
    places = [
        (code(each.mark), *("yes" if name in each.columns else "" for name in COLUMNS)) for each in SCOPES.values()
    ]
    return "\n".join(
        [
            _MARKS,
            *table(("mark", "meaning"), [(code(mark), said) for mark, _, said in told]),
            "Each scenario has exactly one of these, which says on which environments its row is required:",
            "",
            *table(("mark", *COLUMNS), places),
        ]
    )


def _errors() -> Iterator[type[SeatrialsError]]:
    return (each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, SeatrialsError))
