"""The environments that scenarios run on: their model, their file, and the one reader of `os.environ`.

An environment is a table of environments.toml. All that differs between a mock and a real stack stands in it, so that
no other code has to ask where it runs: names of resources, how the balancer is reached and trusted, what may be done
there, how long a scenario may take.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from seatrials.configuration import describe_problems, nearest
from seatrials.environments.overrides import overridden
from seatrials.errors import ConfigurationError


class Capability(StrEnum):
    """What an environment lets a scenario do, beyond using the platform as its users do."""

    # Services are stopped and started, and their desired counts changed.
    CONTROL = "control"
    # Nobody else uses the service, so that its counts and scaling are the scenario's own.
    EXCLUSIVE = "exclusive"
    # `POST /api/exec` runs commands inside an edit container.
    EXEC = "exec"
    # Expired items of the table are deleted within the run.
    EXPIRY = "expiry"
    # Clocks of containers run ahead or behind.
    FAULTS_CLOCK = "faults.clock"
    # New versions of a service are rolled out, sound and broken ones.
    FAULTS_DEPLOYMENT = "faults.deployment"
    # A container stops answering and stays alive.
    FAULTS_HANG = "faults.hang"
    # Images are slow to pull, or cannot be pulled.
    FAULTS_IMAGE = "faults.image"
    # Tasks and container processes are killed.
    FAULTS_KILL = "faults.kill"
    # Metrics arrive late.
    FAULTS_METRICS = "faults.metrics"
    # The file system cannot be mounted.
    FAULTS_MOUNT = "faults.mount"
    # Packets to a task are lost.
    FAULTS_NETWORK = "faults.network"
    # Fargate Spot takes a task back.
    FAULTS_SPOT = "faults.spot"
    # The table throttles, or is away.
    FAULTS_TABLE = "faults.table"
    # A scenario may hold more than one live session at a time.
    SESSIONS = "sessions"
    # IAM enforces policies, and simulates them.
    IAM = "iam"
    # Hours of platform time pass in moments.
    TIME = "time"
    # Hermes and editor report the versions of the release.
    VERSIONS = "versions"


def _matching(pattern: str, allowed: str) -> AfterValidator:
    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            msg = f"must be {allowed}"
            raise ValueError(msg)
        return value

    return AfterValidator(check)


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    """Take a relative path from the folder of the file that names it."""
    folder = info.context["folder"] if info.context else Path()
    return folder / path


Text = Annotated[str, Field(min_length=1)]
Region = Annotated[str, _matching(r"[a-z]{2}(-[a-z]+)+-\d", "an AWS region such as 'us-west-2'")]
AccountId = Annotated[str, _matching(r"\d{12}", "12 digits in quotes")]
BaseUrl = Annotated[str, _matching(r"https://[^/?#\s]+", "https:// and a host, without a path")]
EndpointUrl = Annotated[str, _matching(r"https?://[^/?#\s]+", "http:// or https:// and a host, without a path")]
RoleArn = Annotated[str, _matching(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+", "the ARN of an IAM role")]
Port = Annotated[int, Field(strict=True, ge=1, le=65_535)]
Seconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
FilePath = Annotated[Path, AfterValidator(_beside_the_file)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ResourceNames(_Table):
    """What the platform's resources are called in this environment; the defaults are the platform's contract."""

    cluster: Text = "webordinary-edit-cluster"
    edit_service: Text = "webordinary-edit-service"
    hermes_service: Text = "webordinary-hermes-service"
    edit_container: Text = "edit"
    hermes_container: Text = "hermes"
    table: Text = "webordinary-edit-sessions"
    # Where runs keep their lease and journal, under a key that no session has; the session table unless named.
    lease_table: Text | None = None
    client_index: Text = "clientId-status-index"
    activity_index: Text = "status-lastActivity-index"
    load_balancer: Text = "webordinary-edit-alb"
    metric_namespace: Text = "Webordinary/EditSessions"
    metric: Text = "ActiveSessionCount"
    scale_out_policy: Text = "webordinary-edit-scale-out"
    run_metric_namespace: Text = "Webordinary/IntegrationTests"
    edit_log_group: Text = "/ecs/edit"
    hermes_log_group: Text = "/ecs/hermes"


class Ports(_Table):
    """The ports of the load balancer and of the containers; each a whole number from 1 to 65535."""

    https: Port = 443
    http: Port = 80
    hermes: Port = 3000
    edit_api: Port = 8080
    edit_preview: Port = 4321
    edit_hmr: Port = 4322


class Limits(_Table):
    """How long one scenario of a suite may take, in seconds of platform time."""

    cold_start: Seconds = 120
    persistence: Seconds = 120
    concurrency: Seconds = 180
    routing: Seconds = 90
    infrastructure: Seconds = 60
    resilience: Seconds = 600

    def seconds(self, suite: str) -> float:
        """Return the limit of *suite*; raises `ConfigurationError` for one that does not exist."""
        if suite not in type(self).model_fields:
            msg = f"no suite is called {suite!r}; {nearest(suite, list(type(self).model_fields))}"
            raise ConfigurationError(msg)
        return float(getattr(self, suite))


class Trust(_Table):
    """Which certificate of the load balancer is believed: by a CA file, by its own fingerprint, or by the system's CAs.

    A mock world makes its own authority and believes that one.
    """

    ca_file: FilePath | None = None
    # Of the certificate in DER, as `openssl x509 -fingerprint -sha256` prints it, with or without colons.
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


class Budget(_Table):
    """What a run may cost at most, by its own estimate, and how long it may take in real minutes."""

    dollars: Seconds = 3.0
    minutes: Seconds = 240.0


_NEEDED_KEYS = {
    "mock": ("template",),
    "rehearsal": ("account_id", "base_url", "endpoint_url"),
    "live": ("account_id", "base_url"),
}
# The rows of the catalogue that an environment runs, by its scope.
_ROWS = {
    "mock": ("mock_only", "staging", "production"),
    "staging": ("live_only", "staging", "production"),
    "production": ("live_only", "production"),
}
_WITH_ARTICLE = {"pace": "a pace", "epoch_seconds": "an epoch", "endpoint_url": "an endpoint"}
# Whoever forgets to say what may be done to a real stack gets the rows that harm it least.
_SCOPES = {"mock": "mock", "rehearsal": "staging", "live": "production"}


class Release(_Table):
    """The versions that a release names."""

    hermes: Text
    edit: Text


class Environment(_Table):
    """One place where the scenarios run, as environments.toml describes it."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    name: Text
    kind: Literal["mock", "rehearsal", "live"]
    region: Region
    account_id: AccountId | None = None
    # Which rows of the catalogue run here: the mock's, staging's or production's.
    scope: Literal["mock", "staging", "production"] | None = None
    # What `--confirm` must say before a run may begin.
    confirm: Text | None = None
    # Whose credentials a real stack is examined with; without either, those that boto3 finds.
    profile: Text | None = None
    role_arn: RoleArn | None = None
    # The deployed CloudFormation stack whose outputs are the values of keys that are left out.
    outputs_stack: Text | None = None
    # The CloudFormation template that a mock deploys.
    template: FilePath | None = None
    # Where a real load balancer answers.
    base_url: BaseUrl | None = None
    # Where it answers without TLS, when that is another port than its listener's, as it is behind a tunnel.
    http_port: Port | None = None
    # Where a rehearsal answers in place of AWS.
    endpoint_url: EndpointUrl | None = None
    trust: Trust = Trust()
    # How fast the mock platform is: within the promise of a 60 s cold start, or as slow as Fargate is measured to be.
    world: Literal["default", "slow"] = "default"
    # Seconds of platform time per second of a rehearsal; mock time has no pace, live time has 1.
    pace: Seconds = 1.0
    # The moment at which a rehearsal's platform time and real time were the same, so that all its processes agree.
    epoch_seconds: Seconds | None = None
    # How many workers may share the stack; None: as many as the machine has processors.
    workers_max: Annotated[int, Field(strict=True, ge=1)] | None = None
    budget: Budget = Budget()
    # What Hermes and the editor must say that they are.
    release: Release | None = None
    # In the order of the file, for the order of a set would differ from run to run.
    capabilities: tuple[Capability, ...] = ()
    names: ResourceNames = ResourceNames()
    ports: Ports = Ports()
    limits: Limits = Limits()

    @field_validator("name")
    @classmethod
    def _is_the_table(cls, value: str, info: ValidationInfo) -> str:
        if info.context and value != info.context["table"]:
            msg = "must be left out, for the table is the name"
            raise ValueError(msg)
        return value

    @field_validator("account_id", "template", "base_url", "endpoint_url")
    @classmethod
    def _is_there_where_needed(cls, value: object, info: ValidationInfo) -> object:
        kind, key = str(info.data.get("kind")), str(info.field_name)
        # What variables give is known of the environment that was chosen only.
        is_asked = kind == "mock" or not info.context or info.context["chosen"]
        is_output = key == "base_url" and info.data.get("outputs_stack") is not None
        if value is None and is_asked and not is_output and key in _NEEDED_KEYS.get(kind, ()):
            variable = "" if kind == "mock" else f", here or as the variable SEATRIALS_{key.upper()}"
            msg = f"is missing, and kind {kind!r} needs it{variable}"
            raise ValueError(msg)
        return value

    @field_validator("pace", "epoch_seconds", "endpoint_url")
    @classmethod
    def _is_of_a_rehearsal(cls, value: float | str | None, info: ValidationInfo) -> float | str | None:
        kind, key = str(info.data.get("kind")), str(info.field_name)
        if value not in {None, 1} and kind in {"mock", "live"}:
            msg = f"must be left out, for kind is {kind!r} and only a rehearsal has {_WITH_ARTICLE[key]}"
            raise ValueError(msg)
        return value

    @field_validator("scope")
    @classmethod
    def _is_fit_for_the_kind(cls, value: str | None, info: ValidationInfo) -> str:
        kind = str(info.data.get("kind"))
        if value is not None and (value == "mock") != (kind == "mock"):
            msg = f"must be {'mock' if kind == 'mock' else 'staging or production'}, for kind is {kind!r}"
            raise ValueError(msg)
        return value or _SCOPES.get(kind, "production")

    @property
    def rows(self) -> tuple[str, ...]:
        """The scope marks whose scenarios run here."""
        return _ROWS[str(self.scope)]

    @model_validator(mode="after")
    def _names_its_release(self) -> "Environment":
        if Capability.VERSIONS in self.capabilities and self.release is None:
            msg = "must have release = { hermes = ..., edit = ... }, for the capability 'versions' asks about them"
            raise ValueError(msg)
        return self

    def allows(self, capability: str) -> bool:
        """Whether scenarios that need *capability* can run here; raises `ConfigurationError` for an unknown one."""
        known = [str(each) for each in Capability]
        if capability not in known:
            msg = f"no capability is called {capability!r}; {nearest(capability, known)}"
            raise ConfigurationError(msg)
        return Capability(capability) in self.capabilities


def load_environment(name: str, path: Path, variables: Mapping[str, str]) -> Environment:
    """Return the environment *name* of the file *path*.

    A variable such as SEATRIALS_CLUSTER takes the place of the key of that name (`overrides.py`). Raises
    `ConfigurationError` that lists every problem of every environment of the file, for a file is right or wrong whole.
    """
    tables = _read_tables(path)
    known = [each for each, table in tables.items() if isinstance(table, dict)]
    if name not in known:
        msg = f"{path}: no environment is called {name!r}; {nearest(name, known)}"
        raise ConfigurationError(msg)
    problems: list[str] = []
    environments: dict[str, Environment] = {}
    for each, table in tables.items():
        try:
            environments[each] = _build(each, table, variables if each == name else None, path.parent)
        except ValidationError as error:
            problems += describe_problems(error, Environment, str(path), each)
    if problems:
        raise ConfigurationError("\n".join(problems))
    return environments[name]


def read_variables() -> dict[str, str]:
    """Return the variables of this process; nothing else in the project reads them."""
    return dict(os.environ)


def forget_aws_variables() -> None:
    """Take from this process what would lead its AWS clients anywhere, for one that never speaks to AWS."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        del os.environ[name]


def _read_tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"{path}: there is no such file (looked for {path.absolute()}); name it with its path or change folder"
        raise ConfigurationError(msg) from error
    except OSError as error:
        msg = f"{path}: cannot be read: {error.strerror}"
        raise ConfigurationError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path}: is not UTF-8 (byte {error.start}), as TOML must be"
        raise ConfigurationError(msg) from error
    except tomllib.TOMLDecodeError as error:
        msg = f"{path}: is not TOML: {error}"
        raise ConfigurationError(msg) from error


def _build(name: str, table: object, variables: Mapping[str, str] | None, folder: Path) -> Environment:
    """Validate a table; whatever is wrong with it is the `ValidationError` of the model.

    Without *variables* it is not the chosen one, and what they could have given is not asked for.
    """
    if not isinstance(table, dict):
        return Environment.model_validate(table)
    context = {"folder": folder, "table": name, "chosen": variables is not None}
    changed = overridden(table, variables or {}, ResourceNames)
    return Environment.model_validate({"name": name, **changed}, context=context)
