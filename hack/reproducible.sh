#!/bin/sh
# Builds the program twice for each architecture, from here and from a copy in
# another place, and compares. With --fresh the copy has a build cache of its
# own, so that everything is compiled again: that takes minutes.
set -eu
cd "$(dirname "$0")/.."
here=$PWD
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
mkdir "$work/copy"
git ls-files -z cmd internal go.mod go.sum | xargs -0 cp --parents -t "$work/copy"
cache=$(go env GOCACHE)
[ "${1:-}" != --fresh ] || cache=$work/cache
export CGO_ENABLED=0 GOOS=linux
build() { # DIRECTORY ARCHITECTURE OUTPUT
	(cd "$1" && GOARCH=$2 go build -trimpath -buildvcs=false \
		-ldflags '-s -w -X main.version=check -X main.commit=check -X main.date=check' -o "$3" ./cmd/swapctl)
}
status=0
for arch in amd64 arm64; do
	build "$here" $arch "$work/here"
	GOCACHE=$cache build "$work/copy" $arch "$work/there"
	one=$(sha256sum <"$work/here") two=$(sha256sum <"$work/there")
	if [ "$one" = "$two" ]; then
		echo "$arch: ${one%% *} twice, $(wc -c <"$work/here") bytes"
	else
		echo "$arch: ${one%% *} here, ${two%% *} in a copy" >&2
		status=1
	fi
done
exit $status
