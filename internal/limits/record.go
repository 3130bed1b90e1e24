package limits

import (
	"encoding/binary"
	"slices"
	"strings"
)

// A record is a pod in the spool: numbers as varints, strings with their length
// before them, and strings that repeat (kinds, namespaces, classes, nodes) as
// numbers of atoms. It is written and read by this process only.

// atoms are the strings that repeat. Their number follows that of namespaces
// and nodes, not that of pods.
type atoms struct {
	number map[string]uint64
	text   []string
	last   [atomFields]uint64 // that of the previous pod, for each field: often the same
}

// The fields of a pod that are atoms.
const (
	atomKind = iota
	atomNamespace
	atomSpecPath
	atomClass
	atomNode
	atomFile
	atomFields
)

// put returns the number of the string of a field.
func (a *atoms) put(field int, text string) uint64 {
	if n := a.last[field]; n < uint64(len(a.text)) && a.text[n] == text {
		return n
	}
	n := a.find(text)
	a.last[field] = n
	return n
}

func (a *atoms) find(text string) uint64 {
	if n, ok := a.number[text]; ok {
		return n
	}
	if a.number == nil {
		a.number = map[string]uint64{}
	}
	text = strings.Clone(text) // the reader may use its buffer again
	n := uint64(len(a.text))
	a.number[text] = n
	a.text = append(a.text, text)
	return n
}

// The bits of a pod.
const (
	bitServed = 1 << iota
	bitMirror
	bitStatic
	bitEnded
	bitDaemonSet
	bitPriority
	bitLevel
	bitWrapper
	bitOwned
	bitUID
	bitResizing
	bitWindows
)

// appendRecord appends a pod.
func appendRecord(b []byte, p *pod, a *atoms) []byte {
	bits := bit(p.served, bitServed) | bit(p.mirror, bitMirror) | bit(p.static, bitStatic) | bit(p.ended != Running, bitEnded) |
		bit(p.daemonSet, bitDaemonSet) | bit(p.hasWritten, bitPriority) | bit(p.hasLevel, bitLevel) |
		bit(p.wrapper, bitWrapper) | bit(p.owner|p.maker != 0, bitOwned) | bit(p.uid != 0, bitUID) | bit(p.resizing, bitResizing) | bit(p.windows, bitWindows)
	b = binary.AppendUvarint(b, bits)
	b = binary.AppendUvarint(b, a.put(atomKind, p.kind))
	b = binary.AppendUvarint(b, a.put(atomNamespace, p.namespace))
	b = binary.AppendUvarint(b, a.put(atomSpecPath, p.specPath))
	b = binary.AppendUvarint(b, a.put(atomClass, p.class))
	b = binary.AppendUvarint(b, a.put(atomNode, p.nodeName))
	b = appendText(b, p.name)
	b = binary.AppendUvarint(b, uint64(p.wanted))
	b = append(b, byte(p.qos))
	if p.ended != Running {
		b = append(b, byte(p.ended))
	}
	if p.owner|p.maker != 0 {
		b = binary.LittleEndian.AppendUint64(b, uint64(p.owner))
		b = binary.LittleEndian.AppendUint64(b, uint64(p.maker))
	}
	if p.uid != 0 {
		b = binary.LittleEndian.AppendUint64(b, uint64(p.uid))
		b = binary.AppendUvarint(b, uint64(p.before))
	}
	if p.hasWritten {
		b = binary.AppendVarint(b, int64(p.written))
	}
	if p.daemonSet {
		b = appendText(b, string(p.selector))
	}
	if p.hasLevel {
		b = appendDemand(b, &p.level, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(p.containers)))
	for i := range p.containers {
		c := &p.containers[i]
		b = appendDemand(b, &c.demand, byte(c.kind))
		b = appendText(b, c.name)
	}
	if p.resizing {
		b = appendResize(b, p)
	}
	// Read for errors only.
	for _, n := range []int{p.place.file, p.place.document, p.place.item + 1, p.place.line} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// appendResize writes what is desired of a pod, if the allocation differs.
func appendResize(b []byte, p *pod) []byte {
	b = append(b, byte(bit(p.resize.Pending, 1)|bit(p.resize.InProgress, 2)))
	b = appendText(appendText(b, p.resize.Reason), p.resize.Message)
	for i := range p.containers {
		d := &p.containers[i].desired
		b = append(b, byte(bit(d.differs, 1)|bit(d.restarts, 2)))
		if d.differs {
			b = appendDemand(b, &demand{
				request: [resources]amount{memory: d.request}, hasRequest: [resources]bool{memory: d.hasRequest},
				limit: [resources]amount{memory: d.limit}, hasLimit: [resources]bool{memory: d.hasLimit},
			}, 0)
		}
	}
	return b
}

func bit(set bool, mask uint64) uint64 {
	if set {
		return mask
	}
	return 0
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// appendDemand writes one byte of kind and hugepages, one that says which
// amounts are there and which of them have decimals, and the amounts.
func appendDemand(b []byte, d *demand, kind byte) []byte {
	if d.hugepages {
		kind |= 1 << 7
	}
	b = append(b, kind, 0)
	at, mask := len(b)-1, byte(0)
	for r := range resources {
		if d.hasRequest[r] {
			b = appendAmount(b, d.request[r], &mask, 1<<(4*r))
		}
		if d.hasLimit[r] {
			b = appendAmount(b, d.limit[r], &mask, 4<<(4*r))
		}
	}
	b[at] = mask
	return b
}

func appendAmount(b []byte, value amount, mask *byte, bit byte) []byte {
	*mask |= bit
	b = binary.LittleEndian.AppendUint64(b, uint64(value.whole))
	if value.nanos != 0 {
		*mask |= bit << 1
		b = binary.AppendUvarint(b, uint64(value.nanos))
	}
	return b
}

// reading turns records back into pods.
type reading struct {
	atoms  []string
	names  map[string]string // known container names, so that each is allocated only once
	cursor cursor
}

// manyNames is how many container names are kept.
const manyNames = 4096

// cursor reads a record.
type cursor struct {
	record []byte
	at     int
}

func (c *cursor) number() uint64 {
	if b := c.record[c.at]; b < 0x80 { // nearly all of them
		c.at++
		return uint64(b)
	}
	return c.long()
}

func (c *cursor) long() uint64 {
	n, size := binary.Uvarint(c.record[c.at:])
	c.at += size
	return n
}

func (c *cursor) signed() int64 {
	n, size := binary.Varint(c.record[c.at:])
	c.at += size
	return n
}

func (c *cursor) byte() byte {
	b := c.record[c.at]
	c.at++
	return b
}

func (c *cursor) uid() UID {
	n := binary.LittleEndian.Uint64(c.record[c.at:])
	c.at += 8
	return UID(n)
}

func (c *cursor) bytes() []byte {
	n := int(c.number())
	b := c.record[c.at : c.at+n]
	c.at += n
	return b
}

// read fills a pod from its record. Slices of the pod are reused; the selector
// is that of the record.
func (r *reading) read(record []byte, p *pod) {
	c := &r.cursor
	c.record, c.at = record, 0
	bits := c.number()
	p.served, p.mirror = bits&bitServed != 0, bits&bitMirror != 0
	p.static, p.wrapper = bits&bitStatic != 0, bits&bitWrapper != 0
	p.daemonSet, p.hasWritten, p.hasLevel = bits&bitDaemonSet != 0, bits&bitPriority != 0, bits&bitLevel != 0
	p.windows = bits&bitWindows != 0
	p.kind, p.namespace = r.atoms[c.number()], r.atoms[c.number()]
	p.specPath, p.class, p.nodeName = r.atoms[c.number()], r.atoms[c.number()], r.atoms[c.number()]
	p.name = string(c.bytes())
	p.workload = ""
	if p.kind != "Pod" {
		p.workload = p.kind + "/" + p.name
	}
	p.wanted = int64(c.number())
	p.replicas = p.wanted
	p.qos = qosClass(c.byte())
	p.ended, p.owner, p.maker, p.uid, p.before = Running, 0, 0, 0, 0
	if bits&bitEnded != 0 {
		p.ended = Ended(c.byte())
	}
	if bits&bitOwned != 0 {
		p.owner, p.maker = c.uid(), c.uid()
	}
	if bits&bitUID != 0 {
		p.uid, p.before = c.uid(), int64(c.number())
	}
	p.stands = p.qos != qosUnknown
	p.written = 0
	if p.hasWritten {
		p.written = int32(c.signed())
	}
	p.priority, p.hasPriority = p.written, p.hasWritten
	if p.daemonSet {
		p.selector = c.bytes()
	}
	if p.hasLevel {
		c.demand(&p.level)
	}
	n := int(c.number())
	p.containers = slices.Grow(p.containers[:0], n)[:n]
	for i := range p.containers {
		one := &p.containers[i]
		one.kind, one.from = containerKind(c.demand(&one.demand)), 0
		one.name, one.desired = r.name(c.bytes()), desired{}
	}
	if p.resizing = bits&bitResizing != 0; p.resizing {
		c.resize(p)
	}
}

// resize reads what appendResize has written.
func (c *cursor) resize(p *pod) {
	bits := c.byte()
	p.resize = Resize{Pending: bits&1 != 0, InProgress: bits&2 != 0, Reason: string(c.bytes()), Message: string(c.bytes())}
	for i := range p.containers {
		one := &p.containers[i]
		bits := c.byte()
		if bits&1 == 0 {
			continue
		}
		var d demand
		c.demand(&d)
		one.from |= fromAllocation
		one.desired = desired{
			differs: true, restarts: bits&2 != 0,
			request: d.request[memory], hasRequest: d.hasRequest[memory], limit: d.limit[memory], hasLimit: d.hasLimit[memory],
		}
	}
}

// place is that of the pod that was read last.
func (r *reading) place() place {
	c := r.cursor
	return place{int(c.number()), int(c.number()), int(c.number()) - 1, int(c.number())}
}

// name returns a container's name, allocated once.
func (r *reading) name(b []byte) string {
	if name, ok := r.names[string(b)]; ok {
		return name
	}
	name := string(b)
	if r.names == nil {
		r.names = map[string]string{}
	}
	if len(r.names) < manyNames {
		r.names[name] = name
	}
	return name
}

// demand reads what appendDemand has written, and returns the kind.
func (c *cursor) demand(d *demand) byte {
	*d = demand{}
	kind, mask := c.byte(), c.byte()
	d.hugepages = kind&(1<<7) != 0
	for r := range resources {
		d.request[r], d.hasRequest[r] = c.amount(mask >> (4 * r))
		d.limit[r], d.hasLimit[r] = c.amount(mask >> (4*r + 2))
	}
	return kind &^ (1 << 7)
}

func (c *cursor) amount(mask byte) (value amount, ok bool) {
	if mask&1 == 0 {
		return amount{}, false
	}
	value.whole = int64(binary.LittleEndian.Uint64(c.record[c.at:]))
	c.at += 8
	if mask&2 != 0 {
		value.nanos = int32(c.number())
	}
	return value, true
}
