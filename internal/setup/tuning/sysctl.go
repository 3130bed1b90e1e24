package tuning

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
	"github.com/swapctl/swapctl/internal/setup/config"
	"github.com/swapctl/swapctl/internal/setup/ownfile"
	"github.com/swapctl/swapctl/internal/step"
)

// sysctlPath sorts late, so that it takes precedence over the files of
// distributions. If another file would override it, ours has another name: see
// FileOf.
const sysctlPath = "/etc/sysctl.d/90-swapctl.conf"

// sysctl is one setting of the kernel's memory management.
type sysctl struct {
	Name  string `json:"name"` // below /proc/sys/vm
	Value int64  `json:"value"`
}

func (s sysctl) path() string { return "/proc/sys/vm/" + s.Name }

// settings are those that a Config sets, in a fixed order.
func settings(c config.Config) []sysctl {
	var asked []sysctl
	for _, s := range []sysctl{
		{"swappiness", int64(c.Swappiness)},
		{"min_free_kbytes", int64(c.MinFreeKbytes)},
		{"watermark_scale_factor", int64(c.WatermarkScaleFactor)},
		{"watermark_boost_factor", int64(c.WatermarkBoostFactor)},
	} {
		if s.Value >= 0 {
			asked = append(asked, s)
		}
	}
	return asked
}

// sysctlLimit is a bound that changed after the setting was introduced.
type sysctlLimit struct {
	name  string
	since string // kernel release from which on more is allowed
	old   int64  // the most before that
}

// sysctlLimits: kernel/sysctl.c of Linux 5.7 and 5.8, 5.16 and 5.17.
func sysctlLimits() []sysctlLimit {
	return []sysctlLimit{{"swappiness", "5.8", 100}, {"watermark_scale_factor", "5.17", 1000}}
}

// allowed checks the settings on this node: its kernel, and its memory.
func (s *sysctlLiveStep) allowed(h host.Host) error {
	for _, v := range s.want.Values {
		for _, limit := range sysctlLimits() {
			if v.Name == limit.name && v.Value > limit.old && olderKernel(h, limit.since) {
				return fail.Newf(fail.Usage, fmt.Sprintf("set vm.%s to %d", v.Name, v.Value), "this kernel is older than %s and takes at most %d", limit.since, limit.old).
					Hint("choose %d or less", limit.old)
			}
		}
		if v.Name != "min_free_kbytes" {
			continue
		}
		m, err := kernel.ReadMemory(h)
		if err != nil {
			return fail.New(fail.Failed, "see how much memory there is", err, "see what the kernel shows: cat /proc/meminfo")
		}
		if most := m.TotalBytes / 1024 / 10; v.Value > most {
			return fail.Newf(fail.Usage, fmt.Sprintf("set vm.min_free_kbytes to %d", v.Value),
				"that is more than a tenth of this node's memory, and with that much kept free nothing can run").
				Hint("choose %d or less; 2 to 3%% of the memory is what people use", most)
		}
	}
	return nil
}

func olderKernel(h host.Host, than string) bool {
	release, err := kernel.Release(h)
	if err != nil {
		return false
	}
	have, err := version.ParseGeneric(release)
	return err == nil && have.LessThan(version.MustParseGeneric(than))
}

type sysctlWant struct {
	Values []sysctl `json:"values"`
}

// text is the whole file.
func (w sysctlWant) text() string {
	var b strings.Builder
	b.WriteString("# Written by swapctl setup; swapctl teardown removes it.\n")
	for _, v := range w.Values {
		fmt.Fprintf(&b, "vm.%s = %d\n", v.Name, v.Value)
	}
	return b.String()
}

func sysctlFileKind() step.Kind {
	return step.Kind{ID: "sysctl.file", Files: []string{sysctlPath},
		Build: step.BuildOf(func(_ string, want sysctlFileWant, _ step.Mode) step.Step { return sysctlFileStep(want) })}
}

// sysctlFileWant is the file with the settings. Journals of an older swapctl do
// not name it: it was sysctlPath.
type sysctlFileWant struct {
	sysctlWant
	File string `json:"file,omitempty"` // "" for sysctlPath
}

func (w sysctlFileWant) path() string { return cmp.Or(w.File, sysctlPath) }

// sysctlFileStep is "sysctl.file": the settings for the next boots.
func sysctlFileStep(want sysctlFileWant) step.Step {
	file := want.path()
	info := step.Info{
		ID: "sysctl.file", Title: "settings in " + file,
		Why:        "Values in /proc/sys are lost at a reboot; systemd sets them again from this file at boot.",
		UndoByHand: []string{"rm " + file},
	}
	for _, v := range want.Values {
		info.ByHand = append(info.ByHand, fmt.Sprintf("echo 'vm.%s = %d' >> %s", v.Name, v.Value, file))
	}
	return ownfile.Of(want, ownfile.Spec{
		About: info,
		Files: []ownfile.File{{Path: file, Text: want.text()}},
		Make:  "write " + file, Remove: "remove " + file,
		Missing: "no file", Other: "other settings",
		NotOurs: func(name string) error {
			return fail.Newf(fail.Usage, "write "+name, "it is there already, and swapctl did not make it").
				Hint("look at it, and move it away: cat %s", name)
		},
	})
}

func sysctlLiveKind() step.Kind {
	return step.Kind{ID: "sysctl.live",
		Build: step.BuildOf(func(_ string, want sysctlWant, _ step.Mode) step.Step { return step.Of(&sysctlLiveStep{want}) })}
}

// sysctlLiveStep is "sysctl.live": the settings of the running kernel.
type sysctlLiveStep struct{ want sysctlWant }

// sysctlWas: what is saved are the values from before.
type sysctlWas = step.Was[sysctlWant, sysctlWant, step.None]

func (s *sysctlLiveStep) Info() step.Info {
	info := step.Info{
		ID: "sysctl.live", Title: "settings of the running kernel: " + s.list(),
		Why: "These settings decide when the kernel begins to swap, and how much memory it keeps free for that.",
	}
	for _, v := range s.want.Values {
		info.ByHand = append(info.ByHand, fmt.Sprintf("sysctl -w vm.%s=%d", v.Name, v.Value))
	}
	return info
}

func (s *sysctlLiveStep) list() string {
	words := make([]string, len(s.want.Values))
	for i, v := range s.want.Values {
		words[i] = fmt.Sprintf("vm.%s=%d", v.Name, v.Value)
	}
	return strings.Join(words, " ")
}

func (s *sysctlLiveStep) Want() sysctlWant { return s.want }

func (s *sysctlLiveStep) Check(_ context.Context, h host.Host, _ *sysctlWas) (step.Finding, error) {
	if err := s.allowed(h); err != nil {
		return step.BlockedBy(err), nil
	}
	var found []string
	state := step.Done
	for _, v := range s.want.Values {
		now, err := readSysctl(h, v)
		if err != nil {
			return step.Finding{}, err
		}
		if now != v.Value {
			state = step.Todo
		}
		found = append(found, fmt.Sprintf("%s %d", v.Name, now))
	}
	return step.Finding{State: state, Found: strings.Join(found, ", ")}, nil
}

func (s *sysctlLiveStep) Save(_ context.Context, h host.Host) (sysctlWant, error) {
	var saved sysctlWant
	for _, v := range s.want.Values {
		now, err := readSysctl(h, v)
		if err != nil {
			return saved, err
		}
		saved.Values = append(saved.Values, sysctl{v.Name, now})
	}
	return saved, nil
}

func (s *sysctlLiveStep) Do(_ context.Context, h host.Host, _ *sysctlWas, _ step.RunOf[step.None]) error {
	for _, v := range s.want.Values {
		if err := writeSysctl(h, v); err != nil {
			return err
		}
	}
	return nil
}

// Undo restores the old values, unless somebody has set another value since.
func (s *sysctlLiveStep) Undo(_ context.Context, h host.Host, was *sysctlWas, _ step.Progress) error {
	for i, old := range was.Saved.Values {
		now, err := readSysctl(h, old)
		if err != nil {
			return err
		}
		if i < len(s.want.Values) && now == s.want.Values[i].Value && now != old.Value {
			if err := writeSysctl(h, old); err != nil {
				return err
			}
		}
	}
	return nil
}

func readSysctl(h host.Host, v sysctl) (int64, error) {
	data, err := h.Files.ReadFile(v.path(), host.SmallLimit)
	if err != nil {
		return 0, fail.New(fail.Failed, "read "+v.path(), err)
	}
	now, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	return now, fail.New(fail.Failed, "read "+v.path(), err)
}

func writeSysctl(h host.Host, v sysctl) error {
	op := fmt.Sprintf("set vm.%s to %d", v.Name, v.Value)
	f, err := h.Files.Open(v.path(), os.O_WRONLY, 0)
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	_, err = f.Write(fmt.Appendln(nil, v.Value))
	return fail.New(fail.Failed, op, errors.Join(err, f.Close()), "see what the kernel allows: sysctl vm."+v.Name)
}
