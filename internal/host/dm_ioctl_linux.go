package host

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offsets in the buffer of a device-mapper ioctl: a struct dm_ioctl, then for
// tables a struct dm_target_spec with its parameters
// (include/uapi/linux/dm-ioctl.h). All numbers are in native byte order.
const (
	dmControl    = "/dev/mapper/control"
	dmHeader     = unix.SizeofDmIoctl
	dmSpec       = unix.SizeofDmTargetSpec
	dmBuffer     = 16 << 10
	dmBufferMost = 4 << 20
)

// dmPrimarySource is what event_nr passes to udev in DM_COOKIE: no semaphore to
// signal (low half 0), and DM_UDEV_PRIMARY_SOURCE_FLAG, without which
// 10-dm.rules ignores the event as spurious and makes no /dev/mapper/NAME.
const dmPrimarySource = 0x0040 << 16

// dmRequest is one device-mapper ioctl.
type dmRequest struct {
	command uint
	name    string
	uuid    string
	flags   uint32
	event   uint32
	targets uint32
	payload []byte // after the header
}

// dmReply is the kernel's answer: the header, and the data at data_start.
type dmReply struct {
	unix.DmIoctl

	data []byte
}

// dmCall sends a request, with a larger buffer as long as the kernel asks for
// one, and passes the answer to read. Buffers may contain keys, so they are
// Secrets, wiped before dmCall returns, and the kernel wipes its copy
// (DM_SECURE_DATA_FLAG). read must not keep any of the answer's data.
func dmCall(q dmRequest, read func(dmReply) error) error {
	control, err := openDM()
	if err != nil {
		return err
	}
	defer func() { _ = control.Close() }()
	size := max(dmBuffer, dmHeader+len(q.payload)+8)
	for ; ; size *= 2 {
		full, err := dmOnce(control, q, size, read)
		if err != nil || !full {
			return err
		}
		if size > dmBufferMost {
			return fmt.Errorf("device mapper answers with more than %d bytes: %w", size, unix.EMSGSIZE)
		}
	}
}

// dmOnce sends a request once; full means that the answer did not fit.
func dmOnce(control *os.File, q dmRequest, size int, read func(dmReply) error) (full bool, err error) {
	secret, err := NewSecret(size)
	if err != nil {
		return false, err
	}
	defer secret.Wipe()
	buf := secret.Bytes()
	if err := q.encode(buf); err != nil {
		return false, err
	}
	if err := ioctl(int(control.Fd()), q.command, unsafe.Pointer(&buf[0])); err != nil {
		return false, err
	}
	runtime.KeepAlive(secret)
	reply, err := decodeDM(buf)
	if err != nil {
		return false, err
	}
	if reply.Flags&unix.DM_BUFFER_FULL_FLAG != 0 {
		return true, nil
	}
	if read == nil {
		return false, nil
	}
	return false, read(reply)
}

// encode writes the request into a buffer of zeros that is big enough.
func (q dmRequest) encode(buf []byte) error {
	h := unix.DmIoctl{
		// The oldest interface version: the kernel accepts any minor version up
		// to its own.
		Version:      [3]uint32{4, 0, 0},
		Data_size:    uint32(len(buf)),
		Data_start:   dmHeader,
		Target_count: q.targets,
		Flags:        q.flags | unix.DM_SECURE_DATA_FLAG,
		Event_nr:     q.event,
	}
	if len(q.name) >= len(h.Name) || len(q.uuid) >= len(h.Uuid) {
		return fmt.Errorf("mapping name %q is too long: %w", q.name, unix.ENAMETOOLONG)
	}
	copy(h.Name[:], q.name)
	copy(h.Uuid[:], q.uuid)
	if _, err := binary.Encode(buf, binary.NativeEndian, &h); err != nil {
		return err
	}
	copy(buf[dmHeader:], q.payload)
	return nil
}

// decodeDM decodes the kernel's answer.
func decodeDM(buf []byte) (dmReply, error) {
	var reply dmReply
	if _, err := binary.Decode(buf, binary.NativeEndian, &reply.DmIoctl); err != nil {
		return reply, err
	}
	from, to := int(reply.Data_start), int(reply.Data_size)
	if from < dmHeader || from > to || to > len(buf) {
		return reply, nil // both fields are undefined for commands without data
	}
	reply.data = buf[from:to]
	return reply, nil
}

// openDM opens the device mapper's control device, and loads its module.
func openDM() (*os.File, error) {
	f, err := openControl(dmControl, "dm_mod")
	return f, absent("device-mapper", err)
}
