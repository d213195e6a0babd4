// @ts-check
// Picking exhibits, a packet's build under way, and a file to verify. Each is a plain form or page that works alone; here
// its parts are renewed in place.
import { $, $$, dropped, page, say } from "./app.js";

/** Puts the parts of another document in place of those of the same names, or of this name, and keeps the focus. @param {Document} other @param {string} [only] */
function renew(other, only) {
  const at = /** @type {HTMLElement | null} */ (document.activeElement);
  const mark = at?.id ? `#${CSS.escape(at.id)}` : at instanceof HTMLButtonElement || at instanceof HTMLInputElement ? `[name="${at.name}"][value="${CSS.escape(at.value)}"]` : null;
  const row = at?.closest("[data-item]")?.getAttribute("data-item");
  for (const part of $$(only ? `[data-part=${only}]` : "[data-part]")) {
    const fresh = other.querySelector(`[data-part="${part.getAttribute("data-part")}"]`);
    if (fresh) part.replaceWith(document.adoptNode(fresh));
  }
  if (document.activeElement !== document.body) return;
  let next = mark && $(mark);
  // A button at the end of the list is off: the one beside it stays under the finger.
  if (next?.disabled) next = next.parentElement?.querySelector("button:not(:disabled)") ?? null;
  if (!next && row) next = $(`[data-item="${row}"] button:not(:disabled)`);
  next?.focus();
  prepare();
}

/** What only works with a script. */
function prepare() {
  for (const one of $$("[data-keys], [data-copy]")) one.removeAttribute("hidden");
  $("[data-show]")?.setAttribute("hidden", "");
  for (const row of $$("[data-order] > li")) row.draggable = true;
}
prepare();

const choose = $("form[data-choose]");
if (choose) {
  const target = choose.action;
  let turn = 0;
  /** Sends the form as a button of it would, and shows what came of it. @param {string} button @param {string} [told] */
  const send = async (button, told) => {
    const mine = ++turn;
    const fields = new URLSearchParams(/** @type {any} */ (new FormData(choose)));
    fields.set("do", button);
    const typed = fields.get("items");
    try {
      const other = await page(target, { body: fields });
      // A later change is on its way already, and knows of this one.
      if (mine !== turn) return;
      // Somebody goes on typing: what they type is sent when they leave the field.
      if (document.activeElement === items() && items().value !== typed) return;
      renew(other);
      say(told ?? document.getElementById("h-order")?.parentElement?.querySelector(".num")?.textContent ?? "");
    } catch {
      say("No answer came, so nothing changed here. Press it again, or look whether you are still signed in.");
    }
  };
  choose.addEventListener("submit", (event) => {
    const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
    if (!button || button.hasAttribute("formaction")) return;
    event.preventDefault();
    event.stopPropagation();
    send(button.value);
  });
  choose.addEventListener("change", (event) => {
    const field = /** @type {HTMLElement} */ (event.target);
    if (field.matches("[data-pick], #f-items, #f-recipient")) send("look");
    if (field.matches("[data-filter]")) send("filter", "The list is filtered.");
  });

  const items = () => $("#f-items");
  const rows = () => $$("[data-order] > li", choose);
  /** Puts an exhibit where another one stands. @param {string} item @param {string} other @param {boolean} behind */
  const move = (item, other, behind) => {
    const all = numbers(items().value).filter((one) => one !== item);
    all.splice(all.indexOf(other) + (behind ? 1 : 0), 0, item);
    items().value = all.join(" ");
    send("look", `Item ${item} is exhibit ${all.indexOf(item) + 1}.`);
  };
  /** The numbers of a text with ranges. @param {string} text */
  const numbers = (text) =>
    text.split(/[\s,;]+/).filter(Boolean).flatMap((part) => {
      const [first, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, n) => String(first + n));
    });

  let dragged = "";
  const over = () => choose.querySelectorAll(".is-moving").forEach((row) => row.classList.remove("is-moving"));
  const rowOf = (/** @type {Event} */ event) => /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest?.("[data-order] > li"));
  choose.addEventListener("dragstart", (event) => {
    dragged = rowOf(event)?.dataset.item ?? "";
    if (dragged && event.dataTransfer) event.dataTransfer.effectAllowed = "move";
  });
  choose.addEventListener("dragover", (event) => {
    const row = rowOf(event);
    if (!dragged || !row) return;
    event.preventDefault();
    over();
    row.classList.add("is-moving");
  });
  choose.addEventListener("drop", (event) => {
    const row = rowOf(event);
    const other = row?.dataset.item;
    over();
    if (!dragged || !row || !other || other === dragged) return;
    event.preventDefault();
    const all = rows();
    const down = all.findIndex((one) => one.dataset.item === dragged) < all.indexOf(row);
    move(dragged, other, down);
  });
  choose.addEventListener("dragend", () => {
    dragged = "";
    over();
  });
  choose.addEventListener("keydown", (event) => {
    const row = rowOf(event);
    if (!row?.dataset.item || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    const up = event.key === "ArrowUp";
    const other = /** @type {HTMLElement | null} */ (up ? row.previousElementSibling : row.nextElementSibling);
    if (other?.dataset.item) move(row.dataset.item, other.dataset.item, !up);
  });
}

// A build under way: asked again until it ends.
const watch = async () => {
  const live = $("[data-live]");
  if (!live) return;
  const before = live.getAttribute("data-live");
  try {
    // `?watch` says that nobody did anything, so that looking again does not keep the session.
    renew(await page(location.pathname + "?watch"));
  } catch {
    location.reload();
    return;
  }
  // That it was asked for is no news any more.
  $("main > .notice--ok")?.remove();
  const now = $("[data-live]")?.getAttribute("data-live") ?? $("[data-told]")?.getAttribute("data-told") ?? "";
  if (now !== before) say(now);
  setTimeout(watch, 400);
};
if ($("[data-live]")) setTimeout(watch, 400);

// Once a packet has left, its page says so.
document.addEventListener("click", (event) => {
  if (!(/** @type {Element} */ (event.target).closest?.("a[download]"))) return;
  setTimeout(() => page(location.pathname + "?watch").then((other) => renew(other, "downloads"), () => {}), 1500);
});

// Text to copy.
document.addEventListener("click", async (event) => {
  const button = /** @type {Element} */ (event.target).closest?.("[data-copy]");
  const from = button && document.getElementById(button.getAttribute("data-copy") ?? "");
  if (!from) return;
  const text = from.textContent?.trim() ?? "";
  try {
    await navigator.clipboard.writeText(text);
    say("Copied.");
  } catch {
    // Without a clipboard the text is chosen, so that Ctrl C takes it.
    getSelection()?.selectAllChildren(from);
    say("Press Ctrl C to copy it.");
  }
});

// A file to verify: sent as soon as it is chosen or dropped.
const verify = $("form[data-verify]");
if (verify) {
  const file = $("input[type=file]", verify);
  const bar = $("progress", verify);
  const told = $("[data-progress]", verify);
  const send = async () => {
    const chosen = file.files?.[0];
    if (!chosen) return;
    verify.setAttribute("aria-busy", "true");
    bar.hidden = false;
    told.textContent = `Sending ${chosen.name}`;
    try {
      const sent = (/** @type {number} */ share) => {
        bar.value = share;
        told.textContent = share < 1 ? `Sending ${chosen.name}, ${Math.round(share * 100)} %` : `Checking ${chosen.name}`;
      };
      renew(await page(verify.action, { body: new FormData(verify), sent }));
      const answer = $("[data-part=errors] li") ?? $("[data-part=answer] h2");
      say(answer?.textContent ?? "");
      told.textContent = "";
    } catch {
      told.textContent = "The file could not be sent. Choose it again, or look whether you are still signed in.";
    }
    bar.hidden = true;
    verify.removeAttribute("aria-busy");
  };
  file.addEventListener("change", send);
  verify.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    send();
  });
  dropped($(".drop", verify), (data) => {
    if (!data?.files.length) return;
    file.files = data.files;
    send();
  });
}
