"""What a run sums up: what its scenarios left behind, used and met, by the contents of their files."""

from collections.abc import Mapping
from fnmatch import fnmatchcase

from seatrials.evidence.record import LEFTOVERS, SERVICES, SKEW, USAGE, ServiceRecord, SkewRecord

# Which files tell it, by their names within the folder of a run.
LEFTOVERS_FILES = "leftovers.*.json"
# Of each row, and of the run beside its rows.
USAGE_OF_ROWS = "timeline/*.usage.json"
USAGE_FILES = (USAGE_OF_ROWS, "usage.json")
SERVICES_FILES = "timeline/*.services.json"
SKEW_FILE = "skew.json"
# What the users of a load have seen, and what locust says of it.
LOAD_FIGURES, LOAD_LOG = "load.json", "load.log"


def leftovers_in(files: Mapping[str, bytes]) -> tuple[str, ...] | None:
    """Return what all processes of a run left behind, by its files; None when none has looked.

    Raises `ValidationError` for a file that does not say it.
    """
    told = [LEFTOVERS.validate_json(content) for name, content in files.items() if fnmatchcase(name, LEFTOVERS_FILES)]
    return tuple(sorted(each for left in told for each in left)) if told else None


def usage_in(files: Mapping[str, bytes]) -> dict[str, float]:
    """Return the sum of what a run used, its scenarios and what it did beside them, by its files.

    Raises `ValidationError` for a file that does not say it.
    """
    total: dict[str, float] = {}
    told = (content for name, content in sorted(files.items()) if any(fnmatchcase(name, each) for each in USAGE_FILES))
    for each in told:
        for name, quantity in USAGE.validate_json(each).items():
            total[name] = round(total.get(name, 0.0) + quantity, 6)
    return total


def services_in(files: Mapping[str, bytes]) -> dict[str, ServiceRecord]:
    """Return which versions and images the scenarios of a run met, by its files, sorted.

    Raises `ValidationError` for a file that does not say it.
    """
    told = [SERVICES.validate_json(content) for name, content in files.items() if fnmatchcase(name, SERVICES_FILES)]
    return {
        service: ServiceRecord(
            versions=tuple(sorted({version for each in told if service in each for version in each[service].versions})),
            images=tuple(sorted({image for each in told if service in each for image in each[service].images})),
        )
        for service in sorted({name for each in told for name in each})
    }


def skew_in(files: Mapping[str, bytes]) -> dict[str, SkewRecord] | None:
    """Return how far a run's clock was from AWS's, by its file; None without one.

    Raises `ValidationError` for a file that does not say it.
    """
    return SKEW.validate_json(files[SKEW_FILE]) if SKEW_FILE in files else None
