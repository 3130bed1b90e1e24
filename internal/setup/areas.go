package setup

import (
	"errors"
	"fmt"
	"slices"

	"github.com/swapctl/swapctl/internal/crypt"
)

// each returns the Config of each area by itself.
func (c Config) each() []Config {
	if len(c.Areas) == 0 {
		return []Config{c}
	}
	all := make([]Config, len(c.Areas))
	for i, a := range c.Areas {
		all[i] = c
		all[i].Area, all[i].Areas = a, nil
	}
	return all
}

// area is where an area of each stands in the Config.
func (c *Config) area(i int) *Area {
	if len(c.Areas) == 0 {
		return &c.Area
	}
	return &c.Areas[i]
}

// inArea says which of several areas a field belongs to.
func (c Config) inArea(i int, err error) error {
	bad, ok := errors.AsType[*FieldError](err)
	if ok && len(c.Areas) > 0 {
		bad.Field = fmt.Sprintf("areas[%d].%s", i, bad.Field)
	}
	return err
}

// validAreas judges each area by itself, and then all of them beside each other.
func (c Config) validAreas() error {
	names, places := map[string]int{}, map[string]int{}
	for i, one := range c.each() {
		for _, check := range []func() error{one.validPlace, one.validEncryption, one.validArea} {
			if err := check(); err != nil {
				return c.inArea(i, err)
			}
		}
		if len(c.Areas) == 0 {
			return nil
		}
		if err := validAreaName(one.Name, names); err != nil {
			return c.inArea(i, err)
		}
		place := area{config: one}.backing()
		if first, twice := places[place]; twice {
			return c.inArea(i, field("path", "give each area a file or device of its own", "%s is that of areas[%d] already", place, first))
		}
		names[one.Name], places[place] = i, i
	}
	return nil
}

func validAreaName(name string, names map[string]int) error {
	const hint = "for example name: cryptswap"
	if err := crypt.ValidName(name); err != nil {
		return field("name", hint, "%w", err)
	}
	if first, twice := names[name]; twice {
		return field("name", "give each area a name of its own", "%q is that of areas[%d] already", name, first)
	}
	if slices.Contains([]string{"bridge"}, name) {
		return field("name", hint, "%q is what swapctl calls a swap file of its own", name)
	}
	return nil
}
