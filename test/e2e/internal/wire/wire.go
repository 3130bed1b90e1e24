// Package wire is the protocol between a test host and the agent inside a
// machine: one JSON document per line, both ways, over a serial line. There is
// a newline before every line too, so that an incomplete line of a peer that
// ended is skipped and does not spoil the next one.
package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// The operations of an agent.
const (
	Ping = "ping" // answer with boot ID and uptime
	Exec = "exec" // run Args, send its output, finish with Exit
	Put  = "put"  // write Data to Path (at the end if Append)
	Get  = "get"  // send the content of Path
)

// Request asks the agent for one operation. Its replies have the same ID;
// several requests may be in progress at the same time.
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

// Reply is a part of an answer: any number of pieces of output (Stream and
// Data), then a last one with Done. BootID is the boot of the machine: a reply
// with another ID is from an earlier boot.
type Reply struct {
	ID     int64  `json:"id"`
	BootID string `json:"boot"`
	Stream string `json:"stream,omitempty"` // "stdout", "stderr"
	Data   []byte `json:"data,omitempty"`
	Done   bool   `json:"done,omitempty"`
	Exit   int    `json:"exit,omitempty"`  // exit status; 128+n if killed by signal n
	Error  string `json:"error,omitempty"` // the operation could not be done at all
}

// ChunkSize is the largest amount of data in one message, so that a long output
// does not delay other messages.
const ChunkSize = 32 << 10

// PutSize is the largest amount of data in one Put. A terminal line buffers 4
// KiB; User-Mode Linux drops the rest, and the message would never arrive.
const PutSize = 2 << 10

// Writer sends messages; several goroutines may use it.
type Writer struct {
	mu sync.Mutex
	w  io.Writer
}

// NewWriter returns a Writer that writes to w.
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

// NewReader returns a Reader that reads from r.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, 128<<10)} }

// Next decodes the next valid line into message; what is not JSON (boot
// messages, incomplete lines) is skipped. The error is that of the underlying
// reader.
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
