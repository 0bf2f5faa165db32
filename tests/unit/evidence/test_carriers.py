"""What carries a secret, in which encoding, and how far it goes; and what is written like it and carries none."""

import html
import json
import signal
from collections.abc import Callable
from types import FrameType
from typing import NoReturn
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrials.evidence.redaction import redact, redact_nodeid, redact_value

CORE = "hunter2"
SECONDS_MAX = 60
NAMES = st.sampled_from(
    [
        "password",
        "DB_PASSWORD",
        "apiKey",
        "X-Auth-Token",
        "client-secret",
        "PGPASSWORD",
        "aws_secret_access_key",
    ]
)
_SECRETS = st.builds("{}{}".format, st.just(CORE), st.text("abcXYZ019", max_size=12))
# How something of a name has a value.
CARRIERS: dict[str, Callable[[str, str], str]] = {
    "json": lambda name, value: json.dumps({name: value, "n": 1}),
    "pretty-json": lambda name, value: json.dumps({"a": {name: value}, "n": 1}, indent=2),
    "list": lambda name, value: json.dumps({name: ["a]b", {"c": value}], "n": 1}),
    "named": lambda name, value: json.dumps({"name": name, "value": value}),
    "value-first": lambda name, value: json.dumps({"value": value, "name": name}),
    "python": lambda name, value: f"AssertionError: assert { {name: value}!r} == 3",
    "bytes": lambda name, value: f"{name} = {value.encode()!r}",
    "typed": lambda name, value: f"{name}: str = {value!r}",
    "header": lambda name, value: f"host: x\r\n{name}: {value}\r\nvia: x",
    "environment": lambda name, value: f"A=1\n{name.upper().replace('-', '_')}=correct {value}\nB=2",
    "option": lambda name, value: f"run --{name} {value} -q",
    "yaml": lambda name, value: f"a:\n  {name}: correct {value}\n  b: 1",
    "yaml-block": lambda name, value: f"a:\n  {name}: |\n    correct\n\n    {value}\n  b: 1",
    "yaml-folded": lambda name, value: f"{name}: >-\n  correct\n  {value}\nb: 1",
    "yaml-continued": lambda name, value: f"{name}: correct\n  horse {value}\nb: 1",
    "yaml-below": lambda name, value: f"{name}:\n  {value}\nb: 1",
    "element": lambda name, value: f"<a><{name}>{value}</{name}><b>1</b></a>",
    "element-with-attribute": lambda name, value: f'<{name} xml:space="preserve">a {value}</{name}>',
    "attribute": lambda name, value: f'<user {name}="{value}" b="1"/>',
    "address": lambda name, value: f"GET /a?{name}={value}&b=1",
    "form": lambda name, value: f"b=1&{name}={value}",
    "connection": lambda name, value: f"Server=x;{name}={value};User=y",
    "prose": lambda name, value: f"the {name} is {value} and no other",
    "prose-of-somebody": lambda name, value: f"your {name} for anna was set, and the {name} of bob was {value}.",
    "prose-in-quotes": lambda name, value: f"the {name} was reset, {name} equals 'correct horse {value}' now",
    "broken-by-python": lambda name, value: f"{{'{name}': 'correct horse '\n  '{value}',\n 'n': 1}}",
}
ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": lambda text: json.dumps({"text": text, "n": 1}),
    "json-in-json": lambda text: json.dumps({"body": json.dumps({"text": text})}),
    "python": lambda text: repr(["a", text]),
    "address": lambda text: f"https://a.example/?q={quote(text)}",
    "html": html.escape,
    "traceback": lambda text: "\n".join(f"E   {line}" for line in text.split("\n")),
}
# A line that is a value as a whole ends where lines end: one that is encoded for an address has a blank no longer.
_LINES = {"environment", "yaml", "yaml-block", "yaml-folded", "yaml-continued", "yaml-below", "header"}


@given(
    name=NAMES, secret=_SECRETS, carrier=st.sampled_from(sorted(CARRIERS)), encoding=st.sampled_from(sorted(ENCODINGS))
)
def test_no_carrier_keeps_a_secret_in_any_encoding(name: str, secret: str, carrier: str, encoding: str) -> None:
    """A generated secret is gone whatever carries it and however that is encoded, and a second look takes no more."""
    once = redact(ENCODINGS[encoding](CARRIERS[carrier](name, secret)))

    assert CORE not in once
    assert once == redact(once)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("/x?token=hunter2&seed=5", "/x?token=[redacted]&seed=5", id="address"),
        pytest.param("%3Ftoken%3Dhunter2%26seed%3D5", "%3Ftoken%3D[redacted]%26seed%3D5", id="encoded-address"),
        pytest.param("a:\n  password: |\n    x\n  b: 1", "a:\n  password: [redacted]\n  b: 1", id="yaml-block"),
        pytest.param(r'"password: a b\nb: 1"', r'"password: [redacted]\nb: 1"', id="yaml-in-json"),
        pytest.param("token = 'it'" + "'s a', n", "token = [redacted], n", id="doubled-quotes"),
        pytest.param(
            "{'Authorization': 'a b', 'n': 1}", "{'Authorization': [redacted], 'n': 1}", id="header-in-a-table"
        ),
        pytest.param("<token>hunter2</token><b/>", "<token>[redacted]</token><b/>", id="element"),
        pytest.param("%22token%22%3A%22a%20b%22%2C1", "%22token%22%3A[redacted]%2C1", id="encoded-json"),
        pytest.param("&quot;token&quot;: &quot;a b&quot;, 1", "&quot;token&quot;: [redacted], 1", id="html"),
        pytest.param("{'pwd': 'a '\n 'b', 'n': 1}", "{'pwd': [redacted], 'n': 1}", id="broken-by-python"),
        pytest.param("the API key is 12345abc, n", "the API key is [redacted], n", id="prose"),
        pytest.param('password was reset to "a b" by', "password was reset to [redacted] by", id="prose-in-quotes"),
        pytest.param("secret=ghp_" + "a" * 36 + ".rest", "secret=[redacted]", id="looks-secret-at-its-beginning"),
    ],
)
def test_no_more_than_the_secret_goes(text: str, expected: str) -> None:
    """Where it is clear how far a value goes, what stands behind it stays."""
    assert expected == redact(text) == redact(expected)


@pytest.mark.parametrize(
    "text",
    [
        *("assert token_count == 5", "client_token=None", "nextToken: null", '{"token": null, "n": 1}', "token=token"),
        *("task@10.0.1.10:3000", "git@github.com:org/repo", "secretsmanager: not used", "a cookie: banner is shown"),
        *(
            "test_token_expiry: passed",
            "test_secret_is_refused PASSED",
            "def f(token: str, n: int)",
            "max_tokens: 4096",
        ),
        *("password: str | None = None", "assert token == expected", "password: ${DB_PASSWORD}", '"password": ""'),
        *("SECRET=arn:aws:secretsmanager:us-west-2:123456789012:secret:a/b-AbCdEf", "token:", "password:\nuser: bob"),
        *("the token is expired.", "password is required", "the token was 3600 s old", "a secret of 12 characters"),
        *(
            "the token is not there: 404",
            "cookies are a1b2c3d4",
            "Unexpected token '<' in a1b2c3d4",
            "the key is a1b2c3",
        ),
        *("seed: 12345, clientId=client-1, sessionId=session-1", "password:\n\nNext section", "Key={'a': {'S': 'x'}}"),
    ],
)
def test_what_is_written_alike_and_carries_none_stays(text: str) -> None:
    """Counts, dates, types, references, comparisons, the word itself, and addresses of machines."""
    assert text == redact(text)


_HARMLESS_WORDS = st.sampled_from(
    [
        *("seed", "commit", "session", "client", "status", "target_group", "key", "author", "passed", "hash", "the"),
        *("token_count", "nextToken", "secretsmanager", "keyboard", "cookies are", "compass", "→", "10.0.1.10:3000"),
        *("session-49d34bfd-9506-460a-b87e-e3c36f52f1be", "fsap-0123456789abcdef0", "0fc4dbf7c2b3f1b6f0b2a2f0c7de"),
        *("arn:aws:ecs:us-west-2:123456789012:task/a/0123456789abcdef", "123456789012", "2026-11-27T00:08:25Z"),
    ]
)


@given(words=st.lists(_HARMLESS_WORDS, max_size=8), sign=st.sampled_from([" ", "=", ": ", ", ", "\n", "/", '": "']))
def test_a_text_without_secrets_is_untouched(words: list[str], sign: str) -> None:
    """Ids, hashes, names of resources and numbers are evidence, whatever stands between them."""
    text = sign.join(words)

    assert text == redact(text)
    assert json.dumps({"text": text}) == redact(json.dumps({"text": text}))


@given(name=NAMES, secret=_SECRETS, carrier=st.sampled_from(sorted(CARRIERS)), before=st.text("ab \n", max_size=12))
def test_a_secret_in_several_lines_of_a_list_is_found(name: str, secret: str, carrier: str, before: str) -> None:
    """The report log has a text as a list of its lines: what carries a secret stands in one, the secret in the next."""
    lines = f"{before}\n{CARRIERS[carrier](name, secret)}".split("\n")

    assert CORE not in json.dumps(redact_value(lines))
    assert CORE not in json.dumps(redact_value([{"lines": lines}]))


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "\\",
            "token=",
            "token: ",
            "secret",
            "x-auth-",
            "--.",
            "-u |",
            "curl ",
            "://api_key",
            "%3A%2F%2Fa",
            "eyJ-",
            "a",
        ),
        *(
            "name: token ,",
            "password is a1",
            "token for a1 ",
            "('token', ",
            "<token ",
            "token=[",
            "cookie: |",
            "-*:",
            "- ",
        ),
    ],
)
def test_a_line_of_any_length_is_looked_through(unit: str) -> None:
    """No text takes longer than in proportion: of 100,000 characters a second, where it might be hours."""
    before = signal.signal(signal.SIGALRM, _took_too_long)
    signal.alarm(SECONDS_MAX)
    try:
        redact(unit * (100_000 // len(unit)) + " token")
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _took_too_long(_number: int, _frame: FrameType | None) -> NoReturn:
    msg = f"not redacted within {SECONDS_MAX} s"
    raise AssertionError(msg)


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        pytest.param("a/test_token.py::test_a_token: x", "a/test_token.py::test_a_token: x", id="name"),
        pytest.param("test_a.py::test_a[seed=5-x]", "test_a.py::test_a[seed=5-x]", id="harmless"),
        pytest.param("test_a.py::test_a[token=hunter2]", "test_a.py::test_a[token=[redacted]]", id="parameter"),
    ],
)
def test_of_a_tests_id_the_parameters_are_redacted(nodeid: str, expected: str) -> None:
    """Results are found by the name of a test, which is none; a parameter may be a secret."""
    assert expected == redact_nodeid(nodeid)


@pytest.mark.parametrize("value", [None, True, 12, "", "arn:aws:ssm:us-west-2:1:parameter/x"])
def test_a_field_that_says_nothing_is_kept(value: object) -> None:
    """Nothing, yes or no, a small number and the name of a resource are no secrets in a field either."""
    assert redact_value({"token": value}) == {"token": value}
