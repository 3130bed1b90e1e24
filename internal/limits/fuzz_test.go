package limits

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// FuzzSelector: what is kept of a pod's node selector and affinity reads back the
// same, and a node is judged without fault by it.
func FuzzSelector(f *testing.F) {
	f.Add("zone=a,disk=ssd", "zone In a b;cpus Gt 4|metadata.name In n1", true)
	f.Add("", "zone NotIn;x Exists;y DoesNotExist;z Lt -1||a Gt x", true)
	f.Add("=", " ", false)
	f.Fuzz(func(t *testing.T, pairs, terms string, affinity bool) {
		p := &Pod{HasNodeAffinity: affinity, NodeSelector: map[string]string{}}
		for pair := range strings.SplitSeq(pairs, ",") {
			key, value, _ := strings.Cut(pair, "=")
			p.NodeSelector[key] = value
		}
		for term := range strings.SplitSeq(terms, "|") {
			var expressions []NodeSelectorRequirement
			for part := range strings.SplitSeq(term, ";") {
				if words := strings.Split(part, " "); len(words) > 1 {
					expressions = append(expressions, NodeSelectorRequirement{Key: words[0], Operator: words[1], Values: slices.Clip(words[2:])})
				}
			}
			p.NodeAffinity = append(p.NodeAffinity, NodeSelectorTerm{MatchExpressions: expressions})
		}
		s := readSelector(appendSelector(nil, p))
		if s.hasAffinity != affinity || !reflect.DeepEqual(s.labels, p.NodeSelector) || len(s.terms) != len(p.NodeAffinity) {
			t.Fatalf("%+v became %+v", p, s)
		}
		legal := true
		for i, term := range s.terms {
			for j, r := range term.MatchExpressions {
				was := p.NodeAffinity[i].MatchExpressions[j]
				if r.Key != was.Key || r.Operator != was.Operator || !slices.Equal(r.Values, was.Values) {
					t.Fatalf("%+v became %+v", was, r)
				}
				legal = legal && checkRequirement(r) == nil
			}
		}
		if legal { // others are refused before
			_ = s.admits(&Node{Name: "n1", Labels: map[string]string{"zone": "a", "cpus": "8"}})
		}
	})
}
