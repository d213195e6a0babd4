// @ts-check
// The files of the form that logs captures: each has a line of its own, is hashed here before anything is sent, and is
// sent in pieces (tus 1.0), so that a cut connection, a reload or a restart of the server costs at most one piece.
import { $, $$, el, icon, page, say } from "./app.js";
import { signedOut } from "./session.js";

const PIECE = 8 << 20;
const TRIES = 6;
const WORKER = "/static/hash-worker.js";
const HASHING = "Hashing";

/** @typedef {{ file: File, line: HTMLLIElement, text: HTMLElement, bar: HTMLProgressElement, buttons: HTMLElement, state: string, sha256: string, id: string, sent: number, begun: number, held?: boolean, asked?: XMLHttpRequest }} Item */

// The one script that may run beside the page.
const policy = window.trustedTypes?.createPolicy("casetrail", {
  createScriptURL: (/** @type {string} */ url) => {
    if (url !== WORKER) throw new TypeError("no script of ours");
    return url;
  },
});

/** Bytes in words. @param {number} bytes */
export const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3)).toLocaleString("en")} kB` : `${(bytes / 1e6).toLocaleString("en", { maximumFractionDigits: bytes < 1e7 ? 1 : 0 })} MB`);

const later = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

/** `item` is an `Item` everywhere. */
export class Uploads {
  constructor(form, list, changed) {
    this.form = form;
    this.list = list;
    this.changed = changed;
    /** @type {Item[]} */
    this.items = [];
    /** @type {Map<number, Item>} */
    this.hashed = new Map();
    this.serial = 0;
    // What earlier visits sent stands in the page, as the server has it.
    for (const line of $$("[data-upload]", list)) {
      const hint = $("[data-half]", line);
      if (hint) hint.textContent = "Choose the same file again: it goes on where it stopped.";
    }
  }

  get worker() {
    if (!this.started) {
      this.started = new Worker(/** @type {any} */ (policy ? policy.createScriptURL(WORKER) : WORKER));
      this.started.addEventListener("message", ({ data }) => this.heard(data));
      this.started.addEventListener("error", () => {
        for (const item of this.hashed.values()) this.fail(item, "It could not be hashed here. Try again, or send it without a script.");
      });
    }
    return this.started;
  }

  /** @param {Iterable<File>} files */
  add(files) {
    for (const file of files) {
      if (this.items.some((known) => known.file.name === file.name && known.file.size === file.size && known.file.lastModified === file.lastModified)) continue;
      const bar = el("progress", { class: "bar", "aria-label": file.name });
      const [text, buttons] = [el("p", { class: "num" }), el("span", { class: "btns" })];
      const name = el("span", {}, el("strong", {}, el("bdi", {}, file.name)), " ", el("span", { class: "soft" }, size(file.size)));
      const line = el("li", {}, icon("upload"), name, buttons, bar, text);
      this.list.append(line);
      const item = { file, line, text, bar, buttons, state: "hashing", sha256: "", id: "", sent: 0, begun: 0 };
      this.items.push(item);
      this.hash(item);
    }
    this.changed();
  }

  hash(item) {
    item.state = "hashing";
    this.show(item, 0, `${HASHING} …`);
    this.offer(item, ["Take off", () => this.remove(item)]);
    const id = this.serial++;
    this.hashed.set(id, item);
    this.worker.postMessage({ id, file: item.file });
  }

  /** @param {{ id: number, done?: number, sha256?: string, error?: string }} told */
  heard({ id, done, sha256, error }) {
    const item = this.hashed.get(id);
    if (!item || !this.items.includes(item)) return;
    if (done !== undefined) return this.show(item, done, `${HASHING}: ${size(done)} of ${size(item.file.size)}`);
    this.hashed.delete(id);
    if (error || !sha256) return this.fail(item, "It could not be read. It may have been moved or changed; choose it again.");
    item.sha256 = sha256;
    this.known(item);
  }

  /** Whether it is here already, or half sent. @param {Item} item */
  async known(item) {
    const earlier = $$("[data-upload]", this.list).find((line) => line.dataset.sha256 === item.sha256);
    if (earlier) {
      item.id = earlier.dataset.upload;
      item.sent = Number(earlier.dataset.received);
      earlier.remove();
    }
    const here = await this.here(item.sha256).catch(() => null);
    if (!this.items.includes(item)) return;
    if (here) {
      item.state = "here";
      item.bar.hidden = true;
      item.text.replaceChildren("Already here: same bytes as ", el("a", { href: `/captures/${here.id}` }, `item ${here.item}`), ". It is not sent.");
      this.offer(item, ["Log it again", () => this.ready(item)], ["Take off", () => this.remove(item)]);
      say(`${item.file.name} is here already, as item ${here.item}.`);
    } else this.ready(item);
    this.changed();
  }

  /** The capture that has these bytes. @param {string} sha256 @returns {Promise<DOMStringMap | undefined>} */
  async here(sha256) {
    const told = await page(`${this.form.action}/preview`, { body: new URLSearchParams({ form_token: this.token, "files[0].sha256": sha256 }), part: true });
    return $(`[data-sha256~="${sha256}"]`, told)?.dataset;
  }

  get token() {
    return $("[name=form_token]", this.form).value;
  }

  ready(item) {
    item.state = "ready";
    item.bar.hidden = !item.sent;
    item.text.className = "num";
    this.show(item, item.sent, item.sent ? `${size(item.sent)} came before. The rest is sent when you press Log it.` : `Ready. SHA-256 ${item.sha256.slice(0, 8)} … ${item.sha256.slice(-4)}`);
    this.offer(item, ["Take off", () => this.remove(item)]);
    this.changed();
  }

  show(item, done, text) {
    item.bar.max = Math.max(1, item.file.size);
    item.bar.value = done;
    item.bar.classList.toggle("bar--bad", item.state === "failed");
    item.text.textContent = text;
  }

  offer(item, ...buttons) {
    item.buttons.replaceChildren(
      ...buttons.map(([word, press]) => {
        const button = el("button", { type: "button", class: "btn btn--sm" }, word, el("span", { class: "vh" }, ` ${item.file.name}`));
        button.addEventListener("click", press);
        return button;
      }),
    );
  }

  fail(item, why) {
    item.state = "failed";
    item.bar.hidden = false;
    this.show(item, item.sent, why);
    item.text.className = "error";
    this.offer(item, ["Try again", () => (item.sha256 ? this.ready(item) : this.hash(item))], ["Take off", () => this.remove(item)]);
    this.changed();
  }

  /** Takes a file off the list; what has come of it is removed from the server too. @param {Item} item */
  remove(item) {
    item.asked?.abort();
    this.items = this.items.filter((known) => known !== item);
    item.state = "gone";
    item.line.remove();
    if (item.id) this.request("DELETE", `/uploads/${item.id}`).catch(() => {});
    this.changed();
  }

  /** @param {string} method @param {string} path @param {Record<string, string>} [headers] @param {Blob} [body] @param {Item} [item] @returns {Promise<XMLHttpRequest>} */
  request(method, path, headers = {}, body, item) {
    return new Promise((done, failed) => {
      const asked = new XMLHttpRequest();
      asked.open(method, path);
      const all = { "Tus-Resumable": "1.0.0", "X-Form-Token": this.token, ...headers };
      for (const [name, value] of Object.entries(all)) asked.setRequestHeader(name, value);
      if (item) {
        item.asked = asked;
        asked.upload.addEventListener("progress", (event) => this.progress(item, item.sent + event.loaded));
      }
      asked.addEventListener("load", () => done(asked));
      asked.addEventListener("error", () => failed(new Error("the connection dropped")));
      asked.addEventListener("abort", () => failed(new Error("taken off")));
      asked.send(body);
    });
  }

  progress(item, sent) {
    const [all, seconds] = [item.file.size, (performance.now() - item.begun) / 1000];
    const left = seconds > 3 && sent > item.sent ? ((all - sent) / (sent / seconds)) : 0;
    const wait = left > 90 ? `, about ${Math.round(left / 60)} min left` : left > 5 ? `, about ${Math.round(left)} s left` : "";
    const done = Math.min(100, Math.floor((sent / Math.max(1, all)) * 100));
    this.show(item, sent, `${size(sent)} of ${size(all)}, ${done} %${wait}. Goes on after a reload.`);
  }

  /** Sends a file to its end, again and again where the connection drops. @param {Item} item */
  async send(item) {
    item.state = "sending";
    item.bar.hidden = false;
    item.begun = performance.now();
    this.offer(item, ["Cancel", () => this.remove(item)]);
    this.progress(item, item.sent);
    let known = !item.id;
    for (let tries = 0; ; ) {
      try {
        if (!item.id) await this.begin(item);
        if (!known) await this.ask(item);
        known = true;
        if (item.sent >= item.file.size) break;
        await this.piece(item);
        tries = 0;
      } catch (error) {
        known = false;
        if (item.state === "gone") return;
        if (error instanceof Refusal) {
          if (error.status !== 409 || ++tries > TRIES) return this.fail(item, error.message);
        } else if (++tries > TRIES) return this.fail(item, `Stopped at ${size(item.sent)}: the connection dropped. What arrived is kept for a day.`);
        this.show(item, item.sent, "The connection dropped. Trying again …");
        await later(Math.min(8000, 300 * 2 ** tries));
      }
    }
    item.state = "sent";
    this.show(item, item.file.size, "Sent, and the server’s hash is the same.");
    this.offer(item);
  }

  async begin(item) {
    const coded = (/** @type {string} */ text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
    const said = { case: this.form.dataset.case ?? "", filename: item.file.name, filetype: item.file.type, sha256: item.sha256 };
    const metadata = Object.entries(said).map(([name, text]) => `${name} ${coded(text)}`).join(",");
    const made = await this.request("POST", "/uploads", { "Upload-Length": String(item.file.size), "Upload-Metadata": metadata });
    await this.refuse(made, 201);
    item.id = (made.getResponseHeader("Location") ?? "").split("/").pop() ?? "";
    item.sent = 0;
  }

  async ask(item) {
    const told = await this.request("HEAD", `/uploads/${item.id}`);
    if (told.status === 404) {
      item.id = "";
      return this.begin(item);
    }
    await this.refuse(told, 200);
    item.sent = Number(told.getResponseHeader("Upload-Offset"));
  }

  async piece(item) {
    const bytes = item.file.slice(item.sent, item.sent + PIECE);
    const headers = { "Upload-Offset": String(item.sent), "Content-Type": "application/offset+octet-stream" };
    const kept = await this.request("PATCH", `/uploads/${item.id}`, headers, bytes, item);
    await this.refuse(kept, 204);
    item.sent = Number(kept.getResponseHeader("Upload-Offset"));
  }

  /** @param {XMLHttpRequest} answer @param {number} wanted */
  async refuse(answer, wanted) {
    if (answer.status === wanted) return;
    if (answer.status === 401) {
      // Goes on under the session that the person opens.
      await signedOut();
      throw new Error("signed in again");
    }
    if (answer.status >= 500 || answer.status === 429 || answer.status === 408) throw new Error("not now");
    const told = /** @type {{ detail?: string }} */ (await new Response(answer.responseText).json().catch(() => ({})));
    throw new Refusal(answer.status, told?.detail || `The server refused it (${answer.status}).`);
  }

  /** Sends all that is ready, two at a time; `each` runs for every file that has come whole. @param {(item: Item) => Promise<void>} [each] */
  async sendAll(each) {
    const waiting = this.items.filter((item) => item.state === "ready");
    const next = async () => {
      for (let item = waiting.shift(); item; item = waiting.shift()) {
        await this.send(item);
        if (item.state === "sent") await each?.(item);
      }
    };
    await Promise.all([next(), next()]);
  }
}

class Refusal extends Error {
  /** @param {number} status @param {string} why */
  constructor(status, why) {
    super(why);
    this.status = status;
  }
}
