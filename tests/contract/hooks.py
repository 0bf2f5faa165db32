"""What Schemathesis asks beside its own checks: the contract's checker of answers, and that no header is undeclared.

Schemathesis loads this file by itself, in a process of its own.
"""

from typing import Any

import schemathesis

from seatrials.checkers import answers, headers
from seatrials.checkers.story import Story, understood
from seatrials.environments.variables import read_variables
from seatrials.evidence.history import Exchange, History
from seatrials.seams.clock import wall_seconds

# Names the session that stays live, for what is asked of a session that is over is refused, whatever else is asked.
KEPT = "KEPT_SESSION"
_ENDING = ("deactivate", "forgetSession")


@schemathesis.hook
def map_path_parameters(context: schemathesis.HookContext, parameters: dict[str, Any]) -> dict[str, Any]:
    """Let no request end the session that all others need; sessions that requests have made may end."""
    operation, kept = context.operation, read_variables()[KEPT]
    ends = operation is not None and operation.definition.raw["operationId"] in _ENDING
    return {**parameters, "sessionId": f"{kept}-not"} if ends and parameters["sessionId"] == kept else parameters


@schemathesis.check
def contract_is_kept(
    _context: schemathesis.CheckContext, response: schemathesis.Response, _case: "schemathesis.Case[Any]"
) -> None:
    """Hold an answer against everything that the contract says of one answer."""
    exchange = _exchange_of(response)
    findings = list(answers.check(Story(History(now=wall_seconds), [understood(exchange)])))

    assert findings == [], "\n".join(f"{each.invariant}: {each.event}" for each in findings)


@schemathesis.check
def headers_are_declared(
    _context: schemathesis.CheckContext, response: schemathesis.Response, _case: "schemathesis.Case[Any]"
) -> None:
    """Find a header that the contract does not declare for the answer, nor its service for every answer."""
    call = understood(_exchange_of(response))
    names = headers.undeclared(call)

    assert names == [], f"{call.exchange} has the undeclared headers {names}"


def _exchange_of(response: schemathesis.Response) -> Exchange:
    request, body = response.request, response.request.body
    return Exchange(
        began=wall_seconds(),
        ended=wall_seconds(),
        method=request.method or "",
        target=request.path_url,
        sent_headers={name.lower(): str(value) for name, value in request.headers.items()},
        sent=body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else None,
        status=response.status_code,
        headers=[(name.lower(), value) for name, values in response.headers.items() for value in values],
        body=response.content,
    )
