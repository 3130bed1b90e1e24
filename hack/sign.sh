#!/bin/sh
# hack/sign.sh FILE BUNDLE: signs a file by cosign, as goreleaser.yaml has it. In
# CI that is by the identity of the workflow, whose certificate goes into a public
# log. With SIGN_KEY=cosign.key it is by that key, without a log and offline.
set -eu
if [ -z "${SIGN_KEY:-}" ]; then
	exec cosign sign-blob --yes --bundle="$2" "$1"
fi
exec cosign sign-blob --yes --bundle="$2" --key="$SIGN_KEY" \
	--use-signing-config=false --tlog-upload=false "$1"
