"""The session table, read at a price that does not grow with what others keep in it: by keys, and by its two indexes.

An index shows a write some moments late (DynamoDB Developer Guide, "Using Global Secondary Indexes"), so it only says
which sessions there are; each of them is then read from the table itself, strongly consistent.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from seatrials.environments.parts import ResourceNames
from seatrials.platform import contract
from seatrials.seams.application import AwsClient

# Of each status so many are looked at, the most recently used first: the contract has twelve live sessions.
STATUS_ITEMS_MAX = 4 * contract.SESSIONS_MAX
# DynamoDB takes no longer key. Source: DynamoDB Developer Guide, "Service, account, and table quotas".
KEY_BYTES_MAX = 2048

Item = dict[str, Any]


class SessionTable:
    """Reads items in DynamoDB's own form; raises botocore's errors."""

    def __init__(self, dynamodb: AwsClient, names: ResourceNames) -> None:
        self._dynamodb = dynamodb
        self._names = names

    def item(self, session_id: str, user_id: str) -> Item | None:
        """Return an item, None when there is none."""
        key = {"sessionId": {"S": session_id}, "userId": {"S": user_id}}
        answer = self._dynamodb.get_item(TableName=self._names.table, Key=key, ConsistentRead=True)
        found: Item | None = answer.get("Item")
        return found

    def of_id(self, session_id: str) -> list[Item]:
        """Return the items of an id, whoever its user is: one, or none."""
        return list(self._dynamodb.query(**self.question_of(self._names.table, session_id))["Items"])

    @staticmethod
    def question_of(table: str, session_id: str) -> dict[str, Any]:
        """Return the parameters of a Query for all items of an id, in the table itself."""
        return {
            "TableName": table,
            "ConsistentRead": True,
            "KeyConditionExpression": "sessionId = :id",
            "ExpressionAttributeValues": {":id": {"S": session_id}},
        }

    def of_client(self, client_id: str) -> list[Item]:
        """Return the items of a client that the client index knows by now."""
        if not 0 < len(client_id.encode("utf-8", "replace")) <= KEY_BYTES_MAX:
            return []
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._names.table,
            IndexName=self._names.client_index,
            KeyConditionExpression="clientId = :client",
            ExpressionAttributeValues={":client": {"S": client_id}},
        )
        return list(self._as_stored(item for page in pages for item in page["Items"]))

    def with_status(self, statuses: Iterable[str]) -> list[Item]:
        """Return the items that have one of *statuses* and that the activity index knows by now.

        There are `STATUS_ITEMS_MAX` of each status at most, the most recently used ones.
        """
        wanted = tuple(statuses)
        found = self.newest(wanted, STATUS_ITEMS_MAX)
        stored = self._as_stored({_key(item): item for item in found}.values())
        return [item for item in stored if item.get("status", {}).get("S") in wanted]

    def newest(self, statuses: Iterable[str], most: int) -> list[Item]:
        """Return, of each status, the *most* most recently used items as the activity index has them."""
        return [item for status in statuses for item in self._indexed(status, most)]

    def count_active_since(self, epoch_ms: int, most: int) -> int:
        """Return how many sessions, ended or not, were used since then; *most*, where there are more."""
        questions = (self._of_status(status, epoch_ms) for status in (*contract.OPEN, *contract.FINAL))
        return min(
            most, sum(int(self._dynamodb.query(**each, Limit=most, Select="COUNT")["Count"]) for each in questions)
        )

    def _indexed(self, status: str, most: int) -> list[Item]:
        question = self._of_status(status, 0)
        return list(self._dynamodb.query(**question, Limit=most, ScanIndexForward=False)["Items"])

    def _of_status(self, status: str, since_ms: int) -> dict[str, Any]:
        return {
            "TableName": self._names.table,
            "IndexName": self._names.activity_index,
            "KeyConditionExpression": "#status = :status AND lastActivity >= :since",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":status": {"S": status}, ":since": {"N": str(since_ms)}},
        }

    def _as_stored(self, indexed: Iterable[Item]) -> Iterator[Item]:
        for found in indexed:
            item = self.item(*_key(found))
            if item is not None:
                yield item


def _key(item: Item) -> tuple[str, str]:
    return item["sessionId"]["S"], item["userId"]["S"]
