// Draws the timeline of one row. All texts come from evidence and are set as text, never as markup.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const items = data.items;
const chart = document.getElementById("chart");
const details = document.getElementById("details");
const list = document.getElementById("list");
const search = document.getElementById("search");
const kindChoice = document.getElementById("kind");
const laneChoices = [...document.querySelectorAll("input.lane")];
const SIGNS = { plain: "·", good: "✓", doubt: "?", bad: "✗", fault: "⚡" };
const WORDS = { plain: "", good: "good", doubt: "on its way, or worth a look", bad: "bad", fault: "on purpose" };
const GRAVITY = ["plain", "good", "doubt", "fault", "bad"];
const LISTED_MAX = 200;
// How wide a mark is at least, and one that stands for several: what would lie under another is drawn with it.
const MARK_PIXELS = 8;
const GROUP_PIXELS = 22;
const SPAN_MIN = 0.001;

const first = Math.min(0, ...items.map((item) => item.at));
const last = Math.max(data.ended, ...items.map((item) => item.until ?? item.at));
const margin = Math.max((last - first) * 0.02, 0.5);
const whole = [first - margin, last + margin];
const effects = items.map(() => []);
items.forEach((item, index) => item.causes.forEach((cause) => effects[cause].push(index)));

let view = whole;
let chosen = null;
let matching = [];

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function seconds(at) {
  return `${at.toLocaleString("en", { minimumFractionDigits: 3, maximumFractionDigits: 3 })} s`;
}

function instant(epochSeconds) {
  const moment = new Date(epochSeconds * 1000);
  return Number.isNaN(moment.getTime()) ? "unknown" : moment.toISOString().replace("T", " ");
}

// Between two moments of which both times are known, time passes evenly.
function wallAt(at) {
  const known = data.anchors;
  if (known.length === 0) return null;
  let after = known.findIndex(([moment]) => moment >= at);
  if (after === 0) return at === known[0][0] ? known[0][1] : null;
  if (after === -1) return at - known.at(-1)[0] < 1 ? known.at(-1)[1] : null;
  const [[from, fromWall], [to, toWall]] = [known[after - 1], known[after]];
  return to === from ? toWall : fromWall + ((toWall - fromWall) * (at - from)) / (to - from);
}

function place(at) {
  return ((at - view[0]) / (view[1] - view[0])) * 100;
}

function textOf(item) {
  item.text ??= `${item.title} ${item.subject} ${item.kind} ${JSON.stringify(item.details)}`.toLowerCase();
  return item.text;
}

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const lanes = new Set(laneChoices.filter((each) => each.checked).map((each) => each.value));
  const kind = kindChoice.value;
  matching = [];
  items.forEach((item, index) => {
    const fits = lanes.has(data.lanes[item.lane][0]) && (!kind || item.kind === kind);
    if (fits && words.every((word) => textOf(item).includes(word))) matching.push(index);
  });
}

function inView(item) {
  return item.at <= view[1] && (item.until ?? item.at) >= view[0];
}

// Drawing

function draw() {
  const scrolled = chart.scrollTop;
  chart.replaceChildren(ruler());
  const ofLane = data.lanes.map(() => new Map());
  for (const index of matching) {
    const { lane, track } = items[index];
    if (!ofLane[lane].has(track)) ofLane[lane].set(track, []);
    ofLane[lane].get(track).push(index);
  }
  ofLane.forEach((tracks, lane) => drawLane(lane, tracks));
  chart.append(...behind());
  chart.scrollTop = scrolled;
  drawList();
}

function drawLane(lane, tracks) {
  const shown = [...tracks].filter(([, members]) => members.some((index) => inView(items[index])));
  const title = data.lanes[lane][1];
  shown.sort(([one], [other]) => Number(one !== "") - Number(other !== ""));
  shown.forEach(([track, members], number) => {
    // The first line of a lane has the lane's name, the others those of what they are about.
    const isPlain = track === "" || /^(wait|step|request|socket_closed|fault) \d+$/.test(track);
    if (number === 0 && !isPlain) chart.append(line(title, [], true));
    const own = isPlain ? track.replace(/ \d+$/, "s") : track;
    chart.append(line(number === 0 && isPlain ? title : own, members, number === 0 && isPlain));
  });
}

function line(name, members, isLane) {
  const made = make("div", members.length || !isLane ? "line" : "line heading");
  const label = make("div", isLane ? "name lane-name" : "name", shortened(name));
  label.title = name;
  const space = make("div", "space");
  space.append(...marks(members));
  made.append(label, space);
  return made;
}

// Where all names begin with the same word, it tells nothing.
const beginnings = items.filter((item) => item.track.includes("-")).map((item) => item.track.split(" ").at(-1).split("-")[0]);
const common = ["", ...new Set(beginnings)].find((word) => word && word !== "session" && beginnings.filter((each) => each === word).length > 5);

function shortened(name) {
  return (common ? name.replaceAll(`${common}-`, "") : name)
    .replace(/\b([0-9a-f]{8})[0-9a-f]{24}\b/, "$1…")
    .replace(/^(session-[0-9a-f]{8})-[0-9a-f-]+$/, "$1…");
}

function marks(members) {
  const width = Math.max(chart.clientWidth - (chart.clientWidth > 700 ? 176 : 88), 100);
  const pixels = (at) => (place(at) / 100) * width;
  const groups = [];
  for (const index of members.filter((each) => inView(items[each]))) {
    const item = items[index];
    const [from, to] = [Math.max(pixels(item.at), 0), Math.min(pixels(item.until ?? item.at), width)];
    const before = groups.at(-1);
    const isSmall = to - from < MARK_PIXELS && before && before.isSmall;
    if (isSmall && from < before.from + (before.members.length > 1 ? GROUP_PIXELS : MARK_PIXELS)) {
      before.members.push(index);
    } else {
      groups.push({ from, to, members: [index], isSmall: to - from < MARK_PIXELS });
    }
  }
  return groups.map((group) => mark(group, width));
}

function mark({ from, to, members }, width) {
  const inside = members.map((index) => items[index]);
  const level = inside.map((each) => each.level).sort((a, b) => GRAVITY.indexOf(b) - GRAVITY.indexOf(a))[0];
  const made = make("button", `mark is-${level}`);
  const most = inside.find((each) => each.level === level);
  made.type = "button";
  made.tabIndex = -1;
  const least = members.length > 1 ? GROUP_PIXELS : MARK_PIXELS;
  made.style.left = `${(Math.min(from, width - least) / width) * 100}%`;
  made.style.width = `${(Math.max(to - from, least) / width) * 100}%`;
  const also = members.length > 1 ? ` and ${members.length - 1} more` : "";
  made.setAttribute("aria-label", `${seconds(most.at)}: ${most.title}${also}`);
  made.title = inside.slice(0, 12).map((each) => `${seconds(each.at)}  ${each.title}`).join("\n");
  if (members.length > 1) made.textContent = String(members.length);
  else if (to - from > 40) made.textContent = most.details.state ?? most.title;
  made.dataset.members = members.join(" ");
  if (members.includes(chosen)) {
    made.setAttribute("aria-current", "true");
    made.tabIndex = 0;
  } else if (chosen !== null && members.some((index) => items[chosen].causes.includes(index))) {
    made.classList.add("is-cause");
  }
  return made;
}

function ruler() {
  const made = make("div", "line ruler");
  const space = make("div", "space");
  const rough = (view[1] - view[0]) / (chart.clientWidth > 700 ? 9 : 3);
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * ([1, 2, 5, 10].find((factor) => factor * unit >= rough) ?? 10);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  for (let at = Math.ceil(view[0] / step) * step; at <= view[1]; at += step) {
    const tick = make("span", "tick", `${(Math.abs(at) < step / 2 ? 0 : at).toFixed(digits)} s`);
    tick.style.left = `${place(at)}%`;
    space.append(tick);
  }
  made.append(make("div", "name", "platform time"), space);
  return made;
}

// Faults lie behind all lanes, and so do the beginning of the scenario and its failure.
function behind() {
  const gutter = chart.clientWidth > 700 ? 11 : 5.5;
  const put = (made, from, to) => {
    const [start, end] = [Math.max(place(from), 0), Math.min(place(to ?? from), 100)];
    made.style.left = `calc(${gutter}rem + (100% - ${gutter}rem) * ${start / 100})`;
    if (to !== undefined) made.style.width = `calc((100% - ${gutter}rem) * ${(end - start) / 100})`;
    made.style.height = `${chart.scrollHeight}px`;
    made.style.pointerEvents = "none";
    return made;
  };
  const bands = items.filter((item) => item.level === "fault" && item.until !== null && inView(item));
  const lines = bands.map((item) => put(make("div", "band"), item.at, item.until));
  if (data.failure !== null && inView(items[data.failure])) lines.push(put(make("div", "failed-at"), items[data.failure].at));
  if (view[0] < 0 && view[1] > 0) lines.push(put(make("div", "began-at"), 0));
  return lines;
}

function drawList() {
  const seen = matching.filter((index) => inView(items[index]));
  const shown = seen.slice(0, LISTED_MAX);
  list.replaceChildren(...shown.map((index) => listed(index)));
  const more = seen.length > shown.length ? `; the first ${shown.length} are listed: zoom in, or search` : "";
  document.getElementById("count").textContent = `${seen.length} of ${items.length} events${more}`;
}

function listed(index) {
  const item = items[index];
  const button = make("button", `event is-${item.level}`);
  button.type = "button";
  button.dataset.item = index;
  const sign = make("span", "sign", SIGNS[item.level]);
  sign.setAttribute("aria-hidden", "true");
  const words = make("span");
  words.append(make("small", "", data.lanes[item.lane][1]), ` ${item.title}`);
  button.append(make("span", "time", seconds(item.at)), sign, words);
  if (index === chosen) button.setAttribute("aria-current", "true");
  const entry = make("li");
  entry.append(button);
  return entry;
}

// Details

function showDetails() {
  if (chosen === null) {
    details.replaceChildren(make("p", "note", "Choose an event: what it is, when it was and what led to it stands here."));
    return;
  }
  const item = items[chosen];
  details.replaceChildren(make("h3", "", `${SIGNS[item.level]} ${item.title}`), facts(timesOf(item)));
  related("What led to it", item.causes);
  related("What it led to", effects[chosen].slice(0, 10));
  const fields = Object.entries(item.details).filter(([, value]) => value !== null && value !== "");
  if (fields.length) details.append(make("h4", "", "Recorded"), facts(fields.map(([name, value]) => [name, readable(value)])));
  const moves = make("div", "moves");
  for (const [what, label] of [["before", "← Before"], ["after", "After →"], ["near", "Zoom to it"]]) {
    const button = make("button", "", label);
    button.type = "button";
    button.dataset.do = what;
    moves.append(button);
  }
  details.append(moves);
}

function timesOf(item) {
  const wall = item.wall ?? wallAt(item.at);
  const about = item.wall === null ? "about " : "";
  const told = [
    ["scenario", seconds(item.at)],
    ["platform", data.began ? instant(data.began + item.at) : "not in the evidence"],
    ["wall", wall === null ? "not in the evidence" : about + instant(wall)],
    ["lane", `${data.lanes[item.lane][1]}, ${item.kind}`],
  ];
  if (!item.title.includes(item.subject) && item.kind !== "failure") told.push(["about", item.subject]);
  if (item.until !== null) told.splice(1, 0, ["lasted", seconds(item.until - item.at)]);
  if (WORDS[item.level]) told.push(["is", WORDS[item.level]]);
  return told;
}

function facts(pairs) {
  const made = make("dl");
  for (const [name, value] of pairs) {
    const pair = make("div");
    pair.append(make("dt", "", name), make("dd", "", String(value)));
    made.append(pair);
  }
  return made;
}

function readable(value) {
  if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
  try {
    return JSON.stringify(JSON.parse(value), null, 1);
  } catch {
    return value;
  }
}

function related(title, indexes) {
  if (!indexes.length) return;
  const made = make("ol", "story");
  made.append(...indexes.map((index) => listed(index)));
  details.append(make("h4", "", title), made);
}

// Moving

function look(from, to) {
  const span = Math.min(Math.max(to - from, SPAN_MIN), whole[1] - whole[0]);
  const start = Math.min(Math.max(from, whole[0]), whole[1] - span);
  view = [start, start + span];
  draw();
}

function zoom(factor, around = (view[0] + view[1]) / 2) {
  look(around - (around - view[0]) * factor, around + (view[1] - around) * factor);
}

function choose(index, { focus = false } = {}) {
  chosen = index;
  const item = items[index];
  const span = view[1] - view[0];
  if (!inView(item)) view = [item.at - span / 2, item.at + span / 2];
  showDetails();
  draw();
  markStory();
  const mark = chart.querySelector(".mark[aria-current]");
  if (mark) keepInSight(mark);
  if (mark && focus) mark.focus({ preventScroll: true });
}

function keepInSight(mark) {
  const [box, frame] = [mark.getBoundingClientRect(), chart.getBoundingClientRect()];
  if (box.top < frame.top + 28) chart.scrollTop -= frame.top + 28 - box.top;
  if (box.bottom > frame.bottom) chart.scrollTop += box.bottom - frame.bottom + 4;
}

function markStory() {
  for (const button of document.querySelectorAll("#story .event")) {
    button.toggleAttribute("aria-current", Number(button.dataset.item) === chosen);
    if (Number(button.dataset.item) === chosen) button.setAttribute("aria-current", "true");
  }
}

function step(by) {
  if (!matching.length) return;
  const number = matching.findIndex((index) => index >= (chosen ?? 0));
  const from = number === -1 ? matching.length : number;
  const isThere = matching[from] === chosen;
  const to = by > 0 && !isThere && chosen !== null ? from : from + by;
  choose(matching[Math.min(Math.max(to, 0), matching.length - 1)], { focus: true });
}

function changeLane(by) {
  if (chosen === null) return step(1);
  const at = items[chosen].at;
  const lanes = [...new Set(matching.map((index) => items[index].lane))].sort((a, b) => a - b);
  const lane = lanes[lanes.indexOf(items[chosen].lane) + by];
  const there = matching.filter((index) => items[index].lane === lane);
  if (!there.length) return;
  const far = (index) => Math.abs(items[index].at - at);
  choose(there.reduce((best, index) => (far(index) < far(best) ? index : best)), { focus: true });
}

function showAll() {
  look(...whole);
}

function showFailure() {
  if (data.failure === null) return;
  const moments = data.story.map((index) => items[index].at);
  const [from, to] = [Math.min(...moments, data.ended - 5), items[data.failure].at];
  const space = Math.max((to - from) * 0.05, 0.5);
  view = [from - space, to + space];
  choose(data.failure);
}

const ACTIONS = {
  in: () => zoom(0.5),
  out: () => zoom(2),
  all: showAll,
  failure: showFailure,
  before: () => step(-1),
  after: () => step(1),
  near: () => {
    const { at, until } = items[chosen];
    const space = Math.max(((until ?? at) - at) * 0.1, 1);
    look(at - space, (until ?? at) + space);
  },
};
const KEYS = {
  ArrowRight: () => step(1),
  ArrowLeft: () => step(-1),
  ArrowDown: () => changeLane(1),
  ArrowUp: () => changeLane(-1),
  "+": ACTIONS.in,
  "=": ACTIONS.in,
  "-": ACTIONS.out,
  0: showAll,
  f: showFailure,
  "/": () => search.focus(),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.do) ACTIONS[button.dataset.do]();
  else if (button.dataset.item) choose(Number(button.dataset.item));
  else if (button.dataset.members) open(button.dataset.members.split(" ").map(Number));
});

// Several that are drawn as one are drawn apart, unless they were at the same moment: then the gravest is chosen.
function open(members) {
  const [from, to] = [items[members[0]].at, Math.max(...members.map((index) => items[index].at))];
  if (members.length > 1 && to - from > SPAN_MIN * 2) {
    const space = (to - from) * 0.2;
    look(from - space, to + space);
  }
  const gravity = (index) => GRAVITY.indexOf(items[index].level);
  choose(members.reduce((best, index) => (gravity(index) > gravity(best) ? index : best)), { focus: true });
}

document.addEventListener("keydown", (event) => {
  const isTyping = /^(INPUT|SELECT|SUMMARY|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "Escape" && isTyping) chart.focus();
  const isScrolling = event.target.closest(".message, #details") && event.key.startsWith("Arrow");
  if (isTyping || isScrolling || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

for (const control of [search, kindChoice, ...laneChoices]) {
  control.addEventListener("input", () => {
    filter();
    draw();
  });
}

function timeUnder(event) {
  const space = chart.querySelector(".space").getBoundingClientRect();
  return view[0] + ((event.clientX - space.left) / space.width) * (view[1] - view[0]);
}

let held = null;
chart.addEventListener("pointerdown", (event) => {
  if (!event.target.closest(".mark")) held = { x: event.clientX, view };
});
window.addEventListener("pointerup", () => {
  held = null;
});
chart.addEventListener("pointermove", (event) => {
  const width = chart.querySelector(".space").clientWidth;
  if (held && event.buttons) {
    const moved = ((event.clientX - held.x) / width) * (held.view[1] - held.view[0]);
    look(held.view[0] - moved, held.view[1] - moved);
  } else {
    tellCursor(timeUnder(event), ((view[1] - view[0]) / width) * 6);
  }
});
chart.addEventListener(
  "wheel",
  (event) => {
    if (event.ctrlKey) zoom(event.deltaY > 0 ? 1.25 : 0.8, timeUnder(event));
    else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const moved = ((event.deltaX || event.deltaY) / 1000) * (view[1] - view[0]);
      look(view[0] + moved, view[1] + moved);
    } else return;
    event.preventDefault();
  },
  { passive: false },
);

function tellCursor(at, near) {
  const wall = wallAt(at);
  const here = matching.filter((index) => Math.abs(items[index].at - at) <= near).slice(0, 4);
  const times = `${seconds(at)}${wall === null ? "" : `, wall about ${instant(wall).slice(11, 23)}`}`;
  document.getElementById("cursor").textContent = [times, ...here.map((index) => items[index].title)].join("  |  ");
}

window.addEventListener("resize", draw);
filter();
if (data.failure === null) {
  showDetails();
  draw();
} else {
  showFailure();
}
