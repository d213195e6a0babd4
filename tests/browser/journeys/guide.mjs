// The pictures of README and of docs/guide, and that the pages they tell of are there: the demonstration's own story, as
// each role sees it. It logs nothing, decides nothing and opens no item as the prosecutor, so that it can run first; it only
// downloads the packet that the story builds, and runs an audit. Run alone, by `run.sh PROGRAM guide`, it makes all that
// docs/img/make.sh needs.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export default async (demo) => {
  const known = demo.cases.find((one) => one.number === "26-004417");
  const home = `/cases/${known.id}`;
  const folder = mkdtempSync(join(tmpdir(), "guide-"));
  try {
    await detective(demo, home);
    await supervisor(demo, home);
    await prosecutor(demo, home, join(folder, "packet.zip"));
    await auditor(demo);
    await administrator(demo);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/**
 * A picture of what a person sees at once, without scrolling; from the element on, where one is named.
 * @param {string} name
 * @param {{ from?: string, height?: number }} [where]
 */
async function shown({ demo, page }, name, { from, height = 800 } = {}) {
  await page.setViewportSize({ width: 1280, height });
  await page.waitForLoadState("load");
  await page.evaluate(async (from) => {
    await document.fonts.ready;
    /** @type {HTMLElement} */ (document.activeElement)?.blur();
    const node = from ? document.querySelector(from) : null;
    scrollTo(0, node ? node.getBoundingClientRect().top + scrollY - 16 : 0);
  }, from);
  // What was told in passing would lie over the page.
  await page.locator(".toast").evaluateAll((all) => all.forEach((one) => one.remove()));
  await page.waitForFunction(() => [...document.images].every((one) => one.complete || one.getBoundingClientRect().top > innerHeight));
  await page.screenshot({ path: join(demo.pictures, `guide-${name}.png`) });
}

async function detective(demo, home) {
  await demo.as("ines.moreau", {}, async (ines) => {
    const { page } = ines;
    await ines.says("Needs you");
    await ines.says("Item 9 was returned");
    await ines.says("My cases");
    await shown(ines, "home");
    await ines.goto(`${home}/evidence`);
    await ines.says("You may look at: A-1");
    await ines.says("17 items");
    // What is typed here is not kept: the draft would be there for whoever comes next.
    await page.route("**/captures/draft", (route) => route.fulfill({ status: 204 }));
    await page.fill("#f-url", "https://www.tiktok.com/@pier2nights/video/7432208811");
    await page.locator("[data-seen]", { hasText: "Not covered" }).waitFor({ timeout: 5000 });
    await shown(ines, "not-covered", { from: ".composer" });
    await ines.goto(`${home}/evidence?sort=item`);
    await page.locator(".shot a").first().click();
    await page.waitForURL("**/captures/*");
    await ines.says("Coverage, rule by rule");
    await ines.says("Custody, live");
    await shown(ines, "item");
    await ines.goto(`${home}/timeline`);
    await ines.says("Happened and captured");
    await shown(ines, "timeline");
  });
}

async function supervisor(demo, home) {
  await demo.as("ruth.calder", {}, async (ruth) => {
    await ruth.says("Needs you, urgent and oldest first");
    // Who logs nothing has no form above the items.
    await ruth.goto(`${home}/evidence?sort=item`);
    await ruth.says("17 items");
    await shown(ruth, "case", { height: 860 });
    await ruth.goto("/approvals");
    await ruth.says("A juvenile is a subject");
    await shown(ruth, "queue");
    await ruth.goto("/approvals?sort=held");
    await ruth.says("tiktok is not among those covered: instagram");
    await ruth.says("Ratify afterwards");
    await shown(ruth, "held", { height: 1240 });
    await ruth.goto(`${home}/team`);
    await ruth.says("Assigned to this case.");
    await shown(ruth, "team");
    await ruth.goto(`${home}/accesses`);
    await ruth.says("ADA Grace Obuya, prosecutor");
    await shown(ruth, "accesses");
  });
}

async function prosecutor(demo, home, packet) {
  await demo.as("grace.obuya", {}, async (grace) => {
    const { page } = grace;
    await grace.says("Shared with me");
    await shown(grace, "shared", { height: 480 });
    await grace.goto(`${home}/packets`);
    await grace.press("Build a packet");
    await page.fill("#f-items", "1, 15, 8, 10");
    await page.getByRole("button", { name: "Show this order" }).click();
    await page.getByRole("button", { name: "Build it, 4 exhibits" }).waitFor();
    await page.fill("#f-recipient", "Harbor County Superior Court");
    await page.locator("#f-recipient").blur();
    await grace.says("3. See what is missing");
    await shown(grace, "choose", { from: "#choose", height: 1080 });
    await grace.goto(`${home}/packets`);
    await page.locator("main table a").first().click();
    await page.getByRole("link", { name: "Download" }).waitFor({ timeout: 30_000 });
    await grace.says("How the recipient checks it");
    await shown(grace, "ready");
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
    await download.saveAs(packet);
    await grace.goto("/verify");
    await page.setInputFiles("#f-file", packet);
    await grace.says("Intact, and signed by the agency");
    await shown(grace, "verified");
    // The packet's own page, without a server.
    const open = join(packet, "../open");
    execFileSync("python3", ["-c", "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])", packet, open]);
    await page.context().unroute("**/*");
    await page.goto(`file://${join(open, readdirSync(open)[0], "data/index.html")}`);
    await grace.says("Never anchored");
    await shown(grace, "packet");
    await shown(grace, "exhibit", { from: "article" });
  });
}

async function auditor(demo) {
  await demo.as("hugo.lind", {}, async (hugo) => {
    const { page } = hugo;
    await hugo.says("Search events");
    await shown(hugo, "auditor", { height: 680 });
    await hugo.goto("/ledger?actor=grace.obuya");
    await hugo.says("Capture viewed");
    await hugo.saysNothingOf("Whitlow");
    await shown(hugo, "search");
    await hugo.goto("/audits");
    await hugo.press("Run an audit");
    for (let tries = 0; !(await page.getByText("What was read").count()); tries++) {
      if (tries > 40) throw new Error("the audit does not end");
      await page.waitForTimeout(500);
      await page.goto(page.url().split("?")[0]);
    }
    await hugo.says("Clean: every event");
    await shown(hugo, "audit");
  });
}

async function administrator(demo) {
  await demo.as("nils.berg", {}, async (nils) => {
    await nils.says("You see no case");
    await shown(nils, "administrator", { height: 640 });
    await nils.goto("/users");
    await nils.says("Add a person");
    await shown(nils, "people");
  });
}
