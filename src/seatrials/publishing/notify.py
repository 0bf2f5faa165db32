"""`seatrials notify`: tells people of a decision, once, wherever they want to be told.

Beside the decision stands a note for each channel: made before the message is sent, and marked when it has arrived. So
a second call sends nothing, and a call that broke off in between leaves open whether the message arrived, which a
person looks up: twice told would be taken for two failures.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seatrials.errors import ConfigurationError, EvidenceError, NotificationError
from seatrials.evidence.folder import note_of
from seatrials.evidence.job import is_link
from seatrials.gate.decision import Decision
from seatrials.gate.kept import signature_beside
from seatrials.publishing.channels import Channel, MaybeSentError, NotSentError, channel_of
from seatrials.publishing.message import Message, message_of
from seatrials.seams.clock import wall_timestamp
from seatrials.whole_file import is_folder, write_once, write_whole

_DECISION = "decision.json"
_NAME_CHARACTERS = 12


@dataclass(frozen=True, kw_only=True)
class Notification:
    """What became of a decision's notification."""

    # The verdict and the reason, which are told however the sending ends.
    verdict: str
    # A sentence for each channel.
    done: Sequence[str]
    # A sentence for each channel that was not told.
    problems: Sequence[str]

    def raise_problems(self) -> None:
        """Raise `NotificationError` when somebody was not told."""
        if self.problems:
            raise NotificationError("; ".join(self.problems))


def notify(
    place: Path, targets: Sequence[str], variables: Mapping[str, str], *, link: str = "", again: bool = False
) -> Notification:
    """Tell *targets* of the decision in *place*, a `decision.json` or its folder; with *again* though they were told.

    All channels are tried, whatever becomes of one. Raises `ConfigurationError` that lists everything wrong with
    targets and variables, before anything is sent, and `EvidenceError` when there is no decision, or another one than
    was signed: whose signature counts only the criteria know.
    """
    path = (place / _DECISION if is_folder(place) else place).absolute()
    decision, content = _read(path)
    channels = _channels(targets, variables, link)
    message = message_of(decision, path, hashlib.sha256(content).hexdigest(), link)
    done, problems = list[str](), list[str]()
    for channel in channels:
        try:
            done.append(_tell(channel, message, path.parent, again=again))
        except NotSentError as error:
            problems.append(f"{channel.name} was not told: {error}: call again")
        except MaybeSentError as error:
            problems.append(f"{channel.name} may have been told: {error}: look there, and call with --again if not")
        except OSError as error:
            problems.append(f"{channel.name} was not told, for no note can be kept in {path.parent}: {error.strerror}")
    return Notification(verdict=f"{message.verdict}: {message.reason}", done=done, problems=problems)


def _read(path: Path) -> tuple[Decision, bytes]:
    try:
        decision, content = Decision.read(path), path.read_bytes()
    except (EvidenceError, OSError, ValueError) as error:
        # A file's name may be no text that can be shown.
        msg = f"{path} cannot be read: {error}".encode(errors="backslashreplace").decode()
        raise EvidenceError(msg) from error
    signed = signature_beside(path, content)
    if signed is not None and signed.problems:
        msg = f"nobody was told of {path}, for its signature does not hold: {'; '.join(signed.problems)}: judge again"
        raise EvidenceError(msg)
    return decision, content


def _channels(targets: Sequence[str], variables: Mapping[str, str], link: str) -> list[Channel]:
    problems, channels = list[str](), list[Channel]()
    if not targets:
        problems.append("nobody is to be told: give --to slack, --to sns:ARN or --to github:OWNER/REPOSITORY")
    if link and not is_link(link):
        problems.append(f"--link: must be an address of the web without a password, not {link[:80]!r}")
    for target in dict.fromkeys(targets):
        try:
            channels.append(channel_of(target, variables))
        except ConfigurationError as error:
            problems.append(str(error))
    if problems:
        raise ConfigurationError("\n".join(problems))
    return channels


def _tell(channel: Channel, message: Message, folder: Path, *, again: bool) -> str:
    """Send *message* unless it was sent before; return what was done, in a sentence."""
    if not channel.wants(message):
        return f"{channel.name}: there is no regression, so no issue is opened"
    name = hashlib.sha256(f"{channel.name} {message.digest}".encode()).hexdigest()[:_NAME_CHARACTERS]
    note = note_of(folder, name)
    is_first = write_once(note, _note(channel, sent=False))
    was_sent = not is_first and _was_sent(note)
    if was_sent and not again:
        return f"{channel.name} was told before"
    if not is_first and not again:
        msg = "an earlier call began and did not end"
        raise MaybeSentError(msg)
    try:
        channel.send(message)
    except NotSentError:
        if not was_sent:
            note.unlink(missing_ok=True)
        raise
    write_whole(note, _note(channel, sent=True))
    return f"{channel.name} is told"


def _was_sent(note: Path) -> bool:
    try:
        told = json.loads(note.read_bytes())
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("sent") is True


def _note(channel: Channel, *, sent: bool) -> str:
    return json.dumps({"channel": channel.name, "at": wall_timestamp(), "sent": sent}) + "\n"
