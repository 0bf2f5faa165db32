"""What a task needs before its containers start: secrets, environment files and log groups.

What is missing is a ResourceInitializationError, and the task does not start; the wording follows public reports.
Source: Amazon ECS Developer Guide, "Pass sensitive data to an Amazon ECS container", "Pass environment variables from a
file", "Send Amazon ECS logs to CloudWatch" and "Resolve Amazon ECS ResourceInitializationError errors".
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from seatrials.twin.ecs.agent import Agent
from seatrials.twin.ecs.images import Image

_NO_SECRET = ("unable to pull secrets or registry auth", "execution resource retrieval failed")
_NO_TOKEN = (*_NO_SECRET, "unable to retrieve ecr registry auth")
_NO_FILE = ("failed to download env files", "file download command: non empty error stream")
_FROM_SSM = "unable to retrieve secrets from ssm"
_FROM_ASM = "unable to retrieve secret from asm"
_RETRIED = "service call has been retried 1 time(s)"
_NO_LOGGER = "failed to validate logger args"
_NO_STREAM = "create stream has been retried 1 times: failed to create Cloudwatch log stream"


class InitializationError(Exception):
    """A task's resources cannot be had; the text is what ECS gives as the reason."""

    def __init__(self, *parts: str) -> None:
        """*parts* of the reason, from the general to the particular."""
        super().__init__(": ".join(["ResourceInitializationError", *parts]))


def initialized(definition: Mapping[str, Any], agent: Agent, task_id: str) -> dict[str, Any]:
    """Return a task definition whose containers have the values of their secrets and environment files as variables.

    Log groups are made where a container says so. Raises `InitializationError`, also for what the task's execution
    role does not allow.
    """
    containers = definition["containerDefinitions"]
    if any(Image.of(str(each["image"])).ecr for each in containers):
        _take_token(agent)
    found = [{**each, "environment": list(_environment(each, agent))} for each in containers]
    return {**definition, "containerDefinitions": [{**each, **_logging(each, agent, task_id)} for each in found]}


def _take_token(agent: Agent) -> None:
    try:
        agent.check("ecr", "GetAuthorizationToken")
    except ClientError as error:
        raise InitializationError(*_NO_TOKEN, _RETRIED, _words(error)) from error


def _environment(container: Mapping[str, Any], agent: Agent) -> Iterator[dict[str, str]]:
    """Yield the variables of a container; of two of one name the later one counts, which is not that of a file."""
    for file in container.get("environmentFiles", []):
        yield from _variables_of_file(str(file["value"]), agent)
    yield from container.get("environment", [])
    for secret in container.get("secrets", []):
        yield {"name": secret["name"], "value": _secret(str(secret["valueFrom"]), agent)}


def _variables_of_file(arn: str, agent: Agent) -> Iterator[dict[str, str]]:
    """Yield the lines NAME=VALUE of an object of S3; comments and empty lines are none."""
    bucket, _, key = arn.rpartition(":::")[2].partition("/")
    try:
        body = agent.call("s3", "GetObject", Bucket=bucket, Key=key)["Body"].read()
    except (ClientError, BotoCoreError) as error:
        raise InitializationError(*_NO_FILE, _words(error), arn) from error
    for line in body.decode("utf-8", "replace").splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            yield {"name": name, "value": value}


def _secret(value_from: str, agent: Agent) -> str:
    if ":secretsmanager:" in value_from:
        return _secret_of_secrets_manager(value_from, agent)
    # A parameter is named, or has an ARN that ends in its name.
    name = value_from.partition(":parameter")[2] or value_from
    try:
        answer = agent.call("ssm", "GetParameters", Names=[name], WithDecryption=True)
    except (ClientError, BotoCoreError) as error:
        raise InitializationError(*_NO_SECRET, _FROM_SSM, _RETRIED, _words(error)) from error
    if not answer["Parameters"]:
        raise InitializationError(*_NO_SECRET, _FROM_SSM, _RETRIED, "invalid ssm parameters", name)
    return str(answer["Parameters"][0]["Value"])


def _secret_of_secrets_manager(value_from: str, agent: Agent) -> str:
    """Return a secret, or one key of it: ARN:json-key:version-stage:version-id, the last three often left out."""
    words = [*value_from.split(":"), "", "", ""]
    arn, (key, stage, version) = ":".join(words[:7]).rstrip(":"), words[7:10]
    chosen = {"VersionStage": stage, "VersionId": version}
    wanted = {"SecretId": arn, **{name: value for name, value in chosen.items() if value}}
    try:
        text = str(agent.call("secretsmanager", "GetSecretValue", **wanted)["SecretString"])
    except (ClientError, BotoCoreError, KeyError) as error:
        problem = "it has no SecretString" if isinstance(error, KeyError) else _words(error)
        parts = (_FROM_ASM, _RETRIED, f"failed to fetch secret {arn} from secrets manager", problem)
        raise InitializationError(*_NO_SECRET, *parts) from error
    return _key_of(text, key) if key else text


def _key_of(text: str, key: str) -> str:
    try:
        value = json.loads(text)[key]
    except (ValueError, KeyError, TypeError) as error:
        words = f"retrieved secret from Secrets Manager did not contain json key {key}"
        raise InitializationError(*_NO_SECRET, _FROM_ASM, words) from error
    return value if isinstance(value, str) else json.dumps(value)


def _logging(container: Mapping[str, Any], agent: Agent, task_id: str) -> dict[str, Any]:
    """Make sure of the awslogs group of a container in this region, and that there may be a stream in it.

    Returns what is different about the container then: where the role may not put events, what it writes is lost.
    """
    configuration = container.get("logConfiguration") or {}
    options = configuration.get("options") or {}
    group = options.get("awslogs-group")
    elsewhere = options.get("awslogs-region") not in (None, agent.region)
    if configuration.get("logDriver") != "awslogs" or group is None or elsewhere:
        return {}
    name = f"{options.get('awslogs-stream-prefix', 'ecs')}/{container['name']}/{task_id}"
    stream = {"logGroupName": group, "logStreamName": name}
    try:
        if not agent.has_log_group(group):
            _make_log_group(group, options, agent)
        agent.check("logs", "CreateLogStream", **stream)
    except ClientError as error:
        raise InitializationError(_NO_LOGGER, _NO_STREAM, _words(error), "exit status 1") from error
    return {} if agent.may("logs", "PutLogEvents", **stream) else {"logConfiguration": {}}


def _make_log_group(group: str, options: Mapping[str, Any], agent: Agent) -> None:
    if str(options.get("awslogs-create-group", "")).lower() != "true":
        words = f"The specified log group does not exist ({group})."
        raise InitializationError(_NO_LOGGER, _NO_STREAM, "ResourceNotFoundException", words, "exit status 1")
    agent.call("logs", "CreateLogGroup", logGroupName=group)


def _words(error: ClientError | BotoCoreError) -> str:
    if not isinstance(error, ClientError):
        return str(error)
    problem = error.response.get("Error", {})
    return f"{problem.get('Code')}: {problem.get('Message')}"
