"""What moto's DynamoDB is spared changes no answer: the same calls are made in a process with it and in one without."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.exceptions import UpdateHashRangeKeyException
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.parsing import expressions
from moto.dynamodb.parsing.validators import UpdateExpressionValidator, Validator

from seatrials.twin.moto_bridge.quick import repeated_work
from tests.support.aws import Json

KEY = {"id": {"S": "a"}}
SET_ONCE = {
    "Key": KEY,
    "UpdateExpression": "SET tags = :s",
    "ConditionExpression": "attribute_not_exists(tags) OR tags = :s",
    "ExpressionAttributeValues": {":s": {"SS": ["x"]}},
}
SET = {name: value for name, value in SET_ONCE.items() if name != "ConditionExpression"}
ADD = {"Key": KEY, "UpdateExpression": "ADD tags :t", "ExpressionAttributeValues": {":t": {"SS": ["y"]}}}
APPEND = {
    "Key": KEY,
    "UpdateExpression": "SET #l = list_append(if_not_exists(#l, :none), :more), n = if_not_exists(n, :zero) + :one",
    "ExpressionAttributeNames": {"#l": "list"},
    "ExpressionAttributeValues": {
        ":none": {"L": []},
        ":more": {"L": [{"S": "a"}, {"M": {"deep": {"N": "1"}}}]},
        ":zero": {"N": "0"},
        ":one": {"N": "1"},
    },
    "ReturnValues": "ALL_NEW",
}
REMOVE = {"Key": KEY, "UpdateExpression": "REMOVE #l[0], #l[2]", "ExpressionAttributeNames": {"#l": "list"}}
NESTED = {
    "Key": KEY,
    "UpdateExpression": "SET #l[1].deep = :v",
    "ExpressionAttributeNames": {"#l": "list"},
    "ExpressionAttributeValues": {":v": {"N": "2"}},
}
FILTER = {
    "FilterExpression": "n BETWEEN :one AND :two AND (begins_with(id, :a) OR id IN (:b)) AND NOT contains(tags, :z)",
    "ExpressionAttributeValues": {
        ":one": {"N": "1"},
        ":two": {"N": "2"},
        ":a": {"S": "a"},
        ":b": {"S": "b"},
        ":z": {"S": "z"},
    },
}
KEEP = {"Item": {**KEY, "n": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(id)"}
# Texts whose order is not that of their writing, numbers whose order is not that of their digits, and what is nested.
RANKED = [
    {
        "id": {"S": name},
        "kind": {"S": "x"},
        "rank": {"N": rank},
        "of": {"L": [{"M": {"a": {"SS": ["b"]}}}, {"NULL": True}]},
    }
    for name, rank in (("z", "9"), ("Ä", "10"), ("b", "100"), ("c", "-1"))
]
BY_RANK = {
    "IndexName": "by-rank",
    "KeyConditionExpression": "kind = :x AND #r > :low",
    "ExpressionAttributeNames": {"#r": "rank"},
    "ExpressionAttributeValues": {":x": {"S": "x"}, ":low": {"N": "2"}},
}
OF_ONE = {"KeyConditionExpression": "id = :b", "ExpressionAttributeValues": {":b": {"S": "b"}}, "TableName": "ranked"}
# A new item, a change within a list and a deletion; and the one of another table that is there, or is not.
CHANGES: list[dict[str, Any]] = [
    {"Put": {"TableName": "t", "Item": {"id": {"S": "new"}}}},
    {
        "Update": {
            "TableName": "t",
            "Key": {"id": {"S": "z"}},
            "UpdateExpression": "SET #o[0].a = :v",
            "ExpressionAttributeNames": {"#o": "of"},
            "ExpressionAttributeValues": {":v": {"S": "changed"}},
        }
    },
    {"Delete": {"TableName": "ranked", "Key": {"id": {"S": "b"}, "rank": {"N": "9"}}}},
]
OF_RANKED = {"TableName": "ranked", "Key": {"id": {"S": "b"}, "rank": {"N": "10"}}}
CHECKS = [
    {"ConditionCheck": {**OF_RANKED, "ConditionExpression": f"attribute_{each}(id)"}}
    for each in ("not_exists", "exists")
]
# Each twice or more, with changes in between, and with each kind of mistake.
CALLS: list[tuple[str, dict[str, Any]]] = [
    *(("update_item", each) for each in (SET_ONCE, ADD, SET_ONCE, APPEND, APPEND, NESTED, REMOVE, REMOVE, ADD)),
    *(("scan", each) for each in (FILTER, {}, FILTER)),
    *(("put_item", each) for each in (KEEP, {**KEEP, "Item": {"id": {"S": "b"}, "n": {"N": "2"}}}, KEEP)),
    ("update_item", {**SET, "UpdateExpression": "SET status = :s"}),
    *(("update_item", {**SET, "UpdateExpression": "SET tags = :s, tags = :s"}) for _ in range(2)),
    *(("update_item", {**SET, "UpdateExpression": "SET id = :s"}) for _ in range(2)),
    *(
        ("update_item", {**SET, "UpdateExpression": "SET #n = :s", "ExpressionAttributeNames": {"#n": name}})
        for name in ("tags", "id", "tags", "id")
    ),
    *(("update_item", {**ADD, "UpdateExpression": "ADD tags :t ADD n :t"}) for _ in range(2)),
    ("update_item", {**SET, "ExpressionAttributeNames": {"#unused": "tags"}}),
    *(("delete_item", {"Key": KEY, "ConditionExpression": "attribute_exists(id)"}) for _ in range(2)),
    ("scan", {}),
    *(("put_item", {"Item": each}) for each in RANKED),
    *(("put_item", {"Item": {**each, "id": {"S": "b"}}, "TableName": "ranked"}) for each in RANKED),
    *(("query", {**BY_RANK, "ScanIndexForward": forward}) for forward in (True, False)),
    ("query", OF_ONE),
    ("scan", {"TableName": "ranked"}),
    ("scan", {"Limit": 2}),
    *(("transact_write_items", {"TransactItems": [*CHANGES, check]}) for check in CHECKS),
    ("scan", {"TableName": "ranked"}),
]
# What JSON carries in another form, alone and within others.
BYTES = [{"B": b"\x00\xff"}, {"BS": [b"\x00"]}, {"L": [{"S": "a"}, {"M": {"deep": {"B": b"\xff"}}}]}]
PROGRAM = """
import json, sys
import boto3
from botocore.exceptions import ClientError
from seatrials.twin.moto_bridge.quick import repeated_work
from moto import mock_aws

BYTES = BYTES_HERE

if sys.argv[1] == "spared":
    repeated_work.spare_dynamodb()
answers = []
with mock_aws():
    dynamodb = boto3.Session("testing", "testing", region_name="us-west-2").client("dynamodb")
    dynamodb.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind} for name, kind in (("id", "S"), ("kind", "S"), ("rank", "N"))
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-rank",
                "KeySchema": [
                    {"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "rank", "KeyType": "RANGE"}
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.create_table(
        TableName="ranked",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "rank", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind} for name, kind in (("id", "S"), ("rank", "N"))
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for operation, parameters in json.load(sys.stdin):
        try:
            table = {} if operation == "transact_write_items" else {"TableName": "t"}
            answer = getattr(dynamodb, operation)(**{**table, **parameters})
        except ClientError as error:
            answer = error.response
        answer.pop("ResponseMetadata")
        answers.append([operation, answer, [dynamodb.scan(TableName=each)["Items"] for each in ("t", "ranked")]])
    for value in BYTES:
        dynamodb.put_item(TableName="t", Item={"id": {"S": "bytes"}, "value": value})
        assert dynamodb.get_item(TableName="t", Key={"id": {"S": "bytes"}})["Item"]["value"] == value, value
print(json.dumps(answers))
"""

ATTRIBUTES: dict[str, Any] = {
    "sessionId": {"S": "s-1"},
    "visits": {"N": "1"},
    "tags": {"SS": ["a", "b"]},
    "list": {"L": [{"S": "a"}, {"M": {"deep": {"L": [{"N": "1"}]}}}]},
    "map": {"M": {"inner": {"M": {"leaf": {"BOOL": True}}}, "none": {"NULL": True}}},
}


def item() -> Item:
    """Return an item with a value of every shape."""
    return Item(DynamoType({"S": "s-1"}), DynamoType({"S": "u"}), copy.deepcopy(ATTRIBUTES))


def append_to_set(of: Item) -> None:
    """Change a set in place, as ADD does."""
    of.attrs["tags"].value.append("c")


def append_to_nested_list(of: Item) -> None:
    """Change a list within a map within a list in place, as SET list[1].deep[1] does."""
    of.attrs["list"].value[1].value["deep"].value.append(DynamoType({"N": "2"}))


def set_in_nested_map(of: Item) -> None:
    """Change a map in place, as SET map.inner.leaf does."""
    of.attrs["map"]["inner"]["leaf"] = DynamoType({"BOOL": False})


def set_attribute(of: Item) -> None:
    """Replace a scalar, as SET visits does."""
    of.attrs["visits"] = DynamoType({"N": "2"})


def answers(way: str) -> Json:
    """Return what each of CALLS is answered, and all items after it, in a process of its own."""
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-c", PROGRAM.replace("BYTES_HERE", repr(BYTES)), way],
        input=json.dumps(CALLS),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_same_calls_have_the_same_answers() -> None:
    """Those that succeed and those that are refused, and what is in the table after each."""
    of_moto, spared = answers("of moto"), answers("spared")

    refused = [answer["Error"]["Code"] for _, answer, _ in of_moto if "Error" in answer]
    assert spared == of_moto
    assert refused.count("ConditionalCheckFailedException") == 4
    assert refused.count("ValidationException") == 10


@pytest.mark.usefixtures("twin")
@pytest.mark.parametrize("change", [append_to_set, append_to_nested_list, set_in_nested_map, set_attribute])
def test_a_copied_item_shares_nothing_that_can_change(change: Callable[[Item], None]) -> None:
    """A copy is equal, and what is changed in either afterwards is not changed in the other."""
    original = item()
    copied = copy.deepcopy(original)

    assert copied.to_json() == original.to_json()
    assert copied.size() == original.size()
    change(copied)
    assert original.to_json() == item().to_json()
    change(original)
    assert copied.to_json() == original.to_json()


@pytest.mark.parametrize(
    ("text", "names", "values", "holds"),
    [
        ("attribute_exists(sessionId)", {}, {}, True),
        ("attribute_not_exists(#v) OR #v < :two", {"#v": "visits"}, {":two": {"N": "2"}}, True),
        ("attribute_not_exists(#v) OR #v < :two", {"#v": "visits"}, {":two": {"N": "1"}}, False),
        ("attribute_not_exists(#v) OR #v < :two", {"#v": "absent"}, {":two": {"N": "1"}}, True),
        ("", {}, {}, True),
    ],
)
def test_a_condition_is_parsed_once_and_means_the_same(
    text: str, names: dict[str, str], values: dict[str, dict[str, str]], *, holds: bool
) -> None:
    """The second parser of an equal condition parses nothing, and has the meaning and the names of the first."""
    parsings = []

    def parse(parser: ConditionExpressionParser) -> object:
        parsings.append(parser)
        return ConditionExpressionParser.parse(parser)

    parsed_once = repeated_work.parsed_once(parse)
    first, second = (ConditionExpressionParser(text, names, values) for _ in range(2))
    conditions = [parsed_once(first), parsed_once(second)]

    assert [condition.expr(item()) for condition in conditions] == [holds, holds]
    assert second.expr_attr_names_found == first.expr_attr_names_found
    assert second.expr_attr_values_found == first.expr_attr_values_found
    assert parsings == [first]


def test_conditions_are_not_kept_for_ever() -> None:
    """A condition with a time in it is a new one each time; only the last few are kept."""
    parsings: list[ConditionExpressionParser] = []
    parsed_once = repeated_work.parsed_once(parsings.append)
    first, *others = (
        ConditionExpressionParser("a = :a", {}, {":a": {"N": str(number)}})
        for number in range(repeated_work.EXPRESSIONS_KEPT + 1)
    )
    for each in (first, *others, first):
        parsed_once(each)

    assert parsings == [first, *others, first]


def test_the_tree_of_an_update_is_whole_each_time() -> None:
    """Each call begins with a tree that nobody has changed, though moto changes trees as it validates them."""
    tree = vars(expressions)["UpdateExpressionParser"].make("SET visits = :two REMOVE #l[0], #l[1]")
    untouched = repr(flattened(tree))
    table: Any = type("Table", (), {"table_key_attrs": ["sessionId"], "attr": [], "attribute_keys": ["sessionId"]})()
    copied = repeated_work.trees_unpickled(copy.deepcopy)

    for _ in range(2):
        taken = copied(tree)
        validator = UpdateExpressionValidator(taken, {"#l": "list"}, {":two": {"N": "2"}}, item(), table)
        validator.validate().normalize()
        assert repr(flattened(tree)) == untouched
    assert copied({"no": ["tree"]}) == {"no": ["tree"]}


@pytest.mark.usefixtures("twin")
@pytest.mark.parametrize(("value", "size"), [({"S": "é!"}, 3), ({"N": "12.5"}, 4), ({"S": True}, 1)])
def test_sizes_are_motos(value: dict[str, Any], size: int) -> None:
    """A text counts its bytes, whatever is quick about it, and what a served client sends as a text may be none."""
    assert DynamoType(value).size() == size


# moto's nodes, of which mypy sees no types.
Tree = Any


def flattened(node: Tree) -> list[object]:
    """Return a tree as nested lists of its kinds and its leaves."""
    return [type(node).__name__, [flattened(each) if hasattr(each, "children") else each for each in node.children]]


def test_an_update_is_judged_once() -> None:
    """An expression that has passed is only resolved the next time; with another name in it, it is judged again."""
    tree = vars(expressions)["UpdateExpressionParser"].make("SET #v = :two")
    table: Any = type("Table", (), {"table_key_attrs": ["sessionId"], "attr": [], "attribute_keys": ["sessionId"]})()
    judged_once = repeated_work.judged_once(Validator.validate)
    copied = repeated_work.trees_unpickled(copy.deepcopy)

    def passes(name: str) -> int:
        validator = UpdateExpressionValidator(copied(tree), {"#v": name}, {":two": {"N": "2"}}, item(), table)
        # Whether or not the copy was made by moto's own deepcopy, as in a process without a twin.
        validator.node_to_validate = copied(tree)
        judged_once(validator)
        return len(validator.processors)

    everything = passes("visits")
    assert passes("visits") == everything - 3
    assert passes("tags") == everything
    with pytest.raises(UpdateHashRangeKeyException):
        passes("sessionId")
