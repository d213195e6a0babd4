// A prosecutor picks exhibits, puts them in order, builds a packet, hands it over, and has it verified. With script and
// without; every state looked at, wide and narrow, light and dark.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const prosecutor = "grace.obuya";
const looks = [{ dark: true }, { width: 390 }, { width: 390, dark: true }, { width: 320 }];

export default async (demo) => {
  const folder = mkdtempSync(join(tmpdir(), "export-"));
  const packet = join(folder, "p.zip");
  try {
    await exported(demo, packet, true);
    await verified(demo, packet, true);
    await opened(demo, packet, folder);
    await exported(demo, packet, false);
    await verified(demo, packet, false);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** The items in the order of the exhibits. */
const order = (person) => person.page.inputValue("#f-items");
const count = (person, n) => person.page.getByRole("button", { name: new RegExp(`Build it, ${n} exhibit`) }).waitFor();

async function exported(demo, packet, script) {
  const home = `/cases/${demo.cases[0].id}/packets`;
  const mark = script ? "" : "-plain";
  let ready;
  await demo.as(prosecutor, { script }, async (grace) => {
    await grace.goto(home);
    await grace.look_at(`packets${mark}`);
    // Journey 9 of the design: three acts, apart from the picking.
    await grace.journey("build and download a packet", { acts: 3, seconds: 30 }, async () => {
      await grace.press("Build a packet");
      await grace.look_at(`choose-empty${mark}`);
      await pick(grace, mark);
      const start = performance.now();
      await grace.press("Build it");
      await grace.page.locator("[data-live], [data-told]").first().waitFor();
      const first = (performance.now() - start) / 1000;
      demo.measured.push({ name: `first progress of a build${mark}`, acts: 1, most: 1, seconds: first, within: 1 });
      await grace.look_at(`building${mark}`);
      await grace.page.getByRole("link", { name: "Download" }).waitFor({ timeout: 30_000 });
      ready = new URL(grace.page.url()).pathname;
      grace.acts++;
      const [download] = await Promise.all([grace.page.waitForEvent("download"), grace.page.getByRole("link", { name: "Download" }).click()]);
      await download.saveAs(packet);
    });
    if (script) {
      await grace.says("Downloaded 1 time");
      await grace.saysNothingOf("The packet is asked for");
      await grace.page.getByRole("button", { name: "Copy the key" }).waitFor();
      await grace.look_at("downloaded");
    }
    await grace.goto(ready);
    await grace.says("Downloaded 1 time");
    await grace.says("Never anchored");
    await grace.look_at(`ready${mark}`);
    await grace.page.fill("#f-to", "Public Defender, J. Alder");
    await grace.page.fill("#f-need", "defence at trial");
    await grace.page.fill("#f-under", "Discovery, state rule 16");
    await grace.page.fill("#f-disclosed_at", "2099-01-01T10:00");
    grace.expected.add(422);
    await grace.press("Record the disclosure");
    await grace.says("lies in the future");
    if ((await grace.page.inputValue("#f-under")) !== "Discovery, state rule 16") throw new Error("what was typed is lost");
    await grace.look_at(`disclosure-refused${mark}`);
    await grace.page.fill("#f-disclosed_at", "");
    await grace.press("Record the disclosure");
    await grace.says("The disclosure is recorded.");
    await grace.look_at(`disclosed${mark}`);
    await grace.page.getByText("Make a download link").click();
    await grace.press("Make the link");
    await grace.says("Address and code are shown here and nowhere else");
    await grace.look_at(`link${mark}`);
    // The same exhibits again, for another packet.
    await grace.press("Build another");
    await grace.says("Public Defender").catch(() => {});
    if (!(await order(grace))) throw new Error("the exhibits of the packet are not picked again");
  });
  if (!script) return;
  for (const look of looks) {
    await demo.as(prosecutor, look, async (grace) => {
      await grace.goto(home);
      await grace.look_at("packets");
      await grace.press("Build a packet");
      await grace.press("Choose all");
      await grace.page.getByRole("button", { name: /Build it, [1-9]/ }).waitFor();
      await grace.look_at("choose");
      await grace.goto(ready);
      await grace.look_at("ready");
    });
  }
}

/** Ticks, filters, orders. None of it is kept on the server. */
async function pick(grace, mark) {
  const { page } = grace;
  const script = grace.look.script !== false;
  const boxes = page.locator("[name='pick[]']");
  const first = await boxes.nth(0).inputValue();
  const second = await boxes.nth(1).inputValue();
  await boxes.nth(1).check();
  if (!script) await page.getByRole("button", { name: "Show this order" }).click();
  await count(grace, 1);
  await boxes.nth(0).check();
  if (!script) await page.getByRole("button", { name: "Show this order" }).click();
  await count(grace, 2);
  const is = async (wanted, after) => {
    await page.waitForFunction((wanted) => {
      const field = /** @type {HTMLInputElement | null} */ (document.querySelector("#f-items"))?.value;
      // The rows come with the answer, after the field.
      const rows = [...document.querySelectorAll("[data-order] > li")].map((row) => row.getAttribute("data-item")).join(" ");
      return field === wanted && rows === wanted;
    }, wanted, { timeout: 5000 }).catch(async () => {
      throw new Error(`after ${after} the order is ${await order(grace)}, not ${wanted}`);
    });
  };
  await is(`${second} ${first}`, "ticking");
  await page.getByRole("button", { name: "Move exhibit 2 up" }).click();
  await is(`${first} ${second}`, "the button");
  if (script) {
    await page.locator(`[data-item='${first}'] .order__move button:not(:disabled)`).first().focus();
    await page.keyboard.press("Alt+ArrowDown");
    await is(`${second} ${first}`, "the key");
    const focused = await page.evaluate(() => document.activeElement?.closest("[data-item]")?.getAttribute("data-item"));
    if (focused !== first) throw new Error("the focus did not stay with the exhibit that was moved");
    await page.locator(`[data-item='${first}'] .order__no`).dragTo(page.locator(`[data-item='${second}'] .order__no`));
    await is(`${first} ${second}`, "dragging");
  }
  grace.expected.add(422);
  await page.fill("#f-items", `${second}, 99999`);
  await page.getByRole("button", { name: "Show this order" }).click();
  await count(grace, 1);
  await page.fill("#f-items", "seven");
  await page.getByRole("button", { name: "Show this order" }).click();
  await grace.says("is no item number");
  await grace.look_at(`choose-refused${mark}`);
  await page.fill("#f-items", `${second} ${first}`);
  await page.getByRole("button", { name: "Show this order" }).click();
  await count(grace, 2);
  await page.fill("#f-recipient", "Harbor County Superior Court");
  await page.selectOption("#f-purpose", "discovery");
  if (script) await page.locator("#f-recipient").blur();
  await page.getByRole("button", { name: "Order by item" }).click();
  await is([first, second].sort((a, b) => Number(a) - Number(b)).join(" "), "ordering by item");
  await grace.look_at(`choose${mark}`);
}

async function verified(demo, packet, script) {
  // Nothing was built, and why is told already.
  if (demo.failed) return;
  const mark = script ? "" : "-plain";
  const folder = join(packet, "..");
  const bytes = readFileSync(packet);
  const bent = join(folder, "bent.zip");
  const middle = Buffer.from(bytes);
  middle[Math.floor(middle.length / 3)] ^= 1;
  writeFileSync(bent, middle);
  const large = join(folder, "large.bin");
  writeFileSync(large, Buffer.alloc(100 * 1024 * 1024, "casetrail"));
  /** Chooses a file; with script that is all. */
  const give = async (person, file) => {
    person.acts++;
    await person.page.setInputFiles("#f-file", file);
    if (!script) await person.press("Verify");
  };
  await demo.as(prosecutor, { script }, async (grace) => {
    // Journey 10 of the design: two acts; without a script the button is a third.
    await grace.journey("verify a packet", { acts: script ? 2 : 3, seconds: 5 }, async () => {
      grace.acts++;
      await grace.page.locator(".top__nav").getByRole("link", { name: "Verify" }).click();
      await grace.page.waitForLoadState("load");
      await give(grace, packet);
      await grace.says("Intact, and signed by the agency");
    });
    await grace.look_at(`verify-passed${mark}`);
    await give(grace, bent);
    await grace.says("Failed: this is not a packet as it was issued");
    await grace.look_at(`verify-failed${mark}`);
    await grace.journey("verify 100 MB", { acts: script ? 1 : 2, seconds: 5 }, async () => {
      await give(grace, large);
      // How long it took is printed; a machine that does other work may need more.
      await grace.page.getByRole("heading", { name: "This is no packet, but a file" }).waitFor({ timeout: 60_000 });
    });
    await grace.look_at(`verify-file${mark}`);
    grace.expected.add(422);
    await grace.page.locator("summary", { hasText: "another agency" }).click();
    await grace.page.fill("#f-key", "not a key");
    await give(grace, packet);
    await grace.says("is no key of a log");
    await grace.look_at(`verify-refused${mark}`);
  });
  if (!script) return;
  for (const look of looks) {
    await demo.as(prosecutor, look, async (grace) => {
      await grace.goto("/verify");
      await grace.look_at("verify");
      await give(grace, packet);
      await grace.says("Intact, and signed by the agency");
      await grace.look_at("verify-passed");
      await give(grace, bent);
      await grace.says("Failed: this is not");
      await grace.look_at("verify-failed");
    });
  }
  // The auditor and the administrator verify too, and are told of no case.
  for (const name of ["hugo.lind", "nils.berg"]) {
    await demo.as(name, {}, async (other) => {
      await other.goto("/verify");
      await give(other, packet);
      await other.says("Intact, and signed by the agency");
      await other.saysNothingOf("/cases/");
    });
  }
}

/** The packet's own page, from a folder and without a server: looked at like the others, and it asks for nothing. */
async function opened(demo, packet, folder) {
  if (demo.failed) return;
  execFileSync("python3", ["-c", "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])", packet, join(folder, "open")]);
  const [bag] = readdirSync(join(folder, "open"));
  for (const look of [{}, { dark: true }, { width: 390 }, { width: 320, dark: true }]) {
    await demo.as(prosecutor, look, async (grace) => {
      await grace.page.waitForLoadState("networkidle");
      await grace.page.context().unroute("**/*");
      await grace.page.context().route(/^(?!file:)/, (route) => {
        demo.problems.push(`the packet's page asks for ${route.request().url()}`);
        return route.abort();
      });
      await grace.page.goto(`file://${join(folder, "open", bag, "data/index.html")}`);
      await grace.says("Never anchored");
      const pictures = await grace.page.locator("img").evaluateAll(async (all) => {
        for (const one of all) one.loading = "eager";
        await Promise.all(all.map((one) => one.decode()));
        return all.length;
      });
      if (pictures === 0) throw new Error("no exhibit shows a picture");
      await grace.look_at("packet-page");
    });
  }
}
