#!/usr/bin/env bash
# Runs the README's quick start, exactly its lines, against a demonstration of its own, and compares what they print.
#
#   tests/quickstart.sh [PATH/TO/casetrail]      else it is built
#
# A ```sh block is run; the ```text block after it holds what it prints, in that order, `…` standing for anything.
# The first line that fails ends it.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/demo.sh
fail() { echo "quickstart.sh: $*" >&2; exit 1; }

binary=${1:-}
if [ -z "$binary" ]; then
    cargo build --locked --quiet --bin casetrail
    binary=${CARGO_TARGET_DIR:-target}/debug/casetrail
fi
[ -x "$binary" ] || fail "$binary: no such program"
folder=$(mktemp -d)
# The README's own temporary files go into the same folder.
export TMPDIR=$folder DEMO=$folder/demo
ln -s "$(realpath "$binary")" "$folder/casetrail"
export PATH=$folder:$PATH

start_demo "$binary" "$folder"

# The blocks as one script, a file of output each; every line tells its number in README.md should it fail.
mkdir "$folder/want" "$folder/got"
{
    echo 'set -euo pipefail'
    awk -v folder="$folder" '
        /^## / { quick = ($0 == "## Quick start") }
        !quick { next }
        /^```sh$/ { block++; inside = "sh"; printf "exec >%s/got/%d\n", folder, block; next }
        /^```text$/ { inside = "text"; next }
        /^```/ { inside = ""; next }
        inside == "sh" { printf "line=%d\n%s\n", NR, $0 }
        inside == "text" { print NR ":" $0 > (folder "/want/" block) }
    ' README.md
} >"$folder/lines.sh"

# The trap names the line, whatever ended it.
if ! bash -c 'trap '\''status=$?; [ $status -eq 0 ] || echo "$line" >"$TMPDIR/failed"'\'' EXIT; . "$TMPDIR/lines.sh"' 2>"$folder/errors"; then
    at=$(cat "$folder/failed")
    cat "$folder/got"/* "$folder/errors" >&2
    fail "README.md:$at failed: $(sed -n "${at}p" README.md)"
fi

checked=0
for want in "$folder"/want/*; do
    got=$(cat "$folder/got/$(basename "$want")" "$folder/errors")
    rest=$got
    while IFS= read -r line; do
        pattern=${line#*:}
        at=${line%%:*}
        # What … stands for may be anything, everything else only itself.
        quoted=$(printf '%s' "$pattern" | sed 's/[][\\*?]/\\&/g; s/…/*/g')
        # shellcheck disable=SC2053 # a pattern on purpose
        [[ $rest == *$quoted* ]] || { echo "$got" >&2; fail "README.md:$at promises: $pattern"; }
        # shellcheck disable=SC2295
        rest=${rest#*$quoted}
        checked=$((checked + 1))
    done <"$want"
done
echo "README.md: $(grep -c '^line=' "$folder/lines.sh") lines of the quick start ran, $checked lines printed as it says"
