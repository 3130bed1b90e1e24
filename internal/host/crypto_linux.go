package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// EncryptBlock implements Kernel over AF_ALG, which any user may use
// (Documentation/crypto/userspace-if.rst). The system calls of a block cost
// about a microsecond, and are counted with it.
func (k linux) EncryptBlock(cipher string, keyBytes, blockBytes int, most time.Duration) (time.Duration, error) {
	op, err := cipherSocket(k, cipher, keyBytes)
	switch {
	case errors.Is(err, unix.EAFNOSUPPORT), errors.Is(err, unix.ENOENT), errors.Is(err, unix.EPERM):
		return 0, fmt.Errorf("the kernel's cipher %s: %w: %w", cipher, errors.ErrUnsupported, err)
	case err != nil:
		return 0, fmt.Errorf("the kernel's cipher %s: %w", cipher, err)
	}
	defer closing(op)
	block, control := make([]byte, blockBytes), encryptControl()
	var best time.Duration
	for begin := time.Now(); time.Since(begin) < most; {
		start := time.Now()
		if err := again(func() error { return unix.Sendmsg(op, block, control, nil, 0) }); err != nil {
			return 0, fmt.Errorf("encrypt a block with %s: %w", cipher, err)
		}
		if n, err := unix.Read(op, block); err != nil || n != blockBytes {
			return 0, fmt.Errorf("encrypt a block with %s: %d bytes: %w", cipher, n, err)
		}
		// The shortest time is that of the cipher; the rest is other load.
		if took := time.Since(start); best == 0 || took < best {
			best = took
		}
	}
	return best, nil
}

// cipherSocket returns a socket for a cipher with a random key.
func cipherSocket(k linux, cipher string, keyBytes int) (int, error) {
	s, err := unix.Socket(unix.AF_ALG, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer closing(s)
	if err := unix.Bind(s, &unix.SockaddrALG{Type: "skcipher", Name: cipher}); err != nil {
		return 0, err
	}
	key := make([]byte, keyBytes)
	if err := k.Random(key); err != nil {
		return 0, err
	}
	if err := unix.SetsockoptString(s, unix.SOL_ALG, unix.ALG_SET_KEY, string(key)); err != nil {
		return 0, err
	}
	op, _, errno := unix.Syscall(unix.SYS_ACCEPT4, uintptr(s), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(op), nil
}

// encryptControl is the ancillary data for encryption, with an initial vector
// of 16 zero bytes.
func encryptControl() []byte {
	const ivBytes = 16
	b := make([]byte, unix.CmsgSpace(4)+unix.CmsgSpace(4+ivBytes))
	put := func(at []byte, kind int32, data int) []byte {
		header := (*unix.Cmsghdr)(unsafe.Pointer(&at[0]))
		header.Level, header.Type = unix.SOL_ALG, kind
		header.SetLen(unix.CmsgLen(data))
		return at[unix.CmsgLen(0):]
	}
	body := put(b, unix.ALG_SET_OP, 4)
	binary.NativeEndian.PutUint32(body, unix.ALG_OP_ENCRYPT)
	body = put(b[unix.CmsgSpace(4):], unix.ALG_SET_IV, 4+ivBytes)
	binary.NativeEndian.PutUint32(body, ivBytes)
	return b
}
