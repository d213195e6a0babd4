// Find, keys and settings; refusals that keep the way back; and what the first visit weighs.
import { readFileSync, readdirSync } from "node:fs";

/** Bytes on the wire of a first visit without evidence, and of our own scripts as they stand. */
const VISIT = 200 * 1024;
const SCRIPTS = 70 * 1000;

export default async (demo) => {
  await weigh(demo);
  const first = demo.cases[0];
  const known = demo.users.find((user) => user.roles?.includes("investigator")).username;
  const ends = (page, path) => page.waitForURL((url) => url.pathname === path, { timeout: 5000 });

  await demo.as(known, {}, async (ines) => {
    const { page } = ines;
    await ines.journey("a case by its number", { acts: 3, seconds: 5 }, async () => {
      await ines.key("Control+k");
      await ines.fill("#palette-q", first.number);
      await ines.key("Enter");
      await ends(page, `/cases/${first.id}`);
    });
    await ines.journey("an item of the open case", { acts: 3, seconds: 5 }, async () => {
      await ines.key("/");
      await ines.fill("#palette-q", "1");
      await ines.key("Enter");
      await page.waitForURL("**/captures/*", { timeout: 5000 });
    });
    await ines.journey("a page by its name", { acts: 4, seconds: 5 }, async () => {
      await ines.key("Control+k");
      await ines.fill("#palette-q", "new c");
      await page.getByRole("dialog").getByRole("link", { name: "New case" }).waitFor();
      await ines.key("ArrowDown");
      await ines.key("Enter");
      await ends(page, "/cases/new");
    });
    // Keys: N anywhere, L in a case, ? lists what works here and nothing else.
    await ines.goto("/cases");
    await page.keyboard.press("?");
    const help = page.getByRole("dialog");
    for (const [word, shown] of [["New case", true], ["Find anything", true], ["Log evidence", false], ["This help", true]]) {
      if (((await help.getByText(word).count()) > 0) !== shown) demo.problems.push(`help: ${word} is ${shown ? "missing" : "there"}`);
    }
    await ines.look_at("keys");
    await page.keyboard.press("Escape");
    await page.keyboard.press("n");
    await ends(page, "/cases/new");
    await ines.goto(`/cases/${first.id}`);
    await page.keyboard.press("l");
    await ends(page, `/cases/${first.id}/evidence`);
    await page.keyboard.press("l");
    if ((await page.evaluate(() => document.activeElement?.getAttribute("name"))) !== "url") demo.problems.push("L does not go to the composer");
    await page.keyboard.type("n?/");
    if ((await page.inputValue("[name=url]")) !== "n?/") demo.problems.push("a single key works while somebody types");
    // Turned off, single keys do nothing; Ctrl K still does.
    await ines.goto("/settings/mine");
    await page.getByLabel("Dark").check();
    await page.getByLabel("Off").check();
    await ines.press("Keep these settings");
    await ines.says("Saved.");
    if ((await page.evaluate(() => document.documentElement.dataset.theme)) !== "dark") demo.problems.push("the theme is not kept");
    await ines.look_at("settings-kept");
    await page.keyboard.press("n");
    await page.keyboard.press("/");
    await page.waitForTimeout(300);
    if (new URL(page.url()).pathname !== "/settings/mine" || (await page.locator("dialog[open]").count())) demo.problems.push("a key that was turned off works");
    await page.keyboard.press("Control+k");
    await page.locator("#palette-q").waitFor();
  });

  for (const look of [{}, { dark: true }, { width: 390 }, { width: 320, dark: true }]) {
    await demo.as(known, look, async (ines) => {
      const { page } = ines;
      ines.expected.add(404);
      ines.expected.add(403);
      for (const [path, name] of [["/find?q=", "find"], ["/find?q=nobody.has.this", "find-nothing"], [`/find?q=${first.id.slice(0, 4)}&case=${first.id}`, "find-short"], ["/settings/mine", "settings"], ["/cases/nowhere", "not-found"], ["/users", "refusal"]]) {
        await ines.goto(path);
        await ines.look_at(name);
      }
      await page.locator(`${look.width ? ".menu--nav" : ".top__nav"} a[href="/cases"]`).waitFor({ state: look.width ? "attached" : "visible" });
      await page.keyboard.press("Control+k");
      await page.locator("dialog .found a").first().waitFor();
      await ines.look_at("palette");
      await page.fill("#palette-q", "nobody.has.this");
      await page.keyboard.press("Enter");
      await page.getByText("Nothing that you may open").waitFor();
    });
  }

  // Without a script, by the box in the header.
  await demo.as(known, { script: false }, async (ines) => {
    await ines.page.fill("#find-1", first.number);
    await ines.page.press("#find-1", "Enter");
    await ends(ines.page, `/cases/${first.id}`);
  });

  // An auditor and an administrator find their pages, and no case.
  for (const role of ["auditor", "administrator"]) {
    const who = demo.users.find((user) => user.roles?.includes(role)).username;
    await demo.as(who, {}, async (person) => {
      await person.goto(`/find?q=${first.number}`);
      await person.saysNothingOf(first.id);
      await person.look_at(`find-${role}`);
    });
  }
};

/** What a browser that knows nothing yet loads until the first screen stands, and our scripts as they are in the source. */
async function weigh(demo) {
  const { username, password } = demo.users.find((user) => user.roles?.includes("investigator"));
  const context = await demo.browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const debug = await context.newCDPSession(page);
  const loaded = new Map();
  let bytes = 0;
  await debug.send("Network.enable");
  debug.on("Network.responseReceived", ({ requestId, response }) => loaded.set(requestId, response.url));
  debug.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    bytes += encodedDataLength;
    if (process.env.WEIGH) console.log(encodedDataLength, loaded.get(requestId));
  });
  await page.goto(`${demo.url}/`);
  await page.fill("#f-username", username);
  await page.fill("#f-password", password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForLoadState("networkidle");
  await context.close();
  const folder = new URL("../../../src/http/assets/", import.meta.url);
  const scripts = readdirSync(folder).filter((name) => name.endsWith(".js") && !["api.js", "hash-wasm-sha256.js"].includes(name));
  const raw = scripts.reduce((sum, name) => sum + readFileSync(new URL(name, folder)).length, 0);
  console.log(`first visit: ${(bytes / 1024).toFixed(0)} of ${VISIT / 1024} kB on the wire; own scripts: ${(raw / 1024).toFixed(1)} of ${SCRIPTS / 1024} kB`);
  if (bytes > VISIT) demo.problems.push(`the first visit is ${bytes} bytes, at most ${VISIT}`);
  if (raw > SCRIPTS) demo.problems.push(`our own scripts are ${raw} bytes, at most ${SCRIPTS}`);
}
