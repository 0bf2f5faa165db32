"""Walks through the files of three users, beside a model of each: every way of change, every way of reading."""

import base64
import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from seatrials.models.files import INDEX_PAGE, Entry, link_to
from seatrials.models.files_users import OK, FilesOfUsers, User, decoded, short
from seatrials.models.texts import COUNTS, NAMES, SIZES, content, own, texts
from seatrials.models.walk import Walks
from seatrials.platform import ANSWERED, Platform, contract

# One client's two users, and one of another client: nothing is told apart by one name alone, nor by both in a row.
_PEOPLE = (("c", "u"), ("c", "2-u"), ("c-2", "u"))
_REFUSED, _UNSUPPORTED = 400, 409
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


class FilesWalk(FilesOfUsers):
    """What users do to their files, in any order and by any way."""

    # A step takes little of a platform, beside those in which time passes; and much must have been told of one user.
    steps_factor = 6
    steps_per_walk = 90

    def __init__(self, platform: Platform, walks: Walks) -> None:
        super().__init__(platform, walks)
        self._visits = self._commits = 0
        self._ahead: list[_Step] = []

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """Do a step of those that the walk has not done yet, and of all again when each was done: none is left out."""
        self._ahead = self._ahead or [*STEPS]
        step = self._drawn(self._ahead.pop(data.draw(st.integers(0, len(self._ahead) - 1))), data)
        if not (self.users or self.is_over):
            with self.step("activate sessions of three users, two of them of one client"):
                base = str(self.platform.sessions.request()["clientId"])
                requests = [self._request(f"{base}{client}", user) for client, user in _PEOPLE]
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

    def _letters(self, whose: int) -> int:
        """Return which letters a user's client has, unlike any other's of this walk and the next ones."""
        return 2 * self.place + (_PEOPLE[whose][0] != _PEOPLE[0][0])

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

    def commit(self, whose: int, message: str) -> None:
        """Commit by the API."""
        message = own(message, self._letters(whose))
        if message.strip():
            with self._step(whose, f"commit as {short(message)}", is_commit=True):
                user = self.users[whose]
                answer = user.api.ask("POST", "/api/git/commit", json.dumps({"message": message}).encode())
                self._committed(user, answer, user.model.commit(message))

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
        if path is not None:
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

    def shell_commit(self, whose: int, message: str) -> None:
        """Commit by git itself."""
        message = own(message, self._letters(whose))
        user = self.users[whose]
        if message.strip() and user.model.changed():
            with self._step(whose, f"commit by git as {short(message)}", is_commit=True):
                self._run(user, f"git add -A && git commit -q --cleanup=verbatim -m {shlex.quote(message)}")
                user.model.commit(message)

    def shell_commits(self, whose: int, count: int) -> None:
        """Make many commits by git itself, which change nothing."""
        script = "branch=$(git symbolic-ref HEAD); i=0; while [ $i -lt COUNT ]; do i=$((i+1)); echo commit $branch; "
        script += (
            'echo "committer NAME <n@example.com> $((1700000000+i)) +0530"; echo "data <<END"; echo n$i; echo END; '
        )
        script += '[ $i -gt 1 ] || echo "from $(git rev-parse HEAD)"; done | git fast-import --quiet --force'
        with self._step(whose, f"make {count} commits by git", is_commit=True):
            user = self.users[whose]
            self._run(user, script.replace("COUNT", str(count)).replace("NAME", user.session.user_id))
            user.model.log[:0] = [f"n{each}" for each in range(count, 0, -1)]

    def shell_pick(self, whose: int, *, is_there: bool, is_kept: bool) -> None:
        """Let a cherry-pick end in a conflict, over a file that is there or was removed; then settle and commit it."""
        self.commit(whose, "Before the pick")
        user, message = self.users[whose], "After the pick"
        with self._step(whose, "settle a conflict of git's, and commit", _PICKED, is_commit=True):
            ours = f"echo C > {_PICKED}; git add {_PICKED}" if is_there else f"git rm -q {_PICKED}"
            settled = f"echo D > {_PICKED}" if is_kept else f"rm -f {_PICKED}"
            self._run(user, _PICK.format(file=_PICKED, ours=ours, settled=settled))
            user.model.log[:0] = ["ours", "base"]
            user.model.committed.pop(_PICKED, None)
            if is_there:
                user.model.committed[_PICKED] = Entry(b"C\n")
            user.model.by_shell({_PICKED: Entry(b"D\n") if is_kept else None})
            answer = user.api.ask("POST", "/api/git/commit", json.dumps({"message": message}).encode())
            self._committed(user, answer, user.model.commit(message))
            picking = self._run(user, "cd .git && ls | grep PICK || true")
            assert picking == "", f"the commit has not ended the pick: {picking}"

    def shell_git(self, whose: int, kind: Callable[["FilesWalk", int], None]) -> None:
        """Do what few commands do with git."""
        kind(self, whose)

    def shell_detach(self, whose: int, *, is_visited: bool) -> None:
        """Write a file where no branch is checked out; the next commit is the branch's all the same.

        Nor is the file another thread's, which may be the next to come.
        """
        with self._step(whose, "detach HEAD by a command, and write a file", _PICKED):
            user = self.users[whose]
            command = f"git checkout -q --detach 2>/dev/null; rm -f {_PICKED}; echo A > {_PICKED}"
            self._run(user, command)
            user.model.by_shell({_PICKED: Entry(b"A\n")})
        if is_visited:
            with self._step(whose, "look for the file by another thread", _PICKED, is_commit=True):
                self._look_by_another_thread(user)
        self.commit(whose, "After the branch")

    def _look_by_another_thread(self, user: User) -> None:
        """Let a new thread of the user see none of the files; what was not committed is, in words of the editor's."""
        request = self._request(user.session.client_id, user.session.user_id)
        self._visits += 1
        request["threadId"] += f"-{self._visits}"
        visitor = self.platform.ready({**request, "instruction": contract.instruction_to_create(_OWN, "mine")})
        found = self.platform.workspace(visitor).files()
        self.platform.sessions.deactivate(visitor)
        assert found == [_OWN], f"expected a new thread to have {_OWN!r} alone, found {found}"
        if user.model.changed():
            user.model.commit(str(user.api.git_log()[0]["message"]))

    def shell_merge(self, whose: int) -> None:
        """Merge a branch by git, whose commit is later than the one before it: one that has two before it."""
        self.commit(whose, "Before the merge")
        self.platform.let_pass(2, what="the time of a commit to be another")
        with self._step(whose, "merge a branch by git", _PICKED, is_commit=True):
            user = self.users[whose]
            self._run(user, _MERGE.format(file=_PICKED))
            user.model.by_shell({_PICKED: Entry(b"S\n")})
            user.model.committed[_PICKED] = Entry(b"S\n")
            user.model.log[:0] = ["merged", "side"]

    def shell_nested(self, whose: int) -> None:
        """Make a repository in a folder, which cannot be committed and is told of, and take it away again."""
        with self._step(whose, "make a repository in a folder by a command, try to commit it, and remove it", _NESTED):
            user = self.users[whose]
            self._run(user, f"git init -q nested && echo A > {_NESTED}")
            user.model.by_shell({_NESTED: Entry(b"A\n")})
            for answer in (
                user.api.ask("GET", "/api/git/status"),
                user.api.ask("POST", "/api/git/commit", b'{"message": "all"}'),
            ):
                told = sorted(answer.json())
                assert (answer.status, told) == (_UNSUPPORTED, ["error"]), f"expected a refusal, got {answer}"
            self._run(user, "rm -r nested")
            user.model.by_shell({_NESTED: None})

    def _request(self, client: str, user: str) -> dict[str, Any]:
        # Equal commits of equal parents would be one commit of two clients.
        return self.platform.sessions.request(clientId=client, userId=user, threadId=f"t-{client[-1]}{user}")


_WORDS = (
    "Add a new page called {name}",
    "Add a new page called {name} with content: {text}",
    "Update {name} with: {text}",
)
_NESTED, _PICKED, _OWN, _NOWHERE = "nested/inner.md", "picked.md", "own.md", "nowhere.md"
_FOLDER, _FOLDER_LINK = "src", "folder"
_PICK = (
    "branch=$(git symbolic-ref --short HEAD); rm -f {file}; echo A > {file}; git add {file}; "
    "git commit -q --allow-empty -m base; git checkout -q -b side; echo B > {file}; git commit -q -a -m side; "
    "git checkout -q $branch; {ours}; git commit -q -m ours; git cherry-pick side >/dev/null 2>&1; "
    "git branch -q -D side; {settled}"
)
_MERGE = (
    "branch=$(git symbolic-ref --short HEAD); git checkout -q -b side; rm -f {file}; echo S > {file}; git add {file}; "
    "git commit -q --allow-empty -m side; git checkout -q $branch; git merge -q --no-ff -m merged side; "
    "git branch -q -D side"
)


def _folder(path: str) -> str:
    return f"./{shlex.quote(path.rpartition('/')[0])}" if "/" in path else "."


def _text_in(data: bytes) -> str | None:
    """Return the text of a file that an instruction could write; None where it could not."""
    text = decoded(data)
    # An instruction has room for as much, beside its other words.
    return text if text is not None and "\0" not in text and len(text) < contract.TEXT_CHARACTERS_MAX - 600 else None


_GITS: tuple[Callable[[FilesWalk, int], None], ...] = (
    FilesWalk.shell_nested,
    FilesWalk.shell_merge,
    *(partial(FilesWalk.shell_detach, is_visited=each) for each in (True, False)),
    *(partial(FilesWalk.shell_pick, is_there=there, is_kept=kept) for there in (True, False) for kept in (True, False)),
)
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
    _step(FilesWalk.shell_git, whose=_whose, kind=_GITS),
    _step(FilesWalk.shell_commits, whose=_whose, count=COUNTS),
)
