package limits

import (
	"encoding/binary"
	"errors"
)

const (
	chunkBytes = 256 << 10
	// inMemory is how much of the spool is kept before it goes to a file:
	// enough for the pods of an ordinary cluster.
	inMemory = 4 << 20
)

// spool keeps records in their order: in memory and, if they are many and a
// file can be had, in a file. A record is always within one chunk.
type spool struct {
	open   func() (Spool, error) // nil: no file
	file   Spool
	filed  int64    // bytes in the file
	chunks [][]byte // what is not there yet
	kept   int      // bytes in chunks
}

// add appends a record.
func (s *spool) add(record []byte) error {
	need := len(record) + binary.MaxVarintLen64
	last := len(s.chunks) - 1
	if last < 0 || cap(s.chunks[last])-len(s.chunks[last]) < need {
		if err := s.spill(); err != nil {
			return err
		}
		s.chunks = append(s.chunks, make([]byte, 0, max(chunkBytes, need)))
		last = len(s.chunks) - 1
	}
	before := len(s.chunks[last])
	s.chunks[last] = append(binary.AppendUvarint(s.chunks[last], uint64(len(record))), record...)
	s.kept += len(s.chunks[last]) - before
	return nil
}

// spill moves all chunks to the file if they are too many. From then on each
// goes there at once.
func (s *spool) spill() error {
	if s.open == nil || s.file == nil && s.kept < inMemory {
		return nil
	}
	return s.flush()
}

func (s *spool) flush() error {
	if s.file == nil {
		file, err := s.open()
		if err != nil {
			return err
		}
		s.file = file
	}
	for _, chunk := range s.chunks {
		n, err := s.file.Write(chunk)
		s.filed += int64(n)
		if err != nil {
			return err
		}
	}
	s.chunks, s.kept = nil, 0
	return nil
}

// end says that there will be no more records.
func (s *spool) end() error {
	if s.file == nil {
		return nil
	}
	return s.flush()
}

func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// records reads a spool from its beginning. Several may read at the same time.
type records struct {
	spool  *spool
	chunk  int    // the next chunk, if there is no file
	rest   []byte // unread
	window []byte // from the file
	at     int64  // the next byte of the file
}

var (
	errSpool = errors.New("the temporary file has changed")
	// errEnd is not io.EOF, which a file returns that is too short.
	errEnd = errors.New("no more records")
)

// next returns the next record, good until the following call; errEnd after the
// last.
func (r *records) next() ([]byte, error) {
	if len(r.rest) < chunkBytes/16 {
		if err := r.fill(binary.MaxVarintLen64); err != nil {
			return nil, err
		}
	}
	if len(r.rest) == 0 {
		return nil, errEnd
	}
	length, size := binary.Uvarint(r.rest)
	if size <= 0 {
		return nil, errSpool
	}
	if need := size + int(length); len(r.rest) < need {
		if err := r.fill(need); err != nil {
			return nil, err
		}
		if len(r.rest) < need {
			return nil, errSpool
		}
	}
	record := r.rest[size : size+int(length)]
	r.rest = r.rest[size+int(length):]
	return record, nil
}

// fill makes at least need bytes available, if there are so many.
func (r *records) fill(need int) error {
	if r.spool.file == nil {
		if len(r.rest) == 0 && r.chunk < len(r.spool.chunks) {
			r.rest = r.spool.chunks[r.chunk]
			r.chunk++
		}
		return nil
	}
	left := r.spool.filed - r.at
	if left == 0 || len(r.rest) >= need && len(r.rest) >= chunkBytes/16 {
		return nil
	}
	if cap(r.window) < max(need, chunkBytes) {
		r.window = make([]byte, max(need, chunkBytes))
	}
	kept := copy(r.window[:cap(r.window)], r.rest)
	n := int(min(left, int64(cap(r.window)-kept)))
	got, err := r.spool.file.ReadAt(r.window[kept:kept+n], r.at)
	if got < n {
		return errors.Join(errSpool, err)
	}
	r.at += int64(n)
	r.rest = r.window[:kept+n]
	return nil
}
