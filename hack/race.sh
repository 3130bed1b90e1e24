#!/bin/sh
# Runs the tests of every package that has goroutines under the race detector. It
# finds the packages by itself; where all their tests would take minutes, or stand
# in another package, it runs those that reach the goroutines, and says so.
set -eu
cd "$(dirname "$0")/.."

# The race detector is written in C.
export CGO_ENABLED=1

# tests PACKAGE: where the tests are that have been seen to cover every goroutine
# of it, and which; all of its own unless something else stands here.
tests() {
	case $1 in
	./internal/setup/area) echo './internal/setup UnlessForced|SwapoffThatRuns' ;;
	./internal/swapfile) echo './internal/swapfile Zeros|StopsWhenToldTo|MakesAFile|AFailedMake' ;;
	./internal/host) echo './internal/host Program|Modprobe|SwapOff|Unit|Loop|Concurren|Deadline|File' ;;
	./internal/cli | ./internal/cli/root | ./internal/report/reporttest)
		echo './internal/cli/root Signal|Reader|APipe|Progress|HowTerminals' ;;
	*) echo "$1 ." ;;
	esac
}

packages=$(grep -rlE '^[[:space:]]*go [A-Za-z_(]|\.Go\(func|AfterFunc\(|NotifyContext\(' --include='*.go' cmd internal |
	xargs -n 1 dirname | sort -u | sed 's|^|./|')
# As many at a time as there are processors: one package mostly waits for its linker.
for p in $packages; do tests "$p"; done | sort -u | xargs -P "$(nproc)" -n 2 sh -c '
	where=$1 which=$2
	[ "$which" = . ] || echo "race: of $where only $which: all of it takes minutes"
	said=$(go test -race -short -timeout 15m -run "$which" "$where" 2>&1) || { printf "%s\n" "$said"; exit 1; }
	printf "%s\n" "$said"
	case $said in *"no tests to run"* | *"no test files"*)
		echo "race: no test reaches the goroutines of a package; hack/race.sh says which do" >&2
		exit 1
		;;
	esac' race
