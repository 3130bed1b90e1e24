package systemd_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/systemd"
)

const etc, run, local, usr, lib = "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"

// exec returns the values of ExecStart= of x.service.
func exec(t *testing.T, n *hosttest.Node) (values []string, exists bool) {
	t.Helper()
	settings, exists, err := systemd.Open(n.Host()).Settings("x.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		values = append(values, s.Value)
	}
	return values, exists
}

func TestTheStrongestDirectoryHasTheUnit(t *testing.T) {
	n := hosttest.New(t)
	for _, dir := range []string{lib, usr, local, run, etc} {
		n.WriteFile(dir+"/x.service", "[Service]\nExecStart="+dir+"\n", 0o644)
		if got, _ := exec(t, n); !slices.Equal(got, []string{dir}) {
			t.Errorf("with one in %s: %q", dir, got)
		}
	}
	if dirs := systemd.Open(n.Host()).Dirs; !slices.Equal(dirs, []string{etc, run, local, usr, lib}) {
		t.Errorf("directories: %q", dirs)
	}
}

func TestADirectoryThatIsAnotherOneCountsOnce(t *testing.T) {
	n := hosttest.New(t)
	n.WriteFile(usr+"/x.service", "[Service]\nExecStart=/x\n", 0o644)
	n.Symlink("/lib", "/usr/lib")
	if found := systemd.Open(n.Host()).Find("x.service"); !slices.Equal(found, []string{usr + "/x.service"}) {
		t.Errorf("found %q", found)
	}
}

func TestDropInsCountByNameAndTheStrongestOfOneName(t *testing.T) {
	n := hosttest.New(t)
	for name, value := range map[string]string{
		usr + "/x.service": "unit", usr + "/x.service.d/10-a.conf": "hidden", etc + "/x.service.d/10-a.conf": "10",
		run + "/x.service.d/05-b.conf": "05", local + "/x.service.d/20-c.conf": "20", usr + "/x.service.d/30-d.conf": "masked", etc + "/x.service.d/40.txt": "none",
	} {
		n.WriteFile(name, "[Service]\nExecStart="+value+"\n", 0o644)
	}
	n.Symlink(etc+"/x.service.d/30-d.conf", "/dev/null")
	if got, exists := exec(t, n); !exists || !slices.Equal(got, []string{"unit", "05", "10", "20"}) {
		t.Errorf("got %q", got)
	}
}

func TestAMaskedUnitDoesNotExist(t *testing.T) {
	for name, mask := range map[string]func(*hosttest.Node){
		"a link to /dev/null": func(n *hosttest.Node) { n.Symlink(etc+"/x.service", "/dev/null") },
		"an empty file":       func(n *hosttest.Node) { n.WriteFile(etc+"/x.service", "", 0o644) },
	} {
		n := hosttest.New(t)
		n.WriteFile(usr+"/x.service", "[Service]\nExecStart=/x\n", 0o644)
		mask(n)
		if got, exists := exec(t, n); exists || got != nil {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestWhatOthersCanChangeIsNotBelieved(t *testing.T) {
	for _, name := range []string{usr + "/x.service", usr + "/x.service.d/10.conf"} {
		n := hosttest.New(t)
		n.WriteFile(usr+"/x.service", "[Service]\nExecStart=/x\n", 0o644)
		n.WriteFile(name, "[Service]\nExecStart=/y\n", 0o666)
		_, _, err := systemd.Open(n.Host()).Settings("x.service")
		file, named := errors.AsType[*fs.PathError](err)
		if _, others := errors.AsType[*host.OthersError](err); !others || !named || file.Path != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheKernelCommandLineTurnsSwapOff(t *testing.T) {
	for line, want := range map[string]string{
		"":                                   "",
		"ro quiet":                           "",
		"systemd.swap=0":                     "systemd.swap=0",
		"systemd.swap=No":                    "systemd.swap=No",
		"systemd.swap=f":                     "systemd.swap=f",
		"ro fstab=off":                       "fstab=off",
		"systemd.swap=yes":                   "",
		"systemd.swap=0 systemd.swap=1":      "",
		"systemd.swap=0 systemd.swap":        "",
		"systemd.swap=1 systemd.swap=false":  "systemd.swap=false",
		"fstab=0 systemd.swap=1":             "fstab=0",
		"rd.fstab=0 mitigations=off swap=no": "",
		"systemd.swap=what":                  "",
	} {
		if got := systemd.SwapOff(strings.Fields(line)); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestZramIsFoundWhereItIsSetUp(t *testing.T) {
	n := hosttest.New(t)
	if got := systemd.Zram(n.Host(), nil); got != nil {
		t.Errorf("of a node without: %q", got)
	}
	n.WriteFile("/usr/local/lib/systemd/zram-generator.conf", "# x\n[zram0]\n", 0o644)
	n.Symlink(etc+"/multi-user.target.wants/zramswap.service", "/lib/systemd/system/zramswap.service")
	want := []string{"/usr/local/lib/systemd/zram-generator.conf", etc + "/multi-user.target.wants/zramswap.service"}
	if got := systemd.Zram(n.Host(), nil); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	n.WriteFile("/etc/systemd/zram-generator.conf", "# none\n", 0o644)
	if got := systemd.Zram(n.Host(), nil); !slices.Equal(got, want[1:]) {
		t.Errorf("switched off in /etc: %q", got)
	}
}

func TestZramOfDropInsAndOfOtherPackagesIsListed(t *testing.T) {
	n := hosttest.New(t)
	for name, text := range map[string]string{
		"/usr/lib/systemd/zram-generator.conf":               "# only a comment\n",
		"/run/systemd/zram-generator.conf.d/10-x.conf":       "[zram0]\nzram-size = ram\n",
		"/usr/lib/systemd/zram-generator.conf.d/20-y.conf":   "[zram1]\n",
		"/usr/lib/systemd/zram-generator.conf.d/30-z.conf":   "[zram2]\n",
		"/etc/systemd/zram-generator.conf.d/README":          "[zram3]\n",
		etc + "/multi-user.target.wants/zram-config.service": "",
	} {
		n.WriteFile(name, text, 0o644)
	}
	n.Symlink("/etc/systemd/zram-generator.conf.d/30-z.conf", "/dev/null")
	want := []string{"/run/systemd/zram-generator.conf.d/10-x.conf", "/usr/lib/systemd/zram-generator.conf.d/20-y.conf", etc + "/multi-user.target.wants/zram-config.service"}
	if got := systemd.Zram(n.Host(), nil); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := systemd.Zram(n.Host(), []string{"systemd.zram=0"}); !slices.Equal(got, want[2:]) {
		t.Errorf("switched off on the kernel command line: %q", got)
	}
}

// TestCommandsAreThoseThatCount: the commands of the services that a boot
// starts, with file and line.
func TestCommandsAreThoseThatCount(t *testing.T) {
	n := hosttest.New(t)
	for name, text := range map[string]string{
		usr + "/x.service":                         "[Unit]\n\n[Service]\nExecStartPre=/a\nExecStart=/x \\\n  --y\n",
		etc + "/x.service.d/10.conf":               "[Service]\nExecStartPre=\nExecStartPre=-/sbin/swapoff -a\n",
		usr + "/t@.service":                        "[Service]\nExecStart=/t %i\n",
		usr + "/late.timer":                        "[Timer]\nUnit=other.service\n",
		usr + "/multi-user.target.wants/x.service": "", etc + "/timers.target.wants/late.timer": "",
		run + "/a.target.requires/t@1.service": "", etc + "/timers.target.wants/plain.timer": "", etc + "/swap.target.wants/x.swap": "",
	} {
		n.WriteFile(name, text, 0o644)
	}
	units := systemd.Open(n.Host())
	if got, err := units.Wanted(); err != nil || !slices.Equal(got, []string{"other.service", "plain.service", "t@1.service", "x.service"}) {
		t.Errorf("wanted %q, %v", got, err)
	}
	var got []string
	for _, unit := range []string{"x.service", "t@1.service"} {
		commands, err := units.Commands(unit)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range commands {
			got = append(got, fmt.Sprintf("%s line %d: %s=%s", c.File, c.Line, c.Name, c.Value))
		}
	}
	if want := []string{
		usr + "/x.service line 6: ExecStart=/x    --y", etc + "/x.service.d/10.conf line 3: ExecStartPre=-/sbin/swapoff -a", usr + "/t@.service line 2: ExecStart=/t %i",
	}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestMasksOfSwapUnitsAreListed(t *testing.T) {
	n := hosttest.New(t)
	n.Symlink(etc+"/swap.target", "/dev/null")
	n.Symlink(run+"/dev-vdb.swap", "/dev/null")
	n.Symlink(etc+"/other.service", "/dev/null")
	n.Symlink(etc+"/dev-vdc.swap", usr+"/dev-vdc.swap")
	if got, err := systemd.SwapMasks(n.Host()); err != nil || !slices.Equal(got, []string{etc + "/swap.target", run + "/dev-vdb.swap"}) {
		t.Errorf("got %q", got)
	}
	if got := systemd.SwapUnit("/dev/mapper/crypt swap"); got != `dev-mapper-crypt\x20swap.swap` {
		t.Errorf("the unit is %s", got)
	}
}

func TestAGeneratorThatIsMaskedIsNotThere(t *testing.T) {
	const name = "systemd-cryptsetup-generator"
	n := hosttest.New(t)
	if systemd.HasGenerator(n.Host(), name) {
		t.Error("it is there before it is installed")
	}
	n.WriteFile("/usr/lib/systemd/system-generators/"+name, "\x7fELF", 0o755)
	if !systemd.HasGenerator(n.Host(), name) {
		t.Error("it is not found")
	}
	n.Symlink("/etc/systemd/system-generators/"+name, "/dev/null")
	if systemd.HasGenerator(n.Host(), name) {
		t.Error("it is masked")
	}
}
