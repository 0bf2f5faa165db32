"""Which release a decision is about, what has changed since the last one, what failed, whose it is, and what to do."""

from dataclasses import dataclass

from seatrials.evidence.commit import Commit


@dataclass(frozen=True, kw_only=True)
class Service:
    """Hermes or the editor as it ran on one environment."""

    # In the words of `run.json`: `hermes`, `edit`.
    name: str
    environment: str
    # More than one when it was replaced while the runs went on; none when nobody asked it.
    versions: tuple[str, ...]
    images: tuple[str, ...]
    # measured, rehearsed or modelled: the last are applications of the mock.
    kind: str | None


@dataclass(frozen=True, kw_only=True)
class LastGo:
    """The newest GO of another commit by the same criteria: what to compare with, and to return to."""

    commit: str
    judged_at: str
    # None when the repository does not have it.
    described: Commit | None
    # `Hermes 1.4.1`, `editor 2.0.0`, as they ran then.
    services: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What has changed since the last GO, each a sentence or a commit."""

    # The newest first; the first of them when there are many.
    commits: tuple[Commit, ...]
    commits_total: int
    # Of the last GO, and not of this commit: it is no descendant.
    commits_lost: int
    # `COLD-20: sentence`.
    rows_added: tuple[str, ...]
    rows_removed: tuple[str, ...]
    rows_changed: tuple[str, ...]
    # By key of the criteria file, and by resource of the template.
    criteria: tuple[str, ...]
    template: tuple[str, ...]
    # What could not be compared, a sentence each.
    unknown: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A row or another criterion that was seen to fail."""

    # `COLD-07`, or the id of a criterion.
    subject: str
    sentence: str
    # None for a criterion about all of the evidence.
    environment: str | None
    # failed, crashed, fail.
    outcome: str
    # Its own assertion.
    reason: str
    # Whoever answers for it, as CODEOWNERS or the criteria name them.
    owners: tuple[str, ...]
    # Why it does not count; None where it does.
    not_counted: str | None = None
    # From the decision's folder; None where there is none.
    allure: str | None = None
    timeline: str | None = None
    # The job of CI that ran it.
    job_url: str | None = None
    # Whether it is worse than it was, rather than not good enough.
    is_regression: bool = False


@dataclass(frozen=True, kw_only=True)
class VerdictPoint:
    """A verdict of the past, or this one."""

    judged_at: str
    commit: str | None
    verdict: str


@dataclass(frozen=True, kw_only=True)
class Release:
    """The release of a decision."""

    # None when there is no one commit, or the repository does not have it.
    commit: Commit | None
    # Why nothing is told of the commit; empty when it is.
    commit_unknown: str
    services: tuple[Service, ...]
    # None when there was none yet.
    last_go: LastGo | None
    # None without a last GO.
    changes: Changes | None
    failures: tuple[Failure, ...]
    # Why the repository tells no owners; empty when it does.
    owners_unknown: str
    # What to do, the first first, a sentence each.
    steps: tuple[str, ...]
    # By the same criteria, oldest first, this one last.
    verdicts: tuple[VerdictPoint, ...]
    # The job of CI that judged.
    job_url: str | None = None
