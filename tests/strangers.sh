#!/usr/bin/env bash
# A real packet in the hands of strangers: every way of checking it that the packet's own papers tell, and those of others.
#
#   tests/strangers.sh PATH/TO/casetrail KEPT      KEPT: what the tests of the verifier kept (CASETRAIL_KEEP_PACKETS)
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/demo.sh
fail() { echo "strangers.sh: $*" >&2; exit 1; }

binary=$(realpath "${1:?which program?}") kept=${2:?which packets?}
tools=target/tools/bin/python
programs=$(dirname "$binary"):$PWD/target/tools/bin:$PATH
folder=$(mktemp -d)
start_demo "$binary" "$folder"

# A packet of the demonstration's first case, as its prosecutor takes it out.
read -r url username password case vkey < <(python3 - "$folder/demo/demo.json" <<'PYTHON'
import json, sys
demo = json.load(open(sys.argv[1]))
user = [user for user in demo["users"] if user["roles"] == ["prosecutor"]][1]
print(demo["url"], user["username"], user["password"], demo["cases"][0]["number"], demo["log_vkey"])
PYTHON
)
call() { curl -sS --fail-with-body --cacert "$folder/demo/tls/cert.pem" "$@"; }
CASETRAIL_TOKEN=$(call --json "{\"username\": \"$username\", \"password\": \"$password\"}" "$url/api/v1/sessions" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
export CASETRAIL_TOKEN CASETRAIL_SERVER=$url
packet=$folder/packet.zip
"$binary" export "$case" --ca "$folder/demo/tls/cert.pem" --out "$packet" >"$folder/exported" || { cat "$folder/exported" >&2; fail "no packet was exported"; }
call "$url/verify.html" -o "$folder/verify.html"

step() { echo "strangers: $*"; }
# Runs a command; its output has to have this line.
says() {
    local line=$1
    shift
    "$@" >"$folder/said" 2>&1 || { cat "$folder/said" >&2; fail "$* failed"; }
    said "$line"
}
# The same of what was run last.
said() { grep -qE -- "$1" "$folder/said" || { cat "$folder/said" >&2; fail "nothing says: $1"; }; }

step "casetrail verify, casetrail-verify"
for program in "$binary verify" "$(dirname "$binary")/casetrail-verify"; do
    # shellcheck disable=SC2086 # a command and its first word
    says '^PASSED: ' $program "$packet" --key "$vkey"
    said '^bytes passed, records passed, log passed, time absent, witnesses absent, signer passed$'
    said 'data/verify.html: is the page that this verifier gives out'
done
hash=$(sed -n 's/^evidence hash, as the papers print it: //p' "$folder/said" | tr -d ' ')

step "the second verifier, in Python"
says '^PASSED: ' python3 tests/verify.py "$packet" "$vkey"

unzip -q "$packet" -d "$folder/unpacked"
bag=$(dirname "$folder"/unpacked/*/bagit.txt)
says '^PASSED: ' python3 tests/verify.py "$bag" "$vkey"

# Every command that HOW-TO-VERIFY.txt fences, as it stands there, in its order.
step "HOW-TO-VERIFY.txt: each of its commands, and none leaves a file in the packet"
mkdir "$folder/steps"
python3 - "$bag/HOW-TO-VERIFY.txt" "$folder/steps" <<'PYTHON'
import pathlib, re, sys
text = pathlib.Path(sys.argv[1]).read_text()
fenced = re.findall(r"^      ```\n(.*?)^      ```$", text, re.M | re.S)
for n, command in enumerate(fenced, 1):
    lines = [line.removeprefix("      ") for line in command.splitlines()]
    (pathlib.Path(sys.argv[2]) / f"{n:02}.sh").write_text("\n".join(lines) + "\n")
PYTHON
name=$(basename "$bag")
ln -s "$packet" "$folder/$name.zip"
find "$bag" | sort >"$folder/before"
for fenced in "$folder"/steps/*.sh; do
    at=$bag
    grep -q '^casetrail-verify ' "$fenced" && at=$folder
    sed -i "s|THE KEY|$vkey|" "$fenced"
    (cd "$at" && PATH=$programs bash -euo pipefail "$fenced") >"$fenced.said" 2>&1 ||
        { cat "$fenced" "$fenced.said" >&2; fail "a command of HOW-TO-VERIFY.txt failed"; }
done
find "$bag" | sort | cmp -s - "$folder/before" || fail "a command of HOW-TO-VERIFY.txt wrote into the packet"
# From one file: a pipe into `grep -q` fails whenever grep ends before its writer does.
cat "$folder"/steps/*.said >"$folder/said"
printed() { grep -qE -- "$1" "$folder/said" || { cat "$folder/said" >&2; fail "no command of HOW-TO-VERIFY.txt prints: $1"; }; }
issued() { sed -nE "s/.*\"$1\":\"([0-9a-f]{64})\".*/\1/p" "$bag/proof/issued.json"; }
[ "$(find "$folder/steps" -name '*.sh' | wc -l)" -eq 12 ] || fail "HOW-TO-VERIFY.txt has another number of commands than this script knows"
printed '^PASSED: '
printed '^data/packet.json: OK$'
printed '^bag-info.txt: OK$'
printed ' is valid$'
printed "^$(issued manifest_sha256)  manifest-sha256.txt$"
printed "^$(issued evidence_sha256)  -$"
printed '^4 files beside data are those that were issued; no file was added.$'
printed '^Signature Verified Successfully$'
printed '^The issue is in the signed tree.$'
printed "^$(issued head)$"
printed '^[1-9][0-9]* captures are listed, each once; [1-9][0-9]* exhibits have the files that were captured.$'
printed '^[1-9][0-9]* records are those that their events bound; [0-9]+ are withheld.$'
[ "$(issued evidence_sha256)" = "$hash" ] || fail "the verifier printed another evidence hash: $hash"

cd "$bag"
step "the same commands say no to a packet that was changed"
cp -r "$bag" "$folder/changed"
sed -i '2s/"action":"/"action":"x/; 0,/"action":"capture.recorded"/s//"action":"capture.forgotten"/' "$folder/changed/data/custody/events.jsonl"
for fenced in "$folder"/steps/*.sh; do
    grep -q 'events.jsonl' "$fenced" || continue
    (cd "$folder/changed" && bash -euo pipefail "$fenced") >/dev/null 2>&1 && fail "a changed event passed: $fenced"
done
sed -i 's/"v":1}$/"v":2}/' "$folder/changed/proof/issued.json"
(cd "$folder/changed" && bash "$(grep -l tlog-proof "$folder"/steps/*.sh)") >"$folder/said" 2>&1 || true
grep -q 'NOT IN THE TREE' "$folder/said" || fail "a changed issue passed"

# Whoever signs with a key of their own leaves another log.pem; the agency's log.vkey is the one that counts.
cp -r "$bag" "$folder/resigned"
openssl genpkey -algorithm ed25519 -out "$folder/own.key" 2>/dev/null
openssl pkey -in "$folder/own.key" -pubout -out "$folder/resigned/proof/log.pem"
awk '/^$/{exit} {print}' proof/checkpoint >"$folder/body"
openssl pkeyutl -sign -inkey "$folder/own.key" -rawin -in "$folder/body" -out "$folder/sig"
python3 - "$folder" <<'PYTHON'
import base64, pathlib, sys
folder = pathlib.Path(sys.argv[1])
note = folder / "resigned/proof/checkpoint"
body, signed = note.read_text().split("\n\n", 1)
dash, name, signature = signed.split("\n")[0].split(" ")
forged = base64.b64encode(base64.b64decode(signature)[:4] + (folder / "sig").read_bytes()).decode()
note.write_text(f"{body}\n\n{dash} {name} {forged}\n")
PYTHON
(cd "$folder/resigned" && bash -euo pipefail "$(grep -l pkeyutl "$folder"/steps/*.sh)") >"$folder/said" 2>&1 && fail "a checkpoint that another key signed passed"
touch "$folder/resigned/data/exhibits/another"
# Also where the list that nobody signed names it.
printf '%s  data/exhibits/another\n' "$(sha256sum <"$folder/resigned/data/exhibits/another" | cut -c1-64)" >>"$folder/resigned/tagmanifest-sha256.txt"
(cd "$folder/resigned" && bash -euo pipefail "$(grep -l 'WERE ADDED' "$folder"/steps/*.sh)") >"$folder/said" 2>&1 && fail "a file that was added passed"
grep -q 'WERE ADDED: data/exhibits/another' "$folder/said" || fail "a file that was added is not named"

[ "$(cat proof/log.vkey)" = "$vkey" ] || fail "log.vkey is not the agency's key"
cmp -s data/verify.html "$folder/verify.html" || fail "the packet's verify.html is not the server's"
cd "$OLDPWD"

step "case_validate and rocrate: both graphs"
says 'both graphs hold' "$tools" tests/graphs.py "$bag/data"

step "qpdf and poppler: every PDF is sound, and every page of it shows something"
pages=0
while IFS= read -r -d '' pdf; do
    qpdf --check "$pdf" >"$folder/said" 2>&1 || { cat "$folder/said" >&2; fail "qpdf: $pdf"; }
    rm -rf "$folder/drawn" && mkdir "$folder/drawn"
    pdftoppm -r 40 -gray "$pdf" "$folder/drawn/page" 2>"$folder/said" || { cat "$folder/said" >&2; fail "pdftoppm: $pdf"; }
    [ -s "$folder/said" ] && { cat "$folder/said" >&2; fail "pdftoppm complains of $pdf"; }
    python3 tests/drawn.py "$folder/drawn" "$(qpdf --show-npages "$pdf")" || fail "a page of $pdf shows nothing"
    pages=$((pages + $(qpdf --show-npages "$pdf")))
done < <(find "$bag/data" -path "$bag/data/exhibits" -prune -o -name '*.pdf' -print0)
[ "$pages" -gt 3 ] || fail "only $pages pages of PDF are in the packet"
echo "strangers: $pages pages of PDF were drawn"

step "verify.html in Chromium"
node tests/browser/verify_page.mjs "$bag/data/verify.html" target/pages "$kept" "$packet" "$vkey" || fail "verify.html"
echo "strangers: all of them agree"
