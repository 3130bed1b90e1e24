# What is not ours any more, though it has the name of ours: other data on the device,
# another file at the path, a swap area of the same path in another mount namespace.
# The argument says which: raw, file FILESYSTEM, or namespace FILESYSTEM.
. ./lib.sh

# refused ARGUMENTS: setup and the boot leave everything as it is.
refused() {
	if swapctl setup "$@" 2>err; then fail "setup took what is not ours"; fi
	grep -q -- --erase= err || fail "no hint that says --erase: $(cat err)"
	if swapctl setup --boot 2>err; then fail "the boot took what is not ours"; fi
	grep -q -- --erase= err || fail "the boot does not say why: $(cat err)"
}

case $1 in
raw)
	truncate -s 64M disk.img
	device=$(losetup --find --show disk.img)
	trap 'code=$?; swapctl teardown --force >/dev/null 2>&1 || true; losetup -d $device; exit $code' EXIT
	swapctl setup --device "$device" --encrypt=false --persist none >out 2>&1
	swapoff "$device"
	tar -C /etc -cf "$device" passwd group hosts
	before=$(md5sum <"$device")
	refused --device "$device" --encrypt=false --persist none
	[ "$before" = "$(md5sum <"$device")" ] || fail "setup or the boot wrote to it"
	swapctl teardown >out 2>err
	grep -q "$device holds what swapctl did not write" err || fail "teardown does not say what it leaves: $(cat err)"
	[ "$before" = "$(md5sum <"$device")" ] || fail "teardown wrote to it"
	[ ! -e /var/lib/swapctl ] || fail "the journal stayed"
	# Another area on the same device, made by hand.
	swapctl setup --device "$device" --encrypt=false --persist none --erase="$device" >out 2>&1
	swapoff "$device"
	mkswap -q "$device" 2>/dev/null || mkswap "$device" >/dev/null
	before=$(md5sum <"$device")
	refused --device "$device" --encrypt=false --persist none
	[ "$before" = "$(md5sum <"$device")" ] || fail "the header of another area was written over"
	# A header of ours is known again.
	swapctl setup --device "$device" --encrypt=false --persist none --erase="$device" >out 2>&1
	swapoff "$device"
	swapctl setup --boot >out 2>err || fail "our own area: $(cat err)"
	grep -q "$device" /proc/swaps || fail "it is off"
	;;
file)
	make_fs "$2" 512M
	file=$area/swapfile
	swapctl setup --size 64Mi --encrypt=false --path "$file" --persist none >out 2>&1
	swapoff "$file"
	inode=$(stat -c %i "$file")
	rm "$file"
	# With luck the new file has the inode number of the old one.
	(umask 077 && head -c 67108864 /dev/urandom >"$file")
	echo "$2: inode $inode, and now $(stat -c %i "$file")"
	before=$(md5sum <"$file")
	refused --size 64Mi --encrypt=false --path "$file" --persist none
	swapctl teardown >out 2>err
	grep -q "$file is not the file that swapctl made" err || fail "teardown does not say what it leaves: $(cat err)"
	[ "$before" = "$(md5sum <"$file")" ] || fail "the file of somebody else is gone or changed"
	;;
namespace)
	make_fs "$2" 512M
	file=$area/swapfile
	swapctl setup --size 64Mi --encrypt=false --path "$file" --persist none >out 2>&1
	swapoff "$file"
	# Somebody else has a file of that path in a mount namespace of its own.
	truncate -s 256M theirs.img
	mkfs.ext4 -q theirs.img
	mkfifo go
	unshare --mount --propagation private sh -c "
		mount -o loop theirs.img $area && (umask 077 && head -c 33554432 /dev/zero >$file) && mkswap $file >/dev/null &&
		swapon $file && echo on >ready && read -r line <go; swapoff $file; umount $area" &
	theirs=$!
	trap 'code=$?; swapctl teardown --force >/dev/null 2>&1 || true; echo >go || true; wait $theirs || true; exit $code' EXIT
	for _ in $(seq 50); do [ ! -e ready ] || break; sleep 0.1; done
	line=$(swap_line "$file") && [ -n "$line" ] || fail "theirs is not on: $(cat /proc/swaps)"

	swapctl status -o json >status.json
	if grep -q '"managed": true' status.json; then fail "theirs counts as ours: $(cat status.json)"; fi
	grep -q 'another mount namespace' status.json || fail "no word of it: $(cat status.json)"
	swapctl status -o json | grep -q '"swap.on"' || fail "ours does not count as off"

	swapctl setup --size 64Mi --encrypt=false --path "$file" --persist none >out 2>err || fail "$(cat err)"
	grep -q 'another mount namespace' err || fail "no warning: $(cat err)"
	[ "$(grep -c "^$file " /proc/swaps)" = 2 ] || fail "not both are on: $(cat /proc/swaps)"
	swapctl setup --size 64Mi --encrypt=false --path "$file" --persist none -o json 2>/dev/null >second.json
	grep -q '"changed": false' second.json || fail "the second run changed something: $(cat second.json)"

	swapctl teardown >out 2>err
	[ "$(swap_line "$file")" = "$line" ] || fail "theirs was turned off, or ours was not: $(cat /proc/swaps)"
	[ ! -e "$file" ] || fail "ours is still there"
	;;
esac
