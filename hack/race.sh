#!/bin/sh
# Runs the tests of every package that has goroutines under the race detector. It
# finds the packages by itself; of those whose whole tests would take minutes it
# runs the tests that have goroutines, and says so.
set -eu
cd "$(dirname "$0")/.."

# The race detector is written in C.
export CGO_ENABLED=1

# What stands here has been seen to cover every goroutine of its package.
some() {
	case $1 in
	./internal/setup) echo 'UnlessForced|SwapoffThatRuns|AnInterruptedSetup' ;;
	./internal/swapfile) echo 'Zeros|StopsWhenToldTo|MakesAFile|AFailedMake' ;;
	./internal/host) echo 'Program|Modprobe|SwapOff|Unit|Loop|Concurren|Deadline|File' ;;
	./internal/cli/root) echo 'Signal|Reader|APipe|Progress|HowTerminals' ;;
	esac
}

packages=$(grep -rlE '^[[:space:]]*go [A-Za-z_(]|\.Go\(func|AfterFunc\(|NotifyContext\(' --include='*.go' cmd internal |
	xargs -n 1 dirname | sort -u | sed 's|^|./|')
whole=
for p in $packages; do
	if [ -n "$(some "$p")" ]; then
		echo "race: of $p only $(some "$p"): all of it takes minutes"
		said=$(go test -race -short -timeout 15m -run "$(some "$p")" "$p" 2>&1) || { printf '%s\n' "$said"; exit 1; }
		printf '%s\n' "$said"
		case $said in *"no tests to run"*) echo "race: these tests are gone" >&2; exit 1 ;; esac
	else
		whole="$whole $p"
	fi
done
# shellcheck disable=SC2086 # a list of words
go test -race -short -timeout 15m $whole
