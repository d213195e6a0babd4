// Hostile evidence: files and texts that attack whoever looks at them are logged over the API and looked at as every page
// shows them, opened by themselves, and in the packet. No script runs, no request leaves, no layout breaks.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "playwright-core";
import { files, texts } from "../attacks.mjs";

export default async (demo) => {
  const folder = mkdtempSync(join(tmpdir(), "attacks-"));
  try {
    const logged = await log(demo);
    await look(demo, logged);
    await open_alone(demo, logged);
    await packet(demo, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** A client of the API for a person. */
async function client(demo, role, nth = 0) {
  const { username, password } = demo.users.filter((user) => user.roles?.includes(role))[nth];
  const nobody = await request.newContext({ ignoreHTTPSErrors: true, baseURL: demo.url });
  const opened = await nobody.post("/api/v1/sessions", { data: { username, password } });
  const { access_token } = await opened.json();
  return request.newContext({ ignoreHTTPSErrors: true, baseURL: demo.url, extraHTTPHeaders: { Authorization: `Bearer ${access_token}` } });
}

/** Logs each attack as a capture of its own. */
async function log(demo) {
  const api = await client(demo, "investigator");
  const found = {
    kind: "document", captured_at: new Date().toISOString(), method: "third_party", tool: { name: "Chromium", version: "156" },
    basis: { kind: "third_party", reason: "handed over" },
  };
  const logged = [];
  const send = async (label, capture, file) => {
    const multipart = { capture: JSON.stringify({ ...found, ...capture, ...(file && { files: [{ part: "f", name: file.name, role: file.role ?? "original" }] }) }) };
    if (file) multipart.f = { name: "f", mimeType: file.type, buffer: file.bytes };
    const answer = await api.post(`/api/v1/cases/${demo.cases[0].id}/captures`, { multipart });
    const made = await answer.json();
    if (answer.status() !== 201) demo.problems.push(`${label} was refused: ${JSON.stringify(made)}`);
    else logged.push({ label, id: made.id, file: made.files[0]?.sha256 });
  };
  for (const file of files()) await send(file.label, {}, file);
  for (const { label, ...capture } of texts()) await send(label, capture);
  await api.dispose();
  return logged;
}

/** What must hold of every page, whatever evidence it shows. */
async function unharmed(demo, page, label) {
  const harm = await page.evaluate(() => ({
    ran: "harmed" in window || document.title.includes("HARMED"),
    links: [...document.querySelectorAll("a[href], area[href], form[action], iframe, object, embed")].filter((node) => node.matches("iframe, object, embed") || /^\s*(javascript|data|vbscript|blob):/i.test(node.getAttribute("href") ?? node.getAttribute("action") ?? "")).map((node) => node.outerHTML.slice(0, 120)),
    handlers: [...document.querySelectorAll("*")].filter((node) => node.getAttributeNames().some((name) => name.startsWith("on") || name === "style")).length,
  }));
  if (harm.ran) demo.problems.push(`${label}: a script ran`);
  for (const link of harm.links) demo.problems.push(`${label}: ${link}`);
  if (harm.handlers) demo.problems.push(`${label}: ${harm.handlers} handlers or styles in the markup`);
}

/** Every page that shows the attacks, in light and dark, wide and narrow. */
async function look(demo, logged) {
  const base = `/cases/${demo.cases[0].id}`;
  const lists = [base, `${base}/evidence`, `${base}/evidence?view=table`, `${base}/timeline`, `${base}/custody`, "/find?q=7&case=" + demo.cases[0].id];
  for (const look of [{}, { width: 320, dark: true }]) {
    for (const who of ["ines.moreau", "ruth.calder"]) {
      const known = demo.users.find((user) => user.username === who);
      if (!known) continue;
      await demo.as(who, look, async (person) => {
        person.page.on("dialog", (dialog) => {
          demo.problems.push(`${person.page.url()}: a dialog: ${dialog.message()}`);
          dialog.dismiss();
        });
        // Not everybody has each of these pages.
        for (const status of [404, 422]) person.expected.add(status);
        for (const path of lists) {
          if ((await person.goto(path)) >= 400) continue;
          await unharmed(demo, person.page, path);
          await person.look_at(`attack-list-${lists.indexOf(path)}-${who}`);
        }
        if (who !== "ines.moreau") return;
        for (const { label, id } of logged) {
          await person.goto(`/captures/${id}`);
          await person.page.waitForLoadState("networkidle");
          await unharmed(demo, person.page, label);
          await person.look_at(`attack-${label}`);
        }
      });
    }
  }
}

/** The files by themselves, as a link or an address typed opens them: sandboxed, or a download. */
async function open_alone(demo, logged) {
  await demo.as("ines.moreau", {}, async (person) => {
    const { page } = person;
    page.on("dialog", (dialog) => {
      demo.problems.push(`${page.url()}: a dialog`);
      dialog.dismiss();
    });
    for (const { label, id, file } of logged.filter((one) => one.file)) {
      const address = `${demo.url}/files/${id}/${file}`;
      const answer = await page.request.get(address);
      const { "content-security-policy": policy, "content-type": type, "x-content-type-options": sniff, "content-disposition": disposition } = answer.headers();
      if (answer.status() !== 200 || !policy?.startsWith("sandbox") || sniff !== "nosniff") demo.problems.push(`${label}: ${answer.status()} ${policy} ${sniff}`);
      if (/html|svg|xml|script/.test(type ?? "") || (type === "application/octet-stream") !== disposition?.startsWith("attachment")) demo.problems.push(`${label}: ${type} ${disposition}`);
      const loads = page.goto(address).catch((error) => {
        if (!/download|ERR_ABORTED/i.test(error.message)) throw error;
      });
      await loads;
      await page.waitForTimeout(200);
      const ran = await page.evaluate(() => "harmed" in window || document.title.includes("HARMED")).catch(() => false);
      if (ran) demo.problems.push(`${label}, opened by itself: a script ran`);
    }
    // A picture that is a script, too, is no script to a page of ours.
    const both = logged.find((one) => one.label === "gif-script");
    await person.goto("/");
    const loaded = await page.evaluate((address) => new Promise((done) => {
      const script = document.createElement("script");
      script.onload = () => done("ran");
      script.onerror = () => done("refused");
      try {
        // Trusted Types refuses it already; where a page had a hole in that, the type of the answer would.
        script.src = address;
        document.body.append(script);
      } catch {
        done("refused");
      }
    }), `/files/${both.id}/${both.file}`).catch(() => "refused");
    if (loaded !== "refused") demo.problems.push("a picture was loaded as a script");
    demo.problems = demo.problems.filter((problem) => !/TrustedScriptURL/.test(problem));
  });
  // The frame in which a browser shows a picture by itself has styles of the browser's own, which the sandbox refuses.
  demo.problems = demo.problems.filter((problem) => !/\/files\/.*Applying inline style violates/.test(problem));
}

/** The packet with all of it, read offline. */
async function packet(demo, folder) {
  const api = await client(demo, "prosecutor", 1);
  const asked = await api.post(`/api/v1/cases/${demo.cases[0].id}/packets`, { data: { purpose: "internal" } });
  const { id } = await asked.json();
  for (let n = 0; n < 300; n++) {
    const { state, error } = await (await api.get(`/api/v1/packets/${id}`)).json();
    if (state === "failed") return demo.problems.push(`the packet of the attacks failed: ${error}`);
    if (state === "ready") break;
    await new Promise((done) => setTimeout(done, 200));
  }
  const file = join(folder, "packet.zip");
  writeFileSync(file, await (await api.get(`/api/v1/packets/${id}/file`)).body());
  await api.dispose();
  execFileSync("python3", ["-c", "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])", file, folder]);
  const [index] = execFileSync("find", [folder, "-name", "index.html"], { encoding: "utf8" }).trim().split("\n");
  for (const viewport of [{ width: 1280, height: 900 }, { width: 390, height: 800 }]) {
    const context = await demo.browser.newContext({ viewport });
    await context.route(/^(?!file:)/, (route) => {
      demo.problems.push(`the packet asked ${route.request().url()}`);
      return route.abort();
    });
    const page = await context.newPage();
    page.on("dialog", (dialog) => {
      demo.problems.push("the packet opened a dialog");
      dialog.dismiss();
    });
    await page.goto(`file://${index}`);
    await unharmed(demo, page, "packet");
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (sideways > 0) demo.problems.push(`packet at ${viewport.width}: ${sideways} px sideways`);
    await page.screenshot({ path: join(demo.pictures, `attack-packet-${viewport.width}.png`) });
    await context.close();
  }
}
