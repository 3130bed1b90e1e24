package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func program(t *testing.T, script string) string {
	t.Helper()
	name := filepath.Join(onlyRoots(t), "program")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

// onlyRoots is a directory that only root can change, and those above it, if we
// are root: /tmp is none.
func onlyRoots(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp("/var/lib", "swapctl-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestAProgramIsAskedAndItsAnswerHasLimits(t *testing.T) {
	ctx := context.Background()
	out, err := Linux().Run.Output(ctx, program(t, `read x; echo "$1 in $PWD, $HOME$x"`), "--version")
	if err != nil || string(out) != "--version in /, \n" {
		t.Errorf("%q, %v", out, err)
	}
	for script, says := range map[string]string{
		"echo no such flag >&2; exit 3": "exit status 3: no such flag",
		"head -c 70000 /dev/zero":       "more than 64 KiB",
		"kill -9 $$":                    "signal: killed",
	} {
		if out, err := Linux().Run.Output(ctx, program(t, script)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %.80q, %v", script, out, err)
		}
	}
	if _, err := Linux().Run.Output(ctx, "kubelet"); err == nil || !strings.Contains(err.Error(), "absolute") {
		t.Errorf("a relative name: %v", err)
	}
}

// TestAProgramDoesNotSeeOurEnvironment: what a caller has set for itself, or for
// root, must not decide what root's programs do.
func TestAProgramDoesNotSeeOurEnvironment(t *testing.T) {
	for _, name := range []string{"MODPROBE_OPTIONS", "LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "ENV", "IFS", "NOTIFY_SOCKET"} {
		t.Setenv(name, "/nonexistent/hostile")
	}
	t.Setenv("PATH", "/nonexistent/hostile:"+os.Getenv("PATH"))
	out, err := Linux().Run.Output(t.Context(), program(t, "env"))
	if err != nil || strings.Contains(string(out), "hostile") {
		t.Errorf("%v:\n%s", err, out)
	}
	seen := filepath.Join(t.TempDir(), "seen")
	loadWith(program(t, `{ env; echo "$@"; } > `+seen), "loop")
	text, err := os.ReadFile(seen)
	if err != nil || strings.Contains(string(text), "hostile") || !strings.HasSuffix(string(text), "-q -- loop\n") {
		t.Errorf("modprobe: %v:\n%s", err, text)
	}
}

// TestAProgramThatSaysWithoutEndIsEndedAtOnce, and not when its time is over.
func TestAProgramThatSaysWithoutEndIsEndedAtOnce(t *testing.T) {
	for _, script := range []string{"exec cat /dev/zero", "trap '' PIPE TERM; while :; do cat /dev/zero; done"} {
		begun := time.Now()
		_, err := Linux().Run.Output(t.Context(), program(t, script))
		if took := time.Since(begun); err == nil || !strings.Contains(err.Error(), "more than 64 KiB") || took > RunTime/2 {
			t.Errorf("%s: %v after %v", script, err, took)
		}
	}
	begun := time.Now()
	loadWith(program(t, "exec cat /dev/zero"), "loop")
	if took := time.Since(begun); took > RunTime/2 {
		t.Errorf("modprobe was ended after %v", took)
	}
}

// TestAProgramLeavesNoOthersBehind: one in the background would hold what it has
// open, and run as root, for as long as it likes.
func TestAProgramLeavesNoOthersBehind(t *testing.T) {
	for name, script := range map[string]string{
		"quiet":            "sleep 61 >/dev/null 2>&1 & echo $! >&3",
		"with our streams": "sleep 62 & echo $! >&3",
	} {
		file := filepath.Join(t.TempDir(), "pid")
		begun := time.Now()
		_, err := Linux().Run.Output(t.Context(), program(t, "exec 3>"+file+"; "+script))
		text, _ := os.ReadFile(file)
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil || pid == 0 || time.Since(begun) > RunTime/2 {
			t.Errorf("%s: %v, %q after %v", name, err, text, time.Since(begun))
		}
		for range 100 { // whoever takes over orphans waits for it
			if state, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); len(state) == 0 || strings.Contains(string(state), ") Z ") {
				pid = 0
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if pid != 0 {
			t.Errorf("%s: %d still runs", name, pid)
		}
	}
}

func TestAModprobeThatHangsIsEnded(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes as long as a program may run")
	}
	t.Parallel()
	begun := time.Now()
	loadWith(program(t, "sleep 63 & sleep 64; wait"), "loop")
	if took := time.Since(begun); took < RunTime || took > RunTime+10*time.Second {
		t.Errorf("it ended after %v", took)
	}
}

func TestAProgramThatHangsIsEndedWithItsChildren(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := Linux().Run.Output(ctx, program(t, "sleep 60 & sleep 60; wait"))
	if err == nil || time.Since(begun) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}
