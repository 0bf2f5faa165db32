"""boto3 clients of this process: their calls take their time, are heard, and go without HTTP where they can."""

from collections.abc import Callable
from functools import partial
from typing import Any

import time_machine
from botocore import UNSIGNED
from botocore.config import Config

from seatrials.seams.application import AwsClient
from seatrials.twin.moto_bridge.hooks import Hooks, current
from seatrials.twin.moto_bridge.quick.answers import answer, has_short_way
from seatrials.twin.moto_bridge.quick.loading import session
from seatrials.twin.moto_bridge.quick.parameters import taken

# The caller whose calls are the twin's own: no latency, not in the trace, and well-formed.
_TWIN = "twin"
_session: list[Any] = []
_clients: dict[tuple[str, str, str], AwsClient] = {}


def aws_client(region: str, caller: str, service: str) -> AwsClient:
    """Return the client of *service* with which *caller* speaks; one is kept for the life of the process."""
    key = (region, caller, service)
    if key not in _clients:
        if not _session:
            _session.append(session(region))
        client = _session[0].client(service, config=_config(region, caller))
        # All methods of a client go through this one, and no public hook of botocore comes before the request.
        client._make_api_call = partial(_call, client, caller, service, client._make_api_call)
        client.meta.events.register("provide-client-params", _before(caller))
        client.meta.events.register("before-call", _recalled)
        client.meta.events.register("after-call", _after)
        _clients[key] = client
    return _clients[key]


def _config(region: str, caller: str) -> Config:
    return Config(
        region_name=region,
        # A variable of the developer's shell must never lead a mock call out of the process.
        ignore_configured_endpoint_urls=True,
        account_id_endpoint_mode="disabled",
        # An application retries on its own clock; botocore would sleep on the machine's.
        retries={"mode": "standard", "total_max_attempts": 1},
        parameter_validation=caller != _TWIN,
        # Given, for botocore would build one anew for each call; and nobody checks a signature in this process.
        user_agent="seatrials",
        signature_version=UNSIGNED,
    )


def _call(
    client: AwsClient,
    caller: str,
    service: str,
    ordinary: Callable[..., Any],
    operation: str,
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """Answer one call, the short way if it has one; raises what botocore raises."""
    hooks = current()
    if hooks is None or not has_short_way(service, operation):
        result: dict[str, Any] = ordinary(operation, parameters)
        return result
    if caller != _TWIN:
        hooks.on_call(caller, f"{service}.{operation}")
    recalled = hooks.recall(service, operation, parameters)
    if recalled is not None:
        return recalled
    own = taken(service, operation, parameters, check=caller != _TWIN)
    with time_machine.travel(hooks.now(), tick=False), hooks.answering(service, operation, parameters):
        status, parsed = answer(service, operation, own, hooks.region)
    hooks.answered(service, operation, parameters, status, parsed)
    if status >= 300:  # noqa: PLR2004  # HTTP's own
        raise client.exceptions.from_code(parsed.get("Error", {}).get("Code"))(parsed, operation)
    return parsed


class _Success:
    """The HTTP answer that botocore wants beside a recalled one."""

    status_code = 200


def _before(caller: str) -> Callable[..., None]:
    def before(params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:  # noqa: ANN401
        context["parameters"] = params
        hooks = current()
        if hooks is not None and caller != _TWIN:
            hooks.on_call(caller, f"{model.service_model.service_name}.{model.name}")

    return before


def _recalled(model: Any, context: dict[str, Any], **_: Any) -> tuple[Any, Any] | None:  # noqa: ANN401
    """Answer a read from memory when nothing of its service has changed since it was last made."""
    hooks = current()
    if hooks is None:
        return None
    parsed = hooks.recall(model.service_model.service_name, model.name, context["parameters"])
    return None if parsed is None else (_Success, parsed)


def _after(model: Any, context: dict[str, Any], http_response: Any, parsed: Any, **_: Any) -> None:  # noqa: ANN401
    hooks: Hooks | None = current()
    if hooks is not None and http_response is not _Success:
        service = model.service_model.service_name
        hooks.answered(service, model.name, context["parameters"], http_response.status_code, parsed)
