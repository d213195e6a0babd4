// @ts-check
// The form that logs captures: what is pasted or dropped goes into it.
import { say } from "/static/app.js";

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

// While something is typed: what the link tells, what covers it, what is here already.
const seen = composer?.querySelector("[data-seen]");
const check = /** @type {HTMLButtonElement | null | undefined} */ (composer?.querySelector("[data-check]"));
if (composer && seen && check) {
  /** @type {number} */
  let timer;
  /** @type {XMLHttpRequest | undefined} */
  let asked;
  const ask = () => {
    asked?.abort();
    if (!(/** @type {HTMLInputElement} */ (composer.elements.namedItem("url"))).value.trim()) {
      seen.replaceChildren();
      return;
    }
    asked = new XMLHttpRequest();
    asked.open("POST", check.formAction);
    asked.setRequestHeader("X-Partial", "1");
    // The browser makes a document of the answer, which no script of it can run in.
    asked.responseType = "document";
    asked.addEventListener("load", function () {
      if (this.status !== 200 || this.getResponseHeader("X-Partial") !== "1") return;
      seen.replaceChildren(...document.importNode(this.response.body, true).childNodes);
    });
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(composer)) if (typeof value === "string") fields.append(name, value);
    asked.send(fields);
  };
  const soon = () => {
    clearTimeout(timer);
    timer = window.setTimeout(ask, 350);
  };
  composer.addEventListener("input", soon);
  composer.addEventListener("change", soon);
  check.hidden = true;
}
