"""Answers to reads, kept until something of their service changes: within a world, and for those that begin alike."""

import pickle
from collections.abc import Mapping
from typing import Any

from seatrials.twin.moto_bridge.hooks import LATE_READS, TARGET_HEALTH, reads_only

_SERVICES = ("application-autoscaling", "cloudwatch", "dynamodb", "ec2", "ecs", "efs", "elbv2")

# What nothing changes that the bridge hears of: activities come late, and points of metrics too.
_CHANGES_WITH_TIME = ("DescribeScalingActivities", "GetMetricStatistics", "GetMetricData")
# A question is (operation, parameters).
Question = tuple[str, str]
# Answers by what they are about (a service, or TARGET_HEALTH) and by question; pickled, for askers change them.
Answers = dict[str, dict[Question, bytes]]


class Memory:
    """What one world remembers."""

    def __init__(self, pristine: Answers) -> None:
        """*pristine* holds what is true of the control plane as a world begins with it; more is added to it."""
        self._pristine = pristine
        self._answers: Answers = {subject: dict(known) for subject, known in pristine.items()}
        self._touched: set[str] = set()

    def forget(self, subject: str) -> None:
        """Forget what was known of *subject*, which has changed."""
        self._touched.add(subject)
        self._answers.pop(subject, None)

    def recall(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what a read was answered when nothing of its service has changed since, else None."""
        if not _is_memorable(service, operation, parameters):
            return None
        subject, question = _question(service, operation, parameters)
        found = self._answers.get(subject, {}).get(question)
        answer: dict[str, Any] | None = None if found is None else pickle.loads(found)  # noqa: S301  # made by `keep`
        return answer

    def keep(self, service: str, operation: str, parameters: Mapping[str, Any], answer: dict[str, Any]) -> None:
        """Remember the answer to a read, also for later worlds if nothing has changed yet."""
        if not _is_memorable(service, operation, parameters):
            return
        subject, question = _question(service, operation, parameters)
        pickled = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
        self._answers.setdefault(subject, {})[question] = pickled
        if subject not in self._touched:
            self._pristine.setdefault(subject, {})[question] = pickled


def _is_memorable(service: str, operation: str, parameters: Mapping[str, Any]) -> bool:
    """Whether an operation reads only what the calls of its own service, and the scheduler, change."""
    if operation in LATE_READS and not parameters.get("ConsistentRead"):
        return False  # what it shows changes with time alone
    reads = reads_only(operation) and operation not in _CHANGES_WITH_TIME
    return reads and service in _SERVICES


def _question(service: str, operation: str, parameters: Mapping[str, Any]) -> tuple[str, Question]:
    subject = TARGET_HEALTH if operation == "DescribeTargetHealth" else service
    return subject, (operation, repr(parameters))
