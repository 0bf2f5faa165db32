"""Tests of the commands: what a session of nox makes of its arguments."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from tests.support.noxfile import calls_of, noxfile, sessions


def command(*arguments: str) -> list[str]:
    """Return the command that `nox -s mock -- ARGUMENTS` ends with."""
    ran: list[list[str]] = []
    session = SimpleNamespace(posargs=[*arguments], run=lambda *words, **_: ran.append([*words]))
    noxfile()["run_scenarios"](session, "mock")
    return ran[0]


@pytest.mark.parametrize(("arguments", "is_quiet"), [((), True), (("-k", "idle"), True), (("-v",), False)])
def test_who_asks_for_more_is_told_more(arguments: tuple[str, ...], *, is_quiet: bool) -> None:
    """A -v is not outweighed by the session's own -q: then a failure would show no traceback, as the README says."""
    assert ("-q" in command(*arguments)) == is_quiet


@pytest.mark.parametrize(
    ("arguments", "paths", "others"),
    [
        ("", ["tests/integration"], []),
        ("routing -n 0", ["tests/integration/test_routing.py"], ["-n", "0"]),
        ("--stack x -v load -n0 models", [f"tests/integration/test_{each}.py" for each in ("load", "models")], None),
        ("-k routing --seed=7 load", ["tests/integration/test_load.py"], ["-k", "routing", "--seed=7"]),
        ("tests/integration/test_load.py::test_x -n 0", ["tests/integration/test_load.py::test_x"], ["-n", "0"]),
    ],
)
def test_suites_and_paths_are_run_alone_wherever_they_stand(
    arguments: str, paths: list[str], others: list[str] | None
) -> None:
    """A second suite found no scenario, and a path beside the folder of all scenarios ran all of them."""
    words = command(*arguments.split())
    ends_with = ["--stack", "x", "-v", "-n0"] if others is None else others

    assert words[3 : words.index("--environment")] == paths
    assert words[len(words) - len(ends_with) :] == ends_with


def test_a_suite_that_does_not_exist_is_told() -> None:
    """With workers pytest finds no test in a file that is not there, and does not say why."""
    session = SimpleNamespace(posargs=["coldstart"], error=Mock(side_effect=RuntimeError))

    with pytest.raises(RuntimeError):
        noxfile()["run_scenarios"](session, "mock")
    assert "no suite is called 'coldstart': there are cold_start, concurrency, " in session.error.call_args.args[0]


@pytest.mark.parametrize("name", sorted(sessions()))
def test_what_gives_something_back_is_not_killed_at_ctrl_c(name: str) -> None:
    """Half a second after Ctrl-C is when nox kills a command, and a run needs seconds to give a stack back."""
    calls = calls_of(name, [])
    waited_for = [words for words, options in calls if options.get("interrupt_timeout", 0.3) is None]

    assert [words for words, _ in calls if "pytest" in words or {"seatrials", "seatrials.cli"} & {*words}] == waited_for
