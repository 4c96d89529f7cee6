//! `spm collect node` and what a scan makes of it: prepared roots of each distribution, good, bad, missing, unreadable and
//! hostile; and no secret anywhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::iter_over_hash_type,
    reason = "a test that cannot go on has failed"
)]
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use common::{Scan, run, spm};
use serde_json::Value as Json;

const SECRET: &str = "s3cr3tvalue";

struct Root(tempfile::TempDir);

impl Root {
    fn new() -> Root {
        Root(tempfile::tempdir().unwrap())
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn file(self, path: &str, mode: u32, content: impl AsRef<[u8]>) -> Root {
        let full = self.path(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(&full, content).unwrap();
        fs::set_permissions(full, fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    fn process(self, pid: u32, argv: &[&str], env: &[&str]) -> Root {
        self.file(&format!("proc/{pid}/cmdline"), 0o444, argv.join("\0") + "\0")
            .file(&format!("proc/{pid}/environ"), 0o400, env.join("\0") + "\0")
            .file(&format!("proc/{pid}/cgroup"), 0o444, "0::/system.slice/x.service\n")
    }

    fn link(self, path: &str, target: &str) -> Root {
        let full = self.path(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        symlink(target, full).unwrap();
        self
    }

    /// Collects to a file; gives the document.
    fn collect(&self, name: &str, to: &Path) -> Json {
        let file = to.join(format!("{name}.json"));
        run(spm().args(["collect", "node", "--node-name", name, "--root"]).arg(self.0.path()).arg("-o").arg(&file), 0);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        serde_json::from_slice(&fs::read(&file).unwrap()).unwrap()
    }
}

/// A kubelet's configuration and its kubeconfig, where a distribution has them, with these modes.
fn profile(distribution: &str, mode: u32) -> Root {
    let kubelet = "kind: KubeletConfiguration\nreadOnlyPort: 0\n";
    let kubeconfig = format!("kind: Config\nusers: [{{name: u, user: {{token: {SECRET}}}}}]\n");
    let root = Root::new().file("etc/os-release", 0o644, "ID=linux\n");
    let (argv, config, login): (&[&str], &str, &str) = match distribution {
        "kubeadm" => (&["/usr/bin/kubelet"], "var/lib/kubelet/config.yaml", "etc/kubernetes/kubelet.conf"),
        "eks" => (
            &[
                "/usr/bin/kubelet",
                "--config=/etc/kubernetes/kubelet/config.json",
                "--kubeconfig=/var/lib/kubelet/kubeconfig",
            ],
            "etc/kubernetes/kubelet/config.json",
            "var/lib/kubelet/kubeconfig",
        ),
        "aks" => (
            &[
                "/usr/local/bin/kubelet",
                "--config=/etc/default/kubeletconfig.json",
                "--kubeconfig=/var/lib/kubelet/kubeconfig",
            ],
            "etc/default/kubeletconfig.json",
            "var/lib/kubelet/kubeconfig",
        ),
        "rke2" => (
            &["kubelet", "--config=/var/lib/rancher/rke2/agent/etc/kubelet.yaml"],
            "var/lib/rancher/rke2/agent/etc/kubelet.yaml",
            "var/lib/rancher/rke2/agent/kubelet.kubeconfig",
        ),
        _ => (
            &["/usr/local/bin/k3s", "agent"],
            "var/lib/rancher/k3s/agent/etc/kubelet.conf.d/00-k3s.conf",
            "var/lib/rancher/k3s/agent/kubelet.kubeconfig",
        ),
    };
    root.process(10, argv, &[&format!("TOKEN={SECRET}")]).file(config, mode, kubelet).file(login, mode, kubeconfig)
}

/// Results of the checks of file modes on one node: `4.1.5` is about the kubeconfig of the kubelet, `4.1.9` about its
/// configuration.
fn scan(facts: &Path) -> Scan {
    let mut command = spm();
    command.args(["scan", "--no-store", "--standard", "cis@1.12.0", "--from"]).arg(facts);
    Scan::of(&mut command, &[])
}

#[test]
fn modes_of_every_distribution_are_judged() {
    let dir = tempfile::tempdir().unwrap();
    for distribution in ["kubeadm", "eks", "aks", "rke2", "k3s"] {
        for (mode, result) in [(0o600, "passed"), (0o644, "failed")] {
            let name = format!("{distribution}-{mode:o}");
            profile(distribution, mode).collect(&name, dir.path());
            let rules = scan(&dir.path().join(format!("{name}.json"))).rules("cis-kubernetes-1.12.0");
            assert_eq!(rules["4.1.5"], result, "kubeconfig of {name}");
            if distribution != "k3s" {
                assert_eq!(rules["4.1.9"], result, "configuration of {name}");
            }
        }
    }
}

#[test]
fn what_is_missing_or_unreadable_never_passes() {
    let dir = tempfile::tempdir().unwrap();
    // Nothing at all: no processes either.
    Root::new().file("etc/hostname", 0o644, "empty\n").collect("empty", dir.path());
    // A loop and a link out of the root, where the files should be.
    let hostile = Root::new()
        .process(10, &["/usr/bin/kubelet"], &[])
        .link("etc/kubernetes/kubelet.conf", "/etc/kubernetes/kubelet.conf")
        .link("var/lib/kubelet/config.yaml", "../../../../../../../../etc/shadow");
    let facts = hostile.collect("hostile", dir.path());
    assert!(!facts.to_string().contains("$6$") && !facts.to_string().contains("daemon:*"), "{facts}");
    for name in ["empty", "hostile"] {
        let rules = scan(&dir.path().join(format!("{name}.json"))).rules("cis-kubernetes-1.12.0");
        let node: Vec<_> = rules.iter().filter(|(id, _)| id.starts_with("4.1.")).collect();
        assert!(node.iter().all(|(_, result)| *result != "failed"), "{name}: {node:?}");
        assert_ne!(rules["4.1.5"], "passed", "{name}");
        assert_ne!(rules["4.1.9"], "passed", "{name}");
    }
}

#[test]
fn what_cannot_work_is_said_and_the_manifest_names_the_image() {
    let (_, words) = run(spm().args(["collect", "node", "--root", "/no/such/root"]), 2);
    assert!(words.contains("/no/such/root: not a directory"), "{words}");
    let (manifest, _) = run(spm().args(["collect", "node", "--print-daemonset", "--node-image", "r.example/spm:1"]), 0);
    assert!(manifest.contains("image: r.example/spm:1") && !manifest.contains("hostPID"), "{manifest}");
    let (_, words) = run(spm().args(["collect", "node", "--print-daemonset"]), 2);
    assert!(words.contains("--node-image"), "{words}");
}

#[test]
fn no_secret_of_a_node_comes_out_anywhere() {
    let encryption = format!(
        "kind: EncryptionConfiguration\nresources: [{{resources: [secrets], providers: [{{aescbc: {{keys: [{{name: k, secret: {SECRET}}}]}}}}]}}]"
    );
    let pod = format!(
        "kind: Pod\nmetadata: {{name: kube-apiserver, namespace: kube-system}}\nspec: {{containers: [{{name: kube-apiserver, command: [kube-apiserver, --profiling=true, '--etcd-password={SECRET}'], env: [{{name: PASSWORD, value: {SECRET}}}]}}]}}"
    );
    let root = profile("kubeadm", 0o644)
        .process(
            20,
            &["kube-apiserver", "--encryption-provider-config=/etc/enc.yaml", "--token-auth-file=/etc/tokens.csv"],
            &[&format!("ETCD_PASSWORD={SECRET}"), &format!("DB_PASSWORD={SECRET}")],
        )
        .process(21, &["/usr/local/bin/k3s", "server", &format!("--token={SECRET}"), "--agent-token", SECRET], &[])
        .file("etc/enc.yaml", 0o600, encryption)
        .file("etc/tokens.csv", 0o600, format!("{SECRET},user,uid\n"))
        .file("etc/kubernetes/manifests/kube-apiserver.yaml", 0o600, pod)
        .file("etc/kubernetes/azure.json", 0o600, format!("{{\"aadClientSecret\": \"{SECRET}\"}}"))
        .file("etc/rancher/k3s/config.yaml", 0o600, format!("token: {SECRET}\nprofiling: true\n"))
        .file("etc/kubernetes/pki/apiserver.key", 0o600, format!("-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n"));
    let dir = tempfile::tempdir().unwrap();
    let facts = root.collect("n", dir.path());
    assert!(facts.to_string().contains("aescbc") && facts.to_string().contains("--profiling=true"), "{facts}");
    let file = dir.path().join("n.json");
    let snapshot = dir.path().join("saved.zst");
    for format in ["table", "json", "csv", "sarif", "html", "markdown", "junit"] {
        let mut command = spm();
        command.args(["scan", "-vvv", "--no-store", "--view", "complete", "--format", format, "--save"]).arg(&snapshot);
        let (page, words) = run(command.arg("--from").arg(&file), 0);
        assert!(!page.contains(SECRET) && !words.contains(SECRET), "{format}");
    }
    let saved = zstd::decode_all(fs::File::open(&snapshot).unwrap()).unwrap();
    assert!(saved.len() > 1000 && !String::from_utf8_lossy(&saved).contains(SECRET));
    assert!(!fs::read_to_string(&file).unwrap().contains(SECRET));
}
