"""What comes too early in a session's life, where no row looks: the mutants of `checkers/order.py`."""

from typing import Any

from seatrials.mutants.collection import Mutants
from seatrials.webordinary.editor import sessions as editor_sessions
from seatrials.webordinary.hermes.fleet import Task
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.placement import Placement, Work

SERVED_FIRST, RELEASED_FIRST, COMMITTED_FIRST = Mutants(), Mutants(), Mutants()


@SERVED_FIRST.replacing(Placement._bring_up, "active-as-soon-as-it-has-rules", breaks="CONC-04")
def _(original: Any, placement: Placement, work: Work, task: Task, groups: Any) -> None:
    """A session is active once it has its rules, whether they lead to its container yet or not."""
    placement.router.ensure_rules(work.session.session_id, groups)
    placement.store.change_status(work.session, Status.ACTIVE)
    original(placement, work, task, groups)


@RELEASED_FIRST.replacing(Placement.retire, "expired-with-its-rules", breaks="COLD-14")
def _(original: Any, placement: Placement, work: Work, **how: Any) -> None:
    """A session has expired, and then its rules go."""
    placement._settle(work.session, must_settle=False)
    placement.store.change_status(work.session, Status.EXPIRED)
    placement.router.remove_rules(work.session.session_id)


@COMMITTED_FIRST.replacing(editor_sessions.Sessions.forget, "forgets-what-is-unsaved", breaks="COLD-14")
def _(original: Any, sessions: editor_sessions.Sessions, session_id: str) -> None:
    """A container that forgets a session commits nothing."""
    sessions.find(session_id)
    sessions._hosted.pop(session_id, None)


@COMMITTED_FIRST.replacing(Placement._settle, "ends-without-settling", breaks="COLD-14")
def _(original: Any, placement: Placement, session: Session, **_how: Any) -> None:
    """A session ends without a word to its container."""


@COMMITTED_FIRST.replacing(Placement.retire, "rules-go-first", breaks="COLD-14")
def _(original: Any, placement: Placement, work: Work, **how: Any) -> None:
    """The rules of a session go, and then its container is told to commit."""
    placement.router.remove_rules(work.session.session_id)
    original(placement, work, **{**how, "must_settle": False})
