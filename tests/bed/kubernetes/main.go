// Command bed runs one throw-away Kubernetes control plane: etcd, kube-apiserver and a few controllers.
//
// It stays the parent of the three for their whole life. That is the point of it: whatever ends this process,
// even SIGKILL, ends them too, and when one of them dies a test never goes on talking to half a cluster.
// up.sh starts it and down.sh stops it; its first argument is the folder for all state. Linux only.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Metadata for every request is what lets a test prove which verbs a client used. RequestReceived is left out
// because it would only write each request twice.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`

// The apiserver refuses a pod as long as its namespace has no "default" ServiceAccount, the kube-root-ca.crt
// ConfigMap is part of every real namespace, a deleted namespace would stay in Terminating for ever, and
// admin, edit and view have no rules until they are aggregated. Workload controllers are off on purpose: with
// them, what a test created would change while it is being scanned.
const controllers = "serviceaccount-controller,serviceaccount-token-controller," +
	"root-ca-certificate-publisher-controller,namespace-controller,clusterrole-aggregation-controller"

// Sockets in the state folder, not ports: etcd has no password here, and a port is open to every user of the
// machine. Relative names, because the path of a socket is limited to 107 bytes; etcd wants them as host:port.
const (
	etcdSocket = "etcd.sock:0"
	peerSocket = "peer.sock:0"
)

const startLimit = 90 * time.Second

func main() {
	log.SetFlags(log.Ltime | log.Lmicroseconds)
	// Pdeathsig below fires when the starting *thread* ends, so that thread has to be one that never does.
	runtime.LockOSThread()
	if len(os.Args) != 2 {
		log.Fatal("usage: bed DIR")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatalf("failed: %v", err)
	}
}

type bed struct {
	dir, bin string
	children []*child
}

func run(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	b := &bed{dir: dir, bin: filepath.Dir(self)}
	lifetime, err := time.ParseDuration(env("SPM_BED_LIFETIME", "4h"))
	if err != nil {
		return fmt.Errorf("SPM_BED_LIFETIME: %w", err)
	}
	ownerGone, err := watchOwner(os.Getenv("SPM_BED_OWNER_PID"))
	if err != nil {
		return err
	}

	// Held as long as this process lives, so down.sh can tell a bed that runs from one that crashed, and
	// knows that the number in pids is still ours. Children don't inherit it: Go opens with O_CLOEXEC.
	lock, err := os.OpenFile(b.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("a bed is already running in %s", dir)
	}

	// SIGPIPE is what the last step of a start meets when up.sh has been killed: then nobody wants this bed.
	stop, cancel := signal.NotifyContext(context.Background(),
		syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGPIPE)
	defer cancel()
	defer b.stopAll()

	started := time.Now()
	if err := b.start(stop); err != nil {
		return err
	}
	log.Printf("ready after %.1f s", time.Since(started).Seconds())

	died := make(chan *child, len(b.children))
	for _, c := range b.children {
		go func() { <-c.done; died <- c }()
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	end := time.After(lifetime)
	for {
		select {
		case <-stop.Done():
			log.Print("told to stop")
			return nil
		case c := <-died:
			return b.ended(c)
		case <-end:
			log.Printf("stopping: SPM_BED_LIFETIME (%s) is over", lifetime)
			return nil
		case <-tick.C:
			// A test that is killed, or that removes its temporary folder first, never gets to down.sh.
			if ownerGone() {
				log.Print("stopping: SPM_BED_OWNER_PID has ended")
				return nil
			}
			if _, err := os.Stat(b.path("lock")); errors.Is(err, os.ErrNotExist) {
				return nil
			}
		}
	}
}

func (b *bed) start(stop context.Context) error {
	ctx, cancel := context.WithTimeout(stop, startLimit)
	defer cancel()

	// Every bed is a new cluster.
	for _, name := range []string{"run", "logs", "audit.log", "admin.kubeconfig", "pids"} {
		if err := os.RemoveAll(b.path(name)); err != nil {
			return err
		}
	}
	for _, name := range []string{"run/pki", "logs"} {
		if err := os.MkdirAll(b.path(name), 0o700); err != nil {
			return err
		}
	}
	if err := os.WriteFile(b.path("pids"), fmt.Appendf(nil, "bed %d\n", os.Getpid()), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(b.path("run/audit-policy.yaml"), []byte(auditPolicy), 0o600); err != nil {
		return err
	}
	pki, err := newPKI(b.path("run/pki"))
	if err != nil {
		return err
	}

	if err := b.startEtcd(ctx); err != nil {
		return err
	}
	client, err := b.startAPIServer(ctx, pki)
	if err != nil {
		return err
	}
	err = b.spawn("kube-controller-manager",
		"--kubeconfig=controller-manager.kubeconfig",
		"--controllers="+strings.TrimSuffix(controllers+","+os.Getenv("SPM_BED_CONTROLLERS"), ","),
		"--leader-elect=false",
		"--secure-port=0", // nothing needs to reach it
		"--service-account-private-key-file=pki/sa.key",
		"--root-ca-file=pki/ca.crt",
	)
	if err != nil {
		return err
	}
	// The controllers' first work done: from here on a pod can be made in "default", and the roles are whole.
	for _, probe := range []struct{ path, want string }{
		{"/api/v1/namespaces/default/serviceaccounts/default", ""},
		{"/api/v1/namespaces/default/configmaps/kube-root-ca.crt", ""},
		{"/apis/rbac.authorization.k8s.io/v1/clusterroles/admin", `"verbs"`},
		{"/apis/rbac.authorization.k8s.io/v1/clusterroles/edit", `"verbs"`},
		{"/apis/rbac.authorization.k8s.io/v1/clusterroles/view", `"verbs"`},
	} {
		if err := b.poll(ctx, client.has(ctx, probe.path, probe.want)); err != nil {
			return err
		}
	}

	// up.sh reads this to its end, so closing it is what says that the bed is ready.
	_, err = fmt.Printf("KUBECONFIG=%s\nKUBECTL=%s\nAUDIT_LOG=%s\n",
		b.path("admin.kubeconfig"), filepath.Join(b.bin, "kubectl"), b.path("audit.log"))
	return errors.Join(err, os.Stdout.Close())
}

func (b *bed) startEtcd(ctx context.Context) error {
	err := b.spawn("etcd",
		"--data-dir=etcd",
		"--listen-client-urls=unix://"+etcdSocket, "--advertise-client-urls=unix://"+etcdSocket,
		"--listen-peer-urls=unix://"+peerSocket, "--initial-advertise-peer-urls=unix://"+peerSocket,
		"--initial-cluster=default=unix://"+peerSocket,
		"--unsafe-no-fsync", // the data need not outlive a crash, and fsync is most of etcd's start-up time
		"--quota-backend-bytes=268435456",
		"--log-level=warn",
	)
	if err != nil {
		return err
	}
	return b.poll(ctx, func() bool {
		_, err := os.Stat(b.path("run/" + etcdSocket))
		return err == nil
	})
}

func (b *bed) startAPIServer(ctx context.Context, pki *pki) (*client, error) {
	for attempt := 1; ; attempt++ {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		server := fmt.Sprintf("https://127.0.0.1:%d", port)
		if err := pki.kubeconfig(b.path("admin.kubeconfig"), server, "spm-bed-admin"); err != nil {
			return nil, err
		}
		// Its own name, so that a test can tell the controllers' requests in the audit log from its own.
		if err := pki.kubeconfig(b.path("run/controller-manager.kubeconfig"), server, "system:kube-controller-manager"); err != nil {
			return nil, err
		}
		err = b.spawn("kube-apiserver",
			"--bind-address=127.0.0.1", "--secure-port="+strconv.Itoa(port),
			// Left out, it would be this machine's own address. Loopback is not allowed here; this one is
			// from the range kept for documentation, and nothing ever connects to it.
			"--advertise-address=192.0.2.1",
			"--etcd-servers=unix://"+etcdSocket,
			"--tls-cert-file=pki/server.crt", "--tls-private-key-file=pki/server.key",
			"--client-ca-file=pki/ca.crt",
			"--authorization-mode=Node,RBAC",
			"--enable-admission-plugins=NodeRestriction",
			"--allow-privileged=true", // as kubeadm does: without it a privileged pod can't even be created
			"--service-cluster-ip-range=10.96.0.0/16",
			"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
			"--service-account-key-file=pki/sa.pub",
			"--service-account-signing-key-file=pki/sa.key",
			"--audit-policy-file=audit-policy.yaml",
			"--audit-log-path="+b.path("audit.log"),
			"--audit-log-maxsize=1000", // megabytes: a rotation would move lines away from under a test
		)
		if err != nil {
			return nil, err
		}
		client, err := pki.client(server)
		if err != nil {
			return nil, err
		}
		err = b.poll(ctx, client.has(ctx, "/readyz", ""))
		if err == nil {
			return client, nil
		}
		// Between choosing the port and binding it, someone else may have taken it.
		text, _ := os.ReadFile(b.path("logs/kube-apiserver.log"))
		if ctx.Err() != nil || attempt == 3 || !strings.Contains(string(text), "address already in use") {
			return nil, err
		}
		log.Printf("port %d was taken meanwhile, trying another", port)
		b.children = b.children[:len(b.children)-1]
	}
}

// freePort stays out of the range that the kernel hands to outgoing connections: such a connection, even the
// apiserver's own first one, could take the port before the apiserver has bound it.
func freePort() (int, error) {
	for range 200 {
		port := 20000 + rand.IntN(12000)
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no free port on 127.0.0.1 between 20000 and 32000")
}

type child struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}
	err  error // set before done is closed
}

func (c *child) hasEnded() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (b *bed) spawn(name string, args ...string) error {
	out, err := os.Create(b.path("logs/" + name + ".log"))
	if err != nil {
		return err
	}
	defer out.Close()
	c := &child{name: name, cmd: exec.Command(filepath.Join(b.bin, name), args...), done: make(chan struct{})}
	c.cmd.Dir = b.path("run")
	c.cmd.Stdout, c.cmd.Stderr = out, out
	// Nothing of the caller's: etcd reads ETCD_* as flags, and a proxy or a KUBECONFIG has no business here.
	c.cmd.Env = []string{"HOME=" + b.path("run"), "TMPDIR=" + b.path("run"), "PATH=/usr/bin:/bin"}
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	b.children = append(b.children, c)
	go func() { c.err = c.cmd.Wait(); close(c.done) }()

	pids, err := os.OpenFile(b.path("pids"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer pids.Close()
	_, err = fmt.Fprintf(pids, "%s %d\n", name, c.cmd.Process.Pid)
	return err
}

// stopAll ends the last started first, so that none logs errors about one that it needs. Once one has ended by
// itself there is no order to keep: an apiserver without etcd would only use up its time to end.
func (b *bed) stopAll() {
	grace := 5 * time.Second
	for _, c := range b.children {
		if c.hasEnded() {
			grace = 0
		}
	}
	for i := len(b.children) - 1; i >= 0; i-- {
		c := b.children[i]
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-c.done:
		case <-time.After(grace):
			_ = c.cmd.Process.Kill()
			<-c.done
		}
	}
	// Keys and data go, logs stay for a look after a failed test.
	for _, name := range []string{"run", "admin.kubeconfig", "pids"} {
		_ = os.RemoveAll(b.path(name))
	}
}

// ended makes the error of a server that is gone, with its last words.
func (b *bed) ended(c *child) error {
	text, _ := os.ReadFile(b.path("logs/" + c.name + ".log"))
	if len(text) > 3000 {
		text = text[len(text)-3000:]
	}
	return fmt.Errorf("%s ended: %v; the end of its log:\n%s", c.name, c.err, text)
}

// poll waits until ok, but not for a server that has ended.
func (b *bed) poll(ctx context.Context, ok func() bool) error {
	for !ok() {
		for _, c := range b.children {
			if c.hasEnded() {
				return b.ended(c)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", b.children[len(b.children)-1].name, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

func watchOwner(pid string) (gone func() bool, err error) {
	if pid == "" {
		return func() bool { return false }, nil
	}
	n, err := strconv.Atoi(pid)
	if err != nil || n <= 1 {
		return nil, fmt.Errorf("SPM_BED_OWNER_PID is not a process: %q", pid)
	}
	// A handle, not the number: once the owner has ended, its number may be given to another process.
	p, err := os.FindProcess(n)
	if err != nil {
		return nil, err
	}
	gone = func() bool { return p.Signal(syscall.Signal(0)) != nil }
	if gone() {
		return nil, fmt.Errorf("SPM_BED_OWNER_PID has already ended: %s", pid)
	}
	return gone, nil
}

func (b *bed) path(name string) string { return filepath.Join(b.dir, name) }

func env(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}
