# Sourced by every script here. A script runs as root in a mount namespace of
# its own, in an empty directory, with swapctl in its PATH: what it mounts and
# what swapctl keeps in /var/lib and /run is seen by nobody else. Swap areas are
# not in the namespace: the kernel is the real one.
set -eu
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /var/lib
mkdir upper work
mount -t overlay -o "lowerdir=/var/lib,upperdir=$PWD/upper,workdir=$PWD/work" overlay /var/lib 2>/dev/null ||
	mount -t tmpfs -o mode=755 tmpfs /var/lib
mkdir /run/area
area=/run/area
trap 'code=$?; swapctl teardown --force >/dev/null 2>&1 || true; exit $code' EXIT

# make_fs KIND SIZE: a new file system of that kind on a loop device at $area.
make_fs() {
	truncate -s "$2" disk.img
	case $1 in
	ext4) mkfs.ext4 -q disk.img ;;
	ext2) mkfs.ext2 -q disk.img ;;
	ext4-noextent) mkfs.ext4 -q -O ^extent,^64bit disk.img ;;
	xfs) mkfs.xfs -q disk.img ;;
	btrfs) mkfs.btrfs -q disk.img ;;
	esac
	mount -o loop disk.img "$area"
	chmod 755 "$area"
}

# look: what is in the file system, and on in it. Other tests turn on swap as well.
look() {
	ls -laR --time-style=+ "$area"
	grep "^$area" /proc/swaps || true
}

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

# swap_line PATH: what the kernel says of the area, "size priority".
swap_line() { awk -v path="$1" '$1 == path { print $3 * 1024, $5 }' /proc/swaps; }
