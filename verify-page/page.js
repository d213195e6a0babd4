"use strict";

const byId = (id) => document.getElementById(id);
const GRADES = ["bytes", "records", "log", "time", "witnesses", "signer"];
let chosen = null;
let running = null;

/** The verifier, unpacked and compiled once. */
let unpacked = null;
function verifier() {
  unpacked ??= (async () => {
    const packed = Uint8Array.from(atob(byId("wasm").textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return WebAssembly.compile(await new Response(stream).arrayBuffer());
  })();
  return unpacked;
}

/** What an editor wrote: UTF-8, or UTF-16 where a byte order mark says so. */
async function text(file) {
  if (file.size > 1 << 20) throw new Error(`${file.name} has more than 1 MB: it is no key and no policy`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  return new TextDecoder(wide).decode(bytes);
}

async function asked() {
  const [keyFile, policy] = [byId("key-file").files[0], byId("policy").files[0]];
  return {
    key: byId("key").value.trim() || (keyFile ? await text(keyFile) : ""),
    policy: policy ? await text(policy) : "",
    require_witness: byId("require-witness").checked,
  };
}

/** Verifies a file; gives the answer of the program. `onRead` is told how many bytes were read. */
async function verify(file, trust, onRead = () => {}) {
  const wasm = await verifier();
  const address = URL.createObjectURL(new Blob([byId("worker").textContent], { type: "text/javascript" }));
  const worker = new Worker(address);
  running = worker;
  try {
    return await new Promise((resolve) => {
      worker.onmessage = ({ data }) => ("read" in data ? onRead(data.read) : resolve(data.answer ?? data));
      worker.onerror = (event) => resolve({ stopped: event.message });
      worker.postMessage({ wasm, file, asked: trust });
    });
  } finally {
    worker.terminate();
    URL.revokeObjectURL(address);
    running = null;
  }
}

function element(name, words, kind) {
  const made = document.createElement(name);
  made.textContent = words;
  if (kind) made.className = kind;
  return made;
}

/** A list of lines under a heading, closed where nothing in it needs to be read first. */
function listed(heading, lines, open) {
  const details = document.createElement("details");
  details.open = open;
  details.append(element("summary", `${heading}, ${lines.length}`));
  const list = document.createElement("ul");
  list.append(...lines.map((line) => element("li", line)));
  details.append(list);
  return details;
}

/** Shows the words that `casetrail verify` prints. They escape what could steer a reader. */
function show(file, answer) {
  const section = byId("answer");
  for (const id of ["grades", "facts", "findings"]) byId(id).replaceChildren();
  section.hidden = false;
  byId("name").textContent = `${file.name}, ${file.size.toLocaleString("en")} bytes`;
  if (!answer.verified) {
    const why = answer.refused ?? `the verifier stopped: ${answer.stopped}. Use the program casetrail-verify, and tell the agency`;
    section.className = "unreadable";
    byId("first").textContent = `UNREADABLE: ${why}`;
    return;
  }
  const { report, text: printed } = answer.verified;
  const [first, , ...lines] = printed.trimEnd().split("\n");
  section.className = report.outcome;
  byId("first").textContent = first;
  for (const grade of GRADES) {
    const verdict = report.grades[grade];
    byId("grades").append(element("dt", grade), element("dd", verdict.replace("_", " "), `v-${verdict}`));
  }
  const kinds = { FAILED: [], "not checked": [], absent: [], passed: [] };
  for (const line of lines) {
    const [, kind, rest] = line.match(/^(FAILED|not checked|absent|passed): (.*)$/) ?? [];
    if (kind) {
      kinds[kind].push(rest);
      continue;
    }
    const [name, value] = line.startsWith("packet ") ? ["packet", line.slice(7)] : line.split(/: (.*)/);
    byId("facts").append(element("dt", name), element("dd", value ?? "", name.includes("hash") || name.includes("signed") ? "hash" : ""));
  }
  const headings = { FAILED: "Failed", "not checked": "Not checked", absent: "Absent", passed: "Passed" };
  for (const [kind, found] of Object.entries(kinds)) {
    if (found.length) byId("findings").append(listed(headings[kind], found, kind === "FAILED" || kind === "not checked"));
  }
}

function choose(file) {
  chosen = file;
  byId("packet-name").textContent = file ? `Chosen: ${file.name}` : "";
}

byId("packet").onchange = (event) => choose(event.target.files[0] ?? null);
document.ondragover = (event) => {
  event.preventDefault();
  byId("drop").classList.add("over");
};
document.ondragleave = (event) => {
  if (!event.relatedTarget) byId("drop").classList.remove("over");
};
document.ondrop = (event) => {
  event.preventDefault();
  byId("drop").classList.remove("over");
  if (event.dataTransfer.files[0]) choose(event.dataTransfer.files[0]);
};
byId("form").onsubmit = async (event) => {
  event.preventDefault();
  if (running) return;
  if (!chosen) {
    byId("packet-name").textContent = "Choose the packet first.";
    byId("packet").focus();
    return;
  }
  const [file, progress] = [chosen, byId("progress")];
  progress.hidden = false;
  progress.value = 0;
  byId("verify").disabled = true;
  let answer;
  try {
    answer = await verify(file, await asked(), (read) => (progress.value = Math.min(1, read / file.size)));
  } catch (error) {
    answer = { refused: error.message };
  }
  progress.hidden = true;
  byId("verify").disabled = false;
  show(file, answer);
  byId("answer").scrollIntoView({ block: "nearest" });
};
