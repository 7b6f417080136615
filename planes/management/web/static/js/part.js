// Parts of the fabric: what a network uses, what a trace runs over.

/** The ids of nodes and links that a network's frames may use: its hosts, and all shortest ways between its switches. */
export function partOf(network, elements) {
  const found = new Set(network.switches);
  const links = elements.filter((element) => element.kind === "fabric" && element.state === "up");
  for (const element of elements) {
    if ((element.kind === "host" || element.kind === "crowd") && element.networks.includes(network.name)) found.add(element.id);
  }
  for (const element of elements) {
    if (element.kind === "access" && found.has(element.source)) {
      found.add(element.id);
      found.add(element.target);
    }
  }
  const ends = [...found].filter((id) => id.startsWith("switch:"));
  for (const id of shortest(ends, links)) found.add(id);
  return found;
}

/** Switches and links on any shortest way between two of these switches. */
export function shortest(ends, links) {
  const peers = new Map();
  const meet = (a, b, link) => peers.set(a, [...(peers.get(a) ?? []), [b, link]]);
  for (const link of links) {
    meet(link.source, link.target, link.id);
    meet(link.target, link.source, link.id);
  }
  const found = new Set();
  for (const start of ends) {
    const hops = new Map([[start, 0]]);
    const order = [start];
    for (const node of order) {
      for (const [peer] of peers.get(node) ?? []) {
        if (!hops.has(peer)) {
          hops.set(peer, hops.get(node) + 1);
          order.push(peer);
        }
      }
    }
    const used = new Set(ends.filter((end) => hops.has(end)));
    for (const node of order.reverse()) {
      if (!used.has(node)) continue;
      found.add(node);
      for (const [peer, link] of peers.get(node) ?? []) {
        if (hops.get(peer) === hops.get(node) - 1) {
          used.add(peer);
          found.add(link);
        }
      }
    }
  }
  return found;
}

/** The ids of nodes and links that a trace's ways run over. */
export function wayOf(traced, elements) {
  const places = new Set();
  const found = new Set([`host:${traced.source}`, `host:${traced.target}`]);
  for (const way of traced.ways) {
    for (const [name, port] of [...way.places, way.end]) {
      places.add(`${name}:${port}`);
      found.add(`switch:${name}`);
    }
  }
  const crowds = new Map();
  for (const element of elements) {
    if (element.kind === "host" && !element.shown && found.has(element.id)) crowds.set(`crowd:${element.switch}`, true);
  }
  for (const element of elements) {
    if (element.kind === "crowd" && crowds.has(element.id)) found.add(element.id);
    const entered = (element.ends ?? []).some(([name, port]) => places.has(`${name}:${port}`));
    if (element.kind === "fabric" && entered) found.add(element.id);
    if (element.kind === "access" && entered && (found.has(element.source) || crowds.has(element.source))) found.add(element.id);
  }
  return found;
}
