# enter.sh ROOT IMAGES MACHINE COMMAND...: runs COMMAND in the root of another Debian suite, with the cached images at
# /mnt/images and the machine's own directory at /mnt/machine. Started as the first process of mount and PID namespaces
# of its own: when it ends, or is killed, the kernel takes all their processes and mounts away.
set -eu
root=$1 images=$2 machine=$3
shift 3
mount --make-rprivate /
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount --bind "$images" "$root/mnt/images"
mount --bind "$machine" "$root/mnt/machine"
chroot=$(command -v chroot || echo /usr/sbin/chroot)
# Not exec: an emulator should not be process 1, whose signals the kernel treats in its own way.
env -i PATH=/usr/bin:/usr/sbin HOME=/mnt/machine TMPDIR="${E2E_TMPDIR:-/dev/shm}" "$chroot" "$root" "$@"
