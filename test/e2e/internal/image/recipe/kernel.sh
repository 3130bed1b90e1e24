#!/bin/bash
# kernel.sh ROOT: adds the suite's cloud kernel without the initramfs machinery that its package would pull in:
# the image to /boot/vmlinuz, the modules to where they belong.
set -eu
root=$1
package=$(chroot "$root" apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9]\S*\).*/\1/p' | head -n 1)
mkdir -p "$root/tmp/kernel"
chroot "$root" sh -c "cd /tmp/kernel && apt-get -qq -o APT::Sandbox::User=root download $package && dpkg-deb -x ./*.deb tree"
tree=$root/tmp/kernel/tree
mv "$tree"/boot/vmlinuz-* "$root/boot/vmlinuz"
modules=$(echo "$tree"/lib/modules/* "$tree"/usr/lib/modules/* | tr ' ' '\n' | grep -v '\*$' | head -n 1)
mkdir -p "$root/usr/lib/modules"
mv "$modules" "$root/usr/lib/modules/"
rm -rf "$root/tmp/kernel"
# Drivers of boards that no test machine has.
for useless in net sound drivers/net drivers/gpu drivers/infiniband drivers/iommu drivers/usb drivers/hv drivers/xen \
    drivers/scsi drivers/ata drivers/media drivers/input drivers/hid drivers/ptp drivers/target drivers/vfio drivers/vhost \
    fs/nfs fs/nfsd fs/ceph fs/smb fs/cifs fs/ocfs2 fs/gfs2 fs/jfs fs/reiserfs fs/nilfs2 fs/f2fs; do
    rm -rf "$root"/usr/lib/modules/*/kernel/"$useless"
done
chroot "$root" depmod "$(basename "$modules")"
