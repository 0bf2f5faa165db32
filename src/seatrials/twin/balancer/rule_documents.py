"""Reads a rule as ELBv2 describes it into the value that the balancer works with."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from seatrials.errors import ConfigurationError
from seatrials.twin.balancer.authentication import Authenticate
from seatrials.twin.balancer.rules import (
    Action,
    Condition,
    FixedResponse,
    Forward,
    HostHeader,
    HttpHeader,
    PathPattern,
    QueryString,
    Redirect,
    RegularExpression,
    RequestMethod,
    Rule,
    SourceIp,
)
from seatrials.twin.balancer.transforms import Rewrite, Transforms

Document = Mapping[str, Any]

_USER_POOL = re.compile(r"arn:[^:]+:cognito-idp:([^:]+):")


def rule_of(document: Document) -> Rule:
    """Return a rule that ELBv2 describes."""
    priority = None if document["Priority"] == "default" else int(document["Priority"])
    conditions = tuple(_condition(each) for each in document.get("Conditions", []))
    # With several actions, the last by order is the one that routes; those before it authenticate.
    *before, last = sorted(document["Actions"], key=lambda action: action.get("Order", 1))
    authentication = _authentication(before[0]) if before else None
    return Rule(priority, conditions, _action(last), authentication, _transforms(document.get("Transforms") or []))


def _condition(document: Document) -> Condition:
    field = document["Field"]
    expressions = _expressions(document)
    if not expressions:
        return _condition_on_values(field, document)
    flags = re.NOFLAG if field == "path-pattern" else re.IGNORECASE
    header = (document.get("HttpHeaderConfig") or {}).get("HttpHeaderName", "")
    return RegularExpression(field, tuple(_compiled(each, flags) for each in expressions), header)


def _condition_on_values(field: str, document: Document) -> Condition:
    if field == "http-header":
        config = document["HttpHeaderConfig"]
        return HttpHeader(config["HttpHeaderName"], tuple(config["Values"]))
    if field == "query-string":
        pairs = document["QueryStringConfig"]["Values"]
        return QueryString(tuple((pair.get("Key") or "", pair["Value"]) for pair in pairs))
    values = _values(document)
    if field == "path-pattern":
        return PathPattern(values)
    if field == "host-header":
        return HostHeader(values)
    if field == "http-request-method":
        return RequestMethod(values)
    if field == "source-ip":
        return SourceIp(tuple(ip_network(value, strict=False) for value in values))
    msg = f"the balancer knows no rule condition {field!r}: use one of the six fields of the ELBv2 API"
    raise ConfigurationError(msg)


def _expressions(document: Document) -> list[str]:
    """Return a condition's regular expressions, which stand in `RegexValues` of its own or of its `...Config`."""
    configs = [value for name, value in document.items() if name.endswith("Config") and value]
    found = document.get("RegexValues") or next((config.get("RegexValues") for config in configs), None)
    return list(found or [])


def _compiled(expression: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    try:
        return re.compile(expression, flags)
    except re.error as error:
        msg = f"the balancer cannot use the regular expression {expression!r} of a rule: {error}"
        raise ConfigurationError(msg) from error


def _transforms(documents: list[Document]) -> Transforms:
    """Return the rewrites of a rule: at most one of each type, each of one expression."""
    rewrites: dict[str, Rewrite] = {}
    for document in documents:
        config = document.get("HostHeaderRewriteConfig") or document.get("UrlRewriteConfig") or {}
        for each in config.get("Rewrites", []):
            rewrites[document["Type"]] = Rewrite(_compiled(each["Regex"]), each["Replace"])
    return Transforms(rewrites.get("host-header-rewrite"), rewrites.get("url-rewrite"))


def _authentication(document: Document) -> Authenticate:
    kind = document["Type"]
    if kind == "authenticate-oidc":
        config = _config(document, "AuthenticateOidcConfig", "AuthorizationEndpoint", "ClientId")
        return _login(config, config["AuthorizationEndpoint"], config["ClientId"])
    if kind == "authenticate-cognito":
        config = _config(document, "AuthenticateCognitoConfig", "UserPoolArn", "UserPoolClientId", "UserPoolDomain")
        return _login(config, f"https://{_cognito_host(config)}/oauth2/authorize", config["UserPoolClientId"])
    if kind == "jwt-validation":
        return Authenticate(on_unauthenticated="deny")
    msg = f"the balancer cannot do {kind!r} before another action: it does authenticate-oidc and authenticate-cognito"
    raise ConfigurationError(msg)


def _cognito_host(config: Document) -> str:
    """Return where a user pool lets users log in: a host of one's own, or Cognito's in the pool's region."""
    domain = str(config["UserPoolDomain"])
    if "." in domain:
        return domain
    pool = _USER_POOL.match(config["UserPoolArn"])
    if pool is None:
        msg = f"the balancer finds no region in the UserPoolArn {config['UserPoolArn']!r}: name the ARN of a user pool"
        raise ConfigurationError(msg)
    return f"{domain}.auth.{pool[1]}.amazoncognito.com"


def _config(document: Document, name: str, *required: str) -> Document:
    """Return the configuration of an action; raises `ConfigurationError` that names all that it lacks."""
    config: Document = document.get(name) or {}
    missing = [each for each in required if not config.get(each)]
    if missing:
        msg = f"the balancer cannot do {document['Type']!r} without {', '.join(missing)}: set it in {name}"
        raise ConfigurationError(msg)
    return config


def _login(config: Document, endpoint: str, client_id: str) -> Authenticate:
    return Authenticate(
        on_unauthenticated=config.get("OnUnauthenticatedRequest") or "authenticate",
        endpoint=endpoint,
        client_id=client_id,
        scope=config.get("Scope") or "openid",
        extra=config.get("AuthenticationRequestExtraParams") or {},
    )


def _values(document: Document) -> tuple[str, ...]:
    """Return a condition's values, which stand in `Values`, or in the field's own `...Config`, or in both."""
    configs = [value for name, value in document.items() if name.endswith("Config") and value]
    values = document.get("Values") or next((config.get("Values") for config in configs), None)
    if not values:
        msg = f"the balancer cannot evaluate a {document['Field']} condition without Values: {dict(document)!r}"
        raise ConfigurationError(msg)
    return tuple(values)


def _action(document: Document) -> Action:
    kind = document["Type"]
    if kind == "forward":
        return _forward(document)
    if kind == "fixed-response":
        config = document["FixedResponseConfig"]
        content_type = config.get("ContentType") or "text/plain"
        return FixedResponse(int(config["StatusCode"]), content_type, config.get("MessageBody") or "")
    if kind == "redirect":
        config = document["RedirectConfig"]
        names = ("Protocol", "Host", "Port", "Path", "Query")
        parts = {name.lower(): config[name] for name in names if config.get(name) is not None}
        return Redirect(status=int(config["StatusCode"].removeprefix("HTTP_")), **parts)
    msg = f"the balancer cannot do a rule's action {kind!r}: it does forward, fixed-response and redirect"
    raise ConfigurationError(msg)


def _forward(document: Document) -> Forward:
    config = document.get("ForwardConfig") or {}
    groups = tuple((each["TargetGroupArn"], int(each.get("Weight", 1))) for each in config.get("TargetGroups", []))
    stickiness = config.get("TargetGroupStickinessConfig") or {}
    seconds = int(stickiness.get("DurationSeconds", 1)) if stickiness.get("Enabled") else None
    return Forward(groups or ((document["TargetGroupArn"], 1),), seconds)
