package host

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func program(t *testing.T, script string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
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

func TestAProgramThatHangsIsEndedWithItsChildren(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := Linux().Run.Output(ctx, program(t, "sleep 60 & sleep 60; wait"))
	if err == nil || time.Since(begun) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}
