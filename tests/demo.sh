# A demonstration that lives as long as the script that sources this and calls it:
#
#   start_demo PROGRAM FOLDER      the demonstration lies in FOLDER/demo; FOLDER goes with it
#
# shellcheck shell=bash
start_demo() {
    "$1" demo --json --port 0 --data-dir "$2/demo" >"$2/ready" 2>"$2/demo.log" &
    demo_pid=$! demo_folder=$2
    trap 'kill "$demo_pid" 2>/dev/null; wait "$demo_pid" 2>/dev/null; rm -rf "$demo_folder"' EXIT
    for _ in $(seq 600); do
        [ -s "$2/ready" ] && return
        kill -0 "$demo_pid" 2>/dev/null || { cat "$2/demo.log" >&2; fail "the demonstration did not start"; }
        sleep 0.1
    done
    fail "the demonstration was not ready within a minute"
}
