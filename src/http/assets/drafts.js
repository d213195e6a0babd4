// @ts-check
// Long forms: what is typed is kept on the server every few seconds.
import { $, $$, texts } from "./app.js";
import { signedOut } from "./session.js";

for (const found of $$("form[data-draft]")) {
  const form = /** @type {HTMLFormElement} */ (found);
  const told = $("[data-kept]", form);
  /** @type {number} */
  let timer;
  let [sent, going, typed] = ["", false, false];

  const keep = async (leaving = false) => {
    const fields = texts(form);
    if (going || fields.toString() === sent) return;
    const answer = await fetch(form.dataset.draft ?? "", { method: "POST", body: fields, headers: { "X-Partial": "1" }, credentials: "same-origin", keepalive: leaving }).catch(() => null);
    if (answer?.status === 401) {
      await signedOut();
      return keep();
    }
    if (!answer?.ok) {
      const refused = await answer?.json().catch(() => null);
      if (told && refused?.detail) told.textContent = `Not kept as a draft. ${refused.detail}`;
      return;
    }
    sent = fields.toString();
    if (told) told.textContent = `Kept as a draft, ${new Date().toTimeString().slice(0, 5)}.`;
  };
  const soon = () => {
    clearTimeout(timer);
    typed = true;
    timer = window.setTimeout(() => keep(), 2500);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  const leave = () => {
    going = true;
    clearTimeout(timer);
  };
  // Once the form goes, nothing of it is kept any more. A script that sends it later says so itself.
  addEventListener("submit", (event) => event.target === form && !event.defaultPrevented && leave());
  form.addEventListener("leaving", leave);
  addEventListener("pageshow", () => (going = false));
  // What was typed last goes along when the page is left. A browser sends 64 KiB then, at the most.
  addEventListener("pagehide", () => typed && keep(true));
}
