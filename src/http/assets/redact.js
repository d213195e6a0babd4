// @ts-check
// Boxes over a picture: drawn by pointer, moved by arrow keys, made larger or smaller with Shift, removed with Delete. The
// number fields say what is sent; a box only shows them.
import { $, $$, el, say } from "./app.js";

const stage = $("[data-redact]");
const table = $("[data-boxes]");
const whole = stage ? [Number(stage.dataset.width), Number(stage.dataset.height)] : [0, 0];
const names = ["x", "y", "w", "h"];
/** The page of a document that is shown; empty for a picture. */
const page = stage?.dataset.page ?? "";

/** The fields of a row. @param {Element} row @returns {HTMLInputElement[]} */
const fields = (row) => names.map((name) => $(`[name^="${name}"]`, row));
/** The field for the page of a row. @param {Element} row @returns {HTMLInputElement | null} */
const pageOf = (row) => $('[name^="p"]', row);
/** @param {Element} row */
const isShown = (row) => page === "" || pageOf(row)?.value.trim() === page;
/** @param {Element} row */
const numbers = (row) => fields(row).map((field) => (field.value.trim() === "" ? NaN : Number(field.value)));
const within = (/** @type {number} */ n, /** @type {number} */ least, /** @type {number} */ most) => Math.max(least, Math.min(most, n));

/** A box within the picture. @param {number[]} box */
function fitted([x, y, w, h]) {
  const [left, top] = [within(Math.round(x), 0, whole[0] - 1), within(Math.round(y), 0, whole[1] - 1)];
  return [left, top, within(Math.round(w), 1, whole[0] - left), within(Math.round(h), 1, whole[1] - top)];
}

/** A row without numbers; one is added where all are filled. */
function emptyRow() {
  const rows = $$("[data-row]", table);
  const empty = rows.find((row) => numbers(row).every(Number.isNaN) && (pageOf(row)?.value ?? "").trim() === "");
  if (empty || rows.length >= 60) return empty ?? null;
  const row = rows[rows.length - 1].cloneNode(true);
  const n = rows.length + 1;
  for (const label of $$("label", row)) label.textContent = label.textContent.replace(/\d+/, String(n));
  for (const field of $$("input", row)) {
    const name = field.name.replace(/\d+$/, String(n));
    Object.assign(field, { name, id: `f-${name}`, value: "" });
    field.previousElementSibling.htmlFor = field.id;
  }
  $(".error", row)?.remove();
  rows[rows.length - 1].after(row);
  return row;
}

/** @param {Element} row @param {number[]} box */
function put(row, box) {
  fields(row).forEach((field, i) => { field.value = String(box[i]); });
  const own = pageOf(row);
  if (own) own.value = page;
}

function show() {
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.box : undefined;
  for (const old of $$(".redact__box", stage)) old.remove();
  $$("[data-row]", table).forEach((row, i) => {
    const box = numbers(row);
    if (!isShown(row) || box.some((n) => Number.isNaN(n))) return;
    const words = `Box ${i + 1}: left ${box[0]}, top ${box[1]}, ${box[2]} by ${box[3]} pixels`;
    const button = el("button", { type: "button", class: "redact__box", "data-box": String(i), "aria-label": words }, String(i + 1));
    const share = (/** @type {number} */ n, /** @type {number} */ of) => `${(100 * n) / of}%`;
    Object.assign(button.style, { left: share(box[0], whole[0]), top: share(box[1], whole[1]), width: share(box[2], whole[0]), height: share(box[3], whole[1]) });
    button.addEventListener("keydown", (event) => move(event, row));
    stage.append(button);
    if (String(i) === focused) button.focus();
  });
}

/** @param {KeyboardEvent} event @param {Element} row */
function move(event, row) {
  const step = event.ctrlKey ? 1 : Math.max(1, Math.round(Math.max(...whole) / 100));
  const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
  if (event.key === "Delete" || event.key === "Backspace") {
    for (const field of [...fields(row), pageOf(row)]) if (field) field.value = "";
    say("The box is removed.");
    stage.focus();
  } else if (by) {
    const [x, y, w, h] = numbers(row);
    put(row, fitted(event.shiftKey ? [x, y, w + by[0], h + by[1]] : [within(x + by[0], 0, whole[0] - w), within(y + by[1], 0, whole[1] - h), w, h]));
  } else return;
  event.preventDefault();
  show();
}

/** Fills the next row with what is selected in the text, counted in characters as the server counts them. */
function blot() {
  const text = $("[data-raw] textarea");
  const row = $$("[data-range]").find((one) => $$("input", one).every((field) => field.value.trim() === ""));
  if (text.selectionStart === text.selectionEnd) return say("Nothing is selected in the text.");
  if (!row) return say("All rows are filled: press More rows.");
  const count = (/** @type {number} */ end) => String([...text.value.slice(0, end)].length);
  const [from, to] = $$("input", row);
  from.value = count(text.selectionStart);
  to.value = count(text.selectionEnd);
  const tick = $('[name="tell[]"][value="text"]');
  if (tick) tick.checked = true;
  $("[data-ranges]").closest("details").open = true;
  say(`Characters ${from.value} to ${to.value} are blotted out.`);
}

const raw = $("[data-raw]");
// Where the browser counts the text otherwise, as with line breaks of another kind, the numbers are typed.
if (raw && [...$("textarea", raw).value].length === Number($("textarea", raw).dataset.letters)) {
  raw.removeAttribute("hidden");
  $("[data-blot]", raw).addEventListener("click", blot);
}

// The time at which a film stands fills a range.
const film = $("[data-film]");
if (film) {
  for (const hidden of $$("[data-timed], [data-here]")) hidden.removeAttribute("hidden");
  for (const row of $$("[data-time]")) {
    for (const [button, name] of [["[data-begins]", "begin"], ["[data-ends]", "end"]]) {
      $(button, row).addEventListener("click", () => {
        const at = film.currentTime.toFixed(3);
        $(`[name^="${name}"]`, row).value = at;
        say(`${name === "begin" ? "Begins" : "Ends"} at ${at} seconds.`);
      });
    }
  }
}

if (stage && table && whole[0] > 0) {
  /** @type {{ row: Element, x: number, y: number, grip?: number[] } | null} */
  let drawn = null;
  const place = (/** @type {PointerEvent} */ event) => {
    const at = $("img", stage).getBoundingClientRect();
    return [within(((event.clientX - at.left) / at.width) * whole[0], 0, whole[0]), within(((event.clientY - at.top) / at.height) * whole[1], 0, whole[1])];
  };
  stage.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0) return;
    const [x, y] = place(event);
    const held = event.target instanceof HTMLElement ? event.target.dataset.box : undefined;
    const row = held === undefined ? emptyRow() : $$("[data-row]", table)[Number(held)];
    if (!row) return say("There are sixty boxes: make this copy, and ask for another.");
    drawn = { row, x, y, grip: held === undefined ? undefined : numbers(row) };
    stage.setPointerCapture(event.pointerId);
    if (held === undefined) event.preventDefault();
  });
  stage.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (!drawn) return;
    const [x, y] = place(event);
    if (drawn.grip) {
      const [left, top, w, h] = drawn.grip;
      put(drawn.row, fitted([within(left + x - drawn.x, 0, whole[0] - w), within(top + y - drawn.y, 0, whole[1] - h), w, h]));
    } else {
      put(drawn.row, fitted([Math.min(x, drawn.x), Math.min(y, drawn.y), Math.abs(x - drawn.x), Math.abs(y - drawn.y)]));
    }
    show();
  });
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => { drawn = null; });
  table.addEventListener("input", show);
  $("[data-drawn]")?.removeAttribute("hidden");
  show();
}
