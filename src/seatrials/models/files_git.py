"""What users do to their files through git: by the API, and by its own commands."""

import json
import shlex
from collections.abc import Callable
from functools import partial

from seatrials.models.files import Entry
from seatrials.models.files_users import FilesOfUsers, User, short
from seatrials.models.texts import own
from seatrials.models.walk import Walks
from seatrials.platform import Platform, contract

_UNSUPPORTED = 409
_NESTED, _PICKED, _OWN = "nested/inner.md", "picked.md", "own.md"
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


class FilesInGit(FilesOfUsers):
    """Commits, and all that git does to files besides."""

    def __init__(self, platform: Platform, walks: Walks) -> None:
        super().__init__(platform, walks)
        self._visits = 0

    def commit(self, whose: int, message: str) -> None:
        """Commit by the API."""
        message = own(message, self._letters(whose))
        if message.strip():
            with self._step(whose, f"commit as {short(message)}", is_commit=True):
                user = self.users[whose]
                answer = user.api.ask("POST", "/api/git/commit", json.dumps({"message": message}).encode())
                self._committed(user, answer, user.model.commit(message))

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

    def shell_git(self, whose: int, kind: Callable[["FilesInGit", int], None]) -> None:
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


# What few commands do, gone through in turn.
GIT_STEPS: tuple[Callable[[FilesInGit, int], None], ...] = (
    FilesInGit.shell_nested,
    FilesInGit.shell_merge,
    *(partial(FilesInGit.shell_detach, is_visited=each) for each in (True, False)),
    *(
        partial(FilesInGit.shell_pick, is_there=there, is_kept=kept)
        for there in (True, False)
        for kept in (True, False)
    ),
)
