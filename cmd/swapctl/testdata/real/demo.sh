# 'make demo': swap on, looked at, taken back, nothing left; and where an area is
# there already, it leaves it alone.
. ./lib.sh
make_fs ext4 512M
mkdir -p /var/lib/swapctl hack bin
mount --bind "$area" /var/lib/swapctl
cp "$REPO/hack/demo.sh" hack/
ln -s "$(command -v swapctl)" bin/swapctl
before=$(look)

hack/demo.sh >out 2>err || fail "exit code $?: $(cat out err)"
grep -q 'Swap is on, 64 MiB' out || fail "$(cat out err)"
[ "$(tail -n 1 out)" = "No swap area, file, mapping or loop device of the demo is left." ] || fail "$(cat out err)"
after=$(look)
[ "$before" = "$after" ] || fail "before: $before
after: $after"

swapctl setup --size 8Mi --encrypt=false --path "$area/theirs" >out
if hack/demo.sh >out 2>err; then fail "it ran on a machine that is set up: $(cat out)"; fi
grep -q 'leaves that alone' err || fail "$(cat err)"
[ "$(swap_line "$area/theirs")" != "" ] || fail "/proc/swaps: $(cat /proc/swaps)"
