// Package swapfile makes a file that the kernel will swap to, writes the header
// of a swap area, and says what a file or device holds before anybody writes
// to it.
//
// What the kernel asks of a swap file: real blocks of its own under every byte
// (no holes, nothing compressed, shared or copy-on-write), and a header in its
// first page (Linux, mm/swapfile.c and fs/iomap/swapfile.c). What this package
// asks on top: that nobody but root could read it or put another file in its
// place.
package swapfile
