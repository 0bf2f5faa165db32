"""Conditions, their order, and where redirects lead."""

import re
from dataclasses import replace
from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrials.twin.balancer.rules import (
    FixedResponse,
    Forward,
    HostHeader,
    HttpHeader,
    Incoming,
    PathPattern,
    QueryString,
    Redirect,
    RequestMethod,
    Rule,
    RuleList,
    SourceIp,
    wildcard,
)

REQUEST = Incoming(
    method="GET",
    host="shop.example.com",
    path="/img/a.png",
    query="Session=A1&x",
    headers=[("X-Session-ID", "other"), ("x-session-id", "Abc-1")],
    source_ip="10.0.9.9",
    protocol="HTTP",
    port=80,
)
OK = FixedResponse(200, "text/plain", "")


def reference_match(pattern: str, text: str) -> bool:
    """Match as the guide words it, by trying every length for a star."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(reference_match(pattern[1:], text[count:]) for count in range(len(text) + 1))
    return bool(text) and pattern[0] in {"?", text[0]} and reference_match(pattern[1:], text[1:])


@settings(max_examples=150, deadline=None, database=None)
@given(st.text("ab/.*?", max_size=7), st.text("ab/.*?", max_size=7))
def test_wildcards_mean_what_the_guide_says(pattern: str, text: str) -> None:
    """`*` is 0 or more characters and `?` exactly 1. Source: AWS ALB User Guide, condition types."""
    found = wildcard(pattern, ignore_case=False).fullmatch(text) is not None

    assert reference_match(pattern, text) == found
    assert PathPattern((pattern,)).matches(replace(REQUEST, path=text)) == found


@settings(max_examples=60, deadline=None, database=None)
@given(st.text(r"a.+\\[]()^$*?{|}\n", max_size=10))
def test_text_without_wildcards_matches_only_itself(text: str) -> None:
    """Whatever else is in a pattern stands for itself."""
    literal = re.sub(r"[*?]", "", text)

    assert wildcard(literal, ignore_case=False).fullmatch(literal)
    assert not wildcard(literal, ignore_case=False).fullmatch(literal + "x")


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(st.integers(1, 50_000), unique=True, max_size=12), st.randoms(use_true_random=False))
def test_the_lowest_priority_number_wins_whatever_the_listing_order(priorities: list[int], random: object) -> None:
    """Rules are evaluated from the lowest number, the default last. Source: AWS ALB User Guide, listener rules."""
    rules = [Rule(each, (), OK) for each in [*priorities, None]]
    random.shuffle(rules)  # type: ignore[attr-defined]  # a Random

    ordered = [each.priority for each in RuleList.of(rules).rules]

    assert [*sorted(priorities), None] == ordered
    assert ordered[0] == RuleList.of(rules).route(REQUEST).priority


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (PathPattern(("/img/*",)), True),
        (PathPattern(("/IMG/*",)), False),
        (PathPattern(("/img",)), False),
        (PathPattern(("/no", "/img/?.png")), True),
        (PathPattern(("/img/a.png[?]*",)), False),
        (HostHeader(("*.EXAMPLE.com",)), True),
        (HostHeader(("example.com",)), False),
        (HttpHeader("x-session-id", ("abc-?",)), True),
        (HttpHeader("X-Session-Id", ("abc",)), False),
        (HttpHeader("x-none", ("*",)), False),
        (QueryString((("session", "a1"),)), True),
        (QueryString((("", "a*"),)), True),
        (QueryString((("session", r"\*"),)), False),
        (QueryString((("session", "b"), ("X", ""))), True),
        (RequestMethod(("POST", "GET")), True),
        (RequestMethod(("get",)), False),
        (SourceIp((ip_network("10.0.9.0/24"),)), True),
        (SourceIp((ip_network("10.0.8.0/24"),)), False),
    ],
    ids=str,
)
def test_conditions(condition: PathPattern, expected: bool) -> None:  # noqa: FBT001  # the table's last column
    """Paths and methods are case-sensitive, all else is not. Source: AWS ALB User Guide, condition types."""
    assert expected == condition.matches(REQUEST)


@pytest.mark.parametrize(
    ("path", "matches"), [("/img/../a", True), ("/x/../img/a", False), ("/%69mg/a", False), ("//img/a", False)]
)
def test_a_path_is_matched_as_it_was_sent(path: str, matches: bool) -> None:  # noqa: FBT001  # a row of the table
    """No part of it is resolved or decoded, for the guide does not say what its normalization does."""
    assert PathPattern(("/img/*",)).matches(replace(REQUEST, path=path)) is matches


def test_a_literal_star_in_a_query_is_escaped() -> None:
    r"""`\*` is a star. Source: ELBv2 API, QueryStringConditionConfig."""
    condition = QueryString((("q", r"a\*"),))

    assert condition.matches(replace(REQUEST, query="q=a*"))
    assert not condition.matches(replace(REQUEST, query="q=ab"))


def test_every_condition_of_a_rule_must_hold() -> None:
    """Conditions are combined with AND. Source: AWS ALB User Guide, condition types."""
    rule = Rule(1, (PathPattern(("/img/*",)), RequestMethod(("POST",))), OK)

    assert not rule.matches(REQUEST)
    assert rule.matches(replace(REQUEST, method="POST"))


@pytest.mark.parametrize(
    ("redirect", "location"),
    [
        (Redirect(status=301, protocol="HTTPS", port="443"), "https://shop.example.com:443/img/a.png?Session=A1&x"),
        (Redirect(status=302, path="/new/#{path}", query=""), "http://shop.example.com:80/new/img/a.png"),
        (Redirect(status=302, host="www.#{host}", query="q=1&#{query}"), None),
    ],
    ids=["to-https", "path", "host"],
)
def test_redirects_reuse_parts_of_the_request(redirect: Redirect, location: str | None) -> None:
    """Placeholders stand for the request's parts. Source: AWS ALB User Guide, redirect actions."""
    expected = location or "http://www.shop.example.com:80/img/a.png?q=1&Session=A1&x"

    assert expected == redirect.location(REQUEST)


def test_a_redirect_names_the_port_that_the_client_must_use() -> None:
    """Where clients reach a listener on another port than its own, a redirect to it names theirs."""
    redirect = Redirect(status=301, protocol="HTTPS", port="443")

    assert redirect.location(REQUEST, {443: 8443}).startswith(f"https://{REQUEST.host}:8443/")


def test_a_list_of_rules_knows_its_groups() -> None:
    """Only groups that a forward names are in use."""
    rules = RuleList.of([Rule(None, (), OK), Rule(1, (), Forward((("a", 1), ("b", 0))))])

    assert rules.group_arns == {"a", "b"}
