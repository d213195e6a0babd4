#!/usr/bin/env python3
"""Holds the second verifier (verify.py) to what the first one said of every packet that the tests tampered with.

usage: verify_agrees.py FOLDER [PACKET ...]    FOLDER: what `cargo test --test proof` left in CASETRAIL_KEEP_PACKETS;
                                               PACKET: released ones, which are intact

Outcomes are the same, but where everything that failed did so under rules of which verify.py sees nothing.
"""
import json, pathlib, sys
from collections import Counter

import verify

LEAST = 1000  # Packets without which the tests were not all run.


def main(folder, released):
    said, unseen, wrong = Counter(), Counter(), []
    for file in sorted(pathlib.Path(folder).glob("*.json")):
        kept = json.loads(file.read_text())
        first = kept["report"]["outcome"]
        outcome, why = verify.verify(str(file.parent / kept["packet"]), kept["key"] and verify.vkey(kept["key"]))
        said[outcome] += 1
        failed = {finding["rule"] for finding in kept["report"]["findings"] if finding["verdict"] == "failed"}
        if outcome == first:
            continue
        if first == "failed" and failed <= set(verify.UNSEEN):
            unseen.update(failed)
            continue
        wrong.append(f"{kept['test']}: {kept['packet']} is {outcome} ({why}), and was {first} {sorted(failed)}")
    wrong += [f"no packet fails under {rule} alone any more" for rule in verify.UNSEEN if rule not in unseen]
    if sum(said.values()) < LEAST:
        wrong.append(f"{folder} holds {sum(said.values())} packets, and {LEAST} at least were expected")
    for packet in released:
        outcome, why = verify.verify(packet)
        if outcome != "signer_not_checked":
            wrong.append(f"{packet} is {outcome}: {why}")
    print("\n".join(wrong) or f"verify.py agrees on {sum(said.values())} packets {dict(said)} and {len(released)} released ones; "
          f"it sees nothing of {dict(unseen)}")
    return bool(wrong)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
