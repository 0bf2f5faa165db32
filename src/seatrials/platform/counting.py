"""Counts the calls that a scenario makes to its platform: a pass without one proves nothing."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from seatrials.platform.stack import Stack
from seatrials.seams.application import AwsClient

if TYPE_CHECKING:
    import httpx

# What leads to calls of a client of boto3 without being one itself.
_LEADING_TO_CALLS = ("get_paginator", "get_waiter")


class CallCount:
    """How many calls were made through a stack: to AWS, to the load balancer, and over bare connections to it.

    A paginator counts as one, however many pages there are. The time that passed would tell the same of a mock, where
    every call takes some and nothing else does; on a real clock it passes by itself.
    """

    def __init__(self) -> None:
        self.total = 0

    def counting(self, stack: Stack) -> Stack:
        """Return *stack* with ways to it that are counted here."""
        http = _Counted(stack.http, lambda name: name == "request", self._call)
        return replace(
            stack,
            aws=lambda service: self._aws(stack.aws(service)),
            http=cast("httpx.Client", http),
            connect=partial(self._call, stack.connect),
        )

    def _aws(self, client: AwsClient) -> AwsClient:
        def is_call(name: str) -> bool:
            return name in _LEADING_TO_CALLS or name in client.meta.method_to_api_mapping

        return _Counted(client, is_call, self._call)

    def _call(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # any call's
        self.total += 1
        return function(*arguments, **named)


class _Counted:
    """Stands for a client: what it calls goes through another function, and all else is the client's."""

    def __init__(self, client: Any, is_call: Callable[[str], bool], call: Callable[..., Any]) -> None:  # noqa: ANN401
        self._client = client
        self._is_call = is_call
        self._call = call

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the client has
        found = getattr(self._client, name)
        return partial(self._call, found) if self._is_call(name) else found
