"""Which names carry a secret, in every convention of writing names, and which values are none."""

import pytest

from seatrials.evidence.secret_names import is_carrier, is_harmless, is_secret_name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "password",
            "DB_PASSWORD",
            "dbPassword",
            "db-password",
            "spring.datasource.password",
            "PGPASSWORD",
            "PASSWORDs",
        ),
        *("token", "API_TOKEN_2", "accessToken", "x-auth-token", "_authToken", "aws_session_token", "TOKEN_FILE"),
        *("clientSecret", "aws_secret_access_key", "SecretAccessKey", "private-key", "apiKey", "APIKey", "AccountKey"),
        *("X-Amz-Signature", "X-Amz-Credential", "SMTP_PASS", "dbPass", "connectionString", "x-auth", "_auth", "jwt"),
    ],
)
def test_a_name_that_says_secret_is_one(name: str) -> None:
    """In snake, kebab and camel case, with a number or an s behind it, and with another word before it."""
    assert is_secret_name(name)
    assert is_carrier(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "secretsmanager",
            "tokenizer",
            "passwordless",
            "secretary",
            "keyboard",
            "monkey",
            "key",
            "KeySchema",
            "author",
        ),
        *("token_count", "test_token_expiry", "passwordLength", "TOKEN_TTL", "secret-arn", "token_type", "max_tokens"),
        *("nextToken", "continuation-token", "passed", "bypass", "compass", "authorizationConfig", "COOKIE_DOMAIN"),
        *("primary_key", "cache_key", "clientId", "sessionId", "seed", "trace_sha256", "a sentence about a token"),
    ],
)
def test_a_name_that_says_something_else_is_none(name: str) -> None:
    """A word that only begins like a secret, what counts or dates one, ids and hashes."""
    assert not is_carrier(name)


@pytest.mark.parametrize("name", ["Cookie", "Set-Cookie", "session_cookie", "Proxy-Authorization", "cookie_value"])
def test_a_header_is_secret_as_a_whole(name: str) -> None:
    """What a client shows to be known again, and what it vouches with."""
    assert is_carrier(name)


@pytest.mark.parametrize(
    "value",
    [
        *("", "null", "None", "undefined", "true", "False", "passed", "str", "str | None", "12", "-3", "12.5", "token"),
        *(
            "****",
            "${DB_PASSWORD}",
            "{{resolve:secretsmanager:a/b:SecretString:c}}",
            "arn:aws:ssm:us-west-2:1:parameter/x",
        ),
    ],
)
def test_a_value_that_says_nothing_is_harmless(value: str) -> None:
    """Nothing, yes or no, a small number, a type, the variable's own name, and what stands for a secret elsewhere."""
    assert is_harmless("token", value)


@pytest.mark.parametrize(
    ("name", "value", "is_quoted"),
    [
        pytest.param("token", "123456", False, id="number"),
        pytest.param("password", "1234", False, id="password-of-digits"),
        pytest.param("password", "password", True, id="weak-password"),
        pytest.param("token", "$ecret", False, id="dollar"),
        pytest.param("token", "nullhunter2", False, id="longer"),
    ],
)
def test_a_value_that_may_be_one_is_not(name: str, value: str, *, is_quoted: bool) -> None:
    """A long number, a password of digits, and a word in quotes."""
    assert not is_harmless(name, value, is_quoted=is_quoted)
