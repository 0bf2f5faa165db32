"""What is a secret by its looks: each published format, wherever it stands, and what only resembles one."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrials.evidence.redaction import redact
from seatrials.evidence.secret_formats import looks_secret

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"
_CORE = "hunter2"
_COOKIES = ["JSESSIONID", "PHPSESSID", "ASP.NET_SessionId", "connect.sid", "AWSALB", "AWSELBAuthSessionCookie-0"]


def _tail(size: int) -> st.SearchStrategy[str]:
    """Return letters and digits that hold what must be nowhere."""
    return st.text(_LETTERS, min_size=size - len(_CORE), max_size=size - len(_CORE)).map(lambda tail: f"{_CORE}{tail}")


def _base64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


FORMATS: dict[str, st.SearchStrategy[str]] = {
    "github": st.builds("ghp_{}".format, _tail(36)),
    "gitlab": st.builds("{}-{}".format, st.sampled_from(["glpat", "gldt", "glrt"]), _tail(20)),
    "npm": st.builds("npm_{}".format, _tail(36)),
    "pypi": st.builds("pypi-AgEIcHlwaS5vcmc{}".format, _tail(60)),
    "docker": st.builds("dckr_pat_{}".format, _tail(27)),
    "hugging-face": st.builds("hf_{}".format, _tail(34)),
    "google": st.builds("AIza{}".format, _tail(35)),
    "sendgrid": st.builds("SG.{}.{}".format, _tail(22), _tail(43)),
    "slack": st.builds("xoxb-{}".format, _tail(24)),
    "stripe": st.builds("{}_live_{}".format, st.sampled_from(["sk", "rk"]), _tail(24)),
    "vault": st.builds("hvs.{}".format, _tail(24)),
    "azure": st.builds("abc8Q~{}".format, _tail(34)),
    "session-token": st.builds("IQoJb3JpZ2luX2VjE{}".format, _tail(200)),
    "key-pair": st.builds("AKIAABCDEFGHIJKLMNOP{}{}".format, st.sampled_from([" ", ":", ", ", "/"]), _tail(40)),
    "jwt": st.builds(
        "{}.{}.{}".format, st.just(_base64url('{"alg":"HS256"}')), _tail(30), st.one_of(st.just(""), _tail(43))
    ),
    "bearer": st.builds("{} {}".format, st.sampled_from(["Bearer", "bearer"]), _tail(20)),
    "netrc": st.builds("login bob password {}".format, _tail(12)),
    "pgpass": st.builds("\n{}:5432:app:bob:{}\n".format, st.sampled_from(["*", "db.example"]), _tail(12)),
    "curl": st.builds("curl -u bob:{} https://a.example".format, _tail(12)),
    "cookie": st.builds("{}={}".format, st.sampled_from(_COOKIES), _tail(30)),
    "slack-hook": st.builds("https://hooks.slack.com/services/T0/B0/{}".format, _tail(24)),
    "azure-signature": st.builds("https://a.example/x?sv=1&sig={}".format, _tail(40)),
}
# What stands around a secret of any look; those that are lines, addresses or several words stay in prose.
PLACES: dict[str, Callable[[str], str]] = {
    "prose": lambda secret: f"it is {secret} and no other",
    "json": lambda secret: json.dumps({"n": 1, "text": secret}),
    "json-in-json": lambda secret: json.dumps({"body": json.dumps([f"\n{secret}\n"])}),
    "python": lambda secret: f"assert {[secret, 3]!r}",
    "address": lambda secret: f"https://a.example/?x={quote(secret)}&n=1",
    "html": lambda secret: html.escape(f'<a title="{secret}">'),
    "path": lambda secret: f"/a/{secret}/b",
}
_ONLY_IN_PROSE = {"netrc", "pgpass", "curl", "key-pair", "slack-hook", "azure-signature"}


@given(data=st.data(), kind=st.sampled_from(sorted(FORMATS)), place=st.sampled_from(sorted(PLACES)))
def test_no_format_survives_anywhere(data: st.DataObject, kind: str, place: str) -> None:
    """A generated secret of every format is gone, wherever it stands, and a second look takes no more."""
    secret = data.draw(FORMATS[kind])
    once = redact(PLACES["prose" if kind in _ONLY_IN_PROSE else place](secret))

    assert _CORE not in once
    assert once == redact(once)


@given(user=st.text(_LETTERS, min_size=1, max_size=8), password=st.text(_LETTERS, max_size=12))
def test_a_basic_pair_is_found_by_what_it_holds(user: str, password: str) -> None:
    """A name and a password in base64 are known by the colon within."""
    pair = base64.b64encode(f"{user}:{password}hunter2".encode()).decode()

    assert redact(f"sent Basic {pair} to it") == "sent Basic [redacted] to it"


@pytest.mark.parametrize(
    "text",
    [
        "Basic authentication is off",
        "Bearer token is missing",
        'WWW-Authenticate-ish: Bearer realm="a"',
        "the bearer of this",
        "sg-0123456789abcdef0",
        "sk-short",
        "tests/a.py:1234:5: E501 line too long",
        "10:22:33:44:55",
        "0fc4dbf7c2b3f1b6f0b2a2f0c7de5e1f9ad6c3e",
        "docker run -u 1000:1000 image",
        "http://127.0.0.1:8080/a@b",
    ],
)
def test_what_only_resembles_one_stays(text: str) -> None:
    """Words after a scheme's name, ids of AWS, places in files, addresses of a network and hashes."""
    assert text == redact(text)
    assert not looks_secret(text)
