// Three cases from the first request to the packet, as the people concerned live them: a missing child at two in the morning,
// six weeks of a fraud, and a covert authorization under an alias. Each ends with the packet, unpacked and read.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** No page of a case and no packet may hold this. */
const ALIAS = "Marla Quist";

export default async (demo) => {
  // What failed in one of them ends the journey.
  for (const story of [missingChild, fraud, covert]) if (!demo.failed) await story(demo);
};

/** A time in so many days, as a field of a form takes it, in UTC. */
const local = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 16);

/** Opens a case; gives its address. */
async function opened(person, kind, title) {
  await person.goto("/cases/new");
  await person.page.selectOption("#f-kind", kind);
  await person.page.fill("#f-title", title);
  await person.press("Open the case");
  await person.says("The case is open.");
  return new URL(person.page.url()).pathname;
}

/** Logs a link by the form, and gives the address of the capture. */
async function logged(person, home, url, { level, text } = {}) {
  await person.goto(`${home}/evidence`);
  await person.paste({ text: url });
  await person.page.locator("[data-verdict], .verdict, #f-url").first().waitFor();
  if (level || text) {
    await person.says("How it was taken");
    for (const details of await person.page.locator("main details:not([open]):has(#f-level) > summary").all()) await details.click();
    if (text) await person.page.fill("#f-text", text);
    if (level) await person.page.selectOption("#f-level", level);
  }
  await person.press("Log it");
  await person.page.waitForURL("**/captures/*");
  return new URL(person.page.url()).pathname;
}

/** A supervisor lets the prosecutor in, who builds a packet of all that may leave; gives the text of its pages, unpacked. */
async function packet(demo, home, supervisor) {
  await demo.as(supervisor, {}, async (person) => {
    await person.goto(`${home}/team`);
    await person.page.fill("#f-grantee", "grace.obuya");
    await person.page.locator("[name='rights[]'][value='export']").check();
    await person.page.fill("#f-until", "2099-01-01T12:00");
    await person.page.fill("#grant-reason", "charging decision");
    await person.press("Give access");
    await person.says("ADA Grace Obuya: read, export");
  });
  const folder = mkdtempSync(join(tmpdir(), "story-"));
  let said = "";
  await demo.as("grace.obuya", {}, async (grace) => {
    await grace.goto(`${home}/packets`);
    await grace.press("Build a packet");
    await grace.press("Choose all");
    await grace.page.getByRole("button", { name: /Build it, [1-9]/ }).waitFor();
    await grace.press("Build it");
    await grace.page.getByRole("link", { name: "Download" }).waitFor({ timeout: 60_000 });
    const [download] = await Promise.all([grace.page.waitForEvent("download"), grace.page.getByRole("link", { name: "Download" }).click()]);
    await download.saveAs(join(folder, "p.zip"));
    await grace.goto("/verify");
    await grace.page.setInputFiles("#f-file", join(folder, "p.zip"));
    await grace.says("Intact, and signed by the agency");
  });
  if (!demo.failed) {
    execFileSync("python3", ["-c", "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])", join(folder, "p.zip"), join(folder, "open")]);
    said = texts(join(folder, "open"));
  }
  rmSync(folder, { recursive: true });
  return said;
}

/** What all pages and records of a packet say, one after the other. */
function texts(folder) {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .map((path) => (statSync(path).isDirectory() ? texts(path) : /\.(html|json|jsonl|jsonld|txt)$/.test(path) ? readFileSync(path, "utf8") : ""))
    .join("\n");
}

function mustSay(demo, what, said, wanted) {
  if (demo.failed) return;
  for (const one of wanted) {
    if (!said.includes(one)) demo.problems.push(`${what}: the packet does not say "${one}"`);
  }
}

/** Nobody answers at two in the morning: the detective starts, the one on call is paged, confirms, and decides what was found. */
async function missingChild(demo) {
  let home, id, item;
  await demo.as("ruth.calder", {}, async (ruth) => {
    await ruth.goto("/roster");
    await ruth.look_at("story-roster");
    await ruth.page.selectOption("#f-kind", "on_call");
    await ruth.page.fill("#f-person", "ruth.calder");
    await ruth.page.fill("#f-until", local(1));
    await ruth.page.fill("#f-reason", "nights of this week");
    await ruth.press("Enter");
  });
  await demo.as("ines.moreau", {}, async (ines) => {
    home = await opened(ines, "missing_person", "Missing: a boy of nine, last seen at the fairground");
    await ines.goto(`${home}/authorizations/emergency`);
    await ines.says("Sgt. Ruth Calder");
    await ines.look_at("story-emergency-form");
    await ines.page.fill("#f-predicate", "nine years old, 1.30 m, water near, seen with a stranger at 01:20");
    await ines.page.fill("#f-purpose", "find who filmed at the fairground");
    await ines.page.locator("[name='level'][value='overt']").check();
    await ines.page.locator("[name='platforms[]'][value='tiktok']").check();
    await ines.page.locator("[name='attestations[]'][value='not_based_solely_on_protected_activity']").check();
    await ines.press("Start it now");
    await ines.look_at("story-emergency-runs");
    id = new URL(ines.page.url()).pathname.split("/").pop();
    item = (await logged(ines, home, "https://www.tiktok.com/@fair.lights/video/7440000000000000001")).split("/").pop();
    await ines.look_at("story-emergency-capture");
  });
  await demo.as("ruth.calder", {}, async (ruth) => {
    await ruth.goto("/");
    await ruth.says("Emergency");
    await ruth.look_at("story-paged");
    await ruth.goto(`/approvals?at=authorization:${id}`);
    await ruth.look_at("story-confirm");
    await ruth.page.fill("#f-reason", "danger to life, and nobody could be asked sooner");
    await ruth.page.getByRole("button", { name: /^Confirm/ }).click();
    await ruth.page.waitForLoadState("load");
    await ruth.goto(`/authorizations/${id}`);
    await ruth.says("Confirmed by Sgt. Ruth Calder");
    await ruth.look_at("story-confirmed");
    await ruth.goto(`/approvals?at=capture:${item}`);
    await ruth.look_at("story-emergency-item");
    await ruth.page.fill("#f-reason", "the child was in danger, and the video was public");
    await ruth.page.getByRole("button", { name: /^Confirm/ }).click();
    await ruth.page.waitForLoadState("load");
  });
  await demo.as("ines.moreau", {}, async (ines) => {
    await ines.goto(home);
    await ines.look_at("story-due");
    const given = { "particulars.name": "Luca Brandt", "particulars.last_seen_where": "Fairground, north gate", "particulars.description": "1.30 m, red jacket" };
    for (const [name, text] of Object.entries(given)) await ines.page.locator(`[name="${name}"]`).last().fill(text);
    for (const name of ["particulars.date_of_birth", "particulars.last_seen_at"]) await ines.page.locator(`[name="${name}"][type="checkbox"]`).last().check();
    await ines.page.locator(`[name="particulars.endangered"]`).last().selectOption("true");
    await ines.press("Save answers");
    await ines.says("The change is recorded.");
  });
  const said = await packet(demo, home, "ruth.calder");
  mustSay(demo, "missing child", said, ["seen with a stranger at 01:20", "danger to life, and nobody could be asked sooner", "for danger to life, without a supervisor"]);
}

/** Discreet for six weeks: an account turns up, one thing is caught too early, the leave is renewed, ended and reported on. */
async function fraud(demo) {
  let home, id, renewal;
  await demo.as("ines.moreau", {}, async (ines) => {
    home = await opened(ines, "online_crime", "Rental deposits taken for flats that do not exist");
    for (const [name, text] of Object.entries({ offense: "theft by deception", victim_reference: "complaints 1 to 5", platforms: "instagram" })) {
      await ines.page.locator(`[name="particulars.${name}"]`).last().fill(text);
    }
    await ines.press("Save answers");
    await ines.says("The change is recorded.");
    await ines.goto(`${home}/authorizations/new?platform=instagram&level=discreet`);
    await ines.page.fill("#f-purpose", "find who collects the deposits");
    await ines.page.fill("#f-predicate", "five complaints, the same account number");
    await ines.page.fill("#f-ends_at", local(42));
    for (const details of await ines.page.locator("main details:not([open]) > summary").all()) await details.click();
    await ines.page.fill("#f-necessity", "the victims know the seller by the account alone");
    await ines.page.fill("#f-proportionality", "one account, public posts");
    await ines.page.fill("#f-intrusion", "comments of others are not collected");
    await ines.page.fill("#f-confidential_material", "none expected");
    await ines.page.fill("#f-account_lines", "@deposit.homes on Instagram");
    await ines.page.fill("#f-review_at", local(20));
    for (const box of await ines.page.locator("[name='attestations[]']").all()) await box.check();
    await ines.look_at("story-discreet-form");
    await ines.press("Send the request");
    await ines.says("The request is with the supervisors.");
    id = new URL(ines.page.url()).pathname.split("/").pop();
  });
  await approved(demo, "ruth.calder", id, "needed, and kept to one account", "No contact with commenters.");
  await demo.as("ines.moreau", {}, async (ines) => {
    await logged(ines, home, "https://www.instagram.com/deposit.homes/", { level: "discreet" });
    await ines.says("Logged");
    await ines.goto(`/authorizations/${id}`);
    await ines.page.fill("#f-account_line", "@deposit.homes.2 on Instagram");
    await ines.page.fill("#f-reason", "the first one names it as its second shop");
    await ines.press("Ask for it");
    await logged(ines, home, "https://www.instagram.com/deposit.homes.2/", { level: "discreet" });
    await ines.says("Held");
    await ines.look_at("story-held");
  });
  await demo.as("ruth.calder", {}, async (ruth) => {
    await ruth.goto(`/approvals?at=authorization:${id}`);
    await ruth.says("another account: @deposit.homes.2 on Instagram");
    await ruth.look_at("story-addition-waits");
    await ruth.press("Decide about this account");
    await ruth.page.locator("[id^='f-reason-']").first().fill("the same seller");
    await ruth.look_at("story-addition");
    await ruth.press("Add it");
    await ruth.says("Added by");
    await ruth.goto("/approvals?sort=held");
    await ruth.page.locator(".queue__list a", { hasText: "Item 2, held" }).first().click();
    await ruth.page.waitForLoadState("load");
    await ruth.page.fill("#f-reason", "public profile, looked at minutes before the account was added");
    await ruth.page.getByRole("button", { name: /^Accept/ }).click();
    await ruth.says(": accepted.");
  });
  // Somebody who had no part in it signs the exception off.
  await demo.as("edna.wolfe", {}, async (edna) => {
    await edna.goto("/exceptions");
    await edna.page.locator("tbody tr", { hasText: "Item 2" }).getByRole("link").first().click();
    await edna.page.waitForLoadState("load");
    await edna.look_at("story-exception");
    await edna.page.locator("textarea").first().fill("minutes apart, and nothing but a public profile");
    await edna.press("Sign");
    await edna.says("Signed off by");
  });
  await demo.as("ines.moreau", {}, async (ines) => {
    await logged(ines, home, "https://www.instagram.com/p/C9deposit2/", { level: "discreet" });
    await ines.goto(`/authorizations/${id}`);
    await ines.press("Ask for a renewal");
    await ines.look_at("story-renewal-form");
    for (const box of await ines.page.locator("[name='attestations[]']").all()) await box.check();
    await ines.press("Send the request");
    renewal = new URL(ines.page.url()).pathname.split("/").pop();
  });
  await approved(demo, "edna.wolfe", renewal, "still necessary", "");
  await demo.as("ines.moreau", {}, async (ines) => {
    for (const one of [id, renewal]) {
      await ines.goto(`/authorizations/${one}`);
      await ines.look_at("story-closing");
      await ines.page.selectOption("#f-outcome", { index: 1 });
      await ines.page.fill("#f-report", "two shops of one seller, named by the second account");
      await ines.press("End it");
      await ines.look_at("story-closed");
    }
  });
  const said = await packet(demo, home, "ruth.calder");
  mustSay(demo, "fraud", said, ["No contact with commenters.", "the first one names it as its second shop", "still necessary"]);
}

/** Under an alias: two approve, of whom one is above the unit; the alias stays in the registry. */
async function covert(demo) {
  let home, alias, id;
  await demo.as("ines.moreau", {}, async (ines) => {
    await ines.goto("/aliases/new");
    await ines.page.fill("#f-name", ALIAS);
    await ines.page.fill("#f-account_lines", "@marla.q on Telegram");
    await ines.page.fill("#f-purpose", "a group that admits nobody who says who they are");
    await ines.page.fill("#f-device", "INV-0412");
    await ines.page.fill("#f-custodian", "Property room");
    await ines.press("Ask for it");
    alias = new URL(ines.page.url()).pathname;
  });
  await demo.as("ruth.calder", {}, async (ruth) => {
    await ruth.goto(alias);
    await ruth.look_at("story-alias");
    await ruth.page.getByRole("button", { name: /^Approve/ }).click();
    await ruth.page.waitForLoadState("load");
    await ruth.look_at("story-alias-approved");
  });
  await demo.as("ines.moreau", {}, async (ines) => {
    home = await opened(ines, "crime_media", "Videos of assaults, sold in a closed group");
    await ines.page.locator('[name="particulars.incident_where"]').last().fill("not known yet: indoors");
    await ines.page.locator('[name="particulars.incident_at"][type="checkbox"]').last().check();
    await ines.page.locator('[name="particulars.poster_role"]').last().selectOption({ index: 1 });
    await ines.look_at("story-covert-due");
    await ines.press("Save answers");
    await ines.goto(`${home}/authorizations/new?platform=telegram&level=covert`);
    await ines.page.fill("#f-purpose", "learn who films and who sells");
    await ines.page.fill("#f-predicate", "two victims named the group");
    await ines.page.fill("#f-ends_at", local(20));
    for (const details of await ines.page.locator("main details:not([open]) > summary").all()) await details.click();
    await ines.page.fill("#f-necessity", "nobody is let in who looks openly");
    await ines.page.fill("#f-proportionality", "one group, no private messages");
    await ines.page.fill("#f-intrusion", "members who only watch are not collected");
    await ines.page.fill("#f-confidential_material", "none expected");
    await ines.page.fill("#f-plan", "OP 7/26");
    await ines.page.fill("#f-review_at", local(14));
    await ines.says(ALIAS);
    await ines.page.locator(`[name="aliases[]"][value="${alias.split("/").pop()}"]`).check();
    for (const box of await ines.page.locator("[name='attestations[]']").all()) await box.check();
    await ines.look_at("story-covert-form");
    await ines.press("Send the request");
    await ines.says("The request is with the supervisors.");
    id = new URL(ines.page.url()).pathname.split("/").pop();
  });
  await demo.as("ruth.calder", {}, async (ruth) => {
    await ruth.goto(`/approvals?at=authorization:${id}`);
    await ruth.page.fill("#f-reason", "no other way in");
    await ruth.look_at("story-covert-first");
    await ruth.page.getByRole("button", { name: /^Approve/ }).click();
    await ruth.page.waitForLoadState("load");
  });
  await demo.as("ines.moreau", {}, async (ines) => {
    await ines.goto(`/authorizations/${id}`);
    await ines.says("Requested");
  });
  await approved(demo, "edna.wolfe", id, "seen with the plan", "");
  await demo.as("ines.moreau", {}, async (ines) => {
    await ines.goto(`${home}/evidence`);
    await ines.paste({ text: "https://t.me/closedgroup/118" });
    for (const details of await ines.page.locator("main details:not([open]):has(#f-level) > summary").all()) await details.click();
    await ines.page.selectOption("#f-level", "covert");
    await ines.page.selectOption("#f-alias_id", alias.split("/").pop());
    await ines.press("Log it");
    await ines.page.waitForURL("**/captures/*");
    await ines.says("Logged");
    await ines.look_at("story-covert-capture");
  });
  // Who works on the case beside its holder, and who exports it, never read the name.
  const said = await packet(demo, home, "ruth.calder");
  mustSay(demo, "covert", said, ["OP 7/26", "no other way in", "seen with the plan"]);
  for (const secret of [ALIAS, "marla.q", "INV-0412", alias.split("/").pop()]) {
    if (said.includes(secret)) demo.problems.push(`covert: the packet says "${secret}"`);
  }
}

/** A supervisor approves a request where it waits. */
async function approved(demo, supervisor, id, reason, conditions) {
  await demo.as(supervisor, {}, async (person) => {
    await person.goto(`/approvals?at=authorization:${id}`);
    await person.page.fill("#f-reason", reason);
    if (conditions) await person.page.fill("#f-conditions", conditions);
    await person.look_at(`story-approve-${supervisor}`);
    await person.page.getByRole("button", { name: /^Approve/ }).click();
    await person.says("is approved");
  });
}
