package provisioner

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/kubeyaml"
)

// A few bytes that decompress to very many are refused.
func TestADecompressedTextHasALimit(t *testing.T) {
	for size, fits := range map[int]bool{kubeyaml.MaxText: true, kubeyaml.MaxText + 1: false} {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write(make([]byte, size)); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		if text, err := gunzip(b.Bytes()); (err == nil) != fits || fits && len(text) != size {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// FuzzPieces: with any user data, its parts are where they say.
func FuzzPieces(f *testing.F) {
	for _, seed := range []string{
		"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: text/cloud-config\n\na: 1\n--b\n\nno header\n--b--\nafter\n",
		"Content-Type: multipart/mixed;\n\tboundary=//\r\n\r\n--//\r\nContent-Transfer-Encoding: BASE64\r\n\r\nYTogMQ==\r\n--//--\r\n", "#cloud-config\na: 1\n", "Content-Type: multipart/mixed\n", "\x1f\x8bbroken",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		pieces, ok := Pieces([]byte(text))
		if !ok && len(pieces) > 0 {
			t.Errorf("%q: no archive with %d parts", text, len(pieces))
		}
		lines := strings.SplitAfter(text, "\n")
		for _, p := range pieces {
			if p.Plain && (p.Line > len(lines) || !strings.HasPrefix(strings.Join(lines[p.Line:], ""), p.Text)) {
				t.Errorf("%q: %+v", text, p)
			}
		}
	})
}

func TestUserDataIsTakenApart(t *testing.T) {
	text := "MIME-Version: 1.0\nContent-Type: multipart/mixed;\n boundary=\"b\"\n\npreamble\n--b\nContent-Type: text/cloud-config; charset=\"utf-8\"\n\na: 1\n--b\n\nno header\n--b\nContent-Transfer-Encoding: base64\nContent-Type: application/node.eks.aws\n\nYTog\nMQ==\n--b--\nafter\n"
	want := []Piece{{"text/cloud-config", "a: 1\n", 8, true}, {"", "no header\n", 11, true}, {NodeConfigType, "a: 1", 16, false}}
	got, ok := Pieces([]byte(text))
	if !ok || len(got) != len(want) {
		t.Fatalf("%v: %+v", ok, got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
	for _, none := range []string{"", "a: 1\n", "Content-Type: text/plain\n\n--b\n", "Content-Type: multipart/mixed\n"} {
		if _, ok := Pieces([]byte(none)); ok {
			t.Errorf("%q is an archive", none)
		}
	}
}

// A place is also found below the root of an image, and only there.
func TestPlaceOf(t *testing.T) {
	for name, reader := range map[string]string{
		"/etc/rancher/k3s/config.yaml": "k3s", "root/etc/rancher/k3s/config.yaml.d/a.yaml": "k3s", "/etc/rancher/rke2/config.yaml": "RKE2",
		"/etc/kubernetes/kubelet.conf.d/a.conf": "the kubelet", "/etc/kubernetes/kubelet.conf.d/deeper/a.conf": "the kubelet", "/etc/rancher/k3s/config.yaml.d/deeper/a.yaml": "", "config.yaml": "", "/srv/k3s/config.yaml": "",
	} {
		if p, _ := PlaceOf(name); p.Reader != reader {
			t.Errorf("%s: %q, want %q", name, p.Reader, reader)
		}
	}
}
