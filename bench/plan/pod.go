package main

import (
	"fmt"
	"strings"
)

type object = map[string]any

// script is a string with characters that a scanner must not take for JSON or
// YAML syntax.
const script = `#!/bin/sh
set -eu
# The limits below are for humans:
#   resources:
#     limits:
#       memory: 12Gi
cat >/tmp/config.yaml <<END
spec:
  containers:
  - name: "bait"
    resources: {requests: {memory: 12Gi}}
END
echo "memory: 12Gi" && exec /usr/bin/server --config=/tmp/config.yaml --listen=0.0.0.0:8080 --log-level=info
`

// newPod is a pod as in a cluster in use: some have one container, some have a
// sidecar, some have init containers.
func newPod(i int, managed bool) object {
	app := []string{"web", "cart", "search", "mail", "batch", "proxy", "ledger"}[i%7]
	namespace := []string{"shop", "payments", "kube-system", "monitoring", "team-a"}[i%5]
	metadata := object{
		"annotations": object{
			"checksum/config":                       strings.Repeat("3fb9c1de", 8),
			"cni.projectcalico.org/podIP":           fmt.Sprintf("10.%d.%d.%d/32", i/65025%255, i/255%255, i%255),
			"description":                           "Serves what the shop shows to people, and is folded by kubectl as it is longer than eighty columns: memory is not asked for here",
			"kubernetes.io/config.seen":             "2026-01-01T00:00:00.000000000Z",
			"prometheus.io/scrape":                  "true",
			"example.org/last-applied":              `{"spec":{"containers":[{"name":"bait","resources":{"limits":{"memory":"12Gi"}}}]}}`,
			"seccomp.security.alpha.kubernetes.io/": "runtime/default",
		},
		"creationTimestamp": "2026-01-01T00:00:00Z",
		"generateName":      app + "-",
		"labels":            object{"app.kubernetes.io/name": app, "app.kubernetes.io/part-of": "shop", "pod-template-hash": serial(i)},
		"name":              app + "-" + serial(i),
		"namespace":         namespace,
		"ownerReferences": []any{object{
			"apiVersion": "apps/v1", "blockOwnerDeletion": true, "controller": true, "kind": "ReplicaSet", "name": app + "-5d9c7b", "uid": uid(i + 7),
		}},
		"resourceVersion": fmt.Sprint(80000000 + i),
		"uid":             uid(i),
	}
	if managed {
		metadata["managedFields"] = managedFields()
	}
	containers := []any{container(app, i)}
	if i%2 == 0 {
		containers = append(containers, container("metrics", i+3))
	}
	spec := object{
		"containers":         containers,
		"dnsPolicy":          "ClusterFirst",
		"enableServiceLinks": true,
		"nodeName":           nodeName(i % 50),
		"nodeSelector":       object{"kubernetes.io/os": "linux"},
		"preemptionPolicy":   "PreemptLowerPriority",
		"priority":           0,
		"restartPolicy":      "Always",
		"schedulerName":      "default-scheduler",
		"securityContext":    object{"fsGroup": 1000, "runAsNonRoot": true},
		"serviceAccount":     app,
		"serviceAccountName": app,
		"tolerations": []any{
			object{"effect": "NoExecute", "key": "node.kubernetes.io/not-ready", "operator": "Exists", "tolerationSeconds": 300},
			object{"effect": "NoExecute", "key": "node.kubernetes.io/unreachable", "operator": "Exists", "tolerationSeconds": 300},
		},
		"volumes": volumes(app),
	}
	if i%3 == 0 {
		spec["initContainers"] = []any{container("wait", i+1)}
	}
	return object{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status(containers, i)}
}

func nodeName(i int) string { return fmt.Sprintf("node-%d.example.org", i) }

func replicaSetUID(i int) string { return fmt.Sprintf("5c0ffee0-ceea-467f-a0e6-%012x", i) }

func newNode(i int) object {
	return object{
		"apiVersion": "v1", "kind": "Node",
		"metadata": object{"name": nodeName(i), "uid": fmt.Sprintf("0de00000-ceea-467f-a0e6-%012x", i), "labels": object{"kubernetes.io/os": "linux", "kubernetes.io/hostname": nodeName(i)}},
		"status": object{
			"capacity": object{"cpu": "16", "memory": "65536000Ki", "pods": "110"},
			"nodeInfo": object{"kubeletVersion": "v1.37.1", "containerRuntimeVersion": "containerd://2.1.0", "operatingSystem": "linux", "swap": object{"capacity": 34359734272}},
		},
	}
}

// newWorkload is a Deployment and its ReplicaSet.
func newWorkload(i, replicas int) []object {
	name, deployment := fmt.Sprintf("app-%d", i), fmt.Sprintf("de9107e0-ceea-467f-a0e6-%012x", i)
	spec := object{"replicas": replicas, "template": object{"spec": object{"containers": []any{container("app", i)}}}}
	return []object{
		{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": object{"name": name, "namespace": "shop", "uid": deployment}, "spec": spec},
		{"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": spec, "metadata": object{
			"name": name + "-5d9c7b", "namespace": "shop", "uid": replicaSetUID(i),
			"ownerReferences": []any{object{"apiVersion": "apps/v1", "controller": true, "kind": "Deployment", "name": name, "uid": deployment}},
		}},
	}
}

func uid(i int) string { return fmt.Sprintf("8f14e45f-ceea-467f-a0e6-%012x", i) }

func container(name string, i int) object {
	return object{
		"args":            []any{"--listen=:8080", "--memory=12Gi", "-c", script},
		"command":         []any{"/bin/sh"},
		"env":             environment(),
		"image":           "registry.example.org/shop/" + name + "@sha256:" + strings.Repeat("9e107d9d", 8),
		"imagePullPolicy": "IfNotPresent",
		"livenessProbe": object{
			"failureThreshold": 3, "httpGet": object{"path": "/healthz", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1,
		},
		"name":                     name,
		"ports":                    []any{object{"containerPort": 8080, "name": "http", "protocol": "TCP"}},
		"resources":                resources(i),
		"securityContext":          object{"allowPrivilegeEscalation": false, "capabilities": object{"drop": []any{"ALL"}}},
		"terminationMessagePath":   "/dev/termination-log",
		"terminationMessagePolicy": "File",
		"volumeMounts": []any{
			object{"mountPath": "/etc/" + name, "name": "config", "readOnly": true},
			object{"mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": "kube-api-access", "readOnly": true},
		},
	}
}

func environment() []any {
	all := []any{object{"name": "POD_IP", "valueFrom": object{"fieldRef": object{"apiVersion": "v1", "fieldPath": "status.podIP"}}}}
	for i := range 8 {
		all = append(all, object{"name": fmt.Sprintf("SETTING_%d", i), "value": fmt.Sprintf("memory: %dGi and \"more\"", i)})
	}
	return all
}

func resources(i int) object {
	amounts := []string{"64Mi", "128Mi", "256Mi", "512Mi", "1Gi", "1500M", "2Gi"}
	switch i % 4 {
	case 0:
		return object{}
	case 1:
		return object{"limits": object{"cpu": "1", "memory": amounts[i%7]}, "requests": object{"cpu": "1", "memory": amounts[i%7]}}
	case 2:
		return object{"requests": object{"cpu": "100m", "memory": amounts[i%7]}}
	}
	return object{"limits": object{"memory": "4Gi"}, "requests": object{"cpu": "250m", "ephemeral-storage": "1Gi", "memory": amounts[i%7]}}
}

func volumes(app string) []any {
	return []any{
		object{"configMap": object{"defaultMode": 420, "name": app}, "name": "config"},
		object{"name": "kube-api-access", "projected": object{"defaultMode": 420, "sources": []any{
			object{"serviceAccountToken": object{"expirationSeconds": 3607, "path": "token"}},
			object{"configMap": object{"items": []any{object{"key": "ca.crt", "path": "ca.crt"}}, "name": "kube-root-ca.crt"}},
		}}},
	}
}

func status(containers []any, i int) object {
	var conditions, statuses []any
	for _, kind := range []string{"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"} {
		conditions = append(conditions, object{"lastProbeTime": nil, "lastTransitionTime": "2026-01-01T00:00:00Z", "status": "True", "type": kind})
	}
	for _, c := range containers {
		c := c.(object)
		statuses = append(statuses, object{
			"allocatedResources": allocated(c["resources"]), "containerID": "containerd://" + strings.Repeat("5eb63bbb", 8), "image": c["image"], "imageID": c["image"],
			"lastState": object{}, "name": c["name"], "ready": true, "resources": c["resources"], "restartCount": i % 3, "started": true,
			"state": object{"running": object{"startedAt": "2026-01-01T00:00:00Z"}},
		})
	}
	return object{
		"conditions": conditions, "containerStatuses": statuses, "hostIP": "192.0.2.1", "phase": "Running",
		"podIP": "10.0.0.1", "podIPs": []any{object{"ip": "10.0.0.1"}}, "qosClass": "Burstable", "startTime": "2026-01-01T00:00:00Z",
	}
}

// allocated is what the kubelet has allocated to a container: all that it
// requests.
func allocated(resources any) any {
	return resources.(object)["requests"]
}

func managedFields() []any {
	fields := object{"f:metadata": object{"f:annotations": object{".": object{}, "f:checksum/config": object{}}}, "f:spec": object{
		"f:containers": object{`k:{"name":"web"}`: object{".": object{}, "f:image": object{}, "f:resources": object{"f:limits": object{"f:memory": object{}}}}},
	}}
	var all []any
	for _, manager := range []string{"kube-controller-manager", "kubelet", "calico"} {
		all = append(all, object{"apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields, "manager": manager, "operation": "Update", "time": "2026-01-01T00:00:00Z"})
	}
	return all
}
