"""Tests of containers that are programs of this machine."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx
import pytest

from seatrials.seams.application import Context
from seatrials.seams.clock import SystemClock, wall_seconds
from seatrials.twin.ecs import programs
from seatrials.twin.ecs.programs import Lines, program
from seatrials.twin.permissions import Principal
from seatrials.twin.physics.clock import Process, VirtualSignal
from seatrials.twin.physics.network import Host, VirtualNetwork, claim_block
from seatrials.twin.physics.paced_clock import PacedClock

pytestmark = pytest.mark.skipif(claim_block() == 0, reason="this system's loopback is 127.0.0.1 alone")


@dataclass
class Box:
    """A container's surroundings, and what became of the command in it."""

    clock: PacedClock
    host: Host
    root: Path
    variables: dict[str, str]
    stopping: VirtualSignal
    process: Process = field(default_factory=lambda: Process("box"))
    log: list[str] = field(default_factory=list)
    exit_codes: list[int] = field(default_factory=list)
    crashes: list[Exception] = field(default_factory=list)
    read_only: tuple[Path, ...] = ()

    def start(self, command: list[str]) -> None:
        """Start *command* as a container's application."""
        context = Context(
            variables=self.variables,
            clock=self.clock,
            network=self.host,
            random=Random(1),
            aws=lambda _service: None,
            http=httpx.Client(),
            root=self.root,
            read_only=self.read_only,
            stopping=self.stopping,
            log=self.log.append,
        )
        main = program(self.clock, command, {"PATH": os.defpath, "GIVEN": "by the server"})
        self.process.on_crash = self.crashes.append
        self.clock.spawn_in(self.process, lambda: self.exit_codes.append(main(context)), "main")

    def python(self, code: str) -> None:
        """Start a Python program."""
        self.start([sys.executable, "-u", "-S", "-c", code])

    def until(self, condition: Callable[[], object]) -> None:
        """Let time pass until *condition* holds, for some seconds at most."""
        give_up_at = self.clock.now() + 20
        while not condition():
            assert self.clock.now() < give_up_at, f"did not happen; log: {self.log}, crashes: {self.crashes}"
            self.clock.sleep(0.01)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """Give a container with a mounted workspace, on a clock that keeps real time."""
    (tmp_path / "workspace").mkdir()
    real = SystemClock()
    with PacedClock(int(real.epoch_seconds), real).closing() as clock:
        assert isinstance(clock, PacedClock)
        network = VirtualNetwork(clock, lambda: 0.0001)
        yield Box(clock, network.attach("10.0.1.77"), tmp_path, {"WORKSPACE": "/workspace"}, clock.signal())
        network.close()


def test_a_program_has_its_exit_code(box: Box) -> None:
    """A command that ends gives its container its exit code."""
    box.python("raise SystemExit(7)")
    box.until(lambda: box.exit_codes)

    assert box.exit_codes == [7]


def test_a_program_that_a_signal_ends_has_its_number(box: Box) -> None:
    """The exit code after a signal is 128 and its number, as containers have it."""
    box.python("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    box.until(lambda: box.exit_codes)

    assert box.exit_codes == [128 + signal.SIGTERM]


def test_what_a_program_writes_is_its_log(box: Box) -> None:
    """Standard output and standard error are logged line by line, with what has no end yet last."""
    box.python("import sys; print('one'); print('two', file=sys.stderr); print('three', end='')")
    box.until(lambda: box.exit_codes)

    assert box.log == ["one", "two", "three"]


@pytest.mark.skipif(not programs.has_own_mounts(), reason="this machine gives nobody mounts of one's own")
def test_a_program_reads_what_it_may_not_write(box: Box) -> None:
    """A read-only mount refuses the writes of a program in any language."""
    note = box.root / "workspace" / "note"
    note.write_text("old\n")
    box.read_only = (note.parent,)
    box.start(["/bin/sh", "-c", f"cat {note}; echo new > {note}"])
    box.until(lambda: box.exit_codes)

    assert (note.read_text(), box.log[0]) == ("old\n", "old")
    assert "Read-only file system" in box.log[1]


def test_a_machine_without_mounts_of_ones_own_is_told(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine cannot keep a program from writing, its log says so."""
    monkeypatch.setattr(programs, "_OWN_MOUNTS", ("false",))
    note = box.root / "workspace" / "note"
    box.read_only = (note.parent,)
    box.start(["/bin/sh", "-c", f"echo new > {note}"])
    box.until(lambda: box.exit_codes)

    assert (note.read_text(), box.exit_codes) == ("new\n", [0])
    assert box.log == [f"this machine gives nobody mounts of one's own, so the program can write to {note.parent}"]


def test_a_line_is_logged_while_the_program_runs(box: Box) -> None:
    """Nobody has to wait for the end of a program to read what it wrote."""
    box.python("import sys, time; print('begun'); sys.stdin.read(); time.sleep(60)")

    box.until(lambda: box.log == ["begun"])

    assert box.exit_codes == []


def test_a_program_has_the_variables_of_its_container(box: Box) -> None:
    """The task definition's variables and the server's are there, and nothing of the developer's own shell."""
    box.variables["TABLE"] = "sessions"
    box.python("import os; print(os.environ['TABLE'], os.environ['GIVEN'], 'HOME' in os.environ)")
    box.until(lambda: box.exit_codes)

    assert box.log == ["sessions by the server False"]


def test_a_program_calls_aws_with_the_key_of_its_task(box: Box) -> None:
    """The key is that of its task, so that its calls are judged by the task's role."""
    box.variables["ECS_TASK_ARN"] = "arn:aws:ecs:us-west-2:123456789012:task/shop/t1"
    box.python("import os; print(os.environ['AWS_ACCESS_KEY_ID'])")
    box.until(lambda: box.exit_codes)

    assert box.log == [Principal(None, "t1").access_key]


def test_a_volume_is_named_by_its_directory(box: Box) -> None:
    """A variable that holds a mounted path holds the directory of this machine that is mounted there."""
    box.python("import os; open(os.environ['WORKSPACE'] + '/a.txt', 'w').write('kept')")
    box.until(lambda: box.exit_codes)

    assert (box.root / "workspace/a.txt").read_text() == "kept"


def test_a_program_is_reached_on_the_address_of_its_task(box: Box) -> None:
    """What listens on HOST is what the world finds at the task's address."""
    box.python(
        "import os, socket; server = socket.create_server((os.environ['HOST'], 8080)); print('listens')\n"
        "connection, _ = server.accept(); connection.sendall(connection.recv(10).upper())"
    )
    box.until(lambda: box.log)

    connection = box.host.network.attach("10.0.1.4").connect("10.0.1.77", 8080, 5)
    connection.send(b"hello")

    assert connection.receive(10, 5) == b"HELLO"


def test_a_program_that_does_not_listen_yet_refuses(box: Box) -> None:
    """Until a program listens, its task refuses connections, as a container does that is still starting."""
    box.python("import time; print('begun'); time.sleep(60)")
    box.until(lambda: box.log)

    with pytest.raises(ConnectionRefusedError):
        box.host.network.attach("10.0.1.4").connect("10.0.1.77", 8080, 5)


def test_sigterm_reaches_the_program(box: Box) -> None:
    """A container that is told to stop passes it on, and has the exit code that the program chooses."""
    box.python(
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\n"
        "print('begun'); time.sleep(60)"
    )
    box.until(lambda: box.log)
    box.stopping.set()
    box.until(lambda: box.exit_codes)

    assert box.exit_codes == [3]


def test_a_killed_container_leaves_nothing_of_its_program(box: Box) -> None:
    """SIGKILL takes the program and what it has started, and what was written before is logged."""
    box.start(["/bin/sh", "-c", "sleep 60 & echo $!; wait"])
    box.until(lambda: box.log)
    began = wall_seconds()
    box.clock.kill(box.process)

    box.until(lambda: not is_alive(int(box.log[0])))

    assert wall_seconds() - began < 5


def is_alive(process_id: int) -> bool:
    """Whether a process runs; one that has ended, and that nobody has asked for its exit code, does not."""
    try:
        text = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


def test_a_command_that_is_not_there_is_a_crash(box: Box) -> None:
    """A container whose command cannot be started crashes, and the error names the command."""
    box.start(["no-such-program"])
    box.until(lambda: box.crashes)

    assert "no-such-program" in str(box.crashes[0])


def test_lines_are_put_together_from_pieces() -> None:
    """A line is written once it is whole, whatever the pieces are that it came in."""
    lines: list[str] = []
    collector = Lines(lines.append)
    for part in (b"a", b"b\r\nc", b"\n\nd"):
        collector.take(part)
    assert lines == ["ab", "c", ""]
    collector.finish()

    assert lines == ["ab", "c", "", "d"]
