#!/usr/bin/env bash
# The journeys of the pages in real Chromium, in two lanes at once, each against a demonstration of its own; then the
# packet that they took out is verified.
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

# In the order in which they run: `guide` and `day` first, because their pictures show the demonstration as it starts;
# those that count items or meet what is not covered before those that log many and approve. The two lanes take about as
# long as each other.
lanes=("guide day looks casework evidence composer find pictures" "export admin decide stories attacks")

# lane JOURNEY ...: a subshell, so that its demonstration ends with it.
lane() (
    folder=$(mktemp -d)
    start_demo "$binary" "$folder"
    node tests/browser/journeys.mjs "$folder/demo/demo.json" target/pages "$folder/packet.zip" "$@" || fail "see target/pages"
    [ -f "$folder/packet.zip" ] || exit 0
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["log_vkey"])' "$folder/demo/demo.json" >"$folder/agency.vkey"
    "$binary" verify "$folder/packet.zip" --key "$folder/agency.vkey" >"$folder/verdict" || { cat "$folder/verdict" >&2; fail "the packet does not verify"; }
    head -1 "$folder/verdict"
)

rm -rf target/pages
if [ $# -gt 0 ]; then
    lane "$@"
    exit
fi
# Every journey belongs to a lane, and no lane names one that is not there.
diff <(printf '%s\n' ${lanes[*]} | sort) <(cd tests/browser/journeys && printf '%s\n' *.mjs | sed 's/\.mjs$//' | sort) >&2 ||
    fail "lanes and tests/browser/journeys/ differ"
running=()
# What runs in the background does not hear an interruption of its own accord.
trap 'trap - INT TERM; kill 0' INT TERM
for journeys in "${lanes[@]}"; do
    # shellcheck disable=SC2086
    lane $journeys &
    running+=($!)
done
failed=0
for process in "${running[@]}"; do wait "$process" || failed=1; done
[ "$failed" = 0 ] || fail "a lane failed"
