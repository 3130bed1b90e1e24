#!/bin/sh
# Before the package goes. It refuses nothing and changes nothing; it says what
# becomes of swap that swapctl has set up, and what to run to take it back.
set -e
case "${1:-}" in
# dpkg's and rpm's words for "another version follows"
upgrade | failed-upgrade | deconfigure | 1) exit 0 ;;
esac
[ -s "${DPKG_ROOT:-}/var/lib/swapctl/journal" ] || exit 0
cat >&2 <<'END'
swapctl: this node has swap that swapctl set up. Removing the package leaves it on,
swapctl: and leaves the kubelet configured for it. After the next reboot the service
swapctl: of swapctl does not bring it back; lines in /etc/fstab do.
swapctl: To take all of it back, install the package again and run:
swapctl:   swapctl teardown
END
