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

// Close closes the temporary file.
func (p *Plan) Close() error { return p.spool.close() }

// Nodes returns the nodes in their order, with the sums over their pods.
func (p *Plan) Nodes() []NodeTotals {
	list := make([]NodeTotals, len(p.sites))
	for i, on := range p.sites {
		list[i] = p.sums[i].of(on)
	}
	return list
}

// Warnings returns the warnings about the input and the plan.
func (p *Plan) Warnings() []Warning { return p.warnings }
