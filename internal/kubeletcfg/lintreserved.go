package kubeletcfg

import (
	"fmt"
	"slices"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
)

// reservedAmounts finds resources and quantities that stop the kubelet
// (cmd/kubelet/app/server.go, parseResourceList).
func (l *linter) reservedAmounts(s scene, field string) {
	known := []string{"cpu", "memory", "ephemeral-storage", "pid"}
	for m := range s.doc.root.Get(field).Each() {
		f := Finding{Rule: "reserved", Field: join(field, m.Name)}
		text, ok := m.Value.Any().(string)
		switch {
		case !slices.Contains(known, m.Name):
			f.Message, f.Fix = "it cannot be reserved: the kubelet does not start", "one of "+strings.Join(known, ", ")
			l.find(s, m.Key, f)
		case ok && wrongAmount(text) != "":
			f.Message, f.Fix = wrongAmount(text)+": the kubelet does not start", "a quantity like 512Mi"
			l.find(s, m.Value.Node, f)
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
