// What happened, the newest first.

import { make } from "./dom.js";
import { clock } from "./words.js";

const MOST = 200;

export class Log {
  constructor(container, count, model) {
    this.container = container;
    this.count = count;
    this.model = model;
    this.newest = 0;
  }

  /** Take in the events of a change. */
  update(change) {
    for (const id of change.drop) this.container.querySelector(`[data-id="${CSS.escape(id)}"]`)?.remove();
    const fresh = change.put.filter((id) => id.startsWith("event:")).map((id) => this.model.get(id)).filter(Boolean);
    const first = this.newest === 0;
    for (const event of fresh.sort((a, b) => a.number - b.number)) {
      if (this.container.querySelector(`[data-id="${event.id}"]`)) continue;
      this.container.querySelector(".none")?.remove();
      this.container.prepend(row(event, !first));
      this.newest = Math.max(this.newest, event.number);
    }
    while (this.container.childElementCount > MOST) this.container.lastElementChild.remove();
    if (!this.container.childElementCount) this.container.append(make("li", { class: "none" }, "Nothing happened yet."));
    const known = this.container.querySelectorAll("[data-id]").length;
    this.count.textContent = known ? `last ${known}` : "";
  }
}

function row(event, fresh) {
  const seconds = event.seconds ? `took ${event.seconds < 1 ? `${Math.round(event.seconds * 1000)} ms` : `${event.seconds.toFixed(1)} s`}` : "";
  const more = [event.cause, seconds].filter(Boolean).join(", ");
  const time = make("time", { datetime: new Date(event.at * 1000).toISOString() }, clock(event.at));
  const words = make("span", {}, make("b", {}, event.subject), ` ${event.text}`);
  return make("li", { "data-id": event.id, "data-about": event.about, class: fresh ? "new" : undefined }, time, words, more ? make("small", {}, more) : null);
}
