"""Tests of what is written down of a run, and of what must never be."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrials.evidence.folder import RunFolder
from seatrials.evidence.provenance import commit_of, versions
from seatrials.evidence.recorder import Recorder, Step
from seatrials.evidence.redaction import redact


class Watch:
    """Time that a test sets by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self.seconds


@pytest.fixture
def watch() -> Watch:
    """Return a time that stands still until the test moves it."""
    return Watch()


@pytest.fixture
def recorder(watch: Watch) -> Recorder:
    """Return a recorder of a scenario on virtual time."""
    return Recorder(watch.now, "modelled")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("authorization: Bearer abc.def", "authorization: [redacted]", id="authorization"),
        pytest.param("x-api-key: abc", "x-api-key: [redacted]", id="api-key"),
        pytest.param("X-Amz-Security-Token=abc, next", "X-Amz-Security-Token=[redacted], next", id="session-token"),
        pytest.param("password = 'a b'", "password = [redacted]", id="quoted"),
        pytest.param("key AKIAABCDEFGHIJKLMNOP.", "key [redacted].", id="access-key"),
        pytest.param("key ASIAABCDEFGHIJKLMNOP.", "key [redacted].", id="temporary-access-key"),
        pytest.param("for anna.b+c@mail.example.com!", "for a***@mail.example.com!", id="e-mail"),
        pytest.param("session-1 is active", "session-1 is active", id="nothing-secret"),
    ],
)
def test_what_is_secret_is_redacted(text: str, expected: str) -> None:
    """Tokens and keys vanish, an e-mail address keeps its first letter and domain, and all else stays."""
    assert expected == redact(text)


@pytest.mark.parametrize("text", ["Cookie: first=1; second=2", "Set-Cookie: AWSALB=1; Path=/; session=2"])
def test_a_cookie_is_redacted_whole(text: str) -> None:
    """Every value of a header of cookies vanishes, not only the first one."""
    assert "=2" not in redact(text)


@given(before=st.text(), address=st.emails(), after=st.text())
def test_no_address_survives(before: str, address: str, after: str) -> None:
    """Whatever stands around an e-mail address, it is not in the redacted text."""
    assert address not in redact(f"{before} {address} {after}")


@given(text=st.text())
def test_redaction_is_done_once(text: str) -> None:
    """What is redacted already stays as it is."""
    once = redact(text)

    assert once == redact(once)


def test_a_step_has_the_time_since_the_scenario_began(recorder: Recorder, watch: Watch) -> None:
    """A step is noted with the seconds of platform time since the beginning."""
    watch.seconds += 2.5

    recorder.step("looked", status=200)

    assert recorder.steps == [Step(2.5, "looked", {"status": 200})]


def test_a_step_is_redacted_however_deep(recorder: Recorder) -> None:
    """Title and details are redacted, in nested maps and lists too."""
    recorder.step("asked for anna@example.com", body={"users": ["anna@example.com", {"Cookie": ["a", "b"], "n": 7}]})

    assert recorder.steps[0].title == "asked for a***@example.com"
    assert recorder.steps[0].details == {"body": {"users": ["a***@example.com", {"Cookie": "[redacted]", "n": 7}]}}


@pytest.mark.parametrize("name", ["SecretAccessKey", "SessionToken", "accessToken", "AWS_SECRET_ACCESS_KEY"])
def test_a_value_with_a_secret_name_is_redacted(recorder: Recorder, name: str) -> None:
    """The names that AWS and programs give to secrets are known, whatever their case."""
    recorder.step("assumed a role", credentials={name: "abc"})

    assert recorder.steps[0].details == {"credentials": {name: "[redacted]"}}


def test_a_step_is_handed_on() -> None:
    """Who wants to hear of steps hears of each at once."""
    heard: list[Step] = []
    recorder = Recorder(lambda: 0.0, "modelled", heard.append)

    recorder.step("looked")

    assert heard == recorder.steps == [Step(0.0, "looked", {})]


def test_a_wait_is_one_step_and_the_last_thing_seen(recorder: Recorder, watch: Watch) -> None:
    """Polling notes how long the wait was and the last step in it, not every one."""
    with recorder.waiting("a task"):
        for second in range(5):
            recorder.step(f"look {second}")
            watch.seconds += 1

    assert [step.title for step in recorder.steps] == ["waited for a task", "look 4"]
    assert recorder.steps[0].details == {"seconds": 5.0}


def test_a_wait_that_fails_is_noted_too(recorder: Recorder) -> None:
    """What was last seen before a wait failed is what its reader needs."""

    def wait() -> None:
        with recorder.waiting("a task"):
            recorder.step("the last look")
            raise TimeoutError

    with pytest.raises(TimeoutError):
        wait()
    assert [step.title for step in recorder.steps] == ["waited for a task", "the last look"]


def test_a_wait_in_a_wait_is_part_of_it(recorder: Recorder) -> None:
    """Only the outermost wait is noted."""
    with recorder.waiting("all"), recorder.waiting("one"):
        recorder.step("look")

    assert [step.title for step in recorder.steps] == ["waited for all", "look"]


def test_a_sample_says_whether_it_was_measured(recorder: Recorder) -> None:
    """A measurement carries its unit and the kind of time that it was taken on."""
    recorder.sample("cold_start_seconds", 31.25, "seconds")

    assert vars(recorder.samples[0]) == {
        "name": "cold_start_seconds",
        "value": 31.25,
        "unit": "seconds",
        "kind": "modelled",
    }


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """Return the folder of a run."""
    return RunFolder.create(tmp_path, "mock")


def test_latest_is_the_newest_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run has a folder of its own, and the link `latest` leads to the newest."""
    times = iter(["2026-11-22T10:00:00.000+00:00", "2026-11-22T10:00:01.000+00:00"])
    monkeypatch.setattr("seatrials.evidence.folder.wall_timestamp", lambda: next(times))

    first = RunFolder.create(tmp_path, "mock")
    second = RunFolder.create(tmp_path, "mock")

    assert first.path != second.path
    assert first.path.is_dir()
    assert second.path == (tmp_path / "mock/latest").resolve()


def test_two_runs_may_begin_in_one_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of one process and one second do not share a folder."""
    monkeypatch.setattr("seatrials.evidence.folder.wall_timestamp", lambda: "2026-11-22T10:00:00.000+00:00")

    assert RunFolder.create(tmp_path, "mock").path != RunFolder.create(tmp_path, "mock").path


def test_a_run_is_replaced_whole(folder: RunFolder) -> None:
    """A record that cannot be written leaves the one before it, and nothing half-written."""
    folder.write_run({"seed": 1})

    with pytest.raises(TypeError):
        folder.write_run({"seed": object()})

    assert json.loads((folder.path / "run.json").read_text()) == {"seed": 1}
    assert sorted(each.name for each in folder.path.iterdir()) == ["run.json", "timeline"]


def test_a_timeline_is_redacted(folder: RunFolder) -> None:
    """The platform's events go through redaction on their way to the disk."""
    folder.write_timeline("COLD-01", ['{"subject":"anna@example.com"}', '{"subject":"x"}'])

    lines = (folder.path / "timeline/COLD-01.jsonl").read_text().splitlines()
    assert lines == ['{"subject":"a***@example.com"}', '{"subject":"x"}']


def test_a_timeline_stays_json(folder: RunFolder) -> None:
    """A line of JSON is one after a secret in it has vanished, at any depth."""
    line = json.dumps({"kind": "call", "body": json.dumps({"token": "abc"}), "details": {"token": "def"}})

    folder.write_timeline("COLD-01", [line])

    text = (folder.path / "timeline/COLD-01.jsonl").read_text()
    assert json.loads(text) == {"kind": "call", "body": '{"token": [redacted]}', "details": {"token": "[redacted]"}}


def test_a_scenario_is_written_with_steps_and_samples(folder: RunFolder, recorder: Recorder) -> None:
    """The steps and samples of a scenario can be read back."""
    recorder.step("looked", status=200)
    recorder.sample("seconds", 1.5, "seconds")

    folder.write_scenario("COLD-01", recorder)

    assert json.loads((folder.path / "timeline/COLD-01.steps.json").read_text()) == {
        "steps": [{"at_seconds": 0.0, "title": "looked", "details": {"status": 200}}],
        "samples": [{"name": "seconds", "value": 1.5, "unit": "seconds", "kind": "modelled"}],
    }


def test_outside_a_repository_there_is_no_commit(tmp_path: Path) -> None:
    """A folder that git does not know has neither commit nor dirtiness."""
    assert commit_of(tmp_path) == (None, None)


def test_the_versions_that_matter_are_told() -> None:
    """Python and the libraries that decide how a run goes are among the versions."""
    told = versions()

    assert {"python", "seatrials", "moto", "boto3"} <= told.keys()
