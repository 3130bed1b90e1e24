package config_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/swapctl/swapctl/internal/setup/config"
)

func listed() config.Config {
	c := config.Default()
	one, two := c.Areas[0], c.Areas[0]
	one.Name, two.Name, two.Path = "one", "two", "/two"
	c.Areas, c.Listed = []config.Area{one, two}, true
	return c
}

// TestAConfigIsReadAsItWasWritten: as one area without a name, or as a list, also of one.
func TestAConfigIsReadAsItWasWritten(t *testing.T) {
	short := listed()
	short.Areas = short.Areas[:1]
	for _, c := range []config.Config{config.Default(), listed(), short} {
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"areas":[`) != c.Listed {
			t.Errorf("listed %v: %s", c.Listed, text)
		}
		var again config.Config
		if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%s is read as %+v (%v)", text, again, err)
		}
	}
}

// TestAListOfAnOlderSwapctlIsRead: it had the fields of an only area beside the list, and
// less of what a node has.
func TestAListOfAnOlderSwapctlIsRead(t *testing.T) {
	areas, err := json.Marshal(listed().Areas)
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	old := `{"size":"","path":"/var/lib/swapctl/swapfile","device":"","encrypt":true,"name":"cryptswap","persist":"fstab","areas":` + string(areas) + `}`
	if err := json.Unmarshal([]byte(old), &c); err != nil {
		t.Fatal(err)
	}
	want := listed()
	want.Persist = "fstab"
	if !reflect.DeepEqual(c, want) {
		t.Errorf("%+v, want\n%+v", c, want)
	}
}

func TestABadFieldIsNamedWithItsArea(t *testing.T) {
	c := listed()
	c.Areas[0].Size, c.Areas[1].Size, c.Areas[1].Priority = "1Gi", "1Gi", 40000
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "areas[1].priority: 40000") {
		t.Errorf("of an area: %v", err)
	}
	if err := (config.Config{Node: c.Node}).Validate(); err == nil || !strings.Contains(err.Error(), "areas: the list is empty") {
		t.Errorf("without areas: %v", err)
	}
	c.Areas[1].Priority, c.Swappiness = 1, 300
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "set up swap: swappiness: 300") {
		t.Errorf("of the node: %v", err)
	}
}
