#!/usr/bin/env bash
# Builds the test bed's binaries from Go modules and prints the folder that holds them (stdout has that line only).
# A second call finds the folder and does nothing else, so tests may call this every time.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
say() { echo "kubernetes bed: $*" >&2; }
die() { say "$*"; exit 1; }

# go.mod is the one place where a version is written.
pinned() { awk -v m="$1" '$1 == m && $2 ~ /^v/ { print $2; exit }' "$here/go.mod"; }
version=$(pinned k8s.io/kubernetes)
major=$(cut -d. -f1 <<<"${version#v}")
minor=$(cut -d. -f2 <<<"$version")

# Everything that decides what is built is in the name, so a changed pin or helper never meets an old binary.
key=$(cd "$here" && cat go.mod go.sum ./*.go build.sh | sha256sum | cut -c1-16)
root=${SPM_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/spm-test}
case $root in /*) ;; *) root=$PWD/$root ;; esac
home=$root/kubernetes-$version-$key

if [ -d "$home/bin" ]; then echo "$home/bin"; exit 0; fi

need=$(awk '$1 == "go" { print $2; exit }' "$here/go.mod")
wanted="Go $need or newer is needed on PATH (Debian 12's own golang package is too old)"
command -v go >/dev/null || die "no 'go' found. $wanted"
have=$(cd / && go env GOVERSION)
have=${have#go}
[ "$(printf '%s\n' "$need" "${have%% *}" | sort -V | head -n1)" = "$need" ] || die "found Go $have. $wanted"

# Two callers at once: the second waits, then finds the work done.
mkdir -p "$root"
exec 9>"$root/kubernetes.lock"
flock 9
if [ -d "$home/bin" ]; then echo "$home/bin"; exit 0; fi

tmp=$root/.kubernetes-build # one name, used under the lock, so what a killed build left is cleared here
rm -rf "$tmp"
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

say "building $version and etcd $(pinned go.etcd.io/etcd/server/v3): once per pin, 5 to 15 minutes on 2 cores"
start=$SECONDS
v=k8s.io/component-base/version
# Without the -X values the servers say v0.0.0-master, and clients that check the version refuse them.
# -s -w leave the debug tables out: half the size, and a quicker link.
(
  cd "$here"
  export CGO_ENABLED=0 GOWORK=off
  mkdir -p "$tmp/bin"
  go build -mod=readonly -trimpath -buildvcs=false -o "$tmp/bin/" \
    -ldflags "-s -w -X $v.gitVersion=$version -X $v.gitMajor=$major -X $v.gitMinor=$minor -X $v.gitTreeState=clean" \
    . go.etcd.io/etcd/server/v3 \
    k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager k8s.io/kubernetes/cmd/kubectl
  # Go names a binary after its import path, and these two paths do not end in the program's name.
  mv "$tmp/bin/server" "$tmp/bin/etcd"
  mv "$tmp/bin/kubernetes" "$tmp/bin/bed"
) 9>&- >&2
mkdir -p "$home"
mv -T "$tmp/bin" "$home/bin" # one rename: the folder is there whole or not at all
say "built in $((SECONDS - start)) s"
echo "$home/bin"
