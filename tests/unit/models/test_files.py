"""The model of a workspace."""

from seatrials.models.files import Entry, Files, link_to, shown_of


def test_what_a_link_leads_to_is_read_listed_and_told_with_it() -> None:
    """A command that changes a file changes what its link shows; one that is gone leaves a link to nothing."""
    files = Files("t")
    files.by_shell({"a.md": Entry(b"one")})
    files.by_shell({"b/link.md": link_to("../a.md")})
    files.by_shell({"a.md": Entry(b"three")})

    assert files.listed() == {"a.md": 5, "b/link.md": 5}
    assert files.told == ["a.md", "b/link.md", "a.md", "b/link.md"]
    files.by_shell({"a.md": None})
    assert (files.listed(), files.content("b/link.md")) == ({}, None)


def test_a_commit_has_everything_that_has_changed() -> None:
    """Removed files and modes are among it, and without a change there is no commit."""
    files = Files("t")
    files.write("a.md", b"one")
    files.write("b.md", b"two")
    first = files.commit("first")
    files.by_shell({"a.md": None})
    files.toggle_mode("b.md")

    assert (first, files.changed()) == (["a.md", "b.md"], ["a.md", "b.md"])
    assert (files.commit("second"), files.commit("third")) == (["a.md", "b.md"], [])
    assert files.log == ["second", "first"]
    # As `git hash-object` has it.
    assert files.committed["b.md"].in_git == "100755 blob 64c5e5885a4b06010b3a0c20edb7900dd0311025"


def test_of_a_heading_the_text_alone_is_shown() -> None:
    """Whatever its text is, none too; and of blanks nothing."""
    assert shown_of("# Title\n\nOne,\nand more\n\n \n\n# \n\n\nnot finished") == ["Title", "One,\nand more", ""]
