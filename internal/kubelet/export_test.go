package kubelet

// Kinds are those of the rows of distributions.
func Kinds() []Kind { return all(func(d distribution) []Kind { return []Kind{d.kind} }) }
