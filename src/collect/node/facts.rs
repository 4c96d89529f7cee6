//! The document of one node, `spm.node/v1`. Defined here once for writing; the views of `derive::kubernetes` read it as a
//! value by the paths below. Nothing in it is a secret: contents are kept of known kinds of documents only, with secret
//! parts replaced by [`REDACTED`].

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

pub use crate::base::command_line::REDACTED;

/// The document.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeFacts {
    /// `spm.node/v1`.
    pub api_version: &'static str,
    /// `NodeFacts`.
    pub kind: &'static str,
    /// Name of the node, as the cluster knows it where that could be found out.
    pub metadata: Metadata,
    /// Joins the document with the Node object, and says how it was made.
    pub identity: Identity,
    /// Operating system and distribution.
    pub os: Os,
    /// Processes of Kubernetes components; absent if no process could be seen, which differs from an empty list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<Vec<Process>>,
    /// Files by role, see `catalog::kubernetes::files`; every role is there.
    pub files: BTreeMap<&'static str, RoleFiles>,
    /// Contents of known kinds of documents.
    pub documents: Vec<Document>,
    /// Certificates; never keys.
    pub certs: Vec<Cert>,
    /// Kubeconfigs without their credentials.
    pub kubeconfigs: Vec<Kubeconfig>,
    /// System services that rules ask for; one that is not installed is there too.
    pub units: Vec<Unit>,
    /// Listening TCP ports; absent if they could not be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listeners: Option<Vec<Listener>>,
    /// Kernel settings by name; those that could not be read are absent.
    pub sysctl: BTreeMap<&'static str, String>,
    /// Linux security modules.
    pub lsm: Lsm,
    /// What could not be read, in words.
    pub errors: Vec<Fault>,
}

/// `metadata`.
#[derive(Debug, Default, Serialize)]
pub struct Metadata {
    /// Name of the node.
    pub name: String,
}

/// `identity`.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// Host name of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// As in `status.nodeInfo.machineID`.
    #[serde(rename = "machineID", skip_serializing_if = "Option::is_none")]
    pub machine_id: Option<String>,
    /// As in `status.nodeInfo.systemUUID`.
    #[serde(rename = "systemUUID", skip_serializing_if = "Option::is_none")]
    pub system_uuid: Option<String>,
    /// As in `status.nodeInfo.bootID`.
    #[serde(rename = "bootID", skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
    /// RFC 3339 in UTC.
    pub collected_at: String,
    /// Version of spm that wrote it.
    pub collector_version: &'static str,
    /// Root of the file system that was read; `/` on the node itself.
    pub root: String,
    /// `collected`, or `partial` if the deadline passed or something failed.
    pub state: &'static str,
}

/// `os`.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Os {
    /// `ID` of os-release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `VERSION_ID` of os-release.
    #[serde(rename = "versionID", skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// `PRETTY_NAME` of os-release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pretty_name: Option<String>,
    /// Release of the kernel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Distribution of Kubernetes: kubeadm, k3s, rke2, eks, aks, gke, microk8s, k8s-snap, bottlerocket; absent if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<&'static str>,
    /// `v1` or `v2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<&'static str>,
}

/// One of `processes`.
#[derive(Debug, Default, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Process {
    /// Component (`kube-apiserver`, ..., `kubelet`), or `k3s`, `rke2`, `kubelite`, `sshd`.
    pub component: String,
    /// Process id.
    pub pid: u32,
    /// Parent's process id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ppid: Option<u32>,
    /// Path of the program, if it may be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exe: Option<String>,
    /// Working directory, from which relative paths in the command line start; absent if it may not be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Command line, one element per argument, values of secret flags replaced.
    pub argv: Vec<String>,
    /// Environment variables that configure components; absent if the environment may not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<BTreeMap<String, String>>,
    /// User id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Control group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<String>,
    /// Runs in a pod that is not one of the node's own (a nested cluster): no component of this cluster.
    pub foreign: bool,
    /// Runs in a container, so its paths are those of the container.
    pub containerised: bool,
}

/// `files.ROLE`.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleFiles {
    /// Paths that were looked at and are not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Not everything was listed, for this reason (too many files, deadline).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated: Option<String>,
    /// Paths that may be there but could not be looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Fault>,
    /// What is there, sorted by path.
    pub entries: Vec<FileEntry>,
}

/// A path and what went wrong with it; one of `errors`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// Path, or the part of the document that is affected.
    pub path: String,
    /// The cause in words.
    pub why: String,
}

/// One of `files.ROLE.entries`. Mode and owner are those of the file that a symbolic link leads to.
#[derive(Debug, Default, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileEntry {
    /// Path as it was asked for.
    pub path: String,
    /// Where symbolic links led to, if there were any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub real_path: Option<String>,
    /// `file`, `directory`, `fifo`, `socket` or `device`.
    #[serde(rename = "type")]
    pub file_type: &'static str,
    /// Permission bits as four octal digits.
    pub mode: String,
    /// User id of the owner.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Name of the owner in the node's own passwd file, else the id.
    pub owner: String,
    /// Name of the group in the node's own group file, else the id.
    pub group: String,
    /// Bytes.
    pub size: u64,
    /// RFC 3339 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtime: Option<String>,
}

/// One of `documents`: either `content` or `error` is there.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Document {
    /// Path as the flag or candidate names it.
    pub path: String,
    /// Component whose flag names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Kubernetes kind (`KubeletConfiguration`, `EncryptionConfiguration`, `Policy`, `Pod`, ...), or `EtcdConfiguration`,
    /// `K3sConfiguration`, `Arguments` (a list of command line arguments).
    pub kind: String,
    /// Parsed and redacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Value>,
    /// Why there is no content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One of `certs`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cert {
    /// File; one with several certificates has one entry for each.
    pub path: String,
    /// Component whose flag names the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Distinguished name.
    pub subject: String,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// RFC 3339 in UTC.
    pub not_after: String,
    /// `RSA 2048`, `EC`, ...
    pub key: String,
    /// Certificate authority.
    pub ca: bool,
    /// SHA-256 of the public key, hexadecimal.
    pub public_key_sha256: String,
}

/// One of `kubeconfigs`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kubeconfig {
    /// File.
    pub path: String,
    /// Servers of its clusters, without user names and passwords.
    pub servers: Vec<String>,
    /// How its users authenticate: certificate, token, exec, password.
    pub users: Vec<&'static str>,
    /// A private key stands in the file itself.
    pub embedded_key: bool,
}

/// One of `units`.
#[derive(Debug, Default, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unit {
    /// `kubelet`, `sshd`, ...
    pub name: String,
    /// A unit file was found.
    pub installed: bool,
    /// Starts at boot; absent if that could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// A process of it runs; absent without processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Unit file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Drop-ins in the order in which they apply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop_ins: Vec<String>,
    /// Command that it starts, variables of its environment files filled in; absent if some variable is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argv: Option<Vec<String>>,
}

/// One of `listeners`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Listener {
    /// Port.
    pub port: u16,
    /// Address.
    pub address: String,
}

/// `lsm`.
#[derive(Debug, Default, Serialize)]
pub struct Lsm {
    /// AppArmor is enabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apparmor: Option<bool>,
    /// SELinux: enforcing, permissive, disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selinux: Option<&'static str>,
}
