// Package e2e runs the stories of stories/ on real kernels. README.md says how to run them and how to write one.
package e2e

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/swapctl/swapctl/test/e2e/internal/image"
	"github.com/swapctl/swapctl/test/e2e/internal/machine"
	"github.com/swapctl/swapctl/test/e2e/internal/story"
)

func TestMain(m *testing.M) {
	flag.String("lane", "", "only these lanes (comma-separated; default: all but cluster)")
	flag.String("story", "", "only stories whose name (lane/story/values) matches this regular expression")
	flag.String("swapctl", "", "the program to test (default: build it)")
	flag.Bool("long", false, "run the stories that take long as well, and others more often")
	flag.Bool("update", false, "write what the machines print into the documents that stories follow")
	flag.Bool("keep", false, "keep the scripts' directories")
	flag.Int("machines", 0, "how many stories to run at the same time (default: one more than there are processors)")
	flag.Parse()
	// Stories wait for their turn by themselves: Turns knows which of them
	// should run together.
	if err := flag.Set("test.parallel", "1000"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func option(name string) string { return flag.Lookup(name).Value.String() }

// TestStories runs every story in every lane and combination.
func TestStories(t *testing.T) {
	runs := wanted(t)
	if len(runs) == 0 {
		t.Skip("no story is chosen by -lane and -story")
	}
	needs(t)
	programs := t.TempDir()
	product := option("swapctl")
	if product == "" {
		product = filepath.Join(programs, "swapctl")
		goBuild(t, "../..", "./cmd/swapctl", product)
	}
	standIn := filepath.Join(programs, "kubelet")
	payload := map[string]string{
		"usr/local/lib/swapctl-e2e.sh": "lib.sh", "usr/local/bin/swapctl": product, "usr/local/lib/standin-kubelet": standIn,
	}
	if slices.ContainsFunc(runs, func(run story.Run) bool { return run.Story.Packages }) {
		addPackages(t, programs, payload)
	}
	goBuild(t, ".", "./kubelet", standIn)
	inImages := image.Programs{Guest: filepath.Join(programs, "guest"), Work: filepath.Join(programs, "work"), Cluster: "../cluster"}
	goBuild(t, ".", "./guest", inImages.Guest)
	goBuild(t, ".", "./work", inImages.Work)
	machines := story.NewMachines(lanes(t, inImages), payload)
	times := &story.Times{}
	runner := &story.Runner{
		Machines: machines, Keep: option("keep") == "true", Failures: failuresDir(t), Times: times, Update: option("update") == "true",
	}
	turns := story.NewTurns(atOnce(t), machine.Cluster, func(lane string) {
		if err := machines.Forget(lane); err != nil {
			t.Error(err)
		}
	})
	failed := &failures{}
	t.Cleanup(func() {
		failed.report(t)
		// go test does not show the output of tests that pass.
		if err := os.WriteFile(filepath.Join(cacheDir(t), "times"), []byte(times.String()), 0o600); err != nil {
			t.Error(err)
		}
	})
	for _, run := range runs {
		t.Run(run.Name(), func(t *testing.T) {
			t.Cleanup(func() { failed.note(t) })
			turn := turns.Join(run)
			t.Parallel()
			turn.Wait()
			defer turn.Done()
			runner.Run(t, run)
		})
	}
	turns.Begin()
}

// failures are the names of the stories that failed.
type failures struct {
	mu    sync.Mutex
	names []string
}

func (f *failures) note(t *testing.T) {
	if t.Failed() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.names = append(f.names, t.Name())
	}
}

// report prints them again at the end, where people look first.
func (f *failures) report(t *testing.T) {
	if len(f.names) > 0 {
		t.Logf("%d stories failed:\n%s", len(f.names), strings.Join(f.names, "\n"))
	}
}

// failuresDir is the directory for everything about failed stories; the next
// run empties it.
func failuresDir(t *testing.T) string {
	dir := filepath.Join(cacheDir(t), "failed")
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// wanted returns the runs chosen by the flags.
func wanted(t *testing.T) []story.Run {
	lanes := slices.DeleteFunc(image.Lanes(), func(lane string) bool { return lane == machine.Cluster })
	if only := option("lane"); only != "" {
		lanes = strings.Split(only, ",")
		for _, lane := range lanes {
			if !slices.Contains(image.Lanes(), lane) {
				t.Fatalf("no lane %q: there are %s", lane, strings.Join(image.Lanes(), " "))
			}
		}
	}
	stories, err := story.Load("stories", image.Lanes(), option("long") == "true")
	if err != nil {
		t.Fatal(err)
	}
	names, err := regexp.Compile(option("story"))
	if err != nil {
		t.Fatal(err)
	}
	// Those that may take longest start first, so that at the end no machine
	// runs alone.
	slices.SortStableFunc(stories, func(a, b story.Story) int { return cmp.Compare(b.Timeout, a.Timeout) })
	var chosen []story.Run
	for _, lane := range lanes {
		for _, s := range stories {
			for _, run := range s.Runs(lane) {
				if names.MatchString(run.Name()) {
					chosen = append(chosen, run)
				}
			}
		}
	}
	return chosen
}

// needs fails if this host cannot run machines: a lane that is silently skipped
// would look like one that passes.
func needs(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("cannot boot machines: not root (namespaces and chroot are needed)")
	}
	for _, program := range []string{"mmdebstrap", "mke2fs", "mount", "chroot", "depmod", "ip", "jq"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("cannot boot machines: %s is not installed; run hack/install-deps.sh", program)
		}
	}
}

// TestReadmeShowsAStory compares the example in README.md with the story that
// runs.
func TestReadmeShowsAStory(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("stories/example.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(readme, example) {
		t.Error("README.md does not show stories/example.txtar as it is")
	}
}

func atOnce(t *testing.T) int {
	machines, err := strconv.Atoi(option("machines"))
	if err != nil {
		t.Fatal(err)
	}
	if machines == 0 {
		machines = runtime.NumCPU() + 1 // stories also wait: for answers that do not come, for timers, for their disks
	}
	return machines
}

// lanes returns a function that makes a lane when it is first asked for. All the lanes of one run share their parts.
func lanes(t *testing.T, programs image.Programs) story.Lanes {
	// Not the test's own context: that ends before the stories, which are parallel subtests, do.
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	builder, err := image.NewBuilder(ctx, cacheDir(t), programs, func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "e2e: "+format+"\n", args...)
	})
	if err != nil {
		t.Fatal(err)
	}
	work := workDir(t)
	made := map[string]func() (machine.Options, error){}
	for _, lane := range image.Lanes() {
		made[lane] = sync.OnceValues(func() (machine.Options, error) { return builder.Lane(ctx, lane, work) })
	}
	t.Cleanup(func() {
		if err := builder.Close(); err != nil {
			t.Error(err)
		}
	})
	return func(lane string) (machine.Options, error) { return made[lane]() }
}

func cacheDir(t *testing.T) string {
	if dir := os.Getenv("SWAPCTL_E2E_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatalf("cannot tell where the cache is: %v; set SWAPCTL_E2E_CACHE", err)
	}
	return filepath.Join(dir, "swapctl-e2e")
}

// workDir is the directory for the disks of this run's machines. It removes
// what killed runs left behind: a run holds a lock on its directory as long as
// it runs.
func workDir(t *testing.T) string {
	root := filepath.Join(cacheDir(t), "run")
	if err := os.MkdirAll(root, 0o700); err != nil {
		t.Fatal(err)
	}
	old, _ := filepath.Glob(filepath.Join(root, "*"))
	for _, dir := range old {
		if lock, err := lockDir(dir); err == nil {
			os.RemoveAll(dir)
			lock.Close()
		}
	}
	dir, err := os.MkdirTemp(root, "")
	if err != nil {
		t.Fatal(err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(os.RemoveAll(dir), lock.Close()); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func lockDir(dir string) (*os.File, error) {
	file, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// addPackages makes the Debian packages of two versions for the payload, as a release would.
func addPackages(t *testing.T, dir string, payload map[string]string) {
	maker := filepath.Join(dir, "packages")
	goBuild(t, "../packages", ".", maker)
	if output, err := exec.Command(maker, "-root", "../..", "-out", dir, "0.1.0", "0.2.0").CombinedOutput(); err != nil {
		t.Fatalf("cannot make packages: %v\n%s", err, output)
	}
	for _, version := range []string{"0.1.0", "0.2.0"} {
		payload["usr/local/lib/swapctl_"+version+".deb"] = filepath.Join(dir, "swapctl_"+version+"_amd64.deb")
	}
}

// goBuild makes a static program; the same source gives the same bytes.
func goBuild(t *testing.T, dir, pkg, to string) {
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", to, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		t.Fatalf("cannot build %s: %v\n%s", pkg, err, output.String())
	}
}
