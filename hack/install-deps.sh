#!/bin/sh
# Installs what the tests need and a fresh Debian does not have. Does nothing,
# and asks for nothing, where everything is there.
set -eu

"$(dirname "$0")/check-go.sh"

# The tests compare swapctl with what these programs do, and build machines to
# boot (test/e2e); the race detector needs a C compiler.
packages="
	e2fsprogs xfsprogs btrfs-progs f2fs-tools dosfstools exfatprogs ntfs-3g squashfs-tools
	util-linux mount kmod dmsetup cryptsetup-bin mmdebstrap debian-archive-keyring
	ca-certificates git make jq groff-base gcc libc6-dev iproute2
"

if ! command -v dpkg-query >/dev/null; then
	echo "install-deps: this is no Debian; please see that these are there:" $packages >&2
	exit 0
fi
missing=
for p in $packages; do
	case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null) in
	"install ok installed") ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null ||
		{ echo "install-deps: missing, and only root may install:$missing" >&2; exit 1; }
	sudo=sudo
fi
echo "install-deps: installing$missing"
$sudo apt-get -qq update
# shellcheck disable=SC2086 # a list of words
$sudo env DEBIAN_FRONTEND=noninteractive \
	apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends $missing
