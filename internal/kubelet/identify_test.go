package kubelet_test

import (
	"context"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
	"github.com/swapctl/swapctl/internal/kubelet"
)

// change is what an attacker makes of the kubelet of "by-hand", process 99.
type change struct {
	name  string
	apply func(n *hosttest.Node)
	kind  kubelet.Kind // "" is not found
}

func text(name, text string) func(n *hosttest.Node) {
	return func(n *hosttest.Node) { n.WriteFile(name, text, 0o444) }
}

func link(name, target string) func(n *hosttest.Node) {
	return func(n *hosttest.Node) {
		_ = os.Remove(n.Root + name)
		n.Symlink(name, target)
	}
}

// TestAProcessCountsByWhatNobodyElseCanGiveIt: its name and its arguments are
// anybody's to choose.
func TestAProcessCountsByWhatNobodyElseCanGiveIt(t *testing.T) {
	for _, c := range []change{
		{"as it is", func(*hosttest.Node) {}, kubelet.ByHand},
		{"the user ID of another", text("/proc/99/status", "Uid:\t1000\t1000\t1000\t1000\nNSpid:\t99\n"), ""},
		{"a program with the set-user-ID bit", text("/proc/99/status", "Uid:\t1000\t0\t0\t0\nNSpid:\t99\n"), ""},
		{"a saved user ID of another", text("/proc/99/status", "Uid:\t0\t0\t1000\t0\nNSpid:\t99\n"), ""},
		{"no user IDs", text("/proc/99/status", "NSpid:\t99\n"), ""},
		{"two lines of user IDs", text("/proc/99/status", "Name:\tkubelet\nUid:\t1000\t1000\t1000\t1000\nUid:\t0\t0\t0\t0\n"), ""},
		{"a user namespace", link("/proc/99/ns/user", "user:[1]"), ""},
		{"a process namespace", link("/proc/99/ns/pid", "pid:[1]"), ""},
		{"a mount namespace", link("/proc/99/ns/mnt", "mnt:[1]"), kubelet.Container},
		{"a mount and a user namespace", func(n *hosttest.Node) {
			link("/proc/99/ns/mnt", "mnt:[1]")(n)
			link("/proc/99/ns/user", "user:[1]")(n)
		}, ""},
		{"no namespace to be seen", func(n *hosttest.Node) { _ = os.Remove(n.Root + "/proc/99/ns/user") }, ""},
		{"another program", link("/proc/99/exe", "/usr/bin/sudo"), ""},
		{"a program in /tmp", link("/proc/99/exe", "/tmp/kubelet"), ""},
		{"a program of a user's", func(n *hosttest.Node) { n.SetOwner("/usr/bin/kubelet", 1000, 1000) }, ""},
		{"a program whose directory is a user's", func(n *hosttest.Node) { n.SetOwner("/usr/bin", 1000, 1000) }, ""},
		{"a program in a directory that a group may write to", func(n *hosttest.Node) { _ = os.Chmod(n.Path("/usr/bin"), 0o775) }, ""},
		{"a program that was deleted in /tmp", link("/proc/99/exe", "/tmp/kubelet (deleted)"), ""},
		{"a program of root's that was deleted", link("/proc/99/exe", "/usr/bin/kubelet (deleted)"), kubelet.ByHand},
		{"no program to be seen", func(n *hosttest.Node) { _ = os.Remove(n.Root + "/proc/99/exe") }, ""},
		{"another name", text("/proc/99/comm", "kubelet2\n"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := lay(t, "by-hand")
			n.WriteFile("/usr/bin/sudo", "", 0o755)
			n.WriteFile("/tmp/kubelet", "", 0o755)
			_ = os.Remove(n.Root + "/usr/bin/kubelet")
			n.WriteFile("/usr/bin/.keep", "", 0o644)
			if c.kind == kubelet.ByHand || strings.Contains(c.name, "program") {
				n.SetProgram("/usr/bin/kubelet", func([]string) (string, error) { return "Kubernetes v1.34.1\n", nil })
			}
			c.apply(n)
			k, err := kubelet.Find(context.Background(), n.Host())
			if c.kind != kubelet.ByHand && (k.Version != "" || k.Binary != "" || k.Argv != nil || k.Env != nil || k.PID != 0 || k.Running || k.Inputs.Config != nil) {
				t.Errorf("it believes %+v", k)
			}
			if k.Found && k.Kind != c.kind || !k.Found && c.kind != "" {
				t.Errorf("found %v %s, want %q, %v", k.Found, k.Kind, c.kind, err)
			}
		})
	}
}

// TestAUnitIsNamedBelowSlicesAlone: below a service or a scope others name the
// control groups.
func TestAUnitIsNamedBelowSlicesAlone(t *testing.T) {
	for group, unit := range map[string]string{
		"0::/system.slice/kubelet.service":                                              "kubelet.service",
		"0::/kubelet.service":                                                           "kubelet.service",
		"0::/system.slice/kube.slice/kubelet.service/sub":                               "kubelet.service",
		"12:pids:/x\n1:name=systemd:/system.slice/kubelet.service":                      "kubelet.service",
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/kubelet.service":    "",
		"0::/user.slice/user-1000.slice/session-1.scope/kubelet.service":                "",
		"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-1.scope/kubelet.service": "",
		"0::/kubepods/pod1/1/kubelet.service":                                           "",
		"0::/system.slice/docker-1.scope/system.slice/kubelet.service":                  "",
		"0::/system.slice/theirs.service/kubelet.service":                               "",
		"0::/../system.slice/kubelet.service":                                           "",
		"0::/a kubelet.service":                                                         "",
		"4:memory:/system.slice/kubelet.service":                                        "",
	} {
		n := lay(t, "wrapped")
		n.WriteFile("/proc/99/cgroup", group+"\n", 0o444)
		k, err := kubelet.Find(context.Background(), n.Host())
		if (k.Running && k.Kind == kubelet.Systemd && k.Unit == "kubelet.service") != (unit != "") {
			t.Errorf("%s: %+v, %v", group, k, err)
		}
	}
}

// TestTheSearchGoesOnPastImpostors: however many there are, and whatever they say.
func TestTheSearchGoesOnPastImpostors(t *testing.T) {
	n := lay(t, "kubeadm")
	for _, pid := range []string{"/proc/5", "/proc/811", "/proc/9000"} {
		n.WriteFile(pid+"/comm", "kubelet\n", 0o444)
		n.WriteFile(pid+"/cmdline", "/usr/bin/kubelet\x00--fail-swap-on=false\x00", 0o444)
		n.WriteFile(pid+"/status", "Uid:\t1000\t1000\t1000\t1000\n", 0o444)
		n.WriteFile(pid+"/cgroup", "0::/system.slice/kubelet.service\n", 0o444)
		n.Symlink(pid+"/exe", "/usr/bin/kubelet")
	}
	n.WriteFile("/proc/700/comm", "kubelet\n", 0o444) // by hand, and not the unit's
	n.WriteFile("/proc/700/cmdline", "/usr/bin/kubelet\x00", 0o444)
	n.WriteFile("/proc/700/status", "Uid:\t0\t0\t0\t0\n", 0o444)
	n.Symlink("/proc/700/exe", "/usr/bin/kubelet")
	for _, kind := range []string{"user", "pid", "mnt"} {
		target, err := os.Readlink(n.Root + "/proc/self/ns/" + kind)
		if err != nil {
			t.Fatal(err)
		}
		n.Symlink("/proc/700/ns/"+kind, target)
	}
	k, err := kubelet.Find(context.Background(), n.Host())
	if err != nil || k.PID != 812 || k.Unit != "kubelet.service" || slices.Contains(k.Argv, "--fail-swap-on=false") {
		t.Errorf("%+v, %v", k, err)
	}
}

// TestWithoutRootOnlyAUnitsKubeletCounts: programs and namespaces of others'
// processes are not to be seen then.
func TestWithoutRootOnlyAUnitsKubeletCounts(t *testing.T) {
	for name, want := range map[string]bool{"kubeadm": true, "by-hand": false} {
		n := lay(t, name)
		n.SetEUID(1000)
		h := n.Host()
		h.Files = ordinary{h.Files}
		if k, err := kubelet.Look(h); k.Running != want {
			t.Errorf("%s: running %v, %v", name, k.Running, err)
		}
	}
}

// TestAScriptThatStartsTheKubeletIsRootsAlone: what runs now may be root's, and
// the next start is whoever's the script is.
func TestAScriptThatStartsTheKubeletIsRootsAlone(t *testing.T) {
	const script = "/usr/local/bin/start-kubelet.sh"
	for _, exec := range []string{script, "/bin/sh " + script, "/bin/sh -c 'exec " + script + " --v=2'"} {
		for _, owner := range []uint32{0, 1000} {
			n := lay(t, "wrapped")
			n.WriteFile("/etc/systemd/system/kubelet.service", "[Service]\nExecStart="+exec+"\n", 0o644)
			n.WriteFile(script, "", 0o755)
			n.SetOwner(script, owner, 0)
			k, err := kubelet.Find(context.Background(), n.Host())
			if (err == nil) != (owner == 0) || (k.Version == "") != (owner != 0) || err != nil && !strings.Contains(err.Error(), script+" belongs to user 1000") {
				t.Errorf("%s of %d: %+v, %v", exec, owner, k, err)
			}
		}
	}
}

// TestAProgramThatOthersCanStillMakeIsNotRootsAlone: a unit may name what is not there
// yet, in a directory of somebody else.
func TestAProgramThatOthersCanStillMakeIsNotRootsAlone(t *testing.T) {
	const dir = "/home/mallory"
	for _, owner := range []uint32{0, 1000} {
		n := lay(t, "wrapped")
		n.WriteFile("/etc/systemd/system/kubelet.service", "[Service]\nExecStart="+dir+"/start.sh\n", 0o644)
		n.WriteFile(dir+"/other", "", 0o644)
		n.SetOwner(dir, owner, 0)
		_, err := kubelet.Find(context.Background(), n.Host())
		if (err == nil) != (owner == 0) || err != nil && !strings.Contains(err.Error(), dir+" belongs to user 1000") {
			t.Errorf("of %d: %v", owner, err)
		}
	}
}

// ordinary is how an ordinary user sees the processes of others (proc(5)).
type ordinary struct{ host.Files }

func (o ordinary) Readlink(name string) (string, error) {
	if strings.HasPrefix(name, "/proc/") && !strings.HasPrefix(name, "/proc/self/") {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrPermission}
	}
	return o.Files.Readlink(name)
}
