package config

import "encoding/json"

// written is a Config as in the configuration file and in journals: the fields
// of a single area beside those of the node, or a list of areas.
type written struct {
	*Area
	Node
	Areas []Area `json:"areas,omitempty"`
}

// MarshalJSON writes a Config as the configuration file has it.
func (c Config) MarshalJSON() ([]byte, error) {
	w := written{Node: c.Node, Areas: c.Areas}
	if len(c.Areas) == 1 && !c.Listed {
		w.Area, w.Areas = &c.Areas[0], nil
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON, or an older swapctl, wrote. Missing
// fields of the node and the single area keep their value.
func (c *Config) UnmarshalJSON(data []byte) error {
	only := Area{}
	if len(c.Areas) > 0 {
		only = c.Areas[0]
	}
	w := written{Area: &only, Node: c.Node}
	if err := json.Unmarshal(data, &w); err != nil {
		return err
	}
	*c = Config{Areas: w.Areas, Listed: len(w.Areas) > 0, Node: w.Node}
	if !c.Listed {
		c.Areas = []Area{only}
	}
	return nil
}
