package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/swapctl/swapctl/test/e2e/internal/wire"
)

// errGone is the error of a call if the machine ended or restarted before it
// answered.
var errGone = errors.New("the machine ended or restarted before it answered")

// client talks to the agent of one machine over one line. Several calls may run
// at the same time.
type client struct {
	line io.ReadWriteCloser
	out  *wire.Writer

	mu      sync.Mutex
	next    int64
	calls   map[int64]*call
	boot    string // of the last reply
	offline bool
}

// call is a request that waits for its replies.
type call struct {
	boot   string // the boot it was made in; "" if any boot may answer
	stdout io.Writer
	stderr io.Writer
	done   chan wire.Reply
}

func newClient(line *os.File) *client {
	c := &client{line: line, out: wire.NewWriter(line), calls: map[int64]*call{}}
	go c.receive()
	return c
}

func (c *client) close() { c.line.Close() }

// receive passes every reply to its call until the line ends.
func (c *client) receive() {
	in := wire.NewReader(c.line)
	for {
		var reply wire.Reply
		if err := in.Next(&reply); err != nil {
			break
		}
		if reply.BootID != "" { // otherwise it is the echo of our request by a terminal that is not in raw mode yet
			c.dispatch(reply)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offline = true
	for id := range c.calls {
		c.abandon(id)
	}
}

// abandon ends a call without an answer. The caller holds the lock.
func (c *client) abandon(id int64) {
	c.calls[id].done <- wire.Reply{Error: errGone.Error(), Exit: -1}
	delete(c.calls, id)
}

func (c *client) dispatch(reply wire.Reply) {
	c.mu.Lock()
	if c.boot != reply.BootID {
		c.boot = reply.BootID
		for id, waiting := range c.calls {
			if waiting.boot != "" && waiting.boot != reply.BootID {
				c.abandon(id)
			}
		}
	}
	waiting := c.calls[reply.ID]
	if waiting != nil && reply.Done {
		delete(c.calls, reply.ID)
	}
	c.mu.Unlock()
	switch {
	case waiting == nil:
	case reply.Done:
		waiting.done <- reply
	case reply.Stream == "stderr" && waiting.stderr != nil:
		_, _ = waiting.stderr.Write(reply.Data)
	case reply.Stream == "stdout" && waiting.stdout != nil:
		_, _ = waiting.stdout.Write(reply.Data)
	}
}

// ask sends a request and waits for the last reply.
func (c *client) ask(ctx context.Context, request wire.Request, stdout, stderr io.Writer) (wire.Reply, error) {
	waiting := &call{stdout: stdout, stderr: stderr, done: make(chan wire.Reply, 1)}
	if size := len(request.Stdin) + len(fmt.Sprint(request.Args, request.Env)); size > wire.PutSize {
		return wire.Reply{}, fmt.Errorf("cannot send %d bytes of arguments: put them in a file", size)
	}
	c.mu.Lock()
	if c.offline {
		c.mu.Unlock()
		return wire.Reply{}, errGone
	}
	c.next++
	request.ID = c.next
	if request.Op != wire.Ping {
		waiting.boot = c.boot
	}
	c.calls[request.ID] = waiting
	c.mu.Unlock()
	// A machine that hangs reads nothing: do not wait for the write longer than
	// for an answer.
	if line, ok := c.line.(interface{ SetWriteDeadline(t time.Time) error }); ok {
		_ = line.SetWriteDeadline(time.Now().Add(10 * time.Second))
	}
	if err := c.out.Send(request); err != nil {
		return wire.Reply{}, err
	}
	select {
	case reply := <-waiting.done:
		switch {
		case reply.Exit == -1:
			return reply, errGone
		case reply.Error != "":
			return reply, errors.New(reply.Error)
		}
		return reply, nil
	case <-ctx.Done():
		c.mu.Lock()
		delete(c.calls, request.ID)
		c.mu.Unlock()
		return wire.Reply{}, fmt.Errorf("no answer from the machine: %w", ctx.Err())
	}
}

// await returns the ID of the first boot that answers and is not the old one.
func (c *client) await(ctx context.Context, old string) (string, error) {
	for {
		try, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		reply, err := c.ask(try, wire.Request{Op: wire.Ping}, nil, nil)
		cancel()
		switch {
		case err == nil && reply.BootID != old:
			return reply.BootID, nil
		case errors.Is(err, errGone):
			return "", err
		case ctx.Err() != nil:
			return "", fmt.Errorf("the agent did not answer: %w", ctx.Err())
		case err == nil:
			time.Sleep(100 * time.Millisecond)
		}
	}
}
