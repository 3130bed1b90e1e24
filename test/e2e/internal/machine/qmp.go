package machine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// monitor speaks QEMU's machine protocol: one JSON document for each command and answer.
type monitor struct {
	in  *json.Decoder
	out io.Writer
}

// do sends a command and decodes what it returns; events in between are skipped.
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

// saveState writes the state of the running machine to a file and ends it. The machine is not stopped before: the file
// would say so, and whoever continues from it would find it stopped.
func saveState(ctx context.Context, line io.ReadWriter, path string) error {
	m := monitor{in: json.NewDecoder(line), out: line}
	none := map[string]any{}
	if err := m.do("qmp_capabilities", none, nil); err != nil {
		return err
	}
	// As fast as it goes, and never mind how long the machine stands still for the last part.
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
		if err := m.do("query-migrate", none, &state); err != nil {
			return err
		}
		switch state.Status {
		case "completed":
			return m.do("quit", none, nil)
		case "failed", "cancelled":
			return fmt.Errorf("the state was not written: %s %s", state.Status, state.Desc)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return ctx.Err()
}
