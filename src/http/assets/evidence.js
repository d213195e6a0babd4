// @ts-check
// A list of evidence: selecting several items with Shift or a key, how many are selected, and the next items on scrolling
// on. Plain boxes and a link work without it.
import { $, $$, page } from "./app.js";
import { register } from "./keys.js";

const form = $("form[data-marks]");
const BOX = "input[name='captures[]']";
const all = () => $$(BOX, form);
if (form && all().length) {
  const count = $("[data-count]", form);
  const clear = $("[data-clear]", form);
  const bar = $(".bulk", form);

  const tell = () => {
    const selected = all().filter((box) => box.checked).length;
    if (count) count.textContent = selected === 1 ? "1 item selected" : `${selected} items selected`;
    if (clear) clear.hidden = selected === 0;
    bar?.classList.toggle("bulk--idle", selected === 0);
  };

  /** The box that was set last, from which Shift selects on. @type {HTMLInputElement | null} */
  let last = null;
  /** @param {HTMLInputElement} box @param {boolean} between */
  const set = (box, between) => {
    if (between && last) {
      const boxes = all();
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const one of boxes.slice(from, to + 1)) one.checked = box.checked;
    }
    last = box;
    tell();
  };

  form.addEventListener("click", (event) => {
    const box = event.target;
    if (box instanceof HTMLInputElement && all().includes(box)) set(box, event.shiftKey);
  });
  clear?.addEventListener("click", () => {
    for (const box of all()) box.checked = false;
    tell();
  });
  const select = (event) => {
    const box = $(BOX, /** @type {Element} */ (event.target).closest(".shot, tr"));
    if (!box) return;
    box.checked = !box.checked;
    set(box, event.shiftKey);
  };
  register([{ key: "x", does: "Select the item in focus; with Shift all up to it", run: select }]);
  for (const keys of $$("[data-keys]", form)) keys.hidden = false;
  tell();
}

/** Items that scrolling brings; the link goes on behind them. */
const MOST = 1000;
const LIST = ".gallery, .table--items > tbody";

/** Brings the next items when the end of the list comes near. @param {Element | null} pager */
function watch(pager) {
  const link = $("a[data-next]", pager);
  const list = $(LIST);
  if (!pager || !link || !list || list.children.length >= MOST) return;
  const near = new IntersectionObserver(async ([seen]) => {
    if (!seen.isIntersecting) return;
    near.disconnect();
    // Where no answer comes the link stays.
    const other = await page(link.href, { holds: LIST }).catch(() => null);
    const [fresh, next] = [other?.querySelector(LIST), other?.querySelector("main .pager")];
    if (!fresh || !next) return;
    const from = pager.querySelector("p")?.textContent?.match(/^\d+/)?.[0] ?? "1";
    const told = next.querySelector("p");
    if (told) told.textContent = (told.textContent ?? "").replace(/^\d+/, from);
    list.append(...[...fresh.children].map((one) => document.adoptNode(one)));
    pager.replaceWith(document.adoptNode(next));
    watch(next);
  }, { rootMargin: "1500px" });
  near.observe(pager);
}
watch($("main .pager"));
