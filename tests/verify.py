#!/usr/bin/env python3
"""A second verifier of Casetrail packets, written from docs/format/ alone, on Python's standard library.

usage: verify.py PACKET [KEY]    PACKET is a ZIP or a folder, KEY the log's vkey or a file with it

It stops at the first failure. Exit code and first word are those of docs/format/verify.md. No policy is read.
"""
import base64, hashlib, json, os, re, struct, sys, unicodedata, zlib
from datetime import datetime

# Rules of verify.md under which it sees nothing, and why.
UNSEEN = {
    "index": "the page is made by templates, which no format document holds; the manifests bind its bytes",
    "bag.how_to": "the words of HOW-TO-VERIFY.txt stand in the source alone; the issue binds their bytes",
    "exhibits.path": "the table of endings stands in the source alone; all before the ending is checked",
}
PAPERS = 3  # The last version whose words this knows.
REQUIRED = """bagit.txt bag-info.txt HOW-TO-VERIFY.txt manifest-sha256.txt tagmanifest-sha256.txt data/index.html data/packet.json
data/inventory.json data/custody/events.jsonl data/custody/records.jsonl proof/issued.json proof/between.jsonl
proof/issued.tlog-proof proof/checkpoint proof/log.vkey proof/log.pem""".split()
TAGS, PAGE = REQUIRED[:3], "data/verify.html"
LINE = 1 << 20
PACKETS = ("packet", "disclosure_link", "acknowledgement", "notice")
STATUSES = "included not_selected withheld held quarantined disposed redacted".split()
EXHIBITS = ("included", "redacted")
HELD, QUARANTINED = "held: nothing covered it when it was made, and no supervisor has decided", "quarantined by a supervisor"
NOT_ASKED, LATE = "not among the captures asked for", "received after the packet was begun"
NOT_YET = "could not leave yet when the packet was begun"
CHANGES = {f"capture.{verb}" for verb in "corrected annotated marked reviewed accepted ratified confirmed".split()}
PURPOSES = {"court_exhibits": "exhibits for a court", "discovery": "discovery", "referral": "referral",
            "supplement": "supplement to an earlier packet", "internal": "internal use"}


class Bad(Exception):
    """Something failed."""


class Unreadable(Exception):
    """It is no packet that can be read."""


def need(ok, why):
    if not ok:
        raise Bad(why)


def sha(data):
    return hashlib.sha256(data).hexdigest()


# Strict canonical JSON (event.md)

def once(pairs):
    need(len(dict(pairs)) == len(pairs), "a member's name twice")
    return dict(pairs)


def refuse(text):
    raise Bad(f"{text} is no integer")


def canonical(value, depth=0):
    need(depth <= 64, "nests too deep")
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(canonical(k) + ":" + canonical(v, depth + 1) for k, v in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item, depth + 1) for item in value) + "]"
    need(not isinstance(value, int) or abs(value) < 1 << 53, "a number beyond 2^53-1")
    return json.dumps(value, ensure_ascii=False)


def strict(data, fields=None, maybe=""):
    """The value whose strict canonical form these bytes are; an object with exactly these fields, and perhaps some more."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=once, parse_float=refuse, parse_constant=refuse)
        need(canonical(value).encode() == data, "is not canonical JSON")
    except (ValueError, RecursionError) as error:
        raise Bad(f"is no JSON: {error}") from None
    if fields is not None:
        need(isinstance(value, dict) and set(value) - set(maybe.split()) == set(fields.split()), f"has not the fields {fields}")
        need(all(value.get(field, "") is not None for field in maybe.split()), f"has a field of {maybe} that is null")
    return value


def plain(text, most=200):
    """A string of some bytes without control characters."""
    return isinstance(text, str) and 0 < len(text.encode()) <= most and not any(unicodedata.category(c) == "Cc" for c in text)


def match(pattern, text):
    return isinstance(text, str) and re.fullmatch(pattern, text, re.ASCII) is not None


WORD, HEX = "[a-z][a-z0-9_]{0,63}", "[0-9a-f]{64}"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def natural(value, least=0):
    return type(value) is int and value >= least


def is_time(text):
    if not match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text):
        return False
    try:
        return bool(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")) and text[17:19] < "60"
    except ValueError:
        return False


def event(data):
    need(len(data) <= 61440, "is too long for an event")
    e = strict(data)
    need(isinstance(e, dict), "is no event")
    attest = e.get("attest", {"-": 0})
    need(set(e) | {"attest"} == set("action actor at attest object prev record seq stream v".split()), "is no event")
    need(isinstance(attest, dict) and attest, "has an attest that is none")
    actor, thing = e["actor"], e["object"]
    need(isinstance(actor, dict) and isinstance(thing, dict) and set(thing) == {"id", "type", "version"}, "actor, object")
    kind, has = actor.get("kind"), set(actor) - {"kind"}
    person = kind == "person" and has == {"id", "role"} and match(UUID, actor["id"]) and match(WORD, actor["role"])
    other = kind in ("job", "operator") and has == {"id"} and plain(actor["id"])
    need(person or other or (kind == "anonymous" and not has), "has an actor that is none")
    need(match(f"{WORD}[.]{WORD}", e["action"]) and is_time(e["at"]) and e["v"] == 1, "action, at or v")
    need(plain(thing["id"]) and match(WORD, thing["type"]) and natural(thing["version"], 1), "has an object that is none")
    need(match(HEX, e["record"]) and natural(e["seq"]) and (e["prev"] is None) == (e["seq"] == 0), "record, seq or prev")
    need(e["prev"] is None or match(HEX, e["prev"]), "prev")
    need(match(f"(case|access):{UUID}|agency", e["stream"]), "has a stream that is none")
    return e | {"leaf": sha(b"\0" + data), "attest": e.get("attest", {})}


# Ed25519, strictly: canonical points, none of small order, no cofactor (ledger.md)

P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    (x, y, z, t), (u, v, w, s) = a, b
    e, f, g, h = (y - x) * (v - u), (y + x) * (v + u), 2 * t * s * D, 2 * z * w
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, a):
    out = (0, 1, 1, 0)
    while n:
        out, a, n = add(out, a) if n & 1 else out, add(a, a), n >> 1
    return out


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    x = x if (x * x - xx) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and (x * x - xx) % P == 0, "is no point of the curve")
    x = P - x if x & 1 != sign else x
    eighth = times(8, (x, y, 1, x * y % P))
    need(eighth[0] % P, "is a point of small order")
    return x, y, 1, x * y % P


BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def signed(public, message, signature):
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % Q
    (x, y, z, _), (u, v, w, _) = times(s, BASE), add(point(signature[:32]), times(k, point(public)))
    return s < Q and (x * w - u * z) % P == 0 and (y * w - v * z) % P == 0


def unbase(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Bad("is no base64") from None
    need(base64.b64encode(data).decode() == text, "is no canonical base64")
    return data


def is_name(name):
    return name and not any(c.isspace() or unicodedata.category(c) == "Cc" or c == "+" for c in name)


def vkey(text):
    """Name, id and public key of a log's key."""
    name, _, rest = text.partition("+")
    typed = unbase(rest.partition("+")[2])
    key_id = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
    need(is_name(name) and len(typed) == 33 and typed[0] == 1 and rest[:9] == key_id.hex() + "+", "is no log's key, or mistyped")
    point(typed[1:])
    return name, key_id, typed[1:]


def note(data):
    """Text and signature lines of a signed note, and the checkpoint in it."""
    text = data.decode()
    need(len(data) <= 65536 and not any(unicodedata.category(c) == "Cc" and c != "\n" for c in text), "is no note")
    body, blank, lines = text.rpartition("\n\n")
    need(blank and lines.endswith("\n"), "is no note")
    signatures = []
    for line in lines[:-1].split("\n"):
        dash, name, encoded = (line.split(" ") + ["", ""])[:3]
        signature = unbase(encoded)
        need(line == f"— {name} {encoded}" and is_name(name) and len(signature) > 4, "a signature line is none")
        signatures.append((name, signature[:4], signature[4:]))
    need(len(signatures) <= 64, "has too many signatures")
    origin, size, root = (body.split("\n") + ["", ""])[:3]
    need(body == f"{origin}\n{size}\n{root}" and is_name(origin) and match("0|[1-9][0-9]*", size), "is no checkpoint")
    need(len(unbase(root)) == 32, "has no root")
    return (body + "\n").encode(), signatures, (origin, int(size), unbase(root))


def vouches(key, text, signatures):
    name, key_id, public = key
    ours = [signature for signature in signatures if signature[:2] == (name, key_id)]
    need(all(len(s[2]) == 64 and signed(public, text, s[2]) for s in ours) and len(ours) <= 1, "a signature does not verify")
    return len(ours) == 1


def included(index, size, leaf, path, root):
    """RFC 9162, section 2.1.3.2."""
    fn, sn, node = index, size - 1, leaf
    need(index < size, "the leaf lies beyond the tree")
    for other in path:
        need(sn, "the proof is too long")
        if fn & 1 or fn == sn:
            node = hashlib.sha256(b"\1" + other + node).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = hashlib.sha256(b"\1" + node + other).digest()
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0 and node == root, "does not prove the issue's leaf")


# The container (packet.md)

def is_path(path):
    def segment(s):
        stem = s.partition(".")[0].lower()
        return match("[A-Za-z0-9_-]([A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?", s) and not match("con|prn|aux|nul|(com|lpt)[0-9]", stem)
    return len(path) <= 240 and all(map(segment, path.split("/")))


def rank(path):
    whole = {"manifest-sha256.txt": 2, "tagmanifest-sha256.txt": 5}.get(path)
    starts = [("data/exhibits/", 0), ("data/", 1), ("proof/", 4), ("", 3)]
    return whole or next(n for start, n in starts if path.startswith(start))


class Packet:
    """Name of the top folder, or None; every file's size, CRC-32 or None, and where its bytes lie."""

    def __init__(self, path):
        self.name, self.files, self.top, self.digests = None, {}, path, {}
        if os.path.isdir(path):
            if not any(os.path.isfile(os.path.join(path, name)) for name in REQUIRED) and not os.path.isdir(os.path.join(path, "data")):
                raise Unreadable("a folder that holds nothing of a packet")
            self.folder(path, "")
        else:
            try:
                self.file = open(path, "rb")
            except OSError as error:
                raise Unreadable(str(error)) from None
            self.zip(os.fstat(self.file.fileno()).st_size)
        lower = [name.lower() for name in self.files]
        folders = {name[:i] for name in lower for i, c in enumerate(name) if c == "/"}
        need(len(set(lower)) == len(lower) and not folders & set(lower), "two paths are one on some systems")
        need(all(map(is_path, self.files)), "a path breaks the rules")

    def folder(self, folder, above):
        items = list(os.scandir(folder))
        need(items, "an empty folder")
        for item in items:
            regular = item.is_file(follow_symlinks=False)
            need(regular or item.is_dir(follow_symlinks=False), "a link or device")
            if regular:
                self.files[above + item.name] = (item.stat().st_size, None, None)
            else:
                self.folder(item.path, above + item.name + "/")

    def at(self, offset, length):
        self.file.seek(offset)
        data = self.file.read(length)
        need(len(data) == length, "is cut off")
        return data

    def zip(self, length):
        if length < 22 or self.at(0, 4) != b"PK\3\4":
            raise Unreadable("neither a ZIP nor a folder")
        count, size, start = struct.unpack("<HII", self.at(length - 12, 10))
        if 0xFFFF == count or 0xFFFFFFFF in (size, start):
            need(length >= 98, "lacks its zip64 end record")
            count, size, start = struct.unpack("<QQQ", self.at(length - 98 + 32, 24))
        need(start + size <= length, "does not end as a ZIP")
        directory, at, offset, order, made = self.at(start, size), 0, 0, [], b""
        while at < size:
            need(len(directory) >= at + 46, "its directory is cut off")
            crc, _, large, name_length, extra_length = struct.unpack("<IIIHH", directory[at + 16:at + 32])
            name = directory[at + 46:at + 46 + name_length]
            if large == 0xFFFFFFFF:
                large = int.from_bytes(directory[at + 50 + name_length:at + 58 + name_length], "little")
            top, _, path = name.decode("ascii", "replace").partition("/")
            self.name = self.name or top
            need(top == self.name and is_path(top) and is_path(path), "a name breaks the rules")
            local, central = headers(name, large, crc, offset)
            need(directory[at:at + len(central)] == central, "a directory entry is not canonical")
            need(offset + len(local) + large <= start and self.at(offset, len(local)) == local, "a local header is not canonical")
            self.files[path] = (large, crc, offset + len(local))
            order.append((rank(path), path))
            at, offset = at + len(central), offset + len(local) + large
        need(order == sorted(set(order)) and len(order) == count and offset == start, "out of order, twice, a gap, or miscounted")
        need(self.at(start + size, length - start - size) == ending(count, size, start), "its end record is not canonical")

    def chunks(self, path):
        size, crc, offset = self.files[path]
        file = self.file if offset is not None else open(os.path.join(self.top, path), "rb")
        file.seek(offset or 0)
        check = 0
        while size:
            chunk = file.read(min(size, 1 << 18))
            need(chunk, f"{path} is cut off")
            check, size = zlib.crc32(chunk, check), size - len(chunk)
            yield chunk
        need(crc in (None, check), f"{path} has another CRC-32")
        if offset is None:
            file.close()

    def read(self, path):
        return b"".join(self.chunks(path))

    def digest(self, path):
        if path not in self.digests:
            sum_ = hashlib.sha256()
            for chunk in self.chunks(path):
                sum_.update(chunk)
            self.digests[path] = sum_.hexdigest()
        return self.digests[path]

    def lines(self, path):
        lines = self.read(path).split(b"\n")
        need(lines.pop() == b"", f"{path} does not end in LF")
        need(all(len(line) < LINE for line in lines), f"{path} has a line that is too long")
        return lines


def wide(*values):
    """The zip64 extra field with these values."""
    return struct.pack(f"<HH{len(values)}Q", 1, 8 * len(values), *values) if values else b""


def headers(name, size, crc, offset):
    low, far = min(size, 0xFFFFFFFF), min(offset, 0xFFFFFFFF)
    sizes = [size, size] if size >= 0xFFFFFFFF else []

    def common(extra):
        return struct.pack("<HHHIIIIHH", 45 if extra else 20, 0, 0, 0x210000, crc, low, low, len(name), len(extra))
    local, central = wide(*sizes), wide(*sizes, *([offset] if offset >= 0xFFFFFFFF else []))
    return (b"PK\3\4" + common(local) + name + local,
            b"PK\1\2\x2d\3" + common(central) + struct.pack("<HHHII", 0, 0, 0, 0x81A40000, far) + name + central)


def ending(count, size, start):
    out = b""
    if count >= 0xFFFF or size >= 0xFFFFFFFF or start >= 0xFFFFFFFF:
        out = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 0x32D, 45, 0, 0, count, count, size, start)
        out += b"PK\6\7" + struct.pack("<IQI", 0, start + size, 1)
    count, size, start = min(count, 0xFFFF), min(size, 0xFFFFFFFF), min(start, 0xFFFFFFFF)
    return out + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, size, start, 0)


# The walk (verify.md)

def document(packet, path, sections):
    """The rows of a JSON document by lines, by section; its bytes are made again and compared."""
    lines, found, at = packet.lines(path), {}, 1
    need(lines and lines[0] == b'{"v":1,', f"{path} does not begin as it must")
    for name, many in sections:
        last = name == sections[-1][0]
        need(at < len(lines), f"{path} ends too early")
        start = f'"{name}":'.encode()
        need(lines[at].startswith(start), f"{path} has no {name} where it belongs")
        if not many:
            need(lines[at].endswith(b","), f"{path}: {name} ends without a comma")
            found[name], at = lines[at][len(start):-1], at + 1
            continue
        need(lines[at] == start + b"[", f"{path}: {name} does not begin")
        close, rows = b"]}" if last else b"],", lines[at + 1:]
        need(close in rows, f"{path}: {name} does not end")
        rows = rows[:rows.index(close)]
        need(all(row.endswith(b",") for row in rows[:-1]) and not (rows and rows[-1].endswith(b",")), f"{path}: commas of {name}")
        found[name], at = [row.removesuffix(b",") for row in rows], at + len(rows) + 2
    need(at == len(lines), f"{path} goes on behind its end")
    return found


def ranges(text):
    runs = [[int(n) for n in (word + "-" + word if "-" not in word else word).split("-")] for word in text.split()]
    return {item for first, last in runs for item in range(first, last + 1)}


def slug(number):
    text = re.sub("[^a-z0-9]+", "-", "".join(c if c.isascii() else "-" for c in number[:60]).lower())
    return text.strip("-") or "case"


def issue(packet):
    e = event(packet.read("proof/issued.json"))
    need(e["action"] == "packet.issued" and e["object"]["type"] == "packet" and e["stream"].startswith("case:"), "is no issue")
    attest = e["attest"]
    need(set(attest) | {"evidence_sha256"} == set("evidence_sha256 head manifest_sha256 size tags through".split()), "attest")
    hexes = [attest["head"], attest["manifest_sha256"], attest.get("evidence_sha256", "0" * 64)]
    need(all(match(HEX, h) for h in hexes) and natural(attest["size"]) and natural(attest["through"]), "attest has no such values")
    need(attest["tags"] == {tag: packet.digest(tag) for tag in TAGS}, "attests other tag files")
    need(attest["manifest_sha256"] == packet.digest("manifest-sha256.txt"), "attests another manifest")
    return e


def chain(packet, issued):
    """Events up to the cut, and those between it and the issue."""
    both = [[event(line) for line in packet.lines(path)] for path in ("data/custody/events.jsonl", "proof/between.jsonl")]
    before = None
    for e in [*both[0], *both[1], issued]:
        prev, seq, at = (before["leaf"], before["seq"] + 1, before["at"]) if before else (None, 0, "")
        need((e["stream"], e["seq"], e["prev"]) == (issued["stream"], seq, prev) and at <= e["at"], "an event does not continue the chain")
        before = e
    through, head = issued["attest"]["through"], issued["attest"]["head"]
    need(both[0] and (both[0][-1]["seq"], both[0][-1]["leaf"]) == (through, head), "does not end at the cut")
    return both


def log(packet, issued, head, key):
    checkpoint, proof = packet.read("proof/checkpoint"), packet.read("proof/issued.tlog-proof")
    need(proof.endswith(b"\n\n" + checkpoint), "the proof holds another checkpoint")
    lines = proof[:-len(checkpoint) - 1].decode().split("\n")[:-1]
    extra = 1 if len(lines) > 1 and lines[1].startswith("extra ") else 0
    need(not extra or unbase(lines[1][6:]) is not None, "extra")
    need(lines[0] == "c2sp.org/tlog-proof@v1" and match("index (0|[1-9][0-9]*)", lines[1 + extra]), "is no tlog-proof")
    path = [unbase(line) for line in lines[2 + extra:]]
    need(all(len(other) == 32 for other in path), "has hashes that are none")
    text, signatures, (origin, size, root) = note(checkpoint)
    own = packet.read("proof/log.vkey").decode()
    name, key_id, public = vkey(own.removesuffix("\n"))
    need(own.endswith("\n") and name == origin == head["origin"], "key, checkpoint and packet name different logs")
    der = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + public).decode()
    need(packet.read("proof/log.pem").decode() == f"-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n", "log.pem is another key")
    need(vouches((name, key_id, public), text, signatures), "the checkpoint is not signed by the key shown")
    included(int(lines[1 + extra][6:]), size, bytes.fromhex(issued["leaf"]), path, root)
    if key is not None:
        need(key[0] == origin and vouches(key, text, signatures), "the checkpoint is not signed by the key given")


class Custody:
    """Events, records, inventory, and what follows from them."""

    def __init__(self, packet, issued):
        self.issued, self.case = issued, issued["stream"].removeprefix("case:")
        self.events, self.between = chain(packet, issued)
        self.recorded = [e for e in self.events if e["action"] == "capture.recorded"]
        self.items = {e["object"]["id"]: item for item, e in enumerate(self.recorded, 1)}
        need(all(e["object"]["type"] == "capture" for e in self.recorded), "records no capture")
        need(len(self.items) == len(self.recorded), "records a capture twice")
        self.inventory(packet)
        self.records(packet)
        self.statuses()

    def about(self, kind, thing, events=None):
        events = self.events if events is None else events
        return [e for e in events if (e["object"]["type"], e["object"]["id"]) == (kind, thing)]

    def inventory(self, packet):
        rows = document(packet, "data/inventory.json", [("captures", True)])["captures"]
        self.rows = [strict(row, "captured_at id item kind status why", "description excluded") for row in rows]
        for row in self.rows:
            texts = [row["id"], row["kind"], row["status"], row["captured_at"] or "", row["why"] or ""]
            need(all(isinstance(text, str) for text in texts) and natural(row["item"]) and row["status"] in STATUSES, "a row is none")
            need(row["why"] != "" and row["captured_at"] != "", "a row is none")
        listed = [(row["id"], row["item"]) for row in self.rows]
        need(listed == list(self.items.items()), "does not list every capture once, in order")
        need(len(listed) == self.issued["attest"]["size"], "another number of captures is attested")
        self.status = {row["id"]: row["status"] for row in self.rows}

    def records(self, packet):
        lines = packet.lines("data/custody/records.jsonl")
        need(len(lines) == len(self.events), "records.jsonl has not a line an event")
        self.record, self.number, self.request = {}, "", None
        for e, line in zip(self.events, lines):
            row, thing = strict(line), e["object"]
            need(isinstance(row, dict) and row.get("leaf") == e["leaf"], "a record does not belong to the next event")
            status = None
            if thing["type"] == "capture":
                need(thing["id"] in self.status, "is about a capture that no event recorded")
                status = self.status[thing["id"]]
            if thing["type"] in ("exhibit_list", "evidence_request"):
                need(row == {"leaf": e["leaf"], "withheld": "withheld"}, "shows a working paper")
                continue
            if thing["type"] in PACKETS and "withheld" in row:
                need(row == {"leaf": e["leaf"], "withheld": "other_packet"}, "withholds a record of a packet under another class")
                continue
            if thing["type"] == "derivative" and "withheld" in row:
                need(row == {"leaf": e["leaf"], "withheld": "not_selected"}, "withholds a derivative under another class")
                continue
            if status not in (None, "included"):
                need(row == {"leaf": e["leaf"], "withheld": status}, "is not withheld under its status")
                continue
            need(set(row) == {"leaf", "record", "salt"} and isinstance(row["record"], dict) and match(HEX, row["salt"]), "is no record")
            bound = canonical({"record": row["record"], "salt": row["salt"]})
            need(sha(bound.encode()) == e["record"], "is not the record that its event bound")
            self.record[e["leaf"]] = record = row["record"]
            if thing["type"] == "case" and e["action"].startswith("case."):
                self.number = record.get("number") if isinstance(record.get("number"), str) else ""
            if e["action"] == "packet.requested" and thing == self.issued["object"] | {"version": thing["version"]}:
                need(self.request is None, "asks for this packet twice")
                self.request, self.asked, self.number_then = record, e["seq"], self.number
            if e["action"] == "capture.recorded":
                self.capture(record, e, self.rows[self.items[thing["id"]] - 1])
            if e["action"] == "derivative.made":
                self.derivative(record, e)
        need(self.request is not None, "nothing asks for this packet")
        self.packets()
        asked = [row for row in self.request.get("redactions", []) if isinstance(row, dict)]
        self.redactions = {row.get("capture"): row.get("derivatives") for row in asked}
        named = {one for row in asked for one in row.get("derivatives", [])}
        made = [e for e in self.events if e["action"] == "derivative.made"]
        need(len({e["object"]["id"] for e in made}) == len(made), "records a derivative twice")
        for e in made:
            attest = e.get("attest", {})
            file = attest.get("file")
            need(e["object"]["type"] == "derivative" and isinstance(attest.get("capture"), str), "attests no capture")
            need(file is None or match(HEX, file.get("parent")) and match(HEX, file.get("sha256")), "attests no file")
            beside = attest.get("kind") == "duplicate" and self.request.get("duplicates") is True and self.status.get(attest["capture"]) == "included"
            shown = e["leaf"] in self.record
            need(shown == (e["object"]["id"] in named) or shown and beside, "shows other derivatives than the request names")

    def packets(self):
        """Records of packets and of their ways are shown of this packet and of those that it supplements."""
        asks = {e["object"]["id"]: self.record[e["leaf"]] for e in self.events if e["action"] == "packet.requested" and e["leaf"] in self.record}
        lineage, one = set(), self.issued["object"]["id"]
        while one is not None and one not in lineage:
            lineage.add(one)
            one = (asks.get(one, {}).get("supplement_of") or {}).get("id")
        every = self.papers() is None or self.papers() < 3
        for e in self.events:
            if e["object"]["type"] in PACKETS:
                record = self.record.get(e["leaf"])
                of = (record or {}).get("packet_id", e["object"]["id"])
                need((record is not None) == (every or of in lineage), "shows records of other packets than those that it supplements")

    def capture(self, record, e, row):
        files = record.get("files")
        need((record.get("id"), record.get("case_id")) == (e["object"]["id"], self.case), "names another capture or case")
        need(isinstance(files, list) and all(isinstance(f, dict) for f in files), "has no files")
        files = [{field: f.get(field) for field in ("role", "sha256", "size")} for f in files]
        need(files == e["attest"].get("files", []), "lists other files than its event attests")
        need(all(record.get(field) == row[field] for field in ("item", "kind", "captured_at")), "is listed otherwise")

    def derivative(self, record, e):
        file, capture = record.get("file"), record.get("capture")
        bound = file and {field: file.get(field) for field in ("parent", "sha256", "size")}
        need((record.get("id"), record.get("case_id")) == (e["object"]["id"], self.case), "names another derivative or case")
        need(isinstance(capture, dict) and capture.get("id") == e["attest"].get("capture"), "names another capture")
        need((record.get("kind") == "duplicate") == (e["attest"].get("kind") == "duplicate"), "is of another kind than its event attests")
        need(bound == e["attest"].get("file"), "names another parent or file than its event attests")

    def statuses(self):
        may_leave = ranges(self.request["may_leave"]) if "may_leave" in self.request else None
        named = isinstance(self.request.get("captures"), list)
        decides = dict.fromkeys("accepted ratified confirmed reviewed".split(), "leaves")
        decides |= dict.fromkeys("quarantined repudiated".split(), "kept")
        for row, recorded in zip(self.rows, self.recorded):
            verb = lambda e: e["action"].removeprefix("capture.")
            at_cut, later = self.about("capture", row["id"]), self.about("capture", row["id"], self.between)
            decisions = ["undecided"] + [decides[verb(e)] for e in at_cut if verb(e) in decides]
            stood = {decisions[-1]} | {decides[verb(e)] for e in later if verb(e) in decides}
            freed = max(e["seq"] for e in at_cut + later if verb(e) in ("recorded", "accepted", "ratified"))
            told = may_leave is not None and recorded["seq"] < self.asked
            late = freed > self.asked
            could = late or not told or row["item"] in may_leave
            could_not = not (told and row["item"] in may_leave)
            logged = self.record.get(recorded["leaf"], {}).get("state") == "logged"
            need((row["id"] in self.redactions) == (row["status"] == "redacted"), f"item {row['item']} is redacted, and was not asked for so")
            may, why = {
                "redacted": (could and stood & {"undecided", "leaves"}, [None]),
                "included": (could and ("leaves" in stood or ("undecided" in stood and logged)), [None]),
                "held": (could_not and "undecided" in stood, [HELD]),
                "quarantined": ("kept" in stood, [QUARANTINED]),
                "not_selected": ((could if named else could_not and late) and stood & {"undecided", "leaves"},
                                 [NOT_ASKED] if named else [LATE, NOT_YET]),
            }.get(row["status"], (False, []))
            need(may, f"item {row['item']} has a status that does not follow")
            need(row["why"] in why or self.papers() is None, f"item {row['item']} gives another reason")
            for field, rows, word in (("description", "schedule", "description"), ("excluded", "excluded", "why")):
                said = [other.get(word) for other in self.request.get(rows, []) if other.get("capture") == row["id"]]
                need(row.get(field) == (said[-1] if said else None), f"item {row['item']} is described otherwise than in the request")

    def papers(self):
        """The version of the papers that the request binds."""
        return self.request.get("papers", 1) if isinstance(self.request.get("organization"), str) else None


RULES = ("902-11", "902-13", "902-14")
PDF = r"data/(exhibits|report|certificates/902-(11|13|14)(-form)?)(-[0-9]+-of-[0-9]+)?\.pdf"


def pdf_paths(paper, volumes, most):
    """Where the volumes of a paper lie."""
    need(natural(volumes) and volumes > 0, "pdf is none")
    return [f"data/{paper}.pdf"] if volumes == 1 else [
        f"data/{paper}-{volume:0{len(str(volumes))}}-of-{volumes}.pdf" for volume in range(1, min(volumes, most) + 1)]


def shaped(value, fields, maybe=""):
    """An object with exactly these fields, and perhaps some more."""
    need(isinstance(value, dict) and set(value) - set(maybe.split()) == set(fields.split()), f"has not the fields {fields}")
    need(all(value.get(field, "") is not None for field in maybe.split()), f"has a field of {maybe} that is null")


def drafts(pdf, request):
    """Drafts of certificates are those asked for; gives the volumes of each copy."""
    named = (pdf or {}).get("certificates")
    if named is None:
        need(request.get("certificates") is None, "certificates are not what the request says")
        return {}
    shaped(named, "clock jurisdiction rules software templates", "hearing_on")
    asked = {"rules": list(named["rules"]), "jurisdiction": named["jurisdiction"], **{k: v for k, v in named.items() if k == "hearing_on"}}
    need(request.get("certificates") == asked, "certificates are not what the request says")
    need(named["rules"] and set(named["rules"]) <= set(RULES), "drafts of certificates for no rule")
    need(all(match("[0-9a-f]{64}", digest) for digest in named["templates"].values()), "a template's digest is none")
    for run in named["software"]:
        shaped(run, "binary configuration first_started_at last_started_at starts version")
    if named["clock"] is not None:
        shaped(named["clock"], "at offset source")
    return {f"certificates/{rule}{copy}": volumes for rule, volumes in named["rules"].items() for copy in ("-form", "")}


def content(packet, custody):
    """packet.json says what the records say; gives its head."""
    sections = [("packet", False), ("case", False), *((name, True) for name in "subjects accounts authorizations exhibits".split())]
    found, request, issued = document(packet, "data/packet.json", sections), custody.request, custody.issued
    fields = "cut demo id name origin product purpose recipient requested_at requested_by"
    papers = custody.papers()
    head = strict(found["packet"], fields if papers is None else fields + " pages papers", "duplicates exhibit_list pdf profiles supplement_of")
    for field in ("duplicates", "profiles"):
        need(head.get(field) == request.get(field), f"{field} is not what the request says")
    need(head.get("exhibit_list") == request.get("exhibit_list"), "exhibit_list is not what the request says")
    earlier = head.get("supplement_of")
    need(earlier == request.get("supplement_of"), "supplement_of is not what the request says")
    if earlier is not None:
        need(set(earlier) == {"id", "name", "leaf", "manifest_sha256", "through"}, "supplement_of is none")
        issues = [e for e in custody.events if e["leaf"] == earlier["leaf"] and e["action"] == "packet.issued" and e["seq"] < custody.asked]
        need(issues and issues[0]["object"] == {"type": "packet", "id": earlier["id"], "version": issues[0]["object"]["version"]}, "supplements no packet")
        attest = issues[0].get("attest", {})
        need((attest.get("manifest_sha256"), attest.get("through")) == (earlier["manifest_sha256"], earlier["through"]), "supplements another packet")
    pdf = head.get("pdf")
    need(pdf is None or (papers or 0) >= 3 and isinstance(pdf, dict) and set(pdf) - {"certificates"} == {"exhibits", "report", "typesetter"}, "pdf is none")
    papers_named = {**{paper: pdf[paper] for paper in ("exhibits", "report") if pdf}, **drafts(pdf, request)}
    volumes = {path for paper, number in papers_named.items() for path in pdf_paths(paper, number, len(packet.files))}
    need({path for path in packet.files if match(PDF, path)} == volumes, "papers in PDF are missing, or there where none are named")
    need((PAGE in packet.files) == ((papers or 0) >= 3), "verify.html is missing, or there where it does not belong")
    need(head.get("papers") == papers and isinstance(head.get("pages", ""), str), "papers or pages are not those bound")
    cut = {"stream": issued["stream"], "seq": issued["attest"]["through"], "leaf": issued["attest"]["head"]}
    need(head["id"] == issued["object"]["id"] == request.get("id") and head["cut"] == cut, "is another packet, or has another cut")
    need(request.get("case_id") == custody.case, "the request is of another case")
    for field in ("purpose", "recipient", "requested_at", "requested_by"):
        need(head[field] == request.get(field), f"{field} is not what the request says")
    need(isinstance(head["requested_by"], dict) and set(head["requested_by"]) == {"id", "name"} and is_time(head["requested_at"]), "the request is none")
    need(head["demo"] is head["origin"].startswith("casetrail.demo/"), "demo does not fit the origin")
    need(match("casetrail [A-Za-z0-9.+-]{1,40}", head["product"]), "is of another product")
    second = re.sub("[-:]", "", head["requested_at"][:19])
    need(head["name"] == f"{slug(custody.number_then)}-{second}Z" and packet.name in (None, head["name"]), "has another name")
    for kind, rows in [("case", [found["case"]]), *((name[:-1], found[name]) for name in "subjects accounts authorizations".split())]:
        last = {e["object"]["id"]: e for e in custody.events if e["object"]["type"] == kind and e["action"].startswith(kind + ".")}
        need(len(rows) == len(last), f"a {kind} is left out or made up")
        for (thing, e), line in zip(sorted(last.items()), rows):
            row = strict(line, "events leaf record" if kind == "authorization" else "leaf record")
            need(row["leaf"] == e["leaf"] and row["record"] == custody.record[e["leaf"]], f"a {kind} is not its last version")
            need(row["record"].get("id") == thing and (kind != "case" or thing == custody.case), f"a {kind} has another id")
            need(kind != "authorization" or row["events"] == [e["leaf"] for e in custody.about(kind, thing)], "its events are others")
    need(head.get("duplicates", True) is True and set(head.get("profiles", ["jers"])) <= {"jers", "loadfile"}, "duplicates or profiles are none")
    profiles(packet, head, exhibits(packet, custody, head, found["exhibits"]))
    return head


def exhibits(packet, custody, head, lines):
    """Every exhibit is what was recorded; gives their rows."""
    order = [row["id"] for row in custody.rows if row["status"] in EXHIBITS]
    hidden = {file["sha256"] for capture in custody.redactions for file in recorded_files(custody, capture)}
    named, paths, rows, listed = custody.request.get("captures"), set(), [], set()
    need(not isinstance(named, list) or sorted(named) == sorted(order), "exhibits are not those asked for")
    order = named if isinstance(named, list) else order
    need(len(lines) == len(order), "an exhibit is missing, or one too many")
    for number, (capture, line) in enumerate(zip(order, lines), 1):
        row, events = strict(line, "capture current events exhibit files item leaf record", "number title description since redactions duplicates unfit examination"), custody.about("capture", capture)
        recorded = custody.recorded[custody.items[capture] - 1]
        rows.append(row)
        redactions = row.get("redactions")
        need(("duplicates" in row) == ("duplicates" in head and redactions is None), "lists duplicates otherwise than it was asked for")
        need((redactions is not None) == (capture in custody.redactions), "an exhibit is redacted otherwise than it was asked for")
        record = {"files": []} if redactions is not None else custody.record[recorded["leaf"]]
        asked = dict(enumerate(custody.request.get("exhibits", []), 1)).get(number, {})
        need(all(row.get(field) == asked.get(field) for field in ("number", "title", "description")), "an exhibit has other words for the court")
        since, earlier = row.get("since"), custody.request.get("supplement_of")
        need(since == dict(enumerate(custody.request.get("since") or [], 1)).get(number), "an exhibit is new otherwise than the request says")
        need(since in ((None,) if earlier is None else ("added", "changed")), "an exhibit is new since nothing")
        need(since != "changed" or any(e["action"] in CHANGES and e["seq"] > earlier["through"] for e in events), "nothing changed an exhibit")
        need((row["exhibit"], row["capture"], row["item"]) == (number, capture, custody.items[capture]), "exhibits are out of order")
        need(row["leaf"] == recorded["leaf"] and row["record"] == (None if redactions is not None else record), "an exhibit is not what was recorded")
        need(row["events"] == [{field: e[field] for field in ("leaf", "seq", "action")} for e in events], "its events are others")
        corrected = [e["leaf"] for e in events if e["action"] == "capture.corrected" and redactions is None]
        current = {"leaf": corrected[-1], "record": custody.record[corrected[-1]]} if corrected else None
        need(row["current"] == current, "its latest correction is not shown")
        examined = [e["leaf"] for e in events if e["action"] == "capture.examined" and redactions is None]
        examination = {"leaf": examined[-1], "record": custody.record[examined[-1]]} if examined else None
        need(row.get("examination") == examination and ("examination" in row) == bool(examined), "its latest examination is not shown")
        if redactions is not None:
            for path, size, digest in redacted(custody, row, recorded):
                need(path in packet.files and path not in paths, f"{path} is missing, or there twice")
                need((packet.files[path][0], packet.digest(path)) == (size, digest), f"{path} has other bytes")
                paths.add(path)
            continue
        need(isinstance(row["files"], list) and len(row["files"]) == len(record["files"]), "its files are others")
        for place, (file, bound) in enumerate(zip(row["files"], record["files"]), 1):
            shown = {field: bound.get(field) for field in ("role", "sha256", "size", "name", "media_type")}
            withheld = bound.get("withheld")
            path = file.get("path") if isinstance(file, dict) else None
            shown |= {"path": path} | ({"withheld": withheld} if path is None else {})
            need(file == shown and (path is None) == (withheld is not None), "a file is not what was recorded")
            if path is not None:
                start = f"data/exhibits/{number:03}/{place:02}-{bound['role']}."
                need(match(re.escape(start) + "([a-z0-9]{1,8}|w?arc[.]gz)", path) and path in packet.files, f"{path} is missing or misnamed")
                need((packet.files[path][0], packet.digest(path)) == (bound["size"], bound["sha256"]), f"{path} has other bytes")
                paths.add(path)
        for made, file in duplicates(custody, head, row):
            path = file["path"]
            need(path in packet.files and path not in paths and made not in listed, f"{path} is missing, or there twice")
            need((packet.files[path][0], packet.digest(path)) == (file["size"], file["sha256"]), f"{path} has other bytes")
            paths.add(path)
            listed.add(made)
    shown = {e["leaf"] for e in custody.events if e["action"] == "derivative.made" and e["attest"].get("kind") == "duplicate"} & set(custody.record)
    need(shown == listed, "the record of a duplicate is shown that no exhibit lists")
    need(paths == {path for path in packet.files if path.startswith("data/exhibits/")}, "no exhibit names a file")
    need(not any(packet.digest(path) in hidden for path in paths), "a file is there that a redacted exhibit withholds")
    return rows


# What lies beside the originals (packet.md)

CONVERTED = {
    "image/jpeg": ("jpg", "image/avif image/heic image/heif image/tiff image/webp", "image/png"),
    "video/mp4": ("mp4", """application/ogg application/vnd.ms-asf video/3gpp video/3gpp2 video/mp2t video/mpeg video/ogg video/quicktime
        video/webm video/x-flv video/x-matroska video/x-ms-wmv video/x-msvideo""", "video/x-m4v"),
    "audio/mpeg": ("mp3", """audio/aac audio/ac3 audio/amr audio/matroska audio/ogg audio/opus audio/x-aiff audio/x-caf audio/x-flac
        audio/x-ms-wma""", "audio/m4a audio/mp4"),
}
SHOWN = """application/pdf audio/m4a audio/mp4 audio/mpeg audio/x-wav image/bmp image/gif image/jpeg image/png text/plain video/mp4
    video/x-m4v""".split()


def wants(media_type, head):
    """The type of the duplicate that a file wants, None for none, or "" where nothing is made of it."""
    for format, (_, types, more) in CONVERTED.items():
        if media_type in types.split() or "jers" in head.get("profiles", []) and media_type in more.split():
            return format
    return None if media_type in SHOWN else ""


def duplicates(custody, head, row):
    """Holds the duplicates of an exhibit to the events that made them; gives leaf and file of each."""
    found, places = [], []
    for one in row.get("duplicates", []):
        shaped(one, "of", "file made lacks")
        need(natural(one["of"], 1) and one["of"] <= len(row["files"]), "a duplicate is of no file")
        of, file, made = row["files"][one["of"] - 1], one.get("file"), one.get("made")
        need(of["path"] is not None, "a duplicate is of a file that is withheld")
        places.append(one["of"])
        if file is None or made is None:
            need(set(one) == {"of", "lacks"} and isinstance(one["lacks"], str) and one["lacks"], "neither a duplicate nor a reason")
            continue
        need("lacks" not in one, "a duplicate and a reason")
        shaped(made, "leaf record")
        need(isinstance(made["record"], dict) and custody.record.get(made["leaf"]) == made["record"], "a duplicate is not what was recorded")
        event = next(e for e in custody.events if e["leaf"] == made["leaf"])
        need(event["object"]["type"] == "derivative" and event["attest"].get("kind") == "duplicate", "is no duplicate")
        need(event["attest"]["capture"] == row["capture"] and event["attest"]["file"]["parent"] == of["sha256"], "a duplicate is of another file")
        listed, capture, bound = custody.rows[custody.items[row["capture"]] - 1], made["record"]["capture"], made["record"]["file"]
        need(all(capture.get(field) == listed[field] for field in ("item", "kind", "captured_at")), "a duplicate tells of it otherwise")
        want = wants(of["media_type"] or "", head)
        need(bound.get("media_type") == ("video/mp4" if want is None and of["media_type"] == "video/mp4" else want), "is of another format")
        path = f"data/exhibits/{row['exhibit']:03}/{one['of']:02}-duplicate.{CONVERTED[bound['media_type']][0]}"
        expected = {field: bound.get(field) for field in ("sha256", "size", "media_type")} | {"path": path, "role": "derivative", "name": None}
        need(file == expected, "a duplicate's file is not the one recorded")
        found.append((made["leaf"], file))
    need(places == sorted(set(places)), "duplicates are out of order")
    due = {n for n, file in enumerate(row["files"], 1) if file["path"] is not None and wants(file["media_type"] or "", head) is not None}
    need("duplicates" not in row or due <= set(places), "a file that wants a duplicate has neither it nor a reason")
    return found


JERS = {"3gp": "3gpp", "jpeg": "jpg", "tiff": "tif"} | {e: e for e in "avi bmp gif jpg mp3 mp4 mpg pdf tif wav wma wmv".split()}
FIELDS = """BEGDOC ENDDOC BEGATTACH ENDATTACH EXHIBIT TITLE DESCRIPTION ITEM KIND CAPTURED URL AUTHOR FILENAME MEDIATYPE SIZE SHA256 NATIVE
    DUPLICATE REDACTED""".split()
IMAGES = "image/bmp image/gif image/jpeg image/png image/tiff".split()


def ending_of(path):
    return path.split("/")[-1].partition(".")[2]


def plain_letters(text):
    def plain(c):
        first = unicodedata.normalize("NFD", c)[0]
        for start, end, sign in ((0x201C, 0x201E, '"'), (0x2018, 0x201A, "'"), (0x2010, 0x2015, "-")):
            if start <= ord(c) <= end:
                return sign
        return first if 0xC0 <= ord(c) <= 0x17F and first.isascii() and first.isalpha() else c
    return "".join(map(plain, text))


def described(row):
    """An exhibit for the name of a file, and for a list."""
    kind = told(row).get("kind")
    other = f"{kind if isinstance(kind, str) else 'exhibit'} item {row['item']}"

    def line(text):
        text = "".join("/" if c == "|" else c if " " <= c <= "~" else "?" for c in plain_letters(" ".join(text.split())))
        return text[:200].rstrip(" ")

    def name(text):
        return re.sub("[^A-Za-z0-9]+", "-", plain_letters(text)).removeprefix("-")[:60].rstrip("-")
    title, mark = row.get("title") or "", "REDACTED " if row.get("redactions") is not None else ""
    own, said = (title, title) if name(title) else (other, untitled(row))
    return name(mark + own), line(mark + said)


def untitled(row):
    """An exhibit that nobody gave a title."""
    record = told(row)
    text = lambda field: record.get(field) if isinstance(record.get(field), str) else None
    platform, handle, captured = text("platform"), author(record), text("captured_at")
    return ((text("kind") or "exhibit") + (f" on {platform}" if platform not in (None, "other") else "")
            + (f" by {handle}" if handle is not None else "") + (f", captured {captured[:10]}" if captured else "") + f", item {row['item']}")


def author(record):
    account = record.get("account")
    handle = account.get("handle") if isinstance(account, dict) else None
    return handle if isinstance(handle, str) else None


def told(row):
    """What is told of an exhibit's capture, as it was corrected last."""
    if row.get("current") is not None:
        return row["current"]["record"]
    return row["record"] if row.get("redactions") is None else row["redactions"][0]["record"].get("told", {})


def beside(row, place):
    return next((one["file"] for one in row.get("duplicates", []) if one["of"] == place and "file" in one), None)


def jers(row):
    """Of each file that lies in the packet its place, and what JERS takes of it."""
    for place, file in enumerate(row["files"], 1):
        copy = beside(row, place)
        order = (copy, file) if copy and copy["media_type"] == file["media_type"] else (file, copy)
        both = [one for one in order if one and ending_of(one["path"] or "") in JERS]
        if file["path"] is not None:
            yield place, both[0] if both else None


def unfit(row, head):
    """What the profiles cannot take of an exhibit."""
    for profile in head.get("profiles", []):
        if all(file["path"] is None for file in row["files"]):
            yield {"profile": profile, "says": "no file of the exhibit lies in the packet"}
        for place, file in jers(row) if profile == "jers" else ():
            document = file and JERS[ending_of(file["path"])] in ("bmp", "gif", "jpg", "pdf", "tif")
            if file is None:
                says = "JERS takes no file of this format, and no duplicate of it lies in the packet: it is left out there"
            elif file["size"] > (50 if document else 500) << 20:
                says = f"JERS takes {'documents' if document else 'sound and video'} of at most {50 if document else 500} MB"
            else:
                continue
            yield {"profile": profile, "of": place, "says": says}


def profiles(packet, head, rows):
    """Folders of profiles hold copies of the exhibits' files and lists that follow from packet.json, and nothing else."""
    copies, lists, names = {}, {}, set()
    asked = head.get("profiles", [])
    if "jers" in asked:
        lists["data/profiles/jers/Exhibits.txt"] = ""
    if "loadfile" in asked:
        lists["data/profiles/loadfile/loadfile.dat"] = "\ufeff" + dat(FIELDS)
        lists["data/profiles/loadfile/loadfile.opt"] = ""
    for row in rows:
        need(row.get("unfit", []) == list(unfit(row, head)) and row.get("unfit") != [], "unfit is not what follows from its files")
        if "jers" in asked:
            number = row.get("number") or str(row["exhibit"])
            first = re.search("[0-9]", number).start()
            digits, _, part = number[first:].partition("-")
            number, part = (re.sub("[^A-Za-z0-9]", "", text) for text in (number[:first] + digits, part))
            taken = [file for _, file in jers(row) if file]
            (name, line), many = described(row), len(taken) > 1
            for n, file in enumerate(taken, 1):
                own = f"{part}{n}" if many else part
                start = f"{number}{'-' if own else ''}{own}_{name}"
                tries = [start] + [f"{start}-{more}" for more in range(2, len(names) + 3)]
                path = next(f"{one}.{JERS[ending_of(file['path'])]}" for one in tries if f"{one}.{JERS[ending_of(file['path'])]}".lower() not in names)
                names.add(path.lower())
                copies["data/profiles/jers/" + path] = file
                lists["data/profiles/jers/Exhibits.txt"] += f"{number}{f'({own})' if own else ''}|{line}|{path}\r\n"
            for one in unfit(row, {"profiles": ["jers"]}):
                if " of at most " not in one["says"]:
                    file = f"file {one['of']}: " if "of" in one else ""
                    lists.setdefault("data/profiles/jers/Left-out.txt", "")
                    lists["data/profiles/jers/Left-out.txt"] += f"{number}{f'({part})' if part else ''}|{line}|{file}{one['says']}\r\n"
        if "loadfile" in asked:
            documents = [(place, file) for place, file in enumerate(row["files"], 1) if file["path"] is not None]
            ids = [f"EX{row['exhibit']:03}-{file['path'].split('/')[-1].partition('-')[0]}" for _, file in documents]
            for own, (place, file) in zip(ids, documents):
                copy, record = beside(row, place), told(row)
                paths = [f"natives/{own}.{ending_of(file['path'])}"]
                paths += [f"natives/{own}-duplicate.{ending_of(copy['path'])}"] if copy else []
                copies |= {f"data/profiles/loadfile/{path}": one for path, one in zip(paths, (file, copy))}
                text = lambda field: record.get(field) if isinstance(record.get(field), str) else ""
                captured = "".join(c for c in text("captured_at")[:10] if c in "0123456789")
                lists["data/profiles/loadfile/loadfile.dat"] += dat([
                    own, own, ids[0], ids[-1], row.get("number") or str(row["exhibit"]), untitled(row) if row.get("title") is None else row["title"],
                    text("text")[:1000] if row.get("description") is None else row["description"],
                    str(row["item"]), text("kind"), captured, text("url"), author(record) or "", file["name"] or "", file["media_type"] or "", str(file["size"]), file["sha256"],
                    paths[0].replace("/", "\\"), paths[1].replace("/", "\\") if copy else "",
                    "Y" if row.get("redactions") is not None else ""])
                image = [path for path, one in reversed(list(zip(paths, (file, copy)))) if one["media_type"] in IMAGES]
                if image:
                    path = image[0].replace("/", "\\")
                    lists["data/profiles/loadfile/loadfile.opt"] += f"{own},CT001,{path},Y,,,1\r\n"
    there = {path for path in packet.files if path.startswith("data/profiles/")}
    need(there == set(copies) | set(lists), "a profile lacks a file, or has one too many")
    for path, file in copies.items():
        need((packet.files[path][0], packet.digest(path)) == (file["size"], file["sha256"]), f"{path} is another file")
    for path, text in lists.items():
        need(packet.read(path) == text.encode(), f"{path} is another list")


def dat(values):
    """A record of a load file."""
    def clean(text):
        text = text.replace("\r\n", "\n").replace("þ", "th").replace("\n", "®").replace("\r", "®")
        return "".join(" " if unicodedata.category(c) == "Cc" else c for c in text)
    return "\x14".join(f"þ{clean(value)}þ" for value in values) + "\r\n"


def recorded_files(custody, capture):
    """The files of a capture as its event attests them."""
    need(capture in custody.items, "a capture is redacted that no event recorded")
    return custody.recorded[custody.items[capture] - 1].get("attest", {}).get("files", [])


def recipe_fits(record):
    """Whether the recipe of a redaction can be that of its copy."""
    recipe, kind = record.get("recipe", {}), (record.get("file") or {}).get("media_type", "")
    own = [name for name in ("picture", "pages", "times", "sanitized") if name in recipe]
    if record.get("kind") != ("sanitized" if "sanitized" in recipe else "redaction") or len(own) > 1:
        return False

    def lies(one):
        page = one.get("page")
        if ("pages" in recipe) != ("page" in one) or page is not None and not 0 < page <= len(recipe["pages"]):
            return False
        size = recipe["pages"][page - 1] if page is not None else recipe["picture"]
        return all(one[long] > 0 and one[at] + one[long] <= size[long] for at, long in (("x", "width"), ("y", "height")))

    boxes = recipe.get("boxes", [])
    if own in (["picture"], ["pages"]):
        fits = kind.startswith("image/") if own == ["picture"] else kind == "application/pdf" and recipe.get("dpi", 0) > 0
        return fits and bool(boxes) and all(map(lies, boxes))
    if own == ["times"]:
        ends = [end for one in recipe["times"] for end in (one["from_ms"], one["to_ms"])]
        fits = all(one["from_ms"] < one["to_ms"] and one["what"] in ("both", "picture", "sound") for one in recipe["times"])
        return kind[:6] in ("video/", "audio/") and fits and bool(ends) and ends == sorted(ends) and ends[-1] <= recipe["duration_ms"] and not boxes
    return not boxes and bool(own) == bool(record.get("file"))


def redacted(custody, row, recorded):
    """Holds the files of a redacted exhibit to what follows from its event and its redactions; gives those that lie in the packet."""
    shown, listed = row["redactions"], custody.rows[custody.items[row["capture"]] - 1]
    need(isinstance(shown, list) and all(isinstance(one, dict) and set(one) == {"leaf", "record"} for one in shown), "a redaction is none")
    need([one["record"].get("id") for one in shown] == custody.redactions[row["capture"]], "its redactions are others")
    for one in shown:
        record = one["record"]
        made = custody.about("derivative", record["id"])
        need([one["leaf"]] == [e["leaf"] for e in made] and custody.record.get(one["leaf"]) == record, "a redaction is not what was recorded")
        need(record["capture"]["id"] == row["capture"] and record.get("kind") != "duplicate", "a redaction is of another capture, or is none")
        need(all(record["capture"].get(field) == listed[field] for field in ("item", "kind", "captured_at")), "a redaction tells of it otherwise")
        need(recipe_fits(record), "a redaction has a recipe that its copy cannot have")
        need(isinstance(record.get("told"), dict) and record["told"].get("kind") == listed["kind"], "a redaction tells another kind")
    files, copies = recorded_files(custody, row["capture"]), [one["record"] for one in shown if one["record"].get("file")]
    rest = {"reason": "withheld with the rest of the exhibit, which is redacted"}
    expected = []
    for file in files:
        own = [copy for copy in copies if copy["file"]["parent"] == file["sha256"]]
        why = {"reason": own[0]["reason"], "derivative": own[0]["file"]["sha256"]} if own else rest
        expected.append({field: file[field] for field in ("role", "sha256", "size")} | {"path": None, "name": None, "media_type": None, "withheld": why})
    parents = [file["sha256"] for file in files]
    need(all(copy["file"]["parent"] in parents for copy in copies), "a copy was made from no file of the capture")
    found = []
    for copy, file in zip(copies, row["files"][len(files):]):
        place = parents.index(copy["file"]["parent"]) + 1
        start = f"data/exhibits/{row['exhibit']:03}/{place:02}-derivative."
        path = file.get("path") if isinstance(file, dict) else None
        need(match(re.escape(start) + "[a-z0-9]{1,8}", path), f"{path} is misnamed")
        bound = {field: copy["file"].get(field) for field in ("sha256", "size", "media_type")}
        expected.append(bound | {"path": path, "name": None, "role": "derivative"})
        found.append((path, bound["size"], bound["sha256"]))
    need(row["files"] == expected, "its files are not what follows from its redactions")
    return found


def papers(packet, custody, head):
    """Manifests, evidence hash and labels are made again."""
    made = {path: f"{packet.digest(path)}  {path}\n" for path in sorted(packet.files)}
    data = {path: line for path, line in made.items() if path.startswith("data/")}
    need(packet.read("manifest-sha256.txt").decode() == "".join(data.values()), "the manifest does not list the files there are")
    tags = "".join(line for path, line in made.items() if path not in data and path != "tagmanifest-sha256.txt")
    need(packet.read("tagmanifest-sha256.txt").decode() == tags, "the tag manifest does not list the files there are")
    evidence = "".join(line for path, line in data.items() if match("data/((exhibits|custody)/.*|packet.json|inventory.json)", path))
    due = sha(evidence.encode()) if (head.get("papers") or 0) >= 3 else None
    need(custody.issued["attest"].get("evidence_sha256") == due, "another evidence hash is attested")
    need(packet.read("bagit.txt") == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "is no bag of BagIt 1.0")
    info = packet.read("bag-info.txt").decode()
    found = dict(line.split(": ", 1) for line in info.split("\n") if ": " in line)
    day, organization = found.get("Bagging-Date", ""), found.get("Source-Organization", "")
    need(head["requested_at"][:10] <= day <= custody.issued["at"][:10] and match(r"[\d-]{10}", day), "was bagged on another day")
    mark = "DEMO, no real case. " if head["demo"] else ""
    labels = {
        "Source-Organization": custody.request.get("organization", organization),
        "External-Description": f"{mark}Case {custody.number}: exhibits, inventory, custody and proofs. Purpose: {PURPOSES.get(head['purpose'], '')}.",
        "Bagging-Date": day,
        "External-Identifier": f"urn:uuid:{head['id']}",
        "Internal-Sender-Identifier": custody.number,
        "Bag-Count": "1 of 1",
        "Payload-Oxum": f"{sum(packet.files[path][0] for path in data)}.{len(data)}",
        "Bag-Software-Agent": head["product"],
    }
    need(info == "".join(f"{label}: {' '.join(value.split())}\n" for label, value in labels.items()), "bag-info.txt says something else")


def verify(path, key=None):
    """Outcome, and why it is that; `key` as vkey() reads it."""
    try:
        packet = Packet(path)
        if "data/packet.json" in packet.files:
            version = re.match(rb'{"v":(\d+)\D', packet.read("data/packet.json")[:32])
            if version and int(version[1]) > 1:
                raise Unreadable("of a newer version")
        pages = r"data/(case-uco\.jsonld|ro-crate-metadata\.json|pages/(style\.css|(exhibits|timeline|exceptions|custody|inventory)-[0-9]{3,}\.html))"
        extra = [path for path in packet.files if path not in REQUIRED + [PAGE] and not path.startswith(("data/exhibits/", "data/profiles/")) and not match(pages, path) and not match(PDF, path)]
        need(not extra and all(path in packet.files for path in REQUIRED), "files are missing, or there that do not belong")
        small = [path for path in REQUIRED if not path.startswith("data/") and not path.endswith((".jsonl", "sha256.txt"))]
        need(all(packet.files[path][0] <= LINE for path in small), "a small file has more than 1 MB")
        issued = issue(packet)
        custody = Custody(packet, issued)
        head = content(packet, custody)
        papers(packet, custody, head)
        log(packet, issued, head, key)
    except Unreadable as error:
        return "unreadable", str(error)
    except (Bad, UnicodeDecodeError, UnicodeEncodeError) as error:
        return "failed", str(error)
    return ("signer_not_checked", "no key was given") if key is None else ("passed", f"intact, and signed by {key[0]}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    given = sys.argv[2] if len(sys.argv) == 3 else None
    if given and os.path.isfile(given):
        given = open(given, encoding="utf-8-sig").read().strip()
    outcome, why = verify(sys.argv[1], vkey(given) if given else None)
    print(f"{outcome.replace('_', ' ').upper()}: {why}")
    sys.exit(["passed", "failed", "unreadable", "signer_not_checked"].index(outcome))
