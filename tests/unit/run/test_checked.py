"""A scenario is judged by the checkers too."""

from collections.abc import Callable

import pytest

from tests.support.scenario_run import STEP, scenario

pytest_plugins = ["pytester"]

RunScenarios = Callable[..., pytest.RunResult]

TOLD_TOO_MUCH = f"""{STEP}
clock.sleep(1)
from seatrials.evidence.history import Exchange
body = b'{{"error": "no such session", "live": ["session-1"]}}'
path = "/hermes/api/sessions/session-1/status"
platform.recorder.history.exchanges.append(Exchange(
    began=0, ended=1, method="GET", target=path, sent_headers={{}}, sent=None, status=404,
    headers=[("content-type", "application/json")], body=body,
))"""


def test_a_finding_fails_a_scenario_that_saw_nothing(run: RunScenarios) -> None:
    """It names invariant, event and promise; rows with the same one are one cause, those that saw it themselves too."""
    result = run(
        scenario("COLD-01", body=TOLD_TOO_MUCH)
        + scenario("COLD-02", "test_sees", body=f"{TOLD_TOO_MUCH}\nassert body == b'', 'too much'")
    )

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "*2 failed of 1 cause*",
            "1. body-closed: A body has the fields that the contract declares, * Contract: Said once more, Bodies.",
            "   FAILED COLD-01 *the contract does not hold (body-closed): GET /hermes/api/sessions/session-1/status*",
            "   FAILED COLD-02 *too much",
        ]
    )


def test_what_is_not_asked_is_said(run: RunScenarios) -> None:
    """A run whose stack shows its requests alone says which invariants no scenario of it could be asked about."""
    read = "from seatrials.evidence.history import MINUTES\nplatform.recorder.history.sources.add(MINUTES)"
    result = run(scenario("COLD-01") + scenario("COLD-02", "test_reads", body=f"{STEP}\nclock.sleep(1)\n{read}"))

    result.assert_outcomes(passed=2)
    told = (
        "headers-declared, metric-plain, metric-silent, metric-in-time, served-first, released-first, committed-first"
    )
    result.stdout.fnmatch_lines([f"invariants not asked here, so not proven: {told}"])
