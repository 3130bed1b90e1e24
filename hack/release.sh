#!/bin/sh
# hack/release.sh [--snapshot]: the release by goreleaser.yaml, into dist/. A
# snapshot is not published, and needs no tag. What there is no tool for is left
# out, and said so.
set -eu
cd "$(dirname "$0")/.."
goreleaser=${GORELEASER:-bin/goreleaser}
skip=''
without() { # STEP WORDS
	echo "release: $2" >&2
	skip=${skip:+$skip,}$1
}
have() { command -v "$1" >/dev/null; }

have syft || without sbom "there is no syft here: the lists of ingredients (SBOM) are left out"
if ! have cosign; then
	without sign "there is no cosign here: the signature is left out"
elif [ "${1:-}" = --snapshot ] && [ -z "${SIGN_KEY:-}" ]; then
	# It would put the name of whoever tries it into a public log.
	without sign "a snapshot is signed only with a key of yours: SIGN_KEY=cosign.key"
fi
set -- release --clean ${1:+"$1"} ${skip:+--skip="$skip"}
exec "$goreleaser" "$@"
