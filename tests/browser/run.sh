#!/usr/bin/env bash
# The journeys of the pages in real Chromium, against a demonstration of its own; then the packet that they took out is
# verified.
#
#   tests/browser/run.sh PATH/TO/casetrail [JOURNEY ...]      pictures are left in target/pages
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/demo.sh
fail() { echo "browser: $*" >&2; exit 1; }

binary=$(realpath "${1:?which program?}")
shift
command -v node >/dev/null || fail "node is missing: apt-get install nodejs npm"
[ -x "${CHROMIUM:-/usr/bin/chromium}" ] || fail "Chromium is missing: apt-get install chromium, or name it in CHROMIUM"
[ -d tests/browser/node_modules ] || npm ci --prefix tests/browser --silent

folder=$(mktemp -d)
start_demo "$binary" "$folder"

rm -rf target/pages
node tests/browser/journeys.mjs "$folder/demo/demo.json" target/pages "$folder/packet.zip" "$@" || fail "see target/pages"
[ -f "$folder/packet.zip" ] || exit 0
python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["log_vkey"])' "$folder/demo/demo.json" >"$folder/agency.vkey"
"$binary" verify "$folder/packet.zip" --key "$folder/agency.vkey" >"$folder/verdict" || { cat "$folder/verdict" >&2; fail "the packet does not verify"; }
head -1 "$folder/verdict"
