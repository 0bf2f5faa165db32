"""LOAD: many users at once."""

import pytest

from seatrials.load import ScenarioLoad
from seatrials.platform import Platform


@pytest.mark.scenario("LOAD-01")
@pytest.mark.load
@pytest.mark.needs("sessions")
def test_users_at_once_are_answered_as_promised(platform: Platform, load: ScenarioLoad) -> None:
    """Many users at once activate, browse, edit, watch updates and leave: each is answered as promised, or by 429."""
    figures = load.run()
    after = platform.sessions.preview(platform.ready())

    assert figures.count > 0
    assert not figures.failed, figures.failures_told()
    assert after.status == 200
