// How things are said.

const UNITS = [[1e9, "Gb/s"], [1e6, "Mb/s"], [1e3, "kb/s"]];

/** A rate in bits per second, in three digits at most. */
export function rate(bits) {
  for (const [size, unit] of UNITS) {
    if (bits >= size) return `${Number((bits / size).toPrecision(3))} ${unit}`;
  }
  return bits > 0 ? `${bits} b/s` : "0";
}

/** A time that has passed, in seconds, in words. */
export function age(seconds) {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

/** The time of day of a Unix time. */
export function clock(at) {
  return new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

/** Busier direction's share of a link's speed in percent, null where the speed is unknown. */
export function share(link) {
  return link.speed ? (100 * Math.max(link.forward, link.backward)) / link.speed : null;
}

/** The busier direction of a link, as written on it. */
export function load(link) {
  const percent = share(link);
  const busy = rate(Math.max(link.forward, link.backward));
  return percent === null || percent < 1 ? busy : `${busy} · ${Math.round(percent)} %`;
}

/** Names with numbers in them in their order: s2 before s10. */
export const byName = new Intl.Collator("en", { numeric: true }).compare;

/** The name of a node by its id. */
export function nameOf(id) {
  return id.slice(id.indexOf(":") + 1);
}

/** What a node's or link's state is: one word, for signs and for tests. */
export function stateOf(element) {
  switch (element.kind) {
    case "switch": return !element.connected ? "down" : element.error ? "error" : "up";
    case "host": return element.seats.length ? "up" : "silent";
    case "fabric": case "access": return element.state;
    default: return "up";
  }
}

export const SIGNS = { up: "●", down: "✕", error: "▲", dampened: "~", silent: "○" };
