package limits

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// told writes a difference down, one line for each container.
func told(t *testing.T, before, after *Plan) []string {
	t.Helper()
	var lines []string
	for c, err := range Diff(before, after) {
		if err != nil {
			t.Fatal(err)
		}
		text := func(o *Outcome) string {
			if o == nil {
				return "-"
			}
			return fmt.Sprintf("%dMi %s", *o.SwapLimitBytes>>20, o.Reason)
		}
		line := fmt.Sprintf("%s %s/%s %s → %s", c.Kind, c.Pod, c.Container, text(c.Before), text(c.After))
		if c.Kind == Same {
			line = fmt.Sprintf("same %s/%s", c.Pod, c.Container)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestDifferences(t *testing.T) {
	node := sizedNode(8*oneGi, 4*oneGi)
	web, db := podAsking("web", "1Gi", "2Gi"), podAsking("db", "4Gi")
	over := podAsking("over", "1Gi")
	over.Pod.Phase = "Succeeded"
	tests := []struct {
		name          string
		before, after *Plan
		want          []string
	}{
		{"nothing", plannedOn(t, node, web, db), plannedOn(t, node, web, db), []string{"same web/a", "same web/b", "same db/a"}},
		{
			"half the swap", plannedOn(t, node, web), plannedOn(t, sizedNode(8*oneGi, 2*oneGi), web),
			[]string{"changed web/a 512Mi Proportional → 256Mi Proportional", "changed web/b 1024Mi Proportional → 512Mi Proportional"},
		},
		{"another order", plannedOn(t, node, web, db), plannedOn(t, node, db, web), []string{"same db/a", "same web/a", "same web/b"}},
		{
			"one comes, one goes", plannedOn(t, node, web, db), plannedOn(t, node, web, podAsking("new", "2Gi")),
			[]string{"same web/a", "same web/b", "removed db/a 2048Mi Proportional → -", "added new/a - → 1024Mi Proportional"},
		},
		{
			"a limit", plannedOn(t, node, web), plannedOn(t, node, withMemoryLimit(podAsking("web", "1Gi", "2Gi"), "2Gi")),
			[]string{"same web/a", "changed web/b 1024Mi Proportional → 0Mi RequestEqualsLimit"},
		},
		{"twins in their order", plannedOn(t, node, db, podAsking("db", "1Gi")), plannedOn(t, node, db, podAsking("db", "2Gi")),
			[]string{"same db/a", "changed db/a 512Mi Proportional → 1024Mi Proportional"}},
		{"one has finished, which has no limit any more", plannedOn(t, node, web, over), plannedOn(t, node, web), []string{"same web/a", "same web/b"}},
		{"against nothing", plannedOn(t, node, web), plannedOn(t, node), []string{"removed web/a 512Mi Proportional → -", "removed web/b 1024Mi Proportional → -"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, sortedLines(told(t, test.before, test.after), test.want)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// sortedLines puts lines in the order of want where both have the same ones:
// only the order of what changed counts.
func sortedLines(lines, want []string) []string {
	counts := map[string]int{}
	for _, l := range lines {
		counts[l]++
	}
	for _, w := range want {
		if counts[w]--; counts[w] < 0 {
			return lines
		}
	}
	if len(lines) != len(want) {
		return lines
	}
	return want
}

// TestADifferenceKeepsNothingOfWhatIsInPlace counts what waits for its
// counterpart, with a pod that is new at the front.
func TestADifferenceKeepsNothingOfWhatIsInPlace(t *testing.T) {
	var old, more []*Object
	more = append(more, podAsking("new", "1Gi", "1Gi"))
	for i := range 1000 {
		o := podAsking(fmt.Sprintf("p%d", i), "1Mi")
		old, more = append(old, o), append(more, o)
	}
	before, after := plannedOn(t, sizedNode(8*oneGi, oneGi), old...), plannedOn(t, sizedNode(8*oneGi, oneGi), more...)
	d := differ{yield: func(*Change, error) bool { return true }}
	most := 0
	var oldRows []Row
	for r := range before.Rows() {
		oldRows = append(oldRows, *r)
	}
	i := 0
	for r := range after.Rows() {
		if i < len(oldRows) {
			d.meet(&oldRows[i], &d.old, &d.new)
		}
		d.meet(r, &d.new, &d.old)
		i++
		most = max(most, len(d.old.first)+len(d.new.first))
	}
	if most > 5 {
		t.Errorf("%d rows waited", most)
	}
}

func TestADifferenceCanBeLeftEarly(t *testing.T) {
	plan := plannedOn(t, sizedNode(8*oneGi, oneGi), podAsking("web", "1Gi", "2Gi"))
	n := 0
	for range Diff(plan, plannedOn(t, sizedNode(8*oneGi, oneGi))) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d changes", n)
	}
}
