"""The steps and samples of a scenario, as they are noted."""

import pytest

from seatrials.evidence.recorder import Recorder, Step


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
    recorder.step("assumed a role", answer={name: "abc"})

    assert recorder.steps[0].details == {"answer": {name: "[redacted]"}}


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


def test_a_wait_in_vain_says_by_what_it_ended(recorder: Recorder, watch: Watch) -> None:
    """Whoever looks at its steps sees which wait it was that failed."""

    def wait_in_vain() -> None:
        with recorder.waiting("a thing"):
            watch.seconds += 3
            raise AssertionError

    with pytest.raises(AssertionError):
        wait_in_vain()
    with recorder.waiting("another"):
        pass

    assert recorder.steps == [
        Step(3.0, "waited for a thing", {"seconds": 3.0, "failed": "AssertionError"}),
        Step(3.0, "waited for another", {"seconds": 0.0}),
    ]


def test_the_clock_says_when_it_began_and_when_it_is(recorder: Recorder, watch: Watch) -> None:
    """In the platform's time and in the machine's, so that one can be told by the other."""
    watch.seconds += 60

    clock = recorder.clock()

    assert (clock["began_seconds"], clock["ended_seconds"]) == (1000.0, 1060.0)
    assert str(clock["began_wall"]) <= str(clock["ended_wall"])
