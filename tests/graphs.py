#!/usr/bin/env python3
"""Holds a packet's graphs to what others say of them: the CASE graph to case_validate, the crate to the library rocrate.

    tests/graphs.py FOLDER        a packet's data/, or what `verify --render` wrote
"""
import json
import subprocess
import sys
from pathlib import Path

from rocrate.rocrate import ROCrate

folder = Path(sys.argv[1])
faults = []


def references(value):
    """Names of the objects that a value points to."""
    if isinstance(value, dict):
        if set(value) == {"@id"}:
            yield value["@id"]
        else:
            for inner in value.values():
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def dangling(graph):
    """Pointers to objects that the graph does not have."""
    own = {one["@id"] for one in graph}
    pointers = {name for one in graph for member, value in one.items() if member != "@id" for name in references(value)}
    return sorted(name for name in pointers - own if not name.startswith("https://w3id.org/ro/crate/"))


for name in ("case-uco.jsonld", "ro-crate-metadata.json"):
    graph = json.loads((folder / name).read_text())["@graph"]
    names = [one["@id"] for one in graph]
    faults += [f"{name}: {one} stands twice" for one in {one for one in names if names.count(one) > 1}]
    faults += [f"{name}: points to {one}, which is not there" for one in dangling(graph)]

validate = Path(sys.executable).with_name("case_validate")
told = subprocess.run([validate, folder / "case-uco.jsonld"], capture_output=True, text=True)
if told.returncode != 0:
    faults.append(f"case_validate: {told.stdout[-3000:]}{told.stderr[-3000:]}")

crate = ROCrate(folder)
for entity in crate.data_entities:
    if not (folder / entity.id).exists() and entity.id not in ("index.html", "packet.json", "inventory.json"):
        if not entity.id.startswith("custody/"):
            faults.append(f"ro-crate-metadata.json: {entity.id} is no file here")

print("\n".join(faults) or f"{folder}: both graphs hold")
sys.exit(bool(faults))
