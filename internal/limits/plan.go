package limits

// Plan is what every container gets.
type Plan struct {
	spool       spool
	atoms       atoms
	admission   admission
	sites       []*site
	byName      map[string]*site
	sums        []sums
	owners      owners
	someRefused bool
	warnings    []Warning
}

// Close gives back the temporary file.
func (p *Plan) Close() error { return p.spool.close() }

// Nodes returns the nodes in their order, with what their pods add up to.
func (p *Plan) Nodes() []NodeTotals {
	list := make([]NodeTotals, len(p.sites))
	for i, on := range p.sites {
		list[i] = p.sums[i].of(on)
	}
	return list
}

// Warnings returns what there is to know besides.
func (p *Plan) Warnings() []Warning { return p.warnings }
