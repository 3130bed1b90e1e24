package swapfile

import (
	"fmt"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/host"
)

// CheckHeader says what is wrong with the swap header of the file or device at
// path: it has none, or one for another size.
func CheckHeader(h host.Host, path string) error {
	op := "use the swap header of " + path
	f, err := openForReading(h, path)
	if err != nil {
		return fail.New(0, op, err)
	}
	defer f.Close()
	header, err := readHeader(h, f)
	if err != nil {
		return fail.New(0, op, err)
	}
	size, _, err := sizeOf(h, f)
	if err != nil {
		return fail.New(0, op, err)
	}
	if want := min(size/int64(header.PageBytes), MaxPages); int64(header.Pages) != want {
		return fail.New(0, op, fmt.Errorf("it spans %d pages of %d", header.Pages, want))
	}
	return nil
}
