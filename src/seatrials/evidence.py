"""What was seen, written down as it happens.

A `Recorder` keeps the steps and samples of one scenario. A `RunFolder` is `evidence/<environment>/<run>/`: `run.json`,
pytest's report log, Allure's results and a timeline for each scenario. Everything is redacted before it is kept.
"""

import copy
import hashlib
import json
import os
import platform as machine
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from seatrials.clock import wall_timestamp

_LIBRARIES = ("seatrials", "boto3", "botocore", "moto", "httpx", "pytest", "pytest-xdist", "allure-pytest")

# What ends a word in JSON, in headers and in prose.
_ENDS = r"\s@\"'{}<>()\[\],;:"
_EMAIL = re.compile(rf"([^{_ENDS}]*)@([^{_ENDS}]+\.[^{_ENDS}]+)")
_ACCESS_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")
_SECRET_NAME = re.compile(r"(?i)authorization|cookie|password|secret|token|api[-_]?key")
_QUOTED = r"\"[^\"]*\"|'[^']*'"
_COOKIES = re.compile(rf"(?i)((?:set-)?cookie[\"']?\s*[:=]\s*)({_QUOTED}|[^\n]+)")
_SECRET = re.compile(
    rf"(?i)([\w-]*(?:authorization|password|secret|token|api[-_]?key)[\w-]*[\"']?\s*[:=]\s*)"
    rf"({_QUOTED}|[^\s,;}}\]]+(?: [^\s,;}}\]]+)?)"
)
# What text has where a pattern may find something; telling so is much quicker than the pattern.
_SECRET_WORDS = ("authorization", "password", "secret", "token", "key")
_SUSPECT = ("@", "cookie", "akia", "asia", *_SECRET_WORDS)


def redact(text: str) -> str:
    """Return *text* without secrets and tokens; e-mail addresses keep their first letter and domain."""
    lowered = text.lower()
    if "cookie" in lowered:
        text = _COOKIES.sub(r"\1[redacted]", text)
    if any(word in lowered for word in _SECRET_WORDS):
        text = _SECRET.sub(r"\1[redacted]", text)
    text = _ACCESS_KEY.sub("[redacted]", text) if "akia" in lowered or "asia" in lowered else text
    return _EMAIL.sub(_masked, text) if "@" in text else text


def _masked(match: re.Match[str]) -> str:
    name, domain = match.groups()
    return match.group() if name.endswith("***") else f"{name[:1]}***@{domain}"


def redact_value(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Return *value* redacted at any depth; whatever has the name of a secret vanishes whole."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {
            str(name): "[redacted]" if _is_secret(str(name)) else redact_value(each) for name, each in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact_value(each) for each in value]
    return value


@dataclass(frozen=True)
class Step:
    """Something a scenario did, and what came of it."""

    at_seconds: float
    title: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """A measurement; *kind* is modelled on virtual time, measured on real time."""

    name: str
    value: float
    unit: str
    kind: str


class Recorder:
    """The steps and samples of one scenario, and what it could not ask."""

    def __init__(
        self, now: Callable[[], float], kind: str, on_step: Callable[[Step], None] = lambda _step: None
    ) -> None:
        self._now = now
        self._began = now()
        self._kind = kind
        self._on_step = on_step
        # The last step within the wait of the actor that asks; parallel actors wait apart from one another.
        self._wait: ContextVar[list[Step] | None] = ContextVar("wait", default=None)
        self.steps: list[Step] = []
        self.samples: list[Sample] = []
        self.left_out: list[str] = []

    def step(self, title: str, **details: Any) -> None:  # noqa: ANN401  # any JSON value
        """Note a step; inside a wait only the last one is kept, for polling says nothing new."""
        step = Step(round(self._now() - self._began, 6), title, copy.deepcopy(details))
        wait = self._wait.get()
        if wait is None:
            self._keep(step)
        else:
            # Redacted when it is kept: most looks of a wait are not.
            wait[:] = [step]

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Note the wait for *what* as one step, with the last thing seen in it."""
        if self._wait.get() is not None:
            yield  # a wait within a wait is part of it
            return
        began = self._now()
        wait: list[Step] = []
        token = self._wait.set(wait)
        try:
            yield
        finally:
            self._wait.reset(token)
            self.step(f"waited for {what}", seconds=round(self._now() - began, 6))
            for last in wait:
                self._keep(last)

    def leave_out(self, what: str) -> None:
        """Note a part of the scenario's sentence that this environment does not let it ask: it stays unproven here."""
        if what not in self.left_out:
            self.left_out.append(what)

    def sample(self, name: str, value: float, unit: str) -> None:
        """Note a measurement."""
        self.samples.append(Sample(name, round(value, 6), unit, self._kind))

    def _keep(self, step: Step) -> None:
        redacted = Step(step.at_seconds, redact(step.title), redact_value(step.details))
        self.steps.append(redacted)
        self._on_step(redacted)


class RunFolder:
    """The evidence of one run on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, root: Path, environment: str) -> "RunFolder":
        """Make a new folder below *root*/*environment* and let `latest` point at it."""
        path = new_folder(root / environment)
        (path / "timeline").mkdir()
        return cls(path)

    @property
    def allure_results(self) -> Path:
        """Where allure-pytest writes."""
        return self.path / "allure-results"

    @property
    def report_log(self) -> Path:
        """Where pytest-reportlog writes."""
        return self.path / "report-log.jsonl"

    def write_run(self, record: Mapping[str, Any]) -> None:
        """Write `run.json` whole, so that a reader sees the old one or the new one."""
        self._write_whole("run.json", record)

    def write_timeline(self, scenario: str, lines: list[str]) -> None:
        """Write the platform's events during a scenario, one JSON object a line."""
        text = "".join(f"{_redacted_line(line)}\n" for line in lines)
        (self.path / "timeline" / f"{scenario}.jsonl").write_text(text)

    def write_rows(self, rows: Mapping[str, Mapping[str, str]]) -> None:
        """Write which rows the run set out to run: the test of each and its scope, by id."""
        self._write_whole("rows.json", rows)

    def read_rows(self) -> dict[str, dict[str, str]]:
        """Return what `write_rows` wrote, in whatever process; nothing before the scenarios are collected."""
        path = self.path / "rows.json"
        rows: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.is_file() else {}
        return rows

    def write_leftovers(self, process: str, leftovers: list[str]) -> None:
        """Write what the scenarios of one process made and left behind."""
        self._write_whole(f"leftovers.{process}.json", redact_value(leftovers))

    def read_leftovers(self) -> list[str] | None:
        """Return what all processes left behind; None when none has looked."""
        files = sorted(self.path.glob("leftovers.*.json"))
        return sorted(each for file in files for each in json.loads(file.read_text())) if files else None

    def write_usage(self, scenario: str, usage: Mapping[str, float]) -> None:
        """Write what a scenario used of what costs money."""
        text = json.dumps(usage, indent=1, sort_keys=True)
        (self.path / "timeline" / f"{scenario}.usage.json").write_text(f"{text}\n")

    def read_usage(self) -> dict[str, float]:
        """Return the sum of what all scenarios used."""
        total: dict[str, float] = {}
        for path in sorted((self.path / "timeline").glob("*.usage.json")):
            for name, quantity in json.loads(path.read_text()).items():
                total[name] = round(total.get(name, 0.0) + quantity, 6)
        return total

    def checksums(self) -> dict[str, str]:
        """Return the SHA-256 of each file that a judgement may rest on; Allure's results are for people."""
        paths = [self.report_log, *self.path.glob("*.json"), *self.path.glob("timeline/*")]
        kept = [path for path in sorted(paths) if path.is_file() and path.name != "run.json"]
        return {str(path.relative_to(self.path)): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}

    def write_scenario(self, scenario: str, recorder: Recorder) -> None:
        """Write the steps and samples of a scenario."""
        steps = ",\n".join(json.dumps(asdict(step)) for step in recorder.steps)
        samples = ",\n".join(json.dumps(asdict(sample)) for sample in recorder.samples)
        text = f'{{"steps": [\n{steps}\n],\n"samples": [\n{samples}\n]}}\n'
        (self.path / "timeline" / f"{scenario}.steps.json").write_text(text)

    def _write_whole(self, name: str, value: Any) -> None:  # noqa: ANN401  # any JSON value
        temporary = self.path / f"{name}.{os.getpid()}"
        temporary.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")
        temporary.replace(self.path / name)


def new_folder(parent: Path) -> Path:
    """Make a folder below *parent* that is called after the time, and let `latest` point at it."""
    stamp = re.sub(r"[^0-9T]", "", wall_timestamp().split(".")[0])
    name = f"{stamp}Z-{os.getpid()}"
    taken = sum(each.name.startswith(name) for each in parent.glob(f"{name}*"))
    path = parent / (f"{name}-{taken + 1}" if taken else name)
    path.mkdir(parents=True)
    _point(parent / "latest", path.name)
    return path


@cache
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _is_suspect(text: str) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in _SUSPECT)


def _redacted_line(line: str) -> str:
    if not _is_suspect(line):
        return line
    return json.dumps(redact_value(json.loads(line)), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def commit_of(directory: Path) -> tuple[str | None, bool | None]:
    """Return the commit checked out in *directory* and whether the tree differs from it; None outside a repository."""
    commit = _git(directory, "rev-parse", "HEAD")
    if commit is None:
        return None, None
    return commit, bool(_git(directory, "status", "--porcelain"))


def versions() -> dict[str, str]:
    """Return the versions that a run depends on."""
    return {"python": machine.python_version(), **{name: version(name) for name in _LIBRARIES}}


def _git(directory: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(directory), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # fixed arguments
    return result.stdout.strip() if result.returncode == 0 else None


def _point(link: Path, target: str) -> None:
    temporary = link.with_name(f"{link.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target, target_is_directory=True)
    temporary.replace(link)
