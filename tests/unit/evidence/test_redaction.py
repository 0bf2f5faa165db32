"""What must never be kept of a run is not in redacted text, and what is harmless stays as it was."""

import json
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seatrials.evidence.redaction import redact, redact_line, redact_lines, redact_value
from seatrials.evidence.secret_formats import looks_secret
from seatrials.evidence.secret_names import is_secret_name

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\nq2Fz4g==\n-----END RSA PRIVATE KEY-----"
HARMLESS = (
    "session-49d34bfd-9506-460a-b87e-e3c36f52f1be is active",
    "GET /api/files/secret.md → 200",
    "the path '../secret.md' is not one inside the workspace",
    "arn:aws:ecs:us-west-2:123456789012:task-definition/webordinary-edit-service:1",
    "arn:aws:secretsmanager:us-west-2:123456789012:secret:webordinary/db-AbCdEf",
    "https://webordinary-edit-alb-1.us-west-2.elb.amazonaws.com:443/session/session-1",
    "waited for the client's access point; task-0123456789abcdef0123456789abcdef",
    '{"TableName": "sessions", "Key": {"sessionId": {"S": "session-1"}}, "KeySchema": [{"KeyType": "HASH"}]}',
    "table.get_item(Key={'sessionId': {'S': 'session-1'}})",
    '{"HealthCheckPath": "/health", "Matcher": {"HttpCode": "200"}}',
    '{"Key": "stickiness.lb_cookie.duration_seconds", "Value": "86400"}',
    '{"authorizationConfig": {"accessPointId": "fsap-0123456789abcdef0", "iam": "DISABLED"}}',
    "the task definition holds ['DB_PASSWORD', 'API_TOKEN']",
    "ae0d4f4f7c2b3f1b6f0b2a2f0c7de5e1f9ad6c3e9b1f7a3d8c5b4e2f1a0d9c8b",
    "listener=443 rule=default status=404 target_group=- task=-",
    '    @pytest.fixture(name="platform")',
    "@pytest.mark.mock_only",
    "risk-free-and-otherwise-quite-harmless-words",
    "key: value, monkey=see, keyboard: us, turkey = bird",
)

# Each for another part of the grammar; the second is a line of .pgpass, which no word gives away.
LEAKS = (
    "DB_PASSWORD=hunter2hunter2",
    "db.example.com:5432:shop:admin:hunter2",
    "AKIAIOSFODNN7EXAMPLE",
    "write to jane.doe@example.com",
    "Authorization: Bearer abcdefghijkl",
    "https://user:hunter2@example.com/",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("authorization: Bearer abc.def", "authorization: [redacted]", id="authorization"),
        pytest.param("x-api-key: abc", "x-api-key: [redacted]", id="api-key"),
        pytest.param("X-Amz-Security-Token=abc, next", "X-Amz-Security-Token=[redacted], next", id="session-token"),
        pytest.param("password = 'a b'", "password = [redacted]", id="quoted"),
        pytest.param("key AKIAABCDEFGHIJKLMNOP.", "key [redacted].", id="access-key"),
        pytest.param("key ASIAABCDEFGHIJKLMNOP.", "key [redacted].", id="temporary-access-key"),
        pytest.param("for anna.b+c@mail.example.com!", "for a***@mail.example.com!", id="e-mail"),
        pytest.param("/a/anna@b.example/c", "/a/a***@b.example/c", id="e-mail-in-a-path"),
        pytest.param("x%2Fa%2Fanna@b.example", "x%2Fa%2Fa***@b.example", id="e-mail-in-an-encoded-path"),
        pytest.param("token ghp_" + "a" * 36, "token [redacted]", id="github"),
        pytest.param("key sk_live_000", "key [redacted]", id="stripe"),
        pytest.param("xoxb-1234567890-abcdef", "[redacted]", id="slack"),
        pytest.param(f"a {PEM} b", "a [redacted] b", id="private-key"),
        pytest.param(PEM[:60], "[redacted]", id="private-key-cut-off"),
        pytest.param("DB_PWD=hunter2", "DB_PWD=[redacted]", id="variable"),
        pytest.param("DB_PWD=correct horse", "DB_PWD=[redacted]", id="variable-with-spaces"),
        pytest.param("COOKIE_SIGNING_KEY=abc", "COOKIE_SIGNING_KEY=[redacted]", id="signing-key"),
        pytest.param("https://bot:pass@git.example/t.git", "https://[redacted]@git.example/t.git", id="address"),
        pytest.param("redis://:pass@cache.example:6379", "redis://[redacted]@cache.example:6379", id="no-user"),
        pytest.param("run --api-token abc -q", "run --api-token [redacted] -q", id="option"),
        pytest.param("[('Authorization', 'Bearer x y')]", "[('Authorization', [redacted])]", id="header-in-python"),
        pytest.param(r'\nAKIAABCDEFGHIJKLMNOP"', r'\n[redacted]"', id="after-an-escape"),
        pytest.param("{'token': 'a', 'n': 1}", "{'token': [redacted], 'n': 1}", id="dictionary"),
        pytest.param('{"token":123456,"n":1}', '{"token":[redacted],"n":1}', id="number"),
        pytest.param(r'"{\"token\": \"a b\", \"n\": 1}"', r'"{\"token\": [redacted], \"n\": 1}"', id="json-in-json"),
    ],
)
def test_what_is_secret_is_redacted(text: str, expected: str) -> None:
    """Tokens and keys vanish, an e-mail address keeps its first letter and domain, and all else stays."""
    assert expected == redact(text)


@pytest.mark.parametrize("text", ["Cookie: first=1; second=2", "Set-Cookie: AWSALB=1; Path=/; session=2"])
def test_a_cookie_is_redacted_whole(text: str) -> None:
    """Every value of a header of cookies vanishes, not only the first one."""
    assert "=2" not in redact(text)


@given(before=st.text(), address=st.emails(), after=st.text())
def test_no_address_survives(before: str, address: str, after: str) -> None:
    """Whatever stands around an e-mail address, it is not in the redacted text."""
    assert address not in redact(f"{before} {address} {after}")


@given(text=st.text())
def test_redaction_is_done_once(text: str) -> None:
    """What is redacted already stays as it is."""
    once = redact(text)

    assert once == redact(once)


@given(lines=st.lists(st.sampled_from([*HARMLESS, *LEAKS]).map(lambda text: json.dumps({"text": text}))))
@example(lines=[json.dumps({"text": "Grüße", "jwt": "a"}, ensure_ascii=False), "{}"])
def test_lines_are_redacted_together_as_they_are_alone(lines: list[str]) -> None:
    """What the first line has is looked for in the last one too, and none is left out."""
    assert list(map(redact_line, lines)) == list(redact_lines(lines))


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_stays(text: str) -> None:
    """Ids, paths, names of resources, hashes and what the platform answers on a good day are evidence."""
    assert (text, [text, text]) == (redact(text), redact_value([text, text]))
    assert {"text": text} == json.loads(redact_line(json.dumps({"text": text})))


# What INFRA-08 calls a secret: by the name of its variable, or by its looks. Each holds this, which must be nowhere.
CORE = "hunter2"
_SIGNS = "abcXYZ019+/=_-.,;:!?()[]{}'\"\\@#$%&*é"
_ODD = st.text(f"{_SIGNS} \n\t", max_size=12)
_BARE = st.text(re.sub(r"[\"'\\,;{}()\[\]]", "", _SIGNS), max_size=12)
_TAIL = st.text("abcdefABCDEF0123456789", min_size=24, max_size=40).map(lambda tail: f"{CORE}{tail}")
_UPPER = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=16, max_size=16)
NAMES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "DB_", "my-", "X-Amz-", "cookie_", "git"]),
    st.sampled_from(
        [
            *("PASSWORD", "passwd", "Passphrase", "PWD", "secret", "Token", "credential"),
            *("PRIVATE_KEY", "apiKey", "ACCESS_KEY", "signing_key", "EncryptionKey"),
        ]
    ),
    st.sampled_from(["", "_1", "_FILE", "s"]),
)
LOOKS = st.one_of(
    st.builds(
        "{}{}".format, st.sampled_from(["ghp_", "gho_", "ghs_", "ghu_", "github_pat_", "sk-", "sk_live_"]), _TAIL
    ),
    st.builds("{}{}".format, st.sampled_from(["xoxa-", "xoxb-", "xoxp-"]), _TAIL),
    st.builds(
        "-----BEGIN {0}PRIVATE KEY-----\n{1}\n{2}\n-----END {0}PRIVATE KEY-----".format,
        st.sampled_from(["", "RSA ", "EC ", "OPENSSH "]),
        _TAIL,
        _TAIL,
    ),
    st.builds(
        "{}://{}:{}{}@host.example/path".format,
        st.sampled_from(["https", "redis", "postgres"]),
        st.sampled_from(["", "bot", "x-access-token"]),
        st.just(CORE),
        st.text("abcxyz0189._~!$&()*+,;=%-", max_size=12),
    ),
)
# Text that says nothing, before and behind.
AROUND = st.sampled_from(["", "GET /x → 200 ", "line one\nline two\n", "(", "é", '{"a": 1} ', "task abc: "])


def _as_python(name: str, value: str) -> str:
    return f"AssertionError: assert { {name: value, 'n': 1}!r} == 3"


# A value may be anything where it has quotes,
QUOTED: dict[str, Callable[[str, str], str]] = {
    "json": lambda name, value: json.dumps({name: value, "n": 1}),
    "compact-json": lambda name, value: json.dumps({"a": {name: value}, "n": 1}, separators=(",", ":")),
    "json-in-json": lambda name, value: json.dumps({"body": json.dumps({name: value, "n": 1})}),
    "python": _as_python,
    "python-in-json": lambda name, value: json.dumps([_as_python(name, value)]),
    "variable-of-ecs": lambda name, value: json.dumps({"environment": [{"name": name, "value": value}]}),
    "variable-in-python": lambda name, value: repr([{"name": name, "value": value}]),
    "header-in-python": lambda name, value: repr([(name, value)]),
    "assignment": lambda name, value: f"{name} = {value!r}",
}
# and a word where it has none.
BARE: dict[str, Callable[[str, str], str]] = {
    "assignment": lambda name, value: f"it said {name}={value} and ended",
    "header": lambda name, value: f"{name}: {value}\r\nhost: x",
    "bearer": lambda name, value: f"{name}: Bearer {value}",
    "option": lambda name, value: f"run --{name} {value} -q",
    "query": lambda name, value: f"GET /x?a=1&{name}={quote(value)}",
    "yaml": lambda name, value: f"- Name: {name}\n  Value: {value}",
}
SEEN: dict[str, Callable[[str], str]] = {
    "prose": lambda value: f"it is {value} and no other",
    "json": lambda value: json.dumps({"n": 1, "url": value}),
    "json-in-json": lambda value: json.dumps({"body": json.dumps([f"\n{value}\n", "b@c.example"])}),
    "python": lambda value: f"assert {[value, 3]!r}",
    "line": lambda value: f"HARMLESS={value}\nNEXT=1",
}


@given(before=AROUND, name=NAMES, odd=st.tuples(_ODD, _ODD), how=st.sampled_from(sorted(QUOTED)), after=AROUND)
@example(before="", name="PWD", odd=('"', '"'), how="json-in-json", after="")
@example(before="", name="PWD", odd=("'\"", "\\"), how="python-in-json", after="")
def test_no_quoted_value_of_a_secret_name_survives(
    before: str, name: str, odd: tuple[str, str], how: str, after: str
) -> None:
    """Whatever INFRA-08 finds by the name of its variable, in JSON, in Python's words, and in both."""
    assert is_secret_name(name)
    text = f"{before}{QUOTED[how](name, CORE.join(odd))} {after}"

    assert CORE not in redact(text)
    assert CORE not in redact_line(json.dumps({"text": text}))


@given(before=AROUND, name=NAMES, odd=st.tuples(_BARE, _BARE), how=st.sampled_from(sorted(BARE)), after=AROUND)
def test_no_bare_value_of_a_secret_name_survives(
    before: str, name: str, odd: tuple[str, str], how: str, after: str
) -> None:
    """Whatever INFRA-08 finds by the name of its variable, in headers, options, addresses and prose."""
    text = f"{before}{BARE[how](name, CORE.join(odd))} {after}"

    assert CORE not in redact(text)
    assert CORE not in redact_line(json.dumps({"text": text}))


@given(name=NAMES, odd=st.tuples(_ODD, _ODD), value=st.booleans())
def test_no_field_of_a_secret_name_survives(name: str, odd: tuple[str, str], *, value: bool) -> None:
    """As a field of a step or a timeline, as a pair, and as a variable that names its value."""
    secret = CORE.join(odd)
    field = {"name": name, "value": secret} if value else {name: {"deep": [secret]}}

    assert CORE not in json.dumps(redact_value({"body": [field, [name, secret], (name, secret)]}))
    assert CORE not in redact_line(json.dumps({"body": [field, [name, secret]]}))


@given(before=AROUND, value=LOOKS, how=st.sampled_from(sorted(SEEN)), after=AROUND)
def test_nothing_that_looks_secret_survives(before: str, value: str, how: str, after: str) -> None:
    """Whatever INFRA-08 finds by its looks, however it is called and wherever it stands."""
    assert looks_secret(value)
    text = f"{before} {SEEN[how](value)} {after}"

    assert CORE not in redact(text)
    assert CORE not in redact_line(json.dumps({"text": text}))
    assert CORE not in json.dumps(redact_value({"lines": text.splitlines()}))


@given(before=AROUND, key=st.builds("{}{}".format, st.sampled_from(["AKIA", "ASIA"]), _UPPER), after=AROUND)
def test_no_access_key_survives(before: str, key: str, after: str) -> None:
    """The id of an access key of AWS goes, though it is no secret alone: with it somebody finds the other half."""
    assert looks_secret(key)
    assert key not in redact(f"{before} {key} {after}")
    assert key not in redact(json.dumps({"body": json.dumps([f"\n{key}\n"])}))


@given(name=NAMES, odd=st.tuples(_ODD, _ODD), how=st.sampled_from(sorted(QUOTED)))
def test_redacting_twice_takes_no_more(name: str, odd: tuple[str, str], how: str) -> None:
    """A step that is shown in a report was redacted before, and what stands beside its secret is still there."""
    once = redact(QUOTED[how](name, CORE.join(odd)))

    assert once == redact(once)


def test_lines_and_words_are_read_together() -> None:
    """A private key that a traceback has as lines, and an option and its value, are in several texts of a list."""
    lines = [f"E   {line}" for line in PEM.splitlines()]

    assert redact_value([*lines, "after"]) == ["E   [redacted]", "after"]
    assert redact_value(["run", "--password", "hunter2"]) == ["run", "--password", "[redacted]"]


@pytest.mark.parametrize("half", [chr(0xDCFF), chr(0xD800), "\udfff\ud800"])
def test_what_is_redacted_can_be_written(half: str) -> None:
    """Half a surrogate pair, which JSON and a program's output may have, is told and breaks no file, in a key too."""
    shown = half.encode(errors="backslashreplace").decode()

    told = redact_value({f"x{half}": [f"a{half}é", half]})

    assert told == {f"x{shown}": [f"a{shown}é", shown]}
    assert json.loads(json.dumps(told, ensure_ascii=False).encode()) == told


def test_a_tuple_stays_one() -> None:
    """A skip of pytest's is told from a failure by it."""
    assert redact_value(("file.py", 3, "token: abc")) == ("file.py", 3, "token: [redacted]")


def test_the_signature_of_an_address_is_secret() -> None:
    """Whoever has a presigned address may do what it is for, so its signature is kept nowhere."""
    address = "https://bucket.example/key?X-Amz-Expires=900&X-Amz-Signature=hunter2"

    assert redact(address) == "https://bucket.example/key?X-Amz-Expires=900&X-Amz-Signature=[redacted]"
