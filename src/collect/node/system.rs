//! The machine: identity, operating system, kernel settings, listening ports.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use super::facts::{Identity, Listener, Lsm, Os, Process};
use super::root::{Root, Trouble};

const LIMIT: u64 = 64 * 1024;

fn text(root: &Root, path: &str) -> Option<String> {
    let bytes = root.read(Path::new(path), LIMIT).ok()?;
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn kernel(root: &Root, path: &str) -> Option<String> {
    root.read_kernel(path).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Ids of the machine.
pub fn identity(root: &Root) -> Identity {
    Identity {
        hostname: text(root, "/etc/hostname").or_else(|| kernel(root, "/proc/sys/kernel/hostname")),
        machine_id: text(root, "/etc/machine-id").or_else(|| text(root, "/var/lib/dbus/machine-id")),
        system_uuid: kernel(root, "/sys/class/dmi/id/product_uuid"),
        boot_id: kernel(root, "/proc/sys/kernel/random/boot_id"),
        ..Identity::default()
    }
}

/// Operating system and distribution.
pub fn os(root: &Root, processes: Option<&[Process]>) -> Os {
    let release = text(root, "/etc/os-release").or_else(|| text(root, "/usr/lib/os-release")).unwrap_or_default();
    let field = |name: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(line.trim().trim_matches(['"', '\'']).to_owned())
    };
    let id = field("ID");
    Os {
        distribution: distribution(root, id.as_deref(), processes),
        version_id: field("VERSION_ID"),
        pretty_name: field("PRETTY_NAME"),
        kernel: kernel(root, "/proc/sys/kernel/osrelease"),
        cgroup: match (root.exists("/sys/fs/cgroup/cgroup.controllers"), root.exists("/sys/fs/cgroup/memory")) {
            (true, _) => Some("v2"),
            (false, true) => Some("v1"),
            (false, false) => None,
        },
        id,
    }
}

// What only one distribution leaves on a node, the most particular first.
fn distribution(root: &Root, os: Option<&str>, processes: Option<&[Process]>) -> Option<&'static str> {
    let runs = |component: &str| processes.unwrap_or_default().iter().any(|process| process.component == component);
    let any = |paths: &[&str]| paths.iter().any(|path| root.exists(path));
    if os == Some("bottlerocket") {
        return Some("bottlerocket");
    }
    if runs("rke2") || any(&["/var/lib/rancher/rke2/agent", "/var/lib/rancher/rke2/server"]) {
        return Some("rke2");
    }
    if runs("k3s") || any(&["/var/lib/rancher/k3s/agent", "/var/lib/rancher/k3s/server"]) {
        return Some("k3s");
    }
    if runs("kubelite") || any(&["/var/snap/microk8s/current"]) {
        return Some("microk8s");
    }
    if any(&["/var/snap/k8s/common/args"]) {
        return Some("k8s-snap");
    }
    let hosted = !any(&["/etc/kubernetes/manifests/kube-apiserver.yaml"]);
    if hosted
        && any(&["/etc/eks", "/etc/kubernetes/kubelet/kubelet-config.json", "/etc/kubernetes/kubelet/config.json"])
    {
        return Some("eks");
    }
    if hosted && any(&["/etc/kubernetes/azure.json"]) {
        return Some("aks");
    }
    if hosted && any(&["/home/kubernetes/kubelet-config.yaml"]) {
        return Some("gke");
    }
    any(&["/var/lib/kubelet/kubeadm-flags.env", "/etc/kubernetes/manifests"]).then_some("kubeadm")
}

/// Kernel settings that `protectKernelDefaults` is about.
pub fn sysctl(root: &Root) -> BTreeMap<&'static str, String> {
    const NAMES: [&str; 6] = [
        "kernel.keys.root_maxbytes",
        "kernel.keys.root_maxkeys",
        "kernel.panic",
        "kernel.panic_on_oops",
        "vm.overcommit_memory",
        "vm.panic_on_oom",
    ];
    let read = |name: &'static str| Some((name, kernel(root, &format!("/proc/sys/{}", name.replace('.', "/")))?));
    NAMES.into_iter().filter_map(read).collect()
}

/// Linux security modules.
pub fn lsm(root: &Root) -> Lsm {
    Lsm {
        apparmor: kernel(root, "/sys/module/apparmor/parameters/enabled").map(|state| state == "Y"),
        selinux: match root.read_kernel("/sys/fs/selinux/enforce").as_deref().map(str::trim) {
            Ok("1") => Some("enforcing"),
            Ok("0") => Some("permissive"),
            Err(Trouble::Missing) => root.exists("/sys/fs").then_some("disabled"),
            _ => None,
        },
    }
}

/// Listening TCP ports in the network namespace of the first process.
pub fn listeners(root: &Root) -> Option<Vec<Listener>> {
    let mut found = listening(&root.read_kernel("/proc/1/net/tcp").ok()?);
    match root.read_kernel("/proc/1/net/tcp6") {
        Ok(table) => found.extend(listening(&table)),
        // The kernel knows no IPv6.
        Err(Trouble::Missing) => {}
        Err(Trouble::Unreadable(_)) => return None,
    }
    found.sort();
    found.dedup();
    Some(found)
}

fn listening(table: &str) -> Vec<Listener> {
    let entry = |line: &str| {
        let mut fields = line.split_whitespace();
        let (address, port) = fields.nth(1)?.split_once(':')?;
        let state = fields.nth(1)?;
        let listener =
            Listener { port: u16::from_str_radix(port, 16).ok()?, address: self::address(address)?.to_string() };
        (state == "0A").then_some(listener)
    };
    table.lines().skip(1).filter_map(entry).collect()
}

// Hexadecimal in the byte order of the machine, in words of four bytes.
fn address(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hex.get(at..at + 8)?, 16).ok().map(u32::to_ne_bytes);
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_ports() {
        let table = "  sl  local_address rem_address   st tx_queue\n   0: 0100007F:2379 00000000:0000 0A 0\n   1: 00000000:0016 00000000:0000 0A 0\n   2: 0100007F:1F90 0100007F:0050 01 0\nbroken\n";
        // The kernel writes addresses as numbers of the machine.
        if cfg!(target_endian = "little") {
            let found: Vec<String> = listening(table).iter().map(|l| format!("{}:{}", l.address, l.port)).collect();
            assert_eq!(found, ["127.0.0.1:9081", "0.0.0.0:22"]);
        }
    }

    #[test]
    fn a_table_that_cannot_be_read_is_not_an_empty_one() {
        let directory = tempfile::tempdir().unwrap();
        let (root, net) = (Root::new(directory.path()), directory.path().join("proc/1/net"));
        std::fs::create_dir_all(&net).unwrap();
        assert_eq!(listeners(&root), None);
        let line = "   0: 00000000:0016 00000000:0000 0A 0\n";
        let other =
            "   1: 0100007F:1F90 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0\n";
        // A busy node has thousands of connections.
        std::fs::write(net.join("tcp"), format!("  sl\n{line}{}", other.repeat(10_000))).unwrap();
        assert_eq!(listeners(&root).unwrap().len(), 1);
        std::fs::create_dir(net.join("tcp6")).unwrap();
        assert_eq!(listeners(&root), None);
    }

    #[test]
    fn selinux_that_does_not_tell_is_not_disabled() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::new(directory.path());
        assert_eq!(lsm(&root).selinux, None);
        std::fs::create_dir_all(directory.path().join("sys/fs")).unwrap();
        assert_eq!(lsm(&root).selinux, Some("disabled"));
        std::fs::create_dir_all(directory.path().join("sys/fs/selinux/enforce")).unwrap();
        assert_eq!(lsm(&root).selinux, None);
    }
}
