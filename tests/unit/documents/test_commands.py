"""The commands of the documents: each is read by its own program, is run, or stands below with the reason why not."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from seatrials.catalogue import read_suites
from seatrials.mutants.catalogue import CATALOGUE
from tests.support.command_lines import Reader, WrongCommandError
from tests.support.documents import DOCUMENTS, blocks, commands, said_commands, typed_lines
from tests.support.project import PROJECT

# Done as it stands, in a fresh checkout, by `nox -s tutorial`.
TUTORIAL = PROJECT / "docs/tutorial.md"
PAGES = [page for page in DOCUMENTS if page != TUTORIAL]
# What a shell does itself.
SHELL = ("cd", "echo", "exit", "break", "for")
# Run by a test below.
RUN = ("openssl", "sed")
# What is run elsewhere, or nowhere, by how the command begins.
ELSEWHERE = {
    ("aws",): "tests/clients gives the AWS CLI to a served platform",
    ("curl",): "asks a server whose address differs; tests/unit/twin_server asks the same without curl",
    (".", "/tmp/twin/environment.sh"): "tests/unit/twin_server reads the same file with a shell",  # noqa: S108  # no file
    ("apt-get", "install"): "changes the machine; .ci/run does it",
    ("uvx", "sigstore"): "asks sigstore about a release of GitHub's; .github/workflows/release.yml signs it",
    ("verdict=$?",): "keeps what the command before it has ended with",
}
# What a reader writes, by the tutorial, by docs/writing-scenarios.md, or in place of a word in capitals.
OWN = {
    "",
    "who_says",
    "impatient",
    "an_idle_session_is_over",
    "nobody_made",
    "front-for-all",
    "NAME",
    "NAMES",
    "ID",
}
# What stands where a reader, or a shell, puts something of their own.
PLACEHOLDERS = {"COMMAND": "schemas", "$INDEX": "1", "$seed": "1"}


def name_of(page: Path) -> str:
    """Return a page as the project writes it."""
    return page.relative_to(PROJECT).as_posix()


@pytest.fixture(name="reader")
def _reader(pytestconfig: pytest.Config) -> Reader:
    return Reader(pytestconfig)


def after(words: list[str], option: str) -> str:
    """Return what *words* give an option; "" without it."""
    return words[words.index(option) + 1] if option in words else ""


def filled(words: list[str]) -> list[str]:
    """Return *words* with something in the place of what a reader puts there."""
    for placeholder, value in PLACEHOLDERS.items():
        words = [word.replace(placeholder, value) for word in words]
    return words


def refusals(reader: Reader, found: list[list[str]]) -> list[str]:
    """Return the commands that nobody takes, each with the reason."""
    refused = []
    for words in found:
        is_elsewhere = any(tuple(words[: len(beginning)]) == beginning for beginning in ELSEWHERE)
        try:
            if not (reader.read(filled(words)) or is_elsewhere or words[0] in (*SHELL, *RUN, "export")):
                refused.append(f"{words}: run it in a test, or say why not in ELSEWHERE")
        except WrongCommandError as error:
            refused.append(f"{words}: {error}")
    return refused


@pytest.mark.parametrize("page", DOCUMENTS, ids=name_of)
def test_no_command_of_a_block_is_wrong(page: Path, reader: Reader) -> None:
    """Each command that a reader is to type is one that its program takes."""
    found = [words for line in typed_lines(page) for words in commands(line)]
    of_the_machine = ("git", "rm", "python3", "pipx", "~/nox/bin/pip")

    assert refusals(reader, [each for each in found if page != TUTORIAL or each[0] not in of_the_machine]) == []


@pytest.mark.parametrize("page", DOCUMENTS, ids=name_of)
def test_no_command_of_a_sentence_is_wrong(page: Path, reader: Reader) -> None:
    """Each command that a sentence or a table names is one that its program takes."""
    found = [words for line in said_commands(page) for words in commands(line)]

    # A sentence may name a command without all that it needs.
    assert [each for each in refusals(reader, found) if "Missing parameter" not in each] == []


def test_every_variable_is_read() -> None:
    """A variable that a reader is to set is one that the project or AWS's clients read."""
    source = "".join(path.read_text(encoding="utf-8") for path in (PROJECT / "src").rglob("*.py"))
    reference = (PROJECT / "docs/reference/environments.md").read_text(encoding="utf-8")
    lines = [line for page in PAGES for line in typed_lines(page) if line.startswith("export ")]
    names = [line.removeprefix("export ").partition("=")[0] for line in lines]

    assert [name for name in names if name not in source and name not in reference] == []
    assert len(names) > 0


def test_no_block_hides_a_command() -> None:
    """A command stands in a block that says it is one: what others show begins with no prompt."""
    others = [block for page in DOCUMENTS for block in blocks(page) if block.language in {"text", ""}]

    assert [block.text for block in others if block.text.startswith("$ ")] == []


def test_an_example_is_of_what_is_there() -> None:
    """A row, a scenario's name or a mutant that a command picks exists, or is the reader's own."""
    suites = read_suites(PROJECT / "tests/integration")
    rows = [row for suite in suites for row in suite.rows]
    names = " ".join(f"{suite.path.name} {row.test}" for suite in suites for row in suite.rows)
    lines = [line for page in DOCUMENTS for line in (*typed_lines(page), *said_commands(page))]
    found = [words for line in lines for words in commands(line)]
    of_scenarios = [words for words in found if {"mock", "rehearse", "live-staging"} & {*words}]
    picked = {after(words, "-k") for words in of_scenarios}
    chosen = {after(words, "--only") for words in found if "--generated" not in words}
    shown = {word for words in found for word in words if re.fullmatch(r"[A-Z]+-\d\d", word)}

    assert {each for each in picked - OWN if each not in names} == set()
    assert chosen - OWN - {each.id for each in CATALOGUE} == set()
    assert shown - {row.id for row in rows} == set()


def test_a_row_that_a_reader_writes_has_an_id_of_its_own() -> None:
    """An example that is copied into the scenarios takes no id that one of them has, or nothing would run."""
    taken = {row.id for suite in read_suites(PROJECT / "tests/integration") for row in suite.rows}
    examples = [block.text for page in DOCUMENTS for block in blocks(page) if block.language == "python"]
    written = {each for text in examples for each in re.findall(r'mark\.scenario\("([A-Z]+-\d\d)"', text)}

    assert written & taken == set()
    assert len(written) > 0


@pytest.mark.parametrize("page", [page for page in PAGES if typed_lines(page)], ids=name_of)
def test_plain_programs_do_what_a_page_says(page: Path, tmp_path: Path) -> None:
    """What a page does with programs of the machine works, in the order in which it stands there."""
    (tmp_path / "stack").mkdir()
    shutil.copy(PROJECT / "stack/webordinary.yaml", tmp_path / "stack")
    variables = {"PATH": os.defpath}
    for line in typed_lines(page):
        if line.startswith(RUN):
            command = ["/bin/bash", "-c", line]
            subprocess.run(command, cwd=tmp_path, env=variables, check=True, capture_output=True)  # noqa: S603  # our own pages


def test_what_is_run_elsewhere_is_still_told() -> None:
    """A reason whose command no page has any more is removed."""
    found = [words for page in PAGES for line in typed_lines(page) for words in commands(line)]

    assert [each for each in ELSEWHERE if not any(tuple(words[: len(each)]) == each for words in found)] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nox", "-s", "mok"], "no session 'mok'"),
        (["nox", "--sessoin", "mock"], "unrecognized arguments"),
        (["nox", "-s", "mock", "--", "--seeed", "7"], "no --seeed"),
        (["nox", "-s", "gate", "--", "--criterion", "gate.toml"], "criterion"),
        (["./run", "-s", "contract", "--", "--second", "7"], "no --second"),
        (["seatrials", "doktor", "staging"], "no command 'doktor'"),
        (["seatrials", "sweep", "staging", "--now"], "now"),
        (["seatrials", "twin", "run", "--", "seatrials", "doktor"], "no command 'doktor'"),
        (["python", "-m", "pytest", "tests/integration", "--environmnet", "mock"], "no --environmnet"),
    ],
)
def test_a_wrong_command_is_found(words: list[str], said: str, reader: Reader) -> None:
    """A misspelt session, command or option is told, whoever it belongs to."""
    with pytest.raises(WrongCommandError, match=said):
        reader.read(words)
