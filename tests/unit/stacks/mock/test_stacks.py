"""Tests of the mock stack: a world for each scenario, equal for one seed, and nothing left of a mutant."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment
from seatrials.errors import MissingProgramError, TemplateError
from seatrials.mutants.mutant import Mutant, calibrate, edit_template, lifeless, replace
from seatrials.stacks import StackOptions, StackRun, Wanted, check_stacks
from seatrials.stacks.mock.stacks import MockStacks
from seatrials.twin.calibration import Spread
from seatrials.webordinary.hermes import controller
from tests.support.project import PROJECT


def load() -> Environment:
    """Return the project's mock environment."""
    return load_environment("mock", PROJECT / "environments.toml", {})


@pytest.fixture(scope="module")
def stacks() -> Iterator[MockStacks]:
    """Return the stacks of one process; deploying the template is most of this file's time."""
    stacks = MockStacks(load(), StackOptions(seed=1))
    yield stacks
    stacks.close()


def health(run: StackRun) -> int:
    """Return the status of Hermes's health."""
    return run.stack.http.get("/hermes/health").status_code


def max_capacity(run: StackRun) -> int:
    """Return how far the edit service may scale."""
    targets = run.stack.aws("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    return max(int(target["MaxCapacity"]) for target in targets["ScalableTargets"])


def limit_to_two(document: dict[str, Any]) -> None:
    """Let every service of a template scale to 2 tasks at most."""
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget":
            resource["Properties"]["MaxCapacity"] = 2


def test_a_world_has_settled_when_its_scenario_begins(stacks: MockStacks) -> None:
    """Hermes answers over HTTPS from the first request on, on the load balancer's own name."""
    with stacks.open("COLD-01") as run:
        assert health(run) == 200
        assert run.stack.url == str(run.stack.http.base_url).rstrip("/")


def test_a_world_is_as_a_scenario_wants_it(stacks: MockStacks) -> None:
    """Another calibration and other parameters are for that scenario alone."""
    with stacks.open("COLD-01", wanted=Wanted(world="hard", parameters={"ServiceVersion": "7.7.7"})) as run:
        version = run.stack.http.get("/hermes/health").json()["version"]
        services = run.stack.aws("ecs").list_clusters()["clusterArns"]
    with stacks.open("COLD-01") as run:
        others = run.stack.aws("ecs").list_clusters()["clusterArns"]
        assert run.stack.http.get("/hermes/health").json()["version"] != version

    assert version == "7.7.7"
    assert len(services) > len(others)


def test_names_carry_seed_and_scenario(stacks: MockStacks) -> None:
    """What a scenario makes can be told from what any other one makes."""
    with stacks.open("COLD-01") as run:
        assert run.stack.run_prefix == "TEST_1_COLD-01"


def test_one_seed_has_one_trace(stacks: MockStacks) -> None:
    """The same scenario twice has the same events to the microsecond; another scenario has others."""
    hashes = []
    for scenario in ("COLD-01", "COLD-01", "COLD-02"):
        with stacks.open(scenario) as run:
            health(run)
            hashes.append(run.trace_sha256())

    assert hashes[0] == hashes[1] != hashes[2]


def test_a_world_knows_nothing_of_the_one_before(stacks: MockStacks) -> None:
    """What a scenario changed in AWS is not there for the next one."""
    with stacks.open("COLD-01") as run:
        run.stack.aws("dynamodb").put_item(
            TableName=run.stack.environment.names.table, Item={"sessionId": {"S": "s"}, "userId": {"S": "u"}}
        )
    with stacks.open("COLD-02") as run:
        answer = run.stack.aws("dynamodb").scan(TableName=run.stack.environment.names.table)

    assert answer["Items"] == []


def test_a_world_tells_what_happened(stacks: MockStacks) -> None:
    """Events are told for people and as JSON, in the same number, and numbers are modelled."""
    with stacks.open("COLD-01") as run:
        health(run)

        assert len(run.timeline_text()) == len(run.timeline_json()) > 0
        assert "GET /hermes/health" in run.timeline_text()[-1]
        assert run.sample_kind == "modelled"


def test_a_mutant_is_gone_with_its_world(stacks: MockStacks) -> None:
    """What a mutant replaces, edits and slows down is as before when its scenario has ended."""
    original = controller.__doc__
    mutant = Mutant(
        "two-at-most",
        "CONC-03",
        "The edit service scales to 2 tasks at most.",
        (
            replace(controller, "__doc__", "mutated"),
            edit_template(limit_to_two),
            calibrate(pull=Spread(1.0, 1.0, 1.0)),
        ),
    )
    with stacks.open("COLD-01", mutant) as run:
        mutated = (controller.__doc__, max_capacity(run))
    with stacks.open("COLD-01") as run:
        after = (controller.__doc__, max_capacity(run))

    assert mutated == ("mutated", 2)
    assert after == (original, 3)


def test_a_lifeless_world_stores_and_does_nothing(stacks: MockStacks) -> None:
    """The control plane knows the services, and nobody answers for them."""
    mutant = Mutant("moto-alone", "COLD-01", "Nothing acts.", (lifeless(),))
    with stacks.open("COLD-01", mutant) as run:
        names = run.stack.environment.names
        services = run.stack.aws("ecs").describe_services(cluster=names.cluster, services=[names.edit_service])

        assert [each["status"] for each in services["services"]] == ["ACTIVE"]
        with pytest.raises(ConnectionError, match="nothing listens there"):
            run.stack.connect()


def test_git_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without git is told what to install, before anything is made."""
    monkeypatch.setattr(shutil, "which", lambda _name: None)

    with pytest.raises(MissingProgramError, match=r"no `git` on the path, .*: install git"):
        check_stacks(load(), StackOptions())


def test_a_template_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A path that leads nowhere is told as it was given."""
    template = tmp_path / "no.yaml"

    with pytest.raises(TemplateError, match=f"there is no template {template}: give the path"):
        check_stacks(load(), StackOptions(template=template))


def test_the_projects_own_template_needs_no_deployment_to_be_checked() -> None:
    """A machine with git and free ports can run the project's mock."""
    check_stacks(load(), StackOptions())


def test_a_template_that_cannot_be_deployed_names_its_resources(tmp_path: Path) -> None:
    """A resource that the twin does not know is told with its name, its type and the types that it knows."""
    template = tmp_path / "stack.yaml"
    template.write_text("Resources:\n  Zoo:\n    Type: AWS::Zoo::Animal\n")

    with pytest.raises(TemplateError) as failure:
        MockStacks(load(), StackOptions(template=template))

    assert "- Zoo: the resource type AWS::Zoo::Animal is not supported" in str(failure.value)
    assert "AWS::ECS::Service" in str(failure.value)


def test_a_scenario_tells_what_it_used(stacks: MockStacks) -> None:
    """What the scenario asked is counted, and no task: none of the edit service runs, and Hermes's stands anyway."""
    with stacks.open("COLD-01") as run:
        before = run.usage()
        health(run)
        after = run.usage()

    assert after["http_requests"] == before["http_requests"] + 1
    assert (after["tasks"], after["task_seconds"], after["fargate_vcpu_seconds"]) == (0, 0, 0)
