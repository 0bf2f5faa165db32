"""The parts of an environment, of which each room of the project takes the one that it needs.

A part is a table of its own in environments.toml (`Ports`, `Limits`, …) or some of the keys of the environment's table,
whose model has them all: `Place`, `Door`, `Pacing` and `Terms` are what an environment is, seen from one side.
"""

import re
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from seatrials.configuration import nearest
from seatrials.environments.capabilities import Capability
from seatrials.environments.fields import (
    AccountId,
    BaseUrl,
    Dollars,
    EndpointUrl,
    FilePath,
    Minutes,
    Name,
    NamedKind,
    Namespace,
    Pace,
    Port,
    Region,
    RoleArn,
    Seconds,
    StackName,
    Table,
    Text,
)
from seatrials.environments.scopes import Column, marks_of
from seatrials.errors import ConfigurationError


class ResourceNames(Table):
    """What the platform's resources are called in this environment; the defaults are the platform's contract."""

    # The ECS cluster.
    cluster: Name = "webordinary-edit-cluster"
    # The edit service.
    edit_service: Name = "webordinary-edit-service"
    # Hermes's service.
    hermes_service: Name = "webordinary-hermes-service"
    # The container of the edit service's task definition.
    edit_container: Name = "edit"
    # The container of Hermes's task definition.
    hermes_container: Name = "hermes"
    # The session table.
    table: Name = "webordinary-edit-sessions"
    # Where runs keep their lease and journal, under a key that no session has; the session table unless named.
    lease_table: Name | None = None
    # The index of the session table by client.
    client_index: Name = "clientId-status-index"
    # Its index by last activity.
    activity_index: Name = "status-lastActivity-index"
    # The load balancer.
    load_balancer: Name = "webordinary-edit-alb"
    # What the names of the target groups begin with that Hermes makes for a task.
    session_group_prefix: Name = "wo-"
    # The target group of the edit service's API, of which a row takes a target out for a while.
    edit_api_group: Name = "webordinary-edit-api"
    # The namespace of Hermes's metric.
    metric_namespace: Namespace = "Webordinary/EditSessions"
    # The name of Hermes's metric.
    metric: Text = "ActiveSessionCount"
    # The policy that scales the edit service out.
    scale_out_policy: Text = "webordinary-edit-scale-out"
    # Where `seatrials publish` sends the figures of runs.
    run_metric_namespace: Namespace = "Webordinary/IntegrationTests"
    # What the names of the dashboards and alarms of these figures begin with: in the template, the stack's name and
    # `-run`.
    run_monitoring_prefix: Name = "webordinary-run"
    # The editor's logs.
    edit_log_group: Name = "/ecs/edit"
    # Hermes's logs.
    hermes_log_group: Name = "/ecs/hermes"


class Ports(Table):
    """The ports of the load balancer and of the containers; each a whole number from 1 to 65535."""

    # The load balancer's with TLS.
    https: Port = 443
    # The load balancer's without TLS.
    http: Port = 80
    # Hermes's.
    hermes: Port = 3000
    # That of the editor's API.
    edit_api: Port = 8080
    # That of the editor's preview.
    edit_preview: Port = 4321
    # That of its hot reload.
    edit_hmr: Port = 4322


class Limits(Table):
    """How long one scenario of a suite may take, in seconds of platform time."""

    # For a row of COLD.
    cold_start: Seconds = 120
    # For a row of PERS.
    persistence: Seconds = 120
    # For a row of CONC.
    concurrency: Seconds = 180
    # For a row of ROUTE.
    routing: Seconds = 90
    # For a row of INFRA.
    infrastructure: Seconds = 60
    # For a row of RESIL.
    resilience: Seconds = 600
    # As long as the load is to last, at the pace that there is.
    load: Seconds = 1_000_000
    # As long as the steps take that they draw.
    models: Seconds = 1_000_000

    def seconds(self, suite: str) -> float:
        """Return the limit of *suite*; raises `ConfigurationError` for one that does not exist."""
        if suite not in type(self).model_fields:
            msg = (
                f"no suite is called {suite!r}; {nearest(suite, list(type(self).model_fields))}; "
                "a suite is the name of a scenario's file without test_"
            )
            raise ConfigurationError(msg)
        return float(getattr(self, suite))


class Trust(Table):
    """Which certificate of the load balancer is believed: by a CA file, by its own fingerprint, or by the system's CAs.

    A mock world makes its own authority and believes that one.
    """

    # The authority that signed the load balancer's certificate.
    ca_file: FilePath | None = None
    # The one certificate that is believed, by its fingerprint in DER, as `openssl x509 -fingerprint -sha256` prints it,
    # with or without colons.
    sha256: str | None = None

    @field_validator("sha256")
    @classmethod
    def _plain_fingerprint(cls, value: str | None) -> str | None:
        if value is None:
            return None
        plain = value.replace(":", "").lower()
        if re.fullmatch(r"[0-9a-f]{64}", plain) is None:
            msg = "must be 64 hexadecimal digits, as `openssl x509 -fingerprint -sha256` prints them"
            raise ValueError(msg)
        return plain

    @model_validator(mode="after")
    def _one_way(self) -> "Trust":
        if self.ca_file is not None and self.sha256 is not None:
            msg = "must have ca_file or sha256, not both; with neither, the system's authorities are trusted"
            raise ValueError(msg)
        return self


class Budget(Table):
    """What a run may cost at most, by its own estimate, and how long it may take in real minutes."""

    # What a run may cost, by its own estimate.
    dollars: Dollars = 3.0
    # How long it may take until it begins no other row.
    minutes: Minutes = 240.0
    # What the runs of 24 hours may cost together before an alarm tells; none of them ends by it.
    day_dollars: Dollars = 10.0


class Release(Table):
    """The versions that a release names."""

    # The version that Hermes must say it is.
    hermes: Text
    # The version that the editor must say it is.
    edit: Text


class Place(Table):
    """Where AWS is asked about a stack, and with whose credentials."""

    name: Text
    # What kind of stack it is.
    kind: NamedKind
    # The region; the shell and the profile must not name another.
    region: Region
    # The account that the credentials must belong to.
    account_id: AccountId | None = None
    # Whose credentials are used; without it, those that boto3 finds.
    profile: Text | None = None
    # The role that they assume for a run.
    role_arn: RoleArn | None = None
    # Where a rehearsal answers in place of AWS; the variable `AWS_ENDPOINT_URL` says it too.
    endpoint_url: EndpointUrl | None = None
    # The deployed CloudFormation stack whose outputs are the values of keys that are left out.
    outputs_stack: StackName | None = None


class Door(Table):
    """How the load balancer and what is behind it is reached, and which certificate is believed."""

    # Where users reach the load balancer; with `outputs_stack` the stack says it.
    base_url: BaseUrl | None = None
    # Where it answers without TLS, when that is another port than its listener's, as it is behind a tunnel.
    http_port: Port | None = None
    # The ports of the load balancer and of the containers.
    ports: Ports = Ports()
    # Which certificate of the load balancer is believed.
    trust: Trust = Trust()


class Pacing(Table):
    """How a stack's time passes beside real time."""

    # Seconds of platform time per second of a rehearsal.
    pace: Pace = 1.0
    # The moment at which a rehearsal's platform time and real time were the same, so that all its processes agree.
    epoch_seconds: Seconds | None = None
    # Where a rehearsal's server tells how late its world is, and breaks what a row asks it to.
    control_url: EndpointUrl | None = None


class Terms(Table):
    """What a run may do on a stack, and what it has to show before it begins."""

    # Which rows of the catalogue run; without it a mock runs its own, a rehearsal those of staging, and a live stack
    # those of production, which harm it least.
    scope: Column | None = None
    # What `--confirm` must say before a run may begin.
    confirm: Text | None = None
    # How many workers may share the stack, whatever `-n` says; without it, as many as the machine has processors.
    workers_max: Annotated[int, Field(strict=True, ge=1)] | None = None
    # What a run may cost, and how long it may take.
    budget: Budget = Budget()
    # What scenarios may do there, beyond using the platform as its users do.
    capabilities: tuple[Capability, ...] = ()

    @property
    def rows(self) -> tuple[str, ...]:
        """The scope marks whose scenarios run here."""
        assert self.scope is not None, "the model gives the kind's own to whoever names none"
        return marks_of(self.scope)

    def allows(self, capability: str) -> bool:
        """Whether scenarios that need *capability* can run here; raises `ConfigurationError` for an unknown one."""
        known = [str(each) for each in Capability]
        if capability not in known:
            msg = f"no capability is called {capability!r}; {nearest(capability, known)}"
            raise ConfigurationError(msg)
        return Capability(capability) in self.capabilities
