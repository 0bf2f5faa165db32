"""What the twin does with each property of each resource type, as the tables beside this file say it.

A property *acts*: it changes what a world does, and the table names the test that shows it. Or it is *described*: AWS's
API answers it, and nothing that a scenario could see depends on it, for the reason that the table gives. Or it is *left
out*: AWS acts on it, in the words of the table, and the twin does not.

A property is named by its path, without the items of lists: `ContainerDefinitions.HealthCheck.Command`. What is said of
it holds for all that is within it, unless something is said of that itself. Attributes of load balancers, target groups
and listeners are properties, by their keys: `LoadBalancerAttributes.idle_timeout.timeout_seconds`. `PATH = VALUE ...`
speaks of these values alone, `PATH != VALUE ...` of all others; `*` stands for any text.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

from seatrials.twin.cloudformation.template import as_text

# Values that ask for nothing, so that nothing is left out.
_NOTHING = {"", "0", "disabled", "false", "none", "off"}


class Status(Enum):
    """What becomes of a property, or of an operation."""

    ACTS = "acts"
    DESCRIBED = "described"
    LEFT_OUT = "left_out"
    # Of operations alone.
    REFUSED = "refused"


@dataclass(frozen=True)
class Line:
    """One line of a table."""

    path: str
    status: Status
    # The test that shows it, why nothing depends on it, or what AWS does.
    says: str
    # `=` or `!=` these values; without them, whatever the value is.
    sign: str = ""
    values: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The property, and of which values the line speaks."""
        return " ".join([self.path, *filter(None, [self.sign]), *self.values])

    def speaks_of(self, value: object) -> bool:
        """Whether the line is about a property of this value; a list of texts is taken as one."""
        if not self.sign:
            return True
        text = " ".join(map(as_text, value)) if isinstance(value, list) else as_text(value)
        return any(fnmatchcase(text, each) for each in self.values) == (self.sign == "=")


class TypeTable:
    """The lines of one resource type."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = tuple(lines)
        self._by_path: dict[str, list[Line]] = {}
        # What speaks of some values comes before what speaks of all.
        for line in sorted(self.lines, key=lambda line: not line.sign):
            self._by_path.setdefault(line.path, []).append(line)
        self._in_any_case = {path.lower(): lines for path, lines in self._by_path.items()}

    def line_of(self, path: str, value: object = None, *, any_case: bool = False) -> Line | None:
        """Return what is said of a property, by itself or by what it is within; None when nothing is.

        In *any_case*, as the services themselves spell it.
        """
        by_path, own = (self._in_any_case if any_case else self._by_path), True
        path = path.lower() if any_case else path
        while path:
            for line in by_path.get(path, []):
                if not line.sign or (own and line.speaks_of(value)):
                    return line
            path, own = path.rpartition(".")[0], False
        return None


def asks_for_nothing(value: object) -> bool:
    """Whether a property of this value is as good as none."""
    return value is None or value in ([], {}) or (not isinstance(value, list | dict) and _is_nothing(value))


def _is_nothing(value: object) -> bool:
    return as_text(value).strip().lower() in _NOTHING


@cache
def tables() -> Mapping[str, TypeTable]:
    """Return the table of each resource type, by its name."""
    found = [each for each in files(__package__).iterdir() if each.name.endswith(".toml")]
    documents = [tomllib.loads(each.read_text("utf-8")) for each in sorted(found, key=lambda each: each.name)]
    return {name: TypeTable(_lines(sections)) for document in documents for name, sections in document.items()}


def _lines(sections: Mapping[str, Mapping[str, str]]) -> Iterable[Line]:
    for name, lines in sections.items():
        for key, says in lines.items():
            path, sign, *values = [*key.split(), ""]
            yield Line(path, Status(name), says, sign, tuple(filter(None, values)))
