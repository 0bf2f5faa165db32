"""What is noted of code that runs: in a process of its own, for a tracer stays until the end."""

import json
import subprocess
import sys
from pathlib import Path

MODULE = """import json

def outer(path):
    def inner():
        return 1
    return inner

def pick():
    return lambda: 2

def never():
    return 3

class Thing:
    def read(self, path):
        "Read it."
        with open(path) as file:
            return file.read()
"""
SCRIPT = """import json, sys
from pathlib import Path
from seatrials.affected.tracer import TRACER
TRACER.start(Path(sys.argv[1]))
sys.path.insert(0, sys.argv[1])
import module
{steps}
print(json.dumps(sorted(TRACER.take())))
"""


def ran(folder: Path, *steps: str) -> list[list[str]]:
    """Return what was noted of a module that was imported, and of *steps* with it."""
    (folder / "module.py").write_text(MODULE)
    (folder / "data.txt").write_text("data")
    script = SCRIPT.format(steps="\n".join(steps))
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, check=True)  # noqa: S603  # the test's own words
    found: list[list[str]] = json.loads(done.stdout)
    return found


def test_a_module_and_its_functions_are_noted(tmp_path: Path) -> None:
    """An import notes the rest of a file; a call notes its function, and nothing notes what did not run."""
    assert ran(tmp_path, "module.pick()") == [["module.py", "<module>"], ["module.py", "pick:1"]]


def test_what_was_made_earlier_is_noted_when_it_runs(tmp_path: Path) -> None:
    """An inner function or lambda that runs later is noted as the function that it belongs to."""
    found = ran(tmp_path, "made = module.outer(''), module.pick()", "TRACER.take()", "[each() for each in made]")

    assert found == [["module.py", "outer:1"], ["module.py", "pick:1"]]


def test_a_file_that_is_read_is_noted(tmp_path: Path) -> None:
    """Reading a file below the root is noted, and writing one is not."""
    found = ran(tmp_path, "path = sys.argv[1]", "module.Thing().read(path + '/data.txt')", "open(path + '/new', 'w')")

    assert ["data.txt", "<file>"] in found
    assert [path for path, _ in found] == ["data.txt", "module.py", "module.py"]


def test_the_docstring_of_a_function_stays(tmp_path: Path) -> None:
    """A note stands behind the docstring, which mutants and commands show."""
    assert ran(tmp_path, "assert module.Thing.read.__doc__ == 'Read it.'") == [["module.py", "<module>"]]


def test_nothing_compiled_is_left_behind(tmp_path: Path) -> None:
    """Compiled files with notes would break every later run that has no tracer."""
    ran(tmp_path, "module.pick()")

    assert list(tmp_path.rglob("*.pyc")) == []
