package upstream

import (
	"strings"

	v1 "k8s.io/api/core/v1"

	"github.com/swapctl/swapctl/internal/bytesize"
	"github.com/swapctl/swapctl/internal/limits"
)

// objectOf converts a pod into what swapctl's reader returns for it.
func objectOf(p *v1.Pod, served bool) *limits.Object {
	pod := &limits.Pod{
		Served: served, NodeName: p.Spec.NodeName, NodeSelector: p.Spec.NodeSelector, Priority: p.Spec.Priority,
		PriorityClassName: p.Spec.PriorityClassName, QOSClass: string(p.Status.QOSClass), Phase: string(p.Status.Phase),
	}
	if source, ok := p.Annotations["kubernetes.io/config.source"]; ok {
		pod.ConfigSource = &source
	}
	_, pod.Mirror = p.Annotations["kubernetes.io/config.mirror"]
	if p.Spec.Resources != nil {
		pod.Resources = &limits.Resources{Requests: listOf(p.Spec.Resources.Requests), Limits: listOf(p.Spec.Resources.Limits)}
	}
	add := func(list []v1.Container, t limits.ContainerType) {
		for _, c := range list {
			one := limits.Container{Name: c.Name, Type: t, Resources: limits.Resources{Requests: listOf(c.Resources.Requests), Limits: listOf(c.Resources.Limits)}}
			if c.RestartPolicy != nil && *c.RestartPolicy == v1.ContainerRestartPolicyAlways {
				one.Type = limits.Sidecar
			}
			pod.Containers = append(pod.Containers, one)
		}
	}
	add(p.Spec.InitContainers, limits.Init)
	add(p.Spec.Containers, limits.App)
	if a := p.Spec.Affinity; a != nil && a.NodeAffinity != nil && a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil {
		pod.HasNodeAffinity = true
		for _, term := range a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
			pod.NodeAffinity = append(pod.NodeAffinity, limits.NodeSelectorTerm{
				MatchExpressions: requirementsOf(term.MatchExpressions), MatchFields: requirementsOf(term.MatchFields),
			})
		}
	}
	return &limits.Object{
		Source: limits.Source{File: "generated", Document: 1, Item: -1}, APIVersion: "v1", Kind: "Pod",
		Namespace: p.Namespace, Name: p.Name, Pod: pod,
	}
}

func requirementsOf(from []v1.NodeSelectorRequirement) (to []limits.NodeSelectorRequirement) {
	for _, r := range from {
		to = append(to, limits.NodeSelectorRequirement{Key: r.Key, Operator: string(r.Operator), Values: r.Values})
	}
	return to
}

func listOf(from v1.ResourceList) (to limits.ResourceList) {
	for name, theirs := range from {
		quantity, err := bytesize.ParseQuantity(theirs.String())
		if err != nil {
			panic(err) // what Kubernetes prints can always be parsed
		}
		if name == v1.ResourceCPU || name == v1.ResourceMemory || strings.HasPrefix(string(name), v1.ResourceHugePagesPrefix) {
			to = append(to, limits.ResourceAmount{Name: string(name), Quantity: quantity})
		}
	}
	return to
}

func rangeOf(r *v1.LimitRange) *limits.Object {
	to := &limits.LimitRange{}
	for _, item := range r.Spec.Limits {
		to.Items = append(to.Items, limits.LimitRangeItem{
			Default: listOf(item.Default), DefaultRequest: listOf(item.DefaultRequest), Max: listOf(item.Max), Min: listOf(item.Min),
		})
	}
	return &limits.Object{
		Source: limits.Source{File: "generated", Document: 2, Item: -1}, APIVersion: "v1", Kind: "LimitRange",
		Namespace: r.Namespace, Name: r.Name, LimitRange: to,
	}
}
