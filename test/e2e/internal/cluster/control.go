package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/swapctl/swapctl/test/e2e/internal/machine"
)

// token is what machines join with.
const token = "swapct.0123456789abcdef"

// configuration is kubeadm's. Nodes read it too, so that the directory of the certificates is theirs in the copy that
// is uploaded.
const configuration = `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: VERSION
controlPlaneEndpoint: GATEWAY:6443
certificatesDir: PKI
encryptionAlgorithm: ECDSA-P256
networking:
  serviceSubnet: 10.96.0.0/16
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint:
  advertiseAddress: GATEWAY
bootstrapTokens:
- token: TOKEN
  ttl: 0s
`

// controlPlane makes the certificates, starts the programs, and prepares the cluster for kubeadm join.
func (c *Cluster) controlPlane(ctx context.Context) error {
	version, err := c.output(ctx, "kubeadm", "version", "--output=short")
	if err != nil {
		return err
	}
	for file, pki := range map[string]string{"kubeadm.yaml": c.path("pki"), "upload.yaml": "/etc/kubernetes/pki"} {
		text := strings.NewReplacer("VERSION", strings.TrimSpace(version), "GATEWAY", machine.GatewayAddress,
			"PKI", pki, "TOKEN", token).Replace(configuration)
		if err := os.WriteFile(c.path(file), []byte(text), 0o600); err != nil {
			return err
		}
	}
	here := "--config=" + c.path("kubeadm.yaml")
	if _, err := c.output(ctx, "kubeadm", "init", "phase", "certs", "all", here); err != nil {
		return err
	}
	for _, name := range []string{"super-admin", "controller-manager", "scheduler"} {
		if _, err := c.output(ctx, "kubeadm", "init", "phase", "kubeconfig", name, here, "--kubeconfig-dir="+c.dir); err != nil {
			return err
		}
	}
	if err := c.daemons(c.etcdAndServer()); err != nil {
		return err
	}
	if err := c.answers(ctx); err != nil {
		return err
	}
	// The controller manager ends when no API server answers.
	if err := c.daemons(c.controllers()); err != nil {
		return err
	}
	for _, phase := range [][]string{{"upload-config", "all"}, {"bootstrap-token"}} {
		args := append([]string{"init", "phase"}, phase...)
		args = append(args, "--config="+c.path("upload.yaml"), "--kubeconfig="+c.path("super-admin.conf"))
		if _, err := c.output(ctx, "kubeadm", args...); err != nil {
			return err
		}
	}
	return nil
}

// etcdAndServer are the command lines of what all others talk to. As with the others it is what kubeadm's static pods have,
// without what only several control planes, or a cluster that is to live on, need.
func (c *Cluster) etcdAndServer() [][]string {
	pki := c.path("pki")
	return [][]string{
		{"etcd", "--data-dir=" + c.path("etcd"), "--unsafe-no-fsync", "--log-level=warn"},
		{
			"kube-apiserver", "--advertise-address=" + machine.GatewayAddress, "--etcd-servers=http://127.0.0.1:2379",
			"--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=Node,RBAC",
			"--enable-admission-plugins=NodeRestriction", "--enable-bootstrap-token-auth=true", "--allow-privileged=true",
			"--client-ca-file=" + pki + "/ca.crt",
			"--tls-cert-file=" + pki + "/apiserver.crt", "--tls-private-key-file=" + pki + "/apiserver.key",
			"--kubelet-client-certificate=" + pki + "/apiserver-kubelet-client.crt",
			"--kubelet-client-key=" + pki + "/apiserver-kubelet-client.key",
			"--kubelet-preferred-address-types=InternalIP",
			"--service-account-issuer=https://kubernetes.default.svc",
			"--service-account-key-file=" + pki + "/sa.pub", "--service-account-signing-key-file=" + pki + "/sa.key",
		},
	}
}

// controllers are the command lines of the controller manager and the scheduler.
func (c *Cluster) controllers() [][]string {
	pki := c.path("pki")
	own := func(name string) []string {
		conf := c.path(name + ".conf")
		return []string{"kube-" + name, "--kubeconfig=" + conf, "--authentication-kubeconfig=" + conf,
			"--authorization-kubeconfig=" + conf, "--leader-elect=false", "--bind-address=127.0.0.1"}
	}
	return [][]string{
		append(own("controller-manager"), "--controllers=*,bootstrapsigner,tokencleaner",
			"--use-service-account-credentials=true", "--root-ca-file="+pki+"/ca.crt",
			"--client-ca-file="+pki+"/ca.crt",
			"--cluster-signing-cert-file="+pki+"/ca.crt", "--cluster-signing-key-file="+pki+"/ca.key",
			"--service-account-private-key-file="+pki+"/sa.key"),
		own("scheduler"),
	}
}

// daemons starts programs.
func (c *Cluster) daemons(all [][]string) error {
	for _, program := range all {
		if err := c.daemon(program); err != nil {
			return err
		}
	}
	return nil
}

// daemon starts a program that runs until the end of the cluster.
func (c *Cluster) daemon(args []string) error {
	log, err := os.Create(c.path(args[0] + ".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(c.options.Programs, args[0]), args[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, c.dir
	kill, err := c.network.Start(cmd)
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	c.kill = append(c.kill, kill)
	return nil
}

// answers waits until the API server is ready.
func (c *Cluster) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		_, err := c.Kubectl(ctx, "get", "--raw=/readyz")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err, errors.New(c.Logs()))
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// output runs one of the programs of Kubernetes to its end.
func (c *Cluster) output(ctx context.Context, name string, args ...string) (string, error) {
	var output, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(c.options.Programs, name), args...)
	cmd.Stdout, cmd.Stderr = &output, &errs
	if err := c.Run(cmd); err != nil {
		return "", fmt.Errorf("%s %v: %w\n%s", name, args, err, errs.String())
	}
	return output.String(), nil
}
