#!/usr/bin/env python3
"""Whether time tells what one may not see from what does not exist (docs/threats.md).

  tests/bench/timing.py PROGRAM [DATABASE]

PROGRAM is a build of casetrail; DATABASE an empty PostgreSQL database, else SQLite is used. A demonstration is started. An
investigator who has no part in a case asks for things of it and for ids that were made up, in turns and in random order, on
one connection. For each kind of thing the area under the curve (Mann-Whitney) is printed: 0.5 is no difference, 1 tells
them apart each time. Beside it stands the same between two halves of the made-up ids, which shows the noise of the machine.

Environment: TURNS, requests a side (1500); POOL, things a side (50).
"""
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

PROGRAM = os.path.abspath(sys.argv[1])
DATABASE = sys.argv[2:3] and ["--database", sys.argv[2]]
TURNS, POOL = int(os.environ.get("TURNS", "1500")), int(os.environ.get("POOL", "50"))


class Caller:
    def __init__(self, url, token):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=60)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, method, path, body=None, more=None):
        body = body if body is None or isinstance(body, bytes) else json.dumps(body)
        self.connection.request(method, path, body, {**self.headers, **(more or {})})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def make(self, path, body, more=None):
        status, text = self.ask("POST", path, body, more)
        if status not in (200, 201, 202):
            raise SystemExit(f"POST {path}: {status} {text[:400]}")
        return json.loads(text)


def area(a, b):
    """How likely one of `a` is above one of `b`, the other way round where that is more."""
    ranked = sorted([(value, 0) for value in a] + [(value, 1) for value in b])
    ranks = sum(rank for rank, (_, side) in enumerate(ranked, 1) if side == 0)
    found = (ranks - len(a) * (len(a) + 1) / 2) / (len(a) * len(b))
    return max(found, 1 - found)


def main():
    folder = tempfile.mkdtemp(prefix="casetrail-timing.")
    data = os.path.join(folder, "data")
    demo = subprocess.Popen([PROGRAM, "demo", "--json", "--http", "--port", "0", "--data-dir", data, *DATABASE],
                            stdout=subprocess.PIPE, stderr=open(os.path.join(folder, "log"), "w"), text=True)
    try:
        ready = json.loads(demo.stdout.readline())
        measure(ready, data)
    finally:
        demo.terminate()
        demo.wait(30)


def token(name, data):
    out = subprocess.run([PROGRAM, "token", "add", name, "--data-dir", data, *DATABASE], check=True,
                         capture_output=True, text=True).stdout
    return next(word for word in out.split() if word.startswith("ct_"))


def measure(ready, data):
    url, case = ready["url"], ready["cases"][0]["id"]
    people = [u["username"] for u in ready["users"] if "investigator" in u["roles"]]
    callers = {name: Caller(url, token(name, data)) for name in people}
    sees = {name: caller.ask("GET", f"/api/v1/cases/{case}")[0] == 200 for name, caller in callers.items()}
    worker = next(caller for name, caller in callers.items() if sees[name])
    stranger = next(caller for name, caller in callers.items() if not sees[name])
    for name, hidden, absent in things(worker, case, ready, data):
        print(json.dumps({"database": "postgresql" if DATABASE else "sqlite", "kind": name,
                          **compare(stranger, hidden, absent)}), flush=True)


def compare(stranger, hidden, absent):
    """`hidden` and `absent` are (method, path, more headers)."""
    times = {"hidden": [], "absent": [], "other": []}
    sides = {"hidden": hidden, "absent": absent[::2], "other": absent[1::2]}
    for turn in range(TURNS + 30):
        for side in random.sample(list(sides), 3):
            method, path, more = random.choice(sides[side])
            body = b"{}" if method == "PATCH" else None
            began = time.perf_counter_ns()
            status, _ = stranger.ask(method, path, body, more)
            took = time.perf_counter_ns() - began
            assert status == 404, (status, path)
            if turn >= 30:
                times[side].append(took)
    median = {side: round(statistics.median(all) / 1000, 1) for side, all in times.items()}
    return {"auc": round(area(times["hidden"], times["absent"]), 3),
            "auc_of_noise": round(area(times["other"], times["absent"]), 3),
            "hidden_us": median["hidden"], "absent_us": median["absent"]}


def things(worker, case, ready, data):
    made_up = lambda: case[:24] + os.urandom(6).hex()
    pair = lambda path, ids, method="GET", more=None: (
        [(method, path.format(id), more) for id in ids], [(method, path.format(made_up()), more) for _ in range(2 * POOL)])
    new = lambda n: worker.make("/api/v1/cases", {
        "title": f"Timing {n}", "kind": "online_crime",
        "particulars": {"offense": "threats", "victim_reference": "V-1", "platforms": ["instagram", "web"]}})["id"]
    cases = [new(n) for n in range(POOL)]
    hidden = cases[0]
    yield "case", *pair("/api/v1/cases/{}", cases)
    for name, text in (("capture", "seen by the ferry"), ("capture of 80 KB", "\U0001F525" * 20_000)):
        captures = [capture(worker, hidden, text, n) for n in range(POOL)]
        yield name, *pair("/api/v1/captures/{}", [c["id"] for c in captures])
        sha256 = captures[0]["files"][0]["sha256"]
        yield f"file of a {name}", *pair("/api/v1/files/{}/" + sha256, [c["id"] for c in captures])
        yield f"{name}, by HEAD", *pair("/api/v1/captures/{}", [c["id"] for c in captures], "HEAD")
    subjects = [worker.make(f"/api/v1/cases/{hidden}/subjects", {"name": f"P {n}", "role": "unknown"})["id"] for n in range(POOL)]
    yield "subject", [("PATCH", f"/api/v1/cases/{hidden}/subjects/{s}", {"If-Match": '"1"'}) for s in subjects], [
        ("PATCH", f"/api/v1/cases/{made_up()}/subjects/{made_up()}", {"If-Match": '"1"'}) for _ in range(2 * POOL)]
    me = json.loads(worker.ask("GET", "/api/v1/me")[1])
    day = lambda n: time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 86400 * n))
    asked = [worker.make(f"/api/v1/cases/{hidden}/authorizations", {
        "level": "overt", "holders": [me["id"]], "platforms": ["web"], "purpose": "p" * 5000, "predicate": "report 12",
        "devices": ["agency"], "starts_at": day(0), "ends_at": day(60),
        "attestations": ["not_based_solely_on_protected_activity", "no_contact"]})["id"] for _ in range(POOL)]
    yield "authorization", *pair("/api/v1/authorizations/{}", asked)
    packets = list(issued(ready, data))
    if packets:
        yield "packet", *pair("/api/v1/packets/{}", packets)
        yield "file of a packet", *pair("/api/v1/packets/{}/file", packets)


def capture(worker, case, text, n):
    said = {"kind": "post", "platform": "instagram", "url": f"https://instagram.example/p/{n}", "text": text,
            "captured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60)),
            "method": "manual_screenshot", "tool": {"name": "Chromium", "version": "156"}, "level": "overt",
            "device": "agency", "files": [{"part": "f", "role": "original", "name": "a.png"}]}
    body = b"".join([b'--b\r\nContent-Disposition: form-data; name="capture"\r\n\r\n', json.dumps(said).encode(),
                     b'\r\n--b\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n', b"\x89PNG\r\n\x1a\n",
                     str(n).encode() * 500, b"\r\n--b--\r\n"])
    return worker.make(f"/api/v1/cases/{case}/captures", body, {"Content-Type": "multipart/form-data; boundary=b"})


def issued(ready, data):
    """Packets of the demonstration's case, asked for by whoever may."""
    names = [u["username"] for u in ready["users"] if "prosecutor" in u["roles"]]
    for name in names:
        caller = Caller(ready["url"], token(name, data))
        for case in ready["cases"]:
            path = f"/api/v1/cases/{case['id']}/packets"
            status, text = caller.ask("POST", path, {"purpose": "internal"})
            if status == 202:
                yield json.loads(text)["id"]


main()
