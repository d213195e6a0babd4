// @ts-check
// A list of evidence: selecting several items with Shift or a key, and how many are selected. Plain boxes work without it.
import { register } from "./keys.js";

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-marks]"));
const boxes = /** @type {HTMLInputElement[]} */ ([...(form?.querySelectorAll("input[name='captures[]']") ?? [])]);
if (form && boxes.length) {
  const count = form.querySelector("[data-count]");
  const clear = /** @type {HTMLElement | null} */ (form.querySelector("[data-clear]"));
  const bar = form.querySelector(".bulk");

  const tell = () => {
    const selected = boxes.filter((box) => box.checked).length;
    if (count) count.textContent = selected === 1 ? "1 item selected" : `${selected} items selected`;
    if (clear) clear.hidden = selected === 0;
    bar?.classList.toggle("bulk--idle", selected === 0);
  };

  /** The box that was set last, from which Shift selects on. @type {HTMLInputElement | null} */
  let last = null;
  /** @param {HTMLInputElement} box @param {boolean} all */
  const set = (box, all) => {
    if (all && last) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
    }
    last = box;
    tell();
  };

  form.addEventListener("click", (event) => {
    const box = event.target;
    if (box instanceof HTMLInputElement && boxes.includes(box)) set(box, event.shiftKey);
  });
  clear?.addEventListener("click", () => {
    for (const box of boxes) box.checked = false;
    tell();
  });
  /** @param {KeyboardEvent} event */
  const select = (event) => {
    const at = /** @type {HTMLElement} */ (event.target);
    const box = /** @type {HTMLInputElement | null} */ (at.closest(".shot, tr")?.querySelector("input[name='captures[]']"));
    if (!box) return;
    box.checked = !box.checked;
    set(box, event.shiftKey);
  };
  register([{ key: "x", does: "Select the item in focus; with Shift all up to it", run: select }]);
  for (const keys of form.querySelectorAll("[data-keys]")) /** @type {HTMLElement} */ (keys).hidden = false;
  tell();
}
