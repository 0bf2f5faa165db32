"""What a mock shows to whoever looks on: every write of a session, every publication, and the end of its rules."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pygit2
from greenlet import getcurrent, greenlet

from seatrials.environments.parts import ResourceNames
from seatrials.evidence.history import GIT, METRICS, RULES, TABLE, History, ItemWrite, Publication, RulesGone
from seatrials.seams.aws import plain_item
from seatrials.twin.world import World

_WRITES = ("PutItem", "UpdateItem", "DeleteItem")
_READS = ("dynamodb.Scan", "dynamodb.Query", "dynamodb.GetItem")
_SESSION, _ACTIVE = "session-", "active"


def writes_of(operation: str, parameters: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the writes of a call of DynamoDB, each with its table, and with its key or its item.

    Source: Amazon DynamoDB API Reference, BatchWriteItem and TransactWriteItems.
    """
    if operation in _WRITES:
        yield parameters
    elif operation == "TransactWriteItems":
        parts = (each for part in parameters["TransactItems"] for each in part.items())
        yield from (write for kind, write in parts if kind != "ConditionCheck")
    elif operation == "BatchWriteItem":
        for table, requests in parameters["RequestItems"].items():
            yield from ({"TableName": table, **write} for each in requests for write in each.values())


def _groups_of(parameters: Mapping[str, Any]) -> Sequence[str]:
    """Return the ARNs of the target groups that get a share of what a rule forwards."""
    actions = [each for each in parameters.get("Actions", ()) if each["Type"] == "forward"]
    alone = [str(each["TargetGroupArn"]) for each in actions if "TargetGroupArn" in each]
    shares = [group for each in actions for group in each.get("ForwardConfig", {}).get("TargetGroups", ())]
    return [*alone, *(str(each["TargetGroupArn"]) for each in shares if each.get("Weight", 1) > 0)]


class Onlooker:
    """Writes a world's changes into a history as they happen; nothing of the world is changed by it."""

    def __init__(self, world: World, names: ResourceNames, history: History) -> None:
        self._world = world
        self._names = names
        self._history = history
        # The session of each rule, by the rule's ARN.
        self._rules: dict[str, str] = {}
        # The target groups that each session's preview is forwarded to.
        self._previews: dict[str, Sequence[str]] = {}
        self._gone: set[str] = set()
        # When each actor last read the table, and whether its task had been told to stop by then.
        self._read_at: WeakKeyDictionary[greenlet, tuple[float, bool]] = WeakKeyDictionary()

    def look(self) -> None:
        """Look on from now on."""
        self._history.sources |= {TABLE, METRICS, RULES, GIT}
        self._world.on_call, self._world.on_change = self._called, self._changed

    def _called(self, _caller: str, operation: str) -> None:
        if operation in _READS:
            container = self._world.runtime.current()
            self._read_at[getcurrent()] = self._history.now(), container is not None and container.stopping.is_set()

    def _changed(self, service: str, operation: str, parameters: Mapping[str, Any], answer: dict[str, Any]) -> None:
        if service == "dynamodb":
            for write in writes_of(operation, parameters):
                self._written(write)
        elif service == "cloudwatch" and operation == "PutMetricData":
            self._published(parameters)
        elif service == "elbv2" and operation == "CreateRule":
            self._made(parameters, answer)
        elif service == "elbv2" and operation == "ModifyRule" and parameters["RuleArn"] in self._rules:
            self._previews[self._rules[parameters["RuleArn"]]] = _groups_of(parameters)
        elif service == "elbv2" and operation == "DeleteRule":
            self._removed(str(parameters["RuleArn"]))

    def _written(self, parameters: Mapping[str, Any]) -> None:
        keys = parameters.get("Key") or parameters["Item"]
        session_id = str(keys.get("sessionId", {}).get("S", ""))
        if parameters["TableName"] != self._names.table or not session_id.startswith(_SESSION):
            return
        key = {"sessionId": keys["sessionId"], "userId": keys["userId"]}
        item = self._world.bridge.item(self._names.table, key)
        fields = None if item is None else plain_item(item)
        begins = (fields or {}).get("status") == _ACTIVE and (self._latest(session_id) or {}).get("status") != _ACTIVE
        write = ItemWrite(
            at=self._history.now(),
            session_id=session_id,
            by=self._who(),
            fields=fields,
            rules=list(self._rules.values()).count(session_id),
            unserved_by=self._unserved_by(session_id) if begins else (),
        )
        self._history.writes.append(write)

    def _latest(self, session_id: str) -> Mapping[str, Any] | None:
        return next((each.fields for each in reversed(self._history.writes) if each.session_id == session_id), None)

    def _unserved_by(self, session_id: str) -> tuple[str, ...]:
        """Return the nodes that do not send a session's preview to its target, which is there and stays."""
        groups = self._previews.get(session_id, ())
        registered = [each for each in self._world.targets.registrations if each.group_arn in groups]
        staying = [each for each in registered if not each.is_draining]
        return tuple(
            node.host.address
            for balancer in self._world.balancers
            # Others than the stack's own lead nowhere of it.
            if any(balancer.view.forwards_to(each.group_arn) for each in staying)
            for node in balancer.nodes
            if not any(node.targets.choosable(each.group_arn, each.address) for each in staying)
        )

    def _published(self, parameters: Mapping[str, Any]) -> None:
        container, now = self._world.runtime.current(), self._history.now()
        if container is None or parameters["Namespace"] != self._names.metric_namespace:
            return
        counted_at, is_stopping = self._read_at.get(getcurrent(), (now, container.stopping.is_set()))
        publication = Publication(
            at=now,
            by=container.name,
            namespace=parameters["Namespace"],
            data=parameters.get("MetricData", ()),
            counted_at=counted_at,
            is_stopping=is_stopping,
        )
        self._history.publications.append(publication)

    def _made(self, parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        for condition in parameters["Conditions"]:
            # Elastic Load Balancing API Reference, RuleCondition: values may stand in it itself.
            for value in condition.get("PathPatternConfig", condition).get("Values", ()):
                name = str(value).removeprefix("/session/").partition("/")[0]
                if name.startswith(_SESSION):
                    self._rules[answer["Rules"][0]["RuleArn"]] = name
                    self._previews[name] = _groups_of(parameters)

    def _removed(self, rule: str) -> None:
        session_id = self._rules.pop(rule, None)
        if session_id is not None and session_id not in self._gone and session_id not in self._rules.values():
            self._gone.add(session_id)
            gone = RulesGone(at=self._history.now(), session_id=session_id, uncommitted=self._uncommitted(session_id))
            self._history.rules_gone.append(gone)

    def _uncommitted(self, session_id: str) -> tuple[str, ...] | None:
        """Return what the workspace of a session has not committed; None where no container could commit it."""
        item = self._latest(session_id)
        task = "" if item is None else str(item.get("taskArn", "")).rpartition("/")[2]
        containers = self._world.runtime.containers.get(task, [])
        if item is None or not containers or containers[0].exited.is_set() or self._is_shared(item, session_id):
            return None
        project = Path(containers[0].root, "workspace", item["clientId"], item["userId"], "project")
        if not (project / ".git").is_dir():
            return None
        return tuple(sorted(pygit2.Repository(str(project)).status()))

    def _is_shared(self, item: Mapping[str, Any], session_id: str) -> bool:
        """Whether another session that is not over works in the same place, and may have just changed something."""
        latest = {each.session_id: each.fields for each in self._history.writes}
        return any(
            fields is not None
            and name != session_id
            and (fields.get("clientId"), fields.get("userId")) == (item["clientId"], item["userId"])
            and fields.get("status") in ("initializing", "active", "draining")
            for name, fields in latest.items()
        )

    def _who(self) -> str:
        container = self._world.runtime.current()
        return "" if container is None else container.name
