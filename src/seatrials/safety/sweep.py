"""Finding and removing what runs have left on a stack: by their journal, and by the names that only runs give.

Sessions are ended through Hermes, as their users end them, and what Hermes keeps of a session goes by its hand. Only
when it has ended is its item deleted, and a rule that Hermes has left. What bears no run's name is never touched.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
from botocore.exceptions import ClientError

from seatrials.environments.parts import ResourceNames
from seatrials.errors import (
    AwsError,
    LeftoversError,
    MissingResourceError,
    RefusedWriteError,
    UnreachableError,
    WaitTimeoutError,
)
from seatrials.platform import contract, patience
from seatrials.platform.session_table import SessionTable
from seatrials.safety import journal
from seatrials.safety.aws_errors import translated
from seatrials.safety.changes import as_found, is_put_back, put_back
from seatrials.safety.permitted import TEST_PREFIX, Permitted
from seatrials.safety.store import Check, Store
from seatrials.safety.under_test import access_points, as_texts, is_of_a_session, odd_items, rules_of, sessions_of_rule
from seatrials.seams.application import AwsClient
from seatrials.seams.aws import error_code
from seatrials.seams.clock import Clock, wait_until

# Draining commits work, takes rules away and waits for connections.
_END_SECONDS = 180.0
_RULES_SECONDS = 60.0
_INDEX_SECONDS = patience.INDEX_SECONDS
# A task of Fargate starts in less, even on a bad day.
_HERMES_SECONDS = 300.0
_OK, _ACCEPTED, _GONE = 200, 202, (404, 410)


@dataclass(frozen=True)
class Leftover:
    """Something that a run has left, and what is done about it."""

    kind: str
    name: str
    remedy: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{self.kind} {self.name}"


class Sweeper:
    """Finds and removes what runs with names of a prefix have left: one run's, or any's."""

    def __init__(
        self,
        names: ResourceNames,
        aws: Callable[[str], AwsClient],
        store: Store,
        http: httpx.Client,
        clock: Clock,
        *,
        run_id: str | None = None,
        prefix: str | None = None,
    ) -> None:
        """Without *prefix*, that of all names of the run, or of any run."""
        self._names = names
        self._aws = aws
        self._store = store
        self._http = http
        self._clock = clock
        self._run_id = run_id
        self._table = SessionTable(aws("dynamodb"), names)
        of_run = TEST_PREFIX if run_id is None else f"{TEST_PREFIX}{run_id}_"
        self._prefix = of_run if prefix is None else prefix

    def find(self) -> list[Leftover]:
        """Return what is left, in the order in which it is removed; changes nothing."""
        items = self.items()
        ids = [item["sessionId"] for item in items]
        changes = [entry for entry in as_found(self._entries()) if not self._is_put_back(entry)]
        return [
            *(Leftover(f"changed {each.kind}", _about(each), "put back as it was found") for each in changes),
            *(
                Leftover("session", item["sessionId"], "end it through Hermes")
                for item in items
                if item["status"] in contract.OPEN
            ),
            *(Leftover("rule", rule["RuleArn"], "delete it unless Hermes does") for rule in self._rules(ids)),
            *(Leftover("item", item["sessionId"], "delete it once its session has ended") for item in items),
            *(Leftover("access point", each, "delete it; the files stay") for each in self._access_points()),
        ]

    def odd(self) -> list[Leftover]:
        """Return the items that are neither a session's nor a journal's and stand among them: nobody removes them."""
        told = [
            *odd_items(self._found(), self._names.table, self._prefix),
            *(f"{self._store.table}: {each}: is no entry of a journal" for each in journal.unreadable(self._store)),
        ]
        return [Leftover("odd item", each, "nothing: look at it, and delete it yourself") for each in told]

    def remove(self, permitted: Permitted, check: Callable[[], Check]) -> None:
        """Remove what is left; raises `LeftoversError` for what could not be. May be repeated after any failure."""
        refused = self._put_back()
        if self._clients():
            # A session that was asked for at the last moment is found by an index.
            self._clock.sleep(_INDEX_SECONDS)
        items = self.items()
        still_open = [item for item in items if item["status"] in contract.OPEN]
        if still_open:
            self._wait_for_hermes()
        self.end(still_open)
        self._remove_rules([item["sessionId"] for item in items], permitted)
        for item in self.items():
            self._delete_item(item)
        access_points = self._access_points()
        permitted.left_behind |= set(access_points)
        for each in access_points:
            with translated(f"delete the access point {each}"):
                self._aws("efs").delete_access_point(AccessPointId=each)
        for entry in self._entries():
            if entry.name not in refused:
                journal.forget(self._store, entry, check())
        if refused:
            msg = "\n".join(["what was changed cannot be put back now:", *refused.values(), "sweep again later"])
            raise LeftoversError(msg)

    def _put_back(self) -> dict[str, str]:
        """Undo what the journal has; return why for each entry that would disturb somebody else now."""
        refused = {}
        for entry in as_found(self._entries()):
            try:
                put_back(entry, self._names, self._aws)
            # An entry may name what is gone, or what AWS has no name for; the others are still undone.
            except (RefusedWriteError, MissingResourceError, AwsError) as error:
                refused[entry.name] = str(error)
        return refused

    def _is_put_back(self, entry: journal.Entry) -> bool:
        try:
            return is_put_back(entry, self._names, self._aws)
        except (MissingResourceError, AwsError):
            return False

    def end(self, items: Sequence[dict[str, str]]) -> None:
        """End sessions through Hermes, and wait until the table says that they are over."""
        for item in items:
            if item["status"] in contract.LIVE:
                self._deactivate(item["sessionId"])

        def remaining() -> list[str]:
            return [each["sessionId"] for each in items if self._status_of(each) in contract.OPEN]

        try:
            wait_until(
                self._clock, lambda: not remaining(), _END_SECONDS, what="sessions of the run to end", every_seconds=2
            )
        except WaitTimeoutError as error:
            msg = f"after {_END_SECONDS:g} s Hermes has not ended {', '.join(remaining())}: see its log, then sweep"
            raise LeftoversError(msg) from error

    def items(self, made: Iterable[tuple[str, str]] = ()) -> list[dict[str, str]]:
        """Return the texts of every session's item of the prefix that is open, or whose client the journal has.

        *made* has keys of sessions, by id and user, that need not be looked for. What has ended and is in no journal
        goes by its `ttl`.
        """
        return as_texts(self._found(made), self._prefix)

    def _clients(self) -> list[str]:
        """Return the clients of the prefix that journals have."""
        told = journal.clients(self._store, self._run_id)
        return sorted(each for each in told if each.startswith(self._prefix))

    def _found(self, made: Iterable[tuple[str, str]] = ()) -> list[dict[str, Any]]:
        """Return the items that may be of the prefix, each once."""
        clients = self._clients()
        with translated(f"read the sessions of runs in {self._names.table}"):
            found = [
                *(item for each in made if (item := self._table.item(*each)) is not None),
                *(item for each in clients for item in self._table.of_client(each)),
                *self._table.with_status(contract.OPEN),
            ]
        return list({(item["sessionId"]["S"], item["userId"]["S"]): item for item in found}.values())

    def _status_of(self, item: Mapping[str, str]) -> str | None:
        with translated(f"read the item of {item['sessionId']}"):
            found = self._table.item(item["sessionId"], item["userId"])
        return None if found is None else found.get("status", {}).get("S")

    def _entries(self) -> list[journal.Entry]:
        return journal.entries(self._store, self._run_id)

    def _wait_for_hermes(self) -> None:
        """Wait for the Hermes that was put back to answer; what it answers then is judged by whoever asks it."""

        def answers() -> bool:
            return self._http.get(contract.HERMES_HEALTH_PATH).status_code == _OK

        try:
            wait_until(self._clock, answers, _HERMES_SECONDS, what="Hermes to answer", every_seconds=5)
        except (WaitTimeoutError, httpx.HTTPError) as error:
            msg = f"Hermes does not answer, and sessions are ended by it alone ({error}): start it, then sweep"
            raise UnreachableError(msg) from error

    def _deactivate(self, session_id: str) -> None:
        try:
            answer = self._http.post(f"{contract.SESSIONS_PATH}/{quote(session_id, safe='')}/deactivate", json={})
        except httpx.HTTPError as error:
            msg = f"Hermes cannot be reached to end {session_id}: {type(error).__name__}: {error}; start it, then sweep"
            raise UnreachableError(msg) from error
        if answer.status_code != _ACCEPTED and answer.status_code not in _GONE:
            msg = f"Hermes does not end {session_id}, but answers {answer.status_code}: {answer.text[:200]}"
            raise LeftoversError(msg)

    def _remove_rules(self, session_ids: Sequence[str], permitted: Permitted) -> None:
        """Wait for Hermes to take its rules away, and delete those that it leaves."""
        try:
            wait_until(
                self._clock,
                lambda: not self._rules(session_ids),
                _RULES_SECONDS,
                what="rules to go",
                every_seconds=5,
            )
        except WaitTimeoutError:
            for rule in self._rules(session_ids):
                permitted.left_behind.add(rule["RuleArn"])
                with translated(f"delete the rule {rule['RuleArn']}"):
                    self._aws("elbv2").delete_rule(RuleArn=rule["RuleArn"])

    def _rules(self, session_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Return the rules at the priorities of sessions that name one of *session_ids*."""
        if not session_ids:
            return []
        rules = rules_of(self._aws("elbv2"), self._names.load_balancer)
        return [rule for rule in rules if is_of_a_session(rule) and not sessions_of_rule(rule).isdisjoint(session_ids)]

    def _delete_item(self, item: dict[str, str]) -> None:
        with translated(f"delete the item of {item['sessionId']}"):
            try:
                self._aws("dynamodb").delete_item(
                    TableName=self._names.table,
                    Key={name: {"S": item[name]} for name in ("sessionId", "userId")},
                    ConditionExpression="#status IN (:expired, :error)",
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues={":expired": {"S": contract.EXPIRED}, ":error": {"S": contract.ERROR}},
                )
            except ClientError as error:
                # It is gone already, or open again; the next look at what is left says which.
                if error_code(error) != "ConditionalCheckFailedException":
                    raise

    def _access_points(self) -> list[str]:
        """Return the access points of clients of the prefix."""
        points = access_points(self._aws, self._names)
        roots = {point["AccessPointId"]: point.get("RootDirectory", {}).get("Path", "") for point in points}
        return [each for each, root in roots.items() if root.rpartition("/")[2].startswith(self._prefix)]


def _about(entry: journal.Entry) -> str:
    return str(entry.details.get("service") or entry.details.get("group"))
