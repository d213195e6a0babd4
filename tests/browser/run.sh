#!/usr/bin/env bash
# The journeys of the pages in real Chromium, against a demonstration of its own; then the packet that they took out is
# verified.
#
#   tests/browser/run.sh PATH/TO/casetrail      pictures are left in target/pages
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() { echo "browser: $*" >&2; exit 1; }

binary=$(realpath "${1:?which program?}")
command -v node >/dev/null || fail "node is missing: apt-get install nodejs npm"
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || fail "Chromium is missing: apt-get install chromium, or name it in CHROMIUM"
[ -d tests/browser/node_modules ] || npm ci --prefix tests/browser --silent

folder=$(mktemp -d)
"$binary" demo --json --port 0 --data-dir "$folder/demo" >"$folder/ready" 2>"$folder/demo.log" &
demo=$!
trap 'kill "$demo" 2>/dev/null; wait "$demo" 2>/dev/null; rm -rf "$folder"' EXIT
for _ in $(seq 600); do
    [ -s "$folder/ready" ] && break
    kill -0 "$demo" 2>/dev/null || { cat "$folder/demo.log" >&2; fail "the demonstration did not start"; }
    sleep 0.1
done
[ -s "$folder/ready" ] || fail "the demonstration was not ready within a minute"

rm -rf target/pages
node tests/browser/journeys.mjs "$folder/demo/demo.json" target/pages "$folder/packet.zip" || fail "see target/pages"
python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["log_vkey"])' "$folder/demo/demo.json" >"$folder/agency.vkey"
"$binary" verify "$folder/packet.zip" --key "$folder/agency.vkey" >"$folder/verdict" || { cat "$folder/verdict" >&2; fail "the packet does not verify"; }
head -1 "$folder/verdict"
