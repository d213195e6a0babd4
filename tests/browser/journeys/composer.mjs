// Logging evidence: a link, a screenshot, files, a search that found nothing; a draft, and a session that ended meanwhile.
import { readFileSync, writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const picture = new URL("../../../src/cli/demo/post.png", import.meta.url).pathname;

export default async (demo) => {
  const home = `/cases/${demo.cases[0].id}`;
  const folder = mkdtempSync(join(tmpdir(), "composer-"));
  const file = (name, bytes) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  await demo.as("ines.moreau", {}, async (ines) => {
    await ines.goto(`${home}/evidence`);
    await ines.journey("log a pasted link", { acts: 2, seconds: 2 }, async () => {
      await ines.paste({ text: "https://www.instagram.com/p/C82dock4/?igsh=abc" });
      await ines.says("Covered by A-1 until");
      await ines.says("Tracking part “igsh” left out");
      await ines.look_at("composer-link");
      await ines.press("Log it");
      await ines.says("recorded in the ledger");
    });
    const shot = file("shot.png", Buffer.concat([readFileSync(picture), Buffer.from(String(Math.random()))]));
    await ines.goto(`${home}/evidence`);
    // A file alone does not say where it is from: that is asked before anything is sent.
    await ines.journey("log a pasted screenshot", { acts: 3, seconds: 3 }, async () => {
      await ines.paste({ file: shot });
      await ines.says("Ready. SHA-256");
      await ines.says("Choose: a file alone does not say it.");
      ines.acts++;
      await ines.page.selectOption("#f-platform", "instagram");
      await ines.page.locator("[data-where]").waitFor({ state: "hidden" });
      await ines.press("Log it");
      await ines.page.waitForURL("**/captures/*");
      await ines.says("pasted-");
      await ines.says("Manual screenshot");
    });
    await ines.goto(`${home}/evidence`);
    await ines.paste({ text: "https://www.tiktok.com/@pier2nights/video/7432208811" });
    await ines.says("Not covered");
    await ines.look_at("composer-not-covered");
    await ines.page.getByRole("link", { name: "Request it" }).click();
    if (!(await ines.page.locator('[name="platforms[]"][value="tiktok"]').isChecked())) throw new Error("the platform is not filled in");
    if ((await ines.page.inputValue("#f-account_lines")) !== "@pier2nights on tiktok") throw new Error("the account is not filled in");

    // The same bytes again; a big file that is cut in the middle and goes on after a reload; one that fails alone.
    const big = file("pier2-cam1.mp4", Buffer.alloc(40 << 20, "frames of a camera "));
    const small = file("notes.txt", "three people by the gate");
    const copy = file("copy.png", readFileSync(shot));
    await ines.goto(`${home}/evidence`);
    let pieces = 0;
    await ines.page.route("**/uploads/*", (route) => {
      if (route.request().method() === "PATCH" && ++pieces > 2) return route.fulfill({ status: 503, body: "" });
      return route.continue();
    });
    await ines.page.focus("#f-url");
    await ines.page.fill("#f-text", "from the harbour office");
    await ines.page.setInputFiles("#f-file", [big, copy]);
    await ines.says("Already here: same bytes as");
    if (!(await ines.page.getByLabel("Each file is an item of its own").isChecked())) throw new Error("two files are one item");
    await ines.look_at("composer-files");
    await ines.page.getByRole("button", { name: "Log it", exact: true }).click();
    if (!(await ines.page.locator("#f-platform").evaluate((field) => field === document.activeElement))) throw new Error("it is not asked where the files are from");
    await ines.page.selectOption("#f-platform", "instagram");
    await ines.page.getByRole("button", { name: "Log it", exact: true }).click();
    ines.expected.add(503);
    await ines.page.getByText("The connection dropped. Trying again").first().waitFor({ timeout: 30_000 });
    await ines.says("Kept as a draft");
    await ines.page.unroute("**/uploads/*");
    await ines.goto(`${home}/evidence`);
    await ines.says("You began this on");
    await ines.says("it goes on where it stopped");
    await ines.look_at("composer-resume");
    await ines.page.getByRole("link", { name: "Go on" }).click();
    if ((await ines.page.inputValue("#f-text")) !== "from the harbour office") throw new Error("the draft is lost");
    await ines.page.setInputFiles("#f-file", [big]);
    await ines.says("came before. The rest is sent");
    await ines.press("Log it");
    await ines.page.waitForURL("**/captures/*", { timeout: 60_000 });
    await ines.says("pier2-cam1.mp4");
    await ines.says("Video · Instagram");

    // What was typed last is kept although the page is left at once.
    await ines.goto(`${home}/evidence`);
    await ines.page.focus("#f-url");
    await ines.page.fill("#f-text", "typed last, then left");
    await ines.goto(home);
    await ines.goto(`${home}/evidence`);
    await ines.page.getByRole("link", { name: "Go on" }).click();
    if ((await ines.page.inputValue("#f-text")) !== "typed last, then left") throw new Error("what was typed last is lost");

    // Several files, each an item of its own.
    await ines.goto(`${home}/evidence`);
    const two = ["a.txt", "b.txt"].map((name) => file(name, `what ${name} says`));
    await ines.page.setInputFiles("#f-file", [...two, small]);
    await ines.page.selectOption("#f-platform", "none");
    await ines.page.fill("#f-text", "kept until it is logged");
    await ines.says("Kept as a draft");
    if (/AM|PM/.test(await ines.page.locator("[data-kept]").textContent())) throw new Error("a time of twelve hours");
    if (!(await ines.page.getByLabel("Each file is an item of its own").isChecked())) throw new Error("texts are one item");
    await ines.page.locator("[data-uploads] >> text=Ready").nth(2).waitFor();
    const before = Number((await ines.page.locator(".pager p").textContent()).match(/of (\d+)/)[1]);
    await ines.page.getByRole("button", { name: "Log it", exact: true }).click();
    await ines.says("3 items are logged, and recorded in the ledger.");
    await ines.says(`of ${before + 3} in this list`);
    await ines.saysNothingOf("You began this");
    if (await ines.page.inputValue("#f-text")) throw new Error("the form is not empty");
    await ines.look_at("composer-each");
    await ines.goto(`${home}/evidence`);
    await ines.saysNothingOf("You began this");

    await ines.goto(`${home}/evidence`);
    await ines.journey("log a search that found nothing", { acts: 4, seconds: 3 }, async () => {
      await ines.key("0");
      await ines.fill("#n-url", "https://www.instagram.com/explore/search/?q=dana");
      await ines.fill("#n-text", "dana whitlow, pier");
      await ines.look_at("composer-nothing");
      await ines.key("Enter");
      await ines.says("Searched for “dana whitlow, pier”: nothing found");
      await ines.says("Noted by hand, without a file");
    });

    // A mistake is told in the same small form, which keeps what was typed.
    await ines.goto(`${home}/evidence`);
    await ines.key("0");
    await ines.fill("#n-url", "the harbour’s own board");
    await ines.fill("#n-text", "green jacket");
    ines.expected.add(422);
    await ines.key("Enter");
    await ines.says("Nothing was logged yet");
    if ((await ines.page.inputValue("#n-text")) !== "green jacket" || (await ines.page.inputValue("#f-text"))) throw new Error("the small form is not kept by itself");
    await ines.look_at("composer-nothing-refused");
    await ines.fill("#n-platform", "Web");
    await ines.press("Found nothing");
    await ines.says("Searched for “green jacket”: nothing found");

    // A link that was pasted on the first screen goes along to another case.
    await ines.goto("/");
    await ines.fill("#quick", "https://a.example/p?q=1");
    await ines.press("Another case");
    await ines.says("Choose the case to log this link into");
    await ines.look_at("composer-another-case");
    await ines.press("Dana Whitlow");
    if ((await ines.page.inputValue("#f-url")) !== "https://a.example/p?q=1") throw new Error("the link is lost");
    // What covers it is told at once, as when it is pasted here.
    await ines.goto("/");
    await ines.fill("#quick", "https://www.tiktok.com/@pier2nights/video/7432208811");
    await ines.press("Go on");
    await ines.says("Not covered");
    await ines.look_at("composer-from-home");
    await ines.goto("/");
    await ines.fill("#quick", "who is this");
    await ines.press("Go on");
    await ines.says("The link is no address of a page");
    await ines.look_at("composer-no-link");

    // The session ends in another tab; this page keeps what was typed, and goes on.
    await ines.goto(`${home}/evidence`);
    const other = await ines.page.context().newPage();
    await other.goto(`${demo.url}/`);
    await other.locator(".menu--user summary").click();
    await other.getByRole("button", { name: "Sign out" }).first().click();
    await other.waitForLoadState("load");
    ines.expected.add(401);
    await ines.page.focus("#f-url");
    await ines.page.fill("#f-text", "typed while signed out");
    await ines.page.getByText("Your session has ended").waitFor({ timeout: 8000 });
    await ines.look_at("composer-signed-out");
    await other.fill("#f-username", "ines.moreau");
    await other.fill("#f-password", demo.users.find((user) => user.username === "ines.moreau").password);
    await other.getByRole("button", { name: "Sign in" }).click();
    await other.waitForLoadState("load");
    await ines.page.getByText("Your session has ended").waitFor({ state: "detached", timeout: 8000 });
    await ines.press("Log it");
    await ines.says("typed while signed out");

    // Nobody is there when the session ends: what was typed stays, whatever is pressed.
    await ines.page.clock.install();
    await ines.goto(`${home}/evidence`);
    await ines.page.focus("#f-url");
    await ines.page.fill("#f-text", "typed before the session ended");
    await ines.page.clock.fastForward(12 * 60_000 + 1000);
    await ines.says("Still there?");
    await ines.look_at("still-there");
    await ines.page.context().clearCookies();
    await ines.page.clock.fastForward(2 * 60_000 + 1000);
    await ines.page.getByText("Your session has ended").waitFor({ timeout: 8000 });
    for (let n = 0; n < 3; n++) await ines.page.keyboard.press("Escape");
    await ines.page.getByText("Your session has ended").waitFor();
    if ((await ines.page.inputValue("#f-text")) !== "typed before the session ended") throw new Error("what was typed is lost");
  });
  for (const look of [{ dark: true }, { width: 390 }]) {
    await demo.as("ines.moreau", look, async (ines) => {
      await ines.goto(`${home}/evidence`);
      await ines.page.fill("#f-url", "https://www.tiktok.com/@pier2nights/video/7432208811?_t=8x");
      await ines.says("Not covered");
      await ines.look_at("composer");
    });
  }
  await demo.as("ines.moreau", { script: false }, async (ines) => {
    await ines.goto(`${home}/evidence`);
    await ines.page.fill("#f-url", "https://www.tiktok.com/@pier2nights/video/7432208811");
    await ines.press("Check first");
    await ines.says("Not covered");
    await ines.look_at("composer-plain");
    await ines.press("Keep as draft");
    await ines.says("Kept as a draft");
    await ines.page.getByRole("link", { name: "Go on" }).click();
    const url = await ines.page.inputValue("#f-url");
    if (!url.includes("7432208811")) throw new Error("the draft is lost");
    // Her session is ended from another browser: what is sent comes back after signing in.
    await demo.as("ines.moreau", { script: false }, async (elsewhere) => {
      await elsewhere.goto("/account");
      await elsewhere.press("End all others");
    });
    ines.expected.add(401);
    await ines.press("Log it");
    await ines.says("What you typed is not lost");
    await ines.look_at("carried-plain");
    await ines.page.fill("#f-username", "ines.moreau");
    await ines.page.fill("#f-password", demo.users.find((user) => user.username === "ines.moreau").password);
    await ines.page.getByRole("button", { name: "Sign in" }).click();
    await ines.says("nothing is lost");
    await ines.look_at("carried-back-plain");
    await ines.press("Send it now");
    await ines.says("Logged as held");
  });
};
