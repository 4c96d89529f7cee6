#!/usr/bin/env bash
# down.sh DIR: stops what up.sh DIR started, also half started, and returns when it has ended. Logs stay in DIR.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: down.sh DIR" >&2; exit 2; }
lock=$1/lock
# A bed holds this lock as long as it lives. Free means that nothing runs, whatever number a file may still name.
[ -e "$lock" ] || exit 0
free() { flock -w "$1" "$lock" true; }
free 0 && exit 0

signal() {
  local pid
  pid=$(awk '$1 == "bed" { print $2 }' "$1/pids" 2>/dev/null) || return 0 # it has the lock, but is not that far yet
  # A bed that is just starting over may not have replaced the number that a crashed one left.
  [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = bed ] || return 0
  kill "-$2" "$pid" 2>/dev/null || true
}
for _ in 1 2 3; do
  signal "$1" TERM
  free 6 && exit 0
done
signal "$1" KILL # the kernel then kills its servers: they are started to die with it
free 5 || { echo "kubernetes bed: could not stop the bed in $1" >&2; exit 1; }
