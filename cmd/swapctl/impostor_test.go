package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// nobody is an ordinary user of this machine.
const nobody = 65534

// TestImpostorsAreNeitherRunNorBelieved: what calls itself kubelet, on a real
// kernel, beside a root who looks at the node. It runs itself again in namespaces
// of its own, so that what a kubelet leaves is seen by nobody else.
func TestImpostorsAreNeitherRunNorBelieved(t *testing.T) {
	const inside, dirs = "SWAPCTL_TEST_INSIDE", "SWAPCTL_TEST_PROGRAMS"
	if os.Geteuid() != 0 {
		t.Skip("only root may make users of a machine: run the tests as root")
	}
	if os.Getenv(inside) == "" {
		bin := built(t)
		build := exec.Command("go", "build", "-o", filepath.Join(bin, "impostor"), "./testdata/impostor")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		again := exec.Command("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc",
			os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
		again.Env = append(os.Environ(), inside+"=1", dirs+"="+bin)
		out, err := again.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	s := newScene(t, os.Getenv(dirs))
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) { s.play(t, a) })
	}
	t.Run("beside the real one", s.besideTheRealOne)
	t.Run("a real one that is too large", s.tooLarge)
	t.Run("units", s.units)
}

// attack is a process that calls itself kubelet.
type attack struct {
	name    string
	program string // where it lies
	argv0   string // "" is program
	uid     uint32
	env     []string
	wrap    []string // starts it
	found   bool     // as one in a container, of which nothing is believed
}

const (
	theirs = "/srv/theirs" // a directory of nobody's
	shared = "/srv/shared" // one like /tmp
	roots  = "/srv/root"   // one of root's
)

func attacks() []attack {
	const evil = theirs + "/kubelet"
	return []attack{
		{name: "a user's process", program: evil, uid: nobody},
		{name: "with the name of a kubelet's program", program: evil, argv0: "/usr/bin/kubelet", uid: nobody},
		{name: "with a command line that would fill the memory", program: evil, uid: nobody, env: []string{"HUGE=1288490188"}},
		{name: "a user who runs a program of root's", program: roots + "/kubelet", uid: nobody},
		{name: "root of a user namespace", program: evil, uid: nobody, wrap: []string{"unshare", "-Ur"}},
		{name: "root of a process namespace", program: roots + "/kubelet", wrap: []string{"unshare", "--pid", "--fork"}},
		{name: "root among other files", program: roots + "/kubelet", wrap: []string{"unshare", "--mount"}, found: true},
		{name: "root of a user namespace that root made", program: roots + "/kubelet", wrap: []string{"unshare", "-Ur"}},
		{name: "root runs what a user can change", program: evil},
		{name: "root runs what lies in a directory like /tmp", program: shared + "/kubelet"},
		{name: "root runs what a link of root's leads to", program: roots + "/link/kubelet"},
		{name: "sudo, called by another name", program: theirs + "/sudo/kubelet", uid: nobody, env: []string{"BECOME=root"}},
		{name: "hyperkube", program: theirs + "/hyperkube", uid: nobody},
	}
}

// scene is a machine with users, and without a kubelet.
type scene struct{ swapctl, impostor string }

func newScene(t *testing.T, programs string) *scene {
	t.Helper()
	s := &scene{swapctl: "/run/swapctl", impostor: filepath.Join(programs, "impostor")}
	for _, at := range []string{"/run", "/srv", "/usr/local/lib", "/var/log", "/var/lib", "/opt"} {
		ok(t, os.MkdirAll(at, 0o755))
		ok(t, unix.Mount("tmpfs", at, "tmpfs", 0, "mode=755"))
	}
	program, err := os.ReadFile(filepath.Join(programs, "swapctl"))
	ok(t, err)
	ok(t, os.WriteFile(s.swapctl, program, 0o755))
	for dir, mode := range map[string]os.FileMode{
		"/run/ran": 0o777, "/run/here": 0o777, "/var/lib/kubelet": 0o755, "/var/log/containers": 0o755, "/usr/local/lib/systemd/system": 0o755,
		theirs + "/sudo": 0o755, shared: 0o777 | os.ModeSticky, roots: 0o755, "/run/area": 0o755, "/usr/local/lib/sudo": 0o755,
	} {
		ok(t, os.MkdirAll(dir, 0o755))
		ok(t, os.Chmod(dir, mode))
	}
	const config = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nfailSwapOn: false\nmemorySwap: {swapBehavior: LimitedSwap}\n"
	for _, dir := range []string{theirs, shared, roots} {
		s.install(t, dir+"/kubelet")
		ok(t, os.WriteFile(dir+"/config.yaml", []byte(config), 0o644))
	}
	s.install(t, theirs+"/hyperkube")
	ok(t, os.Symlink(theirs, roots+"/link"))
	s.install(t, "/usr/local/lib/sudo/sudo")
	ok(t, os.Chmod("/usr/local/lib/sudo/sudo", 0o755|os.ModeSetuid))
	ok(t, os.Symlink("/usr/local/lib/sudo/sudo", theirs+"/sudo/kubelet"))
	ok(t, filepath.Walk(theirs, func(name string, _ os.FileInfo, err error) error {
		ok(t, err)
		return os.Lchown(name, nobody, nobody)
	}))
	disk := "/run/disk.img"
	ok(t, os.WriteFile(disk, nil, 0o600))
	ok(t, os.Truncate(disk, 64<<20))
	for _, command := range [][]string{{"mkfs.ext4", "-q", disk}, {"mount", "-o", "loop", disk, "/run/area"}, {"chmod", "755", "/run/area"}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, out)
		}
	}
	t.Cleanup(func() { _ = exec.Command("umount", "/run/area").Run() })
	return s
}

func (s *scene) install(t *testing.T, name string) {
	t.Helper()
	data, err := os.ReadFile(s.impostor)
	ok(t, err)
	ok(t, os.WriteFile(name, data, 0o755))
	ok(t, os.Chmod(name, 0o755))
}

// start starts a process, waits until it is what it wants to be, and ends it with
// the test.
func (s *scene) start(t *testing.T, a attack) {
	t.Helper()
	argv := append(append([]string{}, a.wrap...), a.program, "--config="+filepath.Dir(a.program)+"/config.yaml")
	if strings.HasSuffix(a.program, "hyperkube") {
		argv = append(argv[:1], append([]string{"kubelet"}, argv[1:]...)...)
	}
	path, err := exec.LookPath(argv[0])
	ok(t, err)
	if a.argv0 != "" {
		argv[0] = a.argv0
	}
	var says bytes.Buffer
	p := &exec.Cmd{Path: path, Args: argv, Env: append(a.env, "PATH="+os.Getenv("PATH")), Dir: "/", Stderr: &says}
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if a.uid != 0 {
		p.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.uid}
	}
	ok(t, p.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
		_ = p.Wait()
		emptied(t, "/run/here")
		emptied(t, "/run/ran")
	})
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if names, _ := os.ReadDir("/run/here"); len(names) > 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it did not start: %s", says.String())
		}
	}
}

// play starts an attack, and looks at the node as root in every way that there is.
func (s *scene) play(t *testing.T, a attack) {
	s.start(t, a)
	s.findsNone(t, a.found)
	// An ordinary user runs nothing of another's either.
	look := exec.Command(s.swapctl, "status", "-o", "json")
	look.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4242, Gid: 4242}}
	if out, err := look.CombinedOutput(); err != nil || !strings.Contains(string(out), `"found": false`) {
		t.Errorf("status of an ordinary user: %v\n%s", err, out)
	}
	if ran := textIn(t, "/run/ran"); ran != "" {
		t.Errorf("root ran %s", ran)
	}
}

func (s *scene) findsNone(t *testing.T, contained bool) {
	t.Helper()
	doc := s.status(t)
	if doc.Kubelet.Found != contained || doc.Kubelet.Version != nil || doc.Kubelet.FailSwapOn != nil || doc.Kubelet.Found && doc.Kubelet.Kind != "container" {
		t.Errorf("status believes it: %+v", doc.Kubelet)
	}
	if code, out := s.run(t, "kubeadm-config"); code != 2 {
		t.Errorf("kubeadm-config: exit code %d\n%s", code, out)
	}
	if _, out := s.run(t, "check", "--only", "kubelet-fail-swap-on", "-o", "json"); !strings.Contains(out, `"status": "skip"`) && !contained || strings.Contains(out, theirs) {
		t.Errorf("check: %s", out)
	}
	code, out := s.run(t, "setup", "--size", "8Mi", "--path", "/run/area/swapfile", "--encrypt=false", "--persist", "none", "--dry-run", "-o", "json")
	if code != 0 && !(contained && code == 3) || strings.Contains(out, `"kubelet.`) || strings.Contains(out, theirs) {
		t.Errorf("setup --dry-run: exit code %d\n%s", code, out)
	}
}

// besideTheRealOne: the search goes on past those that do not count.
func (s *scene) besideTheRealOne(t *testing.T) {
	s.start(t, attacks()[0])
	emptied(t, "/run/here")
	s.start(t, attack{program: roots + "/kubelet"})
	doc := s.status(t)
	if doc.Kubelet.Version == nil || *doc.Kubelet.Version != "v1.33.3" || doc.Kubelet.FailSwapOn == nil || *doc.Kubelet.FailSwapOn || doc.Kubelet.FailSwapOnFrom != roots+"/config.yaml" {
		t.Errorf("status: %+v", doc)
	}
	if ran := textIn(t, "/run/ran"); !strings.HasPrefix(ran, roots+"/kubelet as 0: ") || strings.Count(ran, "\n") != 1 {
		t.Errorf("root ran %q", ran)
	}
}

// tooLarge: of root's own kubelet, what is too large is said.
func (s *scene) tooLarge(t *testing.T) {
	s.start(t, attack{program: roots + "/kubelet", env: []string{"HUGE=1288490188"}})
	doc := s.status(t)
	if notes := strings.Join(doc.Notes, "\n"); !strings.Contains(notes, "cannot read the command line of the kubelet that runs") || !strings.Contains(notes, "too large") {
		t.Errorf("status: %+v", doc)
	}
}

// units: files of root's that lead to what others can change.
func (s *scene) units(t *testing.T) {
	const unit = "/usr/local/lib/systemd/system/kubelet.service"
	for _, c := range []struct{ name, exec, more, says, hint string }{
		{"program of a user's", theirs + "/kubelet", "", theirs + " belongs to user 65534", "chown root:root " + theirs},
		{"program behind a link", roots + "/link/kubelet", "", theirs + " belongs to user 65534", "chown root:root " + theirs},
		{"program in a directory like /tmp", shared + "/kubelet", "", "everybody may write to " + shared, "move " + shared + "/kubelet to where only root can write"},
		{"configuration of a user's", roots + "/kubelet --config=" + theirs + "/config.yaml", "", theirs + " belongs to user 65534", "chown root:root " + theirs},
		{"directory of a user's", roots + "/kubelet --config-dir=" + theirs, "", theirs + " belongs to user 65534", "chown root:root " + theirs + "; chmod go-w " + theirs},
		{"environment of a user's", roots + "/kubelet", "EnvironmentFile=-" + theirs + "/config.yaml\n", theirs + " belongs to user 65534", "chown root:root " + theirs},
	} {
		t.Run(c.name, func(t *testing.T) {
			ok(t, os.WriteFile(unit, []byte("[Service]\nExecStart="+c.exec+"\n"+c.more), 0o644))
			defer os.Remove(unit)
			defer emptied(t, "/run/ran")
			doc := s.status(t)
			if !doc.Kubelet.Found || doc.Kubelet.FailSwapOn != nil || !strings.Contains(strings.Join(doc.Notes, "\n"), c.says) {
				t.Errorf("status: %+v", doc)
			}
			if _, out := s.run(t, "check", "--only", "kubelet-fail-swap-on", "-o", "json"); !strings.Contains(out, c.says) || !strings.Contains(out, `"status": "unknown"`) {
				t.Errorf("check: %s", out)
			}
			code, out := s.run(t, "setup", "--size", "8Mi", "--path", "/run/area/swapfile", "--encrypt=false", "--persist", "none", "--dry-run")
			if code != 2 || !strings.Contains(out, c.says) || !strings.Contains(out, c.hint) {
				t.Errorf("setup: exit code %d\n%s", code, out)
			}
			if ran := textIn(t, "/run/ran"); strings.Contains(ran, theirs) || strings.Contains(ran, shared) || strings.Contains(ran, "link") {
				t.Errorf("root ran %s", ran)
			}
		})
	}
}

// statusDocument is what a script reads of SwapStatus.
type statusDocument struct {
	Kubelet struct {
		Found          bool
		Kind           string
		Version        *string
		FailSwapOn     *bool
		FailSwapOnFrom string
	}
	Notes []string
}

func (s *scene) status(t *testing.T) (doc statusDocument) {
	t.Helper()
	code, out := s.run(t, "status", "-o", "json")
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != 0 {
		t.Fatalf("status: exit code %d, %v\n%s", code, err, out)
	}
	return doc
}

// run runs swapctl as root, and holds what memory it takes against what a node can
// spare.
func (s *scene) run(t *testing.T, args ...string) (code int, output string) {
	t.Helper()
	const most = 64 << 10 // KiB
	var out bytes.Buffer
	p := exec.Command(s.swapctl, args...)
	p.Stdout, p.Stderr, p.Env = &out, &out, []string{"PATH=" + theirs, "TMPDIR=" + theirs}
	begun := time.Now()
	err := p.Run()
	if p.ProcessState == nil {
		t.Fatal(err)
	}
	if rusage := p.ProcessState.SysUsage().(*syscall.Rusage); rusage.Maxrss > most || time.Since(begun) > 10*time.Second {
		t.Errorf("swapctl %v took %d KiB of memory and %v", args, rusage.Maxrss, time.Since(begun))
	}
	return p.ProcessState.ExitCode(), out.String()
}

// text is what the files of a directory say together.
func textIn(t *testing.T, dir string) string {
	t.Helper()
	names, err := os.ReadDir(dir)
	ok(t, err)
	var all strings.Builder
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name.Name()))
		ok(t, err)
		fmt.Fprintf(&all, "%s", data)
	}
	return all.String()
}

func emptied(t *testing.T, dir string) {
	t.Helper()
	names, err := os.ReadDir(dir)
	ok(t, err)
	for _, name := range names {
		ok(t, os.Remove(filepath.Join(dir, name.Name())))
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
