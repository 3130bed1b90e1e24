package limits

import (
	"errors"
	"fmt"
	"strings"
)

// A pod and its owner are counted once: the pod counts, and the workload only
// with the pods that are missing. ownerReferences say who owns whom.

// owners are the workloads of the input with a UID from an API server. Their
// number follows that of the workloads in the input, whatever the number of
// pods.
type owners map[UID]*owned

// owned is what the input has of the pods of a workload.
type owned struct {
	copies    int64    // pods, and the copies that other workloads want
	workloads bool     // there are workloads among them
	byNode    bool     // it is a DaemonSet
	nodes     []uint64 // of a DaemonSet: one bit for each node that has its pod
}

// madeBy is the kind between a workload and its pods. It may be missing in the
// input ('kubectl get deployments,pods'), and is then recognised by its name:
// that of the workload, a dash, and a suffix.
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

// makerOf is the owner of an owner, found by its name; 0: not known.
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

// find is the workload of the input that owns a pod or another workload.
func (o owners) find(p *pod) *owned {
	if p.owner == 0 {
		return nil
	}
	if one := o[p.owner]; one != nil {
		return one
	}
	return o[p.maker]
}

// countOwned reads all pods once, if there is a workload that may own them.
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

// put records that a node has a pod.
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

// empty reports whether the input has no pod of a workload.
func (o *owned) empty() bool { return o == nil || o.copies == 0 }

// lack returns how many copies of a workload are not in the input as pods.
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

// counted reports whether a pod or workload adds nothing, because it has ended
// or all its copies are in the input as pods.
func (p *pod) counted() bool { return p.ended != Running || p.replicas == 0 && p.wanted > 0 }

// note says in a few words why a pod or workload is not counted, or not with
// all of its copies; "" if there is nothing to say.
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
