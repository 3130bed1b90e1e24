#!/bin/sh
# hack/release-check.sh: what a commit has to pass before there is a tag on it.
# goreleaser takes the configuration; snapshots of two clones have the same hashes,
# archives and packages included; the checksums are right; every package is there;
# and where there is cosign, the checksums are signed, by a key made for that, and
# the signature is verified as docs/packages.md says. The second snapshot is left
# in dist/.
set -eu
cd "$(dirname "$0")/.."
goreleaser=${GORELEASER:-bin/goreleaser}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stop() {
	echo "release-check: $*" >&2
	exit 1
}

"$goreleaser" check
hack/reproducible.sh
if command -v cosign >/dev/null; then
	export COSIGN_PASSWORD=
	(cd "$work" && cosign generate-key-pair)
	export SIGN_KEY="$work/cosign.key"
fi
[ -z "$(git status --porcelain)" ] || echo "release-check: what is not committed is not looked at" >&2
goreleaser=$(realpath "$goreleaser")
for clone in one two; do
	git clone --quiet . "$work/$clone" # with a remote, without which goreleaser knows no commit
	GORELEASER=$goreleaser "$work/$clone/hack/release.sh" --snapshot
	# A list of ingredients has the time of its making, and a name of its own.
	grep -v '\.spdx\.json$' "$work/$clone/dist/SHA256SUMS" >"$work/$clone.sums"
done
diff "$work/one.sums" "$work/two.sums" || stop "two snapshots of one commit differ"
rm -rf dist
mv "$work/two/dist" dist
(cd dist && sha256sum --check --quiet SHA256SUMS)
for arch in 'swapctl_.*_linux_amd64\.tar\.gz' 'swapctl_.*_linux_arm64\.tar\.gz' 'swapctl_.*_darwin_amd64\.tar\.gz' \
	'swapctl_.*_darwin_arm64\.tar\.gz' 'swapctl_.*_windows_amd64\.zip' 'swapctl_.*_windows_arm64\.zip' \
	'kubectl-swap_.*_linux_amd64\.tar\.gz' 'kubectl-swap_.*_darwin_arm64\.tar\.gz' 'kubectl-swap_.*_windows_amd64\.zip' 'amd64\.deb' 'arm64\.deb' 'x86_64\.rpm' 'aarch64\.rpm' \
	'x86_64\.apk' 'aarch64\.apk' 'x86_64\.pkg\.tar\.zst' 'aarch64\.pkg\.tar\.zst'; do
	[ "$(grep -c "$arch\$" dist/SHA256SUMS)" = 1 ] || stop "dist/ has not one $arch"
done
# The cask and the manifest name the archives as they are.
for file in dist/homebrew/Casks/swapctl.rb dist/krew/swap.yaml; do
	[ -s $file ] || stop "there is no $file"
	sums=$(grep -Eo '[0-9a-f]{64}' $file)
	[ "$(echo "$sums" | wc -l)" -ge 2 ] || stop "$file names fewer than two archives"
	for sum in $sums; do
		grep -q "^$sum " dist/SHA256SUMS || stop "$file has a sum that no archive has: $sum"
	done
done
# Of the archive of this machine, what the README says; and the plugin's own name.
arch=$(go env GOARCH)
(
	cd "$work"
	tar -xzf "$OLDPWD"/dist/swapctl_*_linux_"$arch".tar.gz
	install -m 755 swapctl_*_linux_"$arch"/swapctl "$work/swapctl"
	"$work/swapctl" version
	tar -xzf "$OLDPWD"/dist/kubectl-swap_*_linux_"$arch".tar.gz swapctl
	ln -s swapctl kubectl-swap
	./kubectl-swap plan --help | grep -q '^  kubectl swap plan '
) || stop "the archive cannot be installed"
if [ -n "${SIGN_KEY:-}" ]; then
	if grep -q sigstore dist/SHA256SUMS; then stop "the checksums list their own signature"; fi
	hack/verify.sh dist "$work/cosign.pub"
	mkdir "$work/bad"
	cp dist/SHA256SUMS* "$work/bad"
	echo >>"$work/bad/SHA256SUMS"
	if hack/verify.sh "$work/bad" "$work/cosign.pub" 2>/dev/null; then stop "changed checksums pass as signed"; fi
fi
echo "release-check: $(wc -l <"$work/two.sums") archives and packages, the same twice"
