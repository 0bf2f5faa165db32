"""A run's figures, sent to CloudWatch once, however often and by however many somebody asks.

CloudWatch adds what it is sent to what it has, so the same figures twice would count twice. All figures of a run go in
one call, with the time of the call: an alarm looks at the last minutes, and a run began hours ago. Before the call a
marker says when it is about to be made, after it that it was. A marker of the first kind alone, left by a crash, leaves
open whether CloudWatch has the figures of that time: it is asked, and believed once so much time has passed that it
would show them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean, median
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from seatrials.cost import Prices, run_dollars
from seatrials.errors import EvidenceError
from seatrials.evidence.reader import RunEvidence
from seatrials.evidence.record import Record
from seatrials.publishing.run_metrics import RUN_METRICS
from seatrials.seams.clock import iso_timestamp
from seatrials.whole_file import read_regular, write_once, write_whole

# How long CloudWatch may take to show a figure that it has accepted.
_VISIBLE_SECONDS = 900.0
# Figures stand at the time of their call, where those of an older run would say nothing of the platform.
_AGE_SECONDS_MAX = 14 * 86_400.0
_CLIENT_ERRORS = range(400, 500)


class _Note(Record):
    """What a marker says."""

    sent: bool
    at_seconds: float
    figures: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Publisher:
    """Where figures go, and where it is noted that they went."""

    cloudwatch: Any
    namespace: str
    # A folder for markers, outside of the runs, whose files are sealed.
    markers: Path
    now_seconds: float

    def publish(self, run: RunEvidence, figures: Mapping[str, float]) -> bool:
        """Send *figures* unless they were sent before; return whether they were sent now.

        Raises `EvidenceError` when they cannot be sent, or when it is not known whether they were.
        """
        self._check(run, figures)
        marker = self.markers / run.environment / f"{run.id}.json"
        try:
            marker.parent.mkdir(parents=True, exist_ok=True)
            is_first = self._claim(marker, figures)
        except OSError as error:
            msg = f"{error.filename} cannot be made, and without it nobody knows what was sent: {error.strerror}"
            raise EvidenceError(msg) from error
        if not is_first:
            return self._publish_again(run, marker)
        self._send(run, figures, marker)
        return True

    def _check(self, run: RunEvidence, figures: Mapping[str, float]) -> None:
        check_whole(run)
        began = run.started_seconds
        assert began is not None, "a run that does not say when it began is not whole"
        if not figures:
            msg = f"run {run.id} of {run.environment} has no figures to publish"
            raise EvidenceError(msg)
        if self.now_seconds - began > _AGE_SECONDS_MAX:
            msg = f"run {run.id} of {run.environment} began over two weeks ago, and its figures would stand at today"
            raise EvidenceError(msg)

    def _publish_again(self, run: RunEvidence, marker: Path) -> bool:
        """Find out what became of an earlier call, and make it up if it never came to pass."""
        note = _read_note(marker)
        if note.sent:
            return False
        told = note.figures
        if self._has(run, told, note.at_seconds):
            self._write_note(marker, told, note.at_seconds, sent=True)
            return False
        since = self.now_seconds - note.at_seconds
        if since < _VISIBLE_SECONDS:
            again = iso_timestamp(self.now_seconds + _VISIBLE_SECONDS - since)
            msg = (
                f"an earlier call for run {run.id} has begun and not ended, and CloudWatch does not show its figures "
                f"yet: call again after {again}"
            )
            raise EvidenceError(msg)
        # Whoever asks after another crash must ask for this time.
        self._write_note(marker, told, self.now_seconds, sent=False)
        self._send(run, told, marker)
        return True

    def _send(self, run: RunEvidence, figures: Mapping[str, float], marker: Path) -> None:
        data = [
            {"MetricName": name, "Timestamp": _moment(self.now_seconds), "Value": value, "Unit": RUN_METRICS[name]}
            for name, value in figures.items()
        ]
        try:
            self.cloudwatch.put_metric_data(Namespace=self.namespace, MetricData=data)
        except ClientError as error:
            # CloudWatch has refused them, so there is nothing to remember.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in _CLIENT_ERRORS:
                marker.unlink()
            raise self._error(run, error) from error
        except BotoCoreError as error:
            raise self._error(run, error) from error
        self._write_note(marker, figures, self.now_seconds, sent=True)

    def _has(self, run: RunEvidence, figures: Mapping[str, float], at_seconds: float) -> bool:
        """Whether CloudWatch shows any of *figures* at the time of a call; they went together or not at all."""
        return any(value in self._shown(run, name, at_seconds) for name, value in figures.items())

    def _shown(self, run: RunEvidence, name: str, at_seconds: float) -> list[float]:
        minute = _moment(at_seconds).replace(second=0, microsecond=0)
        try:
            answer = self.cloudwatch.get_metric_statistics(
                Namespace=self.namespace,
                MetricName=name,
                StartTime=minute,
                EndTime=minute + timedelta(minutes=1),
                Period=60,
                Statistics=["Minimum", "Maximum"],
            )
        except (ClientError, BotoCoreError) as error:
            raise self._error(run, error) from error
        return [point[statistic] for point in answer["Datapoints"] for statistic in ("Minimum", "Maximum")]

    def _claim(self, marker: Path, figures: Mapping[str, float]) -> bool:
        """Note that a call is about to be made; return whether nobody has noted that before."""
        return write_once(marker, _note(figures, self.now_seconds, sent=False))

    def _write_note(self, marker: Path, figures: Mapping[str, float], at_seconds: float, *, sent: bool) -> None:
        write_whole(marker, _note(figures, at_seconds, sent=sent))

    def _error(self, run: RunEvidence, error: Exception) -> EvidenceError:
        return EvidenceError(f"the figures of run {run.id} of {run.environment} cannot be published: {error}")


def check_whole(run: RunEvidence) -> None:
    """Raise `EvidenceError` when a run is not whole, so that its figures are none."""
    if run.problems or run.started_seconds is None:
        told = "; ".join(run.problems)
        msg = f"run {run.id} of {run.environment} is not whole, so its figures mean nothing: {told}"
        raise EvidenceError(msg)


def _read_note(marker: Path) -> _Note:
    try:
        return _Note.model_validate_json(read_regular(marker))
    except (OSError, ValidationError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is cut off or damaged"
        msg = f"{marker} does not say whether the figures were sent: {said}; look in CloudWatch, then remove it or not"
        raise EvidenceError(msg) from error


def figures_of(run: RunEvidence, prices: Prices) -> dict[str, float]:
    """Return what a run tells CloudWatch; what it has not measured is left out."""
    found = {
        "TestDuration": run.record.wall_seconds,
        "ContainerStartupTime": _middle(run, "cold_start_task_start_seconds"),
        "SessionCreationTime": _mean(run, "session_creation_seconds"),
        "TestSuccessRate": run.success_percent,
        "ColdStartLatency": _middle(run, "cold_start_seconds"),
        "TestCost": run_dollars(run.usage, prices),
    }
    return {name: round(value, 6) for name, value in found.items() if value is not None}


def _middle(run: RunEvidence, metric: str) -> float | None:
    values = [sample.value for sample in run.samples if sample.name == metric]
    return median(values) if values else None


def _mean(run: RunEvidence, metric: str) -> float | None:
    values = [sample.value for sample in run.samples if sample.name == metric]
    return fmean(values) if values else None


def _note(figures: Mapping[str, float], at_seconds: float, *, sent: bool) -> str:
    return json.dumps({"sent": sent, "at_seconds": at_seconds, "figures": dict(figures)})


def _moment(at_seconds: float) -> datetime:
    return datetime.fromtimestamp(at_seconds, UTC)
