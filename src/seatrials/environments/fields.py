"""The types of the fields of an environment, each with what a person is told who gets one wrong."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    InstanceOf,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function

from seatrials.environments.kinds import KINDS, Kind


class Table(BaseModel):
    """A table of environments.toml: it cannot be changed, and has no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class _Matching:
    """A text that matches *pattern* whole; who gives another is told what is *allowed*."""

    pattern: str
    allowed: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401  # pydantic's
        return no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": f"^({self.pattern})$", "$comment": self.allowed}

    def _check(self, value: str) -> str:
        if re.fullmatch(self.pattern, value) is None:
            msg = f"must be {self.allowed}"
            raise ValueError(msg)
        return value


def _check_port(value: str) -> str:
    try:
        parts = urlsplit(value)
        is_right = parts.port != 0 and (not value.partition("://")[2].startswith("[") or parts.hostname is not None)
    except ValueError:
        is_right = False
    if not is_right:
        msg = "must have a host and a port that exist, such as https://edit.example.org:8443"
        raise ValueError(msg)
    return value


_has_port = AfterValidator(_check_port)
# Names as DNS has them, 63 characters between dots, or an address of IPv6.
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = rf"({_LABEL}(\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]+\])(:\d{{1,5}})?"


def _beside_the_file(path: Path, info: ValidationInfo) -> Path:
    """Take a relative path from the folder of the file that names it."""
    folder = info.context["folder"] if info.context else Path()
    return folder / path


def _kind_named(value: object) -> Kind:
    if isinstance(value, Kind):
        return value
    if not isinstance(value, str) or value not in KINDS:
        *others, last = map(repr, KINDS)
        msg = f"must be {', '.join(others)} or {last}"
        raise ValueError(msg)
    return KINDS[value]


Text = Annotated[str, Field(min_length=1)]
# Written in a file by its name.
NamedKind = Annotated[
    InstanceOf[Kind],
    BeforeValidator(_kind_named),
    PlainSerializer(lambda kind: kind.name),
    WithJsonSchema({"enum": list(KINDS)}),
]
# Policies name resources so, where IAM would read these as more than a name; AWS has them in no name either.
Name = Annotated[str, _Matching(r"[^\s*?$]+", "a name, without white space, `*`, `?` and `$`")]
# Source: CloudWatch User Guide, "Metrics concepts", namespaces.
Namespace = Annotated[
    str, _Matching(r"[A-Za-z0-9_][A-Za-z0-9_./#: -]*", "a namespace of CloudWatch such as 'Webordinary/EditSessions'")
]
# Source: CloudFormation User Guide, "Specify stack details".
StackName = Annotated[str, _Matching(r"[A-Za-z][A-Za-z0-9-]{0,127}", "the name of a CloudFormation stack")]
Region = Annotated[str, _Matching(r"[a-z]{2,4}(-[a-z]+)+-\d", "an AWS region such as 'us-west-2'")]
AccountId = Annotated[str, _Matching(r"\d{12}", "12 digits in quotes")]
BaseUrl = Annotated[str, _Matching(f"https://{_HOST}", "https:// and a host, without a path"), _has_port]
EndpointUrl = Annotated[
    str, _Matching(f"https?://{_HOST}", "http:// or https:// and a host, without a path"), _has_port
]
RoleArn = Annotated[str, _Matching(r"arn:aws[a-z-]*:iam::\d{12}:role/[^\s*?$]+", "the ARN of an IAM role")]
Port = Annotated[int, Field(strict=True, ge=1, le=65_535)]
_Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Seconds = _Positive
Minutes = _Positive
Dollars = _Positive
# Seconds of one clock for each second of another.
Pace = _Positive
FilePath = Annotated[Path, AfterValidator(_beside_the_file)]
