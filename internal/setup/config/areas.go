package config

import (
	"errors"

	"github.com/swapctl/swapctl/internal/crypt"
)

// InArea says which area a FieldError is about.
func InArea(i int, err error) error {
	if bad, ok := errors.AsType[*FieldError](err); ok {
		bad.Area = i
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
	if len(c.Areas) == 0 {
		return Invalid("areas", "", "the list is empty")
	}
	names, places := map[string]int{}, map[string]int{}
	for i, a := range c.Areas {
		if err := a.valid(); err != nil {
			return InArea(i, err)
		}
		if !c.Listed {
			continue
		}
		if err := validAreaName(a.Name, names); err != nil {
			return InArea(i, err)
		}
		if first, twice := places[a.Backing()]; twice {
			return InArea(i, Invalid("path", "give each area a file or device of its own", "%s is that of areas[%d] already", a.Backing(), first))
		}
		names[a.Name], places[a.Backing()] = i, i
	}
	return nil
}

func (a Area) valid() error {
	for _, check := range []func() error{a.validPlace, a.validEncryption, a.validUse} {
		if err := check(); err != nil {
			return err
		}
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
