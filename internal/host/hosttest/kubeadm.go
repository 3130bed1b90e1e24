package hosttest

// Kubeadm makes a node that systemd runs one that kubeadm has made on Debian: a
// kubelet of this version ("v1.34.1") that runs as kubelet.service and reads
// /var/lib/kubelet/config.yaml.
func Kubeadm(version string) Option {
	return func(n *Node) {
		n.Systemd()
		Txtar([]byte(kubeadmFiles))(n)
		n.SetProgram("/usr/bin/kubelet", func([]string) (string, error) { return "Kubernetes " + version + "\n", nil })
		n.StartUnit("kubelet.service")
	}
}

// kubeadmFiles are those of the packages of Kubernetes 1.34 and of a kubeadm join.
const kubeadmFiles = `
-- /usr/lib/systemd/system/kubelet.service --
[Unit]
Description=kubelet: The Kubernetes Node Agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
-- /usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf --
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
-- /var/lib/kubelet/kubeadm-flags.env --
KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///run/containerd/containerd.sock --pod-infra-container-image=registry.k8s.io/pause:3.10"
-- /etc/default/kubelet --
KUBELET_EXTRA_ARGS=
-- /etc/kubernetes/manifests/ --
-- /var/lib/kubelet/config.yaml --
apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
# what an administrator noted
cgroupDriver: systemd
kind: KubeletConfiguration
staticPodPath: /etc/kubernetes/manifests
`
