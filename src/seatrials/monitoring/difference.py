"""What is wanted against what is there, as data: nothing here makes a call."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seatrials.errors import RefusedWriteError
from seatrials.monitoring.wanted import Document, Wanted, body_text

# What an alarm may have beside that which is wanted, and loses when it is put as wanted.
_LEFT_OUT = ("DatapointsToAlarm", "Dimensions", "ExtendedStatistic", "Unit")
# Whom an alarm tells is its people's affair: that stays as it is.
_TOLD = "AlarmActions"
_ACTIONS = (_TOLD, "OKActions", "InsufficientDataActions")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is there: the dashboard's body as it was put, and alarms by name, as DescribeAlarms tells them."""

    body: str | None
    alarms: Mapping[str, Document]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One value that differs; None where there is none."""

    field: str
    there: object
    wanted: object


@dataclass(frozen=True, kw_only=True)
class Change:
    """One call that makes a thing as it is wanted: an operation of boto3's client, and its parameters."""

    kind: str
    name: str
    # In a few words, for people.
    about: str
    is_new: bool
    # What differs from what is there; of a new thing, all does.
    fields: tuple[Field, ...]
    operation: str
    parameters: Document


def changes(wanted: Wanted, seen: Seen, topic: str | None = None) -> list[Change]:
    """Return what has to be changed, which is nothing when all is as wanted; *topic* is one that all alarms must tell.

    Raises `RefusedWriteError` when something else bears one of the names.
    """
    refuse_others(wanted, seen)
    alarms = (_of_alarm(each, seen.alarms.get(name), topic) for name, each in wanted.alarms.items())
    found = [*alarms, _of_dashboard(wanted, seen.body)]
    return [each for each in found if each.is_new or each.fields]


def refuse_others(wanted: Wanted, seen: Seen) -> None:
    """Raise `RefusedWriteError` for whatever has a wanted name and is not about the runs' metrics: it is somebody's."""
    others = [
        f"the alarm {name} is about {alarm.get('Namespace') or 'something else than one metric'}"
        for name, alarm in seen.alarms.items()
        if alarm.get("Namespace") != wanted.namespace
    ]
    body = _parsed(seen.body)
    if body.get("widgets") and all(value != wanted.namespace for _, value in _leaves(body)):
        others.append(f"the dashboard {wanted.dashboard} is about something else")
    if others:
        told = "; ".join(others)
        msg = (
            f"nothing was changed, for {told}, and ours are about {wanted.namespace}: "
            "delete it or give it another name, or set names.run_monitoring_prefix"
        )
        raise RefusedWriteError(msg)


def _of_alarm(wanted: Document, there: Document | None, topic: str | None) -> Change:
    seen = there or {}
    told = list(seen.get(_TOLD, []))
    whole = {**wanted, **{each: list(seen.get(each, [])) for each in _ACTIONS}}
    whole[_TOLD] = told if topic is None or topic in told else [*told, topic]
    # CloudWatch tells it only where it was set, and it is the number of periods else.
    before = {"DatapointsToAlarm": seen.get("EvaluationPeriods"), **_filled(seen)}
    after = {"DatapointsToAlarm": whole["EvaluationPeriods"], **_filled(whole)}
    return Change(
        kind="alarm",
        name=wanted["AlarmName"],
        about=wanted["AlarmDescription"],
        is_new=there is None,
        fields=() if there is None else _differing(before, after, [*whole, *_LEFT_OUT]),
        operation="put_metric_alarm",
        parameters=whole,
    )


def _of_dashboard(wanted: Wanted, text: str | None) -> Change:
    before, after = dict(_leaves(_parsed(text))), dict(_leaves(wanted.body))
    return Change(
        kind="dashboard",
        name=wanted.dashboard,
        about=f"{len(wanted.body['widgets'])} charts",
        is_new=text is None,
        fields=() if text is None else _differing(before, after, {**after, **before}),
        operation="put_dashboard",
        parameters={"DashboardName": wanted.dashboard, "DashboardBody": body_text(wanted.body)},
    )


def _differing(before: Document, after: Document, names: Iterable[str]) -> tuple[Field, ...]:
    pairs = [(name, before.get(name), after.get(name)) for name in names]
    return tuple(Field(field=name, there=there, wanted=wanted) for name, there, wanted in pairs if there != wanted)


def _filled(alarm: Document) -> Document:
    """Return an alarm without the empty values, in place of which CloudWatch may tell none."""
    return {name: value for name, value in alarm.items() if value not in ([], "", None)}


def _parsed(text: str | None) -> Document:
    """Return a body as data, and an empty one for what is none."""
    try:
        body = json.loads(text or "")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, object]]:  # noqa: ANN401  # whatever JSON holds
    """Yield each value within *value* with its place, such as `widgets.0.width`; what holds none is one itself."""
    inner = dict(enumerate(value)) if isinstance(value, list) else value
    if not isinstance(inner, dict) or not inner:
        yield place, value
        return
    for key, each in inner.items():
        yield from _leaves(each, f"{place}.{key}" if place else str(key))
