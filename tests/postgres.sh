#!/usr/bin/env bash
# A PostgreSQL of its own for one test run: fresh folder, free loopback port, gone afterwards.
#
#   tests/postgres.sh start FOLDER    prints the URL (and nothing else) on standard output
#   tests/postgres.sh socket FOLDER   makes an empty database there; prints its URL by the server's Unix-domain socket
#   tests/postgres.sh stop FOLDER     stops that server and removes what start put into FOLDER
#   tests/postgres.sh place           prints where a FOLDER for tests of rules is made: in memory where there are 4 GiB of it
#
# FOLDER is an empty one, as `mktemp -d` makes it. PostgreSQL refuses to run as root, so for root it runs as `postgres`
# or, where there is none, `nobody`, and FOLDER must be reachable for that user.
# fsync stays on: the crash tests ask what a real server keeps.
set -euo pipefail

usage() { sed -n '4,7s/^# *//p' "$0" >&2; exit 2; }
fail() { echo "postgres.sh: $*" >&2; exit 1; }

[ $# -eq 2 ] || [ "$*" = place ] || usage
action=$1
folder=${2-}

# Hundreds of databases of three hundred files each are made and dropped: a disk's file system takes longer for it than the
# tests for their questions.
place() {
    free=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1) || free=0
    if [ -w /dev/shm ] && [ "${free:-0}" -ge 4194304 ]; then echo /dev/shm; else echo "${TMPDIR:-/tmp}"; fi
}
[ "$action" != place ] || { place; exit; }

# The newest PostgreSQL on this machine; Debian keeps the server's programs out of PATH.
bin=
# shellcheck disable=SC2012 # version folders have plain names
for candidate in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5,5 -rV) /usr/pgsql-*/bin; do
    if [ -x "$candidate/initdb" ] && [ -x "$candidate/pg_ctl" ]; then bin=$candidate; break; fi
done
if [ -z "$bin" ] && command -v initdb >/dev/null && command -v pg_ctl >/dev/null; then
    bin=$(dirname "$(command -v pg_ctl)")
fi

user=
if [ "$(id -u)" -eq 0 ]; then
    if id postgres >/dev/null 2>&1; then user=postgres; else user=nobody; fi
fi
as_user() { if [ -n "$user" ]; then (cd / && runuser -u "$user" -- "$@"); else "$@"; fi; }

start() {
    [ -n "$bin" ] || fail "no PostgreSQL server found (initdb, pg_ctl): apt-get install postgresql"
    [ -d "$folder" ] || fail "$folder: no such folder"
    [ -z "$(ls -A "$folder")" ] || fail "$folder: not empty"
    folder=$(cd "$folder" && pwd -P)
    if [ -n "$user" ]; then chown "$user" "$folder"; fi
    as_user test -w "$folder" || fail "$folder: ${user:-this user} may not write there; set TMPDIR to a folder it can reach"

    as_user "$bin/initdb" -D "$folder/data" -U casetrail -A trust -N -E UTF8 --locale=C >"$folder/initdb.log" 2>&1 ||
        { cat "$folder/initdb.log" >&2; fail "initdb failed"; }

    # A socket too, where its path is short enough for one.
    sockets=$folder
    if [ "${#folder}" -gt 80 ]; then sockets=; fi

    # Below the range from which the kernel gives out ports by itself. Taken is possible, so try again.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        port=$((20000 + RANDOM % 12000))
        : >"$folder/server.log"
        if [ -n "$user" ]; then chown "$user" "$folder/server.log"; fi
        # One line: pg_ctl hands it to a shell.
        options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='$sockets'"
        options="$options -c max_connections=200 -c fsync=on -c synchronous_commit=on"
        if as_user "$bin/pg_ctl" start -D "$folder/data" -l "$folder/server.log" -w -t 60 -s -o "$options" \
            </dev/null >/dev/null 2>&1; then
            echo "postgres://casetrail@127.0.0.1:$port/postgres"
            return
        fi
        grep -q "Address already in use" "$folder/server.log" || break
    done
    cat "$folder/server.log" >&2
    fail "the server did not start"
}

socket() {
    port=$(sed -n 4p "$folder/data/postmaster.pid")
    [ -S "$folder/.s.PGSQL.$port" ] || fail "the server has no socket: the path of $folder is too long for one"
    "$bin/psql" -q -h "$folder" -p "$port" -U casetrail -d postgres -c 'CREATE DATABASE socket' >&2
    echo "postgres:///socket?host=$folder&port=$port&user=casetrail"
}

stop() {
    [ -d "$folder" ] || return 0
    folder=$(cd "$folder" && pwd -P)
    if [ -e "$folder/data/postmaster.pid" ] && [ -n "$bin" ]; then
        as_user "$bin/pg_ctl" stop -D "$folder/data" -m immediate -w -t 30 -s </dev/null >&2 ||
            fail "the server in $folder did not stop"
    fi
    # Only what start made: a folder given by mistake keeps its content.
    rm -rf -- "$folder/data" "$folder/initdb.log" "$folder/server.log" "$folder"/.s.PGSQL.*
    rmdir -- "$folder" 2>/dev/null || fail "$folder holds other files and was left in place"
}

case $action in
    start) start ;;
    socket) socket ;;
    stop) stop ;;
    *) usage ;;
esac
