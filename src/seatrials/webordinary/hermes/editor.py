"""What Hermes asks of a session's edit container, always through the load balancer, as a browser would reach it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx

from seatrials.webordinary import HERMES_AGENT
from seatrials.webordinary.hermes.fleet import Task
from seatrials.webordinary.hermes.lifecycle import Session
from seatrials.webordinary.hermes.rules import HANDOVER_HEADER, SESSION_HEADER

# By which an edit container says who answers.
TASK_HEADER = "X-Task-Arn"
TIMEOUT_SECONDS = 5.0
# Carrying out an instruction is the AI's work.
INSTRUCTION_TIMEOUT_SECONDS = 30.0


class EditorClient:
    """Calls to the edit container that a session's rules lead to; all raise `httpx.HTTPError`, or `OSError`."""

    def __init__(self, http: httpx.Client, balancer_url: str, resolve: Callable[[str], Sequence[str]]) -> None:
        """*resolve* gives the addresses of a name: those of the load balancer's nodes."""
        self._http = http
        self._balancer_url = balancer_url
        self._resolve = resolve

    def nodes(self) -> Sequence[str]:
        """Return the hosts of the load balancer's nodes, each of which has rules and targets of its own."""
        return self._resolve(httpx.URL(self._balancer_url).host)

    def reached_task(self, session_id: str, kind: str, node: str, moves_to: Task | None = None) -> str | None:
        """Return the ARN of the task that a *node* sends a session's requests to, by the rule of one *kind*.

        None: the node has no such rule yet, or no target for it, or the target does not serve the preview yet. With
        *moves_to* it is the rule of a move.
        """
        path = {
            "preview": f"/session/{session_id}",
            "api": "/api/init",
            "hmr": f"/ws/hmr?sessionId={quote(session_id)}",
        }[kind]
        url = httpx.URL(f"{self._balancer_url}{path}")
        host = url.netloc.decode("ascii")
        headers = {"user-agent": HERMES_AGENT, "host": host, SESSION_HEADER: session_id}
        if moves_to is not None:
            headers[HANDOVER_HEADER] = moves_to.short_id
        # The certificate is for the name.
        extensions = {"sni_hostname": url.host}
        # Why HEAD: the container says who it is whatever it answers, does nothing, and sends no page.
        place = url.copy_with(host=node)
        ask = partial(self._http.head, place, headers=headers, timeout=TIMEOUT_SECONDS, extensions=extensions)
        answer = _ask_again_after_a_reset(ask)
        told: str | None = answer.headers.get(TASK_HEADER)
        return None if kind == "preview" and answer.status_code != httpx.codes.OK else told

    def initialize(self, session: Session, moves_to: Task | None = None) -> None:
        """Open the session's workspace in its container, or in the one that it *moves_to*."""
        names = {"clientId": session.client_id, "userId": session.user_id, "threadId": session.thread_id}
        headers = {} if moves_to is None else {HANDOVER_HEADER: moves_to.short_id}
        self._call("POST", "/api/init", session.session_id, names, headers=headers)

    def execute(self, session: Session) -> None:
        """Carry out the session's instruction."""
        instruction = {"instruction": session.metadata["instruction"]}
        self._call("POST", "/api/execute", session.session_id, instruction, timeout_seconds=INSTRUCTION_TIMEOUT_SECONDS)

    def forget(self, session_id: str) -> None:
        """Close the session in the container, which commits what is not committed; its workspace stays."""
        self._call("DELETE", f"/api/sessions/{quote(session_id)}", session_id)

    def _call(
        self,
        method: str,
        path: str,
        session_id: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        all_headers = {SESSION_HEADER: session_id, **(headers or {})}
        url = f"{self._balancer_url}{path}"
        self._http.request(method, url, headers=all_headers, json=body, timeout=timeout_seconds).raise_for_status()


def _ask_again_after_a_reset(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Return the answer to what changes nothing, asked again when its connection was reset (RFC 9110, 9.2.2)."""
    try:
        return ask()
    except (httpx.ReadError, httpx.WriteError):
        return ask()
