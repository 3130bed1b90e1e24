#!/bin/bash
# bare.sh SUITE MIRROR PACKAGES ROOT: a bare Debian with the suite's cloud kernel, as a directory.
set -eu
suite=$1 mirror=$2 packages=$3 root=$4
here=$(dirname "$0")

exec mmdebstrap --quiet --variant=minbase --mode=root --format=directory --include="$packages" \
    --aptopt='Acquire::Languages "none"' \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='force-unsafe-io' \
    --customize-hook="$here/kernel.sh \"\$1\"" \
    --customize-hook='chroot "$1" passwd --quiet --delete root' \
    "$suite" "$root" "$mirror"
