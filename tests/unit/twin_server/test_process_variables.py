"""What a server of the platform is started with: nothing of the developer's AWS, and nothing that signs evidence."""

import subprocess
from collections.abc import Mapping
from typing import NoReturn

import pytest

from seatrials.twin_server.process import running_server


def test_a_server_has_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may run commands for whoever asks, and none of them can sign."""
    started: list[Mapping[str, str]] = []

    def start(_command: object, *, env: Mapping[str, str], **_options: object) -> NoReturn:
        started.append(env)
        msg = "no server"
        raise OSError(msg)

    monkeypatch.setattr(subprocess, "Popen", start)
    kept, secret = "SEATRIALS_PACE", ("AWS_PROFILE", "SEATRIALS_SIGNING_KEY", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    for name in (kept, *secret):
        monkeypatch.setenv(name, "1")

    with pytest.raises(OSError, match="no server"), running_server():
        pass
    assert {kept} == {kept, *secret} & set(started[0])
