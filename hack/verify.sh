#!/bin/sh
# hack/verify.sh DIRECTORY KEY: verifies the signature of a directory's SHA256SUMS,
# made with SIGN_KEY (hack/sign.sh), as docs/packages.md says.
set -eu
cd "$1"
exec cosign verify-blob --key "$2" --insecure-ignore-tlog=true --bundle SHA256SUMS.sigstore.json SHA256SUMS
