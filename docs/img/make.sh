#!/usr/bin/env bash
# Makes the pictures of README.md and docs/guide from the journeys' screenshots.
#
#   tests/browser/run.sh PATH/TO/casetrail guide      leaves the screenshots in target/pages, as guide-NAME.png
#   docs/img/make.sh                                  makes docs/img/NAME.png from each of them
#
# Where pngquant is installed, the pictures have 256 colours and a third of the size; else they are copied. A picture that no
# page shows is removed. It fails where a screenshot is missing, where a page does not show its picture, and where all
# pictures together are larger than 1.5 MB.
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() { echo "make.sh: $*" >&2; exit 1; }

# Each picture, and the page that shows it.
table='
case            README.md
packet          README.md
exhibit         README.md
home            docs/guide/detective.md
not-covered     docs/guide/detective.md
item            docs/guide/detective.md
timeline        docs/guide/detective.md
queue           docs/guide/supervisor.md
held            docs/guide/supervisor.md
team            docs/guide/supervisor.md
accesses        docs/guide/supervisor.md
shared          docs/guide/prosecutor.md
choose          docs/guide/prosecutor.md
ready           docs/guide/prosecutor.md
verified        docs/guide/prosecutor.md
auditor         docs/guide/auditor.md
search          docs/guide/auditor.md
audit           docs/guide/auditor.md
administrator   docs/guide/administrator.md
people          docs/guide/administrator.md
'
most=$((1536 * 1024))

# Look first, so that nothing is made by halves.
while read -r name page; do
    [ -n "$name" ] || continue
    [ -f "target/pages/guide-$name.png" ] || fail "target/pages/guide-$name.png is missing: run tests/browser/run.sh PATH/TO/casetrail guide"
    grep -q "img/$name\.png" "$page" || fail "$page does not show $name.png"
done <<<"$table"

while read -r name _; do
    [ -n "$name" ] || continue
    if command -v pngquant >/dev/null; then
        pngquant --force --strip --speed 1 --output "docs/img/$name.png" 256 "target/pages/guide-$name.png"
    else
        cp "target/pages/guide-$name.png" "docs/img/$name.png"
    fi
done <<<"$table"

for file in docs/img/*.png; do
    grep -q "^$(basename "$file" .png) " <<<"$table" || { echo "removed: $file, which no page shows"; rm "$file"; }
done
bytes=$(cat docs/img/*.png | wc -c)
[ "$bytes" -le "$most" ] || fail "the pictures are $bytes bytes together, at most $most"
echo "$(find docs/img -name '*.png' | wc -l) pictures, $((bytes / 1024)) of $((most / 1024)) KB"
