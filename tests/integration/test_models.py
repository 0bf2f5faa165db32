"""MODEL: whatever is done, and in whatever order, the platform does what a model of it does."""

import pytest

from seatrials.models import FilesWalk, LifeWalk, Questions, Walks
from seatrials.platform import Platform, Session, contract


@pytest.mark.scenario("MODEL-01")
@pytest.mark.mock_only
def test_sessions_live_as_their_model(platform: Platform, walks: Walks) -> None:
    """Whatever clients do to sessions, in whatever order and after whatever time, each lives as the contract says."""
    departure = walks.departure(LifeWalk, platform)

    assert departure == "", departure


@pytest.mark.scenario("MODEL-02")
@pytest.mark.mock_only
def test_files_are_what_their_model_has(platform: Platform, walks: Walks) -> None:
    """Whatever users do to files by whatever way, all ways of reading show it, git keeps it, and browsers hear it."""
    departure = walks.departure(FilesWalk, platform)

    assert departure == "", departure


@pytest.mark.scenario("MODEL-03")
@pytest.mark.mock_only
def test_every_route_answers_as_the_contract_says(platform: Platform, walks: Walks) -> None:
    """Every method on every path, however it is spelled, is answered as the contract says, and nothing is changed."""
    session = platform.ready()
    files = platform.workspace(session)
    before = _left(platform, session)

    wrong = Questions(session).wrong(platform, walks)

    assert wrong == "", wrong
    assert _left(platform, session) == before
    assert files.git_status()["clean"], f"expected nothing to be changed: {files.git_status()}"


def _left(platform: Platform, session: Session) -> dict[str, object]:
    """Return what a request that is refused, or reads, leaves as it is."""
    item = platform.sessions.item(session) or {}
    files = platform.workspace(session)
    told = platform.http.get(f"{contract.SESSIONS_PATH}/client/{session.client_id}").json_list()
    moving = ("lastActivity", "ttl")
    return {
        "item": {name: item.get(name) for name in session.fields if name not in moving},
        "sessions": [each["sessionId"] for each in told],
        "files": {path: files.sha256(path) for path in files.files()},
        "commits": list(files.git_log()),
    }
