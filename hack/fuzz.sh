#!/bin/sh
# Runs every fuzz target of this module, each for FUZZTIME (60s), and says how
# often each was executed. FUZZ is a pattern of names, to run only some.
# Goes on after a failure, and fails in the end; Go keeps the input that failed in
# testdata/fuzz of the package, where 'go test' finds it from then on.
set -eu

cd "$(dirname "$0")/.."
time=${FUZZTIME:-60s}
pattern=${FUZZ:-^Fuzz}

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# 'go test -list' prints the names of a package, and then "ok" and the package.
list=$(go test -list "$pattern" ./...)
targets=$(printf '%s\n' "$list" | awk '
	/^Fuzz/ { names[n++] = $1 }
	$1 == "ok" { for (i = 0; i < n; i++) print $2, names[i]; n = 0 }')
[ -n "$targets" ] || { echo "fuzz: no target is called like $pattern" >&2; exit 1; }

total=0 count=0 failed=
while read -r package name; do
	status=ok
	go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "$package" >"$log" 2>&1 </dev/null || status=FAILED
	# fuzz: elapsed: 1m0s, execs: 123456 (2057/sec), new interesting: 7 (total: 92)
	execs=$(sed -n 's/^fuzz: elapsed: .* execs: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
	found=$(sed -n 's/^fuzz: elapsed: .* new interesting: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
	printf '%-40s %12s executions, %4s new inputs  %s\n' \
		"${package##*/}.$name" "${execs:-0}" "${found:-0}" "$status"
	if [ "$status" != ok ]; then
		cat "$log"
		failed="$failed $name"
	fi
	total=$((total + ${execs:-0})) count=$((count + 1))
done <<END
$targets
END

printf '%-40s %12s executions of %s targets, %s each\n' total "$total" "$count" "$time"
if [ -n "$failed" ]; then
	echo "fuzz: failed:$failed" >&2
	exit 1
fi
