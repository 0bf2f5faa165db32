"""A whole run on staging, whose figures are published."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.reader import RunEvidence
from seatrials.evidence.record import RunRecord, Sample
from seatrials.evidence.report_log import ReportLog, RowResult

NAMESPACE = "Webordinary/IntegrationTests"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
BEGAN = NOW - timedelta(hours=1)
SAMPLES = tuple(
    Sample(name=name, value=value, unit="seconds", kind="measured")
    for name, value in (
        ("cold_start_seconds", 40.0),
        ("cold_start_seconds", 45.0),
        ("cold_start_seconds", 99.0),
        ("session_creation_seconds", 0.5),
        ("session_creation_seconds", 1.5),
    )
)


def run_of(**record: object) -> RunEvidence:
    """Return a whole run on staging."""
    usage = {
        **dict.fromkeys(("fargate_vcpu_seconds", "fargate_memory_gb_seconds", "log_bytes"), 3600.0),
        **dict.fromkeys(("dynamodb_write_units", "dynamodb_read_units", "http_requests", "cloudwatch_requests"), 0.0),
    }
    told = {"kind": "live", "account": "123456789012", "started": BEGAN.isoformat(), "wall_seconds": 1800.5}
    return RunEvidence(
        environment="staging",
        path=Path("evidence/staging/20261125T110000Z-1"),
        record=RunRecord.model_validate({**told, "usage": usage, **record}),
        rows={},
        results={
            "COLD-01": RowResult(outcome=CellOutcome.PASSED),
            "COLD-02": RowResult(outcome=CellOutcome.FAILED, failed=True),
        },
        log=ReportLog(results={}, samples=SAMPLES, problems=()),
        problems=(),
    )
