// @ts-check
// Keys. A page registers what works on it, and the help (?) lists exactly that. Single keys do nothing where the person
// turned them off (WCAG 2.1.4), while somebody types, and while a dialog is open.

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
  if (event.defaultPrevented || event.altKey || event.isComposing || document.querySelector("dialog[open]:modal")) return;
  const ctrl = event.ctrlKey || event.metaKey;
  const found = known.find((one) => one.key.toLowerCase() === event.key.toLowerCase() && Boolean(one.ctrl) === ctrl);
  if (!found || !works(found) || (!ctrl && types(event.target))) return;
  event.preventDefault();
  found.run(event);
});

/** @param {string} key */
const written = (key) => ({ ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", " ": "Space" })[key] ?? (key.length === 1 ? key.toUpperCase() : key);

/** @param {string} tag @param {Record<string, string>} attributes @param {...(Node | string)} children */
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Shows the keys that work on this page. */
export function help() {
  const list = el("dl", { class: "keylist" });
  for (const one of known.filter(works)) {
    const keys = el("dd", {}, ...(one.ctrl ? [el("kbd", {}, "Ctrl")] : []), el("kbd", {}, written(one.key)));
    list.append(el("div", {}, el("dt", {}, one.does), keys));
  }
  const close = el("button", { class: "btn", type: "button" }, "Close");
  const note = el("p", { class: "small soft" }, off ? "Single keys are off. " : "No key decides by itself. ", el("a", { href: "/settings/mine" }, off ? "Turn single keys on" : "Turn single keys off"));
  const dialog = /** @type {HTMLDialogElement} */ (el("dialog", { class: "dialog", "aria-labelledby": "keys-title" },
    el("div", { class: "stack" }, el("h2", { id: "keys-title" }, "Keys on this page"), list, note), el("div", { class: "btns" }, close)));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
}

register([{ key: "?", does: "This help", run: help }]);

// What says its own key: a field is gone to, a link or a button pressed.
for (const node of document.querySelectorAll("[data-key]")) {
  const target = /** @type {HTMLElement} */ (node);
  const does = target.dataset.does ?? target.textContent?.trim() ?? "";
  const run = () => (target.matches("input, textarea, select") ? target.focus() : target.click());
  register([{ key: target.dataset.key ?? "", does, run }]);
}
const address = /** @type {HTMLElement | null} */ (document.querySelector("form[data-composer] input[name=url]"));
if (address) register([{ key: "l", does: "Log evidence", run: () => address.focus() }]);

for (const button of document.querySelectorAll("[data-help]")) {
  button.removeAttribute("hidden");
  button.addEventListener("click", help);
}
