// Renders openapi.json, which lies beside this page's path. Nodes only, never markup from text: the page runs under
// Trusted Types and a policy without inline script or style, and asks nobody else for anything.

const $ = (id) => document.getElementById(id);
const METHODS = ["get", "head", "post", "put", "patch", "delete"];
let api;

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

start();

async function start() {
  theme();
  $("loading").textContent = "Reading openapi.json …";
  try {
    const response = await fetch(new URL("openapi.json", location.href));
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    api = await response.json();
  } catch (error) {
    $("loading").textContent = `openapi.json could not be read: ${error.message}. Reload the page; if it stays so, ask the administrator.`;
    return;
  }
  intro();
  const entries = [...calls(), ...problems(), ...schemas()];
  search(entries);
  addEventListener("hashchange", () => show(location.hash));
  show(location.hash);
}

// ---- the parts of the page

function intro() {
  $("intro").replaceChildren(
    el("p", { class: "facts" }, `${api.info.title}, version ${api.info.version}. ${api.info.summary}.`),
    ...paragraphs(api.info.description),
  );
}

function calls() {
  const entries = [];
  const list = $("toc-list");
  for (const tag of api.tags) {
    const section = el("section", { "aria-labelledby": `tag-${slug(tag.name)}` },
      el("h2", { id: `tag-${slug(tag.name)}` }, tag.name), el("p", {}, inline(tag.description)));
    const links = el("ul");
    const group = el("div", {}, el("h2", {}, tag.name), links);
    for (const [path, item] of Object.entries(api.paths)) {
      for (const method of METHODS) {
        const call = item[method];
        if (!call?.tags.includes(tag.name)) continue;
        const node = el("details", { class: "op", id: call.operationId },
          el("summary", {}, verb(method), el("h3", {}, el("span", {}, call.summary), el("span", { class: "path" }, breakable(path)))));
        lazily(node, () => callBody(method, path, call));
        section.append(node);
        const link = el("li", {}, el("a", { href: `#${call.operationId}` }, verb(method), el("span", {}, call.summary)));
        links.append(link);
        entries.push({ node, link, section, group, call: true,
          words: [method, path, call.operationId, call.summary, call.description, tag.name].join(" ").toLowerCase() });
      }
    }
    $("calls").append(section);
    list.append(group);
  }
  list.append(el("h2", {}, "Reference"), el("ul", {},
    el("li", {}, el("a", { href: "#problems" }, "Problems")), el("li", {}, el("a", { href: "#schemas" }, "Schemas"))));
  return entries;
}

function callBody(method, path, call) {
  const parameters = (call.parameters ?? []).map(resolve);
  const left = el("div");
  const right = el("div");
  if (parameters.length) left.append(el("h4", {}, "Parameters"), el("ul", { class: "fields" }, parameters.map(parameter)));
  const body = call.requestBody;
  for (const [media, entry] of Object.entries(body?.content ?? {})) {
    left.append(el("h4", {}, `Request, ${media}${body.required ? "" : " (optional)"}`), structure(entry.schema));
  }
  left.append(el("h4", {}, "Answers"));
  for (const [status, answer] of Object.entries(call.responses)) left.append(response(status, resolve(answer)));

  const requests = Object.entries(body?.content ?? {});
  for (const media of requests.length ? requests.map(([name]) => name) : [null]) {
    right.append(code(requests.length > 1 ? `With curl, ${media}` : "With curl", curl(method, path, call, parameters, media)));
  }
  for (const [, entry] of requests) {
    for (const example of Object.values(entry.examples ?? {}).map(resolve)) right.append(code(titled("Example request", example), example.value));
  }
  const [status, first] = Object.entries(call.responses)[0];
  for (const entry of Object.values(resolve(first).content ?? {})) {
    for (const example of Object.values(entry.examples ?? {}).map(resolve)) right.append(code(titled(`Example answer ${status}`, example), example.value));
  }
  return [
    ...paragraphs(call.description),
    el("p", { class: "facts" }, access(call), " Operation ", el("code", {}, call.operationId), "."),
    el("div", { class: "columns" }, left, right),
  ];
}

function access(call) {
  const needs = call.security ?? api.security;
  if (!needs.length) return "Needs no token.";
  return needs.some((one) => !Object.keys(one).length) ? "From loopback, or with a bearer token." : "Needs a bearer token.";
}

function parameter(one) {
  const where = { path: "in the path", query: "in the query", header: "header" }[one.in];
  return field(one.name, one.schema, { needed: one.required, description: one.description, where });
}

function response(status, answer) {
  const good = status < "400";
  const title = [el("span", { class: `status ${good ? "good" : "bad"}` }, status), el("span", {}, inline(answer.description))];
  const content = Object.entries(answer.content ?? {});
  const headers = Object.entries(answer.headers ?? {});
  if (!content.length && !headers.length) return el("div", { class: "answer plain" }, title);
  const node = el("details", { class: "answer" }, el("summary", {}, title));
  lazily(node, () => [el("div", {},
    headers.length ? [el("p", { class: "option" }, "Headers"),
      el("ul", { class: "fields" }, headers.map(([name, header]) => field(name, header.schema, { needed: true, answer: true, description: header.description })))] : null,
    content.map(([media, entry]) => [
      el("p", { class: "option" }, media),
      media !== "application/problem+json" ? structure(entry.schema, true) : Object.keys(entry.examples).map((name) =>
        el("p", {}, el("a", { href: `#problem-${name}` }, `/problems/${name}`), ` ${resolve(entry.examples[name]).summary}`)),
    ]))]);
  return node;
}

function problems() {
  const type = api.components.schemas.Problem.properties.type.oneOf;
  const entries = type.map((one) => {
    const node = el("article", { class: "problem", id: `problem-${one.const.split("/").pop()}` },
      el("h3", {}, el("code", {}, one.const), el("span", {}, one.title), el("span", { class: "status bad" }, `${one["x-status"]}`)),
      el("p", {}, inline(one.description)));
    return { node, section: $("problems"), words: `${one.const} ${one.title} ${one.description}`.toLowerCase() };
  });
  $("problem-list").append(...entries.map((entry) => entry.node));
  $("problems").hidden = false;
  return entries;
}

function schemas() {
  const entries = Object.entries(api.components.schemas).sort(([a], [b]) => a.localeCompare(b)).map(([name, schema]) => {
    const node = el("details", { class: "schema", id: `schema-${name}` }, el("summary", {}, el("h3", { class: "mono" }, name)));
    lazily(node, () => [...paragraphs(schema.description), structure({ ...schema, description: undefined })]);
    return { node, section: $("schemas"), words: `${name} ${schema.description ?? ""} ${Object.keys(schema.properties ?? {}).join(" ")}`.toLowerCase() };
  });
  $("schema-list").append(...entries.map((entry) => entry.node));
  $("schemas").hidden = false;
  return entries;
}

// ---- schemas

// What a reader needs of a schema: a label, and below it members, options or values.
function view(schema) {
  const name = schema.$ref?.split("/").pop();
  const full = resolve(schema);
  const seen = { label: "any JSON", limits: limits(full), description: schema.description ?? full.description };
  const options = full.oneOf ?? full.anyOf;
  if (options) {
    const values = options.filter((one) => one.type !== "null");
    const tail = values.length < options.length ? " or null" : "";
    if (values.every((one) => "const" in one)) return { ...seen, label: "one of these", values: values.map((one) => one.const) };
    const views = values.map(view);
    if (views.length === 1) return { ...views[0], label: views[0].label + tail, description: seen.description ?? views[0].description };
    const members = values.filter((_, i) => views[i].members).flatMap((_, i) => views.filter((one) => one.members)[i].members);
    return { ...seen, label: (name && members.length ? name : views.map((one) => one.label).join(" or ")) + tail, members: members.length ? members : undefined };
  }
  if (full.allOf) return { ...seen, label: name ?? "object", members: full.allOf.map((one) => ({ schema: resolve(one), all: true })) };
  if ("const" in full) return { ...seen, label: JSON.stringify(full.const) };
  const types = [full.type ?? []].flat();
  const tail = types.includes("null") ? " or null" : "";
  const type = types.find((one) => one !== "null");
  if (full.enum) return { ...seen, label: `one of these${tail}`, values: full.enum.filter((one) => one !== null) };
  if (type === "array") {
    const items = view(full.items);
    return { ...seen, label: `${items.values ? "list, each" : "list of"} ${items.label}${tail}`, members: items.members, values: items.values,
      limits: [...seen.limits, ...(items.members ? [] : items.limits)] };
  }
  if (type === "object") return { ...seen, label: (name ?? "object") + tail, members: full.properties ? [{ name, schema: full }] : undefined };
  if (!type) return tail ? { ...seen, label: "null" } : seen;
  const formats = { "date-time": "time", date: "date", uuid: "id", uri: "URL", "uri-reference": "URL" };
  return { ...seen, label: (full.contentMediaType ? "bytes" : formats[full.format] ?? { string: "text", integer: "integer", boolean: "true or false", null: "null" }[type] ?? type) + tail };
}

function limits(schema) {
  const said = [];
  const span = (low, high, unit) => {
    if (low != null && high != null) said.push(low === high ? `${number(low)}${unit}` : `${number(low)} to ${number(high)}${unit}`);
    else if (high != null) said.push(`at most ${number(high)}${unit}`);
    else if (low) said.push(`at least ${number(low)}${unit}`);
  };
  span(schema.minLength, schema.maxLength, " characters");
  span(schema.minItems, schema.maxItems, " entries");
  if (schema.maximum < Number.MAX_SAFE_INTEGER || schema.minimum) span(schema.minimum, schema.maximum < Number.MAX_SAFE_INTEGER ? schema.maximum : null, "");
  if (schema.pattern) said.push(`form ${schema.pattern}`);
  if ("default" in schema) said.push(`default ${schema.default}`);
  if (schema.examples && typeof schema.examples[0] !== "object") said.push(`such as ${schema.examples.join(", ")}`);
  return said;
}

// In an answer nothing is required of the reader; what may be absent is worth a word.
function structure(schema, answer = false) {
  const seen = view(schema);
  if (!seen.members) return el("ul", { class: "fields" }, field("", schema, { needed: answer, answer }));
  return el("div", {}, seen.description ? el("p", {}, inline(seen.description)) : null,
    seen.label.startsWith("list of") ? el("p", { class: "facts" }, seen.label) : null, members(seen.members, answer));
}

function members(options, answer) {
  return options.map((option, i) => [
    options.length > 1 && !option.all ? el("p", { class: "option" }, `${i ? "or " : ""}${option.name ?? "object"}`) : null,
    el("ul", { class: "fields" }, Object.entries(option.schema.properties).map(([name, one]) =>
      field(name, one, { needed: option.schema.required?.includes(name), answer }))),
  ]);
}

function field(name, schema, { needed, answer, description, where }) {
  const seen = view(schema);
  const item = el("li", {},
    el("div", {}, name ? el("code", { class: "field-name" }, name) : null,
      el("span", { class: "type" }, [where, seen.label].filter(Boolean).join(", ")), answer ? !needed && el("span", { class: "type" }, "may be absent") : needed && el("span", { class: "needed" }, "required")));
  const text = description ?? seen.description;
  if (text) item.append(el("p", {}, inline(text)));
  if (seen.values) item.append(el("ul", { class: "values" }, seen.values.map((value) => el("li", {}, el("code", {}, `${value}`)))));
  if (seen.limits?.length) item.append(el("p", { class: "limits" }, seen.limits.join(" · ")));
  if (seen.members?.length) {
    const inner = el("details", { class: "inner" }, el("summary", {}, `members of ${name || "this"}`));
    lazily(inner, () => members(seen.members, answer));
    item.append(inner);
  }
  return item;
}

// ---- examples

function curl(method, path, call, parameters, media) {
  const query = parameters.filter((one) => one.in === "query" && (one.required || one.example != null))
    .map((one) => `${one.name}=${encodeURIComponent(one.example)}`).join("&");
  const way = path.replace(/{(\w+)}/g, (_, name) => parameters.find((one) => one.in === "path" && one.name === name)?.example ?? name);
  const flag = { get: "", head: " --head" }[method] ?? ` -X ${method.toUpperCase()}`;
  const lines = [`curl --fail-with-body${flag}`, `"$CASETRAIL_SERVER${way}${query ? `?${query}` : ""}"`];
  if ((call.security ?? api.security).length) lines.push('-H "Authorization: Bearer $CASETRAIL_TOKEN"');
  for (const one of parameters.filter((p) => p.in === "header" && (p.required || p.name === "Idempotency-Key"))) {
    lines.push(`-H '${one.name}: ${one.schema.examples[0]}'`);
  }
  if (media === "multipart/form-data") {
    lines.push("-F 'capture=<capture.json;type=application/json'", "-F 'shot=@post.png;type=image/png'");
  } else if (media) {
    const body = resolve(Object.values(call.requestBody.content[media].examples)[0]).value;
    lines.push(`-H 'Content-Type: ${media}'`, `--data '${JSON.stringify(body, null, 2).replaceAll("'", "'\\''")}'`);
  }
  const answer = resolve(Object.values(call.responses)[0]).content ?? {};
  if (method === "get" && ["*/*", "application/zip", "application/octet-stream"].some((type) => type in answer)) lines.push("--remote-name");
  return lines.join(" \\\n  ");
}

function titled(title, example) {
  return example.summary ? `${title}: ${lower(example.summary)}` : title;
}

function code(title, value) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const pre = el("pre", { tabindex: "0", role: "group", "aria-label": title }, typeof value === "string" ? text : coloured(text));
  const button = el("button", { type: "button", "aria-label": `Copy: ${title}` }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(pre);
      button.textContent = "Selected, press Ctrl C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2500);
  });
  return el("div", { class: "code" }, el("div", { class: "code-head" }, el("h4", {}, title), button), pre);
}

function coloured(text) {
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\b\d+(?:\.\d+)?\b/g)) {
    parts.push(text.slice(at, found.index));
    const word = found[1] ?? found[0];
    parts.push(el("span", { class: found[2] ? "k" : found[1] ? "s" : "l" }, word), found[2] ?? "");
    at = found.index + found[0].length;
  }
  return [...parts, text.slice(at)];
}

// ---- finding

function search(entries) {
  const input = $("search");
  const found = $("found");
  const total = entries.filter((entry) => entry.call).length;
  $("search-form").hidden = false;
  $("search-form").addEventListener("submit", (event) => event.preventDefault());
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let callsFound = 0;
    for (const entry of entries) {
      const hit = words.every((word) => entry.words.includes(word));
      entry.node.hidden = !hit;
      if (entry.link) entry.link.hidden = !hit;
      if (hit && entry.call) callsFound += 1;
    }
    for (const place of new Set(entries.flatMap((entry) => [entry.section, entry.group]).filter(Boolean))) {
      place.hidden = !entries.some((entry) => (entry.section === place || entry.group === place) && !entry.node.hidden);
    }
    const any = entries.some((entry) => !entry.node.hidden);
    $("nothing").hidden = any;
    found.textContent = words.length ? `${callsFound} of ${total} calls` : `${total} calls`;
    $("toc").open = wide.matches || words.length > 0;
  };
  const wide = matchMedia("(min-width: 60.01rem)");
  wide.addEventListener("change", apply);
  input.addEventListener("input", apply);
  apply();
}

function show(hash) {
  const node = hash.length > 1 ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
  if (!node) return;
  if (node.closest("[hidden]")) {
    $("search").value = "";
    $("search").dispatchEvent(new Event("input"));
  }
  if (node.matches("details")) node.open = true;
  // After the opened content has its height.
  requestAnimationFrame(() => {
    node.scrollIntoView({ block: "start" });
    if (node.matches("details")) node.querySelector("summary").focus({ preventScroll: true });
  });
}

function theme() {
  const button = $("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try { chosen = localStorage.getItem("casetrail-theme"); } catch { /* a browser that keeps nothing: the system's theme */ }
  const apply = () => {
    const isDark = chosen ? chosen === "dark" : dark.matches;
    if (chosen) document.documentElement.dataset.theme = chosen;
    button.setAttribute("aria-pressed", `${isDark}`);
  };
  button.addEventListener("click", () => {
    chosen = button.getAttribute("aria-pressed") === "true" ? "light" : "dark";
    try { localStorage.setItem("casetrail-theme", chosen); } catch { /* then only for this page */ }
    apply();
  });
  dark.addEventListener("change", apply);
  button.hidden = false;
  apply();
}

// ---- small things

function resolve(node) {
  while (node?.$ref) node = node.$ref.slice(2).split("/").reduce((at, step) => at[step], api);
  return node;
}

// Content is made when it is first opened: there is much, and most is never looked at.
function lazily(details, make) {
  details.addEventListener("toggle", () => {
    if (!details.open || details.dataset.made) return;
    details.dataset.made = "yes";
    const content = make();
    if (details.matches(".op, .schema")) details.append(el("div", { class: "body" }, content));
    else details.append(...content.flat(Infinity).filter(Boolean));
  });
}

function verb(method) {
  return el("span", { class: `verb ${method}` }, method.toUpperCase());
}

function paragraphs(text) {
  return (text ?? "").split("\n\n").filter(Boolean).map((part) => el("p", {}, inline(part)));
}

// `code` and **strong**: all the markup our descriptions use.
function inline(text) {
  return (text ?? "").split(/(`[^`]+`|\*\*[^*]+\*\*)/).filter(Boolean).map((part) =>
    part.startsWith("`") ? el("code", {}, part.slice(1, -1)) : part.startsWith("**") ? el("strong", {}, part.slice(2, -2)) : part);
}

function breakable(path) {
  return path.split("/").flatMap((part, i) => (i ? [el("wbr"), `/${part}`] : [part]));
}

function slug(text) {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}

function lower(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function number(value) {
  return value.toLocaleString("en-US");
}
