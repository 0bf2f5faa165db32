"""Tests of the folders that go with their process, whatever ends it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from seatrials.twin.scratch import TASK_ROOT, OwnedFolder, remove_abandoned

# A process that owns the folder it is told, with something in it, for as long as it lives.
_OWNER = """
import sys
from pathlib import Path
from seatrials.twin.scratch import OwnedFolder
folder = OwnedFolder(Path(sys.argv[1]))
(folder.path / "efs").mkdir()
(folder.path / "efs" / "a.txt").write_text("x")
print("owned", flush=True)
sys.stdin.read()
"""

# A process that is interrupted at one line of the making or the removing of a folder, whose number it is told.
_INTERRUPTED = """
import sys, tempfile
from pathlib import Path
from seatrials.twin import scratch
scratch.MEMORY = Path(sys.argv[1], "none")
tempfile.tempdir = sys.argv[1]
left = int(sys.argv[2])
def count(frame, event, argument):
    global left
    if frame.f_code.co_filename != scratch.__file__ or frame.f_code.co_name == "remove_own_scratch":
        return None
    left -= event == "line"
    if left == 0:
        sys.settrace(None)
        raise KeyboardInterrupt
    return count
sys.settrace(count)
try:
    folder = scratch.scratch_folder()
    (folder.path / "a.txt").write_text("x")
    folder.remove()
finally:
    sys.settrace(None)
    print(left, flush=True)
"""


@contextmanager
def owner_of(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Give a living process that owns *folder*, and kill it at the end."""
    folder.mkdir()
    command = [sys.executable, "-c", _OWNER, str(folder)]
    process = subprocess.Popen(  # noqa: S603  # this Python
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "owned\n"
        yield process
        process.kill()


def test_what_a_killed_process_leaves_is_removed(tmp_path: Path) -> None:
    """After SIGKILL of its owner a folder goes with the next start, and with all that is in it."""
    folder = tmp_path / "seatrials-killed"
    with owner_of(folder) as process:
        process.kill()
        process.wait()

        assert (folder / "efs" / "a.txt").exists()
        assert remove_abandoned([tmp_path]) == [folder]

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("line", range(1, 24))
def test_an_interrupted_process_leaves_nothing(tmp_path: Path, line: int) -> None:
    """Wherever a signal meets the making or the removing of a folder, the process takes it along when it ends."""
    ended = subprocess.run(  # noqa: S603  # this Python
        [sys.executable, "-c", _INTERRUPTED, str(tmp_path), str(line)], check=False, capture_output=True, text=True
    )

    assert ended.stdout == "0\n", "there are fewer lines than the test knows"
    assert "KeyboardInterrupt" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_containers_of_a_killed_process_are_killed(tmp_path: Path) -> None:
    """A program that ran as a container of a dead world goes with it, with what it has started; others go on."""
    folder, sleep = tmp_path / "seatrials-killed", [sys.executable, "-S", "-c", "import signal; signal.pause()"]
    with owner_of(folder) as process:
        living, other = tmp_path / "other" / "seatrials-killed", tmp_path / "no-world"
        roots = [each / "tasks" / "1" / "edit" for each in (folder, living, other)]
        children = [subprocess.Popen(sleep, env={TASK_ROOT: str(root)}) for root in roots]  # noqa: S603  # this Python
        remove_abandoned([tmp_path])
        went_on = [each.poll() for each in children]
        process.kill()
        process.wait()
        remove_abandoned([tmp_path])

        assert went_on == [None, None, None]
        assert children[0].wait(timeout=20) == -signal.SIGKILL
        for each in children[1:]:
            assert each.poll() is None
            each.kill()
            each.wait()


def test_the_containers_of_a_world_that_is_gone_are_killed(tmp_path: Path) -> None:
    """Whoever removes a dead world's folder by hand leaves its programs to the next start."""
    command = [sys.executable, "-S", "-c", "import signal; signal.pause()"]
    root = tmp_path / "seatrials-gone" / "tasks" / "1" / "edit"
    container = subprocess.Popen(command, env={TASK_ROOT: str(root)})  # noqa: S603  # this Python
    remove_abandoned([tmp_path])

    assert container.wait(timeout=20) == -signal.SIGKILL


def test_a_living_process_keeps_its_folder(tmp_path: Path) -> None:
    """A folder whose owner lives stays, with all that is in it."""
    folder = tmp_path / "seatrials-living"
    with owner_of(folder):
        assert remove_abandoned([tmp_path]) == []
        assert (folder / "efs" / "a.txt").exists()


def test_this_process_keeps_its_own_folder(tmp_path: Path) -> None:
    """A process that clears up leaves what it owns itself."""
    folder = tmp_path / "seatrials-own"
    folder.mkdir()
    owned = OwnedFolder(folder)

    assert remove_abandoned([tmp_path]) == []
    owned.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_nobody_is_known_to_own_stays(tmp_path: Path) -> None:
    """A folder without an owner's file, a file, and a folder of another name are none of ours to remove."""
    (tmp_path / "seatrials-unknown").mkdir()
    (tmp_path / "seatrials-file").write_text("x", encoding="utf-8")
    (tmp_path / "other").mkdir()

    assert remove_abandoned([tmp_path]) == []
    assert len(list(tmp_path.iterdir())) == 3


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A link in a place where others may write does not lead to the removal of what it points to."""
    precious, place = tmp_path / "precious", tmp_path / "place"
    place.mkdir()
    with owner_of(precious) as process:
        process.kill()
        process.wait()
    (place / "seatrials-link").symlink_to(precious)

    assert remove_abandoned([place]) == []
    assert (precious / "efs" / "a.txt").exists()
