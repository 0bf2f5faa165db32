"""One cause is told once: a row that met a promise which another row has seen broken has not been asked.

The promise's own row must have failed, of something else than a promise: where it passed, or did not run, nobody knows
why the platform kept the others waiting, and they have failed. So a row that was not asked never stands without a
failure beside it, and is no pass either.
"""

from collections.abc import Mapping

# What a report says of a failure that met a broken promise: the row of the catalogue that asks for it.
BROKEN_PROMISE = "broken_promise"


def not_asked(outcomes: Mapping[str, str], broken: Mapping[str, str]) -> dict[str, str]:
    """Return, by row that was not asked, the row that tells why, sorted.

    *outcomes* are pytest's by row, and *broken*, by row that failed of a broken promise, the row of that promise.
    """
    return {
        row: own
        for row, own in sorted(broken.items())
        if outcomes.get(row) == "failed" and outcomes.get(own) == "failed" and own not in broken
    }
