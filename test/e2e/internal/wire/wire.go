// Package wire is the conversation between a test host and the agent inside a machine: one JSON document per line,
// both ways, over a serial line. Every line is preceded by a newline, so half a line left by a peer that died in the
// middle of it is skipped instead of spoiling the next one.
package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// The operations an agent knows.
const (
	Ping = "ping" // answer with boot id and uptime
	Exec = "exec" // run Args, stream its output, finish with Exit
	Put  = "put"  // write Data to Path (append when Append)
	Get  = "get"  // stream the content of Path
)

// Request asks the agent for one operation. ID ties the answers to it; several may be under way at once.
type Request struct {
	ID        int64    `json:"id"`
	Op        string   `json:"op"`
	Args      []string `json:"args,omitempty"`
	Env       []string `json:"env,omitempty"`
	Stdin     []byte   `json:"stdin,omitempty"`
	TimeoutMS int64    `json:"timeoutMS,omitempty"`
	Path      string   `json:"path,omitempty"`
	Mode      uint32   `json:"mode,omitempty"`
	Append    bool     `json:"append,omitempty"`
	Data      []byte   `json:"data,omitempty"`
}

// Reply is one answer: any number of pieces of output (Stream and Data), then one with Done set.
// BootID tells which boot of the machine speaks: a reply with another id is from another life.
type Reply struct {
	ID     int64  `json:"id"`
	BootID string `json:"boot"`
	Stream string `json:"stream,omitempty"` // "stdout", "stderr"
	Data   []byte `json:"data,omitempty"`
	Done   bool   `json:"done,omitempty"`
	Exit   int    `json:"exit,omitempty"`  // exit status, 128+n when killed by signal n
	Error  string `json:"error,omitempty"` // the operation could not be carried out at all
}

// ChunkSize bounds the data in one message, so that a long output does not hold up the others.
const ChunkSize = 32 << 10

// PutSize bounds the data in one Put. A terminal line holds 4 KiB that nobody has read yet; User-Mode Linux drops what
// comes on top, and the message would never arrive.
const PutSize = 2 << 10

// Writer sends messages; it may be used by several goroutines.
type Writer struct {
	mu sync.Mutex
	w  io.Writer
}

// NewWriter returns a Writer on w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Send writes one message as one line.
func (w *Writer) Send(message any) error {
	body, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("cannot encode message: %w", err)
	}
	line := make([]byte, 0, len(body)+2)
	line = append(line, '\n')
	line = append(line, body...)
	line = append(line, '\n')
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.w.Write(line); err != nil {
		return fmt.Errorf("cannot send message: %w", err)
	}
	return nil
}

// Reader receives messages.
type Reader struct{ r *bufio.Reader }

// NewReader returns a Reader on r.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, 128<<10)} }

// Next fills message with the next well-formed line; what is not JSON (noise of a boot, half a line) is skipped.
// The error is that of the underlying reader.
func (r *Reader) Next(message any) error {
	for {
		line, err := r.r.ReadBytes('\n')
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] == '{' && json.Unmarshal(line, message) == nil {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
