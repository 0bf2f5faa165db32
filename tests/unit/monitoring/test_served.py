"""`seatrials dashboard` on a served twin, which is reached as AWS is."""

import pytest

from seatrials.twin_server import running_server
from tests.support.project import PROJECT
from tests.support.served import served_client
from tests.support.whole_command import runner


def test_a_served_platform_is_kept(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The template's alarms and dashboard are as wanted; the alarm of the day is made, and a removed one put back."""
    monkeypatch.chdir(PROJECT)

    keep = runner(monkeypatch, capsys, "dashboard", "rehearsal", "--criteria", "gate-rehearsal.toml")

    def run(*options: str) -> tuple[int, list[str]]:
        code, out, _ = keep(*options)
        return code, [each.partition(": ")[0] for each in out.splitlines()[:-1]]

    with running_server("--pace", "30") as server:
        for name, value in server.variables.items():
            monkeypatch.setenv(name, value)
        seen = [run("--dry-run"), run(), run()]
        served_client(server.variables, "cloudwatch").delete_alarms(AlarmNames=["webordinary-run-cost"])
        seen += [run(), run("--dry-run")]

    day, cost = ["alarm webordinary-run-day-cost"], ["alarm webordinary-run-cost"]
    assert seen == [(1, day), (0, day), (0, []), (0, cost), (0, [])]
