package main

import (
	"errors"
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"

	"github.com/swapctl/swapctl/internal/fail"
	"github.com/swapctl/swapctl/internal/setup"
)

// areasKey is the key of a list of swap areas, which only the file can have.
const areasKey = "areas"

// parseAreas reads the list as strictly as the rest of the file.
func parseAreas(list *yaml.Node) ([]map[string]any, error) {
	if list.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("line %d: %s: want a list of swap areas, each beginning with '- name: '", list.Line, areasKey)
	}
	if len(list.Content) == 0 {
		return nil, fmt.Errorf("line %d: %s: the list is empty", list.Line, areasKey)
	}
	fields := fieldsOf(reflect.TypeFor[setup.AreaConfig]())
	var areas []map[string]any
	for _, item := range list.Content {
		if item.Kind != yaml.MappingNode {
			return nil, fmt.Errorf("line %d: %s: want the keys of a swap area and their values, like 'name: fast'", item.Line, areasKey)
		}
		said, err := parseMapping(item, fields)
		if err != nil {
			return nil, err
		}
		areas = append(areas, said)
	}
	return areas, nil
}

// areasOf lays what the list says over what the Config says of all areas.
func areasOf(c setup.Config, list []map[string]any) []setup.AreaConfig {
	areas := make([]setup.AreaConfig, len(list))
	fields := fieldsOf(reflect.TypeFor[setup.AreaConfig]())
	for i, said := range list {
		areas[i] = c.NewArea()
		into := reflect.ValueOf(&areas[i]).Elem()
		for _, f := range fields {
			if value, ok := said[f.key]; ok {
				into.Field(f.index).Set(reflect.ValueOf(value))
			}
		}
	}
	return areas
}

// oneOrSeveral refuses a description of the one area beside a list of several:
// nobody could say which of them is meant. What the file says of encryption and
// discards holds for those in the list that do not say it themselves.
func oneOrSeveral(origins map[string]origin) error {
	several := origins[areasKey].place
	for _, f := range fieldsOf(reflect.TypeFor[setup.AreaConfig]()) {
		said := origins[f.key]
		ofOne := f.key == "name" || f.key == "size" || f.key == "path" || f.key == "device" || f.key == "priority"
		if said.rank > 1 || said.rank == 1 && ofOne {
			return fail.New(fail.Usage, "use both "+said.place+" and "+several,
				errors.New("the one describes a single swap area, the other lists several"),
				"say it in the list, of the area that is meant", "or leave the list out")
		}
	}
	return nil
}
