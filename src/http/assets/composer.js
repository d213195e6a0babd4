// @ts-check
// The form that logs captures: what is pasted or dropped goes into it.
import { say } from "./app.js";

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
}
