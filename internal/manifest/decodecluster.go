package manifest

import "github.com/swapctl/swapctl/internal/limits"

func (d *decoder) nodeObject(root value, o *limits.Object) error {
	d.node = limits.NodeObject{}
	o.Node = &d.node
	var err error
	if d.node.Labels, err = d.stringMap(root.get("metadata").get("labels"), d.selector); err != nil {
		return err
	}
	status, err := d.sub(root, "status")
	if err != nil {
		return err
	}
	capacity, err := d.sub(status, "capacity")
	if err != nil {
		return err
	}
	if d.node.MemoryCapacity, err = d.bytes(capacity.get(memory)); err != nil {
		return err
	}
	info, err := d.sub(status, "nodeInfo")
	if err != nil {
		return err
	}
	if d.node.KubeletVersion, err = d.string(info, "kubeletVersion"); err != nil {
		return err
	}
	if d.node.Runtime, err = d.string(info, "containerRuntimeVersion"); err != nil {
		return err
	}
	d.node.Windows = string(info.get("operatingSystem").textOrNone()) == "windows" || d.node.Labels["kubernetes.io/os"] == "windows"
	swap, err := d.sub(info, "swap")
	if err != nil {
		return err
	}
	if d.node.SwapCapacity, err = d.integer(swap.get("capacity"), 64); err != nil {
		return err
	}
	if n := d.node.SwapCapacity; n != nil && *n < 0 {
		return expected(swap.get("capacity"), "a number of bytes from 0")
	}
	return nil
}

func (d *decoder) priorityClass(root value, o *limits.Object) error {
	d.class = limits.PriorityClass{}
	o.PriorityClass = &d.class
	n, err := d.integer(root.get("value"), 32)
	if err != nil {
		return err
	}
	if n != nil {
		d.class.Value = *narrow(*n)
	}
	d.class.GlobalDefault, err = d.bool(root.get("globalDefault"))
	return err
}

// limitRange keeps the items about containers; those about pods and volumes
// only refuse, and have no defaults.
func (d *decoder) limitRange(root value, o *limits.Object) error {
	d.ranges = limits.LimitRange{Items: d.ranges.Items[:0]}
	d.amount = d.amount[:0]
	o.LimitRange = &d.ranges
	spec, err := d.sub(root, "spec")
	if err != nil {
		return err
	}
	all, err := d.elements(spec, "limits")
	if err != nil {
		return err
	}
	for element := range all.each() {
		v, err := typed(element, object, "an object")
		if err != nil {
			return err
		}
		kind, err := d.string(v, "type")
		if err != nil {
			return err
		}
		var item limits.LimitRangeItem
		for _, list := range [...]struct {
			name string
			into *limits.ResourceList
		}{
			{"default", &item.Default}, {"defaultRequest", &item.DefaultRequest}, {"max", &item.Max}, {"min", &item.Min},
		} {
			if *list.into, err = d.amounts(v.get(list.name)); err != nil {
				return err
			}
		}
		if kind == "Container" {
			d.ranges.Items = append(d.ranges.Items, item)
		}
	}
	return nil
}
