#!/bin/sh
# After the package is gone, and after each upgrade: where the program is there
# no more, the unit that runs it goes as well, so that no boot calls what is not
# there. A unit that runs another swapctl stays, and so does all other swap: the
# journal in /var/lib/swapctl remembers what it was, for a teardown later on.
#
# systemd is not told to reload. What it has in memory keeps the order in which
# this boot's shutdown ends the pods and then turns swap off.
set -e
root=${DPKG_ROOT:-}
units=$root/etc/systemd/system
[ ! -e "$root/usr/bin/swapctl" ] || exit 0
if grep -qs '^ExecStart=/usr/bin/swapctl ' "$units/swapctl.service"; then
	# The links first: what requires a unit that is not there would fail.
	rm -f "$units"/*.wants/swapctl.service "$units"/*.requires/swapctl.service "$units/swapctl.service"
	cat >&2 <<'END'
swapctl: removed /etc/systemd/system/swapctl.service, which ran /usr/bin/swapctl at boot.
END
fi
[ ! -e "$units/swapctl.service" ] || exit 0
# Somebody may have enabled the packaged unit.
for link in "$units"/*.wants/swapctl.service "$units"/*.requires/swapctl.service; do
	if [ -L "$link" ] && [ ! -e "$link" ]; then rm -f "$link"; fi
done
if [ "${1:-}" = purge ] && [ -s "$root/var/lib/swapctl/journal" ]; then
	cat >&2 <<'END'
swapctl: /var/lib/swapctl stays: its journal knows what this node was like before, and
swapctl: the swap file may be in use. Install the package again, run 'swapctl teardown'.
END
fi
