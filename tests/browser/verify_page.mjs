// The verifier's page in real Chromium, from a file and without a network: it says of every packet that the tests bent what
// the program says; and a person verifies a real packet with it.
//
//   node verify_page.mjs PAGE.HTML PICTURES KEPT PACKET.ZIP VKEY
//
// KEPT: what `cargo test --test proof` left in CASETRAIL_KEEP_PACKETS. PACKET: a real one, signed by VKEY.
import { readFileSync, readdirSync, writeFileSync, mkdirSync, mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const LEAST = 300; // Packets without which the tests were not all run.
const EACH = Number(process.env.CASETRAIL_EACH ?? 25); // Packets of one test that are tried: some tests bend every byte.
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [html, pictures, kept, packet, vkey] = process.argv.slice(2);
const problems = [];
mkdirSync(pictures, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });

/** The page, in a browser that reaches nothing. */
async function opened(look) {
  const context = await browser.newContext({ offline: true, viewport: { width: 1000, height: 900 }, ...look });
  const page = await context.newPage();
  const tell = (what) => problems.push(`the page: ${what}`);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && tell(message.text()));
  page.on("pageerror", (error) => tell(error));
  page.on("request", (request) => request.url().startsWith("file:") || request.url().startsWith("blob:") || tell(`asked ${request.url()}`));
  await page.goto(pathToFileURL(resolve(html)).href);
  return page;
}

/** Rules under which something failed, each once. */
const failed = (report) => [...new Set(report.findings.filter((one) => one.verdict === "failed").map((one) => one.rule))].sort().join(" ");
const grades = (report) => Object.entries(report.grades).sort().join(" ");

async function agrees() {
  const page = await opened({});
  let count = 0;
  const tried = {};
  for (const name of readdirSync(kept).filter((name) => name.endsWith(".json"))) {
    const said = JSON.parse(readFileSync(join(kept, name), "utf8"));
    // A page is given files, and no folders.
    if (!said.packet.endsWith(".zip")) continue;
    tried[said.test] = (tried[said.test] ?? 0) + 1;
    if (tried[said.test] > (said.test.startsWith("rules::") || said.test.startsWith("insider::") ? Infinity : EACH)) continue;
    await page.setInputFiles("#packet", join(kept, said.packet));
    const trust = { key: said.key ?? "", policy: "", require_witness: false };
    const answer = await page.evaluate((trust) => verify(byId("packet").files[0], trust), trust);
    const report = answer.verified?.report;
    const same = report && report.outcome === said.report.outcome && failed(report) === failed(said.report) && grades(report) === grades(said.report);
    if (!same) problems.push(`${said.test}: ${said.packet}: ${report ? `${report.outcome} ${failed(report)}` : JSON.stringify(answer)}, and was ${said.report.outcome} ${failed(said.report)}`);
    count++;
  }
  if (count < LEAST) problems.push(`${kept} holds ${count} ZIPs, and ${LEAST} at least were expected`);
  console.log(`verify.html: ${count} packets`);
}

const first = (page) => page.locator("#first").innerText();

async function answered(page) {
  await page.getByRole("button", { name: "Verify" }).click();
  await page.waitForFunction(() => !byId("verify").disabled && !byId("answer").hidden);
}

function expect(what, is) {
  if (!is) problems.push(what);
}

/** A person with a real packet: with its key, another one, none, a policy; light, dark, narrow. */
async function person(look, name) {
  const page = await opened(look);
  await page.getByRole("button", { name: "Verify" }).click();
  expect(`${name}: it does not ask for the packet`, (await page.locator("#packet-name").innerText()) === "Choose the packet first.");
  await page.getByLabel("The packet, a ZIP as it was downloaded").setInputFiles(packet);
  await page.getByLabel("The agency’s key").fill(vkey);
  await answered(page);
  expect(`${name}: ${await first(page)}`, (await first(page)).startsWith("PASSED"));
  const told = await page.locator("#grades").innerText();
  expect(`${name}: grades are ${told}`, /bytes\s+passed\s+records\s+passed\s+log\s+passed\s+time\s+absent\s+witnesses\s+absent\s+signer\s+passed/.test(told));
  expect(`${name}: the evidence hash is not told in fours`, /evidence hash, as the papers print it\s+([0-9a-f]{4} ){15}[0-9a-f]{4}/.test(await page.locator("#facts").innerText()));
  await page.screenshot({ path: join(pictures, `verify-page-${name}.png`), fullPage: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  expect(`${name}: the page goes sideways`, !wide);
  await page.evaluate(AXE);
  for (const { id, nodes } of (await page.evaluate(() => axe.run())).violations) problems.push(`${name}: axe ${id}: ${nodes[0].html}`);
  await page.getByLabel("The agency’s key").fill(vkey.replace(/.$/, (last) => (last === "A" ? "B" : "A")));
  await answered(page);
  expect(`${name}: a mistyped key: ${await first(page)}`, /^UNREADABLE: the key is (mistyped|not a)/.test(await first(page)));
  await page.getByLabel("The agency’s key").fill("");
  await answered(page);
  expect(`${name}: no key: ${await first(page)}`, (await first(page)).startsWith("INTACT, SIGNER NOT CHECKED"));
  const folder = mkdtempSync(join(tmpdir(), "verify-page-"));
  writeFileSync(join(folder, "policy"), `log ${vkey}\nquorum none\n`);
  await page.getByText("Witnesses", { exact: true }).click();
  await page.getByLabel("A policy of logs").setInputFiles(join(folder, "policy"));
  await answered(page);
  expect(`${name}: by a policy: ${await first(page)}`, (await first(page)).startsWith("PASSED"));
  await page.getByLabel("Fail unless a witness").check();
  await answered(page);
  expect(`${name}: without a witness: ${await first(page)}`, (await first(page)).startsWith("FAILED"));
  // One byte of the packet is another, and the key comes out of a file of Windows.
  const bent = readFileSync(packet);
  bent[bent.length >> 1] ^= 1;
  writeFileSync(join(folder, "bent.zip"), bent);
  writeFileSync(join(folder, "key.txt"), Buffer.from(`\ufeff${vkey}\r\n`, "utf16le"));
  await page.getByLabel("or a file with it").setInputFiles(join(folder, "key.txt"));
  await page.getByLabel("A policy of logs").setInputFiles([]);
  await page.getByLabel("Fail unless a witness").uncheck();
  await page.getByLabel("The packet, a ZIP as it was downloaded").setInputFiles(join(folder, "bent.zip"));
  await answered(page);
  expect(`${name}: a byte changed: ${await first(page)}`, (await first(page)).startsWith("FAILED"));
  await page.screenshot({ path: join(pictures, `verify-page-${name}-failed.png`), fullPage: true });
}

/** A packet that is dropped on the page is the one that is verified. */
async function dropped() {
  const page = await opened({});
  const bytes = readFileSync(packet).toString("base64");
  const handed = await page.evaluateHandle((bytes) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], "dropped.zip"));
    return transfer;
  }, bytes);
  await page.dispatchEvent("main", "drop", { dataTransfer: handed });
  await answered(page);
  expect(`dropped: ${await first(page)}`, (await first(page)).startsWith("INTACT") && (await page.locator("#name").innerText()).startsWith("dropped.zip"));
}

await person({}, "light");
await person({ colorScheme: "dark", viewport: { width: 380, height: 800 } }, "dark-narrow");
await dropped();
await agrees();
await browser.close();
for (const problem of problems) console.log(`PROBLEM ${problem}`);
if (problems.length) process.exit(1);
console.log("verify.html says what casetrail verify says");
