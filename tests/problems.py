#!/usr/bin/env python3
"""Holds the published problems to the source: every code and rule that the server can answer stands in
schema/problems.json with its status, every entry there is used, and docs/problems.md says the same.

    tests/problems.py            checks
    tests/problems.py --write    writes the tables of docs/problems.md first
"""
import json
import re
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
published = json.loads((root / "schema/problems.json").read_text())
page = root / "docs/problems.md"
faults = []

# Reviewed: these never reach a client of the API.
NOT_ANSWERED = {
    "running": "at the start: another server holds the data folder",
    "not-empty": "`casetrail demo` wants a fresh folder",
    "newer-schema": "at the start: a newer database",
    "other-schema": "commands beside the server: a database that is not of this version",
    "ledger-damaged": "at the start: an older database that shows that events were removed",
    "log-origin": "at the start: the log's name never changes",
    "log-key": "at the start: the log's key is missing or another",
    "database-collided": "inside: the write runs again, then database-busy",
    "database": "inside: answered as internal",
}
# Commands, settings and the audit speak to a terminal, in the same form but with words of their own.
TERMINAL = ("src/cli/", "src/audit/", "src/config.rs", "src/app.rs", "src/http/tls.rs", "src/db/connect.rs", "src/db/location.rs", "src/proof/", "src/verify/", "src/bag/")

LITERAL = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'', re.S)


def code(path):
    """The text of a source file without comments and unit tests."""
    text = path.read_text().split("#[cfg(test)]\nmod tests {")[0]
    return re.sub(r"(?m)^\s*//.*$", "", text)


def arguments(text, at):
    """The arguments of the call whose parenthesis opens before `at`."""
    found, current, depth = [], "", 0
    while at < len(text):
        literal = LITERAL.match(text, at)
        if literal:
            current, at = current + literal[0], literal.end()
            continue
        char = text[at]
        if char in ")]}" and depth == 0:
            return [*found, current.strip()]
        if char == "," and depth == 0:
            found, current = [*found, current.strip()], ""
        else:
            depth += (char in "([{") - (char in ")]}")
            current += char
        at += 1
    return found


sources = {str(path.relative_to(root)): code(path) for path in sorted((root / "src").rglob("*.rs"))}
names = {"UNAUTHORIZED": 401, "FORBIDDEN": 403, "NOT_FOUND": 404, "METHOD_NOT_ALLOWED": 405, "REQUEST_TIMEOUT": 408, "CONFLICT": 409, "PRECONDITION_FAILED": 412,
         "PAYLOAD_TOO_LARGE": 413, "UNSUPPORTED_MEDIA_TYPE": 415, "RANGE_NOT_SATISFIABLE": 416, "UNPROCESSABLE_ENTITY": 422,
         "PRECONDITION_REQUIRED": 428, "TOO_MANY_REQUESTS": 429, "INTERNAL_SERVER_ERROR": 500, "SERVICE_UNAVAILABLE": 503}
statuses = {kind: names[name] for kind, name in re.findall(r"Kind::(\w+) => StatusCode::(\w+)", sources["src/http/reply.rs"])}
constants = {name: value for text in sources.values() for name, value in re.findall(r'const (\w+): &str = "([a-z-]+)"', text)}


def word(argument):
    """The text of a literal, or of a constant."""
    literal = re.fullmatch(r'"([a-z0-9_-]+)"', argument)
    return literal[1] if literal else constants.get(argument.removeprefix("Self::"))


codes, rules = {}, {}
known = {one["rule"] for one in published["rules"]}
for name, text in sources.items():
    for call in re.finditer(r"\b(?<!io::)(?:Error|Self)::(new|unavailable|conflict|invalid|field)\(|\bcode: \"([a-z-]+)\"", text):
        if call[2]:
            after = re.search(r"\.\.Error::(\w+)\(", text[call.end():call.end() + 200])
            codes[call[2]] = {"conflict": 409, "invalid": 422, "field": 422}.get(after and after[1], None)
            if after and after[1] == "new":
                codes[call[2]] = statuses[re.match(r"Kind::(\w+)|crate::error::Kind::(\w+)", arguments(text, text.index("(", call.end()) + 1)[0])[1]]
            continue
        given = arguments(text, call.end())
        if call[1] == "new" and len(given) >= 2 and "Kind::" in given[0]:
            code, status = word(given[1]), statuses[given[0].rsplit("::", 1)[1]]
        elif call[1] == "unavailable" and len(given) >= 2:
            code, status = word(given[0]), 503
        else:
            continue
        if code is None:
            if given[1] not in ("code",):
                faults.append(f"{name}: the code {given[1]} is no literal")
        elif codes.setdefault(code, status) != status:
            faults.append(f"{code} has two statuses: {codes[code]} and {status}")
    if name.startswith(TERMINAL):
        continue
    for call in re.finditer(r"\b(?:Error::field|FieldError::new|refuse|or_refuse|text_where|refused|broken|part_error|refusal)\(", text):
        given = arguments(text, call.end())
        # A local `broken(rule, message)` has the field already.
        for place in (given[:1] if name == "src/identity/password.rs" else given[1:2]):
            if word(place):
                rules.setdefault(word(place), name)
    for rule in re.findall(r'(?s)\bFieldError \{.{0,120}?\brule: "([a-z0-9_]+)"', text):
        rules.setdefault(rule, name)
    # A rule beside its message, which a helper puts together with the field.
    for rule in re.findall(r'"([a-z0-9_]+)",\s*(?:format!\()?\s*"[^"]* [^"]*"', text):
        if rule in known:
            rules.setdefault(rule, name)

listed = {one["type"].removeprefix("/problems/"): one for one in published["problems"]}
for code in sorted(codes.keys() - NOT_ANSWERED.keys() - listed.keys()):
    faults.append(f"schema/problems.json lacks {code} ({codes[code]})")
for code in sorted(listed.keys() - codes.keys()):
    faults.append(f"schema/problems.json has {code}, which no source answers")
for code in sorted(NOT_ANSWERED.keys() - codes.keys()):
    faults.append(f"{code} is excepted, but no source has it")
for code in sorted(listed.keys() & codes.keys()):
    if codes[code] != listed[code]["status"]:
        faults.append(f"{code} is answered with {codes[code]}, and listed with {listed[code]['status']}")
for rule in sorted(rules.keys() - known):
    faults.append(f"schema/problems.json lacks the rule {rule} ({rules[rule]})")
for rule in sorted(known - rules.keys()):
    faults.append(f"schema/problems.json has the rule {rule}, which no source names")


def table(head, rows):
    return "\n".join([head, "| " + " | ".join(["---"] * (head.count("|") - 1)) + " |", *rows])


tables = {
    "| type |": table("| type | status | meaning | way out |", [
        f"| `{one['type']}` | {one['status']} | **{one['title']}.** {one['meaning']} | {one['way_out']} |" for one in published["problems"]]),
    "| rule |": table("| rule | meaning |", [f"| `{one['rule']}` | {one['meaning']} |" for one in published["rules"]]),
}
text = page.read_text()
for start, wanted in tables.items():
    present = re.search(r"(?m)^" + re.escape(start) + r".*(?:\n\|.*)*", text)
    if present is None or present[0] != wanted:
        if "--write" in sys.argv and present:
            text = text.replace(present[0], wanted)
        else:
            faults.append(f"docs/problems.md: the table {start} differs: tests/problems.py --write")
if "--write" in sys.argv:
    page.write_text(text)

for fault in faults:
    print(fault, file=sys.stderr)
print(f"schema/problems.json: {len(listed)} problems, {len(known)} rules, {len(faults)} faults")
sys.exit(1 if faults else 0)
