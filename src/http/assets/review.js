// @ts-check
// The review of items: the arrow keys, J and K go on and back, N goes to the note. Links do the same without it.
import { say } from "/static/app.js";

const text = /** @type {HTMLTextAreaElement | null} */ (document.querySelector("form[data-said] textarea"));
const first = text?.value ?? "";
let sent = false;
text?.form?.addEventListener("submit", () => {
  sent = true;
});
// What was typed and not sent is not left behind without a question.
window.addEventListener("beforeunload", (event) => {
  if (!sent && text && text.value !== first) event.preventDefault();
});

/** Where the keys lead. @type {Record<string, [string, string]>} */
const WAYS = {
  ArrowRight: ["next", "The list ends here."],
  j: ["next", "The list ends here."],
  ArrowLeft: ["prev", "The list begins here."],
  k: ["prev", "The list begins here."],
};
document.addEventListener("keydown", (event) => {
  const at = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  // Fields, players and what scrolls by itself keep their keys.
  if (at instanceof HTMLElement && at.matches("input, textarea, select, video, audio, .strip-pics")) return;
  if (event.key === "n" && text) {
    event.preventDefault();
    text.focus();
    return;
  }
  const way = WAYS[event.key];
  if (!way) return;
  event.preventDefault();
  const link = /** @type {HTMLAnchorElement | null} */ (document.querySelector(`main a[rel=${way[0]}]`));
  if (link) link.click();
  else say(way[1]);
});
for (const keys of document.querySelectorAll("[data-keys]")) /** @type {HTMLElement} */ (keys).hidden = false;
// The item under review in the middle of the strip.
document.querySelector(".strip-pics [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
