#!/bin/sh
# hack/release.sh [--snapshot]: the release by goreleaser.yaml, into dist/. A
# snapshot is not published, and needs no tag. What there is no tool for is left
# out, and said so.
set -eu
cd "$(dirname "$0")/.."
goreleaser=${GORELEASER:-bin/goreleaser}
skip=''
leave() { # TOOL STEP WHAT
	command -v "$1" >/dev/null && return
	echo "release: there is no $1 here: $3 left out" >&2
	skip=${skip:+$skip,}$2
}
leave syft sbom "the lists of ingredients (SBOM) are"
if [ "${1:-}" = --snapshot ]; then
	skip=${skip:+$skip,}sign # it would put the name of whoever tries it into a public log
	echo "release: a snapshot is not signed" >&2
	exec "$goreleaser" release --clean --snapshot --skip="$skip"
fi
leave cosign sign "the signature is"
exec "$goreleaser" release --clean ${skip:+--skip="$skip"}
