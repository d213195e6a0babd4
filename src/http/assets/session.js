// @ts-check
// The session: two minutes before it ends the page asks, and one press goes on. When it has ended, a page into which nothing
// was typed goes to the sign-in; another one stays and loses nothing.
import { $, $$, dialog, el, say } from "./app.js";

/** @type {Promise<void> | null} */
let asking = null;

/** Keeps the page, and waits until its own person has signed in again, in another tab. */
export function signedOut() {
  asking ??= new Promise((done) => {
    const text = el("p", {}, "Nothing is lost: what you typed stays in this page. Sign in in another tab, then come back here.");
    const told = dialog("Your session has ended", text, el("a", { class: "btn btn--primary", href: "/sign-in", target: "_blank", rel: "noopener" }, "Sign in in a new tab"));
    // It stays, whatever is pressed: what would be sent now is lost.
    told.addEventListener("close", () => told.isConnected && told.showModal());
    told.showModal();
    const look = async () => {
      const answer = await fetch("/session?watch", { credentials: "same-origin", redirect: "manual" }).catch(() => null);
      if (answer?.status !== 204) return;
      if (answer.headers.get("X-Person") !== document.body.dataset.person) {
        text.textContent = "Somebody else has signed in here. This page belongs to another person: it sends nothing for them.";
        return;
      }
      clearInterval(timer);
      removeEventListener("focus", look);
      // The tokens of all forms, under the session that is open now.
      for (const field of $$("input[name=form_token]")) field.value = answer.headers.get("X-Form-Token") ?? "";
      told.remove();
      asking = null;
      say("You are signed in again. Go on where you were.");
      done();
    };
    const timer = setInterval(look, 3000);
    addEventListener("focus", look);
  });
  return asking;
}

if (document.body.hasAttribute("data-signed-in")) {
  // A token is renewed once it is a minute old, so at least fourteen minutes are left of it.
  const [life, warning] = [14 * 60_000, 2 * 60_000];
  const button = el("button", { class: "btn btn--primary" }, "Stay signed in");
  const warned = dialog("Still there?", el("p", {}, "You are signed out in two minutes. What you typed stays in this page."), button);
  let typed = false;
  addEventListener("input", () => (typed = true));
  /** @type {number} */
  let timer;
  const busy = () => $("form[aria-busy]") !== null;
  /** Whether the session still lives, in another tab perhaps. @param {string} how */
  const asks = async (how) => (await fetch("/session" + how, { credentials: "same-origin", redirect: "manual" })).status === 204;
  // The page of a refused form has an address that only takes forms.
  const back = () => (document.getElementById("errors") ? "/" : location.pathname);
  const leave = async () => {
    const goesOn = busy() || (await asks("?watch"));
    warned.close();
    if (goesOn) wait();
    else if (typed) signedOut().then(wait);
    else location.assign("/sign-in?next=" + encodeURIComponent(back()));
  };
  const warn = () => {
    // Something is being sent: that is use.
    if (busy()) {
      asks("").finally(wait);
      return;
    }
    warned.showModal();
    button.focus();
    timer = window.setTimeout(leave, warning);
  };
  const wait = () => {
    clearTimeout(timer);
    timer = window.setTimeout(warn, life - warning);
  };
  button.addEventListener("click", () => asks("").then(leave));
  wait();
}
