"""boto3 clients of this process: each call takes its time and is heard by the world.

Why not botocore's own events alone: `provide-client-params` comes before a call and `after-call` after one, but none
lies around it, and an index must lag for exactly as long as moto is asked. `creating-client-class` lets each public
method of a client be replaced, and paginators and waiters call those.
"""

from collections.abc import Callable
from functools import cache, partial, wraps
from typing import Any

import boto3
from botocore.config import Config

from seatrials.seams.application import AwsClient
from seatrials.twin.moto_bridge.hooks import Call, current

# The caller whose calls are the twin's own: no latency, and not in the trace.
TWIN = "twin"
# Who speaks with a client: the event that makes a client's class does not tell for whom.
_callers: dict[AwsClient, str] = {}


@cache
def aws_client(region: str, caller: str, service: str) -> AwsClient:
    """Return the client of *service* with which *caller* speaks; one is kept for the life of the process."""
    # Why not one for each world: to make one takes longer than a world takes to begin. A client knows no world.
    client = _session(region).client(service, config=_config(region))
    _callers[client] = caller
    return client


@cache
def _session(region: str) -> boto3.Session:
    # Why not boto3's own credentials: a developer's, from a file or a variable, must not even be looked for.
    session = boto3.Session("testing", "testing", region_name=region)
    session.events.register("creating-client-class", _let_be_heard)
    return session


def _config(region: str) -> Config:
    return Config(
        region_name=region,
        # A variable of the developer's shell must never lead a mock call out of the process.
        ignore_configured_endpoint_urls=True,
        account_id_endpoint_mode="disabled",
        # An application retries on its own clock; botocore would sleep on the machine's.
        retries={"mode": "standard", "total_max_attempts": 1},
    )


def _let_be_heard(class_attributes: dict[str, Any], **_: Any) -> None:  # noqa: ANN401  # botocore's own signature
    """Replace the methods of a client's class, which is about to be made, by ones that the world hears."""
    methods = {name: method for name, method in class_attributes.items() if callable(method)}
    class_attributes.update({name: _heard(name, method) for name, method in methods.items()})


def _heard(name: str, method: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @wraps(method)
    def call(client: AwsClient, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401  # as botocore's own
        ordinary = partial(method, client, **parameters)
        hooks = current()
        if hooks is None:
            return ordinary()
        service, operation = client.meta.service_model.service_name, client.meta.method_to_api_mapping[name]
        call = Call(service, operation, parameters, client, ordinary)
        if _callers[client] != TWIN:
            hooks.on_call(_callers[client], f"{service}.{operation}")
            hooks.authorize(call)
            hooks.admit(call)
        return hooks.answer(call)

    return call
