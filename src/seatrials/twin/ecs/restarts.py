"""Restart policies: a container that exits may begin again in place, and its task goes on.

Source: botocore, ecs.ContainerRestartPolicy; Amazon ECS Developer Guide, "Restart individual containers in Amazon ECS
tasks with container restart policies".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_ATTEMPT_PERIOD_SECONDS = 300.0


@dataclass(frozen=True)
class RestartPolicy:
    """When a container is restarted: after which exits, and how long it must have run."""

    ignored_exit_codes: tuple[int, ...]
    attempt_period_seconds: float

    @classmethod
    def of(cls, definition: Mapping[str, Any]) -> "RestartPolicy | None":
        """Return the policy of a container definition, None when it has none that is enabled."""
        policy = definition.get("restartPolicy") or {}
        if not policy.get("enabled"):
            return None
        period_seconds = float(policy.get("restartAttemptPeriod") or _ATTEMPT_PERIOD_SECONDS)
        return cls(tuple(policy.get("ignoredExitCodes") or ()), period_seconds)

    def restarts(self, exit_code: int, ran_seconds: float) -> bool:
        """Whether a container that ran so long, and ended with this code, begins again."""
        return exit_code not in self.ignored_exit_codes and ran_seconds >= self.attempt_period_seconds
