#!/usr/bin/env bash
# up.sh DIR: starts a Kubernetes control plane with all its state in DIR, and prints where it is, as KEY=value lines.
# When it fails, it says why on stderr and leaves nothing running.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: up.sh DIR" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$("$here/build.sh")

mkdir -p "$1"
dir=$(cd "$1" && pwd)
# A bed clears what the one before it left, so it takes only a folder that is empty or was a bed's already.
if [ ! -e "$dir/lock" ] && [ -n "$(ls -A "$dir")" ]; then
  echo "kubernetes bed: $dir is neither empty nor a bed's folder" >&2
  exit 1
fi
chmod 700 "$dir" # keys and an administrator's kubeconfig will be in it

pid=
give_up() {
  [ -z "$pid" ] || ! kill -TERM "$pid" 2>/dev/null || wait "$pid" || true # it stops its servers before it ends
}
trap give_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# A session of its own, so that a Ctrl-C meant for the tests does not stop the servers under them; and none of
# our streams for good, as a caller that reads our output to its end would wait for the servers' end.
before=$(stat -c %s "$dir/bed.log" 2>/dev/null || echo 0)
exec 3< <(exec setsid "$bin/bed" "$dir" </dev/null 2>>"$dir/bed.log")
pid=$!
answer=
while IFS= read -r line <&3; do answer+=$line$'\n'; done # a builtin, so a signal is handled at once

if [ -z "$answer" ]; then
  wait "$pid" || true
  pid=
  tail -c "+$((before + 1))" "$dir/bed.log" >&2
  exit 1
fi
pid= # from here on it is down.sh's
printf %s "$answer"
