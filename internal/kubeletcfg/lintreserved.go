package kubeletcfg

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/bytesize"
)

// reservedAmounts finds resources and quantities that stop the kubelet
// (cmd/kubelet/app/server.go, parseResourceList).
func (l *linter) reservedAmounts(s scene, field string) {
	_, n := member(s.doc.root, field)
	n = through(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	known := []string{"cpu", "memory", "ephemeral-storage", "pid"}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		f := Finding{Rule: "reserved", Field: join(field, key.Value)}
		text, ok := plain(n.Content[i+1]).(string)
		switch {
		case !slices.Contains(known, key.Value):
			f.Message, f.Fix = "it cannot be reserved: the kubelet does not start", "one of "+strings.Join(known, ", ")
			l.find(s, key, f)
		case ok && wrongAmount(text) != "":
			f.Message, f.Fix = wrongAmount(text)+": the kubelet does not start", "a quantity like 512Mi"
			l.find(s, n.Content[i+1], f)
		}
	}
}

func wrongAmount(text string) string {
	quantity, err := bytesize.ParseQuantity(text)
	switch {
	case err != nil:
		return fmt.Sprintf("%q is no quantity", text)
	case quantity.Sign() < 0:
		return fmt.Sprintf("%q is less than nothing", text)
	}
	return ""
}
