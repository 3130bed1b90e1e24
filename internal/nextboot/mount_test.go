package nextboot_test

import (
	"testing"

	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/nextboot"
)

const units = "/etc/systemd/system/"

// files are those of a node, by path.
type files map[string]string

func (f files) node(t *testing.T) *hosttest.Node {
	t.Helper()
	n := hosttest.New(t)
	for name, text := range f {
		n.WriteFile(name, text, 0o644)
	}
	return n
}

func fstab(options string) files {
	return files{"/etc/fstab": "UUID=1 / ext4 defaults 0 1\n/dev/vdb /data ext4 " + options + " 0 2\n"}
}

func (f files) with(name, text string) files { f[name] = text; return f }

// kubelet is kubeadm's unit, as far as its place in the boot matters.
const kubelet = "[Unit]\nWants=network-online.target\nAfter=network-online.target\n[Service]\nExecStart=/usr/bin/kubelet\n"

// cloudInit waits for no end, and the network is up only after it (cloud-init 22.4,
// Debian 12).
const cloudInit = "[Unit]\nDefaultDependencies=no\nBefore=network-online.target\n[Service]\nType=oneshot\nTimeoutSec=0\n"

// TestWhatComesLateAtBootIsFound holds each kind of mount against what becomes of swap on
// it: why it is late, whether a boot mounts it, and whether our unit may wait for it.
func TestWhatComesLateAtBootIsFound(t *testing.T) {
	const unit = units + "data.mount"
	wanted := func(f files) files { return f.with(units+"multi-user.target.wants/data.mount", "") }
	for name, test := range map[string]struct {
		files            files
		point            string
		why              string
		late, comes, may bool
	}{
		"a line as others":     {files: fstab("defaults"), comes: true},
		"nofail":               {files: fstab("defaults,nofail"), late: true, comes: true},
		"_netdev":              {files: fstab("_netdev"), why: "/etc/fstab line 2: _netdev", late: true, comes: true, may: true},
		"NFS":                  {files: files{"/etc/fstab": "srv:/x /data nfs4 rw 0 0\n"}, why: "/etc/fstab line 1: nfs4", late: true, comes: true, may: true},
		"noauto":               {files: fstab("noauto"), why: "/etc/fstab line 2: noauto", late: true},
		"automount":            {files: fstab("x-systemd.automount"), why: "/etc/fstab line 2: x-systemd.automount", late: true},
		"automount, as of old": {files: fstab("comment=systemd.automount"), why: "/etc/fstab line 2: comment=systemd.automount", late: true},
		"another comment":      {files: fstab("comment=cloudconfig"), comes: true},
		"a device that comes":  {files: fstab("x-systemd.requires=dev-vdc.device"), comes: true},
		"a service before the others": {
			files: fstab("x-systemd.requires=x.service").with(units+"x.service", "[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/x\n"),
			why:   "/etc/fstab line 2: x-systemd.requires=x.service", late: true, comes: true, may: true,
		},
		"for ever for the disk":  {files: fstab("_netdev,x-systemd.device-timeout=0"), why: "/etc/fstab line 2: _netdev", late: true, comes: true},
		"a service that ends":    {files: fstab("x-systemd.requires=x.service").with(units+"x.service", "[Service]\nType=oneshot\nTimeoutStartSec=60\n"), why: "/etc/fstab line 2: x-systemd.requires=x.service, which is an ordering cycle without nofail or _netdev", late: true, comes: true, may: true},
		"a service without end":  {files: fstab("x-systemd.requires=x.service").with(units+"x.service", "[Service]\nType=oneshot\n"), why: "/etc/fstab line 2: x-systemd.requires=x.service, which is an ordering cycle without nofail or _netdev", late: true, comes: true},
		"behind one without end": {files: fstab("x-systemd.after=x.service").with(units+"x.service", "[Unit]\nAfter=y.service\n").with(units+"y.service", "[Service]\nTimeoutStartSec=infinity\n"), why: "/etc/fstab line 2: x-systemd.after=x.service, which is an ordering cycle without nofail or _netdev", late: true, comes: true},
		"a service behind the kubelet": {
			files: fstab("x-systemd.requires=x.service").with(units+"x.service", "[Unit]\nAfter=kubelet.service\n").with(units+"kubelet.service", kubelet),
			why:   "/etc/fstab line 2: x-systemd.requires=x.service, which is an ordering cycle without nofail or _netdev", late: true, comes: true,
		},
		"a target behind the kubelet": {
			files: fstab("x-systemd.requires=x.service").with(units+"x.service", "[Unit]\nAfter=multi-user.target\n").with(units+"multi-user.target.wants/kubelet.service", ""),
			why:   "/etc/fstab line 2: x-systemd.requires=x.service, which is an ordering cycle without nofail or _netdev", late: true, comes: true,
		},
		"a service that the kubelet is before": {
			files: fstab("x-systemd.requires=x.service").with(units+"x.service", "[Service]\nExecStart=/x\n").with(units+"kubelet.service.d/10.conf", "[Unit]\nBefore=x.service\n").with(units+"kubelet.service", kubelet),
			why:   "/etc/fstab line 2: x-systemd.requires=x.service, which is an ordering cycle without nofail or _netdev", late: true, comes: true,
		},
		"cloud-init, which the kubelet waits for": {
			files: fstab("nofail,x-systemd.requires=cloud-init.service,_netdev").with("/usr/lib/systemd/system/cloud-init.service", cloudInit).with(units+"kubelet.service", kubelet),
			why:   "/etc/fstab line 2: x-systemd.requires=cloud-init.service, _netdev", late: true, comes: true, may: true,
		},
		"below a late one": {
			files: fstab("_netdev").with("/etc/fstab", "/dev/vdb /data ext4 _netdev 0 0\n/dev/vdc /data/swap ext4 defaults 0 0\n"), point: "/data/swap",
			why: "/etc/fstab line 1: _netdev", late: true, comes: true, may: true,
		},
		"a unit as others": {files: wanted(files{unit: "[Mount]\nWhat=/dev/vdb\nWhere=/data\n"}), comes: true},
		"a unit behind a service": {
			files: wanted(files{unit: "[Unit]\nAfter=x.service\n[Mount]\nWhere=/data\nOptions=rw\n"}), why: unit + ": After=x.service", late: true, comes: true, may: true,
		},
		"a unit that nothing wants": {files: files{unit: "[Mount]\nWhere=/data\n"}, why: unit + ": nothing wants it", late: true},
		"a unit with an automount":  {files: files{unit: "[Mount]\nWhere=/data\n", units + "remote-fs.target.wants/data.automount": ""}, why: unit + ": data.automount", late: true},
		"made by a generator":       {files: files{"/run/systemd/generator.late/data.mount": "[Mount]\nWhere=/data\n"}, comes: true},
		"mounted by hand":           {files: files{}, why: "/data: no line of /etc/fstab and no unit mounts it", late: true},
		"the root":                  {files: files{}, point: "/", comes: true},
		"our own unit is no reason": {files: fstab("x-systemd.requires=x.service").with(units+"x.service", "[Service]\nType=oneshot\n").with(units+"swapctl.service", "[Unit]\nAfter=x.service\nBefore=kubelet.service\n"), why: "/etc/fstab line 2: x-systemd.requires=x.service, which is an ordering cycle without nofail or _netdev", late: true, comes: true},
	} {
		if test.point == "" {
			test.point = "/data"
		}
		h := test.files.node(t).Host()
		late, found, err := nextboot.LateMount(h, test.point)
		if err != nil || found != test.late || late.Why != test.why || late.Comes != test.comes {
			t.Errorf("%s: late %v, %+v, %v", name, found, late, err)
		}
		if may := late.MayWait(h, []string{"kubelet.service", "swapctl.service"}, []string{"kubelet.service"}); may != test.may {
			t.Errorf("%s: may wait %v", name, may)
		}
	}
}
