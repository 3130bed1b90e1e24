package crypt

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
	"github.com/swapctl/swapctl/internal/kernel"
)

// Open makes the mapping, with a new random key. A file gets a loop device
// first. On error nothing of it is left. A mapping of this name that a killed
// run left without a table is made again; any other is an error, and so is a
// file or device that the kernel already uses.
func (m Mapping) Open(ctx context.Context, h host.Host) error {
	op := "open encrypted mapping " + m.Name
	if err := m.validate(); err != nil {
		return fail.New(fail.Usage, op, err)
	}
	// Otherwise a missing module looks like a bad cipher later.
	if err := Available(h); err != nil {
		return err
	}
	if err := m.clearName(ctx, h, op); err != nil {
		return err
	}
	b, err := m.openBacking(ctx, h, op)
	if err != nil {
		return err
	}
	err = m.activate(ctx, h, op, b)
	// A mapping keeps its loop device open from here on; without one, the loop
	// device is removed.
	if closing := b.close(); err == nil && closing != nil {
		return m.takeBack(ctx, h, fail.New(fail.Failed, op, closing))
	}
	return err
}

// clearName makes sure that the name is free.
func (m Mapping) clearName(ctx context.Context, h host.Host, op string) error {
	s, err := Find(h, m.Name)
	if err != nil {
		return fail.New(fail.Failed, op, err)
	}
	if !s.Exists {
		return nil
	}
	if s.UUID == UUID(m.Name) && !s.HasTable {
		return fail.New(fail.Failed, op, removeMapping(ctx, h, m.Name))
	}
	return fail.Newf(fail.Failed, op, "a mapping of this name is there already, %s on %s", s.DevPath, orUnknown(s.BackingPath)).
		Hint("see what it is: dmsetup table %s", m.Name).
		Hint("or choose another name: --name")
}

func orUnknown(path string) string {
	if path == "" {
		return "something unknown"
	}
	return path
}

// activate loads a table with a key, and resumes the device.
func (m Mapping) activate(ctx context.Context, h host.Host, op string, b backing) error {
	if err := ctx.Err(); err != nil {
		return fail.New(fail.Failed, op, err)
	}
	sectorBytes, sectors, err := m.fit(b.sizeBytes)
	if err != nil {
		return fail.New(fail.Usage, op, err)
	}
	if err := h.Kernel.DMCreate(m.Name, UUID(m.Name)); err != nil {
		return explainKernel(op, err)
	}
	if err := m.load(h, b.dev, sectors, sectorBytes); err != nil {
		return m.takeBack(ctx, h, m.explainTable(op, err))
	}
	err = ctx.Err()
	if err == nil {
		err = h.Kernel.DMResume(m.Name)
	}
	if err != nil {
		return m.takeBack(ctx, h, fail.New(fail.Failed, op, err))
	}
	return nil
}

// takeBack removes the mapping after err, also if ctx has ended.
func (m Mapping) takeBack(ctx context.Context, h host.Host, err error) error {
	if left := removeMapping(context.WithoutCancel(ctx), h, m.Name); left != nil {
		return fmt.Errorf("%w; and it could not be undone: %w", err, left)
	}
	return err
}

// fit returns the sector size of the encryption, and how many bytes of the
// device it covers: whole sectors only. A page of swap is never smaller than
// 4096 bytes.
func (m Mapping) fit(sizeBytes int64) (sectorBytes int, sectors uint64, err error) {
	sectorBytes = m.SectorBytes
	if sectorBytes == 0 {
		sectorBytes = 4096
	}
	whole := (sizeBytes - m.OffsetBytes) / int64(sectorBytes) * int64(sectorBytes)
	if whole <= 0 {
		return 0, 0, fmt.Errorf("%s has only %d bytes", m.Backing, sizeBytes)
	}
	return sectorBytes, uint64(whole) >> kernel.SectorShift, nil
}

// load makes a key, loads the table with it, and forgets it. The key is first
// in locked memory, then in this thread's keyring, then in the kernel's cipher;
// when load returns, only there.
func (m Mapping) load(h host.Host, dev uint64, sectors uint64, sectorBytes int) error {
	runtime.LockOSThread() // the keyring is the thread's
	defer runtime.UnlockOSThread()
	key, err := host.NewSecret(m.KeyBits / 8)
	if err != nil {
		return err
	}
	defer key.Wipe()
	if err := h.Kernel.Random(key.Bytes()); err != nil {
		return err
	}
	rest := m.table(dev, sectorBytes)
	id, err := h.Kernel.KeyAdd(keyName(m.Name), key.Bytes())
	if errors.Is(err, errors.ErrUnsupported) {
		return m.loadWithKey(h, key, sectors, rest)
	}
	if err != nil {
		return err
	}
	params := fmt.Appendf(nil, "%s :%d:logon:%s%s", m.Cipher, m.KeyBits/8, keyName(m.Name), rest)
	err = h.Kernel.DMLoad(m.Name, "crypt", sectors, params)
	return errors.Join(err, h.Kernel.KeyRemove(id))
}

// loadWithKey is for kernels without a keyring: the key is in the table, where
// root can read it as long as the mapping exists (dmsetup table --showkeys).
func (m Mapping) loadWithKey(h host.Host, key *host.Secret, sectors uint64, rest string) error {
	table, err := host.NewSecret(len(m.Cipher) + 1 + hex.EncodedLen(len(key.Bytes())) + len(rest))
	if err != nil {
		return err
	}
	defer table.Wipe()
	params := append(table.Bytes()[:0], m.Cipher+" "...)
	params = hex.AppendEncode(params, key.Bytes())
	params = append(params, rest...)
	return h.Kernel.DMLoad(m.Name, "crypt", sectors, params)
}

// table is a table line after the key: IV offset, device, start, options
// (kernel documentation, admin-guide/device-mapper/dm-crypt.rst).
func (m Mapping) table(dev uint64, sectorBytes int) string {
	var options []string
	if m.Discards {
		options = append(options, "allow_discards")
	}
	if sectorBytes != 1<<kernel.SectorShift {
		options = append(options, fmt.Sprintf("sector_size:%d", sectorBytes))
	}
	s := fmt.Sprintf(" 0 %s %d", kernel.DeviceNumber(dev), m.OffsetBytes>>kernel.SectorShift)
	if len(options) == 0 {
		return s
	}
	s += fmt.Sprintf(" %d", len(options))
	for _, o := range options {
		s += " " + o
	}
	return s
}
