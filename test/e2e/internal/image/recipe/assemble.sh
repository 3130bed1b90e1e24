#!/bin/bash
# assemble.sh ROOT OVERLAY GUEST UML_MODULES: makes a bare Debian root a test machine's root. ROOT may share its files
# with others by hard links: files are replaced, never written into.
set -eu
root=$1 overlay=$2 guest=$3 uml_modules=$4

replace() { # PATH < content
    rm -f "$root/$1"
    cat >"$root/$1"
}

cp -r --remove-destination --no-preserve=ownership "$overlay/." "$root/"
install -D -m 755 "$guest" "$root/usr/local/bin/guest"
for name in hog hog-status hog-reclaim hog-verify hog-stop kill-at; do
    ln -sfn guest "$root/usr/local/bin/$name"
done
echo e2e | replace etc/hostname
echo 0123456789abcdef0123456789abcdef | replace etc/machine-id
replace etc/fstab </dev/null
replace etc/resolv.conf </dev/null
printf '127.0.0.1 localhost e2e\n' | replace etc/hosts
# Same as the newest time in the image: no first-boot rebuilding of caches.
touch "$root/etc/.updated" "$root/var/.updated"
mkdir -p "$root/var/log/journal"

if [ -n "$uml_modules" ]; then
    release=$(basename "$uml_modules")
    mkdir -p "$root/usr/lib/modules/$release"
    cp -r "$uml_modules"/modules.* "$root/usr/lib/modules/$release/"
    for part in block crypto lib security drivers/block drivers/md drivers/scsi fs net/unix; do
        [ -d "$uml_modules/kernel/$part" ] || continue
        mkdir -p "$root/usr/lib/modules/$release/kernel/$part"
        cp -r "$uml_modules/kernel/$part/." "$root/usr/lib/modules/$release/kernel/$part/"
    done
    chroot "$root" depmod "$release"
fi

mkdir -p "$root/etc/systemd/system/sysinit.target.wants"
ln -sfn ../e2e-agent.service "$root/etc/systemd/system/sysinit.target.wants/e2e-agent.service"
# Masked in a place of lower rank than /etc, which is left as an administrator finds it.
masks=$root/usr/local/lib/systemd/system
mkdir -p "$masks"
for unit in ldconfig.service systemd-journal-catalog-update.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount \
    systemd-timesyncd.service systemd-pcrphase.service systemd-pcrphase-sysinit.service systemd-pcrphase-initrd.service \
    modprobe@drm.service modprobe@efi_pstore.service systemd-pstore.service getty@tty1.service getty.target \
    serial-getty@ttyS0.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer dpkg-db-backup.timer mdmonitor-oneshot.timer mdcheck_continue.timer mdcheck_start.timer \
    systemd-firstboot.service systemd-network-generator.service systemd-update-utmp.service \
    systemd-update-utmp-runlevel.service systemd-hwdb-update.service console-getty.service man-db.timer \
    logrotate.timer lvm2-monitor.service dev-mqueue.mount dev-hugepages.mount sys-kernel-config.mount \
    sys-fs-fuse-connections.mount sys-kernel-debug.mount sys-kernel-tracing.mount; do
    ln -sfn /dev/null "$masks/$unit"
done
# All of them run at each daemon-reload, of which swapctl asks several: only those of fstab and crypttab have work here.
generators=$root/usr/local/lib/systemd/system-generators
mkdir -p "$generators"
for path in "$root"/usr/lib/systemd/system-generators/*; do
    case $path in
    */systemd-fstab-generator | */systemd-cryptsetup-generator) ;;
    *) ln -sfn /dev/null "$generators/$(basename "$path")" ;;
    esac
done
# User-Mode Linux has 80 terminals, which systemd would look at in each boot and at each daemon-reload.
mkdir -p "$masks/systemd-udev-trigger.service.d"
cat >"$masks/systemd-udev-trigger.service.d/e2e.conf" <<'END'
[Service]
ExecStart=
ExecStart=-udevadm trigger --type=all --action=add --prioritized-subsystem=module,block --subsystem-nomatch=tty
END
