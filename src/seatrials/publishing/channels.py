"""Where a message about a decision can be sent: a Slack-compatible webhook, an SNS topic, an issue on GitHub.

Secrets come from variables alone, and stand in no message of an error. A channel says whether what it was asked for
arrived, did not, or may have.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ReadTimeoutError,
)

from seatrials.errors import ConfigurationError
from seatrials.publishing.message import Message
from seatrials.seams.aws import settings_of_the_shell

_TIMEOUT_SECONDS = 10.0
# Slack cuts a text off beyond; SNS takes 256 KiB, GitHub 65,536 characters, of which nobody reads as many.
_SLACK_CHARACTERS_MAX = 3000
_CHARACTERS_MAX = 20_000
_GITHUB = "https://api.github.com"
_TOPIC = re.compile(r"sns:(arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+)")
_OWNER = re.compile(r"@[A-Za-z0-9-]+(/[A-Za-z0-9._-]+)?")
# What calls everybody in Slack and in what takes its webhooks.
_CALLS = re.compile(r"@(?=(?:channel|here|all|everyone)\b)", re.IGNORECASE)
_SERVER_ERRORS = 500
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# A call that is made again after a timeout may arrive twice.
_ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=_TIMEOUT_SECONDS, read_timeout=_TIMEOUT_SECONDS)


class NotSentError(Exception):
    """A message was refused, or never left; it may be sent again."""


class MaybeSentError(Exception):
    """Nobody knows whether a message arrived."""


class Channel(Protocol):
    """A way to tell people."""

    @property
    def name(self) -> str:
        """What `--to` calls it, without a secret."""

    def wants(self, message: Message) -> bool:
        """Whether *message* is one for it."""

    def send(self, message: Message) -> None:
        """Send *message*; raises `NotSentError` or `MaybeSentError`."""


@dataclass(frozen=True, kw_only=True)
class SlackWebhook:
    """An incoming webhook of Slack, or of what takes the same: Mattermost, Rocket.Chat, Discord's `/slack`."""

    url: str

    @property
    def name(self) -> str:
        """What `--to` calls it."""
        return "slack"

    def wants(self, message: Message) -> bool:
        """Every decision is told."""
        return bool(message.title)

    def send(self, message: Message) -> None:
        """Post the text; Slack's own markup and whatever would call everybody are made plain."""
        text = message.text(_SLACK_CHARACTERS_MAX)
        for character, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            text = text.replace(character, written)
        _post(self.url, {"text": _CALLS.sub("@ ", text), "mrkdwn": False}, {})


@dataclass(frozen=True, kw_only=True)
class SnsTopic:
    """A topic of SNS, with the credentials of whoever runs the command."""

    arn: str
    client: Any

    @property
    def name(self) -> str:
        """The topic, as `--to` names it."""
        return f"sns:{self.arn}"

    def wants(self, message: Message) -> bool:
        """Every decision is told."""
        return bool(message.title)

    def send(self, message: Message) -> None:
        """Publish the text; the subject of an e-mail is ASCII, shorter than 100 characters (SNS, "Publish")."""
        subject = message.title.encode("ascii", "replace").decode()[:99]
        # A topic that keeps an order wants a group, and drops what has an id that it has seen.
        is_fifo = self.arn.endswith(".fifo")
        of_fifo = {"MessageGroupId": "decisions", "MessageDeduplicationId": message.digest} if is_fifo else {}
        verdict = {"verdict": {"DataType": "String", "StringValue": message.verdict}}
        text = message.text(_CHARACTERS_MAX)
        try:
            self.client.publish(TopicArn=self.arn, Subject=subject, Message=text, MessageAttributes=verdict, **of_fifo)
        except (ReadTimeoutError, ConnectionClosedError) as error:
            raise MaybeSentError(str(error)) from error
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            raise (MaybeSentError if status >= _SERVER_ERRORS else NotSentError)(str(error)) from error
        except BotoCoreError as error:
            raise NotSentError(str(error)) from error


@dataclass(frozen=True, kw_only=True)
class GithubIssue:
    """An issue in a repository on GitHub, for a regression."""

    repository: str
    token: str
    api: str = _GITHUB

    @property
    def name(self) -> str:
        """The repository, as `--to` names it."""
        return f"github:{self.repository}"

    def wants(self, message: Message) -> bool:
        """A regression has to be mended by somebody, and an issue is where that is followed; other verdicts are not."""
        return bool(message.regressions)

    def send(self, message: Message) -> None:
        """Open the issue."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/vnd.github+json"}
        title = f"Regression: {message.title}"
        _post(f"{self.api}/repos/{self.repository}/issues", {"title": title, "body": _issue(message)}, headers)


def channel_of(target: str, variables: Mapping[str, str]) -> Channel:
    """Return the channel that `--to` names; raises `ConfigurationError` for another word, or a missing variable."""
    kind, _, rest = target.partition(":")
    if target == "slack":
        return SlackWebhook(url=_secret_url(variables, "SEATRIALS_SLACK_WEBHOOK_URL"))
    if topic := topic_named(target):
        with settings_of_the_shell("make AWS's client of sns"):
            return SnsTopic(arn=topic, client=boto3.client("sns", region_name=topic.split(":")[3], config=_ONCE))
    if kind == "github" and re.fullmatch(r"[A-Za-z0-9-]+/(?!\.+$)[A-Za-z0-9._-]+", rest):
        token = variables.get("SEATRIALS_GITHUB_TOKEN") or variables.get("GITHUB_TOKEN", "")
        if not token or not (token.isascii() and token.isprintable()):
            msg = f"--to {target}: set SEATRIALS_GITHUB_TOKEN or GITHUB_TOKEN to a token that may write issues"
            raise ConfigurationError(msg)
        api = _url(variables, "GITHUB_API_URL") if variables.get("GITHUB_API_URL") else _GITHUB
        return GithubIssue(repository=rest, token=token, api=api.rstrip("/"))
    msg = f"--to {target[:80]!r}: must be slack, sns:ARN of a topic, or github:OWNER/REPOSITORY"
    raise ConfigurationError(msg)


def topic_named(target: str) -> str | None:
    """Return the ARN of the topic that `--to sns:ARN` names, None when it names none."""
    found = _TOPIC.fullmatch(target)
    return None if found is None else found[1]


def _issue(message: Message) -> str:
    """Return the body of an issue; only owners are called, whatever the texts hold."""
    owners = [each if _OWNER.fullmatch(each) else _code(each) for each in message.owners]
    lines = [
        _code(message.reason),
        "",
        *(f"- {_code(each)}" for each in message.regressions),
        "",
        *(f"1. {_code(each)}" for each in message.steps),
        "",
        f"Owners: {', '.join(owners) or 'nobody is named'}",
        "",
        message.link or "",
    ]
    return "\n".join(lines)[:_CHARACTERS_MAX]


def _code(text: str) -> str:
    """Return *text* as code, in which nothing is a link, a mention or markup."""
    quoted = text.replace("`", "'")
    return f"`{quoted}`" if quoted.strip() else ""


def _post(url: str, body: Mapping[str, object], headers: Mapping[str, str]) -> None:
    try:
        answer = httpx.post(url, json=dict(body), headers=dict(headers), timeout=_TIMEOUT_SECONDS)
    # Their texts may hold the address, which is a secret.
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.ProxyError) as error:
        msg = f"it cannot be reached ({type(error).__name__})"
        raise NotSentError(msg) from error
    except httpx.HTTPError as error:
        msg = f"it did not answer in order ({type(error).__name__})"
        raise MaybeSentError(msg) from error
    if answer.is_server_error:
        msg = f"it answered {answer.status_code}"
        raise MaybeSentError(msg)
    if not answer.is_success:
        msg = f"it answered {answer.status_code}"
        raise NotSentError(msg)


def _secret_url(variables: Mapping[str, str], name: str) -> str:
    if not variables.get(name):
        msg = f"--to slack: set {name} to the webhook's address; it is a secret, and belongs in no file or option"
        raise ConfigurationError(msg)
    return _url(variables, name)


def _url(variables: Mapping[str, str], name: str) -> str:
    """Return an address that a secret may be sent to: by TLS, or to this machine; the message does not show it."""
    url = variables[name]
    try:
        parts = httpx.URL(url)
        is_right = urlsplit(url).scheme == "https" or (parts.scheme == "http" and parts.host in _LOOPBACK)
        if is_right and parts.host:
            return url
    except (httpx.InvalidURL, ValueError):
        pass  # told below, without the reason, which may hold the address
    msg = f"{name} is no address that begins with https://; its value is not shown, for it is a secret"
    raise ConfigurationError(msg)
