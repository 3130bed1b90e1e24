package check

import (
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/kernel/kerneltest"
)

// FuzzBoot: what fstab, crypttab, a swap unit and the kernel's command line say of
// swap at boot.
func FuzzBoot(f *testing.F) {
	f.Add("UUID=x none swap sw,nofail 0 0\n", "a /dev/b /dev/urandom swap\n", "[Swap]\nWhat=/dev/vdb\n", "quiet resume=/dev/vda2 systemd.swap=0")
	f.Add("/a swap swap", "a", "What=\nWhat=LABEL=\"x\"", "resume= noresume")
	f.Fuzz(func(t *testing.T, table, mappings, unit, commandLine string) {
		b := readBoot(kerneltest.Files(map[string][]byte{
			"/etc/fstab": []byte(table), "/etc/crypttab": []byte(mappings), "/etc/systemd/system/x.swap": []byte(unit),
		}), commandLine, "kubelet.service")
		for _, l := range b.Lines {
			if l.What == "" || l.From == "" {
				t.Errorf("%+v", l)
			}
		}
		if b.Hibernate.Word != "" && !strings.HasPrefix(b.Hibernate.Word, "resume=") {
			t.Errorf("%+v", b.Hibernate)
		}
	})
}

// FuzzPackageVersion: Debian's list of installed packages.
func FuzzPackageVersion(f *testing.F) {
	f.Add([]byte("Package: containerd\nStatus: install ok installed\nVersion: 1:1.7.24~ds1-6\n\nPackage: x\n"))
	f.Add([]byte("Package: containerd\nStatus: install ok installed\nVersion: \n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		version := packageVersion(kerneltest.Files(map[string][]byte{dpkgStatus: data}), "containerd")
		if strings.Trim(version, "0123456789.") != "" {
			t.Errorf("%q", version)
		}
	})
}

// FuzzAmount: an eviction threshold is refused, or an amount of memory.
func FuzzAmount(f *testing.F) {
	for _, text := range []string{"100Mi", "10%", "NaN%", "1e999999999", "0", "-1", "1e-9%", "10000%"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if bytes, err := amount(text, 64<<30); err == nil && bytes < 0 {
			t.Errorf("%q is %d", text, bytes)
		}
	})
}
