"""The page of the options that a run of scenarios takes, as the plugin declares them to pytest."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from seatrials.reference.markdown import code, table
from seatrials.run import load
from seatrials.run.options import add_options

if TYPE_CHECKING:  # nothing runs here
    import pytest

_PREFACE = """\
# Options of a run

What `python -m pytest tests/integration` takes beside pytest's own options, and so what may follow the `--` of
`nox -s mock --`, `nox -s rehearse --` and `nox -s live-staging --`.
A value of the configuration stands in `[tool.pytest]` of `pyproject.toml`.
"""


@dataclass
class _Listener:
    """Hears what a plugin declares, in pytest's place."""

    options: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    settings: list[tuple[str, str]] = field(default_factory=list)

    def getgroup(self, *_of: str) -> "_Listener":
        return self

    def addoption(self, name: str, **attributes: Any) -> None:  # noqa: ANN401  # argparse's
        self.options.append((name, attributes))

    def addini(self, name: str, help: str, **_attributes: Any) -> None:  # noqa: A002, ANN401  # pytest's names
        self.settings.append((name, help))


def options() -> str:
    """Return the page."""
    listener = _Listener()
    parser = cast("pytest.Parser", listener)
    add_options(parser)
    load.pytest_addoption(parser)
    return "\n".join(
        [
            _PREFACE,
            *table(("option", "what it says"), [_row(*each) for each in listener.options]),
            *table(("configuration", "what it says"), [(code(name), said) for name, said in listener.settings]),
        ]
    )


def _row(name: str, attributes: dict[str, Any]) -> tuple[str, str]:
    choices = "; one of " + ", ".join(attributes["choices"]) if "choices" in attributes else ""
    repeated = " (may be repeated)" if attributes.get("action") == "append" else ""
    is_flag = attributes.get("action") == "store_true"
    value = "" if is_flag else f" {attributes.get('metavar', 'N')}"
    return code(f"{name}{value}"), f"{attributes['help']}{choices}{repeated}"
