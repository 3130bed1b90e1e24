# setup, status, change of size and teardown of a plain swap file, on the file
# system named by the argument.
. ./lib.sh
make_fs "$1" 512M
before=$(look)

swapctl setup --size 64Mi --encrypt=false --path "$area/swapfile" --priority 7 >out
[ "$(swap_line "$area/swapfile")" = "67104768 7" ] || fail "/proc/swaps: $(cat /proc/swaps)"
[ "$(stat -c '%a %u:%g %s' "$area/swapfile")" = "600 0:0 67108864" ] || fail "$(stat "$area/swapfile")"

swapctl setup --size 64Mi --encrypt=false --path "$area/swapfile" --priority 7 -o json >second.json
grep -q '"changed": false' second.json || fail "the second run changed something: $(cat second.json)"

swapctl status -o json >status.json
grep -q "\"path\": \"$area/swapfile\"" status.json || fail "$(cat status.json)"
grep -q '"managed": true' status.json || fail "$(cat status.json)"
grep -q '"sizeBytes": 67104768' status.json || fail "$(cat status.json)"

for size in 96 32; do
	swapctl setup --size ${size}Mi --encrypt=false --path "$area/swapfile" >out
	[ "$(swap_line "$area/swapfile" | cut -d' ' -f1)" = $((size * 1048576 - 4096)) ] || fail "resize to $size: $(cat /proc/swaps)"
	[ "$(ls -A "$area" | grep -cv lost+found)" = 1 ] || fail "resize to $size left $(ls -A "$area")"
done

swapctl teardown >out
after=$(look)
[ "$before" = "$after" ] || fail "before: $before
after: $after"
[ ! -e /var/lib/swapctl ] || fail "/var/lib/swapctl stayed: $(ls -la /var/lib/swapctl)"
