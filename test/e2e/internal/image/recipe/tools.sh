#!/bin/bash
# tools.sh SUITE MIRROR PACKAGES ROOT: a directory to chroot into for running programs of another Debian suite. The
# packages are only unpacked, not installed: nothing of it is ever started as a system.
set -eu
suite=$1 mirror=$2 packages=$3 root=$4

mmdebstrap --quiet --variant=extract --mode=root --format=directory --include="$packages" \
    --aptopt='Acquire::Languages "none"' \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$suite" "$root" "$mirror"
for dir in bin sbin lib lib64; do
    mkdir -p "$root/usr/$dir"
    [ -e "$root/$dir" ] || ln -s "usr/$dir" "$root/$dir"
done
mkdir -p "$root"/{proc,sys,dev,tmp,mnt/images,mnt/machine}
