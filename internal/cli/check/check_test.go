package check_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/swapctl/swapctl/internal/cli"
	"github.com/swapctl/swapctl/internal/cli/clitest"
	"github.com/swapctl/swapctl/internal/cli/root"
	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/goldentest"
	"github.com/swapctl/swapctl/internal/host"
)

func runCheck(h host.Host, args ...string) (out, errs string, code int) {
	var stdout, stderr bytes.Buffer
	code = root.Run(h, append([]string{"check"}, args...), cli.Process{
		In: strings.NewReader(""), Out: &stdout, Err: &stderr,
		LookupEnv: func(string) (string, bool) { return "", false },
	})
	return stdout.String(), stderr.String(), code
}

// TestChecksCapturedNodes holds each node in each format against
// testdata/check/NODE.txtar.
func TestChecksCapturedNodes(t *testing.T) {
	names := clitest.CheckNodeNames(t)
	for _, must := range []string{"debian12", "debian13", "cgroup-v1", "control-plane", "kubespray", "btrfs-root", "zram", "ordinary-user"} {
		if !slices.Contains(names, must) {
			t.Errorf("there is no node %s", must)
		}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			for _, args := range [][]string{{}, {"-o", "short"}, {"-o", "wide"}, {"-o", "json"}, {"-o", "junit"}, {"-o", "sarif"}, {"--fix-script"}} {
				out, errs, code := runCheck(clitest.CheckNode(t, name), args...)
				fmt.Fprintf(&got, "-- check %s: exit code %d --\n%s", strings.Join(args, " "), code, out)
				if errs != "" {
					fmt.Fprintf(&got, "-- stderr --\n%s", errs)
				}
			}
			golden := filepath.Join("testdata", "check", name+".txtar")
			if *goldentest.Update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestMachineFormatsAreWellFormed reads back what pipelines read.
func TestMachineFormatsAreWellFormed(t *testing.T) {
	for _, name := range clitest.CheckNodeNames(t) {
		h := clitest.CheckNode(t, name)
		text, _, _ := runCheck(h, "-o", "junit")
		var suites struct {
			Suites []struct {
				Tests    int `xml:"tests,attr"`
				Failures int `xml:"failures,attr"`
				Cases    []struct {
					Failure *struct{} `xml:"failure"`
				} `xml:"testcase"`
			} `xml:"testsuite"`
		}
		if err := xml.Unmarshal([]byte(text), &suites); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s, failures := suites.Suites[0], 0
		for _, c := range s.Cases {
			if c.Failure != nil {
				failures++
			}
		}
		if s.Tests != len(s.Cases) || s.Failures != failures || s.Tests < 30 {
			t.Errorf("%s: %d tests of %d, %d failures of %d", name, s.Tests, len(s.Cases), s.Failures, failures)
		}
		text, _, code := runCheck(h, "-o", "sarif")
		var log struct {
			Runs []struct {
				Tool struct {
					Driver struct {
						Rules []struct{ ID, HelpURI string }
					}
				}
				Results []struct {
					RuleID, Level string
					RuleIndex     int
				}
			}
		}
		if err := json.Unmarshal([]byte(text), &log); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		errors := 0
		for _, r := range log.Runs[0].Results {
			if rule := log.Runs[0].Tool.Driver.Rules[r.RuleIndex]; rule.ID != r.RuleID || !strings.HasSuffix(rule.HelpURI, "#"+r.RuleID) {
				t.Errorf("%s: result %s belongs to rule %+v", name, r.RuleID, rule)
			}
			if r.Level == "error" {
				errors++
			}
		}
		if (errors > 0) != (code == fail.Unfit) {
			t.Errorf("%s: %d errors, exit code %d", name, errors, code)
		}
	}
}

// TestCheckIsFast: a whole run on a captured node, without what the kernel takes
// to show its files. It counts processor time, which a busy machine does not stretch.
func TestCheckIsFast(t *testing.T) {
	h := clitest.CheckNode(t, "debian13")
	const runs, most = 10, 60 * time.Millisecond
	start := processorTime(t)
	for range runs {
		runCheck(h)
	}
	each := (processorTime(t) - start) / runs
	if each > most {
		t.Errorf("%v, more than %v", each, most)
	}
	t.Log(each)
}

func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
