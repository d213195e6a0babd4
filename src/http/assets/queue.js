// @ts-check
// The queue by keys, and reasons that a press fills in. Without it the same page works by links and radio choices.
import { $, $$, el, say } from "./app.js";
import { register } from "./keys.js";

const form = $("form.decision");
const reason = $("textarea", form);
const answers = $$(".answers button", form);

// Reasons: buttons instead of choices.
const sentences = /** @type {Map<HTMLButtonElement, string>} */ (new Map());
for (const choice of $$(".reason", form)) {
  const radio = $("input", choice);
  const chip = el("button", { type: "button", class: "pick-chip", "aria-pressed": "false", "data-of": radio.dataset.of }, choice.textContent);
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
const beside = (rel) => $(`a[rel=${rel}]`);
const [next, before] = [beside("next"), beside("prev")];
const [first, last] = [answers[0], answers[answers.length - 1]];
if (next) register([{ key: "j", does: "Open the next one", run: () => next.click() }]);
if (before) register([{ key: "k", does: "Open the one before", run: () => before.click() }]);
if (first) register([{ key: "a", does: `Write the reason for “${first.textContent}”`, run: () => choose(first) }]);
if (last && last !== first) register([{ key: "d", does: `Write the reason for “${last.textContent}”`, run: () => choose(last) }]);
