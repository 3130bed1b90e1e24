package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// monitor uses QEMU's machine protocol: one JSON document for each command and
// answer.
type monitor struct {
	in  *json.Decoder
	out io.Writer
}

// none are no arguments.
type none struct{}

func openMonitor(line io.ReadWriter) (monitor, error) {
	m := monitor{in: json.NewDecoder(line), out: line}
	return m, m.do("qmp_capabilities", none{}, nil)
}

// do sends a command and decodes its result; events in between are skipped.
func (m monitor) do(command string, arguments, result any) error {
	if err := json.NewEncoder(m.out).Encode(map[string]any{"execute": command, "arguments": arguments}); err != nil {
		return err
	}
	for {
		var answer struct {
			Return json.RawMessage `json:"return"`
			Error  *struct{ Desc string }
		}
		if err := m.in.Decode(&answer); err != nil {
			return fmt.Errorf("cannot read the answer to %s: %w", command, err)
		}
		switch {
		case answer.Error != nil:
			return fmt.Errorf("%s: %s", command, answer.Error.Desc)
		case answer.Return == nil:
		case result == nil:
			return nil
		default:
			return json.Unmarshal(answer.Return, result)
		}
	}
}

// saveState writes the state of the running machine to a file and ends it. The
// machine is not stopped before: the file would record that, and a machine that
// continues from it would be stopped.
func saveState(ctx context.Context, line io.ReadWriter, path string) error {
	m, err := openMonitor(line)
	if err != nil {
		return err
	}
	// As fast as possible, however long the machine pauses for the last part.
	limits := map[string]any{"max-bandwidth": int64(8 << 30), "downtime-limit": 60000}
	if err := m.do("migrate-set-parameters", limits, nil); err != nil {
		return err
	}
	if err := m.do("migrate", map[string]any{"uri": "file:" + path}, nil); err != nil {
		return err
	}
	for ctx.Err() == nil {
		var state struct {
			Status string
			Desc   string `json:"error-desc"`
		}
		if err := m.do("query-migrate", none{}, &state); err != nil {
			return err
		}
		switch state.Status {
		case "completed":
			return m.do("quit", none{}, nil)
		case "failed", "cancelled":
			return fmt.Errorf("the state was not written: %s %s", state.Status, state.Desc)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return ctx.Err()
}

// stateOf returns what the emulator knows about its machine and its processors,
// for a message.
func stateOf(line *os.File) string {
	_ = line.SetDeadline(time.Now().Add(5 * time.Second))
	m, err := openMonitor(line)
	if err != nil {
		return err.Error()
	}
	var status, migration, cpus json.RawMessage
	err = errors.Join(m.do("query-status", none{}, &status), m.do("query-migrate", none{}, &migration),
		m.do("human-monitor-command", map[string]string{"command-line": "info registers -a"}, &cpus))
	return fmt.Sprintf("%s, migration %s, processors %.3000s %v", status, migration, cpus, err)
}
