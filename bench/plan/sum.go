package main

import (
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// sumPodList is the code that a Go program would usually have for this.
func sumPodList(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var pods corev1.PodList
	if err := yaml.Unmarshal(data, &pods); err != nil {
		return err
	}
	var sum int64
	for _, pod := range pods.Items {
		for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
			for _, c := range containers {
				sum += c.Resources.Requests.Memory().Value()
			}
		}
	}
	fmt.Println(sum)
	return nil
}
