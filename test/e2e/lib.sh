# Shell functions for stories, inside the machine. guest-sh sources this first; anybody else can:
#   . /usr/local/lib/swapctl-e2e.sh
# $B and $C are the scratch disks, $lane is the lane; a story's matrix is in the environment too.

: "${B:=/dev/disk/by-id/scratchb}" "${C:=/dev/disk/by-id/scratchc}"

die() {
    echo "$*" >&2
    exit 1
}

# assert_eq GOT WANT [WHAT]
assert_eq() {
    [ "$1" = "$2" ] || die "${3:-value}: got \"$1\", want \"$2\""
}

# assert_file PATH TEXT: the file contains the text
assert_file() {
    grep -qF -- "$2" "$1" || die "$1 does not contain \"$2\": $(cat "$1" 2>&1)"
}

# refute COMMAND...: the command must fail
refute() {
    if "$@"; then die "unexpected success: $*"; fi
}

# make_fs ext4|xfs|btrfs [DISK] [MOUNTPOINT]: formats the disk (scratch b) and mounts it (at /mnt/b)
make_fs() {
    local disk=${2:-$B} at=${3:-/mnt/b}
    case $1 in
    ext4) mkfs.ext4 -q -F -E lazy_itable_init=1,lazy_journal_init=1,nodiscard "$disk" ;;
    xfs) mkfs.xfs -q -f -K "$disk" ;;
    btrfs) mkfs.btrfs -q -f -K "$disk" >/dev/null ;;
    *) die "make_fs: unknown file system $1" ;;
    esac
    mkdir -p "$at"
    mount "$disk" "$at"
}

# drop_fs [DISK] [MOUNTPOINT]: takes back what make_fs did
drop_fs() {
    local disk=${1:-$B} at=${2:-/mnt/b}
    umount "$at"
    rmdir "$at"
    blank "$disk"
}

# blank DISK: no signature is left on it
blank() {
    wipefs -q -a "$1"
    dd if=/dev/zero of="$1" bs=1M count=1 conv=fsync status=none
    udevadm settle
}

# make_swap_file PATH MIB: a file that swapon takes, on any of the file systems
make_swap_file() {
    rm -f "$1"
    touch "$1"
    chmod 600 "$1"
    if [ "$(stat -f -c %T "$1")" = btrfs ]; then chattr +C "$1"; fi
    fallocate -l "$2MiB" "$1"
}

# swap_areas: how many areas are on
swap_areas() { tail -n +2 /proc/swaps | wc -l; }

# show_tree PATH...: what is there, with owners, modes, times left out, and a digest of every small file
show_tree() {
    local path there=()
    for path in "$@"; do [ ! -e "$path" ] || there+=("$path"); done
    [ ${#there[@]} != 0 ] || return 0
    # One process for all of them: this is asked before and after each story.
    find "${there[@]}" -xdev \( -type d -printf '%M %u:%g %p/\n' -o -type f -printf '%M %u:%g %s %p\n' \
        -o -printf '%M %u:%g %p -> %l\n' \) | sort -k4
    find "${there[@]}" -xdev -type f -size -1024k -exec sha256sum {} + | sort -k2
}

# kubelet_files: what of /var/lib/kubelet an administrator writes; a real kubelet keeps its own books beside it
kubelet_files() {
    if [ -e /var/lib/kubelet/pki ]; then
        echo /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env
    else
        echo /var/lib/kubelet
    fi
}

# node_state: everything observable that swapctl or a story may change. Equal before and after means: nothing left.
node_state() {
    echo "== swap areas"
    awk '{print $1, $2, $3, $5}' /proc/swaps
    echo "== mappings"
    dmsetup table
    dmsetup info -c --noheadings -o name,uuid,open,attr
    echo "== udev cookies"
    dmsetup udevcookies | tail -n +2
    echo "== loop devices"
    losetup -l -n -O NAME,BACK-FILE,AUTOCLEAR,DIO,OFFSET,SIZELIMIT,LOG-SEC
    echo "== mounts"
    awk '$5 !~ "^/(proc|sys|dev|run)" {print $5, $6, $9, $10}' /proc/self/mountinfo | sort
    echo "== keys of type logon"
    awk '$8 == "logon" {print $8, $9}' /proc/keys
    echo "== kernel settings"
    sysctl vm.swappiness vm.page-cluster vm.min_free_kbytes vm.watermark_scale_factor vm.vfs_cache_pressure 2>/dev/null
    echo "== swap limits of slices"
    grep -H . /sys/fs/cgroup/*.slice/memory.swap.max 2>/dev/null
    echo "== control groups"
    find /sys/fs/cgroup -maxdepth 1 -type d ! -name '*.mount' ! -name '*.slice' ! -name '*.scope' | sort
    echo "== units"
    systemctl list-units --all --plain --no-legend --type=swap | sort
    systemctl list-units --plain --no-legend --failed
    systemctl list-unit-files --plain --no-legend 'swapctl*' 'kubelet*' '*.swap'
    echo "== files"
    show_tree /var/lib/swapctl /run/swapctl /etc/swapctl /etc/fstab /etc/crypttab /etc/sysctl.d /etc/sysctl.conf \
        /etc/systemd/system /run/systemd/system /etc/kubernetes $(kubelet_files) /etc/modules-load.d /mnt /run/cryptsetup
    echo "== scratch disks"
    local disk
    for disk in "$B" "$C"; do echo "$disk: $(blkid -p -o value -s TYPE "$disk" || true)"; done
    echo "== commands left running"
    local pid
    for pid in $(cat /sys/fs/cgroup/story/cgroup.procs); do
        [ "$pid" = $$ ] || tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -v '^cat ' || true
    done
}

# kubeadm_units: what the package of kubeadm brings for the kubelet
kubeadm_units() {
    mkdir -p /usr/lib/systemd/system/kubelet.service.d /var/lib/kubelet /etc/kubernetes
    # As in kubeadm's package, however often it starts: StartLimitInterval=0.
    printf '%s\n' '[Unit]' 'StartLimitIntervalSec=0' '[Service]' 'ExecStart=/usr/bin/kubelet' 'Restart=always' 'RestartSec=1' \
        '[Install]' 'WantedBy=multi-user.target' >/usr/lib/systemd/system/kubelet.service
    cat >/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf <<'END'
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
END
}

# make_kubelet VERSION: a node that kubeadm has made, with a stand-in for the kubelet, which runs
make_kubelet() {
    install -D -m 755 /usr/local/lib/standin-kubelet /usr/bin/kubelet
    echo "$1" >/etc/standin-kubelet
    kubeadm_units
    echo 'KUBELET_KUBEADM_ARGS="--pod-infra-container-image=registry.k8s.io/pause:3.10"' >/var/lib/kubelet/kubeadm-flags.env
    printf '%s\n' 'apiVersion: kubelet.config.k8s.io/v1beta1' 'authentication:' '  anonymous:' '    enabled: false' \
        '# kept by an administrator' 'clusterDNS:' '- 10.96.0.10' 'kind: KubeletConfiguration' 'rotateCertificates: true' >/var/lib/kubelet/config.yaml
    systemctl daemon-reload
    systemctl enable --quiet --now kubelet.service
    kubelet_runs
}

# kubelet_runs: it has started and stays
kubelet_runs() {
    local try
    for try in 1 2 3 4 5 6 7 8 9 10; do
        [ "$(systemctl is-active kubelet.service)" != active ] || grep -q "pid=$(systemctl show -P MainPID kubelet.service)\$" /run/standin-kubelet && return
        sleep 0.2
    done
    die "no kubelet: $(systemctl status --no-pager kubelet.service; tail -n 3 /root/kubelet.log)"
}

# never_refused: every start of the kubelet so far went well
never_refused() { ! grep refused /root/kubelet.log || die "the kubelet refused to start"; }
