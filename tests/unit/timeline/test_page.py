"""The page of a row as text: escaped, self-contained, bounded, and readable without its script."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from seatrials.report.self_contained import external_loads
from seatrials.timeline import page
from seatrials.timeline.build import build
from seatrials.timeline.evidence import read_run
from tests.support.timeline_run import EVENTS, HOSTILE, ROW, write_run

MEGABYTES_2 = 2_000_000


def rendered(tmp_path: Path, message: str = HOSTILE.rstrip("\ud800")) -> str:
    """Return the page of the row that failed."""
    return page.render(build(read_run(write_run(tmp_path, message=message).path), ROW))


def data_in(text: str) -> dict[str, Any]:
    """Return what the script of a page draws."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    value: dict[str, Any] = json.loads(found[1])
    return value


def test_no_text_of_the_evidence_becomes_markup(tmp_path: Path) -> None:
    """A text that would end a script, or begin an element, is a text still, in the page and in its data."""
    text = rendered(tmp_path)

    assert text.count("<script") == text.count("</script>") == 2
    assert re.findall(r"<img|window\.broken = 1</script", text) == []
    assert "&lt;/script&gt;&lt;script&gt;window.broken" in text


def test_the_data_has_the_texts_as_they_were(tmp_path: Path) -> None:
    """What is escaped in the file is the same text when the script reads it."""
    texts = [item["subject"] for item in data_in(rendered(tmp_path))["items"]]

    assert HOSTILE in texts


def test_the_data_ends_no_line_and_no_element(tmp_path: Path) -> None:
    """It is ASCII without a character that a browser could take for markup."""
    found = re.search(r'id="data">(.*?)</script>', rendered(tmp_path), re.DOTALL)

    assert found is not None
    assert re.findall(r"[^\x20-\x7e]|[<>&]", found[1]) == []


def test_the_policy_allows_what_stands_in_the_page_alone(tmp_path: Path) -> None:
    """The page's own script and style are named by their hashes, and nothing may be loaded."""
    text = rendered(tmp_path)
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)[0]
    allowed = b64encode(sha256(script.encode()).digest()).decode()

    assert "default-src &#x27;none&#x27;" in text
    assert f"script-src &#x27;sha256-{allowed}&#x27;" in text
    assert external_loads(text) == []


def test_why_and_what_led_to_it_need_no_script(tmp_path: Path) -> None:
    """They stand in the page as text."""
    visible = re.sub(r"<script.*?</script>", "", rendered(tmp_path, "assert 503 == 200"), flags=re.DOTALL)

    assert "assert 503 == 200" in visible
    assert "crashed: NameError: name &#x27;sesion&#x27;" in visible
    assert "The status never runs ahead." in visible


def test_the_page_of_a_long_row_stays_below_two_megabytes(tmp_path: Path) -> None:
    """What a reader can hardly use is left out first: routine, then the end of long details."""
    long = {"answer": "x" * 3_000, "operation": "y", "subject": "hermes", "kind": "aws_call"}
    events = [*EVENTS, *({"at_us": 9_000_000 + each, **long} for each in range(9_000))]

    text = page.render(build(read_run(write_run(tmp_path, events=events).path), ROW))

    assert len(text.encode()) < MEGABYTES_2
    assert "routine events are left out" in text
    assert "crashed: NameError" in text


def test_the_index_leads_to_each_row_and_escapes(tmp_path: Path) -> None:
    """An outcome and a reason stand beside the link."""
    del tmp_path
    text = page.render_index("mock", [("COLD-05", "COLD-05.html", "failed", "It holds.", HOSTILE)], ["<b>cut</b>"])

    assert 'href="COLD-05.html"' in text
    assert "<script" not in text
    assert "<b>cut" not in text


@pytest.mark.parametrize("name", ["_STYLES", "_SCRIPT"])
def test_the_parts_of_the_page_are_shipped(name: str) -> None:
    """Style and script stand beside the module that puts them together."""
    found = getattr(page, name)

    assert [path for path in (found if isinstance(found, tuple) else (found,)) if not path.is_file()] == []
