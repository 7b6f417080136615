// The list beside the map: the same in words, and the way through it by keys.

import { make } from "./dom.js";
import { byName, load, SIGNS, stateOf } from "./words.js";

const MOST = 400; // rows that are shown at once; the search finds the others

export class List {
  constructor(container, search, model, chosen) {
    this.container = container;
    this.search = search;
    this.model = model;
    this.chosen = chosen;
    this.current = null;
    this.lit = null;
    this.way = null;
    this.rows = new Map();
    search.addEventListener("input", () => this.show());
    container.addEventListener("keydown", (event) => this.#key(event));
    container.addEventListener("click", (event) => {
      const row = event.target.closest("button");
      if (row) this.chosen(row.dataset.id);
    });
  }

  /** Show what is known now. Rows that stay keep their element, and the focus. */
  show() {
    const words = this.search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const gateways = this.model.of("gateway");
    const groups = [
      ["Switches", this.model.of("switch"), (each) => switchWords(each, gateways)],
      ["Links", this.model.of("fabric"), linkWords],
      ["Hosts", this.model.of("host"), hostWords],
    ];
    const content = [];
    let count = 0;
    const focused = document.activeElement?.dataset?.id;
    for (const [title, elements, tell] of groups) {
      const found = elements.map((element) => [element, tell(element)]).filter(([element, told]) => matches(element, told, words));
      if (!found.length) continue;
      const heading = make("h3", {}, `${title} (${found.length})`);
      content.push(heading);
      found.sort(([a], [b]) => byName(a.name, b.name));
      const room = Math.max(0, MOST - count);
      for (const [element, told] of found.slice(0, room)) content.push(this.#row(element, told));
      if (found.length > room) content.push(make("p", { class: "none" }, `and ${found.length - room} more: search for them`));
      count += found.length;
    }
    if (!count) content.push(make("p", { class: "none" }, words.length ? "Nothing has that in its name, addresses or state." : "Nothing yet."));
    this.#replace(content);
    const kept = new Set(content.map((each) => each.dataset?.id));
    for (const id of this.rows.keys()) if (!kept.has(id)) this.rows.delete(id);
    if (focused && this.rows.has(focused) && document.activeElement?.dataset?.id !== focused) this.rows.get(focused).focus();
    this.#tabStop();
  }

  /** Put these into the container, touching only what is not there yet. */
  #replace(content) {
    let place = this.container.firstChild;
    for (const each of content) {
      if (each === place) place = place.nextSibling;
      else this.container.insertBefore(each, place);
    }
    while (place) {
      const next = place.nextSibling;
      place.remove();
      place = next;
    }
  }

  #row(element, told) {
    let row = this.rows.get(element.id);
    if (!row) {
      row = make("button", { type: "button", "data-id": element.id, "data-kind": element.kind, tabindex: "-1" });
      row.append(make("span", { class: "sign", "aria-hidden": "true" }), make("span", { class: "who" }), make("span", { class: "what" }));
      this.rows.set(element.id, row);
    }
    const state = stateOf(element);
    set(row, "data-state", state);
    set(row, "data-level", element.level ?? "");
    set(row, "data-dim", String(this.lit !== null && !this.lit.has(element.id)));
    set(row, "data-onpath", String(this.way !== null && this.way.has(element.id)));
    set(row, "aria-current", String(element.id === this.current));
    const [sign, who, what] = row.children;
    text(sign, SIGNS[state]);
    text(who, element.name);
    text(what, told);
    set(row, "aria-label", `${element.kind === "fabric" ? "link" : element.kind} ${element.name}, ${told}`);
    return row;
  }

  /** Only one row is a stop for Tab; arrows lead to the others. */
  #tabStop() {
    const rows = [...this.container.querySelectorAll("button")];
    const stop = rows.find((row) => row === document.activeElement) ?? rows.find((row) => row.dataset.id === this.current) ?? rows[0];
    for (const row of rows) row.tabIndex = row === stop ? 0 : -1;
  }

  #key(event) {
    const rows = [...this.container.querySelectorAll("button")];
    const at = rows.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.focus(rows[Math.min(rows.length - 1, Math.max(0, to))]);
  }

  /** Focus a row, or the first. */
  focus(row = this.container.querySelector("button")) {
    row?.focus();
    this.#tabStop();
  }

  /** Mark the one that details are shown of. */
  choose(id) {
    this.current = id;
    this.show();
  }
}

function matches(element, told, words) {
  if (!words.length) return true;
  const seats = (element.seats ?? []).flatMap((seat) => [seat.mac, seat.network, seat.segment, seat.switch, ...seat.addresses]);
  const whole = [element.name, element.kind, told, ...(element.ports ?? []), element.datapath_id ?? "", ...seats].join(" ").toLowerCase();
  return words.every((word) => whole.includes(word));
}

function switchWords(element, gateways) {
  if (!element.connected) return "not connected";
  if (element.error) return "refuses rules";
  const role = gateways.find((row) => row.switch === element.name && row.state === "active") ? "active gateway" : "";
  return role || `${element.rules} rules`;
}

function linkWords(element) {
  if (element.state === "down") return "dead";
  if (element.state === "dampened") return "flaps, left out";
  return element.level ? load(element) : "idle";
}

function hostWords(element) {
  if (!element.seats.length) return "not heard yet";
  const [seat] = element.seats;
  return seat.addresses[0] ?? seat.mac;
}

// Only what differs is written: a reader of screens is not told of the rest, and the browser lays out nothing.

function set(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

function text(element, value) {
  if (element.textContent !== value) element.textContent = value;
}
