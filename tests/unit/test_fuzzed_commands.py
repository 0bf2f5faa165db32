"""Commands, options, variables and files as nobody means them: each ends with a code of the table and a sentence.

What is tried comes from a seed. SEATRIALS_FUZZED_COMMANDS=1000 tries as many instead of the usual ones.
"""

import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seatrials import cli, errors
from seatrials.commands import pages
from seatrials.environments.variables import read_variables
from seatrials.errors import ConfigurationError, SeatrialsError
from seatrials.evidence.folder import DatedFolders, RunFolder
from seatrials.evidence.record import RunRecord
from seatrials.evidence.signing import KeySigner, sign_run
from seatrials.mutants import run as mutants
from seatrials.twin_server import process
from seatrials.twin_server.process import RunningServer
from seatrials.twin_server.server import Server
from tests.support.aws import Clients
from tests.support.project import PROJECT
from tests.support.signing import private_pem, public_pem, signer

COUNT = int(read_variables().get("SEATRIALS_FUZZED_COMMANDS", "150"))
IN_ONE_TEST = 25
MOSTLY, SELDOM = 0.75, 0.25
CRASH = SeatrialsError.exit_code
CLASSES = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, SeatrialsError)]
OF_ERRORS = {each.exit_code for each in CLASSES}
# 1 and 2 are verdicts of the gate; with 1 `--check` of what makes files says that one is out of date, and a dry run of
# dashboard that something differs.
CHECKED = ("scenarios", "schemas", "fidelity", "reference", "dashboard")
DOCUMENTED = {"gate": {0, 1, 2}, **{name: {0, 1} for name in CHECKED}}

TEXTS = ("", " ", "x" * 5000, "\x00", "ü\udcff", "[mock", "%s", "-1", "https://[", "s3://", "s3://b/k", "../..", "~")
NUMBERS = ("nan", "inf", "-inf", "-1", "0", "1e400", "1e-400", "9" * 400, "0x10", "", "one")
FILES = ("missing", "folder", "binary", "empty", "deep.toml", "deep.json", "huge", "loop", "file/below", "/dev/null")
URLS = ("https://[", "https://[::1", "https://:0", "https://a:99999", "http://", "https://" + "a" * 300, "https://a..b")
NAMES = (*["staging"] * 8, "rehearsal", "production", "mock")
OPTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "doctor": {"--environments": FILES},
    "policy": {
        "--environments": FILES,
        "--purpose": ("run", "history", "trust", *TEXTS),
        "--history": TEXTS,
        "--repository": ("acme/platform", *TEXTS),
        "--github-environment": TEXTS,
    },
    "sweep": {"--environments": FILES, "--wait": NUMBERS, "--confirm": TEXTS},
    "dashboard": {
        "--environments": FILES,
        "--criteria": FILES,
        "--to": ("slack", "sns:x", *TEXTS),
        "--confirm": TEXTS,
        "--dry-run": (),
    },
    "gate": {
        "--criteria": FILES,
        "--evidence": FILES,
        "--history": (*FILES, *TEXTS),
        "--out": FILES,
        "--prices": FILES,
        "--commit": TEXTS,
        "--scenarios": FILES,
        "--after": FILES,
    },
    "notify": {"--to": ("slack", "sns:x", "github:a/b", *TEXTS), "--link": (*TEXTS, *URLS), "--again": ()},
    "verify": {"--criteria": FILES, "--key": (*FILES, "public.pem", "private.pem")},
    "merge": {"--criteria": FILES, "--evidence": FILES},
    "report": {"--evidence": FILES, "--tools": FILES, "--build-name": TEXTS, "--build-url": (*TEXTS, *URLS)},
    "timeline": {"--format": TEXTS, "--evidence": FILES, "--out": FILES},
    "publish": {"--environment": TEXTS, "--environments": FILES, "--evidence": FILES, "--prices": FILES},
    "scenarios": {"--check": (), "--write": (), "--matrix": FILES, "--path": FILES, "--page": FILES},
    "schemas": {"--check": (), "--write": (), "--folder": FILES},
    "fidelity": {"--check": (), "--write": (), "--folder": FILES},
    "reference": {"--check": (), "--write": (), "--folder": FILES},
    "twin serve": {
        "--environment": TEXTS,
        "--environments": FILES,
        "--stack": FILES,
        "--pace": NUMBERS,
        "--seed": NUMBERS,
        "--world": TEXTS,
        "--https-port": NUMBERS,
        "--directory": FILES,
        "--address": TEXTS,
        "--run": (*TEXTS, "edit='", "=x", "edit=nobody-has-this"),
    },
    "twin run": {"--pace": NUMBERS, "--seed": NUMBERS, "--stack": FILES},
    "mutants": {
        "--mutants": FILES,
        "--only": TEXTS,
        "-k": TEXTS,
        "--seed": NUMBERS,
        "-n": NUMBERS,
        "--evidence": FILES,
        "--changed": TEXTS,
        "--sample": NUMBERS,
        "--shard": (*TEXTS, *NUMBERS, "2/4", "5/4", "1/99999"),
    },
}
ARGUMENTS = {
    "doctor": (*NAMES, *TEXTS),
    "policy": (*NAMES, *TEXTS),
    "sweep": (*NAMES, *TEXTS),
    "dashboard": (*NAMES, *TEXTS),
    "notify": (*FILES, *TEXTS),
    "verify": (*FILES, *TEXTS, "evidence", "evidence/mock/latest", "evidence/gate/latest", "evidence/mutants"),
    "merge": (*FILES, *TEXTS, "evidence", "evidence/mock/latest", "evidence/gate/latest", "evidence/mutants"),
    "timeline": (*NAMES, *TEXTS, *FILES),
    "twin run": ("nobody-has-this", "./folder", "./file"),
}
VARIABLES = {
    "AWS_PROFILE": ("nobody", ""),
    "AWS_CONFIG_FILE": ("dualstack", "fips", "nonsense", *FILES),
    "AWS_SHARED_CREDENTIALS_FILE": FILES,
    "AWS_USE_DUALSTACK_ENDPOINT": ("true", "perhaps"),
    "AWS_USE_FIPS_ENDPOINT": ("true", "perhaps"),
    "AWS_MAX_ATTEMPTS": ("abc", "-1", "0", "1e9"),
    "AWS_RETRY_MODE": ("nonsense",),
    "AWS_DEFAULTS_MODE": ("nonsense", "auto"),
    "AWS_REGION": ("nowhere-1", "us-west-2", "a b"),
    "AWS_STS_REGIONAL_ENDPOINTS": ("nonsense",),
    "AWS_CA_BUNDLE": FILES,
    "AWS_ENDPOINT_URL": URLS,
    "AWS_ENDPOINT_URL_S3": URLS,
    "AWS_ROLE_ARN": ("nonsense",),
    "AWS_WEB_IDENTITY_TOKEN_FILE": FILES,
    "SEATRIALS_BASE_URL": URLS,
    "SEATRIALS_ENDPOINT_URL": URLS,
    "SEATRIALS_HTTP_PORT": NUMBERS,
    "SEATRIALS_JOB_URL": (*TEXTS[:3], *URLS),
    "SEATRIALS_SLACK_WEBHOOK_URL": URLS,
    "SEATRIALS_GITHUB_TOKEN": ("x y", "hidden"),
    "GITHUB_API_URL": URLS,
    "SEATRIALS_PACE": NUMBERS,
    "SEATRIALS_EPOCH_SECONDS": NUMBERS,
    "SEATRIALS_CA_FILE": FILES,
    "SEATRIALS_SHA256": ("x", "00" * 32),
    "SEATRIALS_ROLE_ARN": ("arn:aws:iam::123456789012:role/x", "nonsense"),
    "SEATRIALS_ACCOUNT_ID": ("123456789012", "1"),
    "SEATRIALS_SIGNING_KEY": (*TEXTS[:3], "ü", "-----BEGIN PRIVATE KEY-----", "a" * 100_000),
    "SEATRIALS_SIGNING_KEY_FILE": (*FILES, "private.pem", "public.pem"),
    "SEATRIALS_SIGNING_IDENTITY": ("ci", "me", " "),
    "SEATRIALS_RUN_MONITORING_PREFIX": ("x" * 300, "no such", "webordinary"),
    "SEATRIALS_RUN_METRIC_NAMESPACE": (".", ":", "x" * 300),
    "SEATRIALS_TABLE": ("x" * 300, "no such", "webordinary"),
}
# What is right, so that what is wrong beside it comes into play.
RIGHT = {"SEATRIALS_ACCOUNT_ID": "123456789012", "SEATRIALS_BASE_URL": "https://127.0.0.1:9"}
PROFILES = {
    "dualstack": "[default]\nuse_dualstack_endpoint = true\n",
    "fips": "[default]\nuse_fips_endpoint = true\n",
    "nonsense": "[default]\nmax_attempts = many\ndefaults_mode = x\nservices = x\ns3 = y\nregion = \n[profile\n",
}


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder, with files of all wrong kinds beside the right ones."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("gate.toml", "environments.toml", "stack"):
        (tmp_path / name).symlink_to(PROJECT / name)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    (tmp_path / "empty").touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "deep.toml").write_text(f"a = {'[' * 5000}{']' * 5000}")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "huge").write_text(f"a = {'9' * 5000}\n")
    key = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
    (tmp_path / "private.pem").write_bytes(private_pem(key))
    (tmp_path / "public.pem").write_text(public_pem(key))
    _make_evidence(tmp_path / "evidence", signer(key))
    for name, text in PROFILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def _make_evidence(evidence: Path, key: KeySigner) -> None:
    """Make a run that is signed, and decisions and a kill matrix that are none."""
    folder = RunFolder.create(evidence, "mock", "2026-11-25T09:00:00+00:00")
    folder.write_run(RunRecord(environment="mock", kind="mock"))
    folder.write_seal()
    sign_run(folder, key)
    for name, file in (("gate", "decision.json"), ("mutants", "kill-matrix.json")):
        (DatedFolders(evidence / name).create() / file).write_text("[" * 5000)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, aws: Clients) -> None:
    """Let AWS be moto, and no server be served: what is looked for happens before."""

    @contextmanager
    def no_server(*_options: str) -> Iterator[RunningServer]:
        yield RunningServer(process_id=0, variables={})

    assert aws is not None

    def no_run(command: list[str], **_given: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, ConfigurationError.exit_code, "", "refused")

    monkeypatch.setattr(mutants, "run_pytest", no_run)
    monkeypatch.setattr(Server, "run", lambda _self: None)
    monkeypatch.setattr(process, "running_server", no_server)
    monkeypatch.setattr(pages, "forget_aws_variables", lambda: None)
    monkeypatch.setattr("seatrials.twin_server.command.forget_aws_variables", lambda: None)


def fuzzed(chance: random.Random) -> tuple[list[str], dict[str, str]]:
    """Return a command with its arguments, and variables."""
    name = chance.choice(sorted(OPTIONS))
    words = [*name.split(), *(["--json"] if chance.random() < SELDOM else [])]
    for option in chance.sample(sorted(OPTIONS[name]), chance.randint(0, min(3, len(OPTIONS[name])))):
        values = OPTIONS[name][option]
        words += [option, chance.choice(values)] if values else [option]
    if name in ARGUMENTS:
        words.append(chance.choice(ARGUMENTS[name]))
    named = chance.sample(sorted(VARIABLES), chance.randint(0, 3))
    right = RIGHT if chance.random() < MOSTLY else {}
    return words, {**right, **{each: chance.choice(VARIABLES[each]) for each in named}}


def end_of(words: list[str], monkeypatch: pytest.MonkeyPatch) -> object:
    """Return with what the command line ends."""
    monkeypatch.setattr(sys, "argv", ["seatrials", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


@pytest.mark.parametrize("seed", range(COUNT // IN_ONE_TEST))
def test_no_command_ends_in_a_traceback(
    folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is asked for, the exit code is one of the table for the command, and none is that of a crash."""
    chance = random.Random(seed)
    wrong: list[str] = []
    for _ in range(IN_ONE_TEST):
        words, variables = fuzzed(chance)
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            code = end_of(words, patch)
        told = capsys.readouterr().err
        documented = OF_ERRORS - {CRASH} | DOCUMENTED.get(words[0], {0})
        if code not in documented or "Traceback" in told:
            wrong.append(f"{code} of {words} with {variables}: {told[-400:]}")

    assert not wrong, "\n".join(wrong)
    assert not list(folder.glob("seatrials-crash-*"))
