# A plain swap area on a block device: refused while it holds a file system,
# taken with --erase, given back empty.
. ./lib.sh
truncate -s 64M disk.img
mkfs.ext4 -q disk.img
before=$(md5sum <disk.img)
device=$(losetup --find --show disk.img)
trap 'code=$?; swapctl teardown --force >/dev/null 2>&1 || true; losetup -d $device; exit $code' EXIT

if swapctl setup --device "$device" --encrypt=false 2>err; then fail "it took a device that holds a file system"; fi
grep -q 'ext4 file system' err || fail "$(cat err)"
[ "$before" = "$(md5sum <disk.img)" ] || fail "it was touched"

swapctl setup --device "$device" --erase --encrypt=false >out 2>err
grep -q "$device" /proc/swaps || fail "$(cat /proc/swaps)"
[ "$(blkid -o value -s TYPE -p "$device")" = swap ] || fail "$(blkid -p "$device")"

swapctl teardown >out
if grep -q "$device" /proc/swaps; then fail "still on"; fi
[ -z "$(blkid -o value -s TYPE -p "$device")" ] || fail "$(blkid -p "$device")"
