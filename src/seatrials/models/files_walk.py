"""Walks through the files of three users, beside a model of each: every way of change, every way of reading."""

import base64
import html
import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st
from hypothesis.stateful import rule

from seatrials.models.files import INDEX_PAGE, Entry, Files, link_to
from seatrials.models.texts import COUNTS, NAMES, SIZES, content, own, texts
from seatrials.models.walk import Walk, Walks
from seatrials.platform import ANSWERED, Answer, Platform, Session, WebSocket, contract

# One client's two users, and the first one's name at another client's: nothing is told apart by one name alone.
_PEOPLE = (("c", "u"), ("c", "v"), ("d", "u"))
_OK, _REFUSED, _NOT_FOUND, _UNSUPPORTED = 200, 400, 404, 409
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
)
_PING, _ELSE = {"type": "ping"}, {"type": "else"}
# How many files are read again after a step, beside those that it was about: all of them, one after the other.
_READ_AGAIN = 2
_whose = st.sampled_from([0, 0, 0, 1, 2])
_names = st.sampled_from(NAMES)
_nth = st.integers(0, 63)


class _User:
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


class FilesWalk(Walk):
    """What users do to their files, in any order and by any way."""

    # A step takes little of a platform, beside those in which time passes; and much must have been told of one user.
    steps_factor = 4
    steps_per_walk = 90

    def __init__(self, platform: Platform, walks: Walks) -> None:
        super().__init__(platform, walks)
        self.users: list[_User] = []
        # Whose step it was, which paths it was about, and whether something was committed.
        self._about: tuple[int, tuple[str, ...], bool] = (0, (), False)
        self._read = 0
        self._gits = 0

    @rule(step=st.deferred(lambda: STEPS))
    def go_on(self, step: "Callable[[FilesWalk], None]") -> None:
        """Do any of the steps: one rule, for hypothesis leaves some of several out of each walk."""
        if not (self.users or self.is_over):
            with self.step("activate sessions of three users, two of them of one client"):
                base = str(self.platform.sessions.request()["clientId"])
                requests = [self._request(f"{base}{client}", user) for client, user in _PEOPLE]
                self.users = [_User(self.platform, each) for each in self.platform.ready_together(*requests)]
        if not self.is_over:
            step(self)

    def write(self, whose: int, path: str, size: int) -> None:
        """Write a file by the API."""
        user, data = self.users[whose], content(size, _PEOPLE[whose][0])
        if not self._is_executable(user, path):
            with self._step(whose, f"write {size} bytes to {_short(path)}", path):
                answer = user.api.write(path, data)
                user.model.write(path, data)
                told = {"path": path, "size": size}
                assert (answer.status, answer.json()) == (_OK, told), f"expected {told} of {answer}"

    def create(self, whose: int, path: str, text: str) -> None:
        """Give an instruction to create a file."""
        text = own(text, _PEOPLE[whose][0])
        self._execute(whose, path, text, contract.instruction_to_create(path, text))

    def update(self, whose: int, path: str, text: str) -> None:
        """Give an instruction to change one, or to write one that is not there."""
        text = own(text, _PEOPLE[whose][0])
        if text.strip():
            self._execute(whose, path, text, f"Update {path} with: {text}")

    def page(self, whose: int, page: tuple[str, str, str], text: str, words: str) -> None:
        """Give an instruction to add a page, with a text or without, or to change one."""
        name, title, path = page
        text = own(text, _PEOPLE[whose][0]).strip() if "text" in words else ""
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
        """Give an instruction in words of one's own, which the site's front shows."""
        before = _decoded(self.users[whose].model.content(INDEX_PAGE) or b"")
        wish = f"Greet visitor {number} & all"
        if before is not None:
            self._execute(whose, INDEX_PAGE, before + f"{wish}\n\n", wish)

    def write_wrong(self, whose: int, nth: int) -> None:
        """Write below a file, in the place of a folder, and by a link into what is git's: all that is refused."""
        user = self.users[whose]
        path = user.nth(nth)
        if path is not None:
            with self._step(whose, f"write below {_short(path)}, over its folder, and by a link into git's", path):
                self._run(user, "ln -s .git way-in")
                wrong = [f"{path}/below.md", *filter(None, [path.rpartition("/")[0]]), "way-in/HEAD", "way-in/new"]
                answers = [user.api.write(each, b"wrong") for each in wrong] + [user.api.read("way-in/HEAD")]
                self._run(user, "rm way-in")
                told = [(each.status, each.json().get("field")) for each in answers]
                assert told == [(_REFUSED, "path")] * len(told), f"expected all to be refused of {answers}"

    def commit(self, whose: int, message: str) -> None:
        """Commit by the API."""
        message = own(message, _PEOPLE[whose][0])
        if message.strip():
            with self._step(whose, f"commit as {_short(message)}", is_commit=True):
                user = self.users[whose]
                answer = user.api.ask("POST", "/api/git/commit", json.dumps({"message": message}).encode())
                self._committed(user, answer, user.model.commit(message))

    def shell_write(self, whose: int, path: str, text: str, *, is_absolute: bool) -> None:
        """Write a file by a command, by its path from where that runs or from the container's root."""
        text = own(text, _PEOPLE[whose][0])
        user, data = self.users[whose], text.encode()
        if path not in user.model.entries or not user.model.entries[path].is_executable:
            encoded = base64.b64encode(data).decode()
            project = f"/workspace/{user.session.client_id}/{user.session.user_id}/project" if is_absolute else "."
            command = f"mkdir -p {_folder(path)} && echo {encoded} | base64 -d > {project}/{shlex.quote(path)}"
            self._shell(whose, f"write {_short(text)} to {_short(path)}", command, {path: Entry(data)})

    def shell_remove(self, whose: int, nth: int, *, is_link: bool) -> None:
        """Remove a file, or a link, by a command."""
        path = self.users[whose].nth(nth, is_link=is_link)
        if path is not None:
            self._shell(whose, f"remove {_short(path)}", f"rm ./{shlex.quote(path)}", {path: None})

    def shell_rename(self, whose: int, nth: int, path: str) -> None:
        """Rename a file by a command, perhaps over another one."""
        before = self.users[whose].nth(nth)
        if before is not None and before != path:
            entry = self.users[whose].model.entries[before]
            command = f"mkdir -p {_folder(path)} && mv -T ./{shlex.quote(before)} ./{shlex.quote(path)}"
            self._shell(whose, f"rename {_short(before)} to {_short(path)}", command, {before: None, path: entry})

    def shell_link(self, whose: int, nth: int, link: str) -> None:
        """Make a link to a file by a command."""
        user = self.users[whose]
        path = user.nth(nth)
        if path is not None and link not in user.model.entries:
            target = "../" * link.count("/") + path
            command = f"mkdir -p {_folder(link)} && ln -s ./{shlex.quote(target)} {link}"
            self._shell(whose, f"link {link!r} to {_short(path)}", command, {link: link_to(f"./{target}")})

    def shell_mode(self, whose: int, nth: int) -> None:
        """Make a file executable by a command, or no longer, and commit it."""
        user = self.users[whose]
        path = user.nth(nth)
        if path is not None:
            sign = "-" if user.model.entries[path].is_executable else "+"
            with self._step(whose, f"chmod {sign}x {_short(path)} by a command", path):
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
        message = own(message, _PEOPLE[whose][0])
        user = self.users[whose]
        if message.strip() and user.model.changed():
            with self._step(whose, f"commit by git as {_short(message)}", is_commit=True):
                self._run(user, f"git add -A && git commit -q --cleanup=verbatim -m {shlex.quote(message)}")
                user.model.commit(message)

    def shell_commits(self, whose: int, count: int) -> None:
        """Make many commits by git itself, which change nothing."""
        script = "branch=$(git symbolic-ref HEAD); i=0; while [ $i -lt COUNT ]; do i=$((i+1)); echo commit $branch; "
        script += (
            'echo "committer NAME <n@example.com> $((1700000000+i)) +0000"; echo "data <<END"; echo n$i; echo END; '
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

    def shell_git(self, whose: int) -> None:
        """Do what few commands do with git, one after the other."""
        self._gits += 1
        kind = (self.number + self._gits) % 6
        if kind == 0:
            self.shell_nested(whose)
        elif kind == 1:
            self.shell_detach(whose)
        else:
            self.shell_pick(whose, is_there=kind % 2 == 0, is_kept=kind < 4)  # noqa: PLR2004  # two of four

    def shell_detach(self, whose: int) -> None:
        """Write a file where no branch is checked out; the next commit is the branch's all the same."""
        with self._step(whose, "detach HEAD by a command, and write a file", _PICKED):
            user = self.users[whose]
            command = f"git checkout -q --detach 2>/dev/null; rm -f {_PICKED}; echo A > {_PICKED}"
            self._run(user, command)
            user.model.by_shell({_PICKED: Entry(b"A\n")})
        self.commit(whose, "After the branch")

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

    def _request(self, client: str, user: str) -> dict[str, Any]:
        # Equal commits of equal parents would be one commit of two clients.
        return self.platform.sessions.request(clientId=client, userId=user, threadId=f"t-{client[-1]}{user}")

    def _step(self, whose: int, what: str, *paths: str, is_commit: bool = False) -> Any:  # noqa: ANN401  # a context
        self._about = (whose, paths, is_commit)
        return self.step(f"{what}, as user {whose + 1}")

    def _is_executable(self, user: _User, path: str) -> bool:
        """Whether a file would be written anew that may be run: whether it may be afterwards nobody promises."""
        entry = user.model.entries.get(user.model.resolved(path))
        return entry is not None and entry.is_executable

    def _execute(self, whose: int, path: str, text: str, instruction: str) -> None:
        user = self.users[whose]
        if not self._is_executable(user, path) and not text.startswith((" ", "\t")):
            with self._step(whose, f"instruct {_short(instruction)}", path, is_commit=True):
                answer = user.api.execute(instruction)
                self._committed(user, answer, user.model.execute(instruction, path, text.encode()))

    def _committed(self, user: _User, answer: Answer, changed: list[str]) -> None:
        told = sorted(map(str, answer.json()["filesChanged"]))
        assert (answer.status, told) == (_OK, changed), f"the commit {_more_and_less(told, changed)}: {answer}"
        last = next((each["id"] for each in user.api.git_log()), None)
        assert answer.json()["commit"] == last, f"the last commit is {last}, not what was answered: {answer}"

    def _shell(self, whose: int, what: str, command: str, changes: dict[str, Entry | None]) -> None:
        with self._step(whose, f"{what} by a command", *list(changes)[-2:]):
            user = self.users[whose]
            self._run(user, command)
            user.model.by_shell(changes)

    def _run(self, user: _User, command: str) -> str:
        code, output = user.api.run(command)
        assert code == 0, f"expected the command {command[:200]} to end with 0, got {code}: {output[:400]}"
        return output

    def _compare_file(self, user: _User, path: str) -> None:
        """Hold the API, the preview and the question whether it is there against the model of a file."""
        expected = user.model.content(path)
        answer, exists = user.api.read(path), user.api.exists(path)
        shown = self.platform.http.get(f"{user.session.preview_path}/{quote(path)}")
        status = _NOT_FOUND if expected is None else _OK
        assert (answer.status, exists.json()) == (status, {"exists": expected is not None}), f"{answer}, and {exists}"
        assert shown.status == status, f"expected the preview of {path!r} to be {status}, got {shown}"
        for each in (answer, shown) if expected is not None else ():
            assert each.content == expected, f"expected {_short_bytes(expected or b'')} in {path!r}, got {each}"

    def _compare_socket(self, user: _User) -> None:
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
            f"{pongs} answers to {user.model.pongs} pings in JSON, and to as many that are none"
        )

    def _compare_front(self, user: _User) -> None:
        """Hold the site's front against the model: every page has its link, which leads there, and wishes are shown."""
        front = self.platform.http.get(user.session.preview_path)
        links = [html.unescape(each) for each in re.findall(r'href="([^"]*)"', front.text)]
        expected = [f"{user.session.preview_path}/{quote(each)}" for each in user.model.pages()]
        assert sorted(links) == sorted(expected), f"the site's front {_told_else(sorted(links), sorted(expected))}"
        for link in links[self._read % len(links) :][:1] if links else []:
            led = self.platform.http.get(link)
            assert led.status == _OK, f"expected the link {link} to lead to a page, got {led}"
        # What is no text, such as a picture that was given the page's name, is shown somehow.
        for wish in (_decoded(user.model.content(INDEX_PAGE) or b"") or "").split("\n\n")[:-1]:
            assert html.escape(wish) in front.text, f"expected {wish!r} to be shown by the site's front"

    def _compare_git(self, user: _User, *, is_commit: bool) -> None:
        status, log, changed = user.api.git_status(), user.api.git_log(), user.model.changed()
        found = sorted(str(each["path"]) for each in status["changes"])
        is_right = (found, status["clean"]) == (changed, not changed)
        assert is_right, f"git's status {_more_and_less(found, changed)}, and says clean: {status['clean']}"
        messages = [str(each["message"]).rstrip("\n") for each in log]
        expected = [each.rstrip("\n") for each in user.model.log]
        assert messages == expected, f"the log {_told_else(messages, expected)}"
        broken = [each["id"] for each, before in pairwise(log) if each["parents"] != [before["id"]]]
        assert broken == [], f"these commits are not on top of the ones before: {broken}"
        if is_commit:
            lines = [line.partition("\t") for line in self._run(user, _TREE).split("\0") if line]
            tree = {path: about for about, _, path in lines}
            wanted = {path: entry.in_git for path, entry in user.model.committed.items()}
            assert tree == wanted, f"the commit {_difference(tree, wanted)}"


_WORDS = (
    "Add a new page called {name}",
    "Add a new page called {name} with content: {text}",
    "Update {name} with: {text}",
)
_TREE = "git ls-tree -r -z HEAD"
_NESTED, _PICKED = "nested/inner.md", "picked.md"
_PICK = (
    "branch=$(git symbolic-ref --short HEAD); rm -f {file}; echo A > {file}; git add {file}; "
    "git commit -q --allow-empty -m base; git checkout -q -b side; echo B > {file}; git commit -q -a -m side; "
    "git checkout -q $branch; {ours}; git commit -q -m ours; git cherry-pick side >/dev/null 2>&1; "
    "git branch -q -D side; {settled}"
)


def _folder(path: str) -> str:
    return f"./{shlex.quote(path.rpartition('/')[0])}" if "/" in path else "."


def _more_and_less(told: list[str], right: list[str]) -> str:
    """Return which files of *told* are too many, and which are not there, without those that are right."""
    more, less = ([_short(each) for each in one if each not in other] for one, other in ((told, right), (right, told)))
    told_more, told_less = (f"{', '.join(each[:3]) or 'nothing'} ({len(each)} in all)" for each in (more, less))
    return f"has too many: {told_more}; lacks: {told_less}"


def _short(text: str) -> str:
    return repr(text) if len(text) <= 60 else f"{text[:40]!r} and {len(text) - 40} characters more"  # noqa: PLR2004  # as much as a line has room for


def _decoded(data: bytes) -> str | None:
    """Return the text of a file; None for one that is none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _text_in(data: bytes) -> str | None:
    """Return the text of a file that an instruction could write; None where it could not."""
    text = _decoded(data)
    # An instruction has room for as much, beside its other words.
    return text if text is not None and "\0" not in text and len(text) < contract.TEXT_CHARACTERS_MAX - 600 else None


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


def _step(function: Callable[..., None], **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(partial, st.just(function), **arguments)


# The plainest first, to which walks are shrunk; what shows most, several times.
STEPS: "st.SearchStrategy[Callable[[FilesWalk], None]]" = st.one_of(
    _step(FilesWalk.shell_write, whose=_whose, path=_names, text=texts(), is_absolute=st.booleans()),
    _step(FilesWalk.write, whose=_whose, path=_names | st.sampled_from(_LINKS), size=st.sampled_from(SIZES)),
    _step(FilesWalk.write, whose=_whose, path=_names, size=st.sampled_from(SIZES[:5])),
    _step(FilesWalk.create, whose=_whose, path=_names, text=texts()),
    _step(FilesWalk.create, whose=_whose, path=_names, text=texts()),
    _step(FilesWalk.update, whose=_whose, path=_names, text=texts()),
    _step(FilesWalk.page, whose=_whose, page=st.sampled_from(_PAGES), text=texts(), words=st.sampled_from(_WORDS)),
    _step(FilesWalk.again, whose=_whose, nth=_nth),
    _step(FilesWalk.wish, whose=_whose, number=_nth),
    _step(FilesWalk.write_wrong, whose=_whose, nth=_nth),
    _step(FilesWalk.commit, whose=_whose, message=texts().map(lambda text: f" {text}")),
    _step(FilesWalk.shell_commit, whose=_whose, message=texts((1, 51))),
    _step(FilesWalk.shell_remove, whose=_whose, nth=_nth, is_link=st.booleans()),
    _step(FilesWalk.shell_rename, whose=_whose, nth=_nth, path=_names),
    _step(FilesWalk.shell_link, whose=_whose, nth=_nth, link=st.sampled_from(_LINKS)),
    _step(FilesWalk.shell_mode, whose=_whose, nth=_nth),
    _step(FilesWalk.shell_many, whose=_whose, count=st.sampled_from(COUNTS)),
    _step(FilesWalk.shell_git, whose=_whose),
    _step(FilesWalk.shell_commits, whose=_whose, count=st.sampled_from(COUNTS)),
)
