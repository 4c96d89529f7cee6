//! The real API server that the tests scan, and the identity that scans it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::common::{Scan, run, spm};

/// What is in the cluster.
const OBJECTS: &str = include_str!("objects.yaml");
/// As the audit log names the scanner.
pub const SCANNER: &str = "system:serviceaccount:scan:scanner";

/// A cluster. Its servers end with this process.
pub struct Bed {
    kubectl: PathBuf,
    pub admin: PathBuf,
    pub audit: PathBuf,
    /// A kubeconfig with nothing but the token of the scanner.
    pub scanner: PathBuf,
    pub token: String,
}

/// The one cluster of all tests, as `objects.yaml` describes it; one test at a time, which leaves it as it was.
pub fn bed() -> MutexGuard<'static, Bed> {
    static BED: LazyLock<Mutex<Bed>> = LazyLock::new(|| Mutex::new(Bed::start()));
    let bed = BED.lock().unwrap_or_else(|failed| {
        let bed = failed.into_inner();
        bed.restore();
        BED.clear_poison();
        bed
    });
    // What the test before began goes on in the controllers for a while.
    until("the cluster to come to rest", || bed.is_at_rest());
    bed
}

impl Bed {
    fn start() -> Bed {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kubernetes-bed");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bed/kubernetes/up.sh");
        let output = Command::new(script)
            .arg(&dir)
            .env("SPM_BED_OWNER_PID", std::process::id().to_string())
            .env("SPM_BED_CONTROLLERS", "deployment-controller,replicaset-controller")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "no cluster: {said}{}", String::from_utf8_lossy(&output.stderr));
        let answer: BTreeMap<&str, &str> = said.lines().filter_map(|line| line.split_once('=')).collect();
        let mut bed = Bed {
            kubectl: answer["KUBECTL"].into(),
            admin: answer["KUBECONFIG"].into(),
            audit: answer["AUDIT_LOG"].into(),
            scanner: dir.join("scanner.kubeconfig"),
            token: String::new(),
        };
        bed.apply("{apiVersion: v1, kind: Namespace, metadata: {name: scan}}");
        bed.apply("{apiVersion: v1, kind: ServiceAccount, metadata: {name: scanner, namespace: scan}}");
        bed.token = bed.kubectl(&["create", "token", "scanner", "-n", "scan"]).trim().to_owned();
        let admin: Json = serde_yaml::from_str(&fs::read_to_string(&bed.admin).unwrap()).unwrap();
        bed.write_kubeconfig(&bed.scanner, &admin["clusters"][0]["cluster"], Some(&bed.token));
        // Pods need the account of their namespace, which a controller makes.
        for namespace in ["shop", "lab"] {
            bed.apply(&format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}"));
            let account = ["get", "serviceaccount", "default", "-n", namespace, "--ignore-not-found", "-o", "name"];
            until("a default service account", || !bed.kubectl(&account).is_empty());
        }
        bed.restore();
        bed
    }

    pub fn write_kubeconfig(&self, path: &Path, cluster: &Json, token: Option<&str>) {
        let config = serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "bed",
            "clusters": [{"name": "bed", "cluster": cluster}],
            "users": [{"name": "scanner", "user": token.map_or(serde_json::json!({}), |t| serde_json::json!({"token": t}))}],
            "contexts": [{"name": "bed", "context": {"cluster": "bed", "user": "scanner"}}]});
        fs::write(path, config.to_string()).unwrap();
    }

    /// Everything as the tests expect it.
    pub fn restore(&self) {
        self.apply(OBJECTS);
        self.apply(&permissions());
        // No pod that a test changed, and all that the controllers make.
        let pods = || {
            self.kubectl(&[
                "get",
                "pods",
                "-A",
                "-o",
                "jsonpath={range .items[*]}{.spec.ephemeralContainers[*].name}{'\\n'}{end}",
            ])
        };
        until("the pods of the controllers", || pods().lines().count() >= 6);
        if pods().lines().any(|line| !line.is_empty()) {
            self.kubectl(&["delete", "pods", "-n", "lab", "-l", "app=bench", "--force", "--grace-period=0"]);
            until("new pods", || pods().lines().count() >= 6 && pods().lines().all(str::is_empty));
        }
    }

    /// Nothing changes any more without being asked to: the controllers are done, every namespace has its account, and
    /// the custom resources of a test are no longer served.
    fn is_at_rest(&self) -> bool {
        let objects = ["get", "namespaces,serviceaccounts,deployments,replicasets,pods", "-A", "-o", "json"];
        let answer: Json = serde_json::from_str(&self.kubectl(&objects)).unwrap();
        let all = |kind: &'static str| {
            answer["items"].as_array().unwrap().iter().filter(move |object| object["kind"] == kind)
        };
        let number = |value: &Json| value.as_u64().unwrap_or(0);
        // A rollout never ends here, as nothing runs the pods, and those that are refused are never made; but the controllers
        // have done what they can.
        let seen = |object: &Json| object["status"]["observedGeneration"] == object["metadata"]["generation"];
        let settled = |set: &Json| {
            let status = &set["status"];
            seen(set)
                && (number(&status["replicas"]) == number(&set["spec"]["replicas"]) || status["conditions"].is_array())
        };
        let made = all("Pod").filter(|pod| pod["metadata"]["ownerReferences"].is_array()).count() as u64;
        all("Deployment").all(seen)
            && all("ReplicaSet").all(settled)
            && all("ReplicaSet").map(|set| number(&set["status"]["replicas"])).sum::<u64>() == made
            && all("ServiceAccount").filter(|account| account["metadata"]["name"] == "default").count()
                == all("Namespace").count()
            && !self.kubectl(&["get", "--raw", "/apis"]).contains("argoproj.io")
    }

    /// Runs `kubectl` as the administrator; gives its output.
    pub fn kubectl(&self, args: &[&str]) -> String {
        self.piped(args, "")
    }

    /// Applies objects.
    pub fn apply(&self, objects: &str) {
        self.piped(&["apply", "-f", "-"], objects);
    }

    /// `kubectl`, not started yet, with the rights of a kubeconfig.
    pub fn command(&self, kubeconfig: &Path) -> Command {
        let mut command = Command::new(&self.kubectl);
        command.arg("--kubeconfig").arg(kubeconfig).env("HOME", env!("CARGO_TARGET_TMPDIR"));
        command
    }

    fn piped(&self, args: &[&str], input: &str) -> String {
        let mut command = self.command(&self.admin);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Scans as the scanner.
    pub fn scan(&self, args: &[&str]) -> Scan {
        Scan::of(spm().args(["scan", "--kubeconfig"]).arg(&self.scanner), args)
    }

    /// Waits until the server says that the scanner may, or may not, do this.
    pub fn until_may(&self, verb: &str, resource: &str, expected: bool) {
        until("the change of a right", || {
            let mut command = self.command(&self.admin);
            command.args(["auth", "can-i", verb, resource, "-A", "--as", SCANNER]);
            String::from_utf8(command.output().unwrap().stdout).unwrap().starts_with("yes") == expected
        });
    }
}

/// What the program says that a scanner needs.
pub fn permissions() -> String {
    run(spm().args(["permissions", "kubernetes", "--standard", "cis", "--bind", "scan/scanner"]), 0).0
}

/// Waits for something that happens soon.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        sleep(Duration::from_millis(100));
    }
}
