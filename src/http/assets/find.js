// @ts-check
// Find as a palette: Ctrl K or / opens it, Enter looks up, arrows choose. While somebody types, only the pages of this
// person are sifted; the server is asked on Enter, because every search stands in the access log.
import { $, el, icon } from "./app.js";
import { register } from "./keys.js";

/** @typedef {{address: string, title: string, about: string, by: string, icon: string, closed: boolean}} Line */
/** @typedef {{found: Line[], more: boolean, places: Line[], problem: string | null}} Hits */

const box = $(".top__bar > .find");
if (box) {
  const inCase = $("input[name=case]", box)?.value ?? "";
  /** @type {Line[] | null} */
  let places = null;

  /** @param {string} text @returns {Promise<Hits>} */
  const ask = async (text) => {
    const answer = await fetch(`/find/hits?${new URLSearchParams({ q: text, case: inCase })}`, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.status === 401 ? "Your session has ended. Reload the page and sign in." : "The server did not answer. Try again.");
    return answer.json();
  };

  const input = el("input", { class: "input", id: "palette-q", type: "search", autocomplete: "off", spellcheck: "false", maxlength: "2000" });
  const list = el("ul", { class: "list found" });
  const told = el("p", { class: "soft small", role: "status" });
  const form = el("form", { role: "search" }, el("label", { for: "palette-q" }, "Find"), input);
  const dialog = el("dialog", { class: "dialog palette", "aria-label": "Find" }, form, told, list);
  const hint = "A case number, an item, a handle, an address, a platform’s id, a SHA-256, a page. Enter looks it up.";
  const show = (lines) => {
    list.replaceChildren(...lines.map((line) => {
      const title = el("span", { class: "found__title" }, el("bdi", {}, line.title));
      if (line.closed) title.append(" ", el("span", { class: "chip chip--held" }, icon("hand"), "Closed"));
      const about = el("span", { class: "found__about" }, el("bdi", {}, line.about));
      return el("li", {}, el("a", { href: line.address }, icon(line.icon), title, about, el("span", { class: "found__by" }, line.by)));
    }));
  };
  const sift = () => {
    const text = input.value.trim().toLowerCase();
    show((places ?? []).filter((line) => line.title.toLowerCase().includes(text)));
    told.textContent = hint;
  };
  const open = async () => {
    if (dialog.open) return;
    document.body.append(dialog);
    input.value = "";
    told.textContent = hint;
    dialog.showModal();
    input.focus();
    try {
      places ??= (await ask("")).places;
      sift();
    } catch (error) {
      told.textContent = /** @type {Error} */ (error).message;
    }
  };

  input.addEventListener("input", sift);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const text = input.value.trim();
    if (!text) return;
    told.textContent = "Looking …";
    try {
      const hits = await ask(text);
      const all = [...hits.found, ...hits.places];
      if (all.length === 1 && !hits.more) return location.assign(all[0].address);
      show(all);
      told.textContent = hits.problem ? `What to find ${hits.problem}` : hits.found.length ? `${hits.found.length} found${hits.more ? ", and more" : ""}` : all.length ? "Nothing but pages" : "Nothing that you may open has exactly this.";
    } catch (error) {
      told.textContent = /** @type {Error} */ (error).message;
    }
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const stops = [input, ...list.querySelectorAll("a")];
    const here = stops.indexOf(document.activeElement);
    stops[(here + (event.key === "ArrowDown" ? 1 : stops.length - 1)) % stops.length].focus();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());

  register([{ key: "k", ctrl: true, does: "Find anything", run: open }, { key: "/", does: "Find anything", run: open }]);
  box.querySelector("kbd")?.removeAttribute("hidden");
}
