package limits

import (
	"errors"
	"fmt"
	"strings"
)

// A pod and the workload that has made it are one: the pod counts, and the
// workload with what it lacks. Who has made whom is in ownerReferences.

// owners are the workloads of the input that an API server has given a UID. There
// are as many of them as the input has workloads, whatever the number of pods.
type owners map[UID]*owned

// owned is what the input has of what a workload has made.
type owned struct {
	copies    int64    // pods, and the copies that other workloads want
	workloads bool     // there are workloads among them
	byNode    bool     // it is a DaemonSet
	nodes     []uint64 // of a DaemonSet: one bit for each node that has its pod
}

// madeBy is the kind between a workload and its pods. It may be missing in the
// input ('kubectl get deployments,pods'), and is then known by its name: that of
// the workload, a dash, and something of its own.
func madeBy(kind string) string {
	switch kind {
	case "Deployment", "Rollout": // pkg/controller/deployment/sync.go, generateReplicaSetName
		return "ReplicaSet"
	case "DeploymentConfig":
		return "ReplicationController"
	case "CronJob": // pkg/controller/cronjob/cronjob_controllerv2.go, getJobName
		return "Job"
	case "LeaderWorkerSet": // its leaders own the StatefulSets of their workers
		return "Pod"
	default:
		return ""
	}
}

// add registers a workload.
func (o owners) add(p *pod) {
	if p.uid == 0 || p.kind == "Pod" || o[p.uid] != nil {
		return
	}
	one := &owned{byNode: p.daemonSet}
	o[p.uid] = one
	if kind := madeBy(p.kind); kind != "" {
		o[nameID(kind, p.namespace, p.name)] = one
	}
}

// makerOf is who has made an owner, by its name; 0: nobody that is known.
func makerOf(owner *Owner, namespace string) UID {
	end := strings.LastIndexByte(owner.Name, '-')
	if end <= 0 {
		return 0
	}
	letters := "0123456789"
	switch owner.Kind {
	case "ReplicaSet": // k8s.io/apimachinery, pkg/util/rand, SafeEncodeString
		letters = "bcdfghjklmnpqrstvwxz2456789"
	case "ReplicationController", "Job", "Pod":
	default:
		return 0
	}
	if strings.Trim(owner.Name[end+1:], letters) != "" || end+1 == len(owner.Name) {
		return 0
	}
	return nameID(owner.Kind, namespace, owner.Name[:end])
}

// find is the workload of the input that has made a pod or another workload.
func (o owners) find(p *pod) *owned {
	if p.owner == 0 {
		return nil
	}
	if one := o[p.owner]; one != nil {
		return one
	}
	return o[p.maker]
}

// countOwned goes over all pods once, where there is a workload that may have made
// them.
func (p *Plan) countOwned() error {
	if len(p.owners) == 0 {
		return nil
	}
	w := p.walk()
	for {
		err := w.read()
		if errors.Is(err, errEnd) {
			return nil
		}
		if err != nil {
			return errSpooling(err)
		}
		if by := p.owners.find(&w.pod); by != nil {
			by.count(&w.pod, p)
		}
	}
}

func (o *owned) count(p *pod, plan *Plan) {
	o.workloads = o.workloads || p.workload != ""
	if p.ended != Running {
		return
	}
	o.copies = plus(o.copies, p.wanted)
	on := plan.byName[p.nodeName]
	if len(plan.sites) == 1 {
		on = plan.sites[0]
	}
	if o.byNode && p.workload == "" && on != nil {
		o.put(on.index, len(plan.sites))
	}
}

// put remembers that a node has a pod.
func (o *owned) put(node, nodes int) {
	if o.nodes == nil {
		o.nodes = make([]uint64, (nodes+63)/64)
	}
	o.nodes[node/64] |= 1 << (node % 64)
}

// has reports whether a node has a pod.
func (o *owned) has(node int) bool {
	return o != nil && o.nodes != nil && o.nodes[node/64]&(1<<(node%64)) != 0
}

// empty reports whether the input has nothing of what a workload has made.
func (o *owned) empty() bool { return o == nil || o.copies == 0 }

// lack leaves of a workload's copies those that are not in the input.
func (o owners) lack(p *pod) {
	if p.workload == "" {
		return
	}
	if p.ended != Running {
		p.replicas = 0
		return
	}
	one := o[p.uid]
	switch {
	case one == nil || p.uid == 0 || p.daemonSet:
	case p.wrapper && one.workloads:
		p.replicas = 0
	default:
		p.replicas = p.wanted - min(p.wanted, max(0, one.copies-p.before))
	}
}

// counted reports whether nothing of a pod or workload counts, because it has
// ended or all its copies are there as pods.
func (p *pod) counted() bool { return p.ended != Running || p.replicas == 0 && p.wanted > 0 }

// note says in a few words why a pod or workload does not count, or not with all
// of its copies; "" where there is nothing to say.
func (p *pod) note() string {
	switch {
	case p.ended != Running:
		return p.ended.String()
	case p.replicas == p.wanted:
		return ""
	case p.replicas == 0:
		return "counted by its pods"
	default:
		return fmt.Sprintf("%d of %d counted by their pods", p.wanted-p.replicas, p.wanted)
	}
}
