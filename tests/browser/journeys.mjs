// The journeys of `journeys/`, in real Chromium over a fresh demonstration. Each file is one and needs nothing of the
// others.
//
//   node journeys.mjs DEMO.JSON PICTURES PACKET.ZIP [NAME ...]      only the journeys of these names
//
// Exits with 1 and says what went wrong; the packet is left for `casetrail verify`.
import { readdirSync } from "node:fs";
import { Demo } from "./kit.mjs";

/**
 * In the order in which they run: `guide` and `day` first, because their pictures show the demonstration as it starts;
 * those that count items or meet what is not covered before those that log many and approve.
 */
const ALL = ["guide", "day", "looks", "casework", "evidence", "composer", "export", "admin", "decide", "find", "stories", "attacks", "pictures"];

const there = readdirSync(new URL("./journeys/", import.meta.url)).map((name) => name.replace(/\.mjs$/, ""));
if (there.sort().join() !== [...ALL].sort().join()) throw new Error(`ALL and journeys/ differ: ${there.join(", ")}`);

const [file, pictures, packet, ...only] = process.argv.slice(2);
const demo = new Demo(file, pictures);
await demo.open();
for (const name of only.length ? only : ALL) {
  const { default: journey } = await import(`./journeys/${name}.mjs`);
  const began = Date.now();
  try {
    await journey(demo, { packet });
  } catch (error) {
    demo.problems.push(`${name}: ${error.stack}`);
  }
  console.log(`journey ${name}: ${Math.round((Date.now() - began) / 1000)} s`);
  // Each journey stands by itself: what failed in one says nothing of the next.
  demo.failed = false;
}
if (!(await demo.close())) process.exit(1);
console.log("every journey went through; nothing sideways, nothing found by axe");
