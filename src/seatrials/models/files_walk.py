"""Walks through the files of three users, beside a model of each: every way of change, every way of reading."""

import base64
import shlex
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from seatrials.models.files import INDEX_PAGE, Entry, link_to
from seatrials.models.files_git import GIT_STEPS, FilesInGit
from seatrials.models.files_users import OK, PEOPLE, User, decoded, short
from seatrials.models.texts import COUNTS, NAMES, SIZES, content, own, texts
from seatrials.models.walk import Walks
from seatrials.platform import ANSWERED, Platform, contract

_REFUSED = 400
_LINKS = ("link.md", "src/pages/linked.md")
# Of pages: as an instruction has them, their titles, and which files they are.
_PAGES = (
    ("About Us", "About Us", "src/pages/about-us.md"),
    ('"Our Team"', "Our Team", "src/pages/our-team.md"),
    ("'First'", "First", "src/pages/first.md"),
    ("`x`", "x", "src/pages/x.md"),
    ("Größe & Form!", "Größe & Form!", "src/pages/größe-form.md"),
    # Those that have no letter, and one that no file could have for its name.
    ("?!", "?!", "src/pages/page.md"),
    ('"', '"', "src/pages/page.md"),
    ('""', "", "src/pages/page.md"),
    ("/Start", "/Start", "src/pages/start.md"),
    # One that begins as what the site has of its own does.
    ("Healthy food", "Healthy food", "src/pages/healthy-food.md"),
)
_whose = st.sampled_from([0, 0, 0, 1, 2])
_nth = st.integers(0, 63)


class FilesWalk(FilesInGit):
    """What users do to their files, in any order and by any way."""

    # A step takes little of a platform, beside those in which time passes; and much must have been told of one user.
    steps_factor = 6
    steps_per_walk = 90

    def __init__(self, platform: Platform, walks: Walks) -> None:
        super().__init__(platform, walks)
        self._commits = 0
        self._ahead: list[_Step] = []

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """Do a step of those that the walk has not done yet, and of all again when each was done: none is left out."""
        self._ahead = self._ahead or [*STEPS]
        step = self._drawn(self._ahead.pop(data.draw(st.integers(0, len(self._ahead) - 1))), data)
        if not (self.users or self.is_over):
            with self.step("activate sessions of three users, two of them of one client"):
                base = str(self.platform.sessions.request()["clientId"])
                requests = [self._request(f"{base}{client}", user) for client, user in PEOPLE]
                self.users = [User(self.platform, each) for each in self.platform.ready_together(*requests)]
        if not self.is_over:
            step()

    def _drawn(self, step: "_Step", data: st.DataObject) -> Callable[[], None]:
        """Return a step with what it is done to."""
        does, arguments = step
        chosen = {
            name: self.in_turn(each, f"{does.__name__}/{name}") if isinstance(each, tuple) else data.draw(each)
            for name, each in arguments.items()
        }
        return partial(does, self, **chosen)

    def write(self, whose: int, path: str, size: int) -> None:
        """Write a file by the API."""
        user, data = self.users[whose], content(size, self._letters(whose))
        if not self._is_executable(user, path):
            with self._step(whose, f"write {size} bytes to {short(path)}", path):
                answer = user.api.write(path, data)
                user.model.write(path, data)
                told = {"path": path, "size": size}
                assert (answer.status, answer.json()) == (OK, told), f"expected {told} of {answer}"

    def create(self, whose: int, path: str, text: str) -> None:
        """Give an instruction to create a file."""
        text = own(text, self._letters(whose))
        self._execute(whose, path, text, contract.instruction_to_create(path, text))

    def update(self, whose: int, path: str, text: str) -> None:
        """Give an instruction to change one, or to write one that is not there."""
        text = own(text, self._letters(whose))
        if text.strip():
            self._execute(whose, path, text, f"Update {path} with: {text}")

    def page(self, whose: int, page: tuple[str, str, str], text: str, words: str) -> None:
        """Give an instruction to add a page, with a text or without, or to change one."""
        name, title, path = page
        text = own(text, self._letters(whose)).strip() if "text" in words else ""
        instruction = words.format(name=name, text=text)
        self._execute(whose, path, f"# {title}\n\n{text}\n", instruction)

    def again(self, whose: int, nth: int) -> None:
        """Ask for what is there and committed already, by an instruction: nothing is changed, and nothing committed."""
        path = self.users[whose].nth(nth)
        text = _text_in(self.users[whose].model.content(path) or b"") if path is not None else None
        if path is not None and text is not None:
            self.commit(whose, "before the same again")
            self._execute(whose, path, text, contract.instruction_to_create(path, text))

    def wish(self, whose: int, number: int) -> None:
        """Give an instruction in words of one's own, which the site's front shows, and change it there."""
        before = decoded(self.users[whose].model.content(INDEX_PAGE) or b"")
        wish = f"Greet visitor {number} & all"
        if before is not None:
            self._execute(whose, INDEX_PAGE, before + f"{wish}\n\n", wish)
            self.turn(whose, INDEX_PAGE)

    def write_wrong(self, whose: int, nth: int) -> None:
        """Write below a file, in a folder's place, into git's, to too long a name and beside: all is refused."""
        user = self.users[whose]
        path = user.nth(nth)
        if path is not None:
            with self._step(whose, f"write below {short(path)}, over its folder, into git's, and to a long name", path):
                self._run(user, "ln -s .git way-in")
                wrong = [
                    f"{path}/below.md",
                    *filter(None, [path.rpartition("/")[0]]),
                    "way-in/HEAD",
                    "way-in/new",
                    "x" * 256,
                ]
                answers = [user.api.write(each, b"wrong") for each in wrong] + [user.api.read("way-in/HEAD")]
                answers.append(user.api.ask("PUT", "/api/files/..%2Fproject-2%2Fx", b"wrong"))
                self._run(user, "rm way-in")
                told = [(each.status, each.json().get("field")) for each in answers]
                assert told == [(_REFUSED, "path")] * len(told), f"expected all to be refused of {answers}"

    def change_and_commit(self, whose: int, message: str) -> None:
        """Write what was not there, and commit it."""
        self._commits += 1
        self.write(whose, _OWN, self._commits)
        self.commit(whose, message)

    def shell_write(self, whose: int, path: str, text: str, *, is_absolute: bool) -> None:
        """Write a file by a command, by its path from where that runs or from the container's root."""
        text = own(text, self._letters(whose))
        user, data = self.users[whose], text.encode()
        if path not in user.model.entries or not user.model.entries[path].is_executable:
            encoded = base64.b64encode(data).decode()
            project = f"/workspace/{user.session.client_id}/{user.session.user_id}/project" if is_absolute else "."
            command = f"mkdir -p {_folder(path)} && echo {encoded} | base64 -d > {project}/{shlex.quote(path)}"
            self._shell(whose, f"write {short(text)} to {short(path)}", command, {path: Entry(data)})

    def shell_remove(self, whose: int, nth: int, *, is_link: bool) -> None:
        """Remove a file, or a link, by a command."""
        path = self.users[whose].nth(nth, is_link=is_link)
        if path is not None:
            self._shell(whose, f"remove {short(path)}", f"rm ./{shlex.quote(path)}", {path: None})

    def shell_rename(self, whose: int, nth: int, path: str) -> None:
        """Rename a file by a command, perhaps over another one."""
        before = self.users[whose].nth(nth)
        if before is not None and before != path:
            entry = self.users[whose].model.entries[before]
            command = f"mkdir -p {_folder(path)} && mv -T ./{shlex.quote(before)} ./{shlex.quote(path)}"
            self._shell(whose, f"rename {short(before)} to {short(path)}", command, {before: None, path: entry})

    def shell_link(self, whose: int, nth: int, link: str, to: str) -> None:
        """Make a link to a file, or to what is none, by a command, in the place of one that is there."""
        path = to or self.users[whose].nth(nth)
        # What would be written by it is refused.
        link = _FOLDER_LINK if to == _FOLDER else link
        # A write through the link, once that was gone, has made a file of its name, which may be the one.
        if path not in (None, link):
            target = "../" * link.count("/") + path
            command = f"mkdir -p {_folder(link)} && ln -sfT ./{shlex.quote(target)} {link}"
            self._shell(whose, f"link {link!r} to {short(path)}", command, {link: link_to(f"./{target}")})

    def shell_retype(self, whose: int, nth: int) -> None:
        """Put a link in the place of a file by a command, and a file in the place of the link, each committed."""
        self.commit(whose, "Before another type")
        user = self.users[whose]
        path, other = user.nth(nth), user.nth(nth + 1)
        if path is None or other is None or user.model.content(path) == user.model.content(other):
            return
        target, place = f"./{'../' * path.count('/')}{other}", f"./{shlex.quote(path)}"
        command = f"ln -sfT {shlex.quote(target)} {place}"
        self._shell(
            whose, f"put a link to {short(other)} in the place of {short(path)}", command, {path: link_to(target)}
        )
        self.commit(whose, "A link")
        command = f"rm {place} && echo F > {place}"
        self._shell(whose, f"put a file in the place of the link {short(path)}", command, {path: Entry(b"F\n")})
        self.commit(whose, "A file")

    def rest(self) -> None:
        """Nobody does anything for five minutes, but for keeping sessions alive and sockets open; other tabs close."""
        with self._step(0, "let five minutes pass"):
            for user in self.users:
                self.platform.websockets.open(user.session.id).close()
            for user in self.users * 6:
                self.platform.let_pass(17, what="a rest")
                kept, pinged = self.platform.sessions.keepalive(user.session).status, user.socket.ping()
                assert (kept, pinged) == (OK, ANSWERED), f"{kept} of a keepalive, and {pinged} of a ping"

    def turn(self, whose: int, path: str) -> None:
        """Write other bytes to a file, as many as before, and commit them."""
        user = self.users[whose]
        before = user.model.content(path)
        if before is not None and not self._is_executable(user, path):
            with self._step(whose, f"swap the case of {short(path)}", path):
                answer = user.api.write(path, before.swapcase())
                user.model.write(path, before.swapcase())
                assert answer.status == OK, f"expected a write of {short(path)} to be done, got {answer}"
            self.commit(whose, "In the other case")

    def shell_mode(self, whose: int, nth: int) -> None:
        """Make a file executable by a command, or no longer, and commit it."""
        user = self.users[whose]
        path = user.nth(nth)
        if path is not None:
            sign = "-" if user.model.entries[path].is_executable else "+"
            with self._step(whose, f"chmod {sign}x {short(path)} by a command", path):
                self._run(user, f"chmod {sign}x ./{shlex.quote(path)}")
                user.model.toggle_mode(path)
            self.commit(whose, f"{sign}x")

    def shell_many(self, whose: int, count: int) -> None:
        """Write many files by one command."""
        command = f"mkdir -p many; i=0; while [ $i -lt {count} ]; do echo $i > many/$i.md; i=$((i+1)); done"
        # A file that is there already stays as executable as it is.
        there = self.users[whose].model.entries
        numbers = {f"many/{each}.md": f"{each}\n".encode() for each in range(count)}
        entries: dict[str, Entry | None] = {
            path: replace(there.get(path, Entry(b"")), content=text) for path, text in numbers.items()
        }
        self._shell(whose, f"write {count} files", command, entries)


_WORDS = (
    "Add a new page called {name}",
    "Add a new page called {name} with content: {text}",
    "Update {name} with: {text}",
)
_OWN, _NOWHERE = "own.md", "nowhere.md"
_FOLDER, _FOLDER_LINK = "src", "folder"


def _folder(path: str) -> str:
    return f"./{shlex.quote(path.rpartition('/')[0])}" if "/" in path else "."


def _text_in(data: bytes) -> str | None:
    """Return the text of a file that an instruction could write; None where it could not."""
    text = decoded(data)
    # An instruction has room for as much, beside its other words.
    return text if text is not None and "\0" not in text and len(text) < contract.TEXT_CHARACTERS_MAX - 600 else None


_Step = tuple[Callable[..., None], dict[str, st.SearchStrategy[Any] | tuple[Any, ...]]]


def _step(function: Callable[..., None], **arguments: st.SearchStrategy[Any] | tuple[Any, ...]) -> _Step:
    """Return a step: of its arguments a table is gone through in turn, and all others are drawn."""
    return function, arguments


# What shows most, several times.
STEPS: tuple[_Step, ...] = (
    _step(FilesWalk.shell_write, whose=_whose, path=NAMES, text=texts(), is_absolute=st.booleans()),
    _step(FilesWalk.write, whose=_whose, path=st.sampled_from(_LINKS), size=SIZES),
    _step(FilesWalk.write, whose=_whose, path=NAMES, size=SIZES[:5]),
    _step(FilesWalk.create, whose=_whose, path=NAMES, text=texts()),
    _step(FilesWalk.create, whose=_whose, path=NAMES, text=texts()),
    _step(FilesWalk.update, whose=_whose, path=NAMES, text=texts()),
    _step(FilesWalk.page, whose=_whose, page=_PAGES, text=texts(), words=st.sampled_from(_WORDS)),
    _step(FilesWalk.again, whose=_whose, nth=_nth),
    _step(FilesWalk.wish, whose=_whose, number=_nth),
    _step(FilesWalk.write_wrong, whose=_whose, nth=_nth),
    _step(FilesWalk.change_and_commit, whose=_whose, message=texts().map(lambda text: f" {text}")),
    _step(FilesWalk.shell_commit, whose=_whose, message=texts((1, 51))),
    _step(FilesWalk.shell_remove, whose=_whose, nth=_nth, is_link=st.booleans()),
    _step(FilesWalk.shell_rename, whose=_whose, nth=_nth, path=NAMES),
    _step(FilesWalk.shell_link, whose=_whose, nth=_nth, link=st.sampled_from(_LINKS), to=("", _NOWHERE, _FOLDER)),
    _step(FilesWalk.shell_retype, whose=_whose, nth=_nth),
    _step(FilesWalk.rest),
    _step(FilesWalk.turn, whose=_whose, path=NAMES),
    _step(FilesWalk.shell_mode, whose=_whose, nth=_nth),
    _step(FilesWalk.shell_many, whose=_whose, count=COUNTS),
    _step(FilesWalk.shell_git, whose=_whose, kind=GIT_STEPS),
    _step(FilesWalk.shell_commits, whose=_whose, count=COUNTS),
)
