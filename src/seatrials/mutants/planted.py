"""Defects of races and of recovery, for exploration to find: no row has the faults one after the other that show them.

They are in no kill matrix, for no row breaks with them: `seatrials explore --mutant ID` looks for one, and
docs/contract.md tells how.
"""

import dataclasses
from typing import Any

from botocore.exceptions import ClientError

from seatrials.mutants.catalogue import CATALOGUE
from seatrials.mutants.collection import Mutants
from seatrials.mutants.git_command import run_git
from seatrials.mutants.mutant import Mutant, memory_of
from seatrials.webordinary.editor.activity import Activity
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.hermes.controller import Controller
from seatrials.webordinary.hermes.idleness import IdleWatch
from seatrials.webordinary.hermes.lifecycle import Session
from seatrials.webordinary.hermes.placement import Placement, Work
from seatrials.webordinary.hermes.publisher import Publisher
from seatrials.webordinary.hermes.routing import Router

MUTANTS = Mutants()

# Those of the catalogue that are defects of races and of recovery, too.
OF_ROWS = (
    "lost-task-keeps-its-sessions",
    "session-moves-once",
    "sessions-come-back-one-by-one",
    "full-of-sessions-of-before",
    "no-table-no-session",
    "stored-before-it-is-sure",
    "reopened-without-its-last-commit",
    "session-without-a-task-drains-for-ever",
    "lock-for-an-hour",
    "claims-for-an-hour",
)


@MUTANTS.replacing(IdleWatch._sighting, "idle-since-it-was-made", breaks="RESIL-18")
def _(original: Any, watch: IdleWatch, session: Session, now: float) -> Any:
    """A Hermes that has just begun takes a session for idle since it was made."""
    sighting = original(watch, session, now)
    if watch._looked_at:
        return sighting
    return dataclasses.replace(sighting, active_at=session.created_seconds)


@MUTANTS.replacing(Publisher._publish_now, "publishes-until-its-table-is-away", breaks="RESIL-18")
def _(original: Any, publisher: Publisher) -> bool:
    """A Hermes that once could not read the table publishes no more."""
    remembered = memory_of(publisher)
    if remembered.get("failed"):
        return True
    published = bool(original(publisher))
    remembered["failed"] = not published
    return published


@MUTANTS.replacing(Controller.tick, "loop-ends-at-an-error", breaks="RESIL-18")
def _(original: Any, loop: Controller) -> bool:
    """A Hermes that once could not read the table looks after no session any more, and answers on."""
    failed: list[str] = memory_of(loop).setdefault("failed", [])
    log = loop._log
    loop._log = lambda line: failed.append(line) if "looked after" in line else log(line)
    try:
        return False if failed else bool(original(loop))
    finally:
        loop._log = log


@MUTANTS.replacing(Activity._write, "activity-not-noted-after-a-refusal", breaks="RESIL-18")
def _(original: Any, activity: Activity, session: HostedSession) -> None:
    """A container whose note of an activity was refused makes the next one ten minutes later."""
    try:
        original(activity, session)
    except ClientError:
        activity._written_at[session.session_id] = activity._clock.now() + 600
        raise


@MUTANTS.replacing(HostedSessions.open, "last-commit-made-again", breaks="RESIL-18")
def _(original: Any, sessions: HostedSessions, session_id: str, body: dict[str, Any]) -> HostedSession:
    """A container that opens a workspace with three commits or more makes the last one again."""
    is_new = session_id not in sessions._hosted
    session: HostedSession = original(sessions, session_id, body)
    repository = session.workspace.repository
    if is_new and session.resumed and len(repository.log()) > 2:
        run_git(sessions.git, repository.project, "commit", "--quiet", "--allow-empty", "-C", "HEAD")
    return session


@MUTANTS.replacing(Placement.retire, "rules-stay-without-a-task", breaks="RESIL-18")
def _(original: Any, placement: Placement, work: Work, **how: Any) -> None:
    """A session that ends when its task is gone leaves its rules."""
    if work.task is None:
        memory_of(placement.router)[work.session.session_id] = True
    original(placement, work, **how)


@MUTANTS.and_replacing(Router.remove_rules)
def _(original: Any, router: Router, session_id: str) -> None:
    if session_id not in memory_of(router):
        original(router, session_id)


# All that can be explored, by id.
EXPLORABLE: dict[str, Mutant] = {each.id: each for each in (*CATALOGUE, *MUTANTS)}
