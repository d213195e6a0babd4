// @ts-check
// Keys. A page registers what works on it, and the help (?) lists exactly that. Single keys do nothing where the person
// turned them off (WCAG 2.1.4), while somebody types, and while a dialog is open.
import { $, $$, dialog, el } from "./app.js";

/**
 * @typedef {object} Key
 * @property {string} key        as `KeyboardEvent.key` names it, such as "l", "J" or "ArrowRight"
 * @property {string} does       what it does, as the help says it: "Log evidence"
 * @property {(event: KeyboardEvent) => void} run
 * @property {boolean} [ctrl]    with Ctrl, or Command on a Mac; works while somebody types, too
 */

/** @type {Key[]} */
const known = [];
const off = document.body.dataset.singleKeys === "off";

/**
 * Registers keys of this page. Of two with the same key the later one counts.
 * @param {Key[]} keys
 */
export function register(keys) {
  for (const one of keys) {
    const same = known.findIndex((old) => old.key === one.key && Boolean(old.ctrl) === Boolean(one.ctrl));
    if (same >= 0) known.splice(same, 1);
    known.push(one);
  }
}

/** Whether a key works: letters and signs can be turned off, arrows, Enter and Ctrl cannot. @param {Key} one */
const works = (one) => Boolean(one.ctrl) || !off || one.key.length > 1;

/** Fields, players and what scrolls by itself keep their keys. @param {EventTarget | null} target */
const types = (target) => target instanceof HTMLElement && (target.isContentEditable || target.matches("input:not([type=checkbox]), textarea, select, video, audio, .strip-pics"));

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.isComposing || $("dialog[open]:modal")) return;
  const ctrl = event.ctrlKey || event.metaKey;
  const found = known.find((one) => one.key.toLowerCase() === event.key.toLowerCase() && Boolean(one.ctrl) === ctrl);
  if (!found || !works(found) || (!ctrl && types(event.target))) return;
  event.preventDefault();
  found.run(event);
});
const written = (key) => ({ ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", " ": "Space" })[key] ?? (key.length === 1 ? key.toUpperCase() : key);

/** Shows the keys that work on this page. */
export function help() {
  const list = el("dl", { class: "keylist" });
  for (const one of known.filter(works)) {
    const keys = el("dd", {}, ...(one.ctrl ? [el("kbd", {}, "Ctrl")] : []), el("kbd", {}, written(one.key)));
    list.append(el("div", {}, el("dt", {}, one.does), keys));
  }
  const close = el("button", { class: "btn", type: "button" }, "Close");
  const note = el("p", { class: "small soft" }, off ? "Single keys are off. " : "No key decides by itself. ", el("a", { href: "/settings/mine" }, off ? "Turn single keys on" : "Turn single keys off"));
  const told = dialog("Keys on this page", el("div", { class: "stack" }, list, note), close);
  close.addEventListener("click", () => told.close());
  told.addEventListener("close", () => told.remove());
  told.showModal();
  close.focus();
}

register([{ key: "?", does: "This help", run: help }]);

// What says its own key: a field is gone to, a link or a button pressed.
for (const target of $$("[data-key]")) {
  const does = target.dataset.does ?? target.textContent?.trim() ?? "";
  const run = () => (target.matches("input, textarea, select") ? target.focus() : target.click());
  register([{ key: target.dataset.key ?? "", does, run }]);
}

for (const button of $$("[data-help]")) {
  button.removeAttribute("hidden");
  button.addEventListener("click", help);
}
