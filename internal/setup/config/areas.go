package config

import (
	"errors"
	"fmt"

	"github.com/swapctl/swapctl/internal/crypt"
)

// Each returns the Config of each area by itself.
func (c Config) Each() []Config {
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

// At is where an area of Each stands in the Config.
func (c *Config) At(i int) *Area {
	if len(c.Areas) == 0 {
		return &c.Area
	}
	return &c.Areas[i]
}

// InArea says which of several areas a field belongs to.
func (c Config) InArea(i int, err error) error {
	bad, ok := errors.AsType[*FieldError](err)
	if ok && len(c.Areas) > 0 {
		bad.Field = fmt.Sprintf("areas[%d].%s", i, bad.Field)
	}
	return err
}

// Backing is the file or device of an area.
func (a Area) Backing() string {
	if a.Device != "" {
		return a.Device
	}
	return a.Path
}

// validAreas judges each area by itself, and then all of them beside each other.
func (c Config) validAreas() error {
	names, places := map[string]int{}, map[string]int{}
	for i, one := range c.Each() {
		for _, check := range []func() error{one.validPlace, one.validEncryption, one.validArea} {
			if err := check(); err != nil {
				return c.InArea(i, err)
			}
		}
		if len(c.Areas) == 0 {
			return nil
		}
		if err := validAreaName(one.Name, names); err != nil {
			return c.InArea(i, err)
		}
		place := one.Backing()
		if first, twice := places[place]; twice {
			return c.InArea(i, Invalid("path", "give each area a file or device of its own", "%s is that of areas[%d] already", place, first))
		}
		names[one.Name], places[place] = i, i
	}
	return nil
}

func validAreaName(name string, names map[string]int) error {
	const hint = "for example name: cryptswap"
	if err := crypt.ValidName(name); err != nil {
		return Invalid("name", hint, "%w", err)
	}
	if first, twice := names[name]; twice {
		return Invalid("name", "give each area a name of its own", "%q is that of areas[%d] already", name, first)
	}
	if name == BridgeName {
		return Invalid("name", hint, "%q is what swapctl calls a swap file of its own", name)
	}
	return nil
}
