// The journeys of `journeys/` that are named, in real Chromium over a fresh demonstration. Each file is one and needs
// nothing of the others.
//
//   node journeys.mjs DEMO.JSON PICTURES PACKET.ZIP NAME ...
//
// Exits with 1 and says what went wrong; the packet is left for `casetrail verify`.
import { Demo } from "./kit.mjs";

const [file, pictures, packet, ...names] = process.argv.slice(2);
const demo = new Demo(file, pictures);
await demo.open();
for (const name of names) {
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
console.log(`${names.join(", ")}: each went through; nothing sideways, nothing found by axe`);
