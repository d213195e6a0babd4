// What every browser test uses: a person signed in, pages looked at, and what went wrong on the way.
import { readFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** A demonstration that runs: what its `demo.json` says, and the folder for pictures. */
export class Demo {
  constructor(file, pictures) {
    Object.assign(this, JSON.parse(readFileSync(file, "utf8")));
    this.pictures = pictures;
    this.problems = [];
    this.measured = [];
    mkdirSync(pictures, { recursive: true });
  }

  async open() {
    this.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  }

  /** Runs steps as a person, in a browser of their own, in which no other host answers. */
  async as(username, look, steps) {
    // What follows builds on what came before.
    if (this.failed) return;
    const context = await this.browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: { width: look.width ?? 1280, height: 900 },
      colorScheme: look.dark ? "dark" : "light",
      javaScriptEnabled: look.script !== false,
    });
    const host = new URL(this.url).host;
    await context.route("**/*", (route) => {
      const asked = new URL(route.request().url());
      // The browser's own viewer of PDF is an extension of itself.
      if (asked.host === host || ["blob:", "chrome:", "chrome-extension:"].includes(asked.protocol)) return route.continue();
      this.problems.push(`${username}: a page asked another host: ${asked.host}`);
      return route.abort();
    });
    const page = await context.newPage();
    const expected = new Set();
    page.on("console", (message) => {
      const told = message.text();
      const known = [...expected].some((status) => told.includes(`status of ${status}`));
      if (["error", "warning"].includes(message.type()) && !known) {
        this.problems.push(`${username} at ${page.url()}: console: ${told}`);
      }
    });
    page.on("pageerror", (error) => this.problems.push(`${username} at ${page.url()}: ${error}`));
    const person = new Person(this, page, username, look, expected);
    try {
      await person.signIn();
      await steps(person);
    } catch (error) {
      await page.screenshot({ path: join(this.pictures, `failed-${username}.png`), fullPage: true }).catch(() => {});
      const said = await page.locator("#errors, .notice--bad, main h1").allInnerTexts().catch(() => []);
      this.failed = true;
      this.problems.push(`${username} at ${page.url()}: ${error.message}\n  the page says: ${said.join(" | ")}`);
    }
    await context.close();
  }

  async close() {
    await this.browser.close();
    for (const { name, acts, most, seconds, within } of this.measured) {
      console.log(`${name}: ${acts} of ${most} acts, ${seconds.toFixed(1)} of ${within} s`);
    }
    for (const problem of this.problems) console.log(`PROBLEM ${problem}`);
    return this.problems.length === 0;
  }
}

class Person {
  constructor(demo, page, username, look, expected) {
    Object.assign(this, { demo, page, username, look, expected, acts: 0, asked: new Set() });
    page.on("request", (request) => this.asked.add(request));
    for (const end of ["requestfinished", "requestfailed"]) page.on(end, (request) => this.asked.delete(request));
  }

  async signIn() {
    const known = this.demo.users.find((user) => user.username === this.username);
    await this.page.goto(`${this.demo.url}/`);
    await this.page.fill("#f-username", this.username);
    await this.page.fill("#f-password", known.password);
    await this.press("Sign in");
  }

  /**
   * A journey against its budget: what a person does in it (clicks, fields filled, keys) and how long the pages take.
   * More acts than the budget are a problem; the time is only printed.
   */
  async journey(name, { acts, seconds }, steps) {
    const start = performance.now();
    this.acts = 0;
    await steps();
    const took = (performance.now() - start) / 1000;
    const mode = this.look.script === false ? `${name}, without script` : name;
    this.demo.measured.push({ name: mode, acts: this.acts, most: acts, seconds: took, within: seconds });
    if (this.acts > acts) this.demo.problems.push(`${mode}: ${this.acts} acts, at most ${acts}`);
  }

  /** Fills a field. */
  async fill(field, text) {
    this.acts++;
    await this.page.fill(field, text);
  }

  /** Chooses in a list. */
  async select(field, value) {
    this.acts++;
    await this.page.selectOption(field, value);
  }

  /** Presses a key. */
  async key(key) {
    this.acts++;
    // Keys work once the page's scripts have run.
    await this.page.waitForLoadState("load");
    await this.page.keyboard.press(key);
  }

  /** Pastes text or files as Ctrl V does, since a browser without a screen has no clipboard. */
  async paste({ text = "", file, name = "image.png", type = "image/png" }) {
    this.acts++;
    const bytes = file ? readFileSync(file).toString("base64") : null;
    await this.page.evaluate(([text, bytes, name, type]) => {
      const data = new DataTransfer();
      if (text) data.setData("text/plain", text);
      if (bytes) data.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, { type }));
      (document.activeElement ?? document.body).dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }, [text, bytes, name, type]);
  }

  async goto(path) {
    const answer = await this.page.goto(this.demo.url + path);
    return answer.status();
  }

  /** Presses a button or follows a link, and waits for the page that follows. */
  async press(name) {
    const named = this.page.locator("main").getByRole("button", { name, exact: false }).or(this.page.locator("main, .ident").getByRole("link", { name, exact: false }));
    this.acts++;
    await named.first().click();
    await this.page.waitForLoadState("load");
  }

  async says(text) {
    await this.page.getByText(text, { exact: false }).first().waitFor({ timeout: 5000 });
  }

  async saysNothingOf(text) {
    if ((await this.page.content()).includes(text)) throw new Error(`the page says "${text}"`);
  }

  /** Waits until nothing is asked of the server, for a tenth of a second. */
  async rests() {
    const most = Date.now() + 30000;
    for (let calm = 0; calm < 5 && Date.now() < most; ) {
      await new Promise((done) => setTimeout(done, 20));
      calm = this.asked.size === 0 ? calm + 1 : 0;
    }
  }

  /** A picture of the page, and what must hold of every page: nothing sideways, no finding of axe. */
  async look_at(name) {
    const { page, demo } = this;
    // A page may look again by itself; it is looked at when it rests.
    await page.waitForLoadState("load");
    await this.rests();
    const label = `${name}${this.look.dark ? "-dark" : ""}${this.look.width ? `-${this.look.width}` : ""}`;
    await page.screenshot({ path: join(demo.pictures, `${label}.png`), fullPage: true });
    if (this.look.script === false) return;
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (sideways > 0) demo.problems.push(`${label}: ${sideways} px sideways`);
    // By the debugger, so that the page's own policy stays on.
    const debug = await page.context().newCDPSession(page);
    await debug.send("Runtime.evaluate", { expression: AXE });
    const found = await debug.send("Runtime.evaluate", {
      expression: `axe.run().then((r) => JSON.stringify(r.violations.map((v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | "))))`,
      awaitPromise: true,
    });
    for (const violation of JSON.parse(found.result.value ?? '["axe did not run"]')) {
      demo.problems.push(`${label}: axe: ${violation}`);
    }
  }
}
