package hosttest

import (
	"context"
	"fmt"

	"github.com/swapctl/swapctl/internal/host"
)

// Program is what a program of the machine does.
type Program func(args []string) (output string, err error)

// SetProgram installs a program that can be run.
func (n *Node) SetProgram(name string, does Program) {
	n.locked(func() {
		n.must(n.put(name, "\x7fELF"))
		n.programs[name] = does
	})
}

// Output implements host.Programs. It is called without a lock.
func (p *process) Output(ctx context.Context, program string, args ...string) ([]byte, error) {
	if p.EUID() == 0 {
		if err := host.OnlyRoot(p, program); err != nil {
			return nil, fmt.Errorf("run %s: %w", program, err)
		}
	}
	does, err := p.program(program)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("run %s: %w", program, err)
	}
	out, err := does(args)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", program, err)
	}
	return []byte(out), nil
}

func (p *process) program(name string) (Program, error) {
	defer p.leave()
	if err := p.enter(); err != nil {
		return nil, err
	}
	if err := p.ruled("run", name); err != nil {
		return nil, err
	}
	does, ok := p.node.programs[name]
	if !ok {
		return nil, fmt.Errorf("run %s: no such file or directory", name)
	}
	return does, nil
}
