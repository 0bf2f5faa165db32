"""Lists against what was made: sessions of a client, files of a workspace, commits of a branch, whatever the length."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from seatrials.checkers.finding import Finding
from seatrials.checkers.story import Call, Story

# A command or another branch may take away what calls have made, and so may whoever opens a workspace.
_UNKNOWN_CHANGES = ("exec", "init", "forgetSession")
_SHOWN = 5


def check(story: Story) -> Iterator[Finding]:
    """Yield the lists that lack something."""
    yield from _sessions(story)
    yield from _workspaces(story)


def _sessions(story: Story) -> Iterator[Finding]:
    """Yield the lists of a client's sessions without one that was made before, and that the table must still have."""
    made = [call for call in story.calls if call.is_of("activate") and call.exchange.status == 201]  # noqa: PLR2004
    gone = {write.session_id: write.at for write in story.history.writes if write.fields is None}
    for call in story.calls:
        if not (call.is_of("listClient") and isinstance(call.json, list)):
            continue
        listed = {str(each.get("sessionId")) for each in call.json if isinstance(each, Mapping)}
        missing = [
            session_id
            for each in made
            if each.answered("clientId") == call.parameters["clientId"] and each.exchange.ended <= call.exchange.began
            for session_id in [str(each.answered("sessionId"))]
            if session_id not in listed and _is_kept(story, each, call.exchange.ended, gone.get(session_id))
        ]
        yield from _lacking(call, missing, len(listed))


def _is_kept(story: Story, made: Call, at: float, gone_at: float | None) -> bool:
    """Whether the item of a session must still be there: DynamoDB deletes none before its ttl."""
    session_id, ttl = str(made.answered("sessionId")), made.answered("ttl")
    if story.history.writes:
        return gone_at is None or gone_at > at
    return isinstance(ttl, int) and ttl > at and session_id not in story.history.disturbed


@dataclass
class _Workspace:
    """What calls have made in one thread's working tree."""

    files: dict[str, float] = field(default_factory=dict)
    commits: dict[str, float] = field(default_factory=dict)
    # Until when something may take any of it away.
    unsure_until: float = 0.0


def _workspaces(story: Story) -> Iterator[Finding]:
    """Yield the lists of files and commits without one that was made before."""
    shared = _shared(story)
    known: dict[str, _Workspace] = {}
    for call in sorted(story.calls, key=lambda each: each.exchange.ended):
        workspace = known.setdefault(call.session_id, _Workspace())
        if not call.session_id or story.sessions.get(call.session_id) in shared or call.service != "editor":
            continue
        if call.is_of(*_UNKNOWN_CHANGES):
            known[call.session_id] = _Workspace(unsure_until=max(workspace.unsure_until, story.done_by(call)))
        elif call.is_ok and call.exchange.ended >= workspace.unsure_until:
            yield from _listed(call, workspace)
            _learn(call, workspace)


def _listed(call: Call, workspace: _Workspace) -> Iterator[Finding]:
    for operation, name, key, made in (
        ("listFiles", "files", "path", workspace.files),
        ("gitLog", "commits", "id", workspace.commits),
    ):
        if call.is_of(operation) and isinstance(listed := call.answered(name), list):
            there = {str(each.get(key)) for each in listed if isinstance(each, Mapping)}
            before = [each for each, ended in made.items() if ended <= call.exchange.began]
            yield from _lacking(call, [each for each in before if each not in there], len(there))


def _learn(call: Call, workspace: _Workspace) -> None:
    commit: Any = call.answered("commit")
    if call.is_of("writeFile"):
        workspace.files[call.parameters["path"]] = call.exchange.ended
    elif call.is_of("execute", "gitCommit") and isinstance(commit, str):
        workspace.commits[commit] = call.exchange.ended


def _shared(story: Story) -> set[tuple[str, str, str]]:
    """Return the threads of users who have several: one working tree, on whichever branch was asked for last."""
    threads = set(story.sessions.values())
    users = [(client, user) for client, user, _ in threads]
    return {each for each in threads if users.count(each[:2]) > 1}


def _lacking(call: Call, missing: Iterable[str], count: int) -> Iterator[Finding]:
    names = list(missing)
    if names:
        shown = ", ".join(names[:_SHOWN])
        yield Finding("list-complete", f"{call.exchange} lists {count} and lacks {shown}", call.exchange.began)
