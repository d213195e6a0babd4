// @ts-check
// The form that logs captures: what is pasted or dropped goes into it, and what is known of it is told before it is sent.
import { say } from "./app.js";
import { Uploads } from "./uploads.js";
import { signedOut } from "./drafts.js";
import { register } from "./keys.js";

const composer = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-composer]"));
if (composer) start(composer);

/** @param {HTMLFormElement} form */
function start(form) {
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  const [address, chosen] = [field("url"), /** @type {HTMLInputElement} */ (form.querySelector("#f-file"))];
  const list = /** @type {HTMLElement} */ (form.querySelector("[data-uploads]"));
  const each = /** @type {HTMLElement} */ (form.querySelector("[data-each]"));
  const dated = /** @type {HTMLElement} */ (form.querySelector("[data-dated]"));
  const [where, alone] = [/** @type {HTMLElement} */ (form.querySelector("[data-where]")), /** @type {HTMLInputElement} */ (each.querySelector("input"))];
  let chose = false;
  alone.addEventListener("input", () => (chose = true));
  // An empty form shows its first line alone, so that the evidence is in sight; the rest comes with the first thing in it.
  const rest = /** @type {HTMLElement} */ (form.querySelector("[data-rest]"));
  const filled = ["url", "text", "platform", "account.handle", "note", "basis.kind"].some((name) => field(name).value.trim());
  rest.hidden = !filled && !form.closest(".composer")?.querySelector("#errors");
  function unfold() {
    rest.hidden = false;
  }
  const uploads = new Uploads(form, list, () => {
    each.hidden = uploads.items.length < 2;
    offerDate();
    askWhere();
    unfold();
  });

  address.addEventListener("focus", unfold);

  // A file alone does not say where it is from; what was handed over need not.
  const unplaced = () => !address.value.trim() && !["platform", "platform_other"].some((name) => field(name).value.trim()) && !/^(legal|consent|third)/.test(field("basis.kind").value) && uploads.items.some((item) => item.state !== "logged");
  function askWhere() {
    where.hidden = !unplaced();
    // What is of different kinds, and not of one link, is seldom one item.
    if (!chose) alone.checked = !address.value.trim() && new Set(uploads.items.map(({ file }) => /^(image|video)/.exec(file.type)?.[0])).size > 1;
  }

  /** @param {Iterable<File>} files */
  const add = (files) => {
    const all = [...files];
    if (all.length === 0) return;
    uploads.add(all);
    say(`${all.length === 1 ? "A file is" : `${all.length} files are`} added. Nothing is sent before you press Log it.`);
  };
  const take = () => {
    add(chosen.files ?? []);
    chosen.value = "";
  };
  chosen.addEventListener("change", take);
  // Files may have been chosen before this script ran.
  take();
  const folder = /** @type {HTMLInputElement | null} */ (form.querySelector("[data-folder]"));
  folder?.addEventListener("change", () => {
    add(folder.files ?? []);
    folder.value = "";
  });
  for (const button of form.querySelectorAll("[data-choose]")) {
    /** @type {HTMLElement} */ (button).hidden = false;
    button.addEventListener("click", () => /** @type {HTMLInputElement} */ (form.querySelector(button.getAttribute("data-choose") ?? "")).click());
  }
  for (const told of form.querySelectorAll("[data-scripted]")) /** @type {HTMLElement} */ (told).hidden = false;
  for (const plain of form.querySelectorAll("[data-plain]")) /** @type {HTMLElement} */ (plain).hidden = true;

  // A file's date is a guess at when something was captured, and is marked as one.
  function offerDate() {
    const file = uploads.items.length === 1 ? uploads.items[0].file : null;
    const old = file && Date.now() - file.lastModified > 120_000;
    dated.hidden = !old || field("captured_at").value !== "";
    if (!file || !old) return;
    const at = new Date(file.lastModified);
    /** @type {HTMLElement} */ (dated.querySelector("[data-date]")).textContent = at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    /** @type {HTMLButtonElement} */ (dated.querySelector("button")).onclick = () => {
      field("captured_at").value = at.toISOString();
      field("captured_at_basis").value = "file_date";
      dated.hidden = true;
      form.dispatchEvent(new Event("change"));
      say("The file’s date is taken as the time of capture, marked as a guess.");
    };
  }

  document.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    if (data?.files.length) {
      event.preventDefault();
      const now = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
      // Every browser calls a pasted picture the same.
      add([...data.files].map((file, n) => (file.name === "image.png" ? new File([file], `pasted-${now}${n ? `-${n}` : ""}.png`, { type: file.type }) : file)));
    } else if (document.activeElement === document.body && data) {
      address.value = data.getData("text").trim();
      address.focus();
      soon();
    }
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("drop--over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) form.classList.remove("drop--over");
  });
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    form.classList.remove("drop--over");
    const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.());
    const files = [...(event.dataTransfer?.files ?? [])];
    add(entries.some((entry) => entry?.isDirectory) ? (await Promise.all(entries.map(within))).flat() : files);
  });

  const nothing = /** @type {HTMLDetailsElement | null} */ (document.getElementById("found-nothing"));
  const foundNothing = () => {
    if (!nothing) return;
    nothing.open = true;
    const where = /** @type {HTMLInputElement} */ (nothing.querySelector("[name=url]"));
    if (!where.value) where.value = address.value;
    /** @type {HTMLElement} */ (where.value ? nothing.querySelector("[name=text]") : where).focus();
  };
  nothing?.addEventListener("toggle", () => nothing.open && foundNothing());
  register([
    { key: "l", does: "Log evidence", run: () => address.focus() },
    { key: "0", does: "Found nothing", run: foundNothing },
  ]);

  // While something is typed: what the link tells, what covers it, what is here already.
  const seen = /** @type {HTMLElement} */ (form.querySelector("[data-seen]"));
  const check = /** @type {HTMLButtonElement} */ (form.querySelector("[data-check]"));
  /** @type {number} */
  let timer;
  /** @type {XMLHttpRequest | undefined} */
  let asked;
  const texts = () => {
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") fields.append(name, value);
    return fields;
  };
  const ask = () => {
    asked?.abort();
    if (!address.value.trim() && !field("platform").value.trim()) {
      seen.replaceChildren();
      return;
    }
    asked = new XMLHttpRequest();
    asked.open("POST", check.formAction);
    asked.setRequestHeader("X-Partial", "1");
    // The browser makes a document of the answer, in which no script can run.
    asked.responseType = "document";
    asked.addEventListener("load", function () {
      if (this.status === 401) signedOut().then(ask);
      if (this.status !== 200 || this.getResponseHeader("X-Partial") !== "1") return;
      seen.replaceChildren(...document.importNode(this.response.body, true).childNodes);
    });
    asked.send(texts());
  };
  function soon() {
    clearTimeout(timer);
    timer = window.setTimeout(ask, 350);
  }
  for (const event of ["input", "change"]) {
    form.addEventListener(event, soon);
    form.addEventListener(event, askWhere);
  }
  check.hidden = true;

  /** One capture of its own for a file that has come. @param {import("./uploads.js").Item} item */
  const logAlone = async (item) => {
    const fields = new FormData(form);
    fields.delete("file");
    fields.delete("upload");
    fields.set("upload", item.id);
    // Another key for each file, the same for each try.
    fields.set("idempotency_key", `${fields.get("idempotency_key")}-${item.sha256.slice(0, 16)}`);
    const answer = await fetch(form.action, { method: "POST", body: fields, headers: { "X-Partial": "1" }, credentials: "same-origin" }).catch(() => null);
    const told = await answer?.json().catch(() => null);
    if (answer?.status !== 201) return uploads.fail(item, told?.detail ?? "It was sent, but not logged: the connection dropped. Try again.");
    item.state = "logged";
    item.id = "";
    item.text.replaceChildren(told.state === "held" ? "Held as " : "Logged as ");
    const link = document.createElement("a");
    link.href = `/captures/${told.id}`;
    link.textContent = `item ${told.item}`;
    item.text.append(link, ".");
    uploads.offer(item);
  };

  form.addEventListener("submit", async (event) => {
    const button = /** @type {SubmitEvent} */ (event).submitter;
    if (form.getAttribute("aria-busy") === "true") return event.preventDefault();
    if (event.defaultPrevented || button?.hasAttribute("formaction") || !uploads.items.some((item) => item.state !== "logged")) return;
    event.preventDefault();
    if (unplaced()) {
      event.stopPropagation();
      field("platform").focus();
      return say("Where is this from? Choose it, then log it.");
    }
    if (uploads.items.some((item) => item.state === "hashing")) say("The files are hashed first; then they are sent.");
    while (uploads.items.some((item) => item.state === "hashing")) await new Promise((done) => setTimeout(done, 100));
    const apart = alone.checked && !each.hidden;
    await uploads.sendAll(apart ? logAlone : undefined);
    const failed = uploads.items.filter((item) => item.state === "failed").length;
    form.removeAttribute("aria-busy");
    if (apart || failed) {
      const logged = uploads.items.filter((item) => item.state === "logged").length;
      say(failed ? `${failed} of ${uploads.items.length} files could not be taken: each says why. Try again, or take them off.` : `${logged} items are logged.`);
      return;
    }
    // Each is put before the others, so the first is put last.
    for (const item of uploads.items.filter((item) => item.state === "sent").reverse()) {
      const named = document.createElement("input");
      [named.type, named.name, named.value] = ["hidden", "upload", item.id];
      // Before the field for files, which is the last.
      form.prepend(named);
    }
    form.setAttribute("aria-busy", "true");
    form.dispatchEvent(new Event("leaving"));
    form.submit();
  });
}

/** The files of a folder, and of those in it. @param {FileSystemEntry | null | undefined} entry @returns {Promise<File[]>} */
async function within(entry) {
  if (!entry) return [];
  if (entry.isFile) return [await new Promise((done, failed) => /** @type {FileSystemFileEntry} */ (entry).file(done, failed))];
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const all = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (some.length === 0) break;
    all.push(...some);
  }
  return (await Promise.all(all.map(within))).flat();
}
