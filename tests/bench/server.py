#!/usr/bin/env python3
"""Rows 1 to 10 of docs/performance.md: the running program beside its peers and the machine's limits, in one run.

  tests/bench/server.py HARNESS PROGRAM [intake|video|lists|pages|packet ...]

HARNESS is the folder of the side-by-side harness (its setup.sh was run and its servers.sh is up for intake and video);
PROGRAM a release build of casetrail. Each suite starts a demonstration of its own on a free port of loopback, drives
it over HTTP and stops it. Figures are JSON lines, as the harness writes them. Contestants take turns within a round.

Environment: BENCH_DIR as in the harness; ROUNDS (3); PACKET, items x bytes of the packet suite (1000x500000);
PAGES, captures of the long case (100000); SETTLE, seconds to wait after what earlier runs left was removed (375).
"""
import base64
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

HARNESS, PROGRAM = sys.argv[1], os.path.abspath(sys.argv[2])
SUITES = sys.argv[3:] or ["intake", "video", "lists", "pages", "packet"]
sys.path.insert(0, HARNESS)
from lib import WORK, cpu_s, emit, median, pct, rss_mb, tree  # noqa: E402  (the harness' own helpers)
import corpus  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "3"))
BOUNDARY = "casetrail-bench"


class Server:
    """A demonstration that lives as long as the block, with an investigator's and a prosecutor's token."""

    def __enter__(self):
        self.data = os.path.join(tempfile.mkdtemp(dir=os.path.join(WORK, "servers")), "data")
        log = open(os.path.join(WORK, "casetrail.log"), "w")
        self.process = subprocess.Popen(
            [PROGRAM, "demo", "--json", "--http", "--port", "0", "--data-dir", self.data],
            stdout=subprocess.PIPE, stderr=log, text=True)
        self.ready = json.loads(self.process.stdout.readline())
        self.url = self.ready["url"]
        self.case = self.ready["cases"][0]["id"]
        named = lambda role, n: [u["username"] for u in self.ready["users"] if role in u["roles"]][n]
        token = lambda name: next(word for word in subprocess.run(
            [PROGRAM, "token", "add", name, "--data-dir", self.data],
            check=True, capture_output=True, text=True).stdout.split() if word.startswith("ct_"))
        # The second prosecutor is the one whom the first case's supervisor let in.
        self.investigator, self.prosecutor = token(named("investigator", 0)), token(named("prosecutor", 1))
        with open(os.path.join(WORK, "casetrail.pid"), "w") as f:
            f.write(str(self.process.pid))
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)

    def ask(self, path, body=None, token=None):
        """One JSON call; the answer, or the problem that was told."""
        request = urllib.request.Request(self.url + path, data=None if body is None else json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {token or self.investigator}",
                                                  "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as e:
            raise SystemExit(f"{path}: {e.code} {e.read().decode(errors='replace')[:400]}")

    def harness(self, script, *args):
        """A script of the harness against this server."""
        subprocess.run([sys.executable, os.path.join(HARNESS, script), "--target", "casetrail", "--url", self.url,
                        "--case", self.case, "--key", self.investigator, "--pid", str(self.process.pid), *args],
                       check=True)


def sink(mode, port, *args):
    pid = open(os.path.join(WORK, f"sink-{mode}.pid")).read().strip()
    subprocess.run([sys.executable, os.path.join(HARNESS, "intake.py"), "--target", "sink", "--name", f"sink-{mode}",
                    "--url", f"http://127.0.0.1:{port}", "--pid", pid, *args], check=True)


def settle():
    """Clears what earlier runs left, and waits: without a journal, ext4 steps one by one over inodes that were freed within
    the last minute, and for five minutes more where their block is not written, which would be charged to whoever makes
    files next. So nothing is removed while contestants run."""
    removed = False
    for old in ("sinkdir/durable", "sinkdir/hash", "sinkdir/drop", "servers"):
        folder = os.path.join(WORK, old)
        os.makedirs(folder, exist_ok=True)
        removed = removed or bool(os.listdir(folder))
        subprocess.run(["find", folder, "-mindepth", "1", "-delete"], check=False)
    os.sync()
    if removed:
        time.sleep(float(os.environ.get("SETTLE", "375")))


def in_turns(contestants):
    """Each contestant once a round, the other way round every second one: what comes first finds the machine otherwise."""
    for n in range(ROUNDS):
        for contestant in contestants if n % 2 == 0 else reversed(contestants):
            contestant()


def intake():
    """Rows 5 and 6: photos of 200 KB at 1, 8 and 32 clients."""
    with Server() as server:
        in_turns([
            lambda: sink("durable", 58084, "--n", "960"),
            lambda: server.harness("intake.py", "--n", "960", "--name", "casetrail"),
        ])


def video():
    """Rows 7 and 8: videos of 100 MB, one and two at once, and the memory they take."""
    shape = ["--bytes", "100000000", "--n", "12", "--clients", "1,2"]
    with Server() as server:
        emit("memory", "casetrail", "idle", server_rss_mb=rss_mb(tree(server.process.pid)))
        in_turns([
            lambda: sink("durable", 58084, *shape),
            lambda: server.harness("intake.py", "--name", "casetrail", *shape),
        ])


def lists():
    """Row 9: the list of cases while nothing else runs, and while two videos arrive at a time."""
    ask = ["--op", "case_list", "--n", "1500", "--clients", "1"]
    videos = ["--bytes", "100000000", "--n", "40", "--clients", "2", "--name", "casetrail-beside-lists"]
    with Server() as server:
        for _ in range(ROUNDS):
            server.harness("api.py", *ask, "--note", "idle")
            busy = threading.Thread(target=server.harness, args=("intake.py", *videos))
            busy.start()
            time.sleep(1)
            server.harness("api.py", *ask, "--note", "beside 2 x 100 MB")
            emit("lists", "casetrail", "uploads still running at the end", running=busy.is_alive())
            busy.join()


def pages():
    """Row 10: any page of 100 of a case of 100,000 captures, eight clients at once (wrk, so that the client is cheap)."""
    count = int(os.environ.get("PAGES", "100000"))
    with Server() as server:
        server.harness("api.py", "--op", "evidence_add", "--name", "casetrail", "--n", str(count), "--clients", "32")
        script = os.path.join(WORK, "pages.lua")
        # What the disk still owes to the loading is not charged to the reading.
        os.sync()
        with open(script, "w") as f:
            f.write(LUA % (server.investigator, server.case, json.dumps(cursors(count)).replace("[", "{").replace("]", "}")))
        for clients in (1, 8):
            for _ in range(ROUNDS):
                one_wrk(server, script, clients, count)


def cursors(count):
    """Every place in the list once, in any order, as a client would hold them: a page that was looked at within the
    minute needs no new line in the access log, and would be cheaper."""
    places = list(range(count - 100))
    random.Random(1).shuffle(places)
    return [base64.urlsafe_b64encode(str(place).encode()).decode().rstrip("=") for place in places]


LUA = """
wrk.headers["Authorization"] = "Bearer %s"
local path, cursors, n, bad = "/api/v1/cases/%s/captures?limit=100&cursor=", %s, 0, 0
math.randomseed(os.time())
n = math.random(#cursors)
request = function() n = n %% #cursors + 1; return wrk.format("GET", path .. cursors[n]) end
done = function(summary, latency)
  io.write(string.format("RESULT %%d %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), summary.bytes, summary.errors.status + summary.errors.read + summary.errors.timeout))
end
"""


def one_wrk(server, script, clients, count):
    before = cpu_s(server.process.pid)
    out = subprocess.run(["wrk", "-t1", f"-c{clients}", "-d10s", "-s", script, server.url], check=True, capture_output=True, text=True).stdout
    requests, took, p50, p99, size, errors = (int(n) for n in out.split("RESULT")[1].split()[:6])
    emit("pages", "casetrail", f"page of 100 of {count} captures c={clients}", req_s=requests / took * 1e6, p50_ms=p50 / 1e3,
         p99_ms=p99 / 1e3, answer_bytes=size // max(requests, 1), errors=errors,
         server_cpu_ms_per_req=(cpu_s(server.process.pid) - before) / max(requests, 1) * 1e3)


def packet():
    """Rows 1 to 4: a packet of the harness' corpus beside bagit.py, py-wacz and the limit, made and verified."""
    items, size = (int(n) for n in os.environ.get("PACKET", "1000x500000").split("x"))
    source = os.path.join(WORK, "packet", f"src-{items}x{size}")
    corpus.make(source, items, size)
    peers = "limit-rust-1t,limit-rust-2t,bagit.py-2p+zip-0,unzip+bagit.py-2p" + (",py-wacz" if items <= 1000 else "")
    with Server() as server:
        upload_corpus(server, source)
        for _ in range(ROUNDS):
            # As in the harness, where the limit with one thread runs before that with two: what was made just before is
            # removed, and leaves its memory. On a guest whose host takes unused memory back that is a third of the time.
            os.unlink(one_packet(server, items, size, "warm-up"))
            before = one_packet(server, items, size, "export")
            beside(items, size, peers)
            # A recipient verifies what was just fetched; the peers' files lie in memory too, as they were just made.
            subprocess.run(["cat", before], check=True, stdout=subprocess.DEVNULL)
            beside(items, size, "casetrail", CASETRAIL_BIN=PROGRAM, CASETRAIL_PACKET=before, CASETRAIL_VKEY=server.ready["log_vkey"])
            os.unlink(before)


def beside(items, size, only, **environment):
    """Some contestants of the harness on the same corpus."""
    subprocess.run([sys.executable, os.path.join(HARNESS, "packet.py"), "--items", str(items), "--bytes", str(size), "--reps", "1",
                    "--only", only], check=True, env=dict(os.environ, **environment))


def upload_corpus(server, source):
    """Every file a capture of its own, eight at a time, by the harness' shape but with the corpus' bytes."""
    files = sorted(os.path.join(d, f) for d, _, names in os.walk(source) for f in names)
    queue, lock = iter(files), threading.Lock()

    def work():
        import http.client
        host = server.url.split("//")[1]
        connection = http.client.HTTPConnection(host, timeout=600)
        while True:
            with lock:
                file = next(queue, None)
            if file is None:
                return
            name = os.path.basename(file)
            capture = dict(kind="photo", platform="web", url=f"https://example.org/p/{name}", captured_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                           method="third_party", tool=dict(name="bench", version="1"), level="overt", device="agency",
                           files=[dict(part="file", name=name, role="original")])
            head = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="capture"\r\n\r\n{json.dumps(capture)}\r\n'
                    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: image/jpeg\r\n\r\n').encode()
            with open(file, "rb") as f:
                body = head + f.read() + f"\r\n--{BOUNDARY}--\r\n".encode()
            connection.request("POST", f"/api/v1/cases/{server.case}/captures", body,
                               {"Authorization": f"Bearer {server.investigator}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 201:
                raise SystemExit(f"{name}: {answer.status} {said[:300]}")
    threads = [threading.Thread(target=work) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]


def one_packet(server, items, size, what):
    """Asks for a packet, waits, and tells how long it took from `started_at` to `finished_at`."""
    # What others left for the disk to write is not charged here.
    os.sync()
    before = cpu_s(server.process.pid)
    made = server.ask(f"/api/v1/cases/{server.case}/packets", {"purpose": "internal"}, server.prosecutor)
    while made["state"] in ("queued", "building"):
        time.sleep(0.1)
        made = server.ask(f"/api/v1/packets/{made['id']}", token=server.prosecutor)
    if made["state"] != "ready":
        raise SystemExit(f"the packet ended as {made}")
    when = lambda text: time.mktime(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) + float("0." + (text[20:].rstrip("Z") or "0"))
    took = when(made["finished_at"]) - when(made["started_at"])
    emit("packet", "casetrail", f"{what} {items}x{size}", wall_s=took, mb_s=items * size / took / 1e6,
         cpu_s=cpu_s(server.process.pid) - before, server_rss_mb=rss_mb(tree(server.process.pid)))
    return os.path.join(server.data, "packets", made["id"] + ".zip")


settle()
for suite in SUITES:
    {"intake": intake, "video": video, "lists": lists, "pages": pages, "packet": packet}[suite]()
