package hosttest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// parseCrypt checks the words of a crypt table (crypt_ctr in
// drivers/md/dm-crypt.c): cipher, key, IV offset, device, start, options.
func (p *process) parseCrypt(t *table, words [][]byte) error {
	n := p.node
	if n.missing.crypt {
		return unix.EINVAL // "unknown target type"
	}
	if len(words) < 5 {
		return unix.EINVAL
	}
	keyBytes, err := p.cryptKey(words[1])
	if err != nil {
		return err
	}
	defer clear(keyBytes)
	if err := checkCipher(string(words[0]), len(keyBytes)); err != nil {
		return err
	}
	if _, err := strconv.ParseUint(string(words[2]), 10, 64); err != nil {
		return unix.EINVAL
	}
	if err := n.parseBelow(t, string(words[3]), string(words[4])); err != nil {
		return err
	}
	t.crypt = true
	sum := sha256.Sum256(keyBytes)
	t.seed = binary.LittleEndian.Uint64(sum[:])
	return checkOptions(t, words[5:])
}

// cryptKey gets the key's bytes: hex in the table, or the name of a key in the
// keyring of the calling thread.
func (p *process) cryptKey(word []byte) ([]byte, error) {
	n := p.node
	if !bytes.HasPrefix(word, []byte(":")) {
		payload := make([]byte, hex.DecodedLen(len(word)))
		if _, err := hex.Decode(payload, word); err != nil {
			return nil, unix.EINVAL
		}
		n.secret(payload)
		return payload, nil
	}
	parts := strings.SplitN(string(word[1:]), ":", 3)
	size, err := strconv.Atoi(parts[0])
	if err != nil || len(parts) != 3 || n.missing.keyring {
		return nil, unix.EINVAL
	}
	for _, k := range n.keys {
		if k.process != p || k.thread != unix.Gettid() || k.description != parts[2] || parts[1] != "logon" {
			continue
		}
		if len(k.payload) != size {
			return nil, unix.EINVAL
		}
		return slices.Clone(k.payload), nil
	}
	return nil, unix.ENOKEY
}

// checkCipher knows the ciphers of a usual kernel, and their key sizes in bytes.
func checkCipher(spec string, keyBytes int) error {
	parts := strings.SplitN(spec, "-", 3)
	if len(parts) != 3 {
		return unix.EINVAL
	}
	sizes := []int{16, 24, 32}
	if parts[1] == "xts" {
		sizes = []int{32, 48, 64}
	}
	modes := []string{"xts", "cbc", "ecb", "ctr"}
	ivs := []string{"plain", "plain64", "plain64be", "essiv:sha256", "null", "benbi", "random"}
	switch {
	case !slices.Contains([]string{"aes", "serpent", "twofish", "camellia"}, parts[0]), !slices.Contains(modes, parts[1]):
		return unix.ENOENT // "Error allocating crypto tfm"
	case !slices.Contains(ivs, parts[2]), !slices.Contains(sizes, keyBytes):
		return unix.EINVAL
	}
	return nil
}

// checkOptions reads the optional words of a crypt table.
func checkOptions(t *table, words [][]byte) error {
	if len(words) == 0 {
		return nil
	}
	if count, err := strconv.Atoi(string(words[0])); err != nil || count != len(words)-1 {
		return unix.EINVAL
	}
	for _, w := range words[1:] {
		if size, ok := strings.CutPrefix(string(w), "sector_size:"); ok {
			bytes, err := strconv.ParseUint(size, 10, 16)
			if err != nil || bytes < 512 || bytes > 4096 || bytes&(bytes-1) != 0 || t.sectors%(bytes/512) != 0 {
				return unix.EINVAL
			}
			continue
		}
		switch string(w) {
		case "allow_discards", "same_cpu_crypt", "high_priority", "submit_from_crypt_cpus", "no_read_workqueue", "no_write_workqueue", "iv_large_sectors":
		default:
			return unix.EINVAL
		}
	}
	return nil
}

// blankKey copies a crypt table with zeros for a key in hex.
func blankKey(target string, params []byte) []byte {
	blank := bytes.Clone(params)
	if target != "crypt" {
		return blank
	}
	_, rest, _ := bytes.Cut(blank, []byte(" "))
	word, _, _ := bytes.Cut(rest, []byte(" "))
	if !bytes.HasPrefix(word, []byte(":")) {
		for i := range word {
			word[i] = '0'
		}
	}
	return blank
}

// scribble puts ciphertext where a write to an encrypted mapping goes: down to
// the file or device that keeps it.
func (n *Node) scribble(name string, off, length int64) error {
	if !strings.HasPrefix(name, "dm-") || length == 0 {
		return nil
	}
	for _, m := range n.mappings {
		if m.kernel != name || m.live == nil || !m.live.crypt {
			continue
		}
		f, err := n.lower(m.live.below)
		if err != nil {
			return err
		}
		defer f.Close()
		data := make([]byte, length)
		garbage(m.live.seed, off, data)
		_, err = f.WriteAt(data, m.live.firstByte+off)
		return err
	}
	return nil
}

// lower opens for writing what keeps the contents of a device.
func (n *Node) lower(name string) (*os.File, error) {
	if l := n.loop(name); l != nil {
		return reopen(l.backing, os.O_WRONLY)
	}
	return os.OpenFile(n.Root+"/dev/"+name, os.O_WRONLY, 0)
}

// garbage fills data with what looks random and is the same for the same seed
// and place (splitmix64 of each eight bytes), and has no zero byte.
func garbage(seed uint64, off int64, data []byte) {
	var word [8]byte
	last := int64(-1)
	for i := range data {
		at := off + int64(i)
		if at/8 != last {
			last = at / 8
			z := seed + uint64(last)*0x9e3779b97f4a7c15
			z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
			z = (z ^ z>>27) * 0x94d049bb133111eb
			binary.LittleEndian.PutUint64(word[:], z^z>>31)
		}
		data[i] = max(word[at%8], 1)
	}
}
