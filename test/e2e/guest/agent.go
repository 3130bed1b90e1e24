package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/swapctl/swapctl/test/e2e/internal/wire"
)

// server answers requests of the host on one line.
type server struct {
	out    *wire.Writer
	boot   string
	cgroup *os.File // where commands run: not in the agent's own group, which must not be swapped out
}

// agent serves the host until the machine ends. The end of the line only means
// that no host is listening at the moment, so it keeps reading.
func agent([]string) error {
	port, err := openPort()
	if err != nil {
		return err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return fmt.Errorf("cannot read the boot id: %w", err)
	}
	s := &server{out: wire.NewWriter(port), boot: strings.TrimSpace(string(boot))}
	if s.cgroup, err = commandGroup(); err != nil {
		return err
	}
	in := wire.NewReader(port)
	for {
		var request wire.Request
		if err := in.Next(&request); err != nil {
			if !errors.Is(err, io.EOF) {
				fmt.Fprintln(os.Stderr, "guest: agent:", err)
			}
			time.Sleep(50 * time.Millisecond)
			continue
		}
		go s.serve(request)
	}
}

func (s *server) serve(request wire.Request) {
	last := wire.Reply{}
	var err error
	switch request.Op {
	case wire.Ping:
	case wire.Exec:
		last.Exit, err = s.exec(request)
	case wire.Put:
		err = put(request)
	case wire.Get:
		err = s.get(request)
	default:
		err = fmt.Errorf("unknown operation %q", request.Op)
	}
	if err != nil {
		last.Error = err.Error()
	}
	last.Done = true
	s.reply(request.ID, last)
}

// reply sends an answer; if that fails, there is nobody to report it to.
func (s *server) reply(id int64, reply wire.Reply) {
	reply.ID, reply.BootID = id, s.boot
	if err := s.out.Send(reply); err != nil {
		fmt.Fprintln(os.Stderr, "guest: agent:", err)
	}
}

func put(request wire.Request) error {
	if err := os.MkdirAll(filepath.Dir(request.Path), 0o755); err != nil {
		return err
	}
	flags := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if request.Append {
		flags = os.O_CREATE | os.O_WRONLY | os.O_APPEND
	}
	mode := os.FileMode(request.Mode)
	if mode == 0 {
		mode = 0o644
	}
	file, err := os.OpenFile(request.Path, flags, mode)
	if err != nil {
		return err
	}
	if _, err := file.Write(request.Data); err != nil {
		file.Close()
		return err
	}
	if err := file.Chmod(mode); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

func (s *server) get(request wire.Request) error {
	file, err := os.Open(request.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(&stream{server: s, id: request.ID, name: "stdout"}, file)
	return err
}

// stream sends what is written to it to the host, piece by piece.
type stream struct {
	server *server
	id     int64
	name   string
}

func (w *stream) Write(data []byte) (int, error) {
	for rest := data; len(rest) > 0; {
		piece := rest[:min(len(rest), wire.ChunkSize)]
		rest = rest[len(piece):]
		w.server.reply(w.id, wire.Reply{Stream: w.name, Data: piece})
	}
	return len(data), nil
}
