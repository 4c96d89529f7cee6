//! Collection from trees that look like nodes, friendly and hostile ones.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::{Value, json};

use super::*;

const CA: &str = include_str!("../../../fixtures/node/ca.crt");
const KUBELET: &str = include_str!("../../../fixtures/node/kubelet.crt");
/// Planted wherever a secret may stand.
const SECRET: &str = "s3cr3tvalue";

struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Tree {
        Tree(tempfile::tempdir().unwrap())
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    fn file(&self, path: &str, content: impl AsRef<[u8]>) -> &Tree {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    fn mode(&self, path: &str, mode: u32) -> &Tree {
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    fn link(&self, path: &str, target: &str) -> &Tree {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
        self
    }

    fn process(&self, pid: u32, program: &str, argv: &[&str], cgroup: &str, env: &[&str]) -> &Tree {
        self.file(&format!("proc/{pid}/cmdline"), argv.join("\0") + "\0")
            .file(&format!("proc/{pid}/environ"), env.join("\0") + "\0")
            .file(&format!("proc/{pid}/cgroup"), format!("0::{cgroup}\n"))
            .file(&format!("proc/{pid}/status"), "Name:\tx\nPPid:\t1\nUid:\t0\t0\t0\t0\n")
            .link(&format!("proc/{pid}/exe"), program)
    }

    fn collect(&self) -> Value {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let options = NodeOptions { root: self.0.path().to_owned(), ..NodeOptions::new(now) };
        serde_json::to_value(collect(&options)).unwrap()
    }
}

const STATIC: &str = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0123456789abcdef0123456789abcdef.slice/cri-containerd-1.scope";
const NESTED: &str = "/kubepods.slice/kubepods-pod11111111_2222_3333_4444_555555555555.slice/cri-containerd-2.scope";

/// A control-plane node made by kubeadm, with a secret in every place that holds one.
fn kubeadm() -> Tree {
    let tree = Tree::new();
    tree.file("etc/passwd", "root:x:0:0::/root:/bin/sh\netcd:x:994:994::/:/sbin/nologin\n")
        .file("etc/group", "root:x:0:\netcd:x:994:\n")
        .file("etc/hostname", "host-0\n")
        .file("etc/machine-id", "aaaabbbb\n")
        .file("etc/os-release", "ID=ubuntu\nVERSION_ID=\"24.04\"\nPRETTY_NAME=\"Ubuntu 24.04\"\n")
        .file("proc/1/comm", "systemd\n")
        .file("proc/1/net/tcp", "  sl\n   0: 00000000:0016 00000000:0000 0A 0\n")
        .file("proc/sys/kernel/panic", "10\n")
        .process(
            10,
            "/usr/local/bin/kube-apiserver",
            &[
                "kube-apiserver",
                "--anonymous-auth=false",
                "--encryption-provider-config=/etc/kubernetes/enc/enc.yaml",
                "--audit-policy-file=/etc/kubernetes/audit.yaml",
                "--admission-control-config-file=/etc/kubernetes/admission.yaml",
                "--authorization-config=/etc/kubernetes/authz.yaml",
                "--authentication-config=/etc/kubernetes/authn.yaml",
                "--client-ca-file=/etc/kubernetes/pki/ca.crt",
                &format!("--etcd-servers=https://u:{SECRET}@127.0.0.1:2379"),
                "--token-auth-file=/etc/kubernetes/tokens.csv",
            ],
            STATIC,
            &[&format!("HTTPS_PROXY=http://u:{SECRET}@proxy"), &format!("PASSWORD={SECRET}")],
        )
        .process(
            11,
            "/usr/local/bin/etcd",
            &["etcd", "--trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt"],
            STATIC,
            &[
                "ETCD_DATA_DIR=/var/lib/etcd",
                &format!("ETCD_INITIAL_CLUSTER_TOKEN={SECRET}"),
                &format!("ETCD_X_PASSWORD={SECRET}"),
            ],
        )
        .process(
            12,
            "/usr/bin/kubelet",
            &[
                "/usr/bin/kubelet",
                "--config=/var/lib/kubelet/config.yaml",
                "--kubeconfig=/etc/kubernetes/kubelet.conf",
                "--config-dir=/etc/kubernetes/kubelet.d",
            ],
            "/system.slice/kubelet.service",
            &[&format!("KUBELET_EXTRA_ARGS=--token={SECRET}")],
        )
        .process(13, "/usr/local/bin/kube-apiserver", &["kube-apiserver", "--anonymous-auth=true"], NESTED, &[])
        .process(
            14,
            "/usr/local/bin/kube-proxy",
            &["kube-proxy", "--config=/var/lib/kube-proxy/config.conf"],
            "/kubepods/pod99999999-2222-3333-4444-555555555555/c",
            &[],
        )
        .process(15, "/usr/bin/bash", &["kubelet", &format!("--token={SECRET}")], "/user.slice", &[]);
    fs::create_dir_all(tree.path("var/log/pods/kube-system_kube-proxy-x_99999999-2222-3333-4444-555555555555"))
        .unwrap();
    tree.file("proc/14/root/var/lib/kube-proxy/config.conf", format!("kind: KubeProxyConfiguration\nmode: ipvs\nclientConnection: {{kubeconfig: /var/lib/kube-proxy/kubeconfig.conf, token: {SECRET}}}"))
        .file(
            "etc/kubernetes/manifests/kube-apiserver.yaml",
            format!("kind: Pod\nmetadata: {{name: kube-apiserver, annotations: {{x: {SECRET}}}}}\nspec: {{containers: [{{name: kube-apiserver, image: 'r/kube-apiserver:v1.34.1', command: [kube-apiserver, --token={SECRET}], env: [{{name: E, value: {SECRET}}}]}}]}}"),
        )
        .mode("etc/kubernetes/manifests/kube-apiserver.yaml", 0o640)
        .file("etc/kubernetes/manifests/etcd.yaml", "kind: Pod\nspec: {containers: [{name: etcd, image: 'etcd:3.5.16-0', command: [etcd]}]}")
        .file("etc/kubernetes/enc/enc.yaml", format!("kind: EncryptionConfiguration\nresources: [{{resources: [secrets], providers: [{{aescbc: {{keys: [{{name: k, secret: {SECRET}}}]}}}}]}}]"))
        .file("etc/kubernetes/audit.yaml", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]")
        .file("etc/kubernetes/admission.yaml", format!("kind: AdmissionConfiguration\nplugins: [{{name: PodSecurity, path: pss.yaml}}, {{name: X, path: ../x.yaml, configuration: {{a: {SECRET}}}}}]"))
        .file("etc/kubernetes/pss.yaml", "kind: PodSecurityConfiguration\ndefaults: {enforce: baseline}")
        .file("etc/x.yaml", format!("kind: X\nx: {SECRET}"))
        .file("etc/kubernetes/authz.yaml", format!("kind: AuthorizationConfiguration\nauthorizers: [{{type: Node}}, {{type: RBAC}}, {{type: Webhook, webhook: {{connectionInfo: {{type: {SECRET}}}}}}}]"))
        .file("etc/kubernetes/authn.yaml", format!("kind: AuthenticationConfiguration\nanonymous: {{enabled: false}}\njwt: [{{issuer: {{url: 'https://u:{SECRET}@h'}}, x: {SECRET}}}]"))
        .file("etc/kubernetes/tokens.csv", format!("{SECRET},admin,1"))
        .file("var/lib/kubelet/config.yaml", format!("kind: KubeletConfiguration\nauthentication: {{anonymous: {{enabled: false}}, x509: {{clientCAFile: /etc/kubernetes/pki/ca.crt}}}}\nstaticPodPath: /etc/kubernetes/manifests\nstaticPodURLHeader: {{Authorization: ['Bearer {SECRET}']}}"))
        .mode("var/lib/kubelet/config.yaml", 0o644)
        .file("etc/kubernetes/kubelet.d/20-b.conf", "kind: KubeletConfiguration\nmaxPods: 50")
        .file("etc/kubernetes/kubelet.d/sub/10-a.conf", "maxPods: 60")
        .file("var/lib/kubelet/kubeadm-flags.env", "KUBELET_KUBEADM_ARGS=\"--v=2\"\n")
        .file("var/lib/kubelet/pki/kubelet-client-2026.pem", format!("{KUBELET}-----BEGIN EC PRIVATE KEY-----\n{SECRET}\n-----END EC PRIVATE KEY-----\n"))
        .link("var/lib/kubelet/pki/kubelet-client-current.pem", "/var/lib/kubelet/pki/kubelet-client-2026.pem")
        .file("etc/kubernetes/pki/ca.crt", CA)
        .file("etc/kubernetes/pki/ca.key", SECRET)
        .mode("etc/kubernetes/pki/ca.key", 0o600)
        .file("etc/kubernetes/pki/etcd/ca.crt", CA)
        .file("var/lib/etcd/member/snap/db", SECRET);
    for name in ["admin", "super-admin", "kubelet", "scheduler", "controller-manager"] {
        tree.file(&format!("etc/kubernetes/{name}.conf"), format!("kind: Config\nclusters: [{{cluster: {{server: 'https://u:{SECRET}@h'}}}}]\nusers: [{{user: {{client-certificate-data: {SECRET}, client-key-data: {SECRET}, token: {SECRET}}}}}]"));
    }
    tree.file("etc/kubernetes/azure.json", format!("{{\"aadClientSecret\": \"{SECRET}\"}}"))
        .file("etc/rancher/k3s/config.yaml", format!("token: {SECRET}\ndatastore-endpoint: 'mysql://u:{SECRET}@h/d'\nkube-apiserver-arg: ['oidc-client-secret={SECRET}']"))
        .file("var/snap/microk8s/current/args/kube-scheduler", format!("--token={SECRET}\n"))
        .file("usr/lib/systemd/system/kubelet.service", "[Service]\nExecStart=/usr/bin/kubelet\n")
        .file("usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf", format!("[Service]\nEnvironment=\"A=--token={SECRET}\"\nEnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\nExecStart=\nExecStart=/usr/bin/kubelet $A $KUBELET_KUBEADM_ARGS\n"))
        .link("etc/systemd/system/multi-user.target.wants/kubelet.service", "/usr/lib/systemd/system/kubelet.service")
        .file("usr/lib/systemd/system/ssh.service", "[Service]\nExecStart=/usr/sbin/sshd -D\n");
    tree
}

fn document<'v>(facts: &'v Value, path: &str) -> &'v Value {
    facts["documents"].as_array().unwrap().iter().find(|document| document["path"] == path).unwrap_or(&Value::Null)
}

#[test]
fn no_secret_leaves_the_node() {
    let tree = kubeadm();
    let text = serde_json::to_string_pretty(&tree.collect()).unwrap();
    let leaks: Vec<&str> = text.lines().filter(|line| line.contains(SECRET)).collect();
    assert_eq!(leaks, Vec::<&str>::new());
    // The secrets really are in the tree: this is not an empty document.
    assert!(text.contains("aescbc") && text.contains("enc.yaml") && text.len() > 10_000, "{}", text.len());
}

#[test]
fn every_drop_in_of_the_kubelet_is_looked_at() {
    let tree = kubeadm();
    for name in ["05-mine.conf", "10-kubeadm.conf", "notes.txt"] {
        tree.file(&format!("etc/systemd/system/kubelet.service.d/{name}"), "[Service]\n");
    }
    let facts = tree.collect();
    let found = facts["files"]["kubelet-service"]["entries"].as_array().unwrap();
    let paths: Vec<&str> = found.iter().map(|entry| entry["path"].as_str().unwrap()).collect();
    // The next candidate is another place for the same file.
    assert_eq!(
        paths,
        ["05-mine.conf", "10-kubeadm.conf"].map(|name| format!("/etc/systemd/system/kubelet.service.d/{name}"))
    );
}

#[test]
fn a_node_made_by_kubeadm() {
    let facts = kubeadm().collect();
    assert_eq!(facts["apiVersion"], "spm.node/v1");
    assert_eq!(facts["kind"], "NodeFacts");
    assert_eq!(facts["metadata"]["name"], "cp-0", "the kubelet's certificate says so");
    assert_eq!(facts["identity"]["state"], "collected", "{}", facts["errors"]);
    assert_eq!(facts["identity"]["machineID"], "aaaabbbb");
    assert_eq!(facts["identity"]["collectedAt"], "2026-01-01T00:00:00Z");
    assert_eq!(facts["sysctl"]["kernel.panic"], "10");

    let processes = facts["processes"].as_array().unwrap();
    let seen: Vec<_> = processes
        .iter()
        .map(|p| (p["pid"].as_u64().unwrap(), p["component"].as_str().unwrap(), p["foreign"].as_bool().unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            (10, "kube-apiserver", false),
            (11, "etcd", false),
            (12, "kubelet", false),
            (13, "kube-apiserver", true),
            (14, "kube-proxy", false)
        ]
    );
    assert_eq!(
        processes[1]["env"],
        json!({"ETCD_DATA_DIR": "/var/lib/etcd", "ETCD_INITIAL_CLUSTER_TOKEN": "(redacted)", "ETCD_X_PASSWORD": "(redacted)"})
    );

    let file = |role: &str| facts["files"][role]["entries"].clone();
    let manifest = &file("apiserver-manifest")[0];
    assert_eq!(
        (&manifest["mode"], &manifest["owner"], &manifest["group"]),
        (&json!("0640"), &json!("root"), &json!("root"))
    );
    assert_eq!(file("kubelet-config")[0]["path"], "/var/lib/kubelet/config.yaml");
    let paths = |role: &str| -> Vec<String> {
        file(role).as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        paths("static-pod-manifests"),
        ["/etc/kubernetes/manifests/etcd.yaml", "/etc/kubernetes/manifests/kube-apiserver.yaml"]
    );
    assert_eq!(paths("admin-kubeconfig"), ["/etc/kubernetes/admin.conf", "/etc/kubernetes/super-admin.conf"]);
    assert_eq!(
        paths("pki"),
        [
            "/etc/kubernetes/pki",
            "/etc/kubernetes/pki/ca.crt",
            "/etc/kubernetes/pki/ca.key",
            "/etc/kubernetes/pki/etcd",
            "/etc/kubernetes/pki/etcd/ca.crt"
        ]
    );
    assert_eq!(paths("pki-keys"), ["/etc/kubernetes/pki/ca.key"]);
    assert_eq!(paths("etcd-data-dir"), ["/var/lib/etcd"]);
    assert_eq!(paths("etcd-data").len(), 4);
    assert_eq!(paths("kubelet-client-ca"), ["/etc/kubernetes/pki/ca.crt"]);
    assert_eq!(paths("kube-proxy-kubeconfig"), Vec::<String>::new(), "the ConfigMap of the pod is no file of the host");
    assert_eq!(facts["files"]["kube-proxy-kubeconfig"]["missing"][0], "/var/lib/kube-proxy/kubeconfig.conf");
    let current = file("kubelet-pki")
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["path"].as_str().unwrap().ends_with("current.pem"))
        .unwrap()
        .clone();
    assert_eq!(current["realPath"], "/var/lib/kubelet/pki/kubelet-client-2026.pem");

    assert_eq!(
        document(&facts, "/etc/kubernetes/enc/enc.yaml")["content"]["resources"][0]["providers"][0]["aescbc"]["keys"]
            [0]["name"],
        "k"
    );
    assert_eq!(
        document(&facts, "/etc/kubernetes/admission.yaml")["content"]["plugins"][0]["configuration"]["defaults"]["enforce"],
        "baseline"
    );
    assert_eq!(document(&facts, "/etc/kubernetes/kubelet.d/sub/10-a.conf")["kind"], "KubeletConfiguration");
    assert_eq!(document(&facts, "/var/lib/kube-proxy/config.conf")["content"]["mode"], "ipvs");

    let certs = facts["certs"].as_array().unwrap();
    let ca = certs.iter().find(|cert| cert["component"] == "kube-apiserver").unwrap();
    assert_eq!((ca["subject"].as_str().unwrap(), ca["ca"].as_bool().unwrap()), ("CN=kubernetes", true));
    assert_eq!(ca["publicKeySha256"].as_str().unwrap().len(), 64);
    assert!(ca["key"].as_str().unwrap().starts_with("EC"), "{}", ca["key"]);
    let admin =
        facts["kubeconfigs"].as_array().unwrap().iter().find(|k| k["path"] == "/etc/kubernetes/admin.conf").unwrap();
    assert_eq!((&admin["embeddedKey"], &admin["users"]), (&json!(true), &json!(["certificate", "token"])));

    let unit =
        |name: &str| facts["units"].as_array().unwrap().iter().find(|unit| unit["name"] == name).unwrap().clone();
    assert_eq!(unit("kubelet")["argv"], json!(["/usr/bin/kubelet", "--token=(redacted)", "--v=2"]));
    assert_eq!((unit("kubelet")["enabled"].clone(), unit("kubelet")["active"].clone()), (json!(true), json!(true)));
    let sshd = unit("sshd");
    assert_eq!(
        (&sshd["installed"], &sshd["enabled"], &sshd["active"]),
        (&json!(true), &json!(false), &json!(true)),
        "port 22 is open"
    );
}

#[test]
fn every_top_level_key_is_known_to_rules() {
    let facts = kubeadm().collect();
    let kind = crate::catalog::kind("NodeFacts").unwrap();
    for key in facts.as_object().unwrap().keys() {
        assert!(kind.fields.contains(&key.as_str()), "{key}");
    }
    for role in FILE_ROLES {
        assert!(facts["files"].get(role.name).is_some(), "{}", role.name);
    }
}

#[test]
fn equal_nodes_give_equal_documents() {
    let tree = kubeadm();
    let mut sorted = tree.collect();
    assert_eq!(sorted, tree.collect());
    sorted["identity"] = Value::Null;
    assert!(
        sorted["files"]["pki"]["entries"].as_array().unwrap().is_sorted_by_key(|entry| entry["path"].as_str().unwrap())
    );
}

#[test]
fn a_tree_without_processes_says_so() {
    let tree = Tree::new();
    tree.file(
        "etc/kubernetes/manifests/etcd.yaml",
        "kind: Pod\nspec: {containers: [{name: etcd, command: [etcd, --data-dir=/data/etcd]}]}",
    )
    .file("data/etcd/member/x", "");
    let facts = tree.collect();
    assert!(facts.get("processes").is_none());
    assert_eq!(facts["identity"]["state"], "partial");
    assert!(facts["errors"][0]["why"].as_str().unwrap().contains("processes cannot be seen"));
    assert_eq!(facts["units"][1]["enabled"], Value::Null);
    assert_eq!(facts["files"]["etcd-data-dir"]["entries"][0]["path"], "/data/etcd", "the manifest names it");
    assert_eq!(facts["files"]["azure-json"], json!({"missing": ["/etc/kubernetes/azure.json"], "entries": []}));
}

#[test]
fn a_container_that_sees_only_itself_sees_no_processes() {
    let tree = Tree::new();
    tree.file("proc/1/comm", "spm\n").file("proc/1/cmdline", "spm\0collect\0");
    assert!(tree.collect().get("processes").is_none());
    tree.file("proc/2/comm", "kthreadd\n");
    assert_eq!(tree.collect()["processes"], json!([]));
}

#[test]
fn hostile_trees() {
    let tree = kubeadm();
    tree.link("etc/kubernetes/pki/out.crt", "../../../../../../../../etc/passwd")
        .link("etc/kubernetes/pki/loop.crt", "loop.crt")
        .link("etc/kubernetes/pki/dir", "/etc/kubernetes/pki")
        .link("etc/kubernetes/pki/proc.crt", "/proc/10/cmdline")
        .link("etc/kubernetes/manifests/deep.yaml", "/proc/10/environ")
        .file("etc/kubernetes/manifests/huge.yaml", vec![b'a'; 300 * 1024])
        .file("etc/kubernetes/manifests/binary.yaml", b"\xff\xfe\x00")
        .file("etc/kubernetes/manifests/bomb.yaml", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\nkind: Pod\n")
        .file("etc/kubernetes/manifests/nested.yaml", "[".repeat(100_000))
        .file("proc/77/cmdline", b"\xff\xfe\0--token=\xff\0");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(tree.path("etc/kubernetes/manifests/pipe.yaml"))
            .status()
            .unwrap()
            .success()
    );
    fs::write(tree.path("etc/kubernetes/pki").join(Path::new(std::ffi::OsStr::new("caf\u{e9}.crt"))), CA).unwrap();
    let begin = Instant::now();
    let facts = tree.collect();
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    let pki = &facts["files"]["pki"];
    let paths: Vec<&str> =
        pki["entries"].as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"/etc/kubernetes/pki/out.crt"), "it leads to the tree's own passwd");
    assert!(
        paths.contains(&"/etc/kubernetes/pki/dir")
            && !paths.iter().any(|path| path.starts_with("/etc/kubernetes/pki/dir/"))
    );
    assert!(!paths.contains(&"/etc/kubernetes/pki/proc.crt"));
    assert_eq!(pki["unreadable"], json!([{"path": "/etc/kubernetes/pki/loop.crt", "why": "too many symbolic links"}]));
    assert_eq!(document(&facts, "/etc/kubernetes/manifests/huge.yaml")["error"], "larger than 256 kB");
    let text = facts.to_string();
    assert!(!text.contains(SECRET) && text.len() < 1_000_000, "{}", text.len());
}

#[test]
fn huge_directories_are_cut_and_said_to_be() {
    let tree = Tree::new();
    fs::create_dir_all(tree.path("etc/cni/net.d")).unwrap();
    for n in 0..files::ENTRIES_LIMIT + 10 {
        fs::write(tree.path(&format!("etc/cni/net.d/{n:05}")), "").unwrap();
    }
    let role = &tree.collect()["files"]["cni-config"];
    assert_eq!(role["entries"].as_array().unwrap().len(), files::ENTRIES_LIMIT);
    assert_eq!(role["truncated"], "more than 4096 files");
}

#[test]
fn the_deadline_leaves_a_partial_document() {
    let tree = kubeadm();
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let options = NodeOptions {
        root: tree.0.path().to_owned(),
        deadline: Duration::ZERO,
        node_name: Some("given".to_owned()),
        ..NodeOptions::new(now)
    };
    let facts = serde_json::to_value(collect(&options)).unwrap();
    assert_eq!(facts["metadata"]["name"], "given");
    assert_eq!(facts["identity"]["state"], "partial");
    for role in FILE_ROLES {
        assert!(facts["files"][role.name]["truncated"].as_str().unwrap().contains("deadline"), "{}", role.name);
    }
    let missing = NodeOptions { root: tree.path("none"), ..NodeOptions::new(now) };
    let facts = serde_json::to_value(collect(&missing)).unwrap();
    assert_eq!(facts["errors"][0]["why"], "the root directory cannot be read: it is not there");
}

#[test]
fn flags_of_k3s_name_files() {
    let tree = Tree::new();
    tree.process(5, "/var/lib/rancher/k3s/data/x/bin/k3s", &["/usr/local/bin/k3s server"], "/system.slice/k3s.service", &[])
        .file("etc/rancher/k3s/config.yaml", format!("token: {SECRET}\nkube-apiserver-arg:\n- audit-policy-file=/etc/audit.yaml\n"))
        .file("etc/audit.yaml", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []")
        .file("etc/systemd/system/k3s.service", "[Service]\nExecStart=/usr/local/bin/k3s \\\n    server \\\n    '--kube-apiserver-arg=audit-log-path=/var/log/k3s.log' \\\n")
        .file("var/log/k3s.log", "")
        .file("var/lib/rancher/k3s/agent/etc/kubelet.conf.d/00-k3s-defaults.conf", "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nauthentication: {anonymous: {enabled: false}}");
    let facts = tree.collect();
    assert_eq!(facts["os"]["distribution"], "k3s");
    assert_eq!(facts["processes"][0]["component"], "k3s");
    assert_eq!(document(&facts, "/etc/audit.yaml")["kind"], "Policy");
    assert_eq!(facts["files"]["audit-log"]["entries"][0]["path"], "/var/log/k3s.log");
    assert_eq!(
        document(&facts, "/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/00-k3s-defaults.conf")["kind"],
        "KubeletConfiguration"
    );
    assert!(!facts.to_string().contains(SECRET));
}

#[test]
fn relative_paths_start_in_the_working_directory() {
    let tree = Tree::new();
    tree.process(5, "/usr/bin/etcd", &["etcd", "--data-dir=data", "--config-file", "etcd.yml"], "/system.slice/x", &[])
        .link("proc/5/cwd", "/srv")
        .file("srv/etcd.yml", "name: a")
        .file("srv/data/x", "");
    let facts = tree.collect();
    assert_eq!(facts["files"]["etcd-data-dir"]["entries"][0]["path"], "/srv/data");
    assert_eq!(document(&facts, "etcd.yml")["content"]["name"], "a", "named as the flag has it");
    fs::remove_file(tree.path("proc/5/cwd")).unwrap();
    let facts = tree.collect();
    assert_eq!(facts["files"]["etcd-data-dir"]["unreadable"][0]["path"], "data");
    assert!(document(&facts, "etcd.yml")["error"].as_str().unwrap().contains("relative"));
}

#[test]
fn configuration_of_k3s_that_cannot_be_read_is_there() {
    let tree = Tree::new();
    tree.file("etc/rancher/k3s/config.yaml", "protect-kernel-defaults: [").file("etc/rancher/k3s/config.yaml.d", "x");
    fs::create_dir_all(tree.path("etc/rancher/rke2/config.yaml")).unwrap();
    let documents = tree.collect()["documents"].clone();
    let of = |path: &str| documents.as_array().unwrap().iter().find(|document| document["path"] == path).cloned();
    for path in ["/etc/rancher/k3s/config.yaml", "/etc/rancher/rke2/config.yaml"] {
        let document = of(path).unwrap_or_else(|| panic!("{documents}"));
        assert_eq!(document["kind"], "K3sConfiguration", "{document}");
        assert!(document["error"].is_string() && document.get("content").is_none(), "{document}");
    }
}

#[test]
fn certificates_of_a_file_are_all_or_none() {
    let tree = Tree::new();
    tree.file("etc/kubernetes/pki/ca.crt", format!("{CA}{CA}"))
        .file("etc/kubernetes/pki/cut.crt", format!("{CA}{}", &CA[..CA.len() / 2]))
        .file(
            "etc/kubernetes/pki/odd.crt",
            format!("{CA}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        );
    let facts = tree.collect();
    let paths: Vec<&str> =
        facts["certs"].as_array().unwrap().iter().map(|cert| cert["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/etc/kubernetes/pki/ca.crt"; 2]);
    let faults = facts["errors"].to_string();
    assert!(faults.contains("/cut.crt") && faults.contains("/odd.crt"), "{faults}");
}
