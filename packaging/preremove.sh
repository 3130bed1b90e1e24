#!/bin/sh
# Before the package goes. It refuses nothing and changes nothing; it says what
# becomes of swap that swapctl has set up, and what to run to take it back.
set -e
case "${1:-}" in
# dpkg's and rpm's words for "another version follows"
upgrade | failed-upgrade | deconfigure | 1) exit 0 ;;
esac
root=${DPKG_ROOT:-}
[ -s "$root/var/lib/swapctl/journal" ] || exit 0
start=$(sed -n 's/^ExecStart=//p' "$root/etc/systemd/system/swapctl.service" 2>/dev/null || :)
back='install the package again and run' teardown='swapctl teardown'
case $start in
"/usr/bin/swapctl "*) boot='After the next reboot it does not come back, as swapctl.service goes too.' ;;
'') boot='After the next reboot only lines in /etc/fstab bring it back.' ;;
*)
	boot='After a reboot it comes back: swapctl.service runs another swapctl.'
	back=run teardown="${start% setup --boot} teardown"
	;;
esac
cat >&2 <<END
swapctl: this node has swap that swapctl set up. Removing the package leaves it on,
swapctl: and leaves the kubelet configured for it.
swapctl: $boot
swapctl: To take all of it back, $back:
swapctl:   $teardown
END
