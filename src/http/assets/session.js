// @ts-check
// The session: two minutes before it ends the page asks; one press goes on.
if (document.body.hasAttribute("data-signed-in")) {
  // A token is renewed once it is a minute old, so at least fourteen minutes are left of it.
  const [life, warning] = [14 * 60_000, 2 * 60_000];
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  const title = document.createElement("h2");
  title.textContent = "Still there?";
  const text = document.createElement("p");
  text.textContent = "You are signed out in two minutes. What you typed stays in this page until then.";
  const button = document.createElement("button");
  button.className = "btn btn--primary";
  button.textContent = "Stay signed in";
  dialog.append(title, text, button);
  document.body.append(dialog);
  /** @type {number} */
  let timer;
  const busy = () => document.querySelector("form[aria-busy]") !== null;
  /** Whether the session still lives, in another tab perhaps. @param {string} how */
  const asks = async (how) => (await fetch("/session" + how, { credentials: "same-origin", redirect: "manual" })).status === 204;
  // The page of a refused form has an address that only takes forms.
  const back = () => (document.getElementById("errors") ? "/" : location.pathname);
  const leave = async () => {
    if (busy() || (await asks("?watch"))) {
      dialog.close();
      wait();
    } else location.assign("/sign-in?next=" + encodeURIComponent(back()));
  };
  const warn = () => {
    // Something is being sent: that is use.
    if (busy()) {
      asks("").finally(wait);
      return;
    }
    dialog.showModal();
    button.focus();
    timer = window.setTimeout(leave, warning);
  };
  const wait = () => {
    clearTimeout(timer);
    timer = window.setTimeout(warn, life - warning);
  };
  button.addEventListener("click", async () => {
    const goesOn = await asks("");
    dialog.close();
    if (goesOn) wait();
    else location.assign("/sign-in?next=" + encodeURIComponent(back()));
  });
  wait();
}
