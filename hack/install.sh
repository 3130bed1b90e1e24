#!/bin/sh
# hack/install.sh [--remove]: what make install and make uninstall do: the program,
# its man pages and completions below DESTDIR and PREFIX (/usr/local). The program is
# bin/swapctl, which make builds before.
set -eu
umask 022
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/usr/local} to=${DESTDIR:-}${PREFIX:-/usr/local}
stop() {
	echo "install: $*" >&2
	exit 1
}
case $prefix in
/*) ;;
*) stop "PREFIX is $prefix, and must be an absolute path" ;;
esac

# each COMMAND...: runs it with the source and the place of each file but the program.
each() {
	for page in docs/man/*.[58]; do
		"$@" "$page" "share/man/man${page##*.}/${page##*/}"
	done
	"$@" bash share/bash-completion/completions/swapctl
	"$@" fish share/fish/vendor_completions.d/swapctl.fish
	"$@" zsh share/zsh/site-functions/_swapctl
}
put() { # SOURCE PLACE
	case $1 in
	bash | fish | zsh)
		bin/swapctl completion "$1" >"$work/completion"
		set -- "$work/completion" "$2"
		;;
	esac
	install -D -m 644 "$1" "$to/$2"
}
remove() { rm -f "$to/$2"; }

if [ "${1:-}" = --remove ]; then
	# The service that setup makes runs this program at boot.
	if [ -z "${DESTDIR:-}" ] && grep -qs "^ExecStart=$prefix/bin/swapctl " /etc/systemd/system/swapctl.service; then
		stop "swapctl.service runs it at boot; first take swap back: sudo $prefix/bin/swapctl teardown"
	fi
	each remove
	rm -f "$to/bin/swapctl"
	exit
fi
[ -d "$to" ] || mkdir -p "$to" 2>/dev/null || stop "cannot make $to: sudo make install, or name another PREFIX or DESTDIR"
[ -w "$to" ] || stop "cannot write to $to: sudo make install, or name another PREFIX or DESTDIR"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
each put
install -D -m 755 bin/swapctl "$to/bin/swapctl"
echo "install: $to/bin/swapctl, with man pages and completions"
