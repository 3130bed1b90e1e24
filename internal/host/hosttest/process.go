package hosttest

import (
	"errors"
	"fmt"
	"io/fs"
)

// ErrKilled is what every operation of a killed process returns: nothing that
// runs after kill -9, deferred clean-up included, has an effect.
var ErrKilled = errors.New("killed")

// Op is one change to the machine, or one attempt that was made to fail.
type Op struct {
	N    int    // number, from 1
	Name string // create truncate write sync mkdir symlink remove rename syncdir fallocate writezeroes setflags swapon swapoff loopattach loopdetach dmcreate dmload dmresume dmremove keyadd keyremove reload start stop restart
	Path string // file, mapping or key description
	To   string // new name of a rename
	Flag int    // of swapon
	Err  error  // why it failed
}

// String gives the operation in one line: "rename /a -> /b".
func (o Op) String() string {
	s := o.Name + " " + o.Path
	if o.To != "" {
		s += " -> " + o.To
	}
	if o.Err != nil {
		s += fmt.Sprintf(" (%v)", o.Err)
	}
	return s
}

// faults is what is to go wrong, and what was done so far.
type faults struct {
	ops                      []Op
	failAt, killAt, insideAt int
	failErr                  error
	callAt                   int
	call                     func()
	rules                    []rule
	killed, failed           bool
	stuckSwapOff             bool
}

type rule struct {
	op, path string
	err      error
}

// Ops lists the changes made since New or ResetOps. Calls that Linux refuses
// without any effect (removing what is not there) are no changes.
func (n *Node) Ops() []Op {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]Op(nil), n.faults.ops...)
}

// ResetOps starts counting from 1 again and forgets what was to go wrong.
func (n *Node) ResetOps() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = faults{}
}

// FailAt makes operation number fail with err and without effect, once.
func (n *Node) FailAt(number int, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults.failAt, n.faults.failErr, n.faults.failed = number, err, false
}

// CallAt calls f just before operation number, once: a signal comes then. f must
// not look at the node.
func (n *Node) CallAt(number int, f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults.callAt, n.faults.call = number, f
}

// FailOn makes every operation op ("swapoff"; see Op.Name, and also random,
// lock, statfs, extents, dmtarget) fail with err and without effect. An empty
// path stands for any. A nil err takes the rule back.
func (n *Node) FailOn(op, path string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults.rules = append([]rule{{op, path, err}}, n.faults.rules...)
}

// KillAt kills the process that comes to operation number just before it.
func (n *Node) KillAt(number int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults.killAt, n.faults.killed = number, false
}

// KillInside kills the process in the middle of operation number: half of a
// write is on disk, half of a file allocated, half of the swapped pages read
// back. Operations that are all or nothing have happened.
func (n *Node) KillInside(number int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults.insideAt, n.faults.killed = number, false
}

// Fired reports whether the KillAt, KillInside or FailAt asked for last came to
// its operation. A matrix ends at the first number that does not fire.
func (n *Node) Fired() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.faults.killed || n.faults.failed
}

// Kill kills every process that is running now, between two operations.
func (n *Node) Kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.processes {
		p.die()
	}
}

// process is one run of a program: it holds open files, locks and keys, and
// loses them when it dies.
type process struct {
	node    *Node
	number  int
	outside bool
	dead    bool
	files   map[*file]bool
}

// enter locks the node for one call; leave must follow also on error.
func (p *process) enter() error {
	p.node.mu.Lock()
	if p.dead {
		return ErrKilled
	}
	p.node.passTime()
	return nil
}

func (p *process) leave() { p.node.mu.Unlock() }

// die is kill -9: the kernel closes what the process had.
func (p *process) die() {
	if p.dead {
		return
	}
	p.dead = true
	for f := range p.files {
		_ = f.release()
	}
	p.node.dropKeys(p)
	p.node.settle()
}

// act does one counted change. effect gets true when the process is to be
// killed half way.
func (p *process) act(op Op, effect func(half bool) error) error {
	if p.outside {
		return effect(false)
	}
	ft := &p.node.faults
	op.N = len(ft.ops) + 1
	switch op.N {
	case ft.killAt:
		ft.killAt, ft.killed = 0, true
		p.die()
		return ErrKilled
	case ft.failAt:
		ft.failAt, ft.failed = 0, true
		op.Err = ft.failErr
		ft.ops = append(ft.ops, op)
		return op.Err
	case ft.callAt:
		ft.callAt = 0
		ft.call()
	}
	inside := op.N == ft.insideAt
	op.Err = p.ruled(op.Name, op.Path)
	if op.Err == nil {
		op.Err = effect(inside)
	}
	ft.ops = append(ft.ops, op)
	if inside {
		ft.insideAt, ft.killed = 0, true
		p.die()
		return ErrKilled
	}
	return op.Err
}

// ruled is the error that FailOn set for an operation.
func (p *process) ruled(op, path string) error {
	if p.outside {
		return nil
	}
	for _, r := range p.node.faults.rules {
		if r.op == op && (r.path == "" || r.path == path) {
			return r.err
		}
	}
	return nil
}

// pathError words an error as package os does. ErrKilled stays as it is.
func pathError(op, name string, err error) error {
	if err == nil || errors.Is(err, ErrKilled) {
		return err
	}
	return &fs.PathError{Op: op, Path: name, Err: errnoOf(err)}
}

// errnoOf takes the directory of the test machine out of an error.
func errnoOf(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}
