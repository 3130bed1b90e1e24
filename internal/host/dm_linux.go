package host

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// DMTarget implements Kernel.
func (linux) DMTarget(name string) ([3]uint32, error) {
	return dmTarget(name, unix.DM_GET_TARGET_VERSION)
}

// dmTarget asks with DM_GET_TARGET_VERSION, which loads the target's module;
// kernels before 5.4 know only DM_LIST_VERSIONS, which does not.
func dmTarget(name string, command uint) ([3]uint32, error) {
	var version [3]uint32
	find := func(r dmReply) (err error) {
		version, err = targetVersion(r.data, name)
		return err
	}
	if command == unix.DM_GET_TARGET_VERSION {
		err := dmCall(dmRequest{command: command, name: name}, find)
		if errors.Is(err, unix.EINVAL) { // the kernel's errno for an unknown target
			err = noTarget(name)
		}
		if !errors.Is(err, unix.ENOTTY) {
			return version, dmError("look for target", name, err)
		}
	}
	list := dmRequest{command: unix.DM_LIST_VERSIONS}
	err := dmCall(list, find)
	if errors.Is(err, fs.ErrNotExist) {
		modprobe("dm-" + name)
		err = dmCall(list, find)
	}
	return version, dmError("look for target", name, err)
}

// DMCreate implements Kernel.
func (linux) DMCreate(name, uuid string) error {
	return dmError("create", name, dmCall(dmRequest{command: unix.DM_DEV_CREATE, name: name, uuid: uuid}, nil))
}

// DMLoad implements Kernel.
func (linux) DMLoad(name, target string, sectors uint64, params []byte) error {
	defer clear(params)
	payload, err := NewSecret(dmSpec + len(params) + 1)
	if err != nil {
		return dmError("load", name, err)
	}
	defer payload.Wipe()
	if err := encodeTarget(payload.Bytes(), target, sectors, params); err != nil {
		return dmError("load", name, err)
	}
	q := dmRequest{command: unix.DM_TABLE_LOAD, name: name, targets: 1, payload: payload.Bytes()}
	return dmError("load", name, dmCall(q, nil))
}

// DMResume implements Kernel.
func (linux) DMResume(name string) error {
	var node string
	q := dmRequest{command: unix.DM_DEV_SUSPEND, name: name, event: dmPrimarySource} // without DM_SUSPEND_FLAG: resume
	err := dmCall(q, func(r dmReply) error {
		node = fmt.Sprintf("/dev/dm-%d", unix.Minor(r.Dev))
		return nil
	})
	if err == nil {
		err = waitForNode(node)
	}
	return dmError("resume", name, err)
}

// DMTable implements Kernel.
func (linux) DMTable(name string) (DMTable, error) {
	var t DMTable
	q := dmRequest{command: unix.DM_TABLE_STATUS, name: name, flags: unix.DM_STATUS_TABLE_FLAG | unix.DM_NOFLUSH_FLAG}
	err := dmCall(q, func(r dmReply) (err error) {
		t, err = decodeTable(r)
		return err
	})
	return t, dmError("read", name, err)
}

// DMRemove implements Kernel.
func (linux) DMRemove(name string) error {
	return dmError("remove", name, dmCall(dmRequest{command: unix.DM_DEV_REMOVE, name: name, event: dmPrimarySource}, nil))
}

// dmError says what failed on which mapping or target. ENXIO is the device
// mapper's "no such mapping".
func dmError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, unix.ENXIO) && !errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: there is no mapping of this name (%w)", fs.ErrNotExist, err)
	}
	return fmt.Errorf("device mapper: %s %s: %w", op, name, err)
}

func noTarget(name string) error {
	return fmt.Errorf("%w: this kernel has no such target, or its module dm-%s is not installed", fs.ErrNotExist, name)
}
