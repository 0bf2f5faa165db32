"""Tells the session table that a session is in use, so that it does not expire under its user's hands."""

import threading

from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped,unused-ignore]  # no types

from seatrials.seams.application import Context
from seatrials.webordinary.editor.sessions import Session

TTL_SECONDS = 1800
WRITE_INTERVAL_SECONDS = 2.0
# A live session counts, and one that its container serves a moment before it is active is live. The second part keeps a
# container whose clock is slow from undoing a later activity that Hermes has recorded, and the third keeps a session
# that is past its time from coming back to life because a browser asks for it once more.
_LIVE = "#status IN (:initializing, :active)"
_FRESH = "(attribute_not_exists(lastActivity) OR lastActivity < :now)"
_CONDITION = f"{_LIVE} AND {_FRESH} AND #ttl > :seconds"


class Activity:
    """Writes `lastActivity` and `ttl` of sessions, each at most once in `WRITE_INTERVAL_SECONDS`."""

    def __init__(self, context: Context) -> None:
        self._clock = context.clock
        self._log = context.log
        self._table = context.variables["SESSIONS_TABLE"]
        self._dynamodb = context.aws("dynamodb")
        self._written_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def touch(self, session: Session) -> None:
        """Record that *session* was used now; a table that cannot be written costs the user nothing but is logged."""
        if not self._is_due(session.session_id):
            return
        try:
            self._write(session)
        except (ClientError, BotoCoreError) as error:
            self._log(f"activity of {session.session_id} not recorded: {error}")

    def _is_due(self, session_id: str) -> bool:
        now = self._clock.now()
        with self._lock:
            written_at = self._written_at.get(session_id)
            if written_at is not None and now - written_at < WRITE_INTERVAL_SECONDS:
                return False
            self._written_at[session_id] = now
            return True

    def _write(self, session: Session) -> None:
        now_ms = self._clock.epoch_ms()
        self._dynamodb.update_item(
            TableName=self._table,
            Key={"sessionId": {"S": session.session_id}, "userId": {"S": session.user_id}},
            UpdateExpression="SET lastActivity = :now, #ttl = :ttl",
            ConditionExpression=_CONDITION,
            ExpressionAttributeNames={"#ttl": "ttl", "#status": "status"},
            ExpressionAttributeValues={
                ":now": {"N": str(now_ms)},
                ":ttl": {"N": str(now_ms // 1000 + TTL_SECONDS)},
                ":seconds": {"N": str(now_ms // 1000)},
                ":active": {"S": "active"},
                ":initializing": {"S": "initializing"},
            },
        )
