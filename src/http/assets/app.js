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

/**
 * Asks for a page as a document. A document that is read so runs nothing.
 * @param {string} address
 * @param {{ body?: XMLHttpRequestBodyInit, sent?: (share: number) => void, holds?: string }} [how]   `holds`: what a page of the kind that is asked for has
 * @returns {Promise<Document>}
 */
export function page(address, { body, sent, holds = "[data-part]" } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(body ? "POST" : "GET", address);
    request.responseType = "document";
    request.setRequestHeader("Accept", "text/html");
    if (sent) request.upload.addEventListener("progress", (event) => event.lengthComputable && sent(event.loaded / event.total));
    request.addEventListener("load", () => {
      const got = request.response;
      // Signed out meanwhile, or no page of ours.
      if (got instanceof Document && got.querySelector(holds)) resolve(got);
      else reject(new Error(String(request.status)));
    });
    request.addEventListener("error", () => reject(new Error("no answer")));
    request.send(body);
  });
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
