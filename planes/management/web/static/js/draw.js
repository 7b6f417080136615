// The map: elements as cytoscape draws them.

import cytoscape from "../vendor/cytoscape.esm.min.mjs";
import { stylesheet, WIDTHS } from "./look.js";
import { load, stateOf } from "./words.js";

const NODES = ["switch", "host", "crowd"];
const EDGES = ["fabric", "access"];
const MARGIN = 48;
const BADGE = 31; // below a switch's middle, its first gateway's badge
const BADGES = 3; // more are told as a count
const LABEL = 0.4; // of a link's length, from its lower end
const BORDER = 22; // of a link's length, inside a node
const MANY = 300; // links: so many are drawn fainter, or nobody sees through them
const STATES = { active: 0, standby: 1 };

export class Drawing {
  /** `chosen(id)` is called for a click on a node or link, with null for one on the ground. */
  constructor(container, model, chosen) {
    this.model = model;
    this.container = container;
    this.moved = remembered(model);
    this.cy = cytoscape({ container, style: stylesheet(), minZoom: 0.08, maxZoom: 3, boxSelectionEnabled: false, autounselectify: true });
    this.cy.on("tap", (event) => chosen(event.target === this.cy ? null : event.target.data("of") ?? event.target.id()));
    this.cy.on("drag", "node", (event) => {
      this.#badges(event.target);
      this.#offsets(event.target.connectedEdges());
    });
    this.cy.on("dragfree", "node", (event) => this.#remember(event.target));
    this.cy.on("mouseover", "node, edge", () => (container.style.cursor = "pointer"));
    this.cy.on("mouseout", "node, edge", () => (container.style.cursor = ""));
    this.touched = false;
    this.cy.on("dragpan pinchzoom scrollzoom", () => (this.touched = true));
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => this.cy.style(stylesheet()));
    new ResizeObserver(() => this.resized()).observe(container);
  }

  resized() {
    this.cy.resize();
    if (!this.touched) this.fit();
  }

  /** Bring the drawing to what the model holds. */
  update(change) {
    const before = this.cy.nodes().length;
    let shape = change.drop.some((id) => id.startsWith("switch:"));
    this.cy.batch(() => {
      for (const id of change.drop) shape = this.#drop(id) || shape;
      const put = change.put.map((id) => this.model.get(id)).filter(Boolean);
      for (const element of put) if (isNode(element)) shape = this.#node(element) || shape;
      for (const element of put) if (EDGES.includes(element.kind)) this.#edge(element);
      const gateways = change.put.concat(change.drop).some((id) => id.startsWith("gateway:"));
      if (gateways || shape) this.#gateways();
      this.cy.edges().toggleClass("many", this.cy.edges().length > MANY);
      if (shape) this.#offsets(this.cy.edges());
    });
    if (shape && (!before || !this.touched)) this.fit();
  }

  #drop(id) {
    const found = this.cy.getElementById(id);
    if (found.empty()) return false;
    this.cy.remove(found);
    return NODES.includes(id.split(":")[0]);
  }

  #node(element) {
    let node = this.cy.getElementById(element.id);
    if (element.kind === "host" && !element.shown) {
      this.cy.remove(node);
      return false;
    }
    const made = node.empty();
    const home = `${element.x} ${element.y}`;
    const data = { label: label(element), home };
    const shifted = made || node.data("home") !== home;
    if (made) node = this.cy.add({ group: "nodes", data: { id: element.id, ...data }, classes: element.kind });
    else node.data(data);
    if (shifted) node.position(this.moved.get(element.id) ?? { x: element.x, y: element.y });
    mark(node, stateOf(element));
    if (element.kind !== "switch") node.toggleClass("above", element.y < (this.model.get(`switch:${element.switch}`)?.y ?? element.y));
    return shifted;
  }

  #edge(element) {
    let edge = this.cy.getElementById(element.id);
    if (this.cy.getElementById(element.source).empty() || this.cy.getElementById(element.target).empty()) return;
    const text = element.state === "down" ? "✕" : element.state === "dampened" ? "~" : element.level ? load(element) : "";
    if (edge.empty()) {
      const data = { id: element.id, source: element.source, target: element.target, offset: 0, right: 0, down: 0 };
      edge = this.cy.add({ group: "edges", data, classes: element.kind });
    }
    edge.data("label", text);
    mark(edge, element.state);
    for (let level = 0; level <= 5; level++) edge.toggleClass(`l${level}`, element.state === "up" && element.level === level);
    this.#offsets(edge);
  }

  /** Labels beside their links, and nearer to one end: in the middle those of links that cross would cover each other. */
  #offsets(edges) {
    for (const edge of edges) {
      const [a, b] = [edge.source().position(), edge.target().position()];
      const [x, y] = [b.x - a.x, b.y - a.y];
      const length = Math.hypot(x, y) || 1;
      const along = edge.hasClass("access") || y === 0 ? 0.5 : y < 0 ? LABEL : 1 - LABEL;
      const beside = edge.hasClass("down") || edge.hasClass("dampened") ? 0 : 8 + (WIDTHS[this.model.get(edge.id())?.level ?? 0] ?? 0) / 2;
      const side = x < 0 || (x === 0 && y > 0) ? -1 : 1; // above it, or to its right
      edge.data({ offset: Math.max(0, length - 2 * BORDER) * along, right: (side * beside * y) / length, down: (-side * beside * x) / length });
    }
  }

  /** Gateways that elect: a badge below the switch for each that is active or standby there. */
  #gateways() {
    this.cy.remove(this.cy.nodes(".gateway"));
    const rows = this.model.of("gateway").sort((a, b) => order(a) - order(b) || a.id.localeCompare(b.id));
    for (const node of this.cy.nodes(".switch")) {
      const name = node.id().slice("switch:".length);
      const here = rows.filter((row) => row.switch === name);
      const told = here.length > BADGES ? here.slice(0, BADGES - 1) : here;
      for (const [index, row] of told.entries()) this.#badge(node, index, `${sign(row)} ${row.segment} ${row.state}`, row.state);
      if (told.length < here.length) this.#badge(node, told.length, `and ${here.length - told.length} more`, "other");
      this.#badges(node);
    }
  }

  #badge(node, index, text, state) {
    const classes = `gateway ${state in STATES ? state : "other"}`;
    const data = { id: `badge:${index}:${node.id()}`, of: node.id(), index, label: text, wide: width(text) };
    this.cy.add({ group: "nodes", data, classes, grabbable: false });
  }

  #badges(node) {
    const at = node.position();
    for (const badge of this.cy.nodes(".gateway")) {
      if (badge.data("of") === node.id()) badge.position({ x: at.x, y: at.y + BADGE + 17 * badge.data("index") });
    }
  }

  /** Light up these ids, and dim the rest; null for no difference. */
  light(ids) {
    this.cy.batch(() => {
      for (const element of this.cy.elements()) {
        element.toggleClass("dim", ids !== null && !ids.has(element.data("of") ?? element.id()));
      }
    });
  }

  /** Draw these ids as a trace's way. */
  way(ids) {
    this.cy.batch(() => {
      for (const element of this.cy.elements()) element.toggleClass("way", ids !== null && ids.has(element.id()));
    });
  }

  /** Ring the one that details are shown of. */
  choose(id) {
    this.cy.batch(() => {
      this.cy.elements(".chosen").removeClass("chosen");
      if (id) this.cy.getElementById(id).addClass("chosen");
    });
  }

  zoom(factor) {
    this.touched = true;
    const middle = { x: this.cy.width() / 2, y: this.cy.height() / 2 };
    this.cy.zoom({ level: this.cy.zoom() * factor, renderedPosition: middle });
  }

  fit() {
    this.touched = false;
    const narrow = this.container.clientWidth < 600;
    this.cy.fit(undefined, narrow ? 18 : MARGIN);
    if (this.cy.zoom() > 1.35) {
      this.cy.zoom(1.35);
      this.cy.center();
    }
  }

  /** Forget where nodes were dragged to. */
  arrange() {
    this.moved.clear();
    keep(this.model, this.moved);
    for (const node of this.cy.nodes(".switch, .host, .crowd")) {
      const [x, y] = node.data("home").split(" ").map(Number);
      node.position({ x, y });
    }
    for (const node of this.cy.nodes(".switch")) this.#badges(node);
    this.#offsets(this.cy.edges());
    this.fit();
  }

  #remember(node) {
    this.touched = true;
    this.moved.set(node.id(), { ...node.position() });
    keep(this.model, this.moved);
  }
}

function isNode(element) {
  return NODES.includes(element.kind);
}

function label(element) {
  if (element.kind !== "switch") return element.name;
  const state = stateOf(element);
  return state === "down" ? `✕ ${element.name}` : state === "error" ? `▲ ${element.name}` : element.name;
}

/** Of a badge's text, in the map's own measure. */
function width(text) {
  const context = document.createElement("canvas").getContext("2d");
  context.font = `700 10px ${getComputedStyle(document.body).fontFamily}`;
  return Math.ceil(context.measureText(text).width) + 3;
}

function mark(element, state) {
  for (const each of ["down", "error", "dampened", "silent"]) element.toggleClass(each, each === state);
}

function order(gateway) {
  return STATES[gateway.state] ?? 2;
}

function sign(gateway) {
  return { active: "●", standby: "◐" }[gateway.state] ?? "○";
}

// Where nodes were dragged to, by fabric. A browser may refuse to keep anything.

function remembered(model) {
  try {
    return new Map(JSON.parse(localStorage.getItem(key(model)) ?? "[]"));
  } catch {
    return new Map();
  }
}

function keep(model, moved) {
  try {
    localStorage.setItem(key(model), JSON.stringify([...moved]));
  } catch {
    // then they stay for as long as the page does
  }
}

function key(model) {
  return `triplane ${model.facts.name ?? ""}`;
}
