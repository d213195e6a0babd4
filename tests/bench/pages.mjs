// How long pages of a large case take on the server, and how a long gallery scrolls (docs/performance.md, pages).
//
//   node tests/bench/pages.mjs DEMO.JSON [CAPTURES]      DEMO.JSON of a demonstration that runs; 10,000 captures
//
// It logs the captures into the demonstration's first case over the API, asks for each page 300 times on one connection and
// prints the median and the 99th percentile; then it scrolls a gallery of 1,000 items in Chromium and prints its long tasks.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { deflateSync, crc32 } from "node:zlib";
import https from "node:https";

const { chromium } = createRequire(new URL("../browser/package.json", import.meta.url))("playwright-core");
const demo = JSON.parse(readFileSync(process.argv[2], "utf8"));
const CAPTURES = Number(process.argv[3] ?? 10_000);
const TIMES = Number(process.env.TIMES ?? 300);
const agent = new https.Agent({ keepAlive: true, maxSockets: 8, rejectUnauthorized: false });

/** @returns {Promise<{ status: number, headers: any, body: Buffer, ms: number }>} */
function ask(method, path, { headers = {}, body } = {}) {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const request = https.request(demo.url + path, { method, agent, headers }, (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces), ms: performance.now() - start }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

const ines = demo.users.find((user) => user.username === "ines.moreau");
const json = { "Content-Type": "application/json" };
const signedIn = await ask("POST", "/api/v1/sessions", { headers: json, body: JSON.stringify({ username: ines.username, password: ines.password }) });
let bearer = JSON.parse(signedIn.body.toString()).access_token;
const known = demo.cases[0];

/** A picture of its own for every number. */
function picture(n) {
  const [width, height] = [480, 360];
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) rows.set([(x * (n % 7)) & 255, (y + n) & 255, (n * 37) & 255], y * (width * 3 + 1) + 1 + x * 3);
  const chunk = (kind, data) => {
    const typed = Buffer.concat([Buffer.from(kind), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(typed));
    return Buffer.concat([length, typed, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

async function log(n) {
  const capture = {
    kind: "post", url: `https://www.instagram.com/p/Bench${n}/`, platform: "instagram", account: { handle: `@bench_${n % 50}` },
    text: `post number ${n}`, captured_at: new Date().toISOString(), method: "manual_screenshot",
    tool: { name: "bench", version: "1" }, level: "overt", device: "agency",
  };
  if (n >= 1000) {
    const answer = await ask("POST", `/api/v1/cases/${known.id}/captures`, { headers: { ...json, Authorization: `Bearer ${bearer}` }, body: JSON.stringify(capture) });
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body}`);
    return;
  }
  capture.files = [{ part: "shot", role: "screenshot", name: "shot.png" }];
  const boundary = "bench-boundary";
  const part = (name, kind, bytes) => Buffer.concat([Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${name}"${name === "shot" ? '; filename="shot.png"' : ""}\r\nContent-Type: ${kind}\r\n\r\n`), bytes, Buffer.from("\r\n")]);
  const body = Buffer.concat([part("capture", "application/json", Buffer.from(JSON.stringify(capture))), part("shot", "image/png", picture(n)), Buffer.from(`--${boundary}--\r\n`)]);
  const answer = await ask("POST", `/api/v1/cases/${known.id}/captures`, { headers: { "Content-Type": `multipart/form-data; boundary=${boundary}`, Authorization: `Bearer ${bearer}` }, body });
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body}`);
}

console.log(`logging ${CAPTURES} captures, ${Math.min(CAPTURES, 1000)} of them with a picture`);
let next = 0;
await Promise.all(Array.from({ length: 8 }, async () => {
  while (next < CAPTURES) await log(next++);
}));

// A session in a cookie, as a browser has it.
const form = await ask("POST", "/sign-in", { headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: new URLSearchParams({ username: ines.username, password: ines.password }).toString() });
const Cookie = form.headers["set-cookie"][0].split(";")[0];
const items = JSON.parse((await ask("GET", `/api/v1/cases/${known.id}/captures?limit=1`, { headers: { Authorization: `Bearer ${bearer}` } })).body.toString()).items;
const home = `/cases/${known.id}`;
const pages = {
  "evidence, gallery": `${home}/evidence`, "evidence, table": `${home}/evidence?view=table`, "evidence, by kind and account": `${home}/evidence?kind=post&sort=item`,
  "an item": `/captures/${items[0].id}`, "review": `${home}/evidence/review?at=${Math.max(1, Math.floor(CAPTURES / 2))}`, "overview": home, "timeline": `${home}/timeline`, "people": `${home}/people`, "custody": `${home}/custody`,
  "home": "/", "find": "/find?q=bench_7",
};
for (const [name, path] of Object.entries(pages)) {
  const times = [];
  for (let n = 0; n < TIMES; n++) {
    const answer = await ask("GET", path, { headers: { Cookie, Accept: "text/html" } });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
    times.push(answer.ms);
  }
  times.sort((a, b) => a - b);
  console.log(`${name}: median ${times[TIMES / 2].toFixed(1)} ms, 99th percentile ${times[Math.floor(TIMES * 0.99)].toFixed(1)} ms`);
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await (await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 900 } })).newPage();
await page.addInitScript(() => {
  globalThis.long = [];
  new PerformanceObserver((list) => list.getEntries().forEach((one) => globalThis.long.push(Math.round(one.duration)))).observe({ type: "longtask", buffered: true });
});
await page.goto(`${demo.url}/`);
await page.fill("#f-username", ines.username);
await page.fill("#f-password", ines.password);
await page.keyboard.press("Enter");
await page.waitForURL(`${demo.url}/`);
await page.goto(`${demo.url}${home}/evidence?sort=item`);
const frames = await page.evaluate(async () => {
  globalThis.long.length = 0;
  let [frames, last, worst] = [0, performance.now(), 0];
  const shown = () => document.querySelectorAll(".shot").length;
  // The next items come while the list is scrolled; at its end they are waited for a little.
  for (let ended = 0; ended < 120 && shown() < 1000; ended = scrollY + innerHeight < document.documentElement.scrollHeight - 2 ? 0 : ended + 1) {
    scrollBy(0, 250);
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    [frames, worst, last] = [frames + 1, Math.max(worst, now - last), now];
  }
  return { frames, worst: Math.round(worst), long: globalThis.long, shown: shown() };
});
console.log(`gallery of ${frames.shown}: ${frames.frames} frames, the longest ${frames.worst} ms, long tasks: ${frames.long.join(", ") || "none"} (limit 100 ms)`);
await browser.close();
