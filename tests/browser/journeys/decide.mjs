// A request and its decision, against the budgets: by the mouse, by keys alone, and without script. Then two who decide at
// once, a request that is mended, and a case that changes hands.

export default async (demo) => {
  const known = demo.cases.find((one) => one.number === "26-004417");
  for (const look of [{}, { script: false }]) {
    const mark = look.script === false ? "-plain" : "";
    const first = await request(demo, known, look, { platform: "tiktok", purpose: `who filmed at the pier${mark}` });
    const second = await request(demo, known, look, { platform: "snapchat", purpose: `the friend's public story${mark}` });
    await approve(demo, look, first, second);
    await decideHeld(demo, look);
    await mend(demo, look, second);
    await team(demo, known, look);
  }
  const asked = await request(demo, known, {}, { platform: "telegram", purpose: "a channel that names the ferry" });
  await byKeys(demo, asked);
  await looks(demo, known, asked);
};

/** Journey 6: at most three acts beyond opening the form; the case's newest request gives the predicate. */
async function request(demo, known, look, { platform, purpose }) {
  let asked;
  await demo.as("ines.moreau", look, async (ines) => {
    await ines.goto(`/cases/${known.id}/authorizations/new?platform=${platform}&level=overt`);
    await ines.journey("request leave", { acts: 3, seconds: 45 }, async () => {
      await ines.fill("#f-purpose", purpose);
      ines.acts++;
      await ines.page.getByLabel("Nobody is looked at only for").check();
      await ines.press("Send the request");
    });
    await ines.says("The request is with the supervisors.");
    asked = new URL(ines.page.url()).pathname.split("/").pop();
    await ines.look_at(`request-sent${look.script === false ? "-plain" : ""}`);
  });
  return asked;
}

/** Journey 7: a reason, and Approve; the next one opens. */
async function approve(demo, look, first, second) {
  await demo.as("ruth.calder", look, async (ruth) => {
    await ruth.goto(`/approvals?at=authorization:${first}`);
    await ruth.journey("approve a request", { acts: 2, seconds: 20 }, async () => {
      ruth.acts++;
      await ruth.page.getByText("Necessary and proportionate", { exact: true }).click();
      await ruth.press("Approve until");
    });
    await ruth.says("is approved. The next one is open.");
    if (!ruth.page.url().includes("last=authorization")) throw new Error(`the next one is not open: ${ruth.page.url()}`);
    const reason = await ruth.page.request.get(`${demo.url}/authorizations/${first}`);
    if (!(await reason.text()).includes("Necessary for the purpose and proportionate")) throw new Error("the reason is not kept");
    // The other one goes back with a reason of one's own.
    await ruth.goto(`/approvals?at=authorization:${second}`);
    await ruth.page.fill("#f-reason", "Name the account: a whole platform is too much.");
    await ruth.press("Return for change");
    await ruth.says("is returned.");
  });
}

/** Something that nothing covers is taken in afterwards. */
async function decideHeld(demo, look) {
  await demo.as("ruth.calder", look, async (ruth) => {
    await ruth.goto("/approvals?sort=held");
    if ((await ruth.page.locator("article.card").count()) === 0) return;
    await ruth.look_at(`held-in-queue${look.script === false ? "-plain" : ""}`);
    await ruth.journey("decide a held capture", { acts: 2, seconds: 20 }, async () => {
      ruth.acts++;
      await ruth.page.getByText("Public, found in passing", { exact: true }).click();
      await ruth.press("Accept");
    });
    await ruth.says(": accepted.");
  });
}

/** A returned request is mended where it stands; who mends an older version is shown both. */
async function mend(demo, look, id) {
  await demo.as("ines.moreau", look, async (ines) => {
    await ines.goto(`/authorizations/${id}`);
    await ines.says("Name the account");
    await ines.press("Mend and ask again");
    await ines.page.fill("#f-account_lines", "@river_k on Snapchat");
    const other = await ines.page.context().newPage();
    await other.goto(ines.page.url());
    await other.fill("#f-purpose", "mended in another tab");
    await other.getByRole("button", { name: "Ask again" }).click();
    await other.waitForLoadState("load");
    await other.close();
    ines.expected.add(409);
    ines.expected.add(412);
    await ines.press("Ask again");
    await ines.says("As it stands now");
    await ines.says("mended in another tab");
    if ((await ines.page.inputValue("#f-account_lines")) !== "@river_k on Snapchat") throw new Error("what was typed is lost");
    await ines.look_at(`mend-stale${look.script === false ? "-plain" : ""}`);
  });
}

/** Proposes another lead on the page of the team. */
async function propose(person, name) {
  await person.page.selectOption("#f-lead_id", { label: name });
  await person.page.fill("#lead-reason", "on leave");
  await person.press("Propose");
  await person.says("They are proposed as lead.");
}

/** Who was proposed comes to it from the first screen, and accepts. */
async function answer(demo, known, look, username) {
  await demo.as(username, look, async (person) => {
    await person.goto("/");
    await person.says("You are to lead this case");
    await person.goto(`/cases/${known.id}/team`);
    await person.press("Accept the lead");
    await person.says("You lead the case.");
  });
}

/** Members, access and the lead's handover. */
async function team(demo, known, look) {
  const mark = look.script === false ? "-plain" : "";
  await demo.as("ruth.calder", look, async (ruth) => {
    await ruth.goto(`/cases/${known.id}/team`);
    await ruth.look_at(`team${mark}`);
    await ruth.page.fill("#f-grantee", "paul.niemi");
    await ruth.page.fill("#f-until", "2027-06-30T12:00");
    await ruth.page.fill("#grant-reason", "charging decision");
    await ruth.press("Give access");
    await ruth.says("Access is given.");
    await ruth.page.locator("details", { hasText: "End it for ADA Paul Niemi" }).first().locator("summary").click();
    await ruth.page.locator("details[open] [name=reason]").fill("handed to another office");
    await ruth.press("End the access");
    await ruth.says("handed to another office");
    await propose(ruth, "Det. Lena Fisk");
    await ruth.look_at(`team-proposed${mark}`);
    await ruth.press("Take it back");
    await ruth.says("That is taken back.");
    await propose(ruth, "Det. Lena Fisk");
  });
  // There and back: the former lead stays a member and takes over again.
  await answer(demo, known, look, "lena.fisk");
  await demo.as("ruth.calder", look, async (ruth) => {
    await ruth.goto(`/cases/${known.id}/team`);
    await propose(ruth, "Det. Ines Moreau");
  });
  await answer(demo, known, look, "ines.moreau");
}

/** Everything by keys: move, choose, write, send; no single key decides. */
async function byKeys(demo, asked) {
  await demo.as("ruth.calder", {}, async (ruth) => {
    const { page } = ruth;
    await ruth.goto("/approvals");
    const before = page.url();
    await page.keyboard.press("j");
    await page.waitForURL((url) => url.href !== before);
    await page.waitForLoadState("load");
    const second = page.url();
    await page.keyboard.press("k");
    await page.waitForURL((url) => url.href !== second);
    await page.waitForLoadState("load");
    await page.keyboard.press("?");
    await ruth.says("Keys on this page");
    await ruth.look_at("keys");
    const told = await page.locator("dialog[open] kbd").allInnerTexts();
    if (!["J", "K", "A", "D", "?"].every((key) => told.includes(key))) throw new Error(`the help tells ${told}`);
    await page.keyboard.press("Escape");
    await ruth.goto(`/approvals?at=authorization:${asked}`);
    for (const key of ["d", "a"]) {
      await page.locator("h1").click();
      await page.keyboard.press(key);
      const focused = await page.evaluate(() => document.activeElement?.id);
      if (focused !== "f-reason") throw new Error(`after ${key} the focus is on ${focused}`);
    }
    if (!page.url().includes(asked)) throw new Error("a single key decided");
    await ruth.journey("approve by keys", { acts: 2, seconds: 20 }, async () => {
      ruth.acts++;
      await page.keyboard.type("fits the predicate");
      await ruth.key("Control+Enter");
      await page.waitForLoadState("load");
    });
    await ruth.says("is approved.");
    // Turned off, keys do nothing.
    await ruth.goto("/settings/mine");
    await page.getByLabel("Off").check();
    await ruth.press("Keep these settings");
    await ruth.says("Saved.");
    await ruth.goto("/approvals");
    const still = page.url();
    await page.keyboard.press("j");
    await page.waitForTimeout(300);
    if (page.url() !== still) throw new Error("a key works that was turned off");
  });
}

/** The pages in every look. */
async function looks(demo, known, asked) {
  for (const look of [{}, { dark: true }, { width: 390 }, { width: 320, dark: true }]) {
    await demo.as("ruth.calder", look, async (ruth) => {
      for (const [path, name] of [["/", "home-supervisor"], ["/approvals", "queue"], ["/approvals?sort=held", "queue-held"], ["/approvals?sort=emergencies", "queue-emergencies"], [`/authorizations/${asked}`, "authorization"], [`/cases/${known.id}/team`, "team"], [`/cases/${known.id}/authorizations`, "authorizations"]]) {
        await ruth.goto(path);
        await ruth.look_at(name);
      }
      ruth.expected.add(403);
      await ruth.goto(`/cases/${known.id}/authorizations/new`);
      await ruth.says("Ask the lead, Det. Ines Moreau");
      await ruth.look_at("refusal");
    });
    await demo.as("ines.moreau", look, async (ines) => {
      await ines.goto(`/cases/${known.id}/authorizations/new?platform=x&account=@harborskate&level=discreet`);
      await ines.look_at("request-discreet");
      ines.expected.add(422);
      await ines.press("Send the request");
      await ines.says("Nothing was recorded yet");
      await ines.look_at("request-refused");
    });
  }
}
