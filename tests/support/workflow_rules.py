"""What must hold of the workflows in .github/workflows, asked of their texts: each problem is a sentence."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.support.project import PROJECT

FOLDER = PROJECT / ".github/workflows"
Texts = Mapping[str, str]
Content = Mapping[str, Any]

_PINNED = re.compile(r"[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
# Whoever has these could be somebody else for longer than a job.
_KEYS = ("secrets.", "secrets:", "aws-access-key-id", "aws-secret-access-key", "SEATRIALS_SIGNING_KEY")
# A change's text would run, or be read, with the rights of the repository.
_TRIGGERS = {"pull_request_target", "workflow_run", "issue_comment"}
# The one place that may write each; nothing else has more than `contents: read`.
_MORE_THAN_READ = {
    ("pull-request.yml", "comment"): {"pull-requests": "write"},
    ("live.yml", "rows"): {"contents": "read", "id-token": "write"},
    ("main.yml", "staging"): {"contents": "read", "id-token": "write"},
    ("nightly.yml", "staging"): {"contents": "read", "id-token": "write"},
    ("release.yml", "staging"): {"contents": "read", "id-token": "write"},
    ("release.yml", "production"): {"contents": "read", "id-token": "write"},
    ("publish.yml", "release"): {"contents": "read", "id-token": "write"},
    ("publish.yml", "publish"): {"contents": "write", "id-token": "write"},
    ("release.yml", "decide"): {"contents": "read", "id-token": "write"},
}
_READ = {"contents": "read"}
# What a change reads, and what a push to main has written.
_CACHES = {("pull-request.yml", "changed", "restore"), ("main.yml", "record", "save")}
_MINUTE_SECONDS = 60


def texts() -> dict[str, str]:
    """Return the workflows by the names of their files."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.iterdir())}


def parse(text: str) -> Content:
    """Return a workflow; `on` is a truth in YAML 1.1, and is called by its name here."""
    document = yaml.safe_load(text)
    return {"on" if key is True else key: value for key, value in document.items()}


def jobs(workflow: Content) -> Iterator[tuple[str, Content]]:
    """Yield the jobs of a workflow with their names."""
    yield from workflow["jobs"].items()


def steps(job: Content, beginning: str = "") -> list[Content]:
    """Return the steps of a job, or those that use an action whose name begins so."""
    return [each for each in job.get("steps", []) if each.get("uses", "").startswith(beginning)]


def scripts(job: Content) -> list[str]:
    """Return the shell of a job's steps."""
    return [each["run"] for each in steps(job) if "run" in each]


def problems(given: Texts) -> list[str]:
    """Return what is wrong with the workflows, a sentence each that names file and job."""
    found: list[str] = []
    for name, text in given.items():
        workflow = parse(text)
        found += [f"{name}: {each}" for each in (*_of_text(text), *_of_workflow(workflow))]
        for job_name, job in jobs(workflow):
            place = (name, job_name)
            told = (*_of_permissions(place, job), *_of_steps(place, job), *_of_lives(job), *_of_caches(place, job))
            found += [f"{name}: {job_name}: {each}" for each in told]
    return [*found, *_of_versions(given)]


def _of_text(text: str) -> Iterator[str]:
    for used in re.findall(r"uses: (.+)", text):
        if used.startswith("./"):
            if not (PROJECT / used).is_file():
                yield f"{used} is not there"
        elif not _PINNED.fullmatch(used):
            yield f"{used} is not pinned by a commit's hash with its version"
    yield from (f"{key} is a key that is kept" for key in _KEYS if key in text)


def _of_versions(given: Texts) -> Iterator[str]:
    """Yield the actions of which two versions are used: one of them was forgotten."""
    used = {tuple(each) for text in given.values() for each in re.findall(r"uses: ([\w./-]+)@(.+)", text)}
    actions = [action for action, _ in used]
    yield from (f"{each} has two versions" for each in sorted(set(actions)) if actions.count(each) > 1)


def _of_workflow(workflow: Content) -> Iterator[str]:
    if workflow.get("permissions") != {}:
        yield "it gives permissions to all jobs"
    yield from (f"it is started by {each}" for each in sorted(_TRIGGERS & set(workflow["on"])))
    if any(scripts(job) for _, job in jobs(workflow)) and workflow.get("defaults") != {"run": {"shell": "bash"}}:
        yield "a pipe that breaks is no failure: its shell is not bash"
    lives = [job for _, job in jobs(workflow) if job.get("uses", "").endswith("live.yml")]
    if lives and workflow.get("concurrency", {}).get("cancel-in-progress") is not False:
        yield "a run on a real stack would be cut off"


def _of_permissions(place: tuple[str, str], job: Content) -> Iterator[str]:
    allowed = _MORE_THAN_READ.get(place, _READ)
    if job.get("permissions") != allowed:
        yield f"its permissions are {job.get('permissions')}, not {allowed}"


def _of_steps(place: tuple[str, str], job: Content) -> Iterator[str]:
    for each in steps(job, "actions/checkout@"):
        if each.get("with", {}).get("persist-credentials") is not False:
            yield "its checkout keeps credentials"
    if "steps" in job and not isinstance(job.get("timeout-minutes"), int):
        yield "it has no timeout"
    yield from ("an expression stands in its shell" for script in scripts(job) if "${{" in script)
    if place == ("pull-request.yml", "comment") and steps(job, "actions/checkout@"):
        yield "a job that may write has the change's files"


def _of_lives(job: Content) -> Iterator[str]:
    """Yield what is wrong with a job that has AWS's credentials, or runs a session that wants them."""
    if any(re.search(r"\blive-", script) for script in scripts(job)):
        concurrency, environment = job.get("concurrency", {}), job.get("environment")
        if concurrency.get("cancel-in-progress") is not False or concurrency.get("group") != f"live-{environment}":
            yield "two runs on one stack could meet, or one be cut off"
    for each in steps(job, "aws-actions/"):
        if "environment" not in job:
            yield "it has AWS's credentials without an environment's protection"
        seconds = each["with"].get("role-duration-seconds", 60 * _MINUTE_SECONDS)
        if seconds < job.get("timeout-minutes", 0) * _MINUTE_SECONDS:
            yield "it may outlive its credentials"


def _of_caches(place: tuple[str, str], job: Content) -> Iterator[str]:
    for each in steps(job, "actions/cache"):
        if (*place, each["uses"].partition("@")[0].rpartition("/")[2]) not in _CACHES:
            yield "a change could put something into its cache"
    yield from ("it caches on its own" for each in steps(job) if "cache" in each.get("with", {}))
