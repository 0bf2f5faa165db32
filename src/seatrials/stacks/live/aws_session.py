"""The way to AWS of a process that examines a real stack: one guarded boto3 session, and its clients."""

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    DeferredRefreshableCredentials,
    RefreshableCredentials,
)
from botocore.exceptions import NoCredentialsError
from botocore.loaders import create_loader

from seatrials.environments.parts import Place
from seatrials.environments.variables import Values, variables_set
from seatrials.safety.aws_errors import translated
from seatrials.safety.guard import Guard
from seatrials.safety.identity import refuse_other_region, refuse_redirection
from seatrials.seams.application import AwsClient
from seatrials.seams.aws import settings_of_the_shell

# botocore's defaults change from version to version; what a run does when AWS refuses a call must not.
_CONFIG = {
    "retries": {"mode": "standard", "total_max_attempts": 4},
    "connect_timeout": 5,
    "read_timeout": 20,
    "max_pool_connections": 20,
    "user_agent_extra": "seatrials",
}
_LOADER = create_loader()
# Source: AWS STS API Reference, AssumeRole, RoleSessionName.
_SESSION_NAME_MIN, _SESSION_NAME_MAX = 2, 64


class AwsSession:
    """Makes clients that the guard watches; nothing is sent until one is called."""

    def __init__(
        self, place: Place, variables: Mapping[str, str], guard: Guard, credentials: Values, policy: str
    ) -> None:
        """Raise our error for a region or an endpoint that is not the place's, before any call.

        *credentials* are set among the variables while credentials are looked for and renewed, and at no other time.
        A role is assumed with *policy*, which takes from it what no run needs.
        """
        self._endpoint_url = place.endpoint_url
        told = f"use the AWS profile {place.profile or 'of the shell'}"
        with settings_of_the_shell(told), variables_set(credentials):
            core = _core_session(place.profile)
            refuse_redirection(place, variables, _profile_endpoint(core))
            refuse_other_region(place, variables, core.get_config_variable("region", methods=("config",)))
            watched = _core_session(place.profile)
            # Credentials are got by the other session: what gives credentials is nothing that the guard lets through.
            with translated("get credentials of AWS"):
                found = _renewed_with(core.get_credentials(), credentials)
            watched._credentials = found  # noqa: SLF001  # botocore has no other way to hand them in
            if place.role_arn is not None:
                _assume(watched, core, place.role_arn, policy)
            self._session = boto3.Session(botocore_session=watched, region_name=place.region)
        guard.attach(self._session.events)
        # A rehearsal's endpoint is given to each client; nobody else's is looked for.
        self._config = Config(**_CONFIG, ignore_configured_endpoint_urls=True)
        self._clients: dict[str, AwsClient] = {}
        self._lock = threading.Lock()

    def client(self, service: str) -> AwsClient:
        """Return the client of a service; making one is not safe in several threads, using it is."""
        with self._lock:
            if service not in self._clients:
                with settings_of_the_shell(f"make AWS's client of {service}"):
                    self._clients[service] = self._session.client(
                        service, endpoint_url=self._endpoint_url, config=self._config
                    )
            return self._clients[service]

    def client_of_store(self, attach: Callable[[Any], None]) -> AwsClient:
        """Return a client that no scenario is given, after *attach* was told its events."""
        with self._lock, settings_of_the_shell("make AWS's client of dynamodb"):
            client = self._session.client("dynamodb", endpoint_url=self._endpoint_url, config=self._config)
        attach(client.meta.events)
        made: AwsClient = client
        return made


def _core_session(profile: str | None) -> Any:  # noqa: ANN401  # botocore's sessions have no type
    core = botocore.session.Session(profile=profile)
    # Reading the models of AWS's services takes longer than all else here; a process may have several sessions.
    core.register_component("data_loader", _LOADER)
    core.get_scoped_config()
    return core


def _profile_endpoint(core: Any) -> str | None:  # noqa: ANN401  # botocore's sessions have no type
    """Return where the profile sends calls, if it names an endpoint itself or by its services."""
    scoped: Mapping[str, Any] = core.get_scoped_config()
    endpoint = scoped.get("endpoint_url")
    services = core.full_config.get("services", {}).get(scoped.get("services"), {})
    redirected = [
        each["endpoint_url"] for each in services.values() if isinstance(each, dict) and "endpoint_url" in each
    ]
    return str(endpoint) if endpoint else next(iter(redirected), None)


def _renewed_with(found: Any, variables: Values) -> Any:  # noqa: ANN401  # botocore's credentials have no type
    """Let credentials that expire find the variables again from which they were made, each time they are renewed.

    A container's token and the process that a profile names are looked for there each time.
    """
    if isinstance(found, RefreshableCredentials):
        renew = found._refresh_using  # noqa: SLF001  # botocore has no other way in

        def renew_with() -> Any:  # noqa: ANN401  # botocore's own
            with variables_set(variables):
                return renew()

        found._refresh_using = renew_with  # noqa: SLF001  # the same
    return found


def _assume(watched: Any, core: Any, role_arn: str, policy: str) -> None:  # noqa: ANN401  # botocore's sessions have no type
    """Let a session act as a role that *core* assumes, and whose credentials are renewed before they expire."""
    source: Any = core.get_credentials()
    if source is None:
        raise NoCredentialsError

    def create(*given: Any, **named: Any) -> Any:  # noqa: ANN401  # botocore's clients have no type
        with settings_of_the_shell("make AWS's client of sts"):
            return core.create_client(*given, **named)

    def fetch() -> Any:  # noqa: ANN401  # botocore's own
        """Assume the role under the name of whose credentials these are: a lease, and CloudTrail, tell it."""
        now = source.get_frozen_credentials()
        keys = {"aws_access_key_id": now.access_key, "aws_secret_access_key": now.secret_key}
        sts = create("sts", **keys, aws_session_token=now.token)
        extra = {"RoleSessionName": session_name(sts.get_caller_identity()["Arn"]), "Policy": policy}
        return AssumeRoleCredentialFetcher(create, source, role_arn, extra_args=extra).fetch_credentials()

    watched._credentials = DeferredRefreshableCredentials(  # noqa: SLF001  # the same
        method="assume-role", refresh_using=fetch
    )


def session_name(arn: str) -> str:
    """Return what a session of a role is called for who assumes it, a user, a role's own session, or a person of SSO.

    Source: AWS STS API Reference, AssumeRole, RoleSessionName: up to 64 letters, digits and `_+=,.@-`.
    """
    name = re.sub(r"[^\w+=,.@-]", "-", arn.rpartition("/")[2] or "seatrials", flags=re.ASCII)
    return name[:_SESSION_NAME_MAX].ljust(_SESSION_NAME_MIN, "-")
