#!/bin/sh
# Says in one line what is missing where there is no Go, or one that is too old
# for go.mod and too old to fetch a newer one itself. Says nothing otherwise.
set -eu
cd "$(dirname "$0")/.."
want=$(sed -n 's/^go //p' go.mod)
get="https://go.dev/dl/ has it: unpack it to /usr/local, where make looks too"

stop() {
	echo "make: $*" >&2
	exit 1
}
# older A B: whether version A is below B
older() { [ "$1" != "$2" ] && [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

go=$(command -v go) || stop "Go $want is needed, and there is none in PATH or /usr/local/go/bin; $get"
# Outside of the module: inside, an old Go trips over go.mod.
have=$(cd / && go env GOVERSION) || stop "$go does not run"
have=${have#go} have=${have%% *}
older "$have" "$want" || exit 0
mode=$(cd / && go env GOTOOLCHAIN 2>/dev/null || :)
if older "$have" 1.21 || [ "$mode" = local ]; then
	stop "Go $want is needed, and $go is $have; $get; a Go that comes first in PATH wins: PATH=/usr/local/go/bin:\$PATH make"
fi
echo "make: $go is $have; it fetches Go $want itself, some 60 MB, from proxy.golang.org" >&2
