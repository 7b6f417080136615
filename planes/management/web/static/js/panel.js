// Details of one node or link, and what a trace found.

import { make } from "./dom.js";
import { age, byName, nameOf, rate, share, stateOf } from "./words.js";

const WORDS = { up: "up", down: "down", error: "refuses rules", dampened: "flaps, left out", silent: "not heard yet" };

/** Title, kind and content of an element's details. `go(id)` leads to another one, `trace` begins or ends a trace. */
export function details(element, model, go, trace) {
  const make = { switch: ofSwitch, host: ofHost, crowd: ofCrowd, fabric: ofLink, access: ofLink }[element.kind];
  const kind = { fabric: "link", access: "access link", crowd: `hosts of ${element.switch}` }[element.kind] ?? element.kind;
  return { title: element.name, kind, content: make(element, model, go, trace) };
}

function ofSwitch(element, model, go) {
  const ports = model.of("port").filter((port) => port.switch === element.name).sort((a, b) => a.number - b.number);
  const behind = peers(element, model);
  const gateways = model.of("gateway").filter((row) => row.switch === element.name);
  return [
    pairs([
      ["State", stateWord(stateOf(element), element.connected ? undefined : "not connected")],
      ["Refuses", element.error],
      ["Datapath id", element.datapath_id],
      ["Index", element.index],
      ["Rules", element.rules],
    ]),
    ...gateways.map((row) => gateway(row, model)),
    ...(ports.length ? [make("h3", {}, "Ports"), portTable(ports, behind, go)] : []),
  ];
}

function portTable(ports, behind, go) {
  const rows = ports.map((port) => {
    const peer = behind.get(port.number);
    return make("tr", { "data-port": port.name },
      make("td", {}, stateWord(port.role === "dampened" ? "dampened" : port.up ? "up" : "down", port.name.replace(`${port.switch}-`, ""))),
      make("td", {}, peer ? link(nameOf(peer), peer, go) : port.role),
      make("td", { class: "n" }, rate(port.rx_rate)), make("td", { class: "n" }, rate(port.tx_rate)),
      make("td", { class: "n" }, port.dropped + port.errors));
  });
  const head = ["Port", "To"].map((name) => make("th", { scope: "col" }, name));
  const numbers = [["In", "received from outside"], ["Out", "sent"], ["Lost", "dropped, or with errors"]];
  head.push(...numbers.map(([name, title]) => make("th", { scope: "col", class: "n", title }, name)));
  return make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
}

/** What is at the other end of each port of a switch: ids by port number. */
function peers(element, model) {
  const found = new Map();
  for (const each of model.of("fabric", "access")) {
    for (const [index, [name, number]] of each.ends.entries()) {
      if (name === element.name) found.set(number, each.kind === "fabric" ? [each.target, each.source][index] : each.source);
    }
  }
  return found;
}

function gateway(row, model) {
  const state = row.state === "active" ? "up" : row.state === "standby" ? "standby" : "other";
  return make("div", { "data-gateway": `${row.network}/${row.segment}`, "data-state": row.state },
    make("h3", {}, `Gateway of ${row.network}/${row.segment}`),
    pairs([
      ["State", stateWord(state, row.state)],
      ["Protocol", `${row.protocol}, group ${row.group}`],
      ["Priority", `${row.priority}${row.preempt ? ", preempts" : ""}`],
      ["Addresses", row.virtual_ips.join(", ")],
      ["MAC", row.virtual_mac],
      ["Active", row.active || "unknown"],
      ["Standby", row.standby || "unknown"],
      ["Forwarders", row.forwarders.join("; ")],
      ["Last", row.last && `${row.last}${row.since ? `, ${age(model.now() - row.since)} ago` : ""}`],
    ]));
}

function ofHost(element, model, go, trace) {
  const buttons = trace && [
    make("button", { type: "button", class: "quiet", onclick: () => trace("from", element.name) }, "Trace from here"),
    make("button", { type: "button", class: "quiet", onclick: () => trace("to", element.name) }, "Trace to here"),
  ];
  const seats = element.seats.map((seat) => pairs([
    ["Network", `${seat.network}/${seat.segment}`],
    ["MAC", seat.mac],
    ["Addresses", seat.addresses.join(", ")],
    ["At", link(`${seat.switch}, port ${seat.port}${seat.vlan ? `, VLAN ${seat.vlan}` : ""}`, `switch:${seat.switch}`, go)],
  ]));
  const at = element.seats.length ? [] : [pairs([["State", stateWord("silent", WORDS.silent)], ["At", link(element.switch, `switch:${element.switch}`, go)]])];
  const loads = model.of("access").filter((each) => each.source === element.id).map((each) => traffic(each));
  return [...seats, ...at, ...loads, ...(buttons ? [make("p", {}, ...buttons)] : [])];
}

function ofCrowd(element, model, go) {
  const hosts = model.of("host").filter((host) => host.switch === element.switch).sort((a, b) => byName(a.name, b.name));
  return [
    pairs([["At", link(element.switch, `switch:${element.switch}`, go)], ["Networks", element.networks.join(", ")]]),
    make("h3", {}, "Hosts"),
    make("ul", {}, ...hosts.map((host) => make("li", {}, link(host.name, host.id, go), ` ${host.seats[0]?.addresses[0] ?? ""}`))),
  ];
}

function ofLink(element, model, go) {
  const ends = [element.source, element.target].map((id, index) => {
    const port = element.kind === "fabric" ? `, ${element.ports[index]}` : index === 1 ? `, ${element.ports.join(", ")}` : "";
    return [index ? "And" : "Between", make("span", {}, link(model.get(id)?.name ?? nameOf(id), id, go), port)];
  });
  return [pairs([["State", stateWord(stateOf(element))], ["Why", element.why], ...ends]), traffic(element)];
}

function traffic(element) {
  const percent = share(element);
  const [a, b] = [element.source, element.target].map(nameOf);
  return make("div", {},
    make("h3", {}, "Load"),
    pairs([
      [`From ${a}`, rate(element.forward)],
      [`From ${b}`, rate(element.backward)],
      ["Speed", element.speed ? rate(element.speed) : "unknown"],
      ["Busier way", percent === null ? "" : `${percent < 1 && percent > 0 ? "below 1" : Math.round(percent)} % of the speed`],
    ]));
}

/** What a trace found. */
export function traced(found) {
  const ways = found.ways.flatMap((way, number) => {
    const names = [found.source, ...way.places.map(([name]) => name), ...(way.arrives ? [found.target] : [])];
    const title = found.ways.length > 1 ? `Way ${number + 1}` : "Way";
    const words = way.arrives ? [] : [make("p", {}, way.text)];
    return [make("h3", {}, title), make("ol", { class: "hops" }, ...names.map((name) => make("li", {}, name))), ...words];
  });
  const verdict = make("p", {}, stateWord(found.delivered ? "up" : "down", found.verdict));
  const note = found.ways.length > 1 ? [make("p", {}, "Switches choose one of them by a hash of the frame.")] : [];
  return { title: `${found.source} → ${found.target}`, kind: "the way of a ping", content: [verdict, ...ways, ...note] };
}

function stateWord(state, words = WORDS[state]) {
  return make("span", { class: "state", "data-state": state }, words);
}

function link(words, id, go) {
  return make("button", { type: "button", class: "go", onclick: () => go(id) }, words);
}

/** Names and values; what has no value is left out. */
function pairs(rows) {
  const told = rows.filter(([, value]) => value !== "" && value !== undefined && value !== null);
  return make("dl", {}, ...told.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}
