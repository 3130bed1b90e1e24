package kubeletcfg_test

import (
	"testing"

	"github.com/swapctl/swapctl/internal/kubeletcfg"
)

// TestTheRuntimeIsTheOneThatTheKubeletUses: flags have precedence over files,
// the field exists since 1.27, and each release has its own default.
func TestTheRuntimeIsTheOneThatTheKubeletUses(t *testing.T) {
	const field, flag = "containerRuntimeEndpoint: unix:///f.sock\n", "--container-runtime-endpoint=unix:///a.sock"
	const head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
	for _, test := range []struct {
		version, file, dropin string
		flags                 []string
		want, from            string
	}{
		{"1.34", "", "", nil, "unix:///run/containerd/containerd.sock", kubeletcfg.Default},
		{"1.34", field, "", nil, "unix:///f.sock", "config"},
		{"1.34", field, "", []string{flag}, "unix:///a.sock", "--container-runtime-endpoint"},
		{"1.34", field, "containerRuntimeEndpoint: unix:///d.sock\n", nil, "unix:///d.sock", "dropin"},
		{"1.34", field, "failSwapOn: false\n", nil, "unix:///f.sock", "config"},
		{"1.28", field, "failSwapOn: false\n", nil, "unix:///run/containerd/containerd.sock", "dropin"}, // completed with all defaults
		{"1.26", field, "", nil, "", ""},
		{"1.26", field, "", []string{flag}, "unix:///a.sock", "--container-runtime-endpoint"},
		{"1.23", "", "", nil, "unix:///var/run/dockershim.sock", kubeletcfg.Default},
		{"1.23", "", "", []string{"--container-runtime=docker", flag}, "unix:///var/run/dockershim.sock", "--container-runtime"},
		{"1.23", "", "", []string{"--container-runtime=remote", flag}, "unix:///a.sock", "--container-runtime-endpoint"},
	} {
		rows, err := kubeletcfg.Load()
		if err != nil {
			t.Fatal(err)
		}
		row, err := rows.Find(test.version)
		if err != nil {
			t.Fatal(err)
		}
		in := kubeletcfg.Inputs{Config: &kubeletcfg.Source{Name: "config", Data: []byte(head + test.file)}, Flags: test.flags}
		if test.dropin != "" {
			in.Dropins = []kubeletcfg.Source{{Name: "dropin", Data: []byte(head + test.dropin)}}
		}
		e, err := row.Effective(in)
		if err != nil || e.RuntimeEndpoint != test.want || e.RuntimeEndpointFrom != test.from {
			t.Errorf("%s with %q, %q, %q: %q from %q (%v), want %q from %q", test.version, test.file, test.dropin, test.flags, e.RuntimeEndpoint, e.RuntimeEndpointFrom, err, test.want, test.from)
		}
	}
}
