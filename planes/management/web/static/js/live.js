// The connection to the server: events in, and again from the start when it was lost.

const SILENCE = 16000; // milliseconds without a word, after which a connection is called lost: three beats and some
const AGAIN = 1000; // milliseconds before the first new attempt; then twice as long each time
const LONGEST = 8000;

export class Live {
  /** `told(kind, message)` for each message, `changed(state, words)` when the connection is live or lost. */
  constructor(told, changed) {
    this.told = told;
    this.changed = changed;
    this.wait = AGAIN;
    this.words = "";
    document.addEventListener("visibilitychange", () => document.hidden || this.source || this.open());
  }

  open() {
    clearTimeout(this.later);
    this.source?.close();
    this.source = new EventSource("events");
    for (const kind of ["snapshot", "patch", "beat"]) {
      this.source.addEventListener(kind, (event) => this.#heard(kind, JSON.parse(event.data)));
    }
    this.source.addEventListener("error", () => this.lose());
    this.#expect();
  }

  #heard(kind, message) {
    this.#expect();
    this.wait = AGAIN;
    if (kind === "snapshot") this.changed("live", "");
    this.told(kind, message);
  }

  #expect() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lose(), SILENCE);
  }

  /** The connection is no use any more: try again in a while. */
  lose() {
    clearTimeout(this.silence);
    clearTimeout(this.later);
    this.source?.close();
    this.source = null;
    this.changed("lost", this.words);
    this.later = setTimeout(() => this.#again(), this.wait);
    this.wait = Math.min(LONGEST, this.wait * 2);
  }

  async #again() {
    // An EventSource does not tell why it was refused; a request does.
    const stopped = new AbortController();
    try {
      const answer = await fetch("events", { signal: stopped.signal });
      if (answer.ok) {
        stopped.abort();
        this.words = "";
        return this.open();
      }
      this.words = (await answer.text()).trim();
    } catch {
      this.words = "";
    }
    return this.lose();
  }
}
