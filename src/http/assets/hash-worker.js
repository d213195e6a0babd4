// Hashes files beside the page (SHA-256), piece by piece. The answer that brings this file allows it WebAssembly, and
// nothing else.
importScripts("/static/hash-wasm-sha256.js");

const PIECE = 4 << 20;
const SMALL = 32 << 20;

const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** The hash of a file; `told` hears how many bytes are done. */
async function sha256(file, told) {
  if (file.size <= SMALL && self.crypto?.subtle) return hex(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  const hash = await self.hashwasm.createSHA256();
  hash.init();
  for (let at = 0; at < file.size; at += PIECE) {
    hash.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
    told(Math.min(at + PIECE, file.size));
  }
  return hash.digest("hex");
}

// One file after another: two at once would only fight over the disk.
let before = Promise.resolve();
addEventListener("message", ({ data: { id, file } }) => {
  before = before.then(async () => {
    try {
      postMessage({ id, sha256: await sha256(file, (done) => postMessage({ id, done })) });
    } catch (error) {
      postMessage({ id, error: String(error) });
    }
  });
});
