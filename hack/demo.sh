#!/bin/sh
# Gives this machine 64 MiB of swap, shows it, takes it back, and shows that
# nothing is left. Whatever happens on the way, it cleans up after itself.
set -eu
cd "$(dirname "$0")/.."
swapctl=bin/swapctl
file=/var/lib/swapctl/demo-swapfile
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

[ "$(id -u)" = 0 ] || stop "it gives this machine swap, which needs root: sudo make demo"
[ -x $swapctl ] || stop "there is no $swapctl: run 'make demo'"
[ "$(uname -s)" = Linux ] || stop "swap areas are set up on Linux only"
[ ! -e /var/lib/swapctl/journal ] ||
	stop "swapctl has set up this machine already (swapctl status shows it), and the demo leaves that alone"
[ ! -e $file ] || stop "$file is there already; remove it first"

had_dir=
[ ! -d /var/lib/swapctl ] || had_dir=yes

# From here on something may have to be taken back.
finish() {
	code=$?
	trap - EXIT INT TERM HUP PIPE
	if [ -e /var/lib/swapctl/journal ]; then
		$swapctl teardown --quiet >/dev/null || code=1
	fi
	[ -n "$had_dir" ] || rmdir /var/lib/swapctl 2>/dev/null || :
	exit $code
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP PIPE

before=$(cat /proc/swaps)
set -- --size 64Mi --path $file --name $name

if ! refusal=$($swapctl setup "$@" --dry-run 2>&1 >/dev/null); then
	say "This machine cannot encrypt swap, so the demo does without"
	echo "$refusal"
	set -- "$@" --encrypt=false
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
[ "$(cat /proc/swaps)" = "$before" ] || stop "/proc/swaps is not as it was before"
[ ! -e $file ] || stop "$file is still there"
[ ! -e /dev/mapper/$name ] || stop "/dev/mapper/$name is still there"
if losetup -a 2>/dev/null | grep -q $file; then stop "a loop device still has $file"; fi
echo "No swap area, file, mapping or loop device of the demo is left."
