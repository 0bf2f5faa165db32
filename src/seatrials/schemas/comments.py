"""What the comment above a field says of it: schemas and pages say the same, and nothing is written twice.

Docstrings of fields would be pydantic's own way, but pydantic reads them whenever a module is imported, which takes
every command half a second; here the source is read when a schema or a page is made.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator


def comments_of(described: type) -> dict[str, str]:
    """Return what the comment right above each field, or member of an enumeration, says, by the name of the field.

    Classes that *described* inherits from count too; a field without a comment of its own is left out.
    """
    found: dict[str, str] = {}
    for base in reversed(described.__mro__):
        if base.__module__.partition(".")[0] == __name__.partition(".")[0]:
            found |= dict(_of_source(textwrap.dedent(inspect.getsource(base))))
    return found


def _of_source(source: str) -> Iterator[tuple[str, str]]:
    lines = source.splitlines()
    for statement in ast.parse(source).body[0].body:  # type: ignore[attr-defined]  # the source of a class is a class
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        said = _above(lines, statement.lineno - 1)
        if isinstance(target, ast.Name) and said:
            yield target.id, said


def _above(lines: list[str], index: int) -> str:
    """Return the comment that ends right above the line of *index*, as one line."""
    said: list[str] = []
    while index > 0 and (line := lines[index - 1].strip()).startswith("#"):
        said.insert(0, line.removeprefix("#").strip())
        index -= 1
    return " ".join(said)
