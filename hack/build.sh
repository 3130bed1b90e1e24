#!/bin/sh
# hack/build.sh OUTPUT LDFLAGS: what make build does. Under sudo it builds as
# whoever called sudo: with the modules that they have already, and so that
# nothing of root's is left in their tree.
set -eu
cd "$(dirname "$0")/.."
hack/check-go.sh
if [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ] && [ "${SUDO_UID:-0}" = "$(stat -c %u Makefile)" ] && [ "$SUDO_UID" != 0 ]; then
	exec sudo -H -u "$SUDO_USER" env PATH="$PATH" CGO_ENABLED=0 "$PWD/hack/build.sh" "$@"
fi
[ -e "$1" ] || echo "make: the first build compiles everything, which takes a minute or two"
if ! go build -trimpath -buildvcs=false -ldflags "$2" -o "$1" ./cmd/swapctl; then
	# Without its modules go cannot even list what it would build.
	go list -deps ./cmd/swapctl >/dev/null 2>&1 ||
		echo "make: go could not fetch what it names above: that needs a network, once; behind a proxy, https_proxy or GOPROXY" >&2
	exit 1
fi
