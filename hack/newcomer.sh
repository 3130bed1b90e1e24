#!/bin/bash
# hack/newcomer.sh [SUITE...]: goes a newcomer's way, in a clean Debian made for it
# (bookworm and trixie): git clone, the README's commands, and what people do wrong on
# them; and, where dist/ has a release (make release-check), that archive and package,
# without Go; RELEASE=yes tries only these. Every message must help, and a result be
# there in five minutes.
# The tree is cloned as it lies here, changes included. Needs root, git, Go, the
# modules of go.mod in its cache, and mmdebstrap with network for the first run.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH=$PATH:/usr/local/go/bin
cache=${XDG_CACHE_HOME:-$HOME/.cache}/swapctl-newcomer
limit=300 # seconds, from the clone to the result

stop() { echo "newcomer: $*" >&2; exit 1; }

# A Debian as its cloud images have it, and make, as the README says.
image() { # SUITE
	[ ! -e "$cache/$1.tar" ] || return 0
	echo "newcomer: making a clean Debian, $1"
	mkdir -p "$cache"
	mmdebstrap --quiet --format=tar --variant=apt --include=git,sudo,passwd,ca-certificates,mount,kmod,make \
		--aptopt='APT::Install-Recommends "false"' "$1" "$cache/$1.tar.new"
	mv "$cache/$1.tar.new" "$cache/$1.tar"
}

# One commit on top of HEAD that has what lies here.
origin() { # DIRECTORY
	git clone --quiet . "$1"
	(git ls-files -z --deleted | xargs -0 -r git -C "$1" rm --quiet --ignore-unmatch --)
	git ls-files -z --cached --others --exclude-standard |
		while IFS= read -r -d '' f; do [ ! -e "$f" ] || printf '%s\0' "$f"; done |
		xargs -0 cp --parents -P -t "$1"
	git -C "$1" add --all
	git -C "$1" -c user.name=newcomer -c user.email=newcomer@localhost commit --quiet --allow-empty -m "As it lies here"
}

if [ -z "${NEWCOMER_INSIDE:-}" ]; then
	[ "$(id -u)" = 0 ] || stop "needs root, to enter the machine that it makes: sudo $0"
	for p in mmdebstrap git go unshare; do command -v $p >/dev/null || stop "there is no $p here: make deps"; done
	[ $# -gt 0 ] || set -- bookworm trixie
	work=$(mktemp -d "${TMPDIR:-/tmp}/newcomer.XXXXXX")
	# The mounts end with the namespace, so only files are left to remove.
	trap 'rm -rf --one-file-system "$work"' EXIT
	origin "$work/origin"
	for suite; do
		image "$suite"
		mkdir "$work/$suite"
		tar -C "$work/$suite" -xf "$cache/$suite.tar"
		NEWCOMER_INSIDE=$work/$suite unshare --mount --pid --fork --kill-child "$0" "$suite"
	done
	exit
fi

# From here on in namespaces of our own.
suite=$1 root=$NEWCOMER_INSIDE home=/home/newcomer
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mkdir "$root/usr/local/go" "$root/var/lib/swapctl-newcomer"
mount --bind -o ro "$(go env GOROOT)" "$root/usr/local/go"
echo "127.0.0.1 localhost $(hostname)" >"$root/etc/hosts"
echo 'newcomer ALL=(ALL) NOPASSWD:ALL' >"$root/etc/sudoers.d/90-cloud-init-users"
chroot "$root" useradd --create-home --shell /bin/bash newcomer
cp -r "$(dirname "$root")/origin" "$root/srv/swapctl"
# The warm module cache: what go.mod names, out of the cache of this machine.
proxy=file://$(go env GOMODCACHE)/cache/download
GOFLAGS=-modcacherw GOMODCACHE=$root$home/go/pkg/mod GOPROXY=$proxy GOSUMDB=off go mod download
chroot "$root" chown -R newcomer: /srv/swapctl "$home"

as() { # USER COMMAND
	unshare --net chroot "$root" su --login "$1" --command "$2" </dev/null
}

# What the README shows below <!-- newcomer: PART -->, with the names in dist/.
readme() { # PART
	sed -n "/^<!-- newcomer: $1 -->\$/,/^\`\`\`\$/p" README.md | grep -v '^<!--\|^```' |
		sed "s/swapctl_1\.0\.0_linux_amd64/$archive/g; s/swapctl_1\.0\.0_amd64\.deb/$deb/g"
}
archive=$(cd dist 2>/dev/null && basename -s .tar.gz swapctl_*_linux_amd64.tar.gz || :)
deb=$(cd dist 2>/dev/null && echo swapctl_*_amd64.deb || :)
use='cd / && command -v swapctl && sudo swapctl setup --size 1Mi --encrypt=false && sudo swapctl teardown && [ ! -e /var/lib/swapctl ]'

# try STORY EXIT-CODE PATTERN USER COMMAND
failed=0
try() {
	local begin=$SECONDS code=0 out=$root/var/lib/swapctl-newcomer/out
	as "$4" "$5" >"$out" 2>&1 || code=$?
	took=$((SECONDS - begin))
	if [ "$code" = "$2" ] && grep -qE "$3" "$out"; then
		echo "ok    $suite: $1 ($took s)"
	else
		echo "FAIL  $suite: $1: exit code $code, want $2 and \"$3\":"
		sed 's/^/      /' "$out"
		failed=1
	fi
	[ -z "${VERBOSE:-}" ] || sed 's/^/      /' "$out"
}
clean='No swap area, file, mapping or loop device of the demo is left'
nothing='[ ! -e /var/lib/swapctl ] && ! grep demo-swapfile /proc/swaps && echo clean'

source_stories() {
	try "clone, and the README's first command" 0 "$clean" newcomer 'git clone -q /srv/swapctl && cd swapctl && make demo'
	[ "$took" -lt $limit ] || { echo "FAIL  $suite: that took $took s, more than $limit"; failed=1; }
	try "once more" 0 "$clean" newcomer 'cd swapctl && make demo'
	try "with sudo, and then without" 0 "^here$" newcomer \
		'cd swapctl && sudo make demo && make build && [ -z "$(find . -user root)" ] && echo here'
	try "make install" 0 '^/usr/local/bin/swapctl$' newcomer "set -e; cd swapctl; $(readme source); ($use); sudo make uninstall; [ -z \"\$(find /usr/local -name '*swapctl*')\" ]"
	as newcomer 'git -C swapctl archive -o ~/t.tar HEAD'
	try "without git history, as root, without sudo" 0 "$clean" root \
		"mkdir /root/t && tar -x -C /root/t -f $home/t.tar && ln -s $home/go /root/go && ln -s $home/.cache /root/.cache && mv /usr/bin/sudo /usr/bin/sudo.off && cd /root/t && make demo"
	try "without sudo, as a user" 2 "needs root, and there is no sudo here: su -c '$home/swapctl/hack/demo.sh'" newcomer 'cd swapctl && make demo'
	mv "$root/usr/bin/sudo.off" "$root/usr/bin/sudo"
	try "with swap of its own" 0 "$clean" root \
		"truncate -s 0 /var/s; fallocate -l 8M /var/s; chmod 600 /var/s; mkswap -q /var/s; swapon /var/s; su -l newcomer -c 'cd swapctl && make demo'; c=\$?; grep -q ^/var/s /proc/swaps && swapoff /var/s && exit \$c"
	try "on a machine that is set up" 2 "has set up this machine already .*leaves that alone" root \
		"cd $home/swapctl && bin/swapctl setup --size 1Mi --encrypt=false && make demo"
	try "and swapctl takes that back" 0 clean root "cd $home/swapctl && bin/swapctl teardown && $nothing"
	try "after a demo that was killed" 0 "An earlier demo was killed.*|$clean" newcomer \
		'cd swapctl && sudo bin/swapctl setup --size 64Mi --path /var/lib/swapctl/demo-swapfile --name swapctl-demo --encrypt=false && make demo'
	for after in 0.02 0.05 0.1 0.2; do
		try "^C after $after s leaves nothing" 0 clean root "cd $home/swapctl && timeout -s INT $after hack/demo.sh; $nothing"
	done
	try "without room on the disk" 2 "no room.*|nothing was changed" root \
		"mkdir /var/lib/swapctl; mount -t tmpfs -o size=1M tmpfs /var/lib/swapctl; cd $home/swapctl && make demo; code=\$?; umount /var/lib/swapctl; exit \$code"
	grep -q 'cannot encrypt' "$root/var/lib/swapctl-newcomer/out" && { echo "FAIL  $suite: and it blames encryption"; failed=1; }
	rmdir "$root/var/lib/swapctl"
	try "in a tree that cannot be written" 2 "read-only file system" newcomer \
		'cp -r swapctl ro && rm -rf ro/bin && sudo mount --bind -o ro ro ro; cd ro && make demo; code=$?; sudo umount ~/ro; exit $code'
	try "without network, and with a cold module cache" 2 "make: go could not fetch what it names above" newcomer 'cd swapctl && GOMODCACHE=/tmp/cold make demo'
	mkdir "$root/opt/old"
	printf '#!/bin/sh\necho go1.19.8\n' >"$root/opt/old/go"
	chmod +x "$root/opt/old/go"
	try "with an old Go" 2 "Go 1\.[0-9.]+ is needed, and /opt/old/go is 1.19.8; https://go.dev/dl/" newcomer 'cd swapctl && PATH=/opt/old:$PATH make demo'
	umount "$root/usr/local/go"
	try "without Go" 2 "Go 1\.[0-9.]+ is needed, and there is none" newcomer 'cd swapctl && make demo'
}
if [ -n "${RELEASE:-}" ]; then umount "$root/usr/local/go"; else source_stories; fi
if [ -e "dist/$archive.tar.gz" ] && [ -e "dist/$deb" ]; then
	chroot "$root" rm -rf /srv/swapctl $home/swapctl
	cp "dist/SHA256SUMS" "dist/$archive.tar.gz" "dist/$deb" "$root$home/"
	chroot "$root" chown -R newcomer: $home
	try "from the archive of a release" 0 '^/usr/local/bin/swapctl$' newcomer "set -e; $(readme archive); $use"
	try "an archive that was changed" 1 'FAILED' newcomer "cp $archive.tar.gz whole && echo >>$archive.tar.gz && { $(readme archive | head -n 1) || { mv whole $archive.tar.gz; false; }; }"
	rm "$root/usr/local/bin/swapctl"
	try "from the package of a release" 0 '^/usr/bin/swapctl$' newcomer "set -e; $(readme package); $use; sudo apt-get -qq -y purge swapctl; [ ! -e /usr/bin/swapctl ]"
else
	echo "newcomer: there is no release in dist/, so none is installed: make release-check makes one"
fi
exit $failed
