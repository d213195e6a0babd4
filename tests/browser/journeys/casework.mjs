// The work on a case beside its evidence: a new case in three fields, a person and an account, an answer changed in two tabs,
// the timeline, the custody; and the first screen. With script and without.
export default async (demo) => {
  for (const script of [true, false]) await work(demo, { script });
  const known = demo.cases.find((one) => one.number === "26-004417");
  const secret = demo.cases.find((one) => one.handling === "confidential");
  for (const look of [{}, { dark: true }, { width: 390 }, { width: 320, dark: true }]) {
    await demo.as("ines.moreau", look, async (ines) => {
      for (const [path, name] of [["/", "casework-home"], ["/cases", "casework-cases"]]) {
        await ines.goto(path);
        await ines.look_at(name);
      }
      for (const part of ["", "/people", "/people?add=person", "/people?add=account", "/timeline", "/custody"]) {
        await ines.goto(`/cases/${known.id}${part}`);
        await ines.look_at(`casework${part.replace(/[^a-z]+/g, "-") || "-overview"}`);
      }
    });
    await demo.as("ruth.calder", look, async (ruth) => {
      await ruth.goto(`/cases/${known.id}/accesses`);
      await ruth.says("Access log");
      await ruth.look_at("casework-accesses");
    });
    await demo.as("hugo.lind", look, async (hugo) => {
      await hugo.goto(`/cases/${known.id}/custody`);
      await hugo.saysNothingOf("Whitlow");
      await hugo.look_at("casework-auditor");
    });
    await demo.as("tom.abara", look, async (tom) => {
      await tom.goto(`/cases/${secret.id}`);
      await tom.look_at("casework-confidential");
    });
  }
};

/** The work once. */
async function work(demo, look) {
  const mark = look.script ? "" : "-plain";
  let home;
  await demo.as("ines.moreau", look, async (ines) => {
    await ines.journey("create a case", { acts: 4, seconds: 30 }, async () => {
      await ines.press("New case");
      await ines.select("#f-kind", "wanted_person");
      await ines.fill("#f-title", "Wanted: N. Harrow");
      await ines.press("Open the case");
    });
    await ines.says("The case is open.");
    home = new URL(ines.page.url()).pathname;
    await ines.look_at(`casework-new${mark}`);
    await ines.page.fill('[name="particulars.court"]', "Harbor County Superior Court");
    await ines.page.fill('[name="particulars.warrant_number"]', "W-26-1301");
    await ines.press("Save answers");
    await ines.says("The change is recorded.");

    await ines.goto(`${home}/people`);
    await ines.page.getByRole("link", { name: "Add a person" }).click();
    await ines.page.fill("#new-name", "N. Harrow <b>");
    await ines.page.selectOption("#new-role", "wanted");
    await ines.press("Add the person");
    await ines.says("The person is added.");
    await ines.page.getByRole("link", { name: "Add an account" }).click();
    await ines.page.fill("#new-platform", "instagram");
    await ines.page.fill("#new-handle", "@harrow.n");
    await ines.page.selectOption("#new-subject_id", { label: "N. Harrow <b>" });
    // An account that is tied says on what basis; what was typed stays.
    ines.expected.add(422);
    await ines.press("Add the account");
    await ines.says("must say on what basis");
    await ines.look_at(`casework-refused${mark}`);
    await ines.page.fill("#new-attribution", "named in the warrant");
    await ines.press("Add the account");
    await ines.says("The account is added.");
    await ines.page.getByRole("link", { name: "Change @harrow.n" }).click();
    await ines.page.fill("#edit-platform_id", "7100338265");
    await ines.look_at(`casework-edit${mark}`);
    await ines.press("Save version 2");
    await ines.says("7100338265");

    // Two tabs that change the case at once lose nothing.
    const other = await ines.page.context().newPage();
    await other.goto(`${demo.url}${home}`);
    await ines.goto(home);
    await ines.page.locator("#change summary").click();
    await ines.look_at(`casework-change${mark}`);
    await ines.page.fill('[name="particulars.court"]', "Harbor City Court");
    await other.locator("#change summary").click();
    await other.fill('[name="particulars.court"]', "County Court, branch 2");
    await other.fill('[name="particulars.warrant_number"]', "W-26-1302");
    await other.getByRole("button", { name: "Save the change" }).click();
    await other.waitForURL("**done=case-changed");
    await other.close();
    ines.expected.add(412);
    await ines.press("Save the change");
    await ines.says("Now: County Court, branch 2");
    if ((await ines.page.inputValue('[name="particulars.court"]')) !== "Harbor City Court") throw new Error("what was typed is lost");
    if ((await ines.page.inputValue('[name="particulars.warrant_number"]')) !== "W-26-1302") throw new Error("the other tab is lost");
    await ines.look_at(`casework-two-tabs${mark}`);
    await ines.press("Save answers");
    await ines.says("The change is recorded.");
    await ines.says("Harbor City Court");

    await ines.goto(`${home}/timeline`);
    await ines.says("Case opened");
    await ines.goto(`${home}/custody`);
    await ines.says("@harrow.n");
    await ines.says("Case changed");
    await ines.look_at(`casework-custody${mark}`);
  });
}
