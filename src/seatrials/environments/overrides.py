"""Values of an environment that its file leaves to the shell or to a deployed stack.

The file says what never changes. What differs from one deployment to the next may come from variables, and what
CloudFormation knows from the outputs of a stack. A key that was given wins over an output.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from seatrials.environments.kinds import KINDS, Kind
from seatrials.errors import ConfigurationError

PREFIX = "SEATRIALS_"

# Keys of the table itself, of a kind that is told by variables.
_TOP_KEYS = (
    "account_id",
    "region",
    "profile",
    "role_arn",
    "base_url",
    "endpoint_url",
    "http_port",
    "pace",
    "epoch_seconds",
    "control_url",
)
_TRUST_KEYS = ("ca_file", "sha256")
_NUMBERS = ("http_port", "pace", "epoch_seconds")

# Which key of an environment an output of a CloudFormation stack is the value of.
OUTPUT_KEYS: Mapping[str, str] = {
    "AlbUrl": "base_url",
    "ClusterName": "names.cluster",
    "EditServiceName": "names.edit_service",
    "HermesServiceName": "names.hermes_service",
    "TableName": "names.table",
    "LeaseTableName": "names.lease_table",
    "LoadBalancerName": "names.load_balancer",
    "EditLogGroupName": "names.edit_log_group",
    "HermesLogGroupName": "names.hermes_log_group",
    "ScaleOutPolicyName": "names.scale_out_policy",
}


def variable_of(key: str, kind: Kind) -> str:
    """Return the variable that takes the place of *key*, with a dot before a key of an inner table; "" for none."""
    table, _, name = key.rpartition(".")
    known = {"": _TOP_KEYS, "trust": _TRUST_KEYS}.get(table, ()) if kind.is_told_by_variables else ()
    return f"{PREFIX}{name.upper()}" if table == "names" or name in known else ""


def overridden(table: Mapping[str, Any], variables: Mapping[str, str], names: type[BaseModel]) -> dict[str, Any]:
    """Return an environment's *table* with the values that *variables* give in place of the file's."""
    changed = _with(table, "names", _given(variables, names.model_fields))
    kind = KINDS.get(str(table.get("kind")))
    # Of a kind that does not exist the model says so, and of the values too what is wrong with them.
    if kind is not None and not kind.is_told_by_variables:
        return changed
    trust = _given(variables, _TRUST_KEYS)
    if trust:
        # One way to trust takes the place of the other: both together are an error.
        changed["trust"] = trust
    top = _given(variables, _TOP_KEYS)
    if kind is not None and kind.may_redirect and variables.get("AWS_ENDPOINT_URL"):
        top.setdefault("endpoint_url", variables["AWS_ENDPOINT_URL"])
    numbers = _numbers({key: value for key, value in top.items() if key in _NUMBERS})
    return {**changed, **top, **numbers}


def outputs_by_key(outputs: Mapping[str, str], stack: str) -> dict[str, str]:
    """Return the values that a stack's outputs have for keys of an environment.

    Raises `ConfigurationError` for a stack of which no output is known: it is probably not the platform's.
    """
    found = {OUTPUT_KEYS[name]: value for name, value in outputs.items() if name in OUTPUT_KEYS}
    if not found:
        msg = (
            f"the stack {stack} has the outputs {', '.join(outputs) or 'none'}, and none of them is known here: "
            f"name the platform's stack in `outputs_stack`, or give it one of {', '.join(OUTPUT_KEYS)}"
        )
        raise ConfigurationError(msg)
    return found


def _with(table: Mapping[str, Any], key: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return *table* with *given* laid over its table *key*, which may be wrong and is then left to the model."""
    inner = table.get(key, {})
    return {**table, key: {**inner, **given}} if given and isinstance(inner, dict) else dict(table)


def _given(variables: Mapping[str, str], keys: Any) -> dict[str, Any]:  # noqa: ANN401  # names of any kind
    values = {key: variables.get(f"{PREFIX}{key.upper()}") for key in keys}
    return {key: value for key, value in values.items() if value}


def _numbers(given: Mapping[str, str]) -> dict[str, Any]:
    """Return values as numbers; what is none stays as it is, and the model says so."""
    return {key: _number(value) for key, value in given.items()}


def _number(text: str) -> int | float | str:
    try:
        return int(text) if text.isdigit() else float(text)
    except ValueError:
        return text
