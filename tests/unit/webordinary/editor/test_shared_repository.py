"""A workspace's repository while another container works on it."""

from typing import Any

import pygit2
import pytest

from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.changes import Change, changes_of
from seatrials.webordinary.editor.repository import Repository
from tests.support.repository import elsewhere, names, shell, switching


def test_head_is_locked_while_the_files_are_switched(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process can move HEAD while the files change, and none is locked out afterwards."""
    checkout: Any = pygit2.Repository.checkout_tree
    answers = []

    def checkout_with_company(*arguments: object, **options: object) -> None:
        answers.append(shell(repository, "git symbolic-ref HEAD refs/heads/mine 2>&1 || true"))
        checkout(*arguments, **options)

    monkeypatch.setattr(pygit2.Repository, "checkout_tree", checkout_with_company)

    switching(repository)

    assert ["HEAD.lock" in answer for answer in answers] == [True]
    assert (repository.current_branch(), repository.unfinished()) == ("thread-two", {})


def test_head_is_locked_while_changes_are_found(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process can move HEAD between the search for changes and their commit."""
    answers = []

    def changes_with_company(opened: pygit2.Repository, *, with_ignored: bool) -> list[Change]:
        answers.append(shell(repository, "git symbolic-ref HEAD refs/heads/mine 2>&1 || true"))
        return changes_of(opened, with_ignored=with_ignored)

    monkeypatch.setattr("seatrials.webordinary.editor.repository.changes_of", changes_with_company)
    (repository.project / "b.txt").write_text("B")

    repository.commit_all("two")

    assert ["HEAD.lock" in answer for answer in answers] == [True]
    assert (repository.current_branch(), repository.unfinished()) == ("thread-one", {})


def test_no_commit_goes_to_a_branch_that_another_container_has_switched_to(repository: Repository) -> None:
    """Work that was begun on one branch is not committed on another, and can be after the next switch."""
    with repository.on_branch("thread-one"):
        with elsewhere(repository).on_branch("thread-two"):
            (repository.project / "b.txt").write_text("B")

        with pytest.raises(RequestError, match="from 'thread-one' to 'thread-two'") as failure:
            repository.commit_all("two")

    assert failure.value.status == 409
    assert (repository.log(), repository.unfinished()) == ([], {})


def test_no_switch_is_made_from_a_branch_that_another_container_has_left(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A working tree that was switched after its work was saved is not switched again over what it holds now."""
    save = Repository._save_before_switch  # noqa: SLF001  # the moment after it is the one in question

    def save_and_be_late(self: Repository, current: str) -> None:
        save(self, current)
        monkeypatch.undo()
        with elsewhere(self).on_branch("thread-three"):
            (self.project / "b.txt").write_text("B")

    monkeypatch.setattr(Repository, "_save_before_switch", save_and_be_late)

    with pytest.raises(RequestError, match="from 'thread-one' to 'thread-three'"):
        switching(repository)

    assert (repository.current_branch(), repository.unfinished()) == ("thread-three", {})
    assert names(repository.project) == [".git", "b.txt"]
