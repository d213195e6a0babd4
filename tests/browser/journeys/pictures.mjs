// Pictures: thumbnails in the gallery, the viewer with its keys, and the guard of graphic material, with a script and without.
import { existsSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A picture drawn for this, as Chromium's own screenshot of a page of its own. */
async function drawn(demo, width, height, text) {
  const context = await demo.browser.newContext({ viewport: { width, height } });
  const page = await context.newPage();
  await page.setContent(`<body style="margin:0;font:700 60px sans-serif;background:linear-gradient(30deg,#0b3d5c,#e0a458);color:#fff;display:grid;place-items:center;height:100vh">${text}</body>`);
  const file = join(mkdtempSync(join(tmpdir(), "picture-")), "pier.png");
  await page.screenshot({ path: file });
  await context.close();
  return file;
}

export default async (demo) => {
  const known = demo.cases.find((one) => one.kind === "missing_person");
  const home = `/cases/${known.id}`;
  const picture = await drawn(demo, 2400, 1500, "Pier 2, at night");
  const folder = mkdtempSync(join(tmpdir(), "files-"));
  const text = join(folder, "chat.txt");
  writeFileSync(text, "21:47 harborlight_77: <b>saw her</b> by the ferry\n".repeat(2000));
  const page = join(folder, "page.html");
  writeFileSync(page, "<script>document.title='hostile'</script><h1>hostile</h1>");
  const broken = join(folder, "broken.png");
  writeFileSync(broken, Buffer.concat([Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), Buffer.from("0000ea600000ea6008020000004a9d33b9", "hex")]));
  const clip = join(folder, "clip.mp4");
  try {
    execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=duration=3:size=640x360", "-pix_fmt", "yuv420p", clip]);
  } catch {
    console.log("SKIPPED: no video is shown, because ffmpeg is not installed");
  }

  const log = async (person, files) => {
    await person.goto(`${home}/evidence`);
    await person.page.fill("#f-url", "https://www.instagram.example/p/C81/");
    await person.page.selectOption("#f-platform", "instagram");
    await person.page.setInputFiles("#f-file", files);
    const each = person.page.getByLabel("Each file is an item of its own");
    if (await each.isVisible()) await each.uncheck();
    await person.press("Log it");
    await person.says("Logged, and recorded in the ledger.");
    return new URL(person.page.url()).pathname;
  };

  let item;
  await demo.as("ines.moreau", {}, async (ines) => {
    item = await log(ines, [picture, text, page, broken, ...(existsSync(clip) ? [clip] : [])]);
    const shown = ines.page.locator(".viewer__pic img");
    await shown.waitFor();
    await ines.page.waitForFunction(() => document.querySelector(".viewer__pic img").naturalWidth === 1600);
    await ines.says("A preview made by Casetrail, not the evidence.");
    await ines.look_at("viewer");
    await ines.journey("look closely at a picture", { acts: 5, seconds: 5 }, async () => {
      await ines.key("+");
      await ines.key("+");
      await ines.key("r");
      await ines.look_at("viewer-turned");
      await ines.key("0");
      await ines.press("Show the original");
      await ines.page.waitForFunction(() => document.querySelector(".viewer__pic img").naturalWidth === 2400);
      await ines.says("The original, as it was logged.");
    });
    const [taken] = await Promise.all([ines.page.waitForEvent("download"), ines.page.getByRole("link", { name: "Download file 1" }).click()]);
    if (!/^item-\d+-[0-9a-f]{12}\.png$/.test(taken.suggestedFilename())) throw new Error(`the file is named ${taken.suggestedFilename()}`);
    for (const [n, name, says] of [[2, "text", "These are the first 64 KB"], [3, "facts", "Files of this type are not shown"], [4, "broken", "No preview could be made"], [5, "video", "clip.mp4"]]) {
      if (n === 5 && !existsSync(clip)) continue;
      await ines.goto(`${item}?file=${n}`);
      await ines.says(says);
      if (n === 5) await ines.page.waitForFunction(() => document.querySelector("video").readyState > 0);
      await ines.look_at(`viewer-${name}`);
    }
    if ((await ines.page.title()) === "hostile") throw new Error("a saved page ran");
    await ines.goto(`${home}/evidence`);
    await ines.page.locator(".shot__pic img").last().scrollIntoViewIfNeeded();
    await ines.page.waitForFunction(() => [...document.querySelectorAll(".shot__pic img")].at(-1).complete);
    await ines.look_at("gallery-pictures");
    // Shut.
    await ines.goto(item);
    await ines.page.locator(".viewing summary").click();
    await ines.press("Mark as graphic");
    await ines.says("The mark is recorded.");
    await ines.says("Graphic: shut until you ask for it");
    await ines.look_at("graphic-shut");
    await ines.goto(`${home}/evidence`);
    await ines.page.locator(".shot__pic img").last().scrollIntoViewIfNeeded();
    await ines.look_at("gallery-graphic");
  });

  for (const look of [{}, { dark: true }, { width: 390 }, { script: false }]) {
    await demo.as("ines.moreau", look, async (ines) => {
      await ines.goto(item);
      await ines.look_at("graphic");
      await ines.press("Show it");
      const picture = ines.page.locator(".viewer__pic img.blur");
      await picture.waitFor();
      await ines.look_at("graphic-blurred");
      await ines.press("Show it without blur");
      await ines.page.locator(".viewer__pic img.grey:not(.blur)").waitFor();
      await ines.look_at("graphic-grey");
    });
  }

  // A person's own settings, and the mark taken back.
  await demo.as("ines.moreau", {}, async (ines) => {
    await ines.goto(item);
    await ines.page.locator(".viewing summary").click();
    await ines.page.locator("input[name=blur]").uncheck();
    await ines.page.locator("input[name=grey]").uncheck();
    await ines.press("Save");
    await ines.press("Show it");
    await ines.page.locator(".viewer__pic img:not(.blur):not(.grey)").waitFor();
    await ines.goto(item);
    await ines.page.locator(".viewing summary").click();
    await ines.press("Take the mark back");
    await ines.page.locator(".viewer__pic img").waitFor();
  });
};
