"""One call of `seatrials dashboard`: the difference, shown, and unless it is dry, made."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.text import Text

from seatrials.environments.environment import Environment
from seatrials.errors import ConfigurationError
from seatrials.monitoring.bounds import bounds_of
from seatrials.monitoring.cloudwatch import look, make, open_cloudwatch
from seatrials.monitoring.difference import Change, changes
from seatrials.monitoring.wanted import Wanted, wanted
from seatrials.output.output import Output
from seatrials.publishing.channels import topic_named
from seatrials.safety.identity import refuse_unconfirmed

# As of `--check` elsewhere: what is there is out of date.
_DIFFERS = 1


def keep(
    environment: Environment,
    variables: Mapping[str, str],
    output: Output,
    *,
    criteria: Path,
    target: str | None = None,
    confirmation: str | None = None,
    is_dry: bool = False,
) -> int:
    """Show what differs, and make it as it is wanted unless *is dry*; return 0, or 1 where a dry call has differences.

    *target* is a topic as `seatrials notify --to` names it. Raises `NotConfirmedError` before any call, and as a run
    does for credentials, account, region and endpoint.
    """
    if not is_dry:
        refuse_unconfirmed(environment.name, environment.confirm, confirmation)
    topic = None if target is None else _topic(target, environment.region)
    names, bounds = environment.names, bounds_of(environment.name, environment.budget, criteria)
    to_be = wanted(names.run_monitoring_prefix, names.run_metric_namespace, environment.region, bounds)
    cloudwatch = open_cloudwatch(environment, variables, to_be, may_write=not is_dry)
    found = changes(to_be, look(cloudwatch, to_be), topic)
    for line in _lines(found):
        output.console.print(line, soft_wrap=True, highlight=False)
    said = [] if is_dry else make(cloudwatch, found)
    for each in said:
        output.console.print(Text(f"CloudWatch says: {each}", "yellow"), soft_wrap=True, highlight=False)
    output.say(_summary(environment.name, to_be, found, is_dry=is_dry))
    output.tell(
        environment=environment.name,
        changes=[_as_data(each) for each in found],
        said=said,
        written=bool(found) and not is_dry,
    )
    return _DIFFERS if is_dry and found else 0


def _topic(target: str, region: str) -> str:
    arn = topic_named(target)
    if arn is None or arn.split(":")[3] != region:
        msg = f"--to {target[:120]!r}: must be sns:ARN of a topic in {region}, where the alarms are"
        raise ConfigurationError(msg)
    return arn


def _lines(found: Sequence[Change]) -> Iterator[Text]:
    for change in found:
        state = f"is not there ({change.about})" if change.is_new else "differs"
        yield Text(f"{change.kind} {change.name}: {state}", "bold")
        for each in change.fields:
            values = (_written(each.there), "red"), " → ", (_written(each.wanted), "green")
            yield Text.assemble(f"  {each.field}: ", *values)


def _written(value: object) -> str:
    return "nothing" if value is None else json.dumps(value, default=str)


def _summary(name: str, to_be: Wanted, found: Sequence[Change], *, is_dry: bool) -> str:
    counted = f"the dashboard {to_be.dashboard} and {len(to_be.alarms)} alarms of {name}"
    if not found:
        return f"Nothing to do: {counted} are as they are to be."
    if is_dry:
        return f"Nothing was changed. Without --dry-run, {len(found)} of {counted} would be written."
    return f"Written: {len(found)} of {counted}."


def _as_data(change: Change) -> dict[str, object]:
    fields = [asdict(each) for each in change.fields]
    return {"kind": change.kind, "name": change.name, "about": change.about, "is_new": change.is_new, "fields": fields}
