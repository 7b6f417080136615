// The page: a model, what shows it, and what is chosen in it.

import { byId, make } from "./dom.js";
import { Drawing } from "./draw.js";
import { List } from "./list.js";
import { Live } from "./live.js";
import { Log } from "./log.js";
import { Model } from "./model.js";
import { details, traced } from "./panel.js";
import { partOf, wayOf } from "./part.js";
import { age, byName } from "./words.js";

const TICK = 1000; // milliseconds between looks at how old things are

const root = document.documentElement;
const saved = byId("picture"); // in a file that was saved
const model = new Model();
const list = new List(byId("list"), byId("search"), model, choose);
const log = new Log(byId("events"), byId("events-count"), model);
let drawing = null; // made with the first snapshot: places are remembered by the fabric's name
let connection = ["waiting", ""];
let chosen = null; // id of what details are shown of
let found = null; // what a trace found
let stale = false; // the details are of before
let frame = null; // the next one, when it is asked for
let opener = null; // where the focus goes when the panel closes

function told(kind, message) {
  if (kind === "beat") return model.heard(message.now);
  const change = kind === "snapshot" ? model.snapshot(message) : model.patch(message);
  return change ? show(change) : live.open(); // a patch to another picture: begin again
}

function show(change) {
  drawing ??= new Drawing(byId("map"), model, (id) => choose(id));
  drawing.update(change);
  log.update(change);
  stale ||= Boolean(chosen) && change.put.concat(change.drop).some((id) => concerns(id));
  frame ??= requestAnimationFrame(words);
}

/** What is said beside the map: once a frame, however many changes come. */
function words() {
  frame = null;
  networks();
  hosts();
  light();
  if (chosen && stale) panel();
  stale = false;
  tick();
  byId("empty").hidden = model.of("switch").length > 0;
  root.dataset.number = model.number;
}

/** Whether a change of an element shows in the details. */
function concerns(id) {
  const element = model.get(id);
  const name = chosen.slice(chosen.indexOf(":") + 1);
  return id === chosen || !element || element.switch === name || element.source === chosen || element.target === chosen;
}

// What is lit: a network's part, or a trace's way.

function light() {
  const network = model.get(byId("network").value);
  const lit = network ? partOf(network, [...model.elements.values()]) : null;
  const way = found ? wayOf(found, [...model.elements.values()]) : null;
  drawing.light(lit);
  drawing.way(way);
  list.lit = lit;
  list.way = way;
  list.show();
}

function networks() {
  options(byId("network"), [["", "all"], ...model.of("network").map((each) => [each.id, each.name]).sort((a, b) => byName(a[1], b[1]))]);
}

function hosts() {
  const names = model.of("host").filter((host) => host.id === `host:${host.name}`).map((host) => host.name).sort(byName);
  byId("trace").hidden = !model.facts.traces || names.length < 2;
  for (const id of ["trace-from", "trace-to"]) options(byId(id), names.map((name) => [name, name]), id === "trace-to" ? 1 : 0);
}

function options(select, wanted, first = 0) {
  const held = [...select.options].map((option) => option.value);
  if (held.length === wanted.length && wanted.every(([value], index) => value === held[index])) return;
  const before = held.length > 1 ? select.value : wanted[first]?.[0];
  select.replaceChildren(...wanted.map(([value, words]) => make("option", { value }, words)));
  if (wanted.some(([value]) => value === before)) select.value = before;
}

// Details.

function choose(id) {
  if (id && !model.get(id)) return;
  opener = document.activeElement?.closest("#list button, #trace button") ?? opener;
  chosen = id;
  if (id) panel(true);
  else hide();
  drawing.choose(id);
  list.choose(id);
}

function panel(focus = false) {
  const element = chosen && model.get(chosen);
  if (!element) return chosen && choose(null);
  const trace = model.facts.traces && element.id === `host:${element.name}` ? traceWith : null;
  return fill(details(element, model, choose, trace), focus);
}

function fill({ title, kind, content }, focus) {
  const body = byId("panel-body");
  const held = [...body.querySelectorAll("button")].indexOf(document.activeElement);
  byId("panel-title").replaceChildren(title, make("small", {}, kind));
  body.replaceChildren(...content);
  byId("panel").hidden = false;
  if (held >= 0) body.querySelectorAll("button")[held]?.focus({ preventScroll: true });
  if (focus) byId("panel-title").focus({ preventScroll: true });
}

function hide() {
  if (byId("panel").hidden) return;
  byId("panel").hidden = true;
  if (opener?.isConnected) opener.focus();
}

// Traces.

function traceWith(end, name) {
  byId(`trace-${end}`).value = name;
  const other = byId(end === "from" ? "trace-to" : "trace-from");
  if (other.value === name) other.selectedIndex = (other.selectedIndex + 1) % other.options.length;
  trace();
}

async function trace() {
  const [from, to] = [byId("trace-from").value, byId("trace-to").value];
  const go = byId("trace-go");
  opener = go;
  go.disabled = true;
  go.textContent = "Asking …";
  try {
    const answer = await fetch(`trace?${new URLSearchParams({ from, to })}`);
    const told = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : { error: await answer.text() };
    found = answer.ok ? told : null;
    root.dataset.trace = answer.ok ? (told.delivered ? "delivered" : "stopped") : "refused";
    announce(answer.ok ? traced(told) : { title: `${from} → ${to}`, kind: "no trace", content: told.error.split("\n").map((line) => make("p", {}, line)) });
  } catch {
    announce({ title: `${from} → ${to}`, kind: "no trace", content: [make("p", {}, "The server did not answer.")] });
  }
  go.disabled = false;
  go.textContent = "Show way";
  byId("trace-clear").hidden = !found;
  light();
}

function announce(content) {
  chosen = null;
  drawing.choose(null);
  list.current = null;
  fill(content, true);
}

function forget() {
  found = null;
  delete root.dataset.trace;
  byId("trace-clear").hidden = true;
  if (!chosen) hide();
  light();
}

// How old it all is.

function tick() {
  const switches = model.of("switch");
  const links = model.of("fabric");
  const connected = switches.filter((each) => each.connected).length;
  const living = links.filter((each) => each.state === "up").length;
  const since = model.age();
  const alive = since !== null && since < model.facts.patience;
  byId("name").textContent = model.facts.name || "Triplane";
  document.title = model.facts.name ? `${model.facts.name} - Triplane` : "Triplane";
  chips([
    ["switches", `${connected}/${switches.length}`, "Switches", connected === switches.length],
    ["links", `${living}/${links.length}`, "Links", living === links.length],
    ["hosts", model.of("host").length, "Hosts", null],
    ["controller", alive ? "alive" : "down", "Controller", alive],
  ]);
  banners(since, alive);
}

function chips(rows) {
  for (const [id, value, name, good] of rows) {
    let chip = document.querySelector(`#chips [data-chip="${id}"]`);
    if (!chip) {
      chip = make("li", { "data-chip": id }, name, make("b"));
      byId("chips").append(chip);
    }
    chip.dataset.state = good === null ? "plain" : good ? "good" : "bad";
    if (chip.lastChild.textContent !== String(value)) chip.lastChild.textContent = value;
  }
}

function banners(since, alive) {
  const [state, words] = connection;
  const old = since === null ? "no controller ever gave a sign of life" : `what you see is ${age(since)} old`;
  const wanted = [];
  if (saved) wanted.push(["saved", "note", "Saved.", `The fabric as it was on ${new Date(model.now() * 1000).toLocaleString()}.`]);
  if (state === "lost") wanted.push(["connection", "bad", "Connection lost.", words || "The map is as it was; trying again."]);
  else if (state === "live" && !model.facts.synced) wanted.push(["store", "bad", "The store is away.", `Of the fabric nothing new is known: ${old}.`]);
  else if (state !== "waiting" && !alive) {
    wanted.push(["controller", "warn", "The controller is down.", `Switches go on with the rules that they have; ${old}.`]);
  }
  const place = byId("banners");
  for (const banner of [...place.children]) if (!wanted.some(([id]) => id === banner.dataset.banner)) banner.remove();
  for (const [id, state_, title, text] of wanted) {
    let banner = place.querySelector(`[data-banner="${id}"]`);
    if (!banner) {
      // The age goes on: it is no news that a reader of screens should be told each second.
      banner = make("p", { class: "banner", "data-banner": id, "data-state": state_ }, make("b", {}, title), make("span", { "aria-live": "off" }));
      place.append(banner);
    }
    if (banner.lastChild.textContent !== text) banner.lastChild.textContent = text;
  }
}

// What people press.

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
  if (event.key === "Escape") return back();
  if (event.target.matches("input, select, textarea")) {
    if (event.target.id === "search" && event.key === "ArrowDown") {
      event.preventDefault();
      list.focus();
    }
    return;
  }
  const action = {
    "/": () => byId("search").focus(), "?": help, n: nextNetwork, "+": () => drawing?.zoom(1.25), "-": () => drawing?.zoom(0.8), 0: () => drawing?.fit(),
  }[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
}

/** Esc: undo what was chosen last. */
function back() {
  const search = byId("search");
  if (document.activeElement === search && search.value) {
    search.value = "";
    list.show();
  } else if (chosen) choose(null);
  else if (found) forget();
  else if (!byId("panel").hidden) hide();
  else if (byId("network").value) {
    byId("network").value = "";
    light();
  }
}

function nextNetwork() {
  const select = byId("network");
  select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
  light();
}

function help() {
  byId("help").showModal();
}

byId("network").addEventListener("change", light);
byId("trace").addEventListener("submit", (event) => {
  event.preventDefault();
  trace();
});
byId("trace-clear").addEventListener("click", forget);
byId("panel-close").addEventListener("click", () => (chosen ? choose(null) : hide()));
byId("help-open").addEventListener("click", help);
byId("zoom-in").addEventListener("click", () => drawing?.zoom(1.25));
byId("zoom-out").addEventListener("click", () => drawing?.zoom(0.8));
byId("zoom-fit").addEventListener("click", () => drawing?.fit());
byId("arrange").addEventListener("click", () => drawing?.arrange());
document.addEventListener("keydown", keys);
if (matchMedia("(max-width: 820px)").matches) byId("legend").open = false;

// A page that is served is told.
const live = saved ? null : new Live(told, (state, words) => {
  connection = [state, words];
  root.dataset.live = state;
  tick();
});
if (saved) {
  root.dataset.live = "saved";
  connection = ["waiting", ""];
  told("snapshot", JSON.parse(saved.textContent));
} else {
  live.open();
  setInterval(tick, TICK);
}
