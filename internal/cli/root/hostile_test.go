package root_test

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/cli/setup"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/host/hosttest"
)

// What others write, or what a script puts in by mistake, is refused at once, in
// little memory, and says how to go on. These tests walk all flags of all commands,
// so that a new flag is looked at by itself.

// enough is how long a refusal may take on a machine that does other things, and
// enoughBytes what it may allocate.
const (
	enough      = 10 * time.Second
	enoughBytes = 160 << 20
)

// hostileNumbers are quantities that a parser may compute without end.
func hostileNumbers() []string {
	return []string{
		"1e999999999", "1e-999999999", "-1e99999", "9e18Ei", "NaN", "0x1p1000", strings.Repeat("9", 1<<20), "1e999999999%", "NaN%", strings.Repeat("9", 1<<20) + "%",
	}
}

// leaves are the commands that do something, with what they need to come as far as
// to look at any flag.
func leaves(t *testing.T) map[string][]string {
	t.Helper()
	return map[string][]string{
		"setup": {"--size=64Mi", "--dry-run"}, "teardown": {"--dry-run"}, "status": {}, "check": {}, "version": {}, "completion": {"bash"},
		"plan":           {"--pods=-"},
		"kubeadm-config": {"--kubernetes-version=1.34"}, "kubeadm-config lint": {"-"},
	}
}

// flagsOf lists the commands of the program with their flags.
func flagsOf(t *testing.T) map[string][]*pflag.Flag {
	t.Helper()
	all := map[string][]*pflag.Flag{}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.HasParent() && cmd.RunE != nil {
			_, name, _ := strings.Cut(cmd.CommandPath(), " ")
			visit := func(f *pflag.Flag) { all[name] = append(all[name], f) }
			cmd.LocalFlags().VisitAll(visit)
			cmd.InheritedFlags().VisitAll(visit)
		}
		for _, c := range cmd.Commands() {
			walk(c)
		}
	}
	walk(root.New(&cli.App{Process: cli.Process{Out: io.Discard, Err: io.Discard, LookupEnv: clitest.NoEnv}}))
	if have, want := slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(leaves(t))); !slices.Equal(have, want) {
		t.Fatalf("the commands are %q, and this test knows %q", have, want)
	}
	return all
}

// companions are what a flag needs beside it to be looked at.
func companions(flag string) []string {
	switch flag {
	case "target-per-container", "target-ratio":
		return []string{"--recommend"}
	case "node-swap":
		return []string{"--node-memory=8Gi"}
	}
	return nil
}

// refused runs a command that must end soon, in little memory, and say something
// that can be read.
func refused(t *testing.T, h host.Host, s cli.Process, args ...string) (code int, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	s.Out, s.Err = &out, &errs
	if s.In == nil {
		s.In = strings.NewReader(clitest.APod("{requests: {memory: 1Gi}}"))
	}
	if s.LookupEnv == nil {
		s.LookupEnv = clitest.NoEnv
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan int, 1)
	go func() { done <- root.Run(h, args, s) }()
	select {
	case code = <-done:
	case <-time.After(enough):
		t.Fatalf("%.200q has not ended within %v", args, enough)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > enoughBytes {
		t.Errorf("%.200q took %d MiB", args, took>>20)
	}
	if errs.Len() > 16<<10 || strings.Contains(errs.String(), "goroutine ") {
		t.Errorf("%.200q: stderr is %.1000s", args, errs.String())
	}
	if code != fail.OK && !strings.Contains(errs.String(), "swapctl: error: cannot ") {
		t.Errorf("%.200q: exit code %d, and stderr is %.1000s", args, code, errs.String())
	}
	return code, errs.String()
}

// isNumber reports whether a flag takes a number or a size, by what help shows in
// place of its value.
func isNumber(f *pflag.Flag) bool {
	name, _ := pflag.UnquoteUsage(f)
	switch f.Value.Type() {
	case "int", "float64":
		return true
	}
	return slices.Contains([]string{"size", "bytes", "share", "KiB", "bits"}, name) || f.Name == "sector-size" || f.Name == "kubernetes-version"
}

func TestEveryFlagRefusesAHostileNumberAtOnce(t *testing.T) {
	n, numbers := hosttest.New(t), 0
	for command, flags := range flagsOf(t) {
		for _, f := range flags {
			for _, value := range hostileNumbers() {
				if f.Value.Type() == "bool" || f.Name == "help" {
					continue
				}
				args := append(strings.Fields(command), leaves(t)[command]...)
				args = append(append(args, companions(f.Name)...), "--"+f.Name+"="+value)
				if f.Name == "output-dir" { // it would be made
					args = append(args, "--merge=/none")
				}
				code, stderr := refused(t, n.Host(), cli.Process{}, args...)
				if isNumber(f) && code != fail.Usage {
					t.Errorf("%.200q: exit code %d, want %d:\n%s", args, code, fail.Usage, stderr)
				}
			}
			if isNumber(f) {
				numbers++
			}
		}
	}
	if numbers < 15 {
		t.Errorf("only %d flags were taken to be numbers", numbers)
	}
	if out, _, _ := clitest.Run(n, "status"); strings.Contains(out, "cryptswap") {
		t.Error("something was set up")
	}
}

func TestEveryVariableAndKeyRefusesAHostileNumberAtOnce(t *testing.T) {
	for _, field := range setup.NewSettings().All() {
		f := field.Flag
		for _, value := range hostileNumbers() {
			n := hosttest.New(t)
			args := []string{"setup", "--dry-run"}
			if field.Key() != "size" {
				args = append(args, "--size=64Mi")
			}
			env := clitest.Setenv(t, map[string]string{field.Env(): value})
			code, stderr := refused(t, n.Host(), cli.Process{LookupEnv: env}, args...)
			if isNumber(f) && code != fail.Usage {
				t.Errorf("%s=%.40s: exit code %d:\n%s", field.Env(), value, code, stderr)
			}
			t.Setenv(field.Env(), "")
			for _, quote := range []string{"", `"`} {
				n.WriteFile(setup.DefaultConfigFile, field.Key()+": "+quote+value+quote+"\n", 0o600)
				if field.Key() != "size" { // the file is weaker
					args = []string{"setup", "--dry-run", "--size=64Mi"}
				}
				code, stderr := refused(t, n.Host(), cli.Process{}, args...)
				if isNumber(f) && code != fail.Usage {
					t.Errorf("%s: %s%.40s: exit code %d:\n%s", field.Key(), quote, value, code, stderr)
				}
			}
		}
	}
}

// TestEveryQuantityInADocumentIsRefusedAtOnce: in pods, nodes, LimitRanges, and a
// kubelet's configuration.
func TestEveryQuantityInADocumentIsRefusedAtOnce(t *testing.T) {
	const kubeletHead = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
	node := "apiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus: {capacity: {memory: %s}, nodeInfo: {kubeletVersion: v1.34.0}}\n---\n" + clitest.APod("{requests: {memory: 1Gi}}")
	for shape, args := range map[string][]string{
		clitest.APod("{requests: {memory: %s}}"):                         {"plan", "--pods=-"},
		clitest.APod("{limits: {cpu: %s}}"):                              {"plan", "--pods=-"},
		clitest.APod("{limits: {hugepages-2Mi: %s, memory: 1, cpu: 1}}"): {"plan", "--pods=-"},
		node: {"plan", "--pods=-"},
		strings.Replace(node, "memory: %s", "memory: 8Gi", 1) + "\n---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: x}\nspec: {limits: [{type: Container, default: {memory: %s}}]}\n": {"plan", "--pods=-"},
		kubeletHead + "evictionHard: {memory.available: %s}\n":            {"kubeadm-config", "lint", "-"},
		kubeletHead + "systemReserved: {memory: %s}\n":                    {"kubeadm-config", "lint", "-"},
		kubeletHead + "memoryThrottlingFactor: %s\n":                      {"kubeadm-config", "lint", "-"},
		kubeletHead + "evictionMinimumReclaim: {imagefs.available: %s}\n": {"kubeadm-config", "lint", "-"},
	} {
		for _, value := range []string{"1e999999999", "1e-999999999", "-1e99999", "9e18Ei", "NaN", "0x1p1000", strings.Repeat("9", 1<<18)} {
			for _, quote := range []string{"", `"`} {
				in := strings.ReplaceAll(shape, "%s", quote+value+quote)
				code, stderr := refused(t, hosttest.New(t).Host(), cli.Process{In: strings.NewReader(in)}, args...)
				// Bare, it is the number 0, as it is to kubectl.
				zero := quote == "" && value == "1e-999999999" && code == fail.OK
				if args[0] == "plan" && code != fail.Usage && !zero || code == fail.Failed {
					t.Errorf("%.400s: exit code %d:\n%.400s", in, code, stderr)
				}
			}
		}
	}
}

// endless reads like /dev/zero.
type endless struct{}

func (endless) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// isFile reports whether a flag takes a file that is read.
func isFile(f *pflag.Flag) bool {
	name, _ := pflag.UnquoteUsage(f)
	return name == "file" && f.Name != "path" || f.Name == "diff"
}

// TestNoInputIsReadWithoutEnd gives every flag that takes a file, and lint's
// arguments, what never ends or never begins.
func TestNoInputIsReadWithoutEnd(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	if err := unix.Mkfifo(in("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in("sparse"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(in("sparse"), 10<<30); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(in("manifests/below"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(in("manifests/below/pod.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/zero", in("link.yaml")); err != nil {
		t.Fatal(err)
	}
	inputs := []string{"/dev/zero", "/dev/urandom", in("fifo"), in("sparse"), in("manifests"), in("link.yaml"), "-"}
	files := 0
	for command, flags := range flagsOf(t) {
		shapes := map[string]string{}
		for _, f := range flags {
			if isFile(f) {
				shapes["--"+f.Name+"="] = f.Name
			}
		}
		if command == "kubeadm-config lint" {
			shapes[""] = "lint"
		}
		for before, name := range shapes {
			if name == "config" && command != "setup" {
				continue // no other command reads it
			}
			files++
			for _, input := range inputs {
				args := strings.Fields(command)
				for _, need := range leaves(t)[command] {
					if name != "pods" && need != "-" || command == "plan" && name != "pods" {
						args = append(args, strings.Replace(need, "=-", "="+podFile(t, dir), 1))
					}
				}
				args = append(args, before+input)
				machine := host.Host{Files: host.Linux().Files, Kernel: hosttest.New(t).Host().Kernel}
				code, stderr := refused(t, machine, cli.Process{In: endless{}}, args...)
				if code != fail.Usage && !(name == "diff" && input == "-") {
					t.Errorf("%q: exit code %d:\n%s", args, code, stderr)
				}
			}
		}
	}
	if files < 6 {
		t.Errorf("only %d flags were taken to be files", files)
	}
}

// podFile is a file with a pod.
func podFile(t *testing.T, dir string) string {
	t.Helper()
	name := filepath.Join(dir, "a-pod.yaml")
	if err := os.WriteFile(name, []byte(clitest.APod("{requests: {memory: 1Gi}}")), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestAPipeIsWaitedFor: 'lint <(kubectl get ...)' has nothing to read at first.
func TestAPipeIsWaitedFor(t *testing.T) {
	const config = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nfailSwapOn: false\n"
	for _, c := range []struct {
		text string
		args []string
	}{
		{config, []string{"kubeadm-config", "lint", "--kubernetes-version=1.34"}}, {config, []string{"kubeadm-config", "--kubernetes-version=1.34", "--merge"}},
		{clitest.APod("{requests: {memory: 1Gi}}"), []string{"plan", "--node-memory=8Gi", "--node-swap=1Gi", "--pods"}},
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(100*time.Millisecond, func() {
			_, _ = w.WriteString(c.text)
			_ = w.Close()
		})
		name := fmt.Sprintf("/proc/self/fd/%d", r.Fd()) // as <(...) does
		machine := host.Host{Files: host.Linux().Files, Kernel: hosttest.New(t).Host().Kernel}
		if code, stderr := refused(t, machine, cli.Process{}, append(c.args, name)...); code != fail.OK {
			t.Errorf("%q: exit code %d:\n%s", c.args, code, stderr)
		}
		r.Close()
	}
}
