package hosttest

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/swapctl/swapctl/internal/host"
)

// key is a logon key in a process's thread keyring.
type key struct {
	description string
	payload     []byte
	process     *process
	thread      int
	stuck       bool // the test made its removal fail
}

// KeyAdd implements host.Kernel.
func (p *process) KeyAdd(description string, payload []byte) (host.KeyID, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return 0, err
	}
	n := p.node
	switch at := strings.IndexByte(description, ':'); {
	case n.missing.keyring:
		return 0, fmt.Errorf("add key to the kernel keyring: %w", unix.ENOSYS) // is errors.ErrUnsupported
	case at < 1, len(payload) == 0, len(payload) > 32767:
		return 0, fmt.Errorf("add key to the kernel keyring: %w", unix.EINVAL)
	}
	thread := unix.Gettid()
	err := p.act(Op{Name: "keyadd", Path: description}, func(bool) error {
		n.lastKey++
		n.secret(payload)
		for id, k := range n.keys { // add_key(2) updates a key of the same description
			if k.process == p && k.thread == thread && k.description == description {
				delete(n.keys, id)
			}
		}
		n.keys[n.lastKey] = &key{description: description, payload: slices.Clone(payload), process: p, thread: thread}
		return n.setKeys()
	})
	if err != nil {
		return 0, keep(err, "add key to the kernel keyring")
	}
	return n.lastKey, nil
}

// KeyRemove implements host.Kernel.
func (p *process) KeyRemove(id host.KeyID) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	n := p.node
	k := n.keys[id]
	if k == nil || k.process != p || k.thread != unix.Gettid() {
		return fmt.Errorf("remove key from the kernel keyring: %w", unix.ENOKEY)
	}
	err := p.act(Op{Name: "keyremove", Path: k.description}, func(bool) error {
		delete(n.keys, id)
		return n.setKeys()
	})
	k.stuck = err != nil
	return keep(err, "remove key from the kernel keyring")
}

// keep words an error, but leaves ErrKilled as it is.
func keep(err error, op string) error {
	if err == nil || err == ErrKilled { //nolint:errorlint // the sentinel itself
		return err
	}
	return fmt.Errorf("%s: %w", op, err)
}

// setKeys writes /proc/keys.
func (n *Node) setKeys() error {
	var b strings.Builder
	ids := make([]host.KeyID, 0, len(n.keys))
	for id := range n.keys {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		fmt.Fprintf(&b, "%08x I--Q---     1 perm 3f010000     0     0 logon     %s: %d\n", id, n.keys[id].description, len(n.keys[id].payload))
	}
	return n.put("/proc/keys", b.String())
}

// dropKeys forgets the keyrings of a process.
func (n *Node) dropKeys(p *process) {
	before := len(n.keys)
	for id, k := range n.keys {
		if k.process == p {
			delete(n.keys, id)
		}
	}
	if len(n.keys) != before {
		n.must(n.setKeys())
	}
}

// buryKeys forgets the keyrings of threads that have ended. A thread takes a
// moment to end after its goroutine has.
func (n *Node) buryKeys() {
	for range 20 {
		for id, k := range n.keys {
			if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", k.thread)); os.IsNotExist(err) {
				delete(n.keys, id)
				n.must(n.setKeys())
			}
		}
		if !slices.ContainsFunc(slices.Collect(maps.Values(n.keys)), func(k *key) bool { return !k.stuck }) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// Random implements host.Kernel. The bytes are always the same, in pieces of
// eight that no other file holds: "Rnd", the call, the piece, 0xa5.
func (p *process) Random(buf []byte) error {
	defer p.leave()
	if err := p.enter(); err != nil {
		return err
	}
	if err := p.ruled("random", ""); err != nil {
		return fmt.Errorf("getrandom: %w", err)
	}
	n := p.node
	n.randomCalls++
	for i := range buf {
		piece := []byte{'R', 'n', 'd', byte(n.randomCalls >> 8), byte(n.randomCalls), byte(i >> 11), byte(i >> 3), 0xa5}
		buf[i] = piece[i%8]
	}
	const leastKey = 32 // shorter ones are UUIDs, which are meant to be written
	if len(buf) >= leastKey {
		n.secret(buf)
	}
	return nil
}
