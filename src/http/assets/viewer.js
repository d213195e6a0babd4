// @ts-check
// The viewer of an item: zoom and rotate a picture, put the original in its place, take blur and grey away and back.
import { $, $$, say } from "./app.js";
import { register } from "./keys.js";

const viewer = $("[data-viewer]");
const stage = $(".viewer__pic", viewer);
const seen = $("img, video", stage);

if (seen) {
  for (const tools of $$(".viewer__tools", viewer)) tools.removeAttribute("hidden");
  for (const button of $$("[data-veil]", viewer)) {
    button.addEventListener("click", () => {
      const veiled = seen.classList.toggle(button.getAttribute("data-veil") ?? "");
      button.setAttribute("aria-pressed", String(veiled));
    });
  }
  $("[data-clear]", viewer)?.addEventListener("click", (event) => {
    event.preventDefault();
    seen.classList.remove("blur");
    $('[data-veil="blur"]', viewer)?.setAttribute("aria-pressed", "false");
    /** @type {HTMLElement} */ (event.target).remove();
  });
}

if (seen instanceof HTMLImageElement) {
  const turned = /** @type {HTMLElement} */ (seen.parentElement);
  let turns = 0;
  /** Pixels of the screen for one of the picture; none where it fits. @type {number | null} */
  let zoom = null;

  const sizes = () => {
    const sideways = turns % 2 === 1;
    const [width, height] = [seen.naturalWidth || 1, seen.naturalHeight || 1];
    const style = getComputedStyle(stage);
    const room = [
      stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight),
      stage.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom),
    ];
    const fit = Math.min(room[0] / (sideways ? height : width), room[1] / (sideways ? width : height));
    return { sideways, width, height, fit };
  };
  const draw = () => {
    const plain = zoom === null && turns === 0;
    viewer.classList.toggle("viewer--moved", !plain);
    if (plain) {
      for (const each of [seen, turned]) each.removeAttribute("style");
      return;
    }
    const { sideways, width, height, fit } = sizes();
    const scale = zoom ?? fit;
    Object.assign(seen.style, { width: `${width * scale}px`, height: `${height * scale}px`, rotate: `${turns * 90}deg` });
    Object.assign(turned.style, { width: `${(sideways ? height : width) * scale}px`, height: `${(sideways ? width : height) * scale}px` });
  };
  const zoomBy = (by) => {
    zoom = Math.min(16, Math.max(0.05, (zoom ?? sizes().fit) * by));
    draw();
    say(`${Math.round(zoom * 100)} %`);
  };
  /** @type {Record<string, () => void>} */
  const acts = {
    in: () => zoomBy(1.25),
    out: () => zoomBy(0.8),
    fit: () => { zoom = null; turns = 0; draw(); },
    full: () => { zoom = 1; draw(); },
    rotate: () => { turns = (turns + 1) % 4; draw(); },
  };
  for (const button of $$("[data-do]", viewer)) {
    button.addEventListener("click", () => acts[button.getAttribute("data-do") ?? ""]?.());
  }
  const keys = [["+", "in", "Zoom in"], ["-", "out", "Zoom out"], ["0", "fit", "Fit"], ["r", "rotate", "Rotate"]];
  for (const [key, act, does] of keys) register([{ key, does, run: () => acts[act]() }]);
  seen.addEventListener("load", draw);
  // A preview that is still being made comes as a drawn box: look again for it.
  let looks = seen.hasAttribute("data-wait") ? 20 : 0;
  const look = () => {
    const drawn = seen.naturalWidth === 480 && seen.naturalHeight === 320;
    if (!drawn || looks-- <= 0 || !seen.src.includes("/pictures/")) return;
    setTimeout(() => {
      const address = new URL(seen.src);
      // Another address, or the browser shows what it has.
      address.searchParams.set("again", String(looks));
      if (address.pathname.startsWith("/pictures/")) seen.src = address.href;
    }, 2000);
  };
  seen.addEventListener("load", look);
  if (seen.complete) look();
  window.addEventListener("resize", draw);

  const original = $("a[data-original]", viewer);
  original?.addEventListener("click", (event) => {
    event.preventDefault();
    for (const size of ["width", "height"]) seen.removeAttribute(size);
    seen.src = original.href;
    $("[data-preview]", viewer)?.setAttribute("hidden", "");
    $("[data-is-original]", viewer)?.removeAttribute("hidden");
    original.remove();
    say("The original is shown.");
  });
}
