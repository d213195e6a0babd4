// @ts-check
// What pages do better with a script. Everything works without it.

/** What a selector finds: the first, or all. @param {string} selector @param {ParentNode | null} [root] @returns {any} */
export const $ = (selector, root = document) => root?.querySelector(selector) ?? null;
/** @param {string} selector @param {ParentNode | null} [root] @returns {any[]} */
export const $$ = (selector, root = document) => [...(root?.querySelectorAll(selector) ?? [])];

const status = $(".live");

/** An element. @param {string} tag @param {Record<string, string>} [attributes] @param {...(Node | string)} children @returns {any} */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** @param {string} name */
export function icon(name) {
  const [svg, use] = ["svg", "use"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  for (const [key, value] of [["class", "icon"], ["viewBox", "0 0 24 24"], ["aria-hidden", "true"]]) svg.setAttribute(key, value);
  use.setAttribute("href", new URL(`./icons.svg#i-${name}`, import.meta.url).href);
  svg.append(use);
  return svg;
}

/** A dialog with one thing to press. @param {string} title @param {HTMLElement} text @param {HTMLElement} act */
export function dialog(title, text, act) {
  const made = el("dialog", { class: "dialog", "aria-label": title }, el("h2", {}, title), text, el("div", { class: "btns" }, act));
  document.body.append(made);
  return made;
}

/** What was typed into a form. @param {HTMLFormElement} form */
export const texts = (form) => new URLSearchParams(/** @type {any} */ ([...new FormData(form)].filter(([, value]) => typeof value === "string")));

/** Files that are dropped anywhere on the page. @param {Element | null} zone @param {(data: DataTransfer | null) => void} take */
export function dropped(zone, take) {
  const over = (/** @type {boolean} */ on) => zone?.classList.toggle("drop--over", on);
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || over(false));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    take(event.dataTransfer);
  });
}

/** Says something in the one polite live region. @param {string} text */
export function say(text) {
  if (!status) return;
  const toast = el("div", { class: "toast" }, el("p", {}, text));
  status.replaceChildren(toast);
  // Long enough to be read twice; it covers the foot of the page.
  setTimeout(() => toast.remove(), 12_000);
}

/**
 * Asks for a page as a document. A document that is read so runs nothing.
 * @param {string} address
 * @param {{ body?: XMLHttpRequestBodyInit, sent?: (share: number) => void, holds?: string, part?: boolean }} [how]   `holds`: what a page of the kind that is asked for has; `part`: not the whole page
 * @returns {Promise<Document>}
 */
export function page(address, { body, sent, holds = "[data-part]", part = false } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(body ? "POST" : "GET", address);
    request.responseType = "document";
    request.setRequestHeader("Accept", "text/html");
    if (part) request.setRequestHeader("X-Partial", "1");
    if (sent) request.upload.addEventListener("progress", (event) => event.lengthComputable && sent(event.loaded / event.total));
    request.addEventListener("load", () => {
      const got = request.response;
      // Signed out meanwhile, or no page of ours.
      if (part ? request.getResponseHeader("X-Partial") === "1" : got instanceof Document && got.querySelector(holds)) resolve(got);
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
  for (const form of $$("form[aria-busy]")) form.removeAttribute("aria-busy");
});

// A refused form: its summary is read first.
document.getElementById("errors")?.focus();

// Something under way: look again.
const waits = $("[data-reload]");
// `?watch` says that nobody did anything, so that looking again does not keep the session.
if (waits) setTimeout(() => location.assign(location.pathname + "?watch"), 1000 * Number(waits.getAttribute("data-reload")));

// A new case begins in the zone of this desk.
const zone = $("main input[name=time_zone]");
if (zone && zone.value === "UTC") zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
