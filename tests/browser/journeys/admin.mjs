// An auditor searches and runs an audit to its result; an administrator adds a person, resets a password, makes and ends a
// token and looks at the settings. Then every page of both in all looks, and what neither may see.
export default async (demo) => {
  await auditor(demo, {});
  await auditor(demo, { script: false });
  await administrator(demo, {}, "rae.novak");
  await administrator(demo, { script: false }, "rae.novak.plain");
  await looks(demo);
  await absent(demo);
};

/** Waits for an audit to end. */
async function ended(person) {
  for (let tries = 0; !(await person.page.getByText("What was read").count()); tries++) {
    if (tries > 60) throw new Error("the audit does not end");
    await person.page.waitForTimeout(500);
    await person.page.goto(person.page.url().split("?")[0]);
  }
}

async function auditor(demo, look) {
  const mark = look.script === false ? "-plain" : "";
  await demo.as("hugo.lind", look, async (hugo) => {
    await hugo.look_at(`auditor-home${mark}`);
    await hugo.journey("auditor: what a person saw", { acts: 4, seconds: 20 }, async () => {
      await hugo.fill("#s-actor", "ines.moreau");
      await hugo.press("Search");
      await hugo.says("Ines Moreau");
      await hugo.press("Only what");
    });
    await hugo.page.locator(".fchip--set", { hasText: "What was seen" }).waitFor();
    await hugo.saysNothingOf("River");
    await hugo.look_at(`auditor-search${mark}`);
    await hugo.journey("auditor: an audit to its result", { acts: 2, seconds: 60 }, async () => {
      await hugo.goto("/audits");
      await hugo.press("Run an audit");
      await ended(hugo);
    });
    await hugo.says("Clean: every event");
    await hugo.look_at(`auditor-audit${mark}`);
    await hugo.goto("/audits");
    await hugo.look_at(`auditor-audits${mark}`);
    await hugo.goto("/ledger/log");
    await hugo.says("Never anchored");
    await hugo.look_at(`auditor-log${mark}`);
    await hugo.goto("/");
    await hugo.says("found nothing wrong");
    await hugo.look_at(`auditor-home-after${mark}`);
  });
}

async function administrator(demo, look, username) {
  const mark = look.script === false ? "-plain" : "";
  let password, address;
  await demo.as("nils.berg", look, async (nils) => {
    await nils.says("You see no case");
    await nils.look_at(`administrator-home${mark}`);
    await nils.journey("administrator: add a person", { acts: 6, seconds: 20 }, async () => {
      await nils.goto("/users");
      await nils.fill("#f-name", "Det. Rae Novak");
      await nils.fill("#f-username", username);
      nils.acts++;
      await nils.page.locator('main label:has([name="roles[]"][value="investigator"])').click();
      await nils.press("Add the person");
      await nils.says("One-time password of");
    });
    await nils.look_at(`administrator-once${mark}`);
    await nils.goto(`/users?search=${username}`);
    await nils.press("Det. Rae Novak");
    address = new URL(nils.page.url()).pathname;
    await nils.press("New one-time password");
    password = await nils.page.locator("#once").innerText();
    await nils.goto(address);
    await nils.saysNothingOf(password);
    await nils.page.locator("main summary").first().click();
    await nils.page.fill("#t-name", "Open-source investigation, 40 h");
    await nils.page.fill("#f-completed_on", "2026-03-14");
    await nils.page.fill("#f-expires_on", "2028-03-14");
    await nils.press("Record it");
    await nils.says("Until 2028-03-14");
    await nils.look_at(`administrator-person${mark}`);
    await nils.goto("/account");
    await nils.page.fill("#f-name", "nightly check");
    await nils.page.fill("#f-until", "2027-06-30T12:00");
    await nils.press("Make the token");
    await nils.says("It is shown here and nowhere else.");
    await nils.look_at(`account-token${mark}`);
    await nils.goto("/account");
    await nils.page.getByRole("button", { name: /End.*nightly check/ }).click();
    await nils.says("That has ended.");
    await nils.saysNothingOf("nightly check");
    await nils.goto("/settings");
    await nils.says("disk_reserve");
  });
  // The person signs in with the one-time password and must set a new one.
  demo.users.push({ username, password });
  await demo.as(username, look, async (rae) => {
    rae.expected.add(403);
    await rae.goto("/cases");
    await rae.goto("/password");
    await rae.says("Choose your own");
    await rae.look_at(`password-due${mark}`);
    await rae.page.fill("#f-current_password", password);
    await rae.page.fill("#f-new_password", "seven quiet lanterns at noon");
    await rae.press("Change password");
    await rae.says("Your password is changed");
  });
}

async function looks(demo) {
  for (const look of [{}, { dark: true }, { width: 390 }, { width: 320, dark: true }]) {
    await demo.as("hugo.lind", look, async (hugo) => {
      for (const [path, name] of [["/", "a-home"], ["/ledger", "a-ledger"], ["/ledger/log", "a-log"], ["/audits", "a-audits"], ["/account", "a-account"]]) {
        await hugo.goto(path);
        await hugo.look_at(name);
      }
      await hugo.goto("/audits");
      await hugo.page.locator("main table a").first().click();
      await hugo.page.waitForLoadState("load");
      await hugo.look_at("a-audit");
    });
    await demo.as("nils.berg", look, async (nils) => {
      for (const [path, name] of [["/", "n-home"], ["/users", "n-users"], ["/units", "n-units"], ["/installation", "n-installation"], ["/settings", "n-settings"], ["/account", "n-account"]]) {
        await nils.goto(path);
        await nils.look_at(name);
      }
      await nils.goto("/users?search=ines");
      await nils.page.locator("main table a").first().click();
      await nils.page.waitForLoadState("load");
      await nils.look_at("n-person");
    });
  }
}

/** What a role may not see is not there for it. */
async function absent(demo) {
  const only = { auditor: ["/ledger", "/ledger/log", "/audits"], administrator: ["/users", "/units", "/installation", "/settings"] };
  const people = { "ines.moreau": [], "ruth.calder": [], "grace.obuya": [], "hugo.lind": ["auditor"], "nils.berg": ["administrator"] };
  for (const [username, roles] of Object.entries(people)) {
    await demo.as(username, {}, async (person) => {
      person.expected.add(403);
      for (const [role, paths] of Object.entries(only)) {
        if (roles.includes(role)) continue;
        await person.goto("/");
        for (const path of paths) {
          if (await person.page.locator(`a[href="${path}"]`).count()) throw new Error(`${username} is shown ${path}`);
        }
        for (const path of paths) {
          const status = await person.goto(path);
          if (status !== 403) throw new Error(`${path} answered ${status} to ${username}`);
        }
      }
    });
  }
  await demo.as("nils.berg", {}, async (nils) => {
    nils.expected.add(404);
    for (const one of demo.cases) {
      const status = await nils.goto(`/cases/${one.id}`);
      if (status !== 404) throw new Error(`a case answered ${status} to an administrator`);
    }
    for (const path of ["/", "/installation", "/users"]) {
      await nils.goto(path);
      for (const one of demo.cases) await nils.saysNothingOf(one.number);
    }
  });
}
