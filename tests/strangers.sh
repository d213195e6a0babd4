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

step "bagit.py"
says 'is valid' "$tools" -m bagit --validate "$bag"

cd "$bag"
step "sha256sum: both manifests, the manifest that was issued, the evidence hash"
sha256sum --quiet --strict -c manifest-sha256.txt tagmanifest-sha256.txt || fail "sha256sum"
grep -q "\"manifest_sha256\":\"$(sha256sum manifest-sha256.txt | cut -d' ' -f1)\"" proof/issued.json || fail "issued.json attests another manifest"
evidence=$(grep -E '  data/(exhibits/|custody/|packet\.json$|inventory\.json$)' manifest-sha256.txt | sha256sum | cut -d' ' -f1)
[ "$evidence" = "$hash" ] || fail "the evidence hash is $evidence, and the verifier printed $hash"
grep -q "\"evidence_sha256\":\"$evidence\"" proof/issued.json || fail "issued.json attests another evidence hash"

step "openssl: the log's signature on its checkpoint"
awk '/^$/{exit} {print}' proof/checkpoint >"$folder/body"
awk '/^$/{getline; print $3; exit}' proof/checkpoint | base64 -d | tail -c +5 >"$folder/sig"
says 'Signature Verified Successfully' openssl pkeyutl -verify -pubin -inkey proof/log.pem -rawin -in "$folder/body" -sigfile "$folder/sig"
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
