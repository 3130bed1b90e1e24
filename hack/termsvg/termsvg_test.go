package termsvg

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestDrawsColoursAndPlaces(t *testing.T) {
	svg, err := Draw(`a "picture"`, "\x1b[1mA\x1b[m  <b>\n   \x1b[32mé█\x1b[m x\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`class="bold">A<`, `>&lt;b&gt;<`, `class="green">é█<`,
		`aria-label="a &#34;picture&#34;"`,
		`x="41.2"`, // <b> is in column 3
		`x="66.4"`, // x is in column 6
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("there is no %s in\n%s", want, svg)
		}
	}
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
	}
}

func TestRefusesWhatItCannotDraw(t *testing.T) {
	for _, text := range []string{"\x1b[2J", "\x1b[33mx", "\x1b[1"} {
		if svg, err := Draw("", text); err == nil {
			t.Errorf("%q became\n%s", text, svg)
		}
	}
}
