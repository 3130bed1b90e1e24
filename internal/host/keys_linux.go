package host

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// KeyAdd uses the thread keyring: in Linux every thread has its own
// credentials, and dm-crypt looks for the key in the keyrings of the thread
// that loads the table. When that thread ends, so does the key, also after kill
// -9.
func (linux) KeyAdd(description string, payload []byte) (KeyID, error) {
	id, err := unix.AddKey("logon", description, payload, unix.KEY_SPEC_THREAD_KEYRING)
	switch {
	case err == nil:
		return KeyID(id), nil
	case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.ENODEV), errors.Is(err, unix.EPERM):
		// This kernel has no keyrings or no logon keys, or there is a seccomp
		// filter.
		return 0, fmt.Errorf("add key to the kernel keyring: %w (%w)", err, errors.ErrUnsupported)
	default:
		return 0, fmt.Errorf("add key to the kernel keyring: %w", err)
	}
}

// KeyRemove revokes first: that wipes the payload at once, while an unlinked
// key waits for garbage collection.
func (linux) KeyRemove(id KeyID) error {
	_, err := unix.KeyctlInt(unix.KEYCTL_REVOKE, int(id), 0, 0, 0)
	_, unlink := unix.KeyctlInt(unix.KEYCTL_UNLINK, int(id), unix.KEY_SPEC_THREAD_KEYRING, 0, 0)
	if err := errors.Join(err, unlink); err != nil {
		return fmt.Errorf("remove key from the kernel keyring: %w", err)
	}
	return nil
}
