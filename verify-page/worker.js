// Runs the verifier, which is compiled already, over one file, which it reads piece by piece. One worker answers once.
"use strict";

onmessage = async ({ data: { wasm, file, asked } }) => {
  const reader = new FileReaderSync();
  let memory;
  let read = 0;
  let told = 0;
  const casetrail = {
    // Copies a piece of the file into the verifier's memory.
    read(at, into, length) {
      try {
        const bytes = new Uint8Array(reader.readAsArrayBuffer(file.slice(at, at + length)));
        new Uint8Array(memory.buffer, into, bytes.length).set(bytes);
        read += bytes.length;
        if (read - told > file.size / 200) {
          told = read;
          postMessage({ read });
        }
        return bytes.length;
      } catch {
        return -1;
      }
    },
  };
  try {
    const instance = await WebAssembly.instantiate(wasm, { casetrail });
    const { room, verify } = instance.exports;
    memory = instance.exports.memory;
    const question = new TextEncoder().encode(JSON.stringify(asked));
    const place = room(question.length);
    new Uint8Array(memory.buffer, place, question.length).set(question);
    const answer = verify(file.size, place, question.length);
    const length = new DataView(memory.buffer).getUint32(answer, true);
    const text = new TextDecoder().decode(new Uint8Array(memory.buffer, answer + 4, length));
    postMessage({ answer: JSON.parse(text) });
  } catch (error) {
    postMessage({ stopped: String(error) });
  }
};
