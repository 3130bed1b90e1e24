# setup and teardown of a plain swap file, ended by signals at random moments, so many
# times on one file system: signals.sh KIND TIMES SEED.
. ./lib.sh
# Of a name that no other test has: the kernel knows areas by their paths.
area=/run/signals.$$
mkdir "$area"
make_fs "$1" 512M >notes 2>&1 || { cat notes; exit 1; }
before=$(look)
RANDOM=$3
signals=(KILL TERM INT)
declare -A ended

# ours SIZE: what a setup of that size is called with.
ours() { echo --size "$1" --encrypt=false --persist none --kubelet skip --path "$area/swapfile"; }

# One undisturbed run says from which moments to choose.
begin=$(date +%s%N)
swapctl setup $(ours 16Mi) >out 2>&1
most=$((($(date +%s%N) - begin) / 1000000 + 5))
on=16Mi

for i in $(seq "$2"); do
	size=$((8 * (RANDOM % 4 + 1)))Mi
	signal=${signals[RANDOM % 3]}
	delay=$(printf '0.%03d' $((RANDOM % (most > 999 ? 999 : most))))
	what="setup $(ours $size)"
	[ "$on" = off ] || [ $((RANDOM % 3)) -gt 0 ] || what=teardown
	then="run $i of seed $3: $what, SIG$signal after $delay s, with swap $on before"

	# bash has its children ignore SIGINT. 143 is a SIGTERM before the program could
	# say that it hears it.
	env --default-signal=INT swapctl $what >out 2>&1 &
	child=$!
	sleep "$delay"
	kill -s "$signal" $child 2>/dev/null || true
	code=0
	{ wait $child || code=$?; } 2>/dev/null
	case $code in 0 | 130 | 137 | 143) ;; *) fail "$then: exit code $code: $(cat out)" ;; esac
	ended[$signal/$code]=$((${ended[$signal/$code]:-0} + 1))

	if [ $((RANDOM % 2)) = 0 ]; then
		swapctl setup $(ours $size) >out 2>&1 || fail "$then; setup afterwards: $(cat out)"
		[ "$(swap_line "$area/swapfile" | cut -d' ' -f1)" = $((${size%Mi} * 1048576 - 4096)) ] || fail "$then; setup afterwards: $(cat /proc/swaps)"
		swapctl setup $(ours $size) -o json >out 2>&1 || fail "$then; a second setup: $(cat out)"
		grep -q '"changed": false' out || fail "$then; the second setup changed something: $(cat out)"
		on=$size
	else
		swapctl teardown >out 2>&1 || fail "$then; teardown afterwards: $(cat out)"
		[ "$before" = "$(look)" ] || fail "$then; left by the teardown: $(look)"
		[ ! -e /var/lib/swapctl ] || fail "$then; /var/lib/swapctl stayed: $(ls -la /var/lib/swapctl)"
		on=off
	fi
done
for how in $(printf '%s\n' "${!ended[@]}" | sort); do echo "$1: ${ended[$how]} times SIG$how"; done
