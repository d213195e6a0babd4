// @ts-check
// The form that logs captures: what is pasted or dropped goes into it, and what is known of it is told before it is sent.
import { $, $$, dropped, el, page, say, texts } from "./app.js";
import "./drafts.js";
import { register } from "./keys.js";
import { signedOut } from "./session.js";
import { Uploads } from "./uploads.js";

const composer = $("form[data-composer]");
if (composer) start(composer);

/** @param {HTMLFormElement} form */
function start(form) {
  const field = (/** @type {string} */ name) => /** @type {any} */ (form.elements.namedItem(name));
  const [address, chosen] = [field("url"), $("#f-file", form)];
  const list = $("[data-uploads]", form);
  const each = $("[data-each]", form);
  const dated = $("[data-dated]", form);
  const [where, alone] = [$("[data-where]", form), $("input", each)];
  // An empty form shows its first line alone, so that the evidence is in sight; the rest comes with the first thing in it.
  const rest = $("[data-rest]", form);
  const filled = ["url", "text", "platform", "account.handle", "note", "basis.kind"].some((name) => field(name).value.trim());
  rest.hidden = !filled && !form.closest(".composer")?.querySelector("#errors");
  const unfold = () => (rest.hidden = false);
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
  }

  /** @param {Iterable<File>} files */
  const add = (files) => {
    const all = [...files];
    if (all.length === 0) return;
    uploads.add(all);
    say(`${all.length === 1 ? "A file is" : `${all.length} files are`} added. Nothing is sent before you press Log it.`);
  };
  for (const input of [chosen, $("[data-folder]", form)]) {
    const take = () => {
      add(input.files ?? []);
      input.value = "";
    };
    input.addEventListener("change", take);
    // Files may have been chosen before this script ran.
    take();
  }
  for (const button of $$("[data-choose]", form)) {
    button.hidden = false;
    button.addEventListener("click", () => $(button.dataset.choose, form).click());
  }
  for (const told of $$("[data-scripted]", form)) told.hidden = false;
  for (const plain of $$("[data-plain]", form)) plain.hidden = true;

  // A file's date is a guess at when something was captured, and is marked as one.
  function offerDate() {
    const file = uploads.items.length === 1 ? uploads.items[0].file : null;
    const old = file && Date.now() - file.lastModified > 120_000;
    dated.hidden = !old || field("captured_at").value !== "";
    if (!file || !old) return;
    const at = new Date(file.lastModified);
    $("[data-date]", dated).textContent = at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    $("button", dated).onclick = () => {
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
  dropped(form, async (data) => {
    const entries = [...(data?.items ?? [])].map((item) => item.webkitGetAsEntry?.());
    const files = [...(data?.files ?? [])];
    add(entries.some((entry) => entry?.isDirectory) ? (await Promise.all(entries.map(within))).flat() : files);
  });

  const nothing = $("#found-nothing");
  const foundNothing = () => {
    if (!nothing) return;
    nothing.open = true;
    const where = $("[name=url]", nothing);
    if (!where.value) where.value = address.value;
    (where.value ? $("[name=text]", nothing) : where).focus();
  };
  nothing?.addEventListener("toggle", () => nothing.open && foundNothing());
  register([
    { key: "l", does: "Log evidence", run: () => address.focus() },
    { key: "0", does: "Found nothing", run: foundNothing },
  ]);

  // While something is typed: what the link tells, what covers it, what is here already.
  const seen = $("[data-seen]", form);
  const check = $("[data-check]", form);
  let [timer, turn] = [0, 0];
  const ask = async () => {
    const mine = ++turn;
    if (!address.value.trim() && !field("platform").value.trim()) return seen.replaceChildren();
    try {
      const told = await page(check.formAction, { body: texts(form), part: true });
      if (mine === turn) seen.replaceChildren(...document.importNode(told.body, true).childNodes);
    } catch (error) {
      if (/** @type {Error} */ (error).message === "401") signedOut().then(ask);
    }
  };
  function soon() {
    clearTimeout(timer);
    timer = window.setTimeout(ask, 350);
  }
  // What came along from another page is told at once.
  if (filled) ask();
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
    item.held = told.state === "held";
    item.id = "";
    item.text.replaceChildren(item.held ? "Held as " : "Logged as ");
    item.text.append(el("a", { href: `/captures/${told.id}` }, `item ${told.item}`), ".");
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
    if (failed) return say(`${failed} of ${uploads.items.length} files could not be taken: each says why. Try again, or take them off.`);
    const logged = uploads.items.filter((item) => item.state === "logged");
    if (apart && logged.length === 0) return say("These files are here already: nothing was sent.");
    if (apart) {
      // Nothing of it is left to do: the draft goes, and the list shows what came.
      form.dispatchEvent(new Event("leaving"));
      const gone = texts(form);
      gone.set("discard", "yes");
      await fetch(form.dataset.draft ?? "", { method: "POST", body: gone, headers: { "X-Partial": "1" }, credentials: "same-origin" }).catch(() => null);
      const held = logged.filter((item) => item.held).length;
      return location.assign(`/cases/${form.dataset.case}/evidence?logged=${logged.length - held}&held=${held}`);
    }
    // Each is put before the others, so the first is put last; and all before the field for files, which is the last.
    for (const item of uploads.items.filter((item) => item.state === "sent").reverse()) form.prepend(el("input", { type: "hidden", name: "upload", value: item.id }));
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
