"""What has changed between two commits is named by row, key and resource; what cannot be read is not unchanged."""

import pytest

from seatrials.catalogue import Row
from seatrials.gate.changes import changed_criteria, changed_resources, changed_rows

ROW = Row(id="COLD-01", suite="cold_start", sentence="It holds.", test="t", environments=("mock",), exclusive=False)


def row(**fields: object) -> Row:
    """Return the row with other fields."""
    return Row(**{**vars(ROW), **fields})


def test_rows_come_go_and_change() -> None:
    """Each is named with its sentence; a row that says or asks something else is told with what it was."""
    old = [ROW, row(id="COLD-02"), row(id="COLD-03")]
    new = [row(sentence="It still holds."), row(id="COLD-03", environments=("mock", "staging")), row(id="COLD-04")]

    found = changed_rows(old, new)
    assert found is not None
    assert found.added == ("COLD-04: It holds.",)
    assert found.removed == ("COLD-02: It holds.",)
    assert found.changed == (
        "COLD-01: It still holds. (it said: It holds.)",
        "COLD-03: required on mock, staging, and was on mock",
    )
    assert changed_rows(None, new) is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "", ()),
        ("a = 1", "a = 2", ("a: 1 → 2",)),
        ("[environments.mock]\nrows = 'mock'", "", ("environments: removed",)),
        ("[x.a]\nb = 1", "[x.a]\nb = 1\n[x.c]\nd = 2", ("x.c: added",)),
        ("[[statistics]]\nid = 'a'\nbelow = 1", "[[statistics]]\nid = 'a'\nbelow = 2", ("statistics.a.below: 1 → 2",)),
        (
            "[[waivers]]\nsubject = 'a'\n[[waivers]]\nsubject = 'b'",
            "[[waivers]]\nsubject = 'b'\n[[waivers]]\nsubject = 'c'",
            ("waivers.c: added", "waivers.a: removed"),
        ),
        ("kinds = ['measured']", "kinds = ['measured', 'rehearsed']", ("kinds: measured → measured, rehearsed",)),
        ('"<b>\\u001b" = 1', '"<b>\\u001b" = 2', ("<b>: 1 → 2",)),
    ],
)
def test_criteria_are_compared_by_key(old: str, new: str, told: tuple[str, ...]) -> None:
    """A table that is new or gone is one difference, and tables of a list are known by their names."""
    assert changed_criteria(old.encode(), new.encode()) == told


@pytest.mark.parametrize("content", [None, b"a = ", b"\xff", b"a = " + b"[" * 5000])
def test_criteria_that_cannot_be_read_are_not_unchanged(content: bytes | None) -> None:
    """On either side."""
    assert changed_criteria(content, b"") is None
    assert changed_criteria(b"", content) is None


TEMPLATE = """
Parameters:
  Image: {Type: String}
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}
  Table: {Type: AWS::DynamoDB::Table, DeletionPolicy: Retain, Properties: {TableName: !Ref Image}}
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Path: /", "Path: /x", ("Role (AWS::IAM::Role): changed in Path",)),
        ("DeletionPolicy: Retain, ", "", ("Table (AWS::DynamoDB::Table): changed in DeletionPolicy",)),
        ("!Ref Image", "!Sub x", ("Table (AWS::DynamoDB::Table): changed in TableName",)),
        ("  Role:", "  Other:", ("Other (AWS::IAM::Role): added", "Role (AWS::IAM::Role): removed")),
        ("{Type: String}", "{Type: Number}", ("Parameters: changed",)),
        ("AWS::IAM::Role", "AWS::IAM::User", ("Role (AWS::IAM::User): changed in Type",)),
        ("  Role: {Type: AWS::IAM::Role, Properties: {Path: /}}", "  Role: 7", ("Role (of no type): changed",)),
    ],
)
def test_resources_are_compared_one_by_one(old: str, new: str, told: tuple[str, ...]) -> None:
    """Each is named with its type and what of it differs."""
    assert changed_resources(TEMPLATE.encode(), TEMPLATE.replace(old, new).encode()) == told


def test_a_template_in_json_is_the_same() -> None:
    """What counts is what it says."""
    assert changed_resources(b'{"Resources": {}}', b"Resources: {}") == ()


@pytest.mark.parametrize("content", [None, b"", b"[", b"- 1", b"\xff", b"a: !!python/object:x 1", b"[" * 5000])
def test_a_template_that_cannot_be_read_is_not_unchanged(content: bytes | None) -> None:
    """A list, no YAML, or nothing."""
    assert changed_resources(content, TEMPLATE.encode()) is None
    assert changed_resources(TEMPLATE.encode(), content) is None
