"""What of an account is the stack's under test: the one place that decides it, for scenarios, rails and evidence alike.

An account and a network may have several stacks, which look alike. Ours are, by the names of the environment, the
cluster, the two services and the load balancer; and by these what hangs on them: target groups, tasks, security groups.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from seatrials.environments.parts import ResourceNames
from seatrials.seams.application import AwsClient

# As many as DescribeTags and DescribeTasks take.
_TAGS_OF, _TASKS_OF = 20, 100
Document = dict[str, Any]


class Ownership:
    """Reads what is ours; raises botocore's errors, and `AssertionError` without the load balancer."""

    def __init__(self, names: ResourceNames, aws: Callable[[str], AwsClient]) -> None:
        """*aws* returns clients of AWS's services."""
        self._names = names
        self._aws = aws

    def load_balancer(self) -> Document:
        """Return the load balancer as ELBv2 describes it."""
        name = self._names.load_balancer
        balancers = self._aws("elbv2").describe_load_balancers(Names=[name])["LoadBalancers"]
        assert balancers, f"there is no load balancer {name}"
        description: Document = balancers[0]
        return description

    def attached_groups(self) -> list[Document]:
        """Return the target groups that our load balancer uses."""
        arn = self.load_balancer()["LoadBalancerArn"]
        return list(self._groups(LoadBalancerArn=arn))

    def target_groups(self) -> list[Document]:
        """Return our target groups, those of tasks too that no rule leads to any more.

        Of these, AWS has no list but that of the whole account: ask for them in rows about what is left behind alone.
        """
        balancer = self.load_balancer()
        every = list(self._groups())
        attached = [each for each in every if balancer["LoadBalancerArn"] in each.get("LoadBalancerArns", [])]
        loose = [each for each in every if not each.get("LoadBalancerArns") and self._may_be_ours(each, balancer)]
        foreign = self._of_other_clusters([each["TargetGroupArn"] for each in loose])
        return [*attached, *(each for each in loose if each["TargetGroupArn"] not in foreign)]

    def tasks(self, service: str, desired_status: str = "RUNNING") -> list[str]:
        """Return the ARNs of all tasks of one of our services."""
        pages = self._aws("ecs").get_paginator("list_tasks")
        given = {"cluster": self._names.cluster, "serviceName": service, "desiredStatus": desired_status}
        return [arn for page in pages.paginate(**given) for arn in page["taskArns"]]

    def described_tasks(self, arns: Iterable[str]) -> Iterator[Document]:
        """Yield tasks of our cluster as ECS describes them; one that ECS has forgotten is left out."""
        for some in batches_of(arns, _TASKS_OF):
            yield from self._aws("ecs").describe_tasks(cluster=self._names.cluster, tasks=some)["tasks"]

    def _groups(self, **which: Any) -> Iterator[Document]:  # noqa: ANN401  # boto3's own parameters
        for page in self._aws("elbv2").get_paginator("describe_target_groups").paginate(**which):
            yield from page["TargetGroups"]

    def _may_be_ours(self, group: Mapping[str, Any], balancer: Mapping[str, Any]) -> bool:
        is_named_so = str(group["TargetGroupName"]).startswith(self._names.session_group_prefix)
        return is_named_so and group.get("VpcId") == balancer["VpcId"]

    def _of_other_clusters(self, arns: list[str]) -> set[str]:
        """Return those of the groups that have a tag with the ARN of a task of another cluster."""
        described = [each for some in batches_of(arns, _TAGS_OF) for each in self._tags_of(some)]
        return {each["ResourceArn"] for each in described if self._names_another_cluster(each["Tags"])}

    def _tags_of(self, arns: list[str]) -> list[Document]:
        """Return the tags of groups; ELBv2 tells none of any when one has gone since, so then each is asked for."""
        elbv2 = self._aws("elbv2")
        try:
            described: list[Document] = elbv2.describe_tags(ResourceArns=arns)["TagDescriptions"]
        except elbv2.exceptions.TargetGroupNotFoundException:
            return [each for arn in arns for each in self._tags_of([arn])] if len(arns) > 1 else []
        return described

    def _names_another_cluster(self, tags: Iterable[Mapping[str, str]]) -> bool:
        tasks = [each["Value"] for each in tags if ":task/" in each.get("Value", "")]
        return any(f":task/{self._names.cluster}/" not in each for each in tasks)


def batches_of(elements: Iterable[str], size: int) -> Iterator[list[str]]:
    """Yield lists of *size* elements, the last of what is left."""
    remaining = iter(elements)
    while some := list(islice(remaining, size)):
        yield some
