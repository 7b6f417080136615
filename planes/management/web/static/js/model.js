// What the page knows: the elements by id and the facts, kept up to date by messages.

export class Model {
  constructor() {
    this.elements = new Map();
    this.facts = {};
    this.number = 0;
    this.skew = 0; // seconds that the server's clock is ahead of this one
  }

  /** Take a snapshot in; what changed by it. */
  snapshot(message) {
    const fresh = new Map(message.elements.map((element) => [element.id, element]));
    const dropped = [...this.elements.keys()].filter((id) => !fresh.has(id));
    this.elements = fresh;
    return this.#taken(message, [...fresh.keys()], dropped);
  }

  /** Take a patch in; what changed by it. Null when it continues another picture than this one. */
  patch(message) {
    if (message.after !== this.number) return null;
    for (const element of message.put) this.elements.set(element.id, element);
    for (const id of message.drop) this.elements.delete(id);
    return this.#taken(message, message.put.map((element) => element.id), message.drop);
  }

  #taken(message, put, drop) {
    this.number = message.number;
    this.facts = message.facts ?? this.facts;
    this.heard(message.now);
    return { put, drop, facts: message.facts !== null };
  }

  /** The server's clock showed this. */
  heard(now) {
    this.skew = now - Date.now() / 1000;
  }

  /** Unix time, by the server's clock. */
  now() {
    return Date.now() / 1000 + this.skew;
  }

  get(id) {
    return this.elements.get(id);
  }

  /** All elements of some kinds. */
  of(...kinds) {
    return [...this.elements.values()].filter((element) => kinds.includes(element.kind));
  }

  /** Seconds since the controller's last sign of life; null when it never gave one. */
  age() {
    return this.facts.seen ? Math.max(0, this.now() - this.facts.seen) : null;
  }
}
