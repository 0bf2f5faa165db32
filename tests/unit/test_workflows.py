"""Tests of .github/workflows: what they may do, and that each rule is seen when it is broken."""

import pytest

from tests.support.workflow_rules import problems, texts

READ = "permissions:\n      contents: read\n"
GROUP = "group: live-${{ inputs.environment }}"
UNKEPT = "persist-credentials: false"
CACHE = f"- uses: actions/cache@{'a' * 40} # v6.1.0\n      "
CHECKOUT = "- uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2\n"
# Where, what is written there, what is written instead, and what must be told of it.
BREAKS = {
    "tag": ("main.yml", "@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6", "not pinned"),
    "no-version": ("main.yml", " # v6.0.2", "", "not pinned"),
    "two-versions": ("main.yml", "de0fac2e4500dabe0009e67214ff5f5447ce83dd", "0" * 40, "has two versions"),
    "missing": ("main.yml", "./.github/workflows/live.yml", "./.github/workflows/life.yml", "is not there"),
    "open": ("main.yml", "permissions: {}", "permissions: read-all", "gives permissions to all jobs"),
    "inherited": ("examine.yml", READ, "if: true\n", "its permissions are None"),
    "writing": ("examine.yml", READ, "permissions:\n      contents: write\n", "'contents': 'write'"),
    "identity": ("examine.yml", READ, READ + "      id-token: write\n", "'id-token': 'write'"),
    "target": ("pull-request.yml", "  pull_request:", "  pull_request_target:", "pull_request_target"),
    "kept-token": ("examine.yml", "persist-credentials: false", "persist-credentials: true", "keeps credentials"),
    "endless": ("live.yml", "timeout-minutes: 350", "continue-on-error: false", "has no timeout"),
    "outlives": ("live.yml", "timeout-minutes: 350", "timeout-minutes: 361", "outlive its credentials"),
    "hour": ("live.yml", "role-duration-seconds: 21600", "role-session-name: ci", "outlive its credentials"),
    "cut-off": ("live.yml", "cancel-in-progress: false", "cancel-in-progress: true", "cut off"),
    "side-by-side": (
        "live.yml",
        "group: live-${{ inputs.environment }}",
        "group: live-${{ github.ref }}",
        "could meet",
    ),
    "unprotected": ("live.yml", "    environment: ${{ inputs.environment }}\n", "", "without an environment"),
    "cut-off-by-push": ("main.yml", "cancel-in-progress: false", "cancel-in-progress: true", "would be cut off"),
    "secret": ("live.yml", "SEATRIALS_SIGNING_IDENTITY: ci", "SEATRIALS_SIGNING_KEY: ${{ secrets.KEY }}", "key that"),
    "access-key": ("live.yml", "role-to-assume:", "aws-access-key-id:", "aws-access-key-id is a key"),
    "injection": ("examine.yml", '"$SHARD/4"', "${{ matrix.shard }}/4", "expression stands in its shell"),
    "poisoned": ("examine.yml", CHECKOUT, CACHE + CHECKOUT, "its cache"),
    "saved-by-change": ("pull-request.yml", "actions/cache/restore@", "actions/cache/save@", "into its cache"),
    "own-cache": (
        "main.yml",
        "persist-credentials: false",
        "persist-credentials: false\n          cache: pip",
        "caches",
    ),
    "no-pipefail": ("examine.yml", "shell: bash", "shell: sh", "pipe that breaks"),
    "files-of-change": (
        "pull-request.yml",
        "      # No checkout: this",
        f"      {CHECKOUT}      # This",
        "the change's",
    ),
}


def test_the_workflows_keep_the_rules() -> None:
    """Actions are pinned, jobs have the rights that they need, nothing keeps a key, and one run is on a stack."""
    assert problems(texts()) == []


@pytest.mark.parametrize(("file", "was", "becomes", "told"), BREAKS.values(), ids=BREAKS)
def test_a_rule_that_is_broken_is_told(file: str, was: str, becomes: str, told: str) -> None:
    """Each rule sees the workflow that breaks it."""
    given = texts()
    assert was in given[file]

    found = problems({**given, file: given[file].replace(was, becomes)})

    assert any(told in each for each in found), found
