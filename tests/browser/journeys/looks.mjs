// Every page as each role sees it, light and dark, wide and narrow; and what signing out leaves.
export default async (demo) => {
  const known = demo.cases.find((one) => one.kind === "missing_person");
  for (const look of [{}, { dark: true }, { width: 390 }, { width: 320, dark: true }]) {
    await demo.as("ines.moreau", look, async (ines) => {
      for (const [path, name] of [["/", "home"], ["/cases", "cases"], ["/cases/new", "case-new"], ["", "case"], ["/evidence", "gallery"], ["/authorizations", "authorizations"], ["/authorizations/new", "authorization-new"], ["/authorizations/emergency", "emergency"], ["/team", "team"], ["/custody", "custody"]]) {
        await ines.goto(path.startsWith("/") && ["/", "/cases", "/cases/new"].includes(path) ? path : `/cases/${known.id}${path}`);
        await ines.look_at(name);
      }
      await ines.goto("/password");
      await ines.look_at("password");
      for (const [path, name] of [["/conduct", "conduct"], ["/misuse", "misuse"], [`/cases/${known.id}/impeachment-flags`, "impeachment-flags"], ["/access-requests", "access-requests"], ["/roster", "roster"], ["/aliases", "aliases"], ["/aliases/new", "alias-new"], ["/authorization-policies", "policies"]]) {
        await ines.goto(path);
        await ines.look_at(name);
      }
    });
    await demo.as("ruth.calder", look, async (ruth) => {
      await ruth.goto("/approvals");
      await ruth.look_at("queue");
      for (const path of ["exceptions", "register", "reviews", "access-rights", "aliases", "roster", "access-requests", `cases/${known.id}/access`]) {
        await ruth.goto(`/${path}`);
        await ruth.look_at(path.replace(/.*\//, "case-"));
      }
    });
    await demo.as("hugo.lind", look, async (hugo) => {
      await hugo.goto("/ledger");
      await hugo.look_at("ledger");
      await hugo.goto("/reports/annual");
      await hugo.look_at("annual-report");
    });
    await demo.as("nils.berg", look, async (nils) => {
      await nils.goto("/users");
      await nils.look_at("users");
    });
  }

  // Signing out takes the browser's session away.
  await demo.as("ines.moreau", {}, async (ines) => {
    await ines.page.locator(".menu--user summary").click();
    await ines.page.locator(".menu--user").getByRole("button", { name: "Sign out" }).click();
    await ines.page.waitForURL("**/sign-in");
    await ines.goto("/cases");
    if (!ines.page.url().includes("/sign-in?next=%2Fcases")) throw new Error(`still at ${ines.page.url()}`);
  });
};
