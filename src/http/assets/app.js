// @ts-check
// What pages do better with a script. Everything works without it.

const status = document.querySelector(".live");

/** Says something in the one polite live region. @param {string} text */
function say(text) {
  if (!status) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  const line = document.createElement("p");
  line.textContent = text;
  toast.append(line);
  status.replaceChildren(toast);
}

// A second press of a button sends nothing while the first is under way.
document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.getAttribute("aria-busy") === "true") {
    event.preventDefault();
    return;
  }
  form.setAttribute("aria-busy", "true");
});
// The page may come back from the browser's memory.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
});

// A refused form: its summary is read first.
document.getElementById("errors")?.focus();

// Something under way: look again.
const waits = document.querySelector("[data-reload]");
// `?watch` says that nobody did anything, so that looking again does not keep the session.
if (waits) setTimeout(() => location.assign(location.pathname + "?watch"), 1000 * Number(waits.getAttribute("data-reload")));

// Paste and drop into the composer.
const composer = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-composer]"));
if (composer) {
  const files = /** @type {HTMLInputElement} */ (composer.querySelector("input[type=file]"));
  const address = /** @type {HTMLInputElement} */ (composer.querySelector("input[name=url]"));
  const shown = composer.querySelector("[data-uploads]");

  const list = () => {
    const names = [...(files.files ?? [])].map((file) => {
      const line = document.createElement("p");
      line.textContent = `${file.name}, ${Math.ceil(file.size / 1024).toLocaleString()} kB`;
      return line;
    });
    shown?.replaceChildren(...names);
  };
  /** @param {FileList} more */
  const add = (more) => {
    const all = new DataTransfer();
    for (const file of [...(files.files ?? []), ...more]) all.items.add(file);
    files.files = all.files;
    list();
    say(`${more.length === 1 ? "A file is" : `${more.length} files are`} added. Nothing is sent before you press Log it.`);
  };
  files.addEventListener("change", list);
  document.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    if (data?.files.length) {
      event.preventDefault();
      add(data.files);
    } else if (document.activeElement === document.body && data) {
      address.value = data.getData("text").trim();
      address.focus();
    }
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer?.files.length) add(event.dataTransfer.files);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    if (event.key === "l" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      address.focus();
    }
  });
}

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

// A new case begins in the zone of this desk.
const zone = /** @type {HTMLInputElement | null} */ (document.querySelector("main input[name=time_zone]"));
if (zone && zone.value === "UTC") zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
