"""Which Hermes and which editor ran, and whether they were the same wherever the release was examined.

An image's digest says what ran, whatever tag it had; without digests on both sides the tags are compared, and what the
services say of themselves wherever both were asked.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

from seatrials.environments.kinds import KINDS, MOCK
from seatrials.evidence.plain import plain
from seatrials.evidence.reader import RunEvidence
from seatrials.evidence.record import ServiceRecord
from seatrials.gate.case import Asked, Case, Measure
from seatrials.gate.decision import Criterion, Outcome
from seatrials.gate.release import Service

# What a release is made of, in the words of `run.json`, and as people call it.
NAMES: Mapping[str, str] = {"hermes": "Hermes", "edit": "editor"}
_SHOWN_CHARACTERS_MAX = 120
_DIGEST_CHARACTERS = 12


def services_of(case: Case) -> tuple[Service, ...]:
    """Return what ran on each environment, in all of its runs that count."""
    return tuple(
        _service(environment, name, case.counting_runs(environment))
        for environment in case.criteria.environments
        if case.newest(environment) is not None
        for name in NAMES
    )


def versions_criterion(case: Case) -> Criterion | None:
    """Return whether the same Hermes and editor ran everywhere; None where the criteria ask for models alone.

    Those of a mock are its own, and of no release. What was rehearsed is compared with what was rehearsed, and what was
    measured with what was measured.
    """
    asked_of = [name for name, rules in case.criteria.environments.items() if set(rules.kinds) - {MOCK.sample_kind}]
    if not asked_of:
        return None
    asked = Asked(id="versions", sentence="Hermes and the editor were the same wherever the release was examined.")
    runs = [run for each in asked_of if case.newest(each) is not None for run in case.counting_runs(each)]
    judged = [run for run in runs if _is_deployed(run)]
    sources = [run.folder.record for run in judged]
    if not judged:
        return asked.unknown("nothing ran where Hermes and the editor are deployed")
    doubts = [doubt for name in NAMES for doubt in _doubts(name, judged)]
    if doubts:
        return asked.unknown("; ".join(dict.fromkeys(doubts)), sources=sources)
    told = told_in_short(_service(run.environment, name, [run]) for run in judged[-1:] for name in NAMES)
    return asked.answered(
        Outcome.PASS,
        f"{'the one run' if len(judged) == 1 else f'all {len(judged)} runs'} met {', '.join(told)}",
        Measure(),
        sources,
    )


def deployed(services: Iterable[Service]) -> list[Service]:
    """Return *services* without those of a mock, which are its own."""
    return [each for each in services if each.kind != MOCK.sample_kind]


def told_in_short(services: Iterable[Service]) -> tuple[str, ...]:
    """Return what ran as `Hermes 1.4.2`, each once."""
    return tuple(dict.fromkeys(f"{NAMES.get(each.name, each.name)} {version_of(each)}" for each in services))


def version_of(service: Service) -> str:
    """Return what is known of a service's version: what it says, else its images."""
    return " and ".join(service.versions or [short_image(each) for each in service.images]) or "of an unknown version"


def short_image(image: str) -> str:
    """Return an image without its registry, its digest cut off."""
    name, _, digest = image.rpartition("/")[2].partition("@")
    return plain(f"{name}@{digest[: len('sha256:') + _DIGEST_CHARACTERS]}" if digest else name, _SHOWN_CHARACTERS_MAX)


def _is_deployed(run: RunEvidence) -> bool:
    kind = KINDS.get(run.record.kind or "")
    return kind is not None and kind.is_shared


def _service(environment: str, name: str, runs: Sequence[RunEvidence]) -> Service:
    told = [_told(run, name) for run in runs]
    return Service(
        name=name,
        environment=environment,
        versions=tuple(sorted({plain(version, _SHOWN_CHARACTERS_MAX) for each in told for version in each.versions})),
        images=tuple(sorted({plain(image, 2 * _SHOWN_CHARACTERS_MAX) for each in told for image in each.images})),
        kind=runs[-1].kind,
    )


def _told(run: RunEvidence, name: str) -> ServiceRecord:
    return (run.record.services or {}).get(name, ServiceRecord())


def _doubts(name: str, runs: Sequence[RunEvidence]) -> Iterable[str]:
    """Yield what keeps *runs* from having met one and the same service."""
    known = [run for run in runs if _told(run, name).versions or _told(run, name).images]
    for run in runs:
        if run not in known:
            yield f"{run.environment} {run.id} does not say which {NAMES[name]} ran"
        for facet in (_versions, _digests, _tags):
            if len(facet(run, name)) > 1:
                yield f"{run.environment} {run.id} met more than one {NAMES[name]}: {', '.join(facet(run, name))}"
    for one, other in combinations(known, 2):
        if one.kind == other.kind:
            yield from _difference(name, one, other)


def _difference(name: str, one: RunEvidence, other: RunEvidence) -> Iterable[str]:
    compared = [facet for facet in _facets(one, other, name) if facet(one, name) and facet(other, name)]
    if not compared:
        yield (
            f"{NAMES[name]} of {one.environment} cannot be compared with that of {other.environment}, "
            "for one told its version alone, and the other its image"
        )
    for facet in compared:
        here, there = facet(one, name), facet(other, name)
        if here != there:
            told = f"{', '.join(here)} on {one.environment}, and {', '.join(there)} on {other.environment}"
            yield f"{NAMES[name]} was {told}"


def _facets(one: RunEvidence, other: RunEvidence, name: str) -> Sequence[Callable[[RunEvidence, str], list[str]]]:
    both_have_digests = bool(_digests(one, name) and _digests(other, name))
    return (_versions, _digests if both_have_digests else _tags)


def _versions(run: RunEvidence, name: str) -> list[str]:
    return sorted(plain(each, _SHOWN_CHARACTERS_MAX) for each in _told(run, name).versions)


def _digests(run: RunEvidence, name: str) -> list[str]:
    return sorted({plain(image.partition("@")[2]) for image in _told(run, name).images if "@" in image})


def _tags(run: RunEvidence, name: str) -> list[str]:
    return sorted({plain(image.rpartition("/")[2].partition("@")[0]) for image in _told(run, name).images})
