"""The evidence of a run on disk: `evidence/<environment>/<run>/`."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seatrials.evidence.recorder import Recorder
from seatrials.evidence.redaction import redact_line, redact_value
from seatrials.seams.clock import wall_timestamp


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
        text = "".join(f"{redact_line(line)}\n" for line in lines)
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


def _point(link: Path, target: str) -> None:
    temporary = link.with_name(f"{link.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target, target_is_directory=True)
    temporary.replace(link)
