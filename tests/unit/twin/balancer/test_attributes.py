"""What attributes of load balancer, listener and target group, and the extras of a rule, do to a request.

Source unless a test says otherwise: AWS ALB User Guide, "Edit attributes for your Application Load Balancer".
"""

import re
import ssl
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme

from seatrials.seams.http1 import Request, Response
from seatrials.seams.network import TlsConnection
from seatrials.twin.balancer.forwarding import Peer
from seatrials.twin.balancer.table import LoadBalancerSettings
from tests.support.aws import Document
from tests.support.balancer import (
    BALANCER_IP,
    CLIENT_IP,
    GROUP,
    BalancerWorld,
    FakeListeners,
    body_of,
    forward,
    open_world,
    receive_all,
    rule,
    status_of,
)

IP = "10.0.1.7"
OTHER_IP = "10.0.1.8"
OIDC = {
    "Issuer": "https://idp.example.com",
    "AuthorizationEndpoint": "https://idp.example.com/authorize",
    "TokenEndpoint": "https://idp.example.com/token",
    "UserInfoEndpoint": "https://idp.example.com/user",
    "ClientId": "client-1",
}
COGNITO = {
    "UserPoolArn": "arn:aws:cognito-idp:us-west-2:123456789012:userpool/us-west-2_a",
    "UserPoolClientId": "client-2",
    "UserPoolDomain": "shop",
}


@pytest.fixture
def serving(world: BalancerWorld) -> BalancerWorld:
    """Return a world with one healthy target."""
    world.serve(IP)
    world.register(IP)
    return world


def headers_of(answer: str) -> list[str]:
    """Return the header lines of an answer."""
    return answer.partition("\r\n\r\n")[0].split("\r\n")[1:]


@pytest.mark.parametrize(("enabled", "kept"), [("true", ["1", None, None]), ("false", ["1", "2", "3"])])
def test_invalid_headers_are_dropped_when_that_is_wanted(serving: BalancerWorld, enabled: str, kept: list[str]) -> None:
    """A valid name has letters, digits and hyphens; others reach the target by default."""
    serving.elbv2.attributes["routing.http.drop_invalid_header_fields.enabled"] = enabled
    serving.get("/", "X-Valid-1: 1", "X_Under: 2", "X.Dot: 3")

    assert kept == [serving.seen[0].header(name) for name in ("x-valid-1", "x_under", "x.dot")]


def test_the_clients_port_is_forwarded_when_that_is_wanted(serving: BalancerWorld) -> None:
    """Behind its address, and another one for another connection."""
    serving.elbv2.attributes["routing.http.xff_client_port.enabled"] = "true"
    serving.get("/", "X-Forwarded-For: 203.0.113.9")
    serving.get("/")
    first, second = [request.header("x-forwarded-for") or "" for request in serving.seen]

    assert re.fullmatch(rf"203\.0\.113\.9, {CLIENT_IP}:\d+", first)
    assert re.fullmatch(rf"{CLIENT_IP}:\d+", second)
    assert first.rpartition(":")[2] != second.rpartition(":")[2]


def test_the_port_of_a_client_with_a_long_address_stands_behind_brackets() -> None:
    """Source: AWS ALB User Guide, X-Forwarded headers, client port preservation."""
    peer = Peer("2001:db8::1", 40_000)

    assert peer.forwarded_for(LoadBalancerSettings(forwards_client_port=True)) == "[2001:db8::1]:40000"
    assert peer.forwarded_for(LoadBalancerSettings()) == "2001:db8::1"


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("append", rf"203\.0\.113\.9, {CLIENT_IP}:\d+"), ("preserve", r"203\.0\.113\.9"), ("remove", "none")],
)
def test_the_clients_port_goes_only_where_its_address_goes(serving: BalancerWorld, mode: str, expected: str) -> None:
    """In the modes preserve and remove nothing is appended."""
    serving.elbv2.attributes |= {
        "routing.http.xff_client_port.enabled": "true",
        "routing.http.xff_header_processing.mode": mode,
    }
    serving.get("/", "X-Forwarded-For: 203.0.113.9")

    assert re.fullmatch(expected, serving.seen[0].header("x-forwarded-for") or "none")


@pytest.mark.parametrize(
    ("enabled", "host"), [("true", "shop.example.com:99"), ("false", "shop.example.com:8081")], ids=["kept", "changed"]
)
def test_the_host_header_is_preserved_when_that_is_wanted(elbv2: FakeListeners, enabled: str, host: str) -> None:
    """Otherwise the port of an unusual listener is in it."""
    elbv2.listeners.append({"ListenerArn": "l-8081", "Port": 8081, "Protocol": "HTTP"})
    elbv2.attributes["routing.http.preserve_host_header.enabled"] = enabled
    with open_world(elbv2) as world:
        world.serve(IP)
        world.register(IP)
        connection = world.connect(8081)
        connection.send(b"GET / HTTP/1.1\r\nHost: shop.example.com:99\r\n\r\n")
        receive_all(connection)

    assert host == world.seen[0].header("host")


@pytest.fixture
def secure(elbv2: FakeListeners) -> Iterator[tuple[BalancerWorld, ssl.SSLContext]]:
    """Give a world with an HTTPS listener and a healthy target, and a client's trust in it."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("shop.example.com").configure_cert(context)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    certificates = [{"CertificateArn": "c"}]
    elbv2.listeners = [{"ListenerArn": "l", "Port": 443, "Protocol": "HTTPS", "Certificates": certificates}]
    with open_world(elbv2, tls=lambda _: context) as world:
        world.serve(IP)
        world.register(IP)
        yield world, trust


def ask_securely(secure: tuple[BalancerWorld, ssl.SSLContext], *lines: str) -> Request:
    """Return what the target got of a GET over TLS 1.2."""
    world, trust = secure
    trust.maximum_version = ssl.TLSVersion.TLSv1_2
    plain = world.client.connect(BALANCER_IP, 443)
    connection = TlsConnection(plain, trust, server_side=False, server_hostname="shop.example.com")
    connection.send("\r\n".join(["GET / HTTP/1.1", "Host: shop.example.com", *lines, "", ""]).encode())
    receive_all(connection)
    return world.seen[-1]


def test_the_target_is_told_of_the_clients_tls_when_that_is_wanted(
    secure: tuple[BalancerWorld, ssl.SSLContext],
) -> None:
    """As OpenSSL names it, and not as a client may claim."""
    secure[0].elbv2.attributes["routing.http.x_amzn_tls_version_and_cipher_suite.enabled"] = "true"
    request = ask_securely(secure, "X-Amzn-Tls-Version: TLSv9")

    assert [value for name, value in request.headers if name == "x-amzn-tls-version"] == ["TLSv1.2"]
    assert re.fullmatch(r"ECDHE-[A-Z0-9-]+", request.header("x-amzn-tls-cipher-suite") or "")


def test_the_target_is_not_told_of_tls_by_default(secure: tuple[BalancerWorld, ssl.SSLContext]) -> None:
    """The attribute is false by default."""
    assert ask_securely(secure).header("x-amzn-tls-version") is None


def test_a_listener_may_name_the_headers_of_tls_otherwise(secure: tuple[BalancerWorld, ssl.SSLContext]) -> None:
    """Source: AWS ALB User Guide, "HTTP header modification", rename."""
    world = secure[0]
    world.elbv2.attributes["routing.http.x_amzn_tls_version_and_cipher_suite.enabled"] = "true"
    world.elbv2.listener_attributes["routing.http.request.x_amzn_tls_version.header_name"] = "X-My-Tls"
    request = ask_securely(secure)

    assert (request.header("x-my-tls"), request.header("x-amzn-tls-version")) == ("TLSv1.2", None)
    assert request.header("x-amzn-tls-cipher-suite") is not None


def insecure_site(_: Request) -> Response:
    """Answer with headers of the target's own."""
    return Response(200, b"ok", [("server", "mine"), ("x-frame-options", "ALLOWALL"), ("x-mine", "1")])


def test_a_listener_puts_security_headers_into_every_answer(elbv2: FakeListeners) -> None:
    """In the place of the target's, and into the balancer's own answers and refusals too.

    Source: AWS ALB User Guide, "HTTP header modification", insert.
    """
    elbv2.listener_attributes = {
        "routing.http.response.strict_transport_security.header_value": "max-age=60",
        "routing.http.response.x_frame_options.header_value": "DENY",
        "routing.http.response.content_security_policy.header_value": "",
    }
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "MessageBody": "hi"}}
    elbv2.rules.insert(0, rule(1, "/fixed", fixed))
    with open_world(elbv2) as world:
        world.serve(IP, insecure_site)
        world.register(IP)
        answers = [
            headers_of(answer) for answer in (world.get("/"), world.get("/fixed"), world.ask("NONSENSE\r\n\r\n"))
        ]

    for headers in answers:
        lines = [line for line in headers if re.match("strict-|x-frame|content-sec", line, re.IGNORECASE)]
        assert lines == ["Strict-Transport-Security: max-age=60", "X-Frame-Options: DENY"]
    assert "x-mine: 1" in answers[0]


@pytest.mark.parametrize(("enabled", "shown"), [("false", 0), ("true", 1)])
def test_a_listener_may_hide_the_server(elbv2: FakeListeners, enabled: str, shown: int) -> None:
    """The target's Server header and the balancer's own. Source: ELBv2 API, ListenerAttribute."""
    elbv2.listener_attributes["routing.http.response.server.enabled"] = enabled
    with open_world(elbv2) as world:
        none = headers_of(world.get("/"))
        world.serve(IP, insecure_site)
        world.register(IP)
        some = headers_of(world.get("/"))

    assert [sum(line.lower().startswith("server:") for line in lines) for lines in (none, some)] == [shown, shown]


def with_app_cookie(elbv2: FakeListeners) -> None:
    """Let clients stick by the application's cookie `mine`."""
    elbv2.group_attributes |= {
        "stickiness.enabled": "true",
        "stickiness.type": "app_cookie",
        "stickiness.app_cookie.cookie_name": "mine",
        "stickiness.app_cookie.duration_seconds": "100",
    }


def site_with_cookie(ip: str, world: BalancerWorld) -> None:
    """Start a target that sets its cookie on `/login` alone."""

    def answer(request: Request) -> Response:
        cookie = [("set-cookie", f"mine={ip}; Path=/")] if request.path == "/login" else []
        return Response(200, ip.encode(), cookie)

    world.serve(ip, answer)


def balancer_cookie(answer: str) -> str | None:
    """Return the balancer's cookie for the application as an answer sets it."""
    lines = [line.removeprefix("Set-Cookie: ") for line in headers_of(answer)]
    return next((line.partition(";")[0] for line in lines if line.startswith("AWSALBAPP-0=")), None)


def test_a_client_sticks_by_a_cookie_of_the_application(elbv2: FakeListeners) -> None:
    """From the answer on that sets it, while it sends both cookies, for the duration from its last request.

    Source: AWS ALB User Guide, "Sticky sessions", application-based stickiness.
    """
    with_app_cookie(elbv2)
    with open_world(elbv2) as world:
        site_with_cookie(IP, world)
        site_with_cookie(OTHER_IP, world)
        world.register(IP, OTHER_IP)
        before = world.get("/")
        login = world.get("/login")
        cookie = balancer_cookie(login)
        stuck = [world.get("/", f"Cookie: mine=x; {cookie}") for _ in range(6)]
        loose = {body_of(world.get("/", f"Cookie: {cookie}")) for _ in range(6)}
        world.clock.sleep(60)
        renewed = balancer_cookie(world.get("/", f"Cookie: mine=x; {cookie}"))
        world.clock.sleep(60)
        later = {body_of(world.get("/", f"Cookie: mine=x; {renewed}")) for _ in range(6)}
        late = {body_of(world.get("/", f"Cookie: mine=x; {cookie}")) for _ in range(6)}

    assert (balancer_cookie(before), "AWSALB=" in login) == (None, False)
    assert {body_of(answer) for answer in stuck} == {body_of(login)} == later
    assert all(balancer_cookie(answer) for answer in stuck)
    assert loose == late == {IP, OTHER_IP}


def test_the_balancers_cookie_beside_an_applications_lasts_seven_days(elbv2: FakeListeners) -> None:
    """Whatever the duration, and it stands alone. Source: AWS ALB User Guide, "Sticky sessions"."""
    with_app_cookie(elbv2)
    with open_world(elbv2) as world:
        site_with_cookie(IP, world)
        world.register(IP)
        lines = [line for line in headers_of(world.get("/login")) if line.lower().startswith("set-cookie: aws")]

    assert len(lines) == 1
    assert "; Expires=Tue, 21 Nov 2023 " in lines[0]


def test_a_target_that_is_gone_leaves_its_client_to_another(elbv2: FakeListeners) -> None:
    """And the client sticks to that one then. Source: AWS ALB User Guide, "Sticky sessions"."""
    with_app_cookie(elbv2)
    with open_world(elbv2) as world:
        site_with_cookie(IP, world)
        site_with_cookie(OTHER_IP, world)
        world.register(IP, OTHER_IP)
        login = world.get("/login")
        world.targets.deregister(GROUP, [(body_of(login), 8080)])
        moved = world.get("/login", f"Cookie: mine=x; {balancer_cookie(login)}")

    assert {body_of(login), body_of(moved)} == {IP, OTHER_IP}
    assert balancer_cookie(moved)


def rewriting(kind: str, regex: str, replacement: str) -> Document:
    """Return a transform of a rule."""
    config = {"host-header-rewrite": "HostHeaderRewriteConfig", "url-rewrite": "UrlRewriteConfig"}[kind]
    return {"Type": kind, config: {"Rewrites": [{"Regex": regex, "Replace": replacement}]}}


@pytest.mark.parametrize(
    ("transform", "target", "host"),
    [
        (rewriting("url-rewrite", "^/dp/([A-Z0-9]+)$", "/product?id=$1"), "/product?id=B1", "shop.example.com"),
        (rewriting("url-rewrite", "^/other/(.*)$", "/$1"), "/dp/B1", "shop.example.com"),
        (rewriting("host-header-rewrite", r"^shop\.(.+)$", "internal.$1"), "/dp/B1", "internal.example.com"),
    ],
    ids=["url", "no-match", "host"],
)
def test_a_rule_rewrites_a_request(elbv2: FakeListeners, transform: Document, target: str, host: str) -> None:
    """On its way to the target; without a match it is left as it is. Source: AWS ALB User Guide, rule transforms."""
    elbv2.rules.insert(0, {**rule(1, "/dp/*", forward(GROUP)), "Transforms": [transform]})
    with open_world(elbv2) as world:
        world.serve(IP)
        world.register(IP)
        world.get("/dp/B1")

    assert (world.seen[0].target, world.seen[0].header("host")) == (target, host)


@pytest.mark.parametrize(
    "transform",
    [
        rewriting("url-rewrite", "^/dp/(.+)$", "/$2"),
        rewriting("url-rewrite", "^/dp/(.+)$", "$1"),
        rewriting("url-rewrite", "^/dp/", "/a b/"),
        rewriting("host-header-rewrite", "shop", "a/b"),
        rewriting("host-header-rewrite", "^.*$", ""),
    ],
    ids=["no-such-group", "no-path", "blank", "no-host", "empty-host"],
)
def test_a_rewrite_that_leads_nowhere_is_an_error(elbv2: FakeListeners, transform: Document) -> None:
    """500, and nothing reaches a target. Source: AWS ALB User Guide, rule transforms."""
    elbv2.rules.insert(0, {**rule(1, "/dp/*", forward(GROUP)), "Transforms": [transform]})
    with open_world(elbv2) as world:
        world.serve(IP)
        world.register(IP)
        status = status_of(world.get("/dp/B1"))

    assert (status, world.seen) == (500, [])


def regular(field: str, expression: str, header: str = "") -> Document:
    """Return a condition of a regular expression."""
    config: Document = {"RegexValues": [expression]}
    if field == "http-header":
        return {"Field": field, "HttpHeaderConfig": {"HttpHeaderName": header, **config}}
    return {"Field": field, **config}


@pytest.mark.parametrize(
    ("condition", "meets"),
    [
        (regular("path-pattern", r"^/a/[0-9]+$"), True),
        (regular("path-pattern", r"^/A/"), False),
        (regular("path-pattern", r"/[0-9]{3,}"), False),
        (regular("host-header", r"^SHOP\.[a-z]+\.com$"), True),
        (regular("host-header", r"^example"), False),
        (regular("http-header", r"^(one|two)$", "x-kind"), True),
        (regular("http-header", r"^three$", "X-Kind"), False),
        (regular("http-header", r".*", "X-None"), False),
    ],
    ids=["path", "path-case", "path-other", "host", "host-other", "header", "header-other", "no-header"],
)
def test_conditions_may_be_regular_expressions(world: BalancerWorld, condition: Document, meets: bool) -> None:  # noqa: FBT001  # the table's last column
    """Of path, host and headers. Source: ELBv2 API, RuleCondition, RegexValues; what is said of case, for values."""
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "204"}}
    world.elbv2.rules.insert(0, {**rule(1, None, fixed), "Conditions": [condition]})

    assert (status_of(world.get("/a/12", "X-Kind: Two")) == 204) == meets


def authenticating(kind: str, config: Document) -> Document:
    """Return a rule for `/private` that authenticates before it forwards."""
    name = {"authenticate-oidc": "AuthenticateOidcConfig", "authenticate-cognito": "AuthenticateCognitoConfig"}[kind]
    before = {"Type": kind, "Order": 1, name: config}
    return {**rule(1, "/private", {}), "Actions": [{**forward(GROUP), "Order": 2}, before]}


def add_rule(world: BalancerWorld, document: Document) -> None:
    """Put a rule before the others of a world in use."""
    world.elbv2.rules.insert(0, document)
    world.balancer.invalidate()


@pytest.mark.parametrize(
    ("kind", "config", "endpoint", "client_id"),
    [
        ("authenticate-oidc", OIDC, "https://idp.example.com/authorize", "client-1"),
        ("authenticate-cognito", COGNITO, "https://shop.auth.us-west-2.amazoncognito.com/oauth2/authorize", "client-2"),
        (
            "authenticate-cognito",
            {**COGNITO, "UserPoolDomain": "login.example.com"},
            "https://login.example.com/oauth2/authorize",
            "client-2",
        ),
    ],
    ids=["oidc", "cognito", "cognito-own-domain"],
)
def test_a_stranger_is_sent_to_log_in(
    serving: BalancerWorld, kind: str, config: Document, endpoint: str, client_id: str
) -> None:
    """By default, with what the provider must know. Source: AWS ALB User Guide, "Authenticate users"."""
    add_rule(serving, authenticating(kind, config))
    answer = serving.get("/private")
    location = next(line for line in headers_of(answer) if line.startswith("Location: "))
    url = urlsplit(location.removeprefix("Location: "))
    query = {name: values[0] for name, values in parse_qs(url.query).items()}

    assert (status_of(answer), serving.seen) == (302, [])
    assert f"{url.scheme}://{url.netloc}{url.path}" == endpoint
    assert re.fullmatch(r"[0-9a-f]{32}", query.pop("state"))
    assert query == {
        "client_id": client_id,
        "redirect_uri": "https://shop.example.com/oauth2/idpresponse",
        "response_type": "code",
        "scope": "openid",
    }


@pytest.mark.parametrize(("behaviour", "status"), [("deny", 401), ("allow", 200)])
def test_a_stranger_may_be_refused_or_let_pass(serving: BalancerWorld, behaviour: str, status: int) -> None:
    """Source: AWS ALB User Guide, "Authenticate users", OnUnauthenticatedRequest."""
    config = {**OIDC, "OnUnauthenticatedRequest": behaviour}
    add_rule(serving, authenticating("authenticate-oidc", config))

    assert status == status_of(serving.get("/private"))
    assert len(serving.seen) == (status == 200)


@pytest.mark.parametrize(
    ("query", "status"), [("error=access_denied&state=1", 561), ("code=1&state=1", 500), ("state=1", 401)]
)
def test_who_comes_back_from_a_provider_is_told_that_it_failed(serving: BalancerWorld, query: str, status: int) -> None:
    """The path is the balancer's wherever a rule authenticates. Source: AWS ALB User Guide, troubleshoot, 500, 561."""
    add_rule(serving, authenticating("authenticate-oidc", OIDC))

    assert status == status_of(serving.get(f"/oauth2/idpresponse?{query}"))
    assert serving.seen == []


def test_the_providers_path_is_any_other_where_nobody_authenticates(serving: BalancerWorld) -> None:
    """It goes to the target."""
    assert status_of(serving.get("/oauth2/idpresponse?code=1")) == 200
