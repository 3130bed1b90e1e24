#!/bin/sh
# build.sh DIR: the tools of go.mod as static programs into DIR, one after the other: a link takes up to 2 GB of memory.
# Without a version kubeadm and the kubelet call themselves v0.0.0, and refuse each other.
set -eu
out=$(realpath "$1")
cd "$(dirname "$0")"
export CGO_ENABLED=0 GOFLAGS="${GOFLAGS-} -trimpath -buildvcs=false"
version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes)
minor=${version#v1.} minor=${minor%%.*}
in=k8s.io/component-base/version
for tool in $(go list tool); do
	name=${tool##*/}
	[ "$name" != v3 ] || name=etcd
	go build -o "$out/$name" -ldflags "-s -w -X $in.gitVersion=$version -X $in.gitMajor=1 -X $in.gitMinor=$minor" "$tool"
done
