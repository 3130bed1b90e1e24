package manifest

import (
	"encoding/binary"
	"math/bits"
)

// printableASCII counts the bytes before the first that is no printable ASCII
// character, eight at a time.
func printableASCII(b []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		v := binary.LittleEndian.Uint64(b[n:])
		del := v ^ ones*0x7f
		// Beyond ASCII, below ' ' or equal to DEL.
		found := (v | (v-ones*' ')&^v | (del-ones)&^del) & tops
		if found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for ; n < len(b); n++ {
		if c := b[n]; c < ' ' || c >= 0x7f {
			break
		}
	}
	return n
}
