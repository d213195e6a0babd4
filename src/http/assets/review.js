// @ts-check
// The review of items: the arrow keys, J and K go on and back, N goes to the note. Links do the same without it.
import { $, say } from "./app.js";
import { register } from "./keys.js";

const text = $("form[data-said] textarea");
const first = text?.value ?? "";
let sent = false;
text?.form?.addEventListener("submit", () => {
  sent = true;
});
// What was typed and not sent is not left behind without a question.
window.addEventListener("beforeunload", (event) => {
  if (!sent && text && text.value !== first) event.preventDefault();
});

/** Goes on or back, or says that the list has no more. @param {string} rel @param {string} end */
const go = (rel, end) => () => {
  const link = $(`main a[rel=${rel}]`);
  if (link) link.click();
  else say(end);
};
const [on, back] = [go("next", "The list ends here."), go("prev", "The list begins here.")];
for (const key of ["ArrowRight", "j"]) register([{ key, does: "Next item", run: on }]);
for (const key of ["ArrowLeft", "k"]) register([{ key, does: "Previous item", run: back }]);
if (text) register([{ key: "n", does: "Write a note", run: () => text.focus() }]);
// The item under review in the middle of the strip.
$(".strip-pics [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
