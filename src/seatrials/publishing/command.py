"""One call of `seatrials publish`: the newest run of an environment, to the account that it ran in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from seatrials.cost import load_prices
from seatrials.environments.environment import Environment
from seatrials.environments.kinds import KINDS
from seatrials.errors import ConfigurationError, EvidenceError
from seatrials.evidence.folder import EvidenceFolder
from seatrials.evidence.reader import RunEvidence, read_newest
from seatrials.publishing.publisher import Publisher, check_whole, figures_of
from seatrials.publishing.run_metrics import RUN_METRICS
from seatrials.seams.aws import settings_of_the_shell
from seatrials.seams.clock import wall_epoch_seconds

# A call that is made again after a timeout may be the second one that CloudWatch counts.
_ONCE = Config(retries={"total_max_attempts": 1})


@dataclass(frozen=True, kw_only=True)
class Published:
    """What became of a run's figures."""

    environment: str
    run: str
    # Whether they were sent now; else they were sent before.
    sent: bool
    # By name; and the names of those that the run does not have.
    figures: Mapping[str, float]
    missing: Sequence[str]

    @property
    def sentence(self) -> str:
        """What was done, in a sentence."""
        lacking = f"; it has no {', '.join(self.missing)}" if self.missing else ""
        counted = f"published {len(self.figures)} figures of run {self.run}"
        return f"{counted if self.sent else f'run {self.run} was published before'}{lacking}"


def publish_newest(environment: Environment, evidence: Path, prices: Path, variables: Mapping[str, str]) -> Published:
    """Publish the newest run on *environment*, and return what was done.

    Raises `EvidenceError` when there is nothing to publish, and `ConfigurationError` when it would go elsewhere than to
    where it ran.
    """
    run = read_newest(evidence, environment.name)
    if run is None:
        where = EvidenceFolder(evidence).runs(environment.name).path
        msg = f"nothing ran on {environment.name}: {where} has no run; name another environment with --environment"
        raise EvidenceError(msg)
    check_whole(run)
    _check_destination(run, environment, variables)
    figures = figures_of(run, load_prices(prices))
    publisher = Publisher(
        cloudwatch=_client(environment, "cloudwatch"),
        namespace=environment.names.run_metric_namespace,
        markers=EvidenceFolder(evidence).published,
        now_seconds=wall_epoch_seconds(),
    )
    sent = publisher.publish(run, figures)
    missing = sorted(set(RUN_METRICS) - set(figures))
    return Published(environment=environment.name, run=run.id, sent=sent, figures=dict(figures), missing=missing)


def _check_destination(run: RunEvidence, environment: Environment, variables: Mapping[str, str]) -> None:
    """Refuse what would put figures of a model among those of a real platform, or into another account."""
    endpoint = variables.get("AWS_ENDPOINT_URL_CLOUDWATCH") or variables.get("AWS_ENDPOINT_URL")
    kind = KINDS.get(run.record.kind or "")
    if kind is None or not kind.is_shared:
        msg = f"run {run.id} of {environment.name} is {run.kind}: only what really took its time is published"
        raise ConfigurationError(msg)
    if kind.may_redirect != bool(endpoint):
        where = f"{run.id} of {environment.name} is {run.kind}, and its figures would go to {endpoint or 'AWS'}"
        msg = f"run {where}: check AWS_ENDPOINT_URL"
        raise ConfigurationError(msg)
    try:
        account = _client(environment, "sts").get_caller_identity()["Account"]
    except (ClientError, BotoCoreError) as error:
        msg = f"the credentials for {environment.name} cannot be used: {error}"
        raise ConfigurationError(msg) from error
    if account != run.record.account:
        msg = f"run {run.id} ran in account {run.record.account}, and the credentials are of {account}"
        raise ConfigurationError(msg)


def _client(environment: Environment, service: str) -> Any:  # noqa: ANN401  # boto3 has no types
    with settings_of_the_shell(f"make AWS's client of {service}"):
        return boto3.client(service, region_name=environment.region, config=_ONCE)
