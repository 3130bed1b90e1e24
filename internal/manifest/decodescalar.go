package manifest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/limits"
)

// integer reads a whole number of so many bits; nil if absent.
func (d *decoder) integer(v value, bits int) (*int64, error) {
	n, err := typed(v, number, "a whole number")
	if !n.there() {
		return nil, err
	}
	i, err := strconv.ParseInt(string(n.text()), 10, bits)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return nil, expected(v, fmt.Sprintf("a whole number of %d bits", bits))
	case err != nil:
		return nil, expected(v, "a whole number")
	}
	return &i, nil
}

// bool reads true or false; false if absent.
func (d *decoder) bool(v value) (bool, error) {
	b, err := typed(v, boolean, "true or false")
	return b.there() && string(b.text()) == "true", err
}

// strings reads a list of strings.
func (d *decoder) strings(v value) ([]string, error) {
	l, err := typed(v, list, "a list")
	var all []string
	for element := range l.each() {
		s, err := typed(element, text, aString)
		switch {
		case err != nil:
			return nil, err
		case !s.there():
			all = append(all, "")
		default:
			all = append(all, d.name(s.text()))
		}
	}
	return all, err
}

// stringMap reads an object whose members are strings into a map.
func (d *decoder) stringMap(v value, all map[string]string) (map[string]string, error) {
	o, err := typed(v, object, "an object")
	if !o.there() {
		return nil, err
	}
	clear(all)
	for member := range o.each() {
		s, err := typed(member, text, aString)
		if err != nil {
			return nil, err
		}
		all[d.name(member.name())] = ""
		if s.there() {
			all[d.name(member.name())] = d.name(s.text())
		}
	}
	return all, nil
}

// bytes reads a quantity that is a number of bytes; nil if absent.
func (d *decoder) bytes(v value) (*int64, error) {
	if !v.there() {
		return nil, nil
	}
	q, err := d.quantities.parse(v)
	if err != nil {
		return nil, err
	}
	if q.Sign() < 0 || q.TooLarge() {
		return nil, expected(v, "a number of bytes from 0 to 2^63-1")
	}
	if q.Nanos > 0 {
		q.Whole++ // rounded up, as Kubernetes does
	}
	return &q.Whole, nil
}

// resources reads requests and limits.
func (d *decoder) resources(v value) (limits.Resources, error) {
	var r limits.Resources
	o, err := typed(v, object, "an object")
	if err != nil {
		return r, err
	}
	if r.Requests, err = d.amounts(o.get("requests")); err != nil {
		return r, err
	}
	r.Limits, err = d.amounts(o.get("limits"))
	return r, err
}

// amounts reads a v1 ResourceList, as far as it is wanted.
func (d *decoder) amounts(v value) (limits.ResourceList, error) {
	o, err := typed(v, object, "an object")
	if !o.there() {
		return nil, err
	}
	from := len(d.amount)
	for member := range o.each() {
		q, err := d.quantities.parse(member)
		if err != nil {
			return nil, err
		}
		d.amount = append(d.amount, limits.ResourceAmount{Name: d.name(member.name()), Quantity: q})
	}
	return d.amount[from:len(d.amount):len(d.amount)], nil
}

// quantities remembers what was parsed: a cluster has few different amounts.
type quantities map[string]bytesize.Quantity

// parse reads a quantity, a string or a bare number, as its UnmarshalJSON does
// (k8s.io/apimachinery v0.37, pkg/api/resource/quantity.go): null is zero.
func (c quantities) parse(v value) (bytesize.Quantity, error) {
	const what = "a quantity such as 512Mi"
	switch v.kind() {
	case null:
		return bytesize.Quantity{}, nil
	case text, number:
	default:
		return bytesize.Quantity{}, expected(v, what)
	}
	b := v.text()
	if q, ok := c[string(b)]; ok {
		return q, nil
	}
	written := string(b)
	q, err := bytesize.ParseQuantity(strings.TrimSpace(written))
	switch {
	case errors.Is(err, bytesize.ErrAbsurd):
		return bytesize.Quantity{}, expected(v, what+", nothing so absurd")
	case err != nil:
		return bytesize.Quantity{}, expected(v, what)
	}
	const enough = 1 << 12
	if len(c) >= enough {
		clear(c)
	}
	c[written] = q
	return q, nil
}
