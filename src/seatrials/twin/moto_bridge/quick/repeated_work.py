"""What moto's DynamoDB does in each call and need not.

Expressions are parsed once, scalars are neither copied nor asked for their type, and values are written as they are.

tests/unit/twin/moto_bridge/quick/test_repeated_work.py makes the same calls with and without it: answers are the same.
"""

import copy
import pickle
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb import responses
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.models import utilities
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing import ast_nodes, expressions, validators

from seatrials.twin.moto_bridge.replacing import replace_once

# moto's parser has no types, and mypy does not see its names.
_Node: Any = vars(ast_nodes)["Node"]
_DepthFirstTraverser: Any = vars(ast_nodes)["DepthFirstTraverser"]
_TABLE: Any = Table
_JUDGES = {
    validators.ActionCountValidator,
    validators.OverlappingPathsValidator,
    validators.UpdateHashRangeKeyValidator,
}
_CHANGED_IN_PLACE = {dict, list}
# Each expression is parsed twice in a call, and an application has few of them at a time.
EXPRESSIONS_KEPT = 256


def spare_dynamodb() -> None:
    """Let moto's DynamoDB keep what it would make again, in this process from now on."""
    replace_once(vars(expressions)["UpdateExpressionParser"], "make", lru_cache(EXPRESSIONS_KEPT))
    replace_once(validators, "deepcopy", trees_unpickled)
    replace_once(validators.UpdateExpressionValidator, "validate", judged_once)
    replace_once(_DepthFirstTraverser, "nodes_to_be_processed", _listed_once)
    replace_once(ConditionExpressionParser, "_lex_condition_expression", _lexed_once)
    replace_once(ConditionExpressionParser, "parse", parsed_once)
    replace_once(DynamoType, "size", _told_at_once)
    replace_once(Item, "size", lambda _moto: _item_size)
    replace_once(DynamoType, "__deepcopy__", lambda _moto: _copied_value)
    replace_once(Item, "__deepcopy__", lambda _moto: _copied_item)
    replace_once(DynamoType, "cast_value", _cast_at_once)
    replace_once(Table, "all_items", lambda _moto: _sorted_items)
    # It has none of its own: a transaction copies every table that it changes, to have it back when it fails.
    _TABLE.__deepcopy__ = _copied_table
    replace_once(utilities, "dynamo_to_dict", _plain_at_once)
    replace_once(responses, "dynamo_to_dict", lambda _moto: vars(utilities)["dynamo_to_dict"])
    replace_once(BaseJSONSerializer, "_serialize_type_structure", _written_at_once)


def trees_unpickled(deepcopy: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Copy the tree of an update, which moto changes as it validates it, from bytes that are made once."""
    pickled: dict[int, tuple[Any, bytes]] = {}

    def copied(value: Any) -> Any:  # noqa: ANN401  # a tree or, for list_append, a value
        if not isinstance(value, _Node):
            return deepcopy(value)
        if id(value) not in pickled:
            # The tree is kept too, so that no other gets its id.
            _keep(pickled, id(value), (value, pickle.dumps(value, pickle.HIGHEST_PROTOCOL)))
        as_bytes = pickled[id(value)][1]
        tree: Any = pickle.loads(as_bytes)  # noqa: S301  # made above
        tree.copied_from = as_bytes
        return tree

    return copied


def judged_once(validate: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Leave out the passes over an update's tree that do nothing but judge it, once it has passed them.

    They look at the expression, the names in it and the table's keys, and never at an item or a value.
    """
    passed: dict[tuple[bytes, str, str], None] = {}

    def validate_update(self: Any) -> Any:  # noqa: ANN401  # moto's own signature
        keys = self.table.table_key_attrs
        question = (self.node_to_validate.copied_from, repr(self.expression_attribute_names), repr(keys))
        if question in passed:
            self.processors = [each for each in self.processors if each.__class__ not in _JUDGES]
            return validate(self)
        validated = validate(self)
        _keep(passed, question, None)
        return validated

    return validate_update


def _listed_once(list_kinds: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """List the kinds of nodes that a pass over a tree is for once, not at each node."""
    known: dict[type, Any] = {}

    def nodes_to_be_processed(self: Any) -> Any:  # noqa: ANN401  # moto's own signature
        kinds = known.get(self.__class__)
        if kinds is None:
            kinds = known[self.__class__] = list_kinds(self)
        return kinds

    return nodes_to_be_processed


def _lexed_once(lex: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Cut the text of a condition into its parts once."""
    known: dict[str, tuple[Any, ...]] = {}

    def lex_condition_expression(self: Any) -> Any:  # noqa: ANN401  # moto's own signature
        text = self.condition_expression
        if text not in known:
            _keep(known, text, tuple(lex(self)))
        return deque(known[text])

    return lex_condition_expression


def parsed_once(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Keep what is made of a condition by all that it depends on: its text, the names and the values."""
    known: dict[tuple[str, str, str], tuple[Any, tuple[str, ...], tuple[str, ...]]] = {}

    def parse_condition(self: Any) -> Any:  # noqa: ANN401  # moto's own signature
        names, values = repr(self.expression_attribute_names), repr(self.expression_attribute_values)
        question = (self.condition_expression, names, values)
        if question in known:
            condition, names_found, values_found = known[question]
            self.expr_attr_names_found.extend(names_found)
            self.expr_attr_values_found.extend(values_found)
            return condition
        # A condition holds the values it was parsed with, and moto stores those of a call as they are: a set that is
        # added to later would change what is kept.
        self.expression_attribute_values = copy.deepcopy(self.expression_attribute_values)
        condition = parse(self)
        found = tuple(self.expr_attr_names_found), tuple(self.expr_attr_values_found)
        _keep(known, question, (condition, *found))
        return condition

    return parse_condition


def _keep(known: dict[Any, Any], question: object, made: object) -> None:
    """Keep what was made, and never more than is asked for at one time: a served world may live for hours."""
    if len(known) >= EXPRESSIONS_KEPT:
        known.clear()
    known[question] = made


def _told_at_once(size: Callable[[Any], int]) -> Callable[[Any], int]:
    """Tell the size of a text without asking first whether it is a number, a set, a list or a map."""

    def size_of(self: Any) -> int:  # noqa: ANN401  # moto's own signature
        return _bytes_of(self.value) if self.type == "S" and self.value.__class__ is str else size(self)

    return size_of


def _item_size(self: Any) -> int:  # noqa: ANN401  # moto's own signature
    """Add up names and values, of which most are texts: a call that reads a table asks every item twice."""
    return sum(
        _bytes_of(name) + (_bytes_of(each.value) if each.type == "S" else each.size())
        for name, each in self.attrs.items()
    )


def _bytes_of(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _copied_value(self: Any, memo: Mapping[int, Any]) -> Any:  # noqa: ANN401  # moto's own signature
    """Copy what can be changed in place, which is a list, a map or a set; moto replaces any other value whole.

    What two attributes share, as moto lets them after `SET b = a`, is copied for each: on AWS they share nothing.
    """
    value = self.value
    if value.__class__ is list:
        value = [_copied_value(each, memo) if each.__class__ is DynamoType else each for each in value]
    elif value.__class__ is dict:
        value = {key: _copied_value(each, memo) for key, each in value.items()}
    else:
        return self
    copied = DynamoType.__new__(DynamoType)
    copied.type, copied.value = self.type, value
    return copied


def _copied_item(self: Any, memo: Mapping[int, Any]) -> Any:  # noqa: ANN401  # moto's own signature
    copied: Any = Item.__new__(Item)
    copied.hash_key, copied.range_key = self.hash_key, self.range_key
    # As moto does: the sizes were checked when the item was written.
    copied.attrs = LimitedSizeDict.__new__(LimitedSizeDict)
    values = {
        name: _copied_value(each, memo) if each.value.__class__ in _CHANGED_IN_PLACE else each
        for name, each in self.attrs.items()
    }
    dict.update(copied.attrs, values)
    return copied


def _copied_table(self: Any, memo: dict[int, Any]) -> Any:  # noqa: ANN401  # moto's own signature
    """Copy the items as each of them is copied, whose keys nothing changes, and all else as ever."""
    copied: Any = Table.__new__(Table)
    memo[id(self)] = copied
    others = {name: each for name, each in vars(self).items() if name != "items"}
    vars(copied).update(copy.deepcopy(others, memo))
    copied.items = defaultdict(dict)
    for key, of_key in self.items.items():
        is_item = of_key.__class__ is Item
        copied.items[key] = (
            _copied_item(of_key, memo) if is_item else {each: _copied_item(item, memo) for each, item in of_key.items()}
        )
    return copied


def _cast_at_once(cast_value: Any) -> Any:  # noqa: ANN401  # a property of moto's
    """Compare texts, which keys are, without asking first whether they are a number, a set, a list or a map."""
    cast = cast_value.fget

    def cast_value_of(self: Any) -> Any:  # noqa: ANN401  # moto's own signature
        return self.value if self.type == "S" else cast(self)

    return property(cast_value_of)


def _sorted_items(self: Any) -> list[Any]:  # noqa: ANN401  # moto's own signature
    """Return a table's items in the order of their keys, which are cast once for each and not for each comparison."""
    if not self.range_key_attr:
        return sorted(self.items.values(), key=lambda each: each.hash_key.cast_value)
    items = [each for of_key in self.items.values() for each in of_key.values()]
    return sorted(items, key=lambda each: (each.hash_key.cast_value, each.range_key.cast_value))


def _plain_at_once(make_plain: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make results plain, of which most parts are so already, without asking first whether they are anything else."""

    def plain(value: Any) -> Any:  # noqa: ANN401  # moto's own signature
        kind = value.__class__
        if kind is str:
            return value
        if kind is dict:
            return {name: plain(each) for name, each in value.items()}
        if kind is list:
            return [plain(each) for each in value]
        return make_plain(value)

    return plain


def _written_at_once(serialize: Callable[..., None]) -> Callable[..., None]:
    """Write a value of DynamoDB's as it is: it has the names and the types that JSON takes, unless there are bytes."""

    def serialize_structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:  # noqa: ANN401
        if shape.name != "AttributeValue" or value.__class__ is not dict or _has_bytes(value):
            serialize(self, serialized, value, shape, key)
        else:
            serialized[key] = value

    return serialize_structure


def _has_bytes(value: Mapping[str, Any]) -> bool:
    """Whether a value of DynamoDB's is, or contains, what JSON carries in another form."""
    for kind, content in value.items():
        if kind in {"B", "BS"}:
            return True
        if kind == "L":
            return any(map(_has_bytes, content))
        if kind == "M":
            return any(map(_has_bytes, content.values()))
    return False
