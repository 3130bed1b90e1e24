package host

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// answer is what the kernel puts into the buffer of a device-mapper ioctl.
func answer(flags, targets uint32, data []byte) []byte {
	h := unix.DmIoctl{
		Version: [3]uint32{4, 48, 0}, Data_size: uint32(dmHeader + len(data)), Data_start: dmHeader,
		Target_count: targets, Open_count: 1, Flags: flags, Dev: unix.Mkdev(253, 300),
	}
	copy(h.Name[:], "cryptswap")
	copy(h.Uuid[:], "CRYPT-PLAIN-cryptswap")
	buf := make([]byte, dmHeader)
	if _, err := binary.Encode(buf, binary.NativeEndian, &h); err != nil {
		panic(err)
	}
	return append(buf, data...)
}

// line is one line of a table, as DM_TABLE_STATUS gives it.
func line(target, params string, sectors uint64) []byte {
	buf := make([]byte, dmSpec+len(params)+1)
	if err := encodeTarget(buf, target, sectors, []byte(params)); err != nil {
		panic(err)
	}
	return buf
}

func decode(t *testing.T, buf []byte) (DMTable, error) {
	t.Helper()
	r, err := decodeDM(buf)
	if err != nil {
		t.Fatal(err)
	}
	return decodeTable(r)
}

func TestTablesNeverShowAKey(t *testing.T) {
	key := strings.Repeat("c0ffee17", 16)
	zeros := strings.Repeat("0", len(key))
	for _, c := range []struct{ target, params, want string }{
		{"crypt", "aes-xts-plain64 " + key + " 0 7:0 0", "aes-xts-plain64 " + zeros + " 0 7:0 0"},
		{"crypt", "aes-xts-plain64 :64:logon:swapctl:cryptswap 0 7:0 0 1 sector_size:4096", "aes-xts-plain64 :64:logon:swapctl:cryptswap 0 7:0 0 1 sector_size:4096"},
		{"crypt", "cipher_null-ecb - 0 7:0 0", "cipher_null-ecb - 0 7:0 0"},
		{"crypt", "aes-xts-plain64 " + key, "aes-xts-plain64 " + zeros},
		{"crypt", "", ""},
		{"integrity", "8:1 0 32 J 2 internal_hash:hmac(sha256):" + key + " x", ""},
		{"linear", "8:1 2048", "8:1 2048"},
	} {
		buf := answer(unix.DM_ACTIVE_PRESENT_FLAG, 1, line(c.target, c.params, 1024))
		got, err := decode(t, buf)
		if err != nil || got.Params != c.want {
			t.Errorf("%s %s:\n%q, %v, want\n%q", c.target, c.params, got.Params, err, c.want)
		}
		if c.target == "crypt" && bytes.Contains(buf, []byte(key)) {
			t.Error("the key is still in the buffer")
		}
	}
}

func TestTablesOfMappings(t *testing.T) {
	full := DMTable{
		Name: "cryptswap", UUID: "CRYPT-PLAIN-cryptswap", Dev: unix.Mkdev(253, 300), OpenCount: 1,
		Targets: 1, Sectors: 8192, Target: "linear", Params: "8:1 0",
	}
	bare := full
	bare.Suspended, bare.Targets, bare.Sectors, bare.Target, bare.Params = true, 0, 0, "", ""
	two := full
	two.Targets = 2
	for name, c := range map[string]struct {
		buf  []byte
		want DMTable
	}{
		"live":        {answer(unix.DM_ACTIVE_PRESENT_FLAG, 1, line("linear", "8:1 0", 8192)), full},
		"no table":    {answer(unix.DM_SUSPEND_FLAG, 0, nil), bare},
		"two targets": {answer(0, 2, append(line("linear", "8:1 0", 8192), line("linear", "8:2 0", 8192)...)), two},
	} {
		got, err := decode(t, c.buf)
		if d := cmp.Diff(c.want, got); d != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, d)
		}
	}
	if _, err := decode(t, answer(0, 1, []byte("short"))); !errors.Is(err, errDMReply) {
		t.Errorf("short answer: %v", err)
	}
}

func TestRequestsSayWhatTheyAre(t *testing.T) {
	params := []byte("aes-xts-plain64 :64:logon:swapctl:s 0 7:0 0")
	payload := make([]byte, dmSpec+len(params)+1)
	if err := encodeTarget(payload, "crypt", 1<<33, params); err != nil {
		t.Fatal(err)
	}
	q := dmRequest{command: unix.DM_TABLE_LOAD, name: "s", uuid: "CRYPT-PLAIN-s", event: dmPrimarySource, targets: 1, payload: payload}
	buf := make([]byte, 4096)
	if err := q.encode(buf); err != nil {
		t.Fatal(err)
	}
	r, err := decodeDM(buf)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%v size %d start %d targets %d flags %#x event %#x name %s uuid %s",
		r.Version, r.Data_size, r.Data_start, r.Target_count, r.Flags, r.Event_nr,
		unix.ByteSliceToString(r.Name[:]), unix.ByteSliceToString(r.Uuid[:]))
	want := "[4 0 0] size 4096 start 312 targets 1 flags 0x8000 event 0x400000 name s uuid CRYPT-PLAIN-s"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	table, err := decodeTable(r)
	if err != nil || table.Sectors != 1<<33 || table.Target != "crypt" || table.Params != string(params) {
		t.Errorf("%+v, %v", table, err)
	}
}

func TestRequestsThatWouldNotFit(t *testing.T) {
	long := strings.Repeat("n", 128)
	if err := (dmRequest{name: long}).encode(make([]byte, 4096)); !errors.Is(err, unix.ENAMETOOLONG) {
		t.Errorf("name: %v", err)
	}
	if err := (dmRequest{name: "n", uuid: long + "n"}).encode(make([]byte, 4096)); !errors.Is(err, unix.ENAMETOOLONG) {
		t.Errorf("uuid: %v", err)
	}
	if err := encodeTarget(make([]byte, 400), "a-name-of-16-let", 8, nil); !errors.Is(err, unix.ENAMETOOLONG) {
		t.Errorf("target: %v", err)
	}
	if err := encodeTarget(make([]byte, 400), "crypt", 8, []byte("a\x00b")); !errors.Is(err, unix.EINVAL) {
		t.Errorf("zero in parameters: %v", err)
	}
	if err := encodeTarget(make([]byte, dmSpec+3), "crypt", 8, []byte("abc")); !errors.Is(err, unix.EINVAL) {
		t.Errorf("no room: %v", err)
	}
}

func TestTargetVersions(t *testing.T) {
	entry := func(next uint32, version [3]uint32, name string) []byte {
		b := binary.NativeEndian.AppendUint32(nil, next)
		for _, v := range version {
			b = binary.NativeEndian.AppendUint32(b, v)
		}
		b = append(append(b, name...), 0)
		return append(b, make([]byte, (8-len(b)%8)%8)...)
	}
	list := append(entry(24, [3]uint32{1, 4, 0}, "linear"), entry(0, [3]uint32{1, 24, 0}, "crypt")...)
	for name, want := range map[string][3]uint32{"linear": {1, 4, 0}, "crypt": {1, 24, 0}} {
		if got, err := targetVersion(list, name); err != nil || got != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for _, missing := range []string{"cryp", "crypt2", "zero", ""} {
		if v, err := targetVersion(list, missing); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v, %v", missing, v, err)
		}
	}
}

func TestWithoutDeviceMapperNothingIsThere(t *testing.T) {
	needRoot(t)
	if _, err := os.Stat("/sys/class/misc/device-mapper"); err == nil {
		t.Skip("this kernel has a device mapper; the virtual machines test it")
	}
	k := linux{}
	if v, err := k.DMTarget("crypt"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("target: %v, %v", v, err)
	}
	if _, err := k.DMTable("cryptswap"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("table: %v", err)
	}
	if err := k.DMCreate("cryptswap", "CRYPT-PLAIN-cryptswap"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("create: %v", err)
	}
	params := []byte("secret")
	if err := k.DMLoad("cryptswap", "crypt", 8, params); err == nil || !bytes.Equal(params, make([]byte, 6)) {
		t.Errorf("load: %v, leaves %q", err, params)
	}
}

func FuzzDMAnswers(f *testing.F) {
	f.Add(answer(0, 1, line("crypt", "aes-xts-plain64 00ff 0 7:0 0", 8)))
	f.Add(answer(0, 3, []byte("x")))
	f.Add(make([]byte, dmHeader))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, buf []byte) {
		r, err := decodeDM(buf)
		if err != nil {
			return
		}
		_, _ = targetVersion(bytes.Clone(r.data), "crypt")
		table, err := decodeTable(r)
		if err != nil || table.Target != "crypt" {
			return
		}
		if words := strings.SplitN(table.Params, " ", 3); len(words) > 1 && words[1] != "" &&
			words[1][0] != ':' && words[1][0] != '-' && strings.Trim(words[1], "0") != "" {
			t.Errorf("key shown: %q", table.Params)
		}
	})
}

// needDeviceMapper skips a test on kernels without; the virtual machines run it.
func needDeviceMapper(t *testing.T) {
	t.Helper()
	needRoot(t)
	if _, err := (linux{}).DMTarget("error"); err != nil {
		t.Skip("needs a device mapper: ", err)
	}
}

func TestTheDeviceMapperOfThisKernel(t *testing.T) {
	needDeviceMapper(t)
	k := linux{}
	const name, uuid = "swapctl-test", "SWAPCTL-test"
	if err := k.DMCreate(name, uuid); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.DMRemove(name) })
	if err := k.DMCreate(name, "SWAPCTL-other"); !errors.Is(err, unix.EBUSY) {
		t.Errorf("name taken: %v", err)
	}
	if err := k.DMCreate("swapctl-test2", uuid); !errors.Is(err, unix.EBUSY) {
		t.Errorf("uuid taken: %v", err)
	}
	bare, err := k.DMTable(name)
	if err != nil || bare.Targets != 0 || bare.Name != name || bare.UUID != uuid {
		t.Errorf("without a table: %+v, %v", bare, err)
	}
	if err := k.DMLoad(name, "no-such-target", 8, nil); !errors.Is(err, unix.EINVAL) {
		t.Errorf("unknown target: %v", err)
	}
	if err := k.DMLoad(name, "error", 16, nil); err != nil {
		t.Fatal(err)
	}
	if err := k.DMResume(name); err != nil {
		t.Fatal(err)
	}
	live, err := k.DMTable(name)
	if err != nil || live.Targets != 1 || live.Target != "error" || live.Sectors != 16 || live.Suspended || live.OpenCount != 0 {
		t.Errorf("with a table: %+v, %v", live, err)
	}
	node := fmt.Sprintf("/dev/dm-%d", unix.Minor(live.Dev))
	st, err := files{}.Stat(node)
	if err != nil || !st.IsBlock() || st.Rdev != live.Dev {
		t.Errorf("%s: %+v, %v", node, st, err)
	}
	f, err := files{}.Open(node, os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.DMRemove(name); !errors.Is(err, unix.EBUSY) {
		t.Errorf("remove while open: %v", err)
	}
	_ = f.Close()
	for range 100 { // udev may look at it
		if err = k.DMRemove(name); !errors.Is(err, unix.EBUSY) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		t.Errorf("remove: %v", err)
	}
	if _, err := k.DMTable(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after remove: %v", err)
	}
	if err := k.DMRemove(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("second remove: %v", err)
	}
	if err := k.DMResume(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("resume what is not there: %v", err)
	}
}

func TestTargetsOfThisKernelInBothWays(t *testing.T) {
	needDeviceMapper(t)
	// The old way first: it must load the module by itself.
	old, err := dmTarget("crypt", unix.DM_LIST_VERSIONS)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no dm-crypt: ", err)
	}
	if err != nil || old[0] != 1 {
		t.Errorf("by list: %v, %v", old, err)
	}
	if v, err := (linux{}).DMTarget("crypt"); err != nil || v != old {
		t.Errorf("by name: %v, %v; by list %v", v, err, old)
	}
	for _, command := range []uint{unix.DM_LIST_VERSIONS, unix.DM_GET_TARGET_VERSION} {
		if v, err := dmTarget("no-such", command); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("unknown: %v, %v", v, err)
		}
	}
}

func TestTheKernelAsksForABiggerBuffer(t *testing.T) {
	needDeviceMapper(t)
	control, err := openDM()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = control.Close() }()
	q := dmRequest{command: unix.DM_LIST_VERSIONS}
	if full, err := dmOnce(control, q, dmHeader+8, nil); !full || err != nil {
		t.Errorf("full %t, %v", full, err)
	}
	if full, err := dmOnce(control, q, dmBuffer, nil); full || err != nil {
		t.Errorf("full %t, %v", full, err)
	}
}
