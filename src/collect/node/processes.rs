//! Processes of Kubernetes components, from the proc file system.

use std::collections::BTreeMap;
use std::path::Path;

use super::facts::Process;
use super::root::{Root, show};
use crate::base::command_line as redact;
use crate::catalog::kubernetes::components::COMPONENTS;

/// Environment variables that configure components, by prefix. Values of secret names are replaced like those of flags.
const ENV_PREFIXES: [&str; 1] = ["ETCD_"];
const ENV_NAMES: [&str; 8] = [
    "GODEBUG",
    "KUBELET_ARGS",
    "KUBELET_CONFIG_DROPIN_DIR_ALPHA",
    "KUBELET_EXTRA_ARGS",
    "KUBELET_KUBEADM_ARGS",
    "K3S_CONFIG_FILE",
    "K3S_DATA_DIR",
    "RKE2_CONFIG_FILE",
];
/// Pod log directories that are read to find out whose pod a process belongs to.
const PODS: &str = "/var/log/pods";

/// The processes; none if those of the node cannot be seen.
pub fn read(root: &Root, expired: &dyn Fn() -> bool) -> Option<Vec<Process>> {
    let names = root.names(Path::new("/proc")).ok().filter(|names| !names.truncated)?;
    let pids: Vec<u32> = names.names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect();
    let own_pods = own_pods(root);
    let mut found = Vec::new();
    for pid in &pids {
        if expired() {
            return None;
        }
        found.extend(process(root, *pid, &own_pods));
    }
    found.sort_by_key(|process| process.pid);
    let is_named = |pid: u32, wanted: &[&str]| {
        let name = root.read_kernel(&format!("/proc/{pid}/comm")).unwrap_or_default();
        wanted.contains(&name.as_str())
    };
    // A container sees its own processes only: then nothing found means nothing. The node's own processes are those beside
    // the kernel's threads, or below an init system (nodes that are containers themselves).
    let visible = !found.is_empty()
        || is_named(2, &["kthreadd"])
        || is_named(1, &["systemd", "init", "openrc-init", "runit", "s6-svscan", "procd"]);
    visible.then_some(found)
}

fn process(root: &Root, pid: u32, own_pods: &OwnPods) -> Option<Process> {
    let raw = root.read_kernel_bytes(&format!("/proc/{pid}/cmdline")).ok()?;
    let argv: Vec<String> = split(&raw).map(|argument| show(Path::new(argument))).collect();
    let first = argv.first()?;
    let exe = root.link(Path::new(&format!("/proc/{pid}/exe"))).map(|path| show(&path));
    let exe = exe.map(|path| path.trim_end_matches(" (deleted)").to_owned());
    let component = component(exe.as_deref(), first, &argv)?;
    let cgroup = root.read_kernel(&format!("/proc/{pid}/cgroup")).ok().and_then(|text| cgroup(&text));
    let status = root.read_kernel(&format!("/proc/{pid}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let pod = cgroup.as_deref().and_then(pod_of);
    let containers = ["kubepods", "docker", "libpod", "crio-", "cri-containerd"];
    Some(Process {
        component,
        pid,
        ppid: field("PPid"),
        uid: field("Uid"),
        exe,
        cwd: root.link(Path::new(&format!("/proc/{pid}/cwd"))).map(|path| show(&path)),
        argv: match argv.as_slice() {
            [title] => vec![redact::title(title)],
            argv => redact::arguments(argv.iter().map(String::as_str)),
        },
        env: environment(root, pid),
        foreign: pod.as_deref().is_some_and(|pod| !own_pods.contains(pod)),
        containerised: cgroup.as_deref().is_some_and(|path| containers.iter().any(|word| path.contains(word))),
        cgroup,
    })
}

fn split(raw: &[u8]) -> impl Iterator<Item = &std::ffi::OsStr> {
    use std::os::unix::ffi::OsStrExt;
    let end = raw.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let list = raw.get(..end).unwrap_or_default();
    list.split(|byte| *byte == 0).map(std::ffi::OsStr::from_bytes)
}

// What a process is: by its program where that may be seen, since anybody can choose the first argument.
fn component(exe: Option<&str>, first: &str, argv: &[String]) -> Option<String> {
    // A title (`sshd: /usr/sbin/sshd -D`, `/usr/local/bin/k3s server`) holds more than the name.
    let title = first.split([' ', ':']).next().unwrap_or(first);
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let program = exe.map_or_else(|| name(title), name);
    let words = || argv.iter().flat_map(|argument| argument.split(' '));
    match program.as_str() {
        "hyperkube" => {
            let sub = argv.get(1)?;
            COMPONENTS.iter().find(|c| c.subcommands.contains(&sub.as_str())).map(|c| c.name.to_owned())
        }
        // Also kubectl, crictl and the like.
        "k3s" | "rke2" => words().nth(1).filter(|word| matches!(*word, "server" | "agent")).map(|_| program),
        "kubelite" | "sshd" => Some(program),
        other => COMPONENTS.iter().find(|component| component.runs_as(other)).map(|c| c.name.to_owned()),
    }
}

// The longest of the paths: in the old layout every controller has a line of its own.
fn cgroup(text: &str) -> Option<String> {
    let paths = text.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    paths.max_by_key(|path| path.len()).map(str::to_owned)
}

// The id of the pod in the path of a control group: `.../pod<uid>/...` or `...-pod<uid_with_underscores>.slice/...`.
fn pod_of(cgroup: &str) -> Option<String> {
    if !cgroup.contains("kubepods") {
        return None;
    }
    let part = cgroup.split('/').find_map(|part| {
        let part = part.strip_suffix(".slice").unwrap_or(part);
        let id = part.rsplit_once("pod").map(|(_, id)| id)?;
        (id.len() >= 32 && id.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '-' | '_'))).then_some(id)
    });
    Some(part.unwrap_or_default().replace('_', "-"))
}

/// Pods of the cluster itself.
struct OwnPods(Vec<String>);

impl OwnPods {
    // Static pods have a hash for an id; pods of users have a UUID.
    fn contains(&self, id: &str) -> bool {
        (id.len() == 32 && !id.contains('-')) || self.0.iter().any(|own| own == id)
    }
}

// Log directories are named NAMESPACE_POD_UID.
fn own_pods(root: &Root) -> OwnPods {
    let names = root.names(Path::new(PODS)).unwrap_or_default();
    let own = names.names.iter().filter_map(|name| {
        let (namespace, rest) = name.to_str()?.split_once('_')?;
        (namespace == "kube-system").then(|| rest.rsplit_once('_').map(|(_, id)| id.to_owned()))?
    });
    OwnPods(own.collect())
}

fn environment(root: &Root, pid: u32) -> Option<BTreeMap<String, String>> {
    let raw = root.read_kernel_bytes(&format!("/proc/{pid}/environ")).ok()?;
    let mut kept = BTreeMap::new();
    for entry in split(&raw) {
        let entry = show(Path::new(entry));
        if let Some((name, value)) = entry.split_once('=')
            && (ENV_NAMES.contains(&name) || ENV_PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
        {
            kept.insert(name.to_owned(), redact::title(&redact::named(name, value)));
        }
    }
    Some(kept)
}

/// The last value of a flag in a command line.
pub fn flag<'a>(argv: &'a [String], name: &str) -> Option<&'a str> {
    let is_flag =
        |argument: &str| argument.starts_with('-') && argument.trim_start_matches('-').replace('_', "-") == name;
    let mut found = None;
    for (at, argument) in argv.iter().enumerate() {
        match argument.split_once('=') {
            Some((flag, value)) if is_flag(flag) => found = Some(value),
            None if is_flag(argument) => {
                found = argv.get(at + 1).map(String::as_str).filter(|next| !next.starts_with('-'))
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_pod_a_process_belongs_to() {
        let own = OwnPods(vec!["0b1f9a2c-1111-2222-3333-444455556666".to_owned()]);
        for (cgroup, pod, is_own) in [
            ("/system.slice/kubelet.service", None, true),
            (
                "/kubepods/burstable/pod3c5f0e1d2b4a69788796a5b4c3d2e1f0/abc",
                Some("3c5f0e1d2b4a69788796a5b4c3d2e1f0"),
                true,
            ),
            (
                "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod0b1f9a2c_1111_2222_3333_444455556666.slice/cri-containerd-x.scope",
                Some("0b1f9a2c-1111-2222-3333-444455556666"),
                true,
            ),
            (
                "/kubepods.slice/kubepods-podffffffff_1111_2222_3333_444455556666.slice/x",
                Some("ffffffff-1111-2222-3333-444455556666"),
                false,
            ),
            ("/kubepods/odd", Some(""), false),
        ] {
            let found = pod_of(cgroup);
            assert_eq!(found.as_deref(), pod, "{cgroup}");
            assert_eq!(found.is_none_or(|pod| own.contains(&pod)), is_own, "{cgroup}");
        }
    }

    #[test]
    fn the_program_counts_and_not_the_title() {
        let of = |exe: Option<&str>, argv: &[&str]| {
            let argv: Vec<String> = argv.iter().map(|text| (*text).to_owned()).collect();
            component(exe, &argv[0], &argv)
        };
        assert_eq!(of(Some("/usr/bin/python3"), &["kube-apiserver", "--anonymous-auth=false"]), None);
        assert_eq!(of(Some("/usr/local/bin/kube-apiserver"), &["x"]).as_deref(), Some("kube-apiserver"));
        assert_eq!(of(None, &["/usr/bin/kubelet", "--v=2"]).as_deref(), Some("kubelet"));
        assert_eq!(of(Some("/hyperkube"), &["/hyperkube", "scheduler"]).as_deref(), Some("kube-scheduler"));
        assert_eq!(of(Some("/data/bin/k3s"), &["/usr/local/bin/k3s server"]).as_deref(), Some("k3s"));
        assert_eq!(of(Some("/data/bin/k3s"), &["kubectl", "get", "pods"]), None);
        assert_eq!(of(None, &["sshd: /usr/sbin/sshd -D [listener]"]).as_deref(), Some("sshd"));
    }

    #[test]
    fn flags_by_exact_name() {
        let argv: Vec<String> = ["x", "--data-dir=/a", "--config", "/c", "--data_dir", "/b", "--bare", "--wal-dir=/w"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(flag(&argv, "data-dir"), Some("/b"));
        assert_eq!(flag(&argv, "config"), Some("/c"));
        assert_eq!(flag(&argv, "bare"), None);
        assert_eq!(flag(&argv, "dir"), None);
    }
}
