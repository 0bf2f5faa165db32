"""A row's timeline as a page: one HTML file that opens from the disk and loads nothing.

What a reader needs first stands in the page itself, as text; the chart is drawn by a script of the page's own, out of
data that stands in the page too. The policy of the page names both by their hashes, so nothing else could run in it.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from seatrials import gate
from seatrials.gate.markup import Html, element, joined, raw
from seatrials.gate.page_parts import badge, code, columns, note, section, table
from seatrials.seams.clock import iso_timestamp
from seatrials.timeline.build import lanes_in
from seatrials.timeline.kinds import LANES
from seatrials.timeline.model import Item, Level, Timeline

# The look is that of the gate's page.
_STYLES = (Path(str(gate.__file__)).with_name("page.css"), Path(__file__).with_name("page.css"))
_SCRIPT = Path(__file__).with_name("page.js")
_PAGE_BYTES_MAX = 1_800_000
_ANCHORS_MAX = 300
_DETAIL_CHARACTERS_MAX = 2_000
_SIGNS = {Level.PLAIN: "·", Level.GOOD: "✓", Level.DOUBT: "?", Level.BAD: "✗", Level.FAULT: "⚡"}
_KEYS = (
    ("← →", "the event before, and after"),
    ("↑ ↓", "the lane above, and below"),
    ("+ -", "nearer, and farther"),
    ("0", "everything"),
    ("f", "the failure"),
    ("/", "search"),
)


def render(timeline: Timeline) -> str:
    """Return *timeline* as one HTML file that needs no other; it has less than two megabytes."""
    data = _data(timeline)
    return _page(f"{timeline.outcome}: {timeline.row}", "timeline", (_header(timeline), _main(timeline)), _script(data))


def render_index(name: str, rows: Sequence[tuple[str, str, str, str, str]], problems: Iterable[str]) -> str:
    """Return the page that leads to the timelines of a run.

    Each of *rows* has its id, the page's address or nothing, the outcome, the sentence, and why it did not pass.
    """
    cells = [
        (element("a", row, href=address) if address else row, badge(outcome), sentence, reason)
        for row, address, outcome, sentence, reason in rows
    ]
    head = columns("row", "outcome", "what must hold", "why", header="row")
    shown = (
        table("rows", "The rows of the run, those that did not pass first", head, cells) if cells else note("No rows.")
    )
    told = [note(problem) for problem in problems]
    header = element("header", element("div", element("h1", name), class_="row-name"), class_="of-row")
    return _page(
        f"Timelines: {name}", "all-rows", (header, element("main", section("all-rows", "Rows", *told, shown))), Html("")
    )


def _page(title: str, target: str, parts: Sequence[Html], script: Html) -> str:
    style = "\n".join(path.read_text(encoding="utf-8") for path in _STYLES)
    program = f"script-src {_hashed(_SCRIPT.read_text(encoding='utf-8'))}; " if script else ""
    policy = (
        f"default-src 'none'; {program}style-src {_hashed(style)}; img-src data:; base-uri 'none'; form-action 'none'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("link", rel="icon", href="data:,"),
        element("style", raw(style)),
    )
    body = element("body", element("a", "Skip to what is shown", href=f"#{target}", class_="skip"), *parts, script)
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _hashed(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _script(data: str) -> Html:
    program = raw(_SCRIPT.read_text(encoding="utf-8"))
    return joined(
        [element("script", raw(data), type="application/json", id="data"), element("script", program)], between="\n"
    )


def _header(timeline: Timeline) -> Html:
    title = element("h1", timeline.row, " ", badge(timeline.outcome))
    sentence = element("p", timeline.sentence or timeline.test.rpartition("::")[2], class_="sentence")
    times = timeline.times
    walls = [wall for _, wall in times.anchors]
    facts: dict[str, str] = {
        "Test": code(timeline.test.rpartition("::")[2] or timeline.test),
        **timeline.facts,
        "Platform time": f"{_clock(times.began_seconds)}, for {times.ended:,.1f} s" if times.began_seconds else "",
        "Wall time": f"{_clock(walls[0])}, for {walls[-1] - walls[0]:,.1f} s" if walls else "not in the evidence",
    }
    listed = [element("div", element("dt", name), element("dd", said)) for name, said in facts.items() if said]
    return element(
        "header", element("div", title, sentence, class_="row-name"), element("dl", *listed), class_="of-row"
    )


def _clock(epoch_seconds: float) -> str:
    return f"{iso_timestamp(epoch_seconds)[:19].replace('T', ' ')} UTC"


def _main(timeline: Timeline) -> Html:
    return element("main", *_problems(timeline), *_failure(timeline), _chart(timeline), _events(), class_="of-row")


def _problems(timeline: Timeline) -> Iterable[Html]:
    told = list(timeline.problems)
    if timeline.left_out:
        told.append(f"{timeline.left_out:,} routine events are left out, for there are too many to show")
    if told:
        yield section("problems", "What is missing here", *(note(each) for each in told))


def _failure(timeline: Timeline) -> Iterable[Html]:
    if not timeline.message:
        return
    message = element(
        "pre", timeline.message, class_="message", tabindex="0", role="group", aria_label="The failure's message"
    )
    why = section("why", "Why it did not pass", message)
    story = [_told(timeline.items[index], index) for index in timeline.story]
    led = section(
        "story",
        "What led to it",
        note("Read from names and order: the first places to look."),
        element("ol", *story, class_="story") if story else note("Nothing is recorded that led to it."),
    )
    yield element("div", why, led, class_="first")


def _told(item: Item, index: int) -> Html:
    sign = element("span", _SIGNS[item.level], class_="sign", aria_hidden="true")
    time = element("span", f"{item.at:,.3f} s", class_="time")
    words = element("span", element("small", LANES[item.lane]), " ", item.title)
    return element(
        "li", element("button", time, sign, words, type="button", class_=f"event is-{item.level}", data_item=str(index))
    )


def _chart(timeline: Timeline) -> Html:
    search = element("input", type="search", id="search", autocomplete="off", placeholder="a task, a path, a state…")
    lanes = [
        element("label", element("input", type="checkbox", value=lane, checked="", class_="lane"), f" {LANES[lane]}")
        for lane in lanes_in(timeline)
    ]
    kinds = sorted({item.happening.kind for item in timeline.items})
    options = [element("option", "all kinds", value=""), *(element("option", kind, value=kind) for kind in kinds)]
    buttons = [("in", "Nearer"), ("out", "Farther"), ("all", "Everything")]
    if timeline.failure is not None:
        buttons.append(("failure", "The failure"))
    toolbar = element(
        "div",
        element("label", "Search ", search),
        element("label", "Kind ", element("select", *options, id="kind")),
        element("details", element("summary", "Lanes"), element("div", *lanes, class_="lanes"), class_="choose"),
        *(element("button", label, type="button", data_do=name) for name, label in buttons),
        class_="toolbar",
    )
    keys = [element("li", element("kbd", key), f" {meaning}") for key, meaning in _KEYS]
    chart = element(
        "div",
        element("div", "The chart needs JavaScript; the text above does not.", class_="empty-chart"),
        id="chart",
        role="group",
        aria_label="Chart of what happened, in lanes",
        tabindex="0",
    )
    left = element(
        "div", chart, element("p", id="cursor", class_="note"), element("ul", *keys, class_="keys"), class_="left"
    )
    details = element("aside", id="details", aria_label="The chosen event", aria_live="polite")
    hint = note("Seconds of the platform's time since the scenario began; before 0 the platform was made ready.")
    return section("timeline", "Timeline", hint, toolbar, element("div", left, details, class_="panes"))


def _events() -> Html:
    return section(
        "events", "Events in view", element("p", id="count", class_="note"), element("ol", id="list", class_="story")
    )


def _data(timeline: Timeline) -> str:
    """Return what the script draws, as JSON in which no text can end the element that it stands in."""
    characters = _DETAIL_CHARACTERS_MAX
    while True:
        text = _escaped(_as_json(timeline, characters))
        if len(text) <= _PAGE_BYTES_MAX or characters < 1:
            return text
        # Long details go first; titles tell what happened.
        characters //= 4


def _escaped(value: object) -> str:
    # Of ASCII alone, so that what ends a line in JavaScript only is no character of its own either.
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _as_json(timeline: Timeline, characters: int) -> dict[str, Any]:
    lanes = lanes_in(timeline)
    anchors = timeline.times.anchors
    step = max(1, len(anchors) // _ANCHORS_MAX)
    return {
        "began": timeline.times.began_seconds,
        "ended": timeline.times.ended,
        "anchors": [*anchors[:-1:step], *anchors[-1:]],
        "lanes": [[lane, LANES[lane]] for lane in lanes],
        "failure": timeline.failure,
        "story": list(timeline.story),
        "items": [_item_as_json(item, lanes.index(item.lane), characters) for item in timeline.items],
    }


def _item_as_json(item: Item, lane: int, characters: int) -> dict[str, Any]:
    happening = item.happening
    return {
        "at": item.at,
        "until": item.until,
        "lane": lane,
        "track": item.track,
        "kind": happening.kind,
        "subject": happening.subject,
        "title": item.title,
        "level": str(item.level),
        "wall": happening.wall,
        "details": {name: _cut(value, characters) for name, value in happening.details.items()} if characters else {},
        "causes": list(item.causes),
    }


def _cut(value: object, characters: int) -> object:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > characters:
        return f"{text[:characters]}… ({len(text):,} characters)"
    return value if isinstance(value, str | int | bool | None) else text
