#!/bin/bash
# Writes this node as a txtar archive for internal/kernel/kerneltest: what 'swapctl check' reads. As root:
#   bash capture.sh > nodes/NAME.txtar
# No key is in it (dmsetup table shows none). Read it before you give it away: host names and labels may be.
shopt -s nullglob

files() {
    local f
    for f; do
        [ -f "$f" ] && [ -r "$f" ] || continue
        echo "-- ${f#/} --"
        cat "$f" 2>/dev/null | tr -d '\0'
        [ -z "$(tail -c1 "$f" 2>/dev/null)" ] || echo
    done
}

links() {
    local l
    for l; do [ ! -L "$l" ] || echo "-- ${l#/} -> $(readlink "$l") --"; done
}

release=$(uname -r)
. /etc/os-release
echo "$PRETTY_NAME, Linux $release."
files /proc/swaps /proc/meminfo /proc/cmdline /proc/sys/kernel/{osrelease,core_pattern} /proc/sys/vm/{swappiness,min_free_kbytes,watermark_scale_factor} \
    /proc/zoneinfo /proc/pressure/memory /proc/self/{mountinfo,uid_map,cgroup} /sys/fs/cgroup/cgroup.controllers \
    /sys/fs/cgroup/system.slice/{memory.swap.max,io.latency} /sys/power/{resume,disk} /sys/kernel/kexec_crash_loaded \
    /sys/module/zswap/parameters/{enabled,max_pool_percent} /etc/fstab /etc/crypttab /etc/systemd/zram-generator.conf /usr/lib/systemd/zram-generator.conf
for unit in /etc/systemd/system/*.swap /etc/systemd/system/swap.target /etc/systemd/system/swapctl.service /etc/systemd/system/multi-user.target.wants/{swapctl,systemd-oomd}.service; do
    if [ -L "$unit" ]; then links "$unit"; else files "$unit"; fi
done
for unit in kubelet.service kubelet.service.d/10-kubeadm.conf; do
    files {/etc,/usr/lib}/systemd/system/$unit
done
files /var/lib/swapctl/journal /var/lib/kubelet/{config.yaml,kubeadm-flags.env} /etc/default/kubelet /etc/kubernetes/manifests/kube-apiserver.yaml
[ ! -d /run/systemd/system ] || echo "-- run/systemd/system/.keep --"
[ ! -d /sys/module/dm_crypt ] || echo "-- sys/module/dm_crypt/initstate --"
for list in modules.builtin modules.dep; do
    f=/lib/modules/$release/$list
    [ -r "$f" ] || continue
    echo "-- ${f#/} --"
    grep -E '(^|/)(dm[-_]crypt|loop)\.ko' "$f"
done
if [ -r "/boot/config-$release" ]; then
    echo "-- boot/config-$release --"
    grep -E 'DM_CRYPT|ZSWAP|IOLATENCY|CONFIG_SWAP|CONFIG_PSI' "/boot/config-$release"
fi
file() { [ ! -f "$1" ] || echo "-- ${1#/} = file $(stat -c '%s %Hd:%Ld %i' "$1") --"; }
for dev in /sys/class/block/*; do
    at=$(readlink -f "$dev")
    files "$at"/{dev,size,partition,queue/rotational,dm/name,dm/uuid,dm/suspended,loop/backing_file,loop/autoclear,md/level,backing_dev}
    links "$at"/slaves/*
    if [ -r "$at/loop/backing_file" ]; then
        back=$(cat "$at/loop/backing_file")
        file "$back"
        echo "-- LOOP /dev/${dev##*/} --"
        stat -c '%Hd:%Ld %i' "$back"
    fi
done
tail -n +2 /proc/swaps | while read -r path kind _; do [ "$kind" != file ] || file "$path"; done
links /dev/mapper/*
dmsetup table 2>/dev/null | sed -n 's/^\([^:]*\): \(.*\)/-- DM \1 --\n\2/p' | grep -v '^No devices' || true
