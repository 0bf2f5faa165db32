"""What activations are refused, and which field is named."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrials.webordinary.hermes.validation import Activation, InvalidRequestError, parse_activation

VALID = {"clientId": "acme", "userId": "jo@acme.example", "instruction": "Add a new page called About"}


def refusal(**changes: object) -> tuple[int, str]:
    """Return status and field of the refusal of a valid activation with changes; None as value removes a field."""
    fields = {name: value for name, value in {**VALID, **changes}.items() if value is not None}
    return refusal_of(json.dumps(fields).encode())


def refusal_of(body: bytes) -> tuple[int, str]:
    """Return status and field of the refusal of a body."""
    with pytest.raises(InvalidRequestError) as raised:
        parse_activation(body)
    return raised.value.status, raised.value.field


def test_a_valid_activation_is_read() -> None:
    """All fields arrive, those that may be left out included."""
    body = json.dumps({**VALID, "threadId": "t-1", "metadata": {"source": "mail"}}).encode()

    expected = Activation(
        client_id="acme",
        user_id="jo@acme.example",
        instruction="Add a new page called About",
        thread_id="t-1",
        metadata={"source": "mail"},
    )
    assert expected == parse_activation(body)


def test_thread_and_metadata_may_be_left_out() -> None:
    """Without them there is no thread yet, and no metadata."""
    activation = parse_activation(json.dumps(VALID).encode())

    assert (activation.thread_id, activation.metadata) == (None, {})


@pytest.mark.parametrize("field", ["clientId", "userId", "instruction"])
@pytest.mark.parametrize("value", [None, "", "   ", 42, ["x"], {"x": 1}, True, "x" * 4001])
def test_a_required_field_must_be_a_text_of_bounded_length(field: str, value: object) -> None:
    """Missing, empty, wrong-typed and over-long are refused, and the field is named."""
    assert (400, field) == refusal(**{field: value})


@pytest.mark.parametrize("field", ["clientId", "userId", "threadId"])
@pytest.mark.parametrize("value", [".", "..", "../etc", "a/b", "a b", "ü", "a\0", "a\n", "x" * 129])
def test_a_name_must_be_fit_for_a_path_segment(field: str, value: str) -> None:
    """Names become directories, so that nothing that could leave one is taken."""
    assert (400, field) == refusal(**{field: value})


@pytest.mark.parametrize("value", ["a..b", "a.lock", "a.", "", 7])
def test_a_thread_must_be_fit_for_a_branch(value: object) -> None:
    """The thread names a git branch. Source: git-check-ref-format(1)."""
    assert refusal(threadId=value) == (400, "threadId")


def test_an_instruction_may_have_4000_characters() -> None:
    """The limit itself is allowed."""
    body = json.dumps({**VALID, "instruction": "x" * 4000}).encode()

    assert len(parse_activation(body).instruction) == 4000


@pytest.mark.parametrize("value", ["text", [1], 1, {"x": "y" * 4000}, {"n": 10**40 + 1}, {"n": 1e200}])
def test_metadata_must_be_an_object_that_the_table_can_hold(value: object) -> None:
    """Other types, over-long ones and numbers beyond DynamoDB's are refused."""
    assert refusal(metadata=value) == (400, "metadata")


def test_metadata_may_not_be_nested_without_end() -> None:
    """DynamoDB nests 32 levels deep. Source: DynamoDB Developer Guide, service quotas."""
    value: object = {}
    for _ in range(40):
        value = {"x": value}

    assert refusal(metadata=value) == (400, "metadata")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"not json",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"metadata": {"n": NaN}}',
        b"[" * 100_000,
        b'{"a":"\\ud800"}',
    ],
)
def test_a_body_must_be_a_json_object(body: bytes) -> None:
    """Anything else is refused, and the body is named."""
    assert refusal_of(body) == (400, "body")


def test_a_body_above_one_megabyte_is_too_large() -> None:
    """It is refused before it is read."""
    assert refusal_of(b" " * 1_048_577) == (413, "body")


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_no_body_does_anything_but_be_refused_or_read(body: bytes) -> None:
    """Whatever arrives, the outcome is an activation or a refusal with a field."""
    try:
        parse_activation(body)
    except InvalidRequestError as error:
        outcome = error.field
    else:
        outcome = "read"

    assert outcome
