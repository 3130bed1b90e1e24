package kubelet

import (
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/kernel/kerneltest"
	"github.com/swapctl/swapctl/internal/systemd"
)

// FuzzProcess: whatever procfs says of a process, which is what that process wants
// to be read of it, ends in a process that makes sense.
func FuzzProcess(f *testing.F) {
	f.Add("/usr/bin/kubelet\x00--config=x\x00", "A=1\x00B", "0::/system.slice/kubelet.service\n", "Name:\tkubelet\nNSpid:\t1\n", "1 (kubelet) S 1 1 1 0 -1 4 1 0 0 0 0 0 0 0 20 0 12 0 4200 1")
	f.Add("\x00", "=", "1:name=systemd:/a.service/b\n2::\n", "NSpid: 1 2", "1 (a) b) S")
	f.Add("", "", "", "", "")
	f.Fuzz(func(t *testing.T, cmdline, environ, groups, status, stat string) {
		h := kerneltest.Files(map[string][]byte{
			"/proc/7/cmdline": []byte(cmdline), "/proc/7/environ": []byte(environ), "/proc/7/cgroup": []byte(groups),
			"/proc/7/status": []byte(status), "/proc/7/stat": []byte(stat),
		})
		who := identify(h, "/proc/7")
		p, err := readProcess(h, "/proc/7", 7, who)
		if err == nil && p.pid != 0 && !isKubelet(p.argv) {
			t.Errorf("%q is taken for a kubelet", p.argv)
		}
		_, _, _ = p.program(), nested(status), allRoot(status)
		p.unit = unitOfGroups(groups)
		if p.unit != "" && (!strings.HasSuffix(p.unit, ".service") || strings.Contains(p.unit, "/")) {
			t.Errorf("it runs in %q", p.unit)
		}
	})
}

// FuzzVersion: a version that is understood is one, and is found again in itself.
func FuzzVersion(f *testing.F) {
	f.Add("Kubernetes v1.34.1\n")
	f.Add("k3s version v1.32.1+k3s1 (6a322f12)\ngo version go1.23.4")
	f.Add("v1.33.5-gke.100.")
	f.Fuzz(func(t *testing.T, text string) {
		version, err := parseVersion(text)
		if err != nil {
			return
		}
		if again, err := parseVersion(version); err != nil || again != version || !strings.HasPrefix(version, "v1.") {
			t.Errorf("%q is %q, and that is %q, %v", text, version, again, err)
		}
	})
}

// FuzzService: a unit with a drop-in and an environment file gives a command line,
// whatever is in them.
func FuzzService(f *testing.F) {
	f.Add("[Service]\nEnvironmentFile=-/e\nExecStart=/usr/bin/kubelet $A ${B} $$ %%\n", "[Service]\nExecStart=\nExecStart=/k $A\\\n --x\n", "A=\"1 2\"\nB=x\\\ny\n")
	f.Add("[Service]\nEnvironmentFile=/e\nEnvironmentFile=\nEnvironment=\"A=1\" B=2\nWorkingDirectory=/x/\n[", "=", "=")
	f.Fuzz(func(t *testing.T, unit, dropIn, env string) {
		h := kerneltest.Files(map[string][]byte{
			"/etc/systemd/system/kubelet.service": []byte(unit), "/etc/systemd/system/kubelet.service.d/10.conf": []byte(dropIn), "/e": []byte(env),
		})
		s, err := readService(h, systemd.Open(h), "kubelet.service")
		if err != nil {
			return
		}
		if strings.Contains(s.exec, "\n") {
			t.Errorf("a command of several lines: %q", s.exec)
		}
		_, _, _ = s.argv(), s.mentionsKubelet(), s.directory()
	})
}
