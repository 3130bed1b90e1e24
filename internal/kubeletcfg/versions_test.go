package kubeletcfg

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestEveryMinorSince122IsKnown(t *testing.T) {
	rows, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if rows.Oldest() != "1.22" || rows.Newest() != "1.37" || len(rows) != 16 {
		t.Errorf("%s to %s, %d rows", rows.Oldest(), rows.Newest(), len(rows))
	}
}

// The matrix of the releases, written a second time by hand.
func TestTheRowsSayWhatTheReleasesDo(t *testing.T) {
	rows, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		n := minor(row.Kubernetes)
		stage := "alpha"
		switch {
		case n >= 34:
			stage = "GA"
		case n >= 28:
			stage = "beta"
		}
		if row.Gate != (Gate{stage, n >= 30, n >= 34}) {
			t.Errorf("%s: gate %+v", row.Kubernetes, row.Gate)
		}
		if got, want := row.FailCgroupV1, n >= 35; got != want {
			t.Errorf("%s: failCgroupV1 %v", row.Kubernetes, got)
		}
		if got, want := slices.Contains(row.Tests, TestCritical), n >= 31; got != want {
			t.Errorf("%s: critical pods tested: %v", row.Kubernetes, got)
		}
		if got, want := row.ReportsSwap, n >= 33; got != want {
			t.Errorf("%s: reports swap: %v", row.Kubernetes, got)
		}
		want := []string{"LimitedSwap", "NoSwap"}
		if n < 30 {
			want = []string{"LimitedSwap", "UnlimitedSwap"}
		}
		if got := row.LegalBehaviors(); !slices.Equal(got, want) {
			t.Errorf("%s: behaviors %v", row.Kubernetes, got)
		}
		wantLimited, wantEmpty := Share, None
		switch {
		case n < 28:
			wantLimited, wantEmpty = MemoryLimit, MemoryLimit
		case n < 30:
			wantEmpty = UnlimitedV2
		}
		if row.Behaviors["LimitedSwap"] != wantLimited || row.Behaviors[""] != wantEmpty {
			t.Errorf("%s: %v", row.Kubernetes, row.Behaviors)
		}
	}
}

func TestTheOldestAndTheNewestAreThoseOfTheTable(t *testing.T) {
	rows, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if oldest, newest := Known(); oldest != rows.Oldest() || newest != rows.Newest() {
		t.Errorf("%s to %s, and the table has %s to %s", oldest, newest, rows.Oldest(), rows.Newest())
	}
}

func TestAVersionIsFoundHoweverItIsWritten(t *testing.T) {
	rows, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"":                   "1.37",
		"1.34":               "1.34",
		"v1.34":              "1.34",
		"v1.33.5-gke.100":    "1.33",
		"1.30.2+k3s1":        "1.30",
		"v1.28.0-alpha.1":    "1.28",
		"v1.35.0-rc.0-dirty": "1.35",
	} {
		row, err := rows.Find(text)
		if err != nil || row.Kubernetes != want {
			t.Errorf("%q: %q, %v", text, row.Kubernetes, err)
		}
	}
	for text, newer := range map[string]bool{"1.21": false, "v1.38.0": true, "2.0": true, "0.9": false} {
		_, err := rows.Find(text)
		unknown, ok := errors.AsType[*UnknownError](err)
		if !ok || unknown.Newer != newer || !strings.Contains(err.Error(), "1.22 to 1.37") {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"latest", "1", "v", "1.x"} {
		if _, err := rows.Find(text); err == nil {
			t.Errorf("%q was found", text)
		}
	}
}

func TestAMistakeInTheTableIsFound(t *testing.T) {
	whole := string(versionsYAML)
	for name, change := range map[string][2]string{
		"misspelt field":    {"gateOff: none", "gateOf: none"},
		"unknown test":      {"[controller, behavior", "[controler, behavior"},
		"test twice":        {"critical, qos, request, equal", "critical, qos, request, qos"},
		"no gate test":      {"tests: [gate, behavior]", "tests: [behavior]"},
		"unknown meaning":   {"LimitedSwap: share", "LimitedSwap: shared"},
		"no empty behavior": {`"": none, `, ""},
		"gap":               {`kubernetes: "1.25"`, `kubernetes: "1.26"`},
		"no minor":          {`kubernetes: "1.25"`, `kubernetes: "1.25.1"`},
		"stage":             {"stage: GA", "stage: stable"},
		"locked off":        {"default: true, locked: true", "default: false, locked: true"},
		"gate off":          {"gateOff: unset", "gateOff: share"},
		"pod level":         {"podLevelResources: late", "podLevelResources: later"},
		"no source":         {"source: v1.37.1", "source: ''"},
		"drop-in stage":     {"{support: flag", "{support: beta"},
		"drop-in variable":  {"{support: env, env: KUBELET_CONFIG_DROPIN_DIR_ALPHA, merge: nonZero}", "{support: env, merge: nonZero}"},
		"no way of merging": {"{support: GA, merge: patch}", "{support: GA}"},
		"unknown merge":     {"merge: patch", "merge: patched"},
		"unknown kubeadm":   {"config: v1beta4", "config: v1beta5"},
		"two current":       {"{name: v1beta3, state: deprecated", "{name: v1beta3, state: current"},
		"unknown state":     {"state: experimental", "state: new"},
		"unknown shape":     {"extraArgs: list", "extraArgs: array"},
		"unknown preflight": {"preflight: error", "preflight: fatal"},
		"no metrics":        {"metrics: [node_swap_usage_bytes, pod_swap_usage_bytes, container_swap_usage_bytes, container_swap_limit_bytes]", "metrics: []"},
	} {
		broken := strings.Replace(whole, change[0], change[1], 1)
		if broken == whole {
			t.Fatalf("%s: nothing replaced", name)
		}
		if _, err := load([]byte(broken)); err == nil {
			t.Errorf("%s was not found", name)
		}
	}
	if _, err := load([]byte("[]")); err == nil {
		t.Error("an empty table was taken")
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(); err != nil {
			b.Fatal(err)
		}
	}
}
