#!/bin/sh
# Gives this machine 64 MiB of swap, shows it, takes it back, and shows that
# nothing is left. Whatever happens on the way, it cleans up after itself.
set -eu
cd "$(dirname "$0")/.."
swapctl=bin/swapctl
state=/var/lib/swapctl
file=$state/demo-swapfile
name=swapctl-demo

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
show() {
	printf '$ %s\n' "$(echo "$*" | sed 's|^bin/||')"
	"$@"
}
stop() {
	echo "demo: $*" >&2
	exit 1
}

[ "$(uname -s)" = Linux ] || stop "swap areas are set up on Linux only"
[ -x $swapctl ] || stop "there is no $swapctl: run 'make demo'"
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null ||
		stop "it gives this machine swap, which needs root, and there is no sudo here: su -c '$PWD/hack/demo.sh'"
	echo "demo: it gives this machine swap for a moment, which needs root: sudo $PWD/hack/demo.sh"
	exec sudo "$PWD/hack/demo.sh"
fi

# From here on something may have to be undone.
had_dir=
[ ! -d $state ] || had_dir=yes
finish() {
	code=$?
	trap - EXIT
	trap '' INT TERM HUP PIPE # a second ^C must not leave swap behind
	if [ -e $state/journal ]; then
		$swapctl teardown --quiet >/dev/null || code=1
	fi
	[ -n "$had_dir" ] || rmdir $state 2>/dev/null || :
	[ "$code" -le 128 ] || echo "demo: interrupted; what it had made was undone" >&2 || :
	exit "$code"
}

if [ -e $state/journal ]; then
	grep -qF '"'$file'"' $state/journal ||
		stop "swapctl has set up this machine already ('$swapctl status' shows it), and the demo leaves that alone"
	say "An earlier demo was killed: taking it back first"
	show $swapctl teardown
fi
[ ! -e $file ] || stop "$file is there already, and no demo made it; remove it first"

trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP PIPE

set -- --size 64Mi --path $file --name $name
if ! refusal=$($swapctl setup "$@" --dry-run --quiet 2>&1 >/dev/null); then
	set -- "$@" --encrypt=false
	if ! more=$($swapctl setup "$@" --dry-run --quiet 2>&1 >/dev/null); then
		echo "$more" >&2 # it is not for want of encryption
		stop "this machine cannot have swap from here, as said above; nothing was changed"
	fi
	say "This machine cannot encrypt swap, so the demo does without"
	echo "$refusal" | sed -n 's/^swapctl: error: //p; s/^swapctl: hint: /  - /p'
fi

say "What would be done"
show $swapctl setup "$@" --dry-run --explain

say "Doing it"
show $swapctl setup "$@"

say "As swapctl, and as the kernel sees it"
show $swapctl status
show cat /proc/swaps

say "Once more: nothing to do"
show $swapctl setup "$@"

say "Taking it back"
show $swapctl teardown

say "What is left"
show $swapctl status
if grep -qF $file /proc/swaps; then stop "/proc/swaps still has $file"; fi
[ ! -e $file ] || stop "$file is still there"
[ ! -e /dev/mapper/$name ] || stop "/dev/mapper/$name is still there"
if losetup -a 2>/dev/null | grep -q $file; then stop "a loop device still has $file"; fi
echo "No swap area, file, mapping or loop device of the demo is left."
