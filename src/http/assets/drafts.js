// @ts-check
// Long forms: what is typed is kept on the server every few seconds, and a session that has ended loses nothing.
import { say } from "./app.js";

/** The tokens of all forms, under the session that is open now. @param {string} token */
const renew = (token) => {
  for (const field of document.querySelectorAll("input[name=form_token]")) /** @type {HTMLInputElement} */ (field).value = token;
};

/** @type {Promise<void> | null} */
let asking = null;

/** Keeps the page, and waits until its own person has signed in again, in another tab. */
export function signedOut() {
  asking ??= new Promise((done) => {
    const dialog = document.createElement("dialog");
    dialog.className = "dialog";
    dialog.setAttribute("aria-labelledby", "signed-out");
    const title = document.createElement("h2");
    title.id = "signed-out";
    title.textContent = "Your session has ended";
    const text = document.createElement("p");
    text.textContent = "Nothing is lost: what you typed stays in this page. Sign in in another tab, then come back here.";
    const link = document.createElement("a");
    link.className = "btn btn--primary";
    link.href = "/sign-in";
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = "Sign in in a new tab";
    dialog.append(title, text, link);
    document.body.append(dialog);
    dialog.showModal();
    const look = async () => {
      const told = await fetch("/session?watch", { credentials: "same-origin", redirect: "manual" }).catch(() => null);
      if (told?.status !== 204) return;
      const person = told.headers.get("X-Person");
      if (person !== document.body.dataset.person) {
        text.textContent = "Somebody else has signed in here. This page belongs to another person: it sends nothing for them.";
        return;
      }
      clearInterval(timer);
      removeEventListener("focus", look);
      renew(told.headers.get("X-Form-Token") ?? "");
      dialog.remove();
      asking = null;
      say("You are signed in again. Go on where you were.");
      done();
    };
    const timer = setInterval(look, 3000);
    addEventListener("focus", look);
  });
  return asking;
}

for (const found of document.querySelectorAll("form[data-draft]")) {
  const form = /** @type {HTMLFormElement} */ (found);
  const told = form.querySelector("[data-kept]");
  /** @type {number} */
  let timer;
  let [sent, going] = ["", false];

  const typed = () => {
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") fields.append(name, value);
    return fields;
  };
  const keep = async () => {
    const fields = typed();
    if (going || fields.toString() === sent) return;
    const answer = await fetch(form.dataset.draft ?? "", { method: "POST", body: fields, headers: { "X-Partial": "1" }, credentials: "same-origin" }).catch(() => null);
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
    if (told) told.textContent = `Kept as a draft, ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}.`;
  };
  const soon = () => {
    clearTimeout(timer);
    timer = window.setTimeout(keep, 2500);
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
}
