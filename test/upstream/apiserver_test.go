package upstream

import (
	"errors"
	"testing"

	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install" // registers the types in the scheme
	kubeqos "k8s.io/kubernetes/pkg/apis/core/v1/helper/qos"
	"k8s.io/kubernetes/pkg/apis/core/validation"
	kubelettypes "k8s.io/kubernetes/pkg/kubelet/types"
	"k8s.io/kubernetes/plugin/pkg/admission/limitranger"
)

// create does what an API server does when a pod is created, with its own code
// and in the same order.
func create(t *testing.T, from *v1.Pod, in *v1.LimitRange) (*v1.Pod, error) {
	t.Helper()
	pod := from.DeepCopy()
	legacyscheme.Scheme.Default(pod)
	internal := &core.Pod{}
	if err := legacyscheme.Scheme.Convert(pod, internal, nil); err != nil {
		t.Fatal(err)
	}
	if in != nil {
		legacyscheme.Scheme.Default(in)
		if err := limitranger.PodMutateLimitFunc(in, internal); err != nil {
			t.Fatal(err)
		}
	}
	podutil.DefaultPodLevelResources(internal)
	var err error
	if in != nil {
		err = limitranger.PodValidateLimitFunc(in, internal)
	}
	opts := podutil.GetValidationOptionsFromPodSpecAndMeta(&internal.Spec, nil, &internal.ObjectMeta, nil)
	opts.ResourceIsPod = true
	for _, one := range validation.ValidatePodCreate(internal, opts) {
		err = errors.Join(err, one)
	}
	created := &v1.Pod{}
	if err := legacyscheme.Scheme.Convert(internal, created, nil); err != nil {
		t.Fatal(err)
	}
	created.Status.QOSClass = kubeqos.ComputePodQOS(created)
	return created, err
}

// swapOf returns the kubelet's swap limit for a container: its tests on the
// objects that it would have (GetContainerSwapBehavior), and its arithmetic.
func swapOf(p *v1.Pod, c *v1.Container, memory, swap int64) int64 {
	request, limit := c.Resources.Requests.Memory(), c.Resources.Limits.Memory()
	switch {
	case kubelettypes.IsCriticalPod(p), kubeqos.GetPodQOS(p) != v1.PodQOSBurstable:
		return 0
	case request.IsZero() && limit.IsZero(), request.Cmp(*limit) == 0, request.Value() > memory:
		return 0
	}
	share := float64(request.Value()) / float64(memory)
	return int64(share * float64(swap))
}
