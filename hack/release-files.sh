#!/bin/sh
# hack/release-files.sh [DIRECTORY]: makes what packages bring besides the program,
# in bin/release: completions, by the program itself, and compressed man pages. The
# same sources give the same bytes.
set -eu
cd "$(dirname "$0")/.."
out=${1:-bin/release}
export CGO_ENABLED=0
rm -rf "$out"
mkdir -p "$out/completions" "$out/man"
go build -trimpath -buildvcs=false -o "$out/swapctl" ./cmd/swapctl
for shell in bash zsh fish; do
	"$out/swapctl" completion $shell >"$out/completions/swapctl.$shell"
done
rm "$out/swapctl"
for page in docs/man/*.[58]; do
	gzip -9 -n -c "$page" >"$out/man/$(basename "$page").gz"
done
# apk packages have the scripts with the times of their files: those of a checkout
# would make each build another one.
touch -d "@$(git log -1 --format=%ct 2>/dev/null || echo 0)" packaging/*.sh
