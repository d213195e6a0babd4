#!/usr/bin/env python3
"""Holds schema/openapi.json to itself: references, examples, problem types, and what every operation must have.

Needs the Python package jsonschema (make setup puts it into target/tools). That the server answers as the file says is
held by the integration tests.
"""
import json
import re
import sys
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker

root = Path(__file__).resolve().parent.parent
api = json.loads((root / "schema/openapi.json").read_text())
problems = json.loads((root / "schema/problems.json").read_text())
faults = []


def resolve(node):
    while isinstance(node, dict) and "$ref" in node:
        target = api
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


used = set(references(api))
for ref in sorted(used):
    try:
        resolve({"$ref": ref})
    except KeyError:
        faults.append(f"{ref} leads nowhere")
for kind in ("schemas", "parameters", "responses", "examples"):
    for name in api["components"][kind]:
        if f"#/components/{kind}/{name}" not in used:
            faults.append(f"components/{kind}/{name} is used by nothing")

if faults:
    sys.exit("\n".join(faults))

for name, schema in api["components"]["schemas"].items():
    try:
        Draft202012Validator.check_schema(schema)
    except Exception as error:
        faults.append(f"schema {name}: {error}")


def check(where, schema, value):
    # The whole file goes along, so that the references resolve.
    validator = Draft202012Validator({**schema, "components": api["components"]}, format_checker=FormatChecker())
    for error in validator.iter_errors(value):
        faults.append(f"{where}: {error.json_path}: {error.message[:300]}")


checked = 0
operations = {}
for path, item in api["paths"].items():
    for method, operation in item.items():
        where = f"{method.upper()} {path}"
        other = operations.setdefault(operation.get("operationId"), where)
        if other != where:
            faults.append(f"{where}: operationId as in {other}")
        for word in ("operationId", "tags", "summary", "responses"):
            if not operation.get(word):
                faults.append(f"{where}: no {word}")
        parameters = [resolve(p) for p in operation.get("parameters", [])]
        if re.findall(r"{(\w+)}", path) != [p["name"] for p in parameters if p["in"] == "path"]:
            faults.append(f"{where}: its path parameters are described otherwise")
        names = {p["name"] for p in parameters}
        codes = set(operation["responses"])
        # The PATCH of tus appends bytes; its condition is the offset.
        tus = "Tus-Resumable" in names
        if method == "patch" and not tus and not ("If-Match" in names and {"412", "428"} <= codes):
            faults.append(f"{where}: PATCH without If-Match, 412, 428")
        if operation.get("security", api["security"]) == api["security"] and "401" not in codes:
            faults.append(f"{where}: no 401")
        if "{" in path and "404" not in codes:
            faults.append(f"{where}: no 404")
        if operation.get("requestBody") and not {"413", "415", "422"} <= codes:
            faults.append(f"{where}: takes a body, but no 413, 415, 422")
        for parameter in parameters:
            if "example" in parameter:
                check(f"{where} {parameter['name']}", parameter["schema"], parameter["example"])
        contents = [("request", operation.get("requestBody", {}).get("content", {}))]
        for code, response in operation["responses"].items():
            response = resolve(response)
            contents.append((code, response.get("content", {})))
            if code >= "400" and "content" in response and path.startswith("/api/"):
                if list(response["content"]) != ["application/problem+json"]:
                    faults.append(f"{where} {code}: not a problem")
        for what, content in contents:
            for media, entry in content.items():
                if "json" in media and not entry.get("examples") and path.startswith("/api/v1"):
                    faults.append(f"{where} {what}: no example")
                for name, example in entry.get("examples", {}).items():
                    value = resolve(example)["value"]
                    check(f"{where} {what} {name}", entry["schema"], value)
                    if media == "application/problem+json" and what != str(value["status"]):
                        faults.append(f"{where} {what} {name}: status {value['status']}")
                    checked += 1

kinds = api["components"]["schemas"]["Problem"]["properties"]["type"]["oneOf"]
declared = {(one["const"], one["x-status"], one["title"]) for one in kinds}
listed = {one["type"]: one for one in problems["problems"]}
both = declared ^ {(one["type"], one["status"], one["title"]) for one in listed.values()}
if both:
    faults.append(f"problems differ: {sorted(both)}")
rules = {one["const"] for one in api["components"]["schemas"]["ProblemError"]["properties"]["rule"]["oneOf"]}
if rules != {one["rule"] for one in problems["rules"]}:
    faults.append("the rules of problems.json and of ProblemError differ")
page = (root / "docs/problems.md").read_text()
for code, one in listed.items():
    if f"| `{code}` | {one['status']} |" not in page:
        faults.append(f"docs/problems.md lacks {code} with status {one['status']}")
for example in api["components"]["examples"].values():
    value = example["value"]
    if isinstance(value, dict) and str(value.get("type", "")).startswith("/problems/"):
        one = listed[value["type"]]
        if (value["status"], value["title"]) != (one["status"], one["title"]):
            faults.append(f"example of {value['type']}: status or title differ")

for fault in faults:
    print(fault, file=sys.stderr)
print(f"schema/openapi.json: {len(operations)} operations, {checked} examples, {len(faults)} faults")
sys.exit(1 if faults else 0)
