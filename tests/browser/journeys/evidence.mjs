// The evidence of a case: what is new to a prosecutor, one by one; filters, table and order, kept on the way to an item and
// back; a note on several items; a supervisor's review. With script and without.
export default async (demo) => {
  const known = demo.cases.find((one) => one.kind === "missing_person");
  const evidence = `/cases/${known.id}/evidence`;

  await demo.as("grace.obuya", {}, async (grace) => {
    await grace.says("Shared with me");
    const card = grace.page.locator("section.card", { hasText: "Dana Whitlow" });
    const review = card.getByRole("link", { name: /^Review \d+ new/ });
    const total = Number((await review.innerText()).match(/\d+/)[0]);
    await grace.look_at("shared");
    await grace.journey("Review what is new", { acts: 5, seconds: 10 }, async () => {
      grace.acts++;
      await review.click();
      await grace.says("Review: item 2");
      await grace.key("ArrowRight");
      await grace.says(`2 of ${total} in this list`);
      await grace.key("j");
      await grace.says(`3 of ${total} in this list`);
      await grace.key("k");
      await grace.says(`2 of ${total} in this list`);
      await grace.look_at("review");
      await grace.key("ArrowLeft");
      await grace.says(`1 of ${total} in this list`);
    });
    await grace.key("ArrowLeft");
    await grace.page.locator(".toast", { hasText: "The list begins here." }).waitFor();
    // What was opened is new no more; the review that began stays whole.
    await grace.says(`1 of ${total}`);
    await grace.press("End the review");
    if (!new URL(grace.page.url()).hash.startsWith("#i2")) throw new Error(`back at ${grace.page.url()}`);
    await grace.goto("/");
    await grace.says(`${total - 3} NEW`);
  });

  for (const look of [{}, { dark: true }, { width: 390 }, { width: 320, dark: true }]) {
    await demo.as("ines.moreau", look, async (ines) => {
      await ines.goto(`${evidence}?view=table`);
      await ines.look_at("table");
      await ines.goto(`${evidence}?kind=post&sort=item`);
      await ines.page.locator(".morefilters summary").click();
      await ines.look_at("filters");
      await ines.goto(`${evidence}/review?sort=item&at=1`);
      await ines.look_at("review-own");
      await ines.page.goto(demo.url + evidence);
      await ines.page.locator(".shot").first().hover();
      await ines.page.locator("input[name='captures[]']").first().check();
      await ines.look_at("selected");
    });
  }

  await demo.as("ines.moreau", {}, async (ines) => {
    await ines.goto(`${evidence}?sort=item`);
    await ines.journey("A filter by link, the item, and back", { acts: 4, seconds: 10 }, async () => {
      await ines.press("Posts");
      await ines.says("2 items");
      await ines.page.locator(".shot a").first().click();
      await ines.page.waitForURL("**/captures/*");
      await ines.says("1 of 2, filtered");
      await ines.press("Back to the list");
    });
    if (!ines.page.url().includes("kind=post") || !ines.page.url().endsWith("#i1")) throw new Error(`back at ${ines.page.url()}`);
    // All from the first to the third by Shift, the third away by its key.
    await ines.goto(`${evidence}?sort=item&view=table`);
    const boxes = ines.page.locator("input[name='captures[]']");
    await ines.journey("A note on two items", { acts: 5, seconds: 20 }, async () => {
      ines.acts += 2;
      await boxes.nth(0).click();
      await boxes.nth(2).click({ modifiers: ["Shift"] });
      await ines.says("3 items selected");
      await boxes.nth(2).focus();
      await ines.key("x");
      await ines.says("2 items selected");
      await ines.fill("#b-text", "Ask the ferry line for its cameras.");
      await ines.press("Add as a note");
      await ines.says("The note is added to 2 items.");
    });
    // A review of one's own is told, and the selection stays.
    ines.expected.add(409);
    await boxes.nth(0).click();
    await ines.press("Review as accurate");
    await ines.says("you captured it yourself");
    if (!(await boxes.nth(0).isChecked())) throw new Error("the selection is lost");
    await ines.look_at("selected-refused");
    // A correction shows what was there before.
    await ines.goto(`${evidence}?sort=item`);
    await ines.page.locator(".shot a").first().click();
    await ines.page.locator("summary", { hasText: "Correct what was said" }).click();
    await ines.page.fill('[name="platform_time_text"]', "Nov 8 · 9:47 PM, seen twice");
    await ines.page.fill("#f-why", "The page showed the time twice.");
    await ines.press("Record the correction");
    await ines.says("Custody, live");
    await ines.look_at("item-history");
  });

  for (const look of [{ dark: true }, { width: 390 }]) {
    await demo.as("ines.moreau", look, async (ines) => {
      await ines.goto(`${evidence}?sort=item`);
      await ines.page.locator(".shot a").first().click();
      await ines.page.waitForURL("**/captures/*");
      await ines.look_at("item-history");
      // What was returned says why, and the row that a list leads back to has one outline.
      await ines.goto(`${evidence}?sort=item`);
      await ines.page.locator("#i9 h3 a").click();
      await ines.says("Say how it is known.");
      await ines.page.locator("#returned a").click();
      await ines.look_at("returned");
      await ines.page.goto(`${demo.url}${evidence}?view=table&sort=item#i3`);
      await ines.look_at("table-row");
    });
    await demo.as("grace.obuya", look, async (grace) => grace.look_at("shared"));
  }

  for (const look of [{}, { script: false }]) {
    await demo.as("ruth.calder", look, async (ruth) => {
      await ruth.goto(`${evidence}/review?state=logged&sort=item`);
      await ruth.journey("Review one, and the next opens", { acts: 2, seconds: 10 }, async () => {
        const reviewed = await ruth.page.locator("main h2").first().innerText();
        await ruth.fill("#f-text", "Text and account are as shown.");
        await ruth.press("Accurate");
        await ruth.says("The review is recorded.");
        if ((await ruth.page.locator("main h2").first().innerText()) === reviewed) throw new Error("the same item again");
      });
      if (look.script === false) await ruth.look_at("review-plain");
    });
  }

  await demo.as("ines.moreau", { script: false }, async (ines) => {
    await ines.goto(`${evidence}?sort=item&view=table`);
    for (const at of [2, 3]) await ines.page.locator("input[name='captures[]']").nth(at).check();
    await ines.page.fill("#b-text", "Without a script, too.");
    await ines.press("Add as a note");
    await ines.says("The note is added to 2 items.");
  });
};
