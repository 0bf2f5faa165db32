"""The tutorial, done: every command as it stands there, in a fresh checkout, with what the page says that one sees."""

import os
import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from seatrials.environments.variables import read_variables
from seatrials.report.report import Build, write_report
from tests.support.browser import launched, require_browser
from tests.support.documents import Block, blocks
from tests.support.pictures import HEIGHT_PIXELS, PAGES, PICTURES, WIDTH_PIXELS
from tests.support.project import PROJECT

PAGE = PROJECT / "docs/tutorial.md"
# The repository that the page clones.
ADDRESS = "https://github.com/OWNER/seatrials.git"
# What the shown text has where a command ends with 1, as pytest and nox do.
RED = ("FAILED", "CANNOT TELL")
# A picture shows the top of its page; Allure would go on to its list of results a moment later.
UNSCROLLED = "Object.defineProperty(Element.prototype, 'scrollTop', { get: () => 0, set: () => {} })"


class Newcomer:
    """Somebody who does what the page says, from an empty folder on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen = ""
        # By a line that the page shows: the same line as it was seen.
        self.shown: dict[str, str] = {}
        self._ended = 0
        # The clone comes from this checkout, and nothing of this user's home or environment is there.
        self._variables = {
            "PATH": os.environ["PATH"],  # noqa: TID251  # the programs of this machine
            "HOME": str(folder),
            **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_"))},  # noqa: TID251  # the index
            "GIT_CONFIG_COUNT": "3",
            "GIT_CONFIG_KEY_0": f"url.{PROJECT}.insteadOf",
            "GIT_CONFIG_VALUE_0": ADDRESS,
            "GIT_CONFIG_KEY_1": "user.name",
            "GIT_CONFIG_VALUE_1": "A newcomer",
            "GIT_CONFIG_KEY_2": "user.email",
            "GIT_CONFIG_VALUE_2": "newcomer@example.com",
        }

    def do(self, block: Block) -> None:
        """Do what *block* says: type it, write it, or compare it with what was seen."""
        match block.language:
            case "console":
                for line in block.lines:
                    self._type(line)
            case "text":
                self._compare(block.text)
            case _:
                self._write(block)

    def _type(self, line: str) -> None:
        assert self._ended == 0 or any(word in self.seen for word in RED), self.seen
        if line.startswith("cd "):
            self.folder = self.folder / line.removeprefix("cd ")
            return
        if line.startswith("pipx ") and shutil.which("pipx") is None:
            return
        command = ["/bin/bash", "-c", line]
        done = subprocess.run(  # noqa: S603  # our own page
            command, cwd=self.folder, env=self._variables, capture_output=True, text=True, check=False
        )
        self._ended, self.seen = done.returncode, done.stdout + done.stderr
        print(f"$ {line}\n{self.seen}")  # noqa: T201  # what is seen when it fails

    def _compare(self, text: str) -> None:
        for line in text.splitlines():
            # Figures differ from machine to machine.
            pattern = re.sub(r"\d+(\\\.\d+)?", r"\\d+(\\.\\d+)?", re.escape(line))
            found = re.search(pattern, self.seen)
            assert found, f"{line!r} was not seen:\n{self.seen}"
            self.shown[line] = found[0]

    def _write(self, block: Block) -> None:
        path = self.folder / re.findall(r"`([\w./-]+)`", block.above)[-1]
        before = path.read_text(encoding="utf-8") + "\n\n" if "Append" in block.above else ""
        path.write_text(before + block.text, encoding="utf-8")


def test_the_tutorial_can_be_done(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Whoever does what the page says sees what it says; with --keep the documents show what was seen now."""
    if pytestconfig.option.keep:
        require_browser()
    newcomer = Newcomer(tmp_path)

    for block in blocks(PAGE):
        newcomer.do(block)

    assert "CANNOT TELL" in newcomer.seen
    if pytestconfig.option.keep:
        keep_output(newcomer.shown)
        with launched() as browser:
            keep_pictures(newcomer.folder / "evidence", browser)


def keep_output(shown: dict[str, str]) -> None:
    """Put the lines that were seen in place of those that the page shows."""
    lines = [shown.get(line, line) for line in PAGE.read_text(encoding="utf-8").splitlines()]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def keep_pictures(evidence: Path, browser: Browser) -> None:
    """Make the report of *evidence*, and take the pictures of the documentation anew."""
    write_report(evidence=evidence, tools=PROJECT / "allure", build=Build(), variables=read_variables())
    context = browser.new_context(viewport={"width": WIDTH_PIXELS, "height": HEIGHT_PIXELS}, color_scheme="light")
    context.add_init_script(UNSCROLLED)
    PICTURES.mkdir(exist_ok=True)
    for name, place in PAGES.items():
        pages = sorted(evidence.glob(place))
        assert pages, f"no command of the tutorial has written {place}"
        shown = context.new_page()
        shown.goto(pages[0].as_uri(), wait_until="networkidle")
        taken = Image.open(BytesIO(shown.screenshot(animations="disabled")))
        # A palette makes a third of it, and nobody sees the difference.
        taken.quantize().save(PICTURES / name, optimize=True)
        shown.close()
    context.close()
