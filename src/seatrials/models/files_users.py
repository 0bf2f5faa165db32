"""The users of a walk through files, each beside a model: what is read of them in every way, held against it."""

import html
import re
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from seatrials.models.files import INDEX_PAGE, PAGES, Entry, Files, page_name, shown_of
from seatrials.models.walk import Walk, Walks
from seatrials.platform import ANSWERED, Answer, Platform, Session, WebSocket

# One client's two users, and one of another client: nothing is told apart by one name alone, nor by both in a row.
PEOPLE = (("c", "u"), ("c", "2-u"), ("c-2", "u"))
OK, NOT_FOUND = 200, 404
_PING, _ELSE = {"type": "ping"}, {"type": "else"}
# How many files are read again after a step, beside those that it was about: all of them, one after the other.
_READ_AGAIN = 2
# How many links of the site's front are followed after a commit, beside those to what it was about.
_FOLLOWED = 4
_TREE = "git ls-tree -r -z HEAD"


class User:
    """A session with its model, and what is open of it."""

    def __init__(self, platform: Platform, session: Session) -> None:
        self.session = session
        self.api = platform.workspace(session)
        self.socket: WebSocket = platform.websockets.open(session.id)
        log = self.api.git_log()
        self.model = Files(session.thread_id, log=[str(each["message"]) for each in log])
        for path in self.api.files():
            self.model.entries[path] = Entry(self.api.read(path).content)
        self.model.committed = dict(self.model.entries)

    def nth(self, number: int, *, is_link: bool = False) -> str | None:
        """Return one of the files that are there, links or not."""
        found = sorted(path for path, entry in self.model.entries.items() if entry.is_link is is_link)
        return found[number % len(found)] if found else None


class FilesOfUsers(Walk):
    """What users have in their workspaces; who walks adds what they do."""

    def __init__(self, platform: Platform, walks: Walks) -> None:
        super().__init__(platform, walks)
        self.users: list[User] = []
        # Whose step it was, which paths it was about, and whether something was committed.
        self._about: tuple[int, tuple[str, ...], bool] = (0, (), False)
        self._read = 0

    def compare(self) -> None:
        """Hold what is read of the step's user in every way against the model, and that the others hear nothing."""
        whose, paths, is_commit = self._about
        user = self.users[whose]
        again = sorted(user.model.entries)
        chosen = [again[(self._read + each) % len(again)] for each in range(_READ_AGAIN)] if again else []
        self._read += _READ_AGAIN
        listed = {each["path"]: each["size"] for each in user.api.list_files().json()["files"]}
        assert listed == user.model.listed(), f"the list of files {_difference(listed, user.model.listed())}"
        for path in dict.fromkeys([*paths, *chosen]):
            self._compare_file(user, path)
        self._compare_git(user, is_commit=is_commit)
        if is_commit:
            self._compare_front(user)
        for each in self.users:
            self._compare_socket(each)

    def teardown(self) -> None:
        """End the sessions of the walk, for others need the room."""
        for each in self.users:
            each.socket.close()
            self.platform.sessions.deactivate(each.session)

    def _letters(self, whose: int) -> int:
        """Return which letters a user's client has, unlike any other's of this walk and the next ones."""
        return 2 * self.place + (PEOPLE[whose][0] != PEOPLE[0][0])

    def _request(self, client: str, user: str) -> dict[str, Any]:
        # Equal commits of equal parents would be one commit of two clients.
        return self.platform.sessions.request(clientId=client, userId=user, threadId=f"t-{client[-1]}{user}")

    def _step(self, whose: int, what: str, *paths: str, is_commit: bool = False) -> Any:  # noqa: ANN401  # a context
        self._about = (whose, paths, is_commit)
        return self.step(f"{what}, as user {whose + 1}")

    def _is_executable(self, user: User, path: str) -> bool:
        """Whether a file would be written anew that may be run: whether it may be afterwards nobody promises."""
        entry = user.model.entries.get(user.model.resolved(path))
        return entry is not None and entry.is_executable

    def _execute(self, whose: int, path: str, text: str, instruction: str) -> None:
        user = self.users[whose]
        if not self._is_executable(user, path) and not text.startswith((" ", "\t")):
            with self._step(whose, f"instruct {short(instruction)}", path, is_commit=True):
                answer = user.api.execute(instruction)
                self._committed(user, answer, user.model.execute(instruction, path, text.encode()))

    def _committed(self, user: User, answer: Answer, changed: list[str]) -> None:
        told = sorted(map(str, answer.json()["filesChanged"]))
        assert (answer.status, told) == (OK, changed), f"the commit {_more_and_less(told, changed)}: {answer}"
        last = next((each["id"] for each in user.api.git_log()), None)
        assert answer.json()["commit"] == last, f"the last commit is {last}, not what was answered: {answer}"

    def _shell(self, whose: int, what: str, command: str, changes: dict[str, Entry | None]) -> None:
        with self._step(whose, f"{what} by a command", *list(changes)[-2:]):
            user = self.users[whose]
            self._run(user, command)
            user.model.by_shell(changes)

    def _run(self, user: User, command: str) -> str:
        code, output = user.api.run(command)
        assert code == 0, f"expected the command {command[:200]} to end with 0, got {code}: {output[:400]}"
        return output

    def _compare_file(self, user: User, path: str) -> None:
        """Hold the API, the preview and the question whether it is there against the model of a file."""
        expected = user.model.content(path)
        answer, exists, folder = user.api.read(path), user.api.exists(path), path.rpartition("/")[0]
        shown = self.platform.http.get(f"{user.session.preview_path}/{quote(path)}")
        status = NOT_FOUND if expected is None else OK
        assert (answer.status, exists.json()) == (status, {"exists": expected is not None}), f"{answer}, and {exists}"
        assert not (folder and user.api.exists(folder).json()["exists"]), f"the folder {folder!r} is said to be a file"
        assert shown.status == status, f"expected the preview of {path!r} to be {status}, got {shown}"
        for each in (answer, shown) if expected is not None else ():
            assert each.content == expected, f"expected {_short_bytes(expected or b'')} in {path!r}, got {each}"

    def _compare_socket(self, user: User) -> None:
        """Hold what the WebSocket was told against the model, and that it answers pings of both kinds."""
        # The load balancer gives up a quiet one after a minute.
        pinged = user.socket.ping()
        assert pinged == ANSWERED, f"the WebSocket of {user.session.id}: {pinged}"
        for message in (_PING, _ELSE, _ELSE):
            user.socket.say(message)
        user.model.pongs += 1
        messages = user.socket.received()
        told = [str(message["path"]) for message in messages if message.get("type") == "update"]
        assert told == user.model.told, f"the WebSocket {_told_else(told, user.model.told)}"
        pongs = len(messages) - len(told)
        assert pongs == user.model.pongs, (
            f"{pongs} answers to {user.model.pongs} pings in JSON, and to as many that are none; "
            f"the last messages were {messages[-3:]}, after {len(told)} updates"
        )

    def _compare_front(self, user: User) -> None:
        """Hold the site's front against the model: every page has its link, which leads there, and wishes are shown."""
        front = self.platform.http.get(user.session.preview_path)
        links = [html.unescape(each) for each in re.findall(r'href="([^"]*)"', front.text)]
        expected = [f"{user.session.preview_path}/{quote(each)}" for each in user.model.pages()]
        assert sorted(links) == sorted(expected), f"the site's front {_told_else(sorted(links), sorted(expected))}"
        paths = {f"{user.session.preview_path}/{quote(page_name(path))}": path for path in user.model.listed()}
        about = [link for link in links if paths.get(link) in self._about[1]]
        for link in [*about, *(links[self._read % len(links) :][:_FOLLOWED] if links else [])]:
            led, is_page = self.platform.http.get(link), paths[link].startswith(PAGES) and paths[link].endswith(".md")
            assert led.status == OK, f"expected the link {link} to lead to a page, got {led}"
            is_shown = not is_page or led.header("content-type").startswith("text/html")
            assert is_shown, f"expected the link {link} to lead to a page of the site, got {led}"
        # What is no text, such as a picture that was given the page's name, is shown somehow.
        for wish in shown_of(decoded(user.model.content(INDEX_PAGE) or b"") or ""):
            # Between tags a quote may stand for itself.
            is_shown = any(html.escape(wish, quote=each) in front.text for each in (True, False))
            assert is_shown, f"expected {wish!r} to be shown by the site's front"

    def _compare_git(self, user: User, *, is_commit: bool) -> None:
        status, log, changed = user.api.git_status(), user.api.git_log(), user.model.changed()
        found = sorted(str(each["path"]) for each in status["changes"])
        is_right = (found, status["clean"]) == (changed, not changed)
        assert is_right, f"git's status {_more_and_less(found, changed)}, and says clean: {status['clean']}"
        messages = [str(each["message"]).rstrip("\n") for each in log]
        expected = [each.rstrip("\n") for each in user.model.log]
        assert messages == expected, f"the log {_told_else(messages, expected)}"
        broken = [each["id"] for each, before in pairwise(log) if before["id"] not in each["parents"]]
        assert broken == [], f"these commits are not on top of the ones before: {broken}"
        if is_commit:
            lines = [line.partition("\t") for line in self._run(user, _TREE).split("\0") if line]
            tree = {path: about for about, _, path in lines}
            wanted = {path: entry.in_git for path, entry in user.model.committed.items()}
            assert tree == wanted, f"the commit {_difference(tree, wanted)}"


def _more_and_less(told: list[str], right: list[str]) -> str:
    """Return which files of *told* are too many, and which are not there, without those that are right."""
    more, less = ([short(each) for each in one if each not in other] for one, other in ((told, right), (right, told)))
    told_more, told_less = (f"{', '.join(each[:3]) or 'nothing'} ({len(each)} in all)" for each in (more, less))
    return f"has too many: {told_more}; lacks: {told_less}"


def short(text: str) -> str:
    """Return a text as a line has room for it."""
    return repr(text) if len(text) <= 60 else f"{text[:40]!r} and {len(text) - 40} characters more"  # noqa: PLR2004  # as much as a line has room for


def decoded(data: bytes) -> str | None:
    """Return the text of a file; None for one that is none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _short_bytes(data: bytes) -> str:
    return f"{len(data)} bytes, of which the first are {data[:40]!r}"


def _difference(seen: dict[str, Any], expected: dict[str, Any]) -> str:
    paths = [path for path in sorted({**seen, **expected}) if seen.get(path) != expected.get(path)]
    told = [f"{path!r} {seen.get(path, 'nothing')}, not {expected.get(path, 'nothing')}" for path in paths[:5]]
    return f"has of {'; '.join(told)}{f', and {len(paths) - 5} more' if len(paths) > 5 else ''}"  # noqa: PLR2004  # as many as can be read


def _told_else(seen: list[str], expected: list[str]) -> str:
    pairs = zip([*seen, *[None] * len(expected)], expected, strict=False)
    place = next((number for number, (one, other) in enumerate(pairs) if one != other), len(expected))
    return (
        f"has {len(seen)} and not {len(expected)}, or other ones: from number {place + 1} on "
        f"{seen[place : place + 3]}, not {expected[place : place + 3]}"
    )
