// @ts-check
// What pages do better with a script. Everything works without it.

const status = document.querySelector(".live");

/** Says something in the one polite live region. @param {string} text */
export function say(text) {
  if (!status) return;
  const toast = document.createElement("div");
  toast.className = "toast";
  const line = document.createElement("p");
  line.textContent = text;
  toast.append(line);
  status.replaceChildren(toast);
  // Long enough to be read twice; it covers the foot of the page.
  setTimeout(() => toast.remove(), 12_000);
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

// A new case begins in the zone of this desk.
const zone = /** @type {HTMLInputElement | null} */ (document.querySelector("main input[name=time_zone]"));
if (zone && zone.value === "UTC") zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
