package limits

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// A pod's nodeSelector and required node affinity admit a node
// (k8s.io/component-helpers/scheduling/corev1/nodeaffinity) if all pairs of the
// one match, and any term of the other.

// affinity refuses requirements that an API server refuses
// (pkg/apis/core/validation/validation.go, ValidateNodeSelectorRequirement).
func (c *converter) affinity() *FieldError {
	const field = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
	terms := c.object.Pod.NodeAffinity
	for i := range terms {
		for j, r := range terms[i].MatchExpressions {
			if err := checkRequirement(r); err != nil {
				return c.refuse(fmt.Sprintf("%s[%d].matchExpressions[%d]", field, i, j), err)
			}
		}
		for j, r := range terms[i].MatchFields {
			if err := checkField(r); err != nil {
				return c.refuse(fmt.Sprintf("%s[%d].matchFields[%d]", field, i, j), err)
			}
		}
	}
	return nil
}

func checkRequirement(r NodeSelectorRequirement) error {
	switch r.Operator {
	case "In", "NotIn":
		if len(r.Values) == 0 {
			return fmt.Errorf("operator %s wants values", r.Operator)
		}
	case "Exists", "DoesNotExist":
		if len(r.Values) > 0 {
			return fmt.Errorf("operator %s takes no values", r.Operator)
		}
	case "Gt", "Lt":
		if len(r.Values) != 1 {
			return fmt.Errorf("operator %s wants one value", r.Operator)
		}
		if _, err := strconv.ParseInt(r.Values[0], 10, 64); err != nil {
			return fmt.Errorf("operator %s wants a whole number, not %q", r.Operator, r.Values[0])
		}
	default:
		return fmt.Errorf("operator %q: want In, NotIn, Exists, DoesNotExist, Gt or Lt", r.Operator)
	}
	if r.Key == "" {
		return errors.New("key is missing")
	}
	return nil
}

func checkField(r NodeSelectorRequirement) error {
	switch {
	case r.Key != "metadata.name":
		return fmt.Errorf("key %q: want metadata.name", r.Key)
	case r.Operator != "In" && r.Operator != "NotIn":
		return fmt.Errorf("operator %q: want In or NotIn", r.Operator)
	case len(r.Values) != 1:
		return fmt.Errorf("operator %s wants one value", r.Operator)
	}
	return nil
}

// selector is what a DaemonSet requires of its nodes.
type selector struct {
	labels      map[string]string
	terms       []NodeSelectorTerm
	hasAffinity bool
}

// admits reports whether the selector admits a node. A node whose labels are
// not known is admitted.
func (s *selector) admits(node *Node) bool {
	if node.Labels == nil {
		return true
	}
	for key, want := range s.labels {
		if have, ok := node.Labels[key]; !ok || have != want {
			return false
		}
	}
	if !s.hasAffinity {
		return true
	}
	for i := range s.terms {
		if s.terms[i].matches(node) {
			return true
		}
	}
	return false
}

// matches reports whether a term matches a node; an empty one matches none.
func (t *NodeSelectorTerm) matches(node *Node) bool {
	if len(t.MatchExpressions) == 0 && len(t.MatchFields) == 0 {
		return false
	}
	for i := range t.MatchExpressions {
		have, ok := node.Labels[t.MatchExpressions[i].Key]
		if !t.MatchExpressions[i].matches(have, ok) {
			return false
		}
	}
	for i := range t.MatchFields {
		if !t.MatchFields[i].matches(node.Name, true) {
			return false
		}
	}
	return true
}

func (r *NodeSelectorRequirement) matches(have string, there bool) bool {
	switch r.Operator {
	case "In":
		return there && slices.Contains(r.Values, have)
	case "NotIn":
		return !there || !slices.Contains(r.Values, have)
	case "Exists":
		return there
	case "DoesNotExist":
		return !there
	case "Gt", "Lt":
		value, err := strconv.ParseInt(have, 10, 64)
		if !there || err != nil {
			return false
		}
		want, err := strconv.ParseInt(r.Values[0], 10, 64)
		return err == nil && (r.Operator == "Gt" && value > want || r.Operator == "Lt" && value < want)
	default:
		return false
	}
}

// appendSelector writes a pod's selector for its record.
func appendSelector(b []byte, p *Pod) []byte {
	if p.HasNodeAffinity {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(p.NodeSelector)))
	for key, value := range p.NodeSelector {
		b = appendText(appendText(b, key), value)
	}
	b = binary.AppendUvarint(b, uint64(len(p.NodeAffinity)))
	for i := range p.NodeAffinity {
		b = appendRequirements(b, p.NodeAffinity[i].MatchExpressions)
		b = appendRequirements(b, p.NodeAffinity[i].MatchFields)
	}
	return b
}

func appendRequirements(b []byte, list []NodeSelectorRequirement) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, r := range list {
		b = appendText(appendText(b, r.Key), r.Operator)
		b = binary.AppendUvarint(b, uint64(len(r.Values)))
		for _, value := range r.Values {
			b = appendText(b, value)
		}
	}
	return b
}

// readSelector reads what appendSelector has written.
func readSelector(b []byte) *selector {
	c := cursor{record: b}
	s := &selector{hasAffinity: c.byte() != 0, labels: map[string]string{}}
	for range c.number() {
		key := string(c.bytes())
		s.labels[key] = string(c.bytes())
	}
	for range c.number() {
		s.terms = append(s.terms, NodeSelectorTerm{MatchExpressions: c.requirements(), MatchFields: c.requirements()})
	}
	return s
}

func (c *cursor) requirements() (list []NodeSelectorRequirement) {
	for range c.number() {
		r := NodeSelectorRequirement{Key: string(c.bytes()), Operator: string(c.bytes())}
		for range c.number() {
			r.Values = append(r.Values, string(c.bytes()))
		}
		list = append(list, r)
	}
	return list
}
