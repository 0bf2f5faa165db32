"""Tests of AWS's answers as plain values."""

from botocore.exceptions import ClientError

from seatrials.seams.aws import error_code, plain_item


def test_an_item_is_plain_whatever_it_holds() -> None:
    """Whole numbers are int and others float, however deep they stand; everything else is what it was."""
    item = {
        "ttl": {"N": "1700000000"},
        "load": {"N": "0.5"},
        "is_on": {"BOOL": True},
        "metadata": {"M": {"attempts": {"L": [{"N": "1"}, {"S": "two"}, {"NULL": True}]}}},
    }

    found = plain_item(item)

    assert found == {
        "ttl": 1_700_000_000,
        "load": 0.5,
        "is_on": True,
        "metadata": {"attempts": [1, "two", None]},
    }
    assert {name: type(value) for name, value in found.items() if name != "metadata"} == {
        "ttl": int,
        "load": float,
        "is_on": bool,
    }


def test_an_error_has_a_code() -> None:
    """AWS's code of an error is told, also when AWS gave none."""
    coded = ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")

    assert [error_code(each) for each in (coded, ClientError({}, "GetObject"))] == ["NoSuchKey", "unknown"]
