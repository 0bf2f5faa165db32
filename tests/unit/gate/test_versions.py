"""The same Hermes and the same editor ran wherever the release was examined, or nobody can tell."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrials.gate.decision import Outcome, Verdict
from tests.support.aws import Json
from tests.support.release import SERVICES, Change, Lines, Record, Release

HERMES = SERVICES["hermes"]


def of_hermes(**told: list[str]) -> Change:
    """Return what lets a run have met another Hermes."""

    def change(_lines: Lines, record: Record) -> None:
        record["services"] = {**SERVICES, "hermes": {**HERMES, **told}}

    return change


def without(name: str) -> Change:
    """Return what lets a run not have met a service."""

    def change(_lines: Lines, record: Record) -> None:
        record["services"] = {each: told for each, told in SERVICES.items() if each != name}

    return change


def test_one_release_everywhere_passes(release: Release) -> None:
    """The reason says what ran."""
    found = release.criterion("versions")

    assert (found.outcome, found.environment) == (Outcome.PASS, None)
    assert found.reason == "all 6 runs met Hermes 1.4.2, editor 2.0.1"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (of_hermes(versions=["1.4.1"]), "Hermes was 1.4.2 on staging, and 1.4.1 on production"),
        (of_hermes(images=[f"x/hermes:1.4.2@sha256:{'c' * 64}"]), "Hermes was sha256:aaaa"),
        (of_hermes(versions=["1.4.1", "1.4.2"]), "met more than one Hermes: 1.4.1, 1.4.2"),
        (of_hermes(versions=[], images=[]), "does not say which Hermes ran"),
        (without("edit"), "does not say which editor ran"),
    ],
)
def test_another_release_on_one_environment_proves_nothing(release: Release, change: Change, told: str) -> None:
    """The verdict is CANNOT TELL, and the reason names service, versions and environments."""
    release.run("production", "live", hours_ago=0.5, change=change)

    found = release.criterion("versions")
    assert (found.outcome, release.decide().verdict) == (Outcome.UNKNOWN, Verdict.CANNOT_TELL)
    assert told in found.reason


@pytest.mark.parametrize(
    ("images", "outcome"),
    [
        (["other.registry/hermes:1.4.2"], Outcome.PASS),
        (["other.registry/hermes:1.4.1"], Outcome.UNKNOWN),
        ([f"other.registry/hermes:latest@sha256:{'a' * 64}"], Outcome.PASS),
    ],
)
def test_a_digest_outranks_a_tag_and_the_registry_does_not_matter(
    release: Release, images: list[str], outcome: Outcome
) -> None:
    """Accounts have registries of their own; without a digest on both sides the tags are compared."""
    release.run("production", "live", hours_ago=0.5, change=of_hermes(images=images))

    assert release.criterion("versions").outcome is outcome


def test_a_version_and_an_image_cannot_be_compared(release: Release) -> None:
    """What has nothing in common is not the same for want of a difference."""
    for hours_ago, environment, change in (
        (0.5, "production", of_hermes(images=[])),
        (0.4, "staging", of_hermes(versions=[])),
    ):
        release.run(environment, "live", hours_ago, change)

    assert "cannot be compared" in release.criterion("versions").reason


def test_a_mock_is_not_judged(release: Release) -> None:
    """Its applications are its own, whatever they say that they are."""
    release.run("mock", "mock", hours_ago=0.5, change=of_hermes(versions=["9.9"]))

    assert release.criterion("versions").outcome is Outcome.PASS


def test_where_only_models_are_asked_for_there_is_no_such_criterion(release: Release) -> None:
    """Nothing that is deployed could be compared."""
    path = release.root / "gate.toml"
    path.write_text('[environments.mock]\nrows = "mock"\nkinds = ["modelled"]\n[mutants]\nrequired = false\n')
    release.criteria = path

    assert "versions" not in {each.id for each in release.decide().criteria}


def test_what_a_record_says_of_services_is_compared_with_the_scenarios(release: Release) -> None:
    """A version that was edited in the record alone is noticed."""

    def lie(record: Json) -> None:
        record["services"]["hermes"]["versions"] = ["1.4.1"]

    folder = release.run("production", "live", hours_ago=0.5)
    edited(folder / "run.json", lie)

    assert "services" in release.criterion("run.production").reason


def edited(path: Path, change: Callable[[Json], None]) -> None:
    """Change a JSON file."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_it_may_be_waived(release: Release) -> None:
    """It is one of the criteria about everything, which somebody may answer for."""
    release.run("production", "live", hours_ago=0.5, change=without("edit"))
    release.waive("versions", "2026-12-04")

    assert release.criterion("versions").outcome is Outcome.WAIVED
