"""The grammar of instructions."""

import pytest

from seatrials.webordinary.editor.instructions import INDEX_PAGE, Edit, edit_of


@pytest.mark.parametrize(
    ("instruction", "edit"),
    [
        ("Create a file named a.txt with content: A", Edit("a.txt", "A")),
        ("create file called 'x/y.md' with content:A\nB ", Edit("x/y.md", "A\nB ")),
        ("Create a file named a with content: b with content: c", Edit("a", "b with content: c")),
        (
            "Add a new page called About us with content: We are",
            Edit("src/pages/about-us.md", "# About us\n\nWe are\n"),
        ),
        ("Add a new page called About with: We", Edit("src/pages/about.md", "# About\n\nWe\n")),
        ('Add a new page called "Team"', Edit("src/pages/team.md", "# Team\n\n\n")),
        ("Add a page called ???", Edit("src/pages/page.md", "# ???\n\n\n")),
        ("Update about with: More", Edit("src/pages/about.md", "# about\n\nMore\n")),
        ("Update a.txt with: More", Edit("a.txt", "More")),
        ("Make the site blue", Edit(INDEX_PAGE, "Make the site blue\n\n", adds=True)),
        ("Update everything", Edit(INDEX_PAGE, "Update everything\n\n", adds=True)),
    ],
)
def test_instructions_mean_edits(instruction: str, edit: Edit) -> None:
    """Each sentence of the grammar leads to its edit, and any other to the index page."""
    assert edit == edit_of(instruction)
