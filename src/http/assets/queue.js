// @ts-check
// The queue by keys, and reasons that a press fills in. Without it the same page works by links and radio choices.
import { say } from "/static/app.js";

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form.decision"));
const reason = form?.querySelector("textarea") ?? null;
const answers = /** @type {HTMLButtonElement[]} */ ([...(form?.querySelectorAll(".answers button") ?? [])]);

/** Kept for this browser: whether single keys work. It says nothing of a case. */
const KEPT = "casetrail.single-keys";
const areOn = () => localStorage.getItem(KEPT) !== "off";

// Reasons: buttons instead of choices.
const sentences = /** @type {Map<HTMLButtonElement, string>} */ (new Map());
for (const choice of form?.querySelectorAll(".reason") ?? []) {
  const radio = /** @type {HTMLInputElement} */ (choice.querySelector("input"));
  const chip = document.createElement("button");
  chip.type = "button";
  chip.className = "pick-chip";
  chip.textContent = choice.textContent;
  chip.setAttribute("aria-pressed", "false");
  chip.dataset.of = radio.dataset.of;
  sentences.set(chip, radio.value);
  chip.addEventListener("click", () => fill(chip));
  // A choice that came back with a refused form stands as its sentence.
  if (radio.checked && reason && reason.value === "") reason.value = radio.value;
  choice.replaceWith(chip);
}
if (reason) {
  reason.addEventListener("input", mark);
  mark();
}

/** Puts a sentence in place of another one, or behind what was written. @param {HTMLButtonElement} chip */
function fill(chip) {
  if (!reason) return;
  const sentence = sentences.get(chip) ?? "";
  const written = reason.value.trim();
  const replaced = written === "" || [...sentences.values()].includes(written);
  if (!written.includes(sentence)) reason.value = replaced ? sentence : `${written} ${sentence}`;
  mark();
}

/** Shows which sentences stand in the reason. */
function mark() {
  for (const [chip, sentence] of sentences) chip.setAttribute("aria-pressed", String(reason?.value.includes(sentence)));
}

/** The answer that a key chose; another key, or Ctrl Enter in the reason, is needed to give it. @type {HTMLButtonElement | null} */
let chosen = null;

/** @param {HTMLButtonElement} answer */
function choose(answer) {
  chosen = answer;
  for (const other of answers) other.classList.toggle("is-chosen", other === answer);
  reason?.focus();
  say(`${answer.textContent} is chosen. Write the reason, then press Ctrl and Enter.`);
}
reason?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !chosen) return;
  event.preventDefault();
  form?.requestSubmit(chosen);
});

/** @param {string} rel */
const beside = (rel) => /** @type {HTMLAnchorElement | null} */ (document.querySelector(`a[rel=${rel}]`));
/** The keys that work on this page: what each does in words, and what it does. @type {[string, string, () => void][]} */
const keys = [];
const [next, before] = [beside("next"), beside("prev")];
if (next) keys.push(["J", "Open the next one", () => next.click()]);
if (before) keys.push(["K", "Open the one before", () => before.click()]);
const [first, last] = [answers[0], answers[answers.length - 1]];
if (first) keys.push(["A", `Write the reason for “${first.textContent}”`, () => choose(first)]);
if (last && last !== first) keys.push(["D", `Write the reason for “${last.textContent}”`, () => choose(last)]);
keys.push(["?", "Show the keys", help]);

const dialog = document.createElement("dialog");
dialog.className = "dialog";
dialog.setAttribute("aria-labelledby", "h-keys");

/** Tells the keys of this page. */
function help() {
  const title = document.createElement("h2");
  title.id = "h-keys";
  title.textContent = "Keys on this page";
  const list = document.createElement("dl");
  list.className = "keylist";
  const told = /** @type {[string, string][]} */ (keys.map(([key, does]) => [key, does]));
  if (first) told.push(["Ctrl Enter", "In the reason: give the answer that A or D chose"]);
  for (const [key, does] of told) {
    const [row, term, detail, cap] = ["div", "dt", "dd", "kbd"].map((name) => document.createElement(name));
    term.textContent = does;
    cap.textContent = key;
    detail.append(cap);
    row.append(term, detail);
    list.append(row);
  }
  const label = document.createElement("label");
  label.className = "choice";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = areOn();
  box.addEventListener("change", () => {
    localStorage.setItem(KEPT, box.checked ? "on" : "off");
    hint.hidden = !box.checked;
  });
  const words = document.createElement("span");
  words.textContent = "Single keys work on this computer";
  label.append(box, words);
  const close = document.createElement("button");
  close.className = "btn";
  close.type = "button";
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.replaceChildren(title, list, label, close);
  dialog.showModal();
  close.focus();
}

const head = document.querySelector(".head");
const tools = document.createElement("div");
tools.className = "keys";
const hint = document.createElement("span");
for (const [key] of keys.filter(([key]) => key !== "?")) {
  const cap = document.createElement("kbd");
  cap.textContent = key;
  hint.append(cap);
}
hint.hidden = !areOn();
const button = document.createElement("button");
button.type = "button";
button.className = "btn btn--sm btn--quiet";
button.textContent = "Keys";
button.addEventListener("click", help);
tools.append(hint, button);
head?.append(tools);
document.body.append(dialog);

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const typing = target.closest("input, textarea, select, [contenteditable]") !== null;
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || !areOn()) return;
  const found = keys.find(([key]) => key === event.key.toUpperCase());
  if (!found) return;
  event.preventDefault();
  found[2]();
});
