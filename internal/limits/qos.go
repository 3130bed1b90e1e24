package limits

import "github.com/swapctl/swapctl/internal/kubeletcfg"

// qosClass is a QoS class in one byte.
type qosClass uint8

const (
	qosUnknown qosClass = iota
	qosBestEffort
	qosBurstable
	qosGuaranteed
)

func (q qosClass) String() string {
	switch q {
	case qosBestEffort:
		return "BestEffort"
	case qosBurstable:
		return "Burstable"
	case qosGuaranteed:
		return "Guaranteed"
	default:
		return ""
	}
}

// qosOf returns the class that status.qosClass names; ok is false for a word
// that is not one.
func qosOf(text string) (class qosClass, ok bool) {
	for class := range qosGuaranteed + 1 {
		if class.String() == text {
			return class, true
		}
	}
	return qosUnknown, false
}

// computeQOS is the class of a pod (pkg/apis/core/v1/helper/qos/qos.go,
// ComputePodQOS): that of spec.resources if it counts, otherwise that of all
// init and app containers if they agree, otherwise Burstable. Ephemeral
// containers have no resources and do not count.
func computeQOS(p *pod, level kubeletcfg.PodLevel) qosClass {
	if p.levelCounts(level) {
		return p.level.qos()
	}
	class := qosUnknown
	for i := range p.containers {
		if p.containers[i].kind == kindEphemeral {
			continue
		}
		switch one := p.containers[i].qos(); {
		case one == qosBurstable:
			return qosBurstable
		case class == qosUnknown:
			class = one
		case class != one:
			return qosBurstable
		}
	}
	return class
}

// levelCounts reports whether spec.resources decides the class. Until 1.36 an
// empty one does, too (pkg/apis/core/v1/helper/qos/qos.go in v1.36.0).
func (p *pod) levelCounts(level kubeletcfg.PodLevel) bool {
	switch level {
	case kubeletcfg.PodLevelEarly:
		return p.hasLevel
	case kubeletcfg.PodLevelLate:
		return p.hasLevel && p.level.isSet()
	default:
		return false
	}
}

// qos is the class of one set of requests and limits (requirementsQOS): equal
// and not zero for both resources is Guaranteed, zero for both is BestEffort,
// everything else is Burstable.
func (d *demand) qos() qosClass {
	if d.request != d.limit {
		return qosBurstable
	}
	switch zeroCPU, zeroMemory := d.request[cpu].isZero(), d.request[memory].isZero(); {
	case zeroCPU && zeroMemory:
		return qosBestEffort
	case !zeroCPU && !zeroMemory:
		return qosGuaranteed
	default:
		return qosBurstable
	}
}
