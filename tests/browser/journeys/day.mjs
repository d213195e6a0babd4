// The day of a detective, a supervisor and a prosecutor: a new case, a request, captures, decisions, a packet. With script
// and without. The packet is left for `casetrail verify`.
import { existsSync } from "node:fs";

const picture = new URL("../../../src/cli/demo/post.png", import.meta.url).pathname;

export default async (demo, { packet }) => {
  await day(demo, packet, true);
  if (demo.problems.length === 0) await day(demo, packet, false);
  if (!existsSync(packet)) demo.problems.push("no packet was downloaded");
};

/** The whole day once. @param {boolean} script */
async function day(demo, packet, script) {
  const look = { script };
  const mark = script ? "" : "-plain";
  let home, held, asked;
  await demo.as("ines.moreau", look, async (ines) => {
    await ines.press("New case");
    // What is refused keeps what was typed.
    ines.expected.add(422);
    await ines.page.locator("main summary").click();
    await ines.page.fill("#f-offense", "custodial interference");
    await ines.press("Open the case");
    await ines.says("must be given");
    if ((await ines.page.inputValue("#f-offense")) !== "custodial interference") throw new Error("what was typed is lost");
    await ines.look_at(`refused-form${mark}`);
    await ines.page.selectOption("#f-kind", "missing_person");
    await ines.page.fill("#f-title", "Missing: R. Kimball <b>, ferry terminal");
    await ines.page.fill("#f-time_zone", "America/New_York");
    await ines.press("Open the case");
    await ines.says("The case is open.");
    home = new URL(ines.page.url()).pathname;
    for (const [field, answer] of [["name", "R. Kimball"], ["date_of_birth", "2010-02-03"], ["last_seen_at", "2026-11-01T21:10"], ["last_seen_where", "ferry terminal"], ["description", "green jacket"], ["ncic.number", "unknown"]]) {
      await ines.page.fill(`[name="particulars.${field}"]:not([type=checkbox])`, answer);
    }
    await ines.page.check('[name="particulars.ncic.entered_at"][value=unknown]');
    await ines.page.selectOption('[name="particulars.endangered"]', "true");
    await ines.look_at(`answers${mark}`);
    await ines.press("Save answers");
    await ines.says("2026-11-01 21:10:00 EST");
    await ines.look_at(`overview${mark}`);
    await ines.press("Request an authorization");
    await ines.page.fill("#f-platform_names", "instagram, web");
    await ines.page.fill("#f-purpose", "find the last seen location");
    await ines.page.fill("#f-predicate", "missing child, agency policy 4.12(b)");
    await ines.page.fill("#f-ends_at", "2027-06-30T12:00");
    for (const box of await ines.page.locator('[name="attestations[]"]').all()) await box.check();
    await ines.look_at(`request${mark}`);
    await ines.press("Send the request");
    await ines.says("The request is with the supervisors.");
    asked = new URL(ines.page.url()).pathname;
    await ines.saysNothingOf("Approve until");
  });
  await demo.as("ruth.calder", look, async (ruth) => {
    await ruth.goto("/approvals");
    await ruth.look_at(`approvals${mark}`);
    await ruth.goto(asked);
    await ruth.page.fill("#f-reason", "a missing child; the scope fits");
    await ruth.look_at(`decide${mark}`);
    await ruth.press("Approve until");
    await ruth.says("The decision is recorded.");
  });
  await demo.as("ines.moreau", look, async (ines) => {
    await ines.goto(`${home}/evidence`);
    await ines.says("You may look at: A-1");
    await ines.page.fill("#f-url", "https://ferries.example/timetable");
    await ines.page.selectOption("#f-kind", "link");
    await ines.page.selectOption("#f-platform", "web");
    await ines.press("Log it");
    await ines.says("Logged, and recorded in the ledger.");
    await ines.goto(`${home}/evidence`);
    await ines.page.fill("#f-url", "https://www.instagram.example/p/C81/");
    await ines.page.selectOption("#f-platform", "instagram");
    await ines.page.setInputFiles("#f-file", picture);
    await ines.press("Log it");
    await ines.says("post.png");
    await ines.says("9b19d985");
    await ines.look_at(`item${mark}`);
    await ines.page.fill("#f-text", "The same jacket as in the description.");
    await ines.press("Add the note");
    await ines.says("The note is added.");
    await ines.goto(`${home}/evidence`);
    await ines.page.fill("#f-url", "https://www.tiktok.example/@k/1");
    await ines.page.selectOption("#f-platform", "tiktok");
    await ines.press("Log it");
    await ines.says("Logged as held");
    held = new URL(ines.page.url()).pathname;
    await ines.saysNothingOf("tiktok.example/@k/1");
    await ines.says("Logged as held: kept and hashed");
    const request = await ines.page.locator("#main").getByRole("link", { name: "Request an authorization" }).getAttribute("href");
    if (!request?.includes("platform=tiktok")) throw new Error(`the request is not filled in: ${request}`);
    await ines.look_at(`held${mark}`);
    await ines.goto(`${home}/evidence`);
    await ines.look_at(`evidence${mark}`);
  });
  await demo.as("ruth.calder", look, async (ruth) => {
    await ruth.goto(held);
    await ruth.page.fill("#f-reason", "seen in passing, of use");
    await ruth.look_at(`held-supervisor${mark}`);
    await ruth.press("Ratify afterwards");
    await ruth.says("The decision is recorded.");
    await ruth.goto(`${home}/team`);
    await ruth.page.fill("#f-grantee", "grace.obuya");
    await ruth.page.locator('[name="rights[]"][value="export"]').check();
    await ruth.page.fill("#f-until", "2027-06-30T12:00");
    await ruth.page.locator("form[action$='/grants'] [name=reason]").fill("charging decision");
    await ruth.press("Give access");
    await ruth.says("Access is given.");
  });
  await demo.as("grace.obuya", look, async (grace) => {
    await grace.goto(`${home}/packets`);
    await grace.press("Build a packet");
    await grace.page.fill("#f-recipient", "Harbor County Superior Court");
    await grace.press("Choose all");
    await grace.page.getByRole("button", { name: /Build it, [1-9]/ }).waitFor();
    await grace.press("Build it");
    for (let tries = 0; !(await grace.page.getByRole("link", { name: "Download" }).count()); tries++) {
      if (tries > 100) throw new Error("the packet is not ready");
      await grace.page.waitForTimeout(300);
      await grace.page.goto(grace.page.url());
    }
    await grace.look_at(`packet${mark}`);
    const [download] = await Promise.all([grace.page.waitForEvent("download"), grace.page.getByRole("link", { name: "Download" }).click()]);
    await download.saveAs(packet);
    await grace.page.fill("#f-to", "Harbor County Superior Court");
    await grace.page.fill("#f-need", "the hearing of next week");
    await grace.page.fill("#f-under", "order of the court");
    await grace.press("Record the disclosure");
    await grace.says("The disclosure is recorded.");
  });
  // Who has nothing to do with the case is told that there is none.
  for (const stranger of ["omar.velez", "nils.berg", "hugo.lind", "paul.niemi"]) {
    await demo.as(stranger, look, async (other) => {
      other.expected.add(404);
      for (const path of [home, `${home}/evidence`, `${home}/custody`, held, asked]) {
        const status = await other.goto(path);
        // An auditor gets the custody of every case, as identifiers alone.
        const wanted = stranger === "hugo.lind" && path.endsWith("/custody") ? 200 : 404;
        if (status !== wanted) throw new Error(`${path} answered ${status}`);
        await other.saysNothingOf("Kimball");
      }
    });
  }
}
