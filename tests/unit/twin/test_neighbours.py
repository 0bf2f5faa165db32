"""Tests of what others have in the account: everything lists it, nothing acts on it, and it is not ours."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from seatrials.environments.file import load_environment
from seatrials.environments.parts import Ports, ResourceNames
from seatrials.platform.balancer import Balancer
from seatrials.platform.infrastructure import Infrastructure
from seatrials.twin.cloudformation.template import load_template
from seatrials.twin.control_plane import ControlPlane
from seatrials.twin.moto_bridge import neighbours
from tests.support.aws import Json
from tests.support.project import PROJECT, TEMPLATE
from tests.support.twin import PLAIN, Twin, Worlds

IN_USE = replace(PLAIN, has_neighbours=True, page_max=20)
THEIR_TASK = "arn:aws:ecs:us-west-2:123456789012:task/shop-edit-cluster/1"


@pytest.fixture(scope="module")
def beside(worlds: Worlds) -> Worlds:
    """Return worlds in an account with others; *worlds* has moto switched on."""
    plane = ControlPlane(load_template(TEMPLATE), "us-west-2", "webordinary", has_neighbours=True)
    return Worlds([plane], worlds.authority)


@pytest.fixture
def twin(beside: Worlds) -> Iterator[Twin]:
    """Return a world beside others, in which nothing moves yet."""
    with beside.open(calibration=IN_USE, alive=False) as twin:
        yield twin


def their_health(twin: Twin) -> set[str]:
    """Return the states of the targets of their edit API."""
    elbv2 = twin.world.aws("elbv2")
    arn = elbv2.describe_target_groups(Names=["shop-edit-api"])["TargetGroups"][0]["TargetGroupArn"]
    health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return {each["TargetHealth"]["State"] for each in health}


def test_nothing_acts_on_what_others_have(beside: Worlds) -> None:
    """Their tasks run, their targets are healthy and their deployment goes on, whatever time passes."""
    with beside.open(calibration=IN_USE) as twin:
        twin.sleep(200)
        [service] = twin.ecs.describe_services(cluster=neighbours.CLUSTER, services=["shop-edit-service"])["services"]
        alarm = twin.world.aws("cloudwatch").describe_alarms(AlarmNames=["shop-00"])["MetricAlarms"][0]
        health, acting = their_health(twin), twin.world.scheduler.running()

    assert (service["desiredCount"], service["runningCount"]) == (2, 2)
    assert [each["rolloutState"] for each in service["deployments"]] == ["IN_PROGRESS", "COMPLETED"]
    assert (health, alarm["StateValue"]) == ({"healthy"}, "INSUFFICIENT_DATA")
    assert {name for _, name, _ in acting} == {"webordinary-edit-service", "webordinary-hermes-service"}


@pytest.mark.parametrize(
    ("service", "operation", "key", "given"),
    [
        ("elbv2", "describe_target_groups", "TargetGroups", {}),
        ("cloudwatch", "describe_alarms", "MetricAlarms", {}),
        ("cloudwatch", "list_dashboards", "DashboardEntries", {}),
    ],
)
def test_lists_come_in_pages(twin: Twin, service: str, operation: str, key: str, given: dict[str, Json]) -> None:
    """One call gives a page, and the paginators of boto3 all of it (botocore's models have the tokens)."""
    client = twin.world.aws(service)
    first = getattr(client, operation)(**given)[key]
    every = [each for page in client.get_paginator(operation).paginate(**given) for each in page[key]]

    assert len(first) == 20 < len(every)
    assert len({str(each) for each in every}) == len(every)


def test_services_come_ten_a_page(twin: Twin) -> None:
    """Source: botocore, ecs.ListServicesRequest, maxResults."""
    for number in range(12):
        definition = "webordinary-edit-service"
        twin.ecs.create_service(
            cluster=neighbours.CLUSTER,
            serviceName=f"x-{number}",
            taskDefinition=definition,
            desiredCount=0,
            launchType="FARGATE",
            networkConfiguration=twin.service()["networkConfiguration"],
        )
    pages = list(twin.ecs.get_paginator("list_services").paginate(cluster=neighbours.CLUSTER))

    assert [len(page["serviceArns"]) for page in pages] == [10, 4]


def test_groups_of_others_are_not_ours(twin: Twin) -> None:
    """Not by port, not by network, not by Hermes's names; one that our own task has left behind is."""
    elbv2, ours = twin.world.aws("elbv2"), Balancer(twin.world.aws("elbv2"), ResourceNames(), Ports())
    vpc = elbv2.describe_load_balancers(Names=["webordinary-edit-alb"])["LoadBalancers"][0]["VpcId"]
    before = ours.every_group_name()
    tags = {"wo-api-1": [THEIR_TASK.replace("shop-", "webordinary-")], "wo-api-2": [THEIR_TASK], "wo-api-3": []}
    for name, tasks in tags.items():
        told = {"Tags": [{"Key": "webordinary:task", "Value": each} for each in tasks]} if tasks else {}
        elbv2.create_target_group(Name=name, Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip", **told)

    assert before == ["webordinary-edit-api", "webordinary-edit-preview", "webordinary-hermes"]
    assert ours.every_group_name() == [*before[:2], *before[2:], "wo-api-1", "wo-api-3"]
    assert ours.edit_targets() == []


def test_what_others_open_to_the_world_is_theirs(twin: Twin) -> None:
    """A bastion in a shared network is no hole in our stack."""
    ours = Infrastructure(twin.world.aws, load_environment("mock", PROJECT / "environments.toml", {}))
    monitoring = ours.monitoring

    assert ours.open_to_the_world() == ["balancer tcp 443", "balancer tcp 80"]
    assert monitoring.on_dashboards() <= monitoring.published()
    assert [ours.has_log_group(each) for each in ("/ecs/edit", "/ecs/edi")] == [True, False]
