"""A judged run, as a history has it."""

from seatrials.gate.history import Entry

ENTRY = Entry(
    environment="staging",
    run="20261125T110000Z-1",
    started="2026-11-25T11:00:00.000+00:00",
    kind="measured",
    commit="c" * 40,
    judged_at="2026-11-25T12:00:00.000+00:00",
    good=True,
    accepted=(),
    figures={"cold_start_seconds.p50": 44.5},
)
