"""A served platform asked by Schemathesis, with a session that is live as long as it asks."""

import json
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from seatrials.checkers.contract import FOLDER
from seatrials.environments.variables import read_variables
from seatrials.seams.clock import SystemClock, wait_until
from tests.contract.hooks import KEPT

HERE = Path(__file__).parent
# Rules of ours say how paths and methods that a document does not declare are answered, which OpenAPI has no words for:
# the checkers of hooks.py hold these, and what the load balancer answers itself, in place of the checks left out here.
CHECKS = (
    "not_a_server_error",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "contract_is_kept",
    "headers_are_declared",
)
CLIENT = "TEST_contract"
_READY_SECONDS = 300
# Of this machine: well within the five minutes of platform time after which an idle session ends.
_KEEPALIVE_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How Schemathesis ended, and what it said."""

    code: int
    said: str


class Platform:
    """A served platform, by the variables of its clients."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._base_url, self._ca_file = variables["SEATRIALS_BASE_URL"], variables["SEATRIALS_CA_FILE"]
        self._clock = SystemClock(float(variables["SEATRIALS_PACE"]), float(variables["SEATRIALS_EPOCH_SECONDS"]))

    def asked(self, service: str, *options: str, seed: int = 1) -> Answer:
        """Return what Schemathesis says of one of the services; *options* are its own."""
        trust = ssl.create_default_context(cafile=self._ca_file)
        with (
            httpx.Client(base_url=self._base_url, verify=trust, trust_env=False, timeout=60) as client,
            tempfile.TemporaryDirectory() as folder,
        ):
            kept = self._session(client)
            config = Path(folder) / "schemathesis.toml"
            config.write_text(_config(kept), encoding="utf-8")
            command = [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"),
                *(str(FOLDER / f"{service}.openapi.yaml"), "--url", self._base_url, "--tls-verify", self._ca_file),
                *("--checks", ",".join(CHECKS), "--seed", str(seed), "--request-timeout", "60", "--no-color"),
                *options,
            ]
            variables = {**read_variables(), "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"), KEPT: kept}
            process = subprocess.Popen(  # noqa: S603  # this Python, and arguments of our own
                command, env=variables, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            )
            said = _while_kept_alive(process, client, kept)
        return Answer(code=process.returncode, said=said)

    def _session(self, client: httpx.Client) -> str:
        """Return the id of an active session, with a file and a page."""
        wanted = {"clientId": CLIENT, "userId": "user", "instruction": "Add a new page called About"}
        session_id = str(client.post("/hermes/api/sessions/activate", json=wanted).json()["sessionId"])

        def is_active() -> bool:
            answer = client.get(f"/hermes/api/sessions/{session_id}/status").json()
            return bool(answer["status"] == "active")

        wait_until(self._clock, is_active, _READY_SECONDS, what="the session to be active")
        client.put("/api/files/about.txt", content=b"about", headers={"X-Session-ID": session_id})
        return session_id


def _while_kept_alive(process: "subprocess.Popen[str]", client: httpx.Client, session_id: str) -> str:
    """Return what a process says until its end; meanwhile the session is kept alive, whatever is asked."""
    with process:
        while True:
            try:
                return process.communicate(timeout=_KEEPALIVE_SECONDS)[0]
            except subprocess.TimeoutExpired:
                client.post(f"/hermes/api/sessions/{session_id}/keepalive")


def _config(kept: str) -> str:
    """Return the settings that have no option: which values a parameter often has, so that some name what is there."""
    known = {
        "path.sessionId": [kept],
        "header.X-Session-ID": [kept],
        "query.sessionId": [kept],
        "path.clientId": [CLIENT],
        "path.path": ["about.txt", "src/pages/about.md"],
        "path.page": ["about"],
    }
    lines = ["[cache]", "enabled = false"]
    for index, (name, values) in enumerate(known.items()):
        lines += [f"[dictionaries.known{index}]", f"values = {json.dumps(values)}"]
        lines += [f"[parameters.{json.dumps(name)}]", f'dictionary = "known{index}"', "probability = 0.7"]
    return "\n".join(lines) + "\n"
