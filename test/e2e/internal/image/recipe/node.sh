#!/bin/bash
# node.sh ROOT OVERLAY CONTAINERD KUBERNETES IMAGES UML_MODULES: makes a test machine's root that of a Kubernetes node.
# CONTAINERD is the root of the suite that containerd is from, KUBERNETES the directory with the kubelet and kubeadm, IMAGES
# an archive of all images that pods need. As in assemble.sh, files are replaced and never written into.
set -eu
root=$1 overlay=$2 containerd=$3 kubernetes=$4 images=$5 uml_modules=$6

cp -r --remove-destination --no-preserve=ownership "$overlay/." "$root/"
for name in containerd containerd-shim-runc-v2 ctr; do
    install -m 755 "$containerd/usr/bin/$name" "$root/usr/bin/"
done
install -m 644 "$containerd/usr/lib/systemd/system/containerd.service" "$root/usr/lib/systemd/system/"
install -m 755 "$kubernetes/kubelet" "$kubernetes/kubeadm" "$root/usr/bin/"
mkdir -p "$root/etc/systemd/system/sysinit.target.wants" "$root/etc/systemd/system/multi-user.target.wants"
ln -sfn ../e2e-node.service "$root/etc/systemd/system/sysinit.target.wants/"
ln -sfn /usr/lib/systemd/system/containerd.service "$root/etc/systemd/system/multi-user.target.wants/"

release=$(basename "$uml_modules")
for part in net drivers/net; do
    mkdir -p "$root/usr/lib/modules/$release/kernel/$part"
    cp -r "$uml_modules/kernel/$part/." "$root/usr/lib/modules/$release/kernel/$part/"
done
chroot "$root" depmod "$release"

# The images are imported here, once, by a containerd without the parts that need a node: a boot would take 15 s longer.
cp "$images" "$root/images.tar"
# It wants its directory to be on a mount, so that the root is made one.
unshare --mount --pid --fork --kill-child /bin/sh -euc 'mount --bind "$1" "$1"; exec chroot "$1" /bin/bash -euc "$2"' import "$root" '
    mount -t proc proc /proc
    mount -t tmpfs tmpfs /run
    mount -t tmpfs tmpfs /tmp
    printf "version = 3\ndisabled_plugins = [%s]\n" "\"io.containerd.grpc.v1.cri\"" >/run/import.toml
    containerd --config /run/import.toml >/run/containerd.log 2>&1 &
    for try in {1..100}; do
        ctr version >/dev/null 2>&1 && break
        sleep 0.1
    done
    ctr --namespace k8s.io images import --snapshotter overlayfs /images.tar || { tail -n 20 /run/containerd.log; exit 1; }
    kill $!
    wait $! || true
'
rm "$root/images.tar"
