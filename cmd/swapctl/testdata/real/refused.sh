# File systems that cannot carry swap are refused by name, and nothing is left.
. ./lib.sh
mkdir lower upper2 work2 && mount -t overlay -o "lowerdir=lower,upperdir=upper2,workdir=work2" overlay "$area" && chmod 755 "$area"
if swapctl setup --size 1Mi --encrypt=false --path "$area/swapfile" 2>err; then fail "it took overlayfs"; fi
grep -qi overlay err || fail "$(cat err)"
[ -z "$(ls -A "$area")" ] || fail "left $(ls -A "$area")"
umount "$area"
mount -t tmpfs -o mode=755 tmpfs "$area"
if swapctl setup --size 1Mi --encrypt=false --path "$area/swapfile" 2>err; then fail "it took tmpfs"; fi
grep -q tmpfs err || fail "$(cat err)"
umount "$area"
make_fs ext4 64M
mount -o remount,ro "$area"
if swapctl setup --size 1Mi --encrypt=false --path "$area/swapfile" 2>err; then fail "it wrote to a read-only file system"; fi
grep -q read-only err || fail "$(cat err)"
mount -o remount,rw "$area"
if swapctl setup --size 60Mi --encrypt=false --force-size --path "$area/swapfile" 2>err; then fail "it filled the disk"; fi
grep -q 'no room' err || fail "$(cat err)"
[ "$(ls -A "$area")" = lost+found ] || fail "left $(ls -A "$area")"
[ ! -e /var/lib/swapctl ] || fail "left /var/lib/swapctl"
