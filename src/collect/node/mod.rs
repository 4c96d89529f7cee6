//! Facts of one node: which components run with which flags, modes and owners of files, contents of known documents without
//! their secrets. Reads only: starts nothing, writes nothing, asks nobody. Rules are evaluated elsewhere.
//!
//! Any path may be hostile (links, pipes, huge directories, files that are no text) and any read may hang or be denied:
//! what was not read is said to be so, and the deadline ends the collection with what there is.

mod certs;
mod commands;
mod documents;
pub mod facts;
mod files;
mod owners;
mod processes;
mod root;
mod system;
#[cfg(test)]
mod tests;
mod units;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use self::commands::{Commands, Named};
use self::documents::{Format, Parsed};
use self::facts::{Document, Fault, Kubeconfig, Metadata, NodeFacts, RoleFiles};
use self::owners::Owners;
use self::root::{DOCUMENT_LIMIT, Root, Trouble};
use crate::catalog::kubernetes::files::{FILE_ROLES, FileRole, file_role};

/// What to collect from.
#[derive(Debug, Clone)]
pub struct NodeOptions {
    /// Root of the node's file system: `/` on the node, a mounted image, `/proc/1/root` in a pod with the host's processes.
    pub root: PathBuf,
    /// When to stop and hand back what there is.
    pub deadline: Duration,
    /// Name of the node in the cluster, if the caller knows it.
    pub node_name: Option<String>,
    /// Now, for `identity.collectedAt`.
    pub now: jiff::Timestamp,
}

impl NodeOptions {
    /// The machine itself, within 60 seconds.
    pub fn new(now: jiff::Timestamp) -> NodeOptions {
        NodeOptions { root: PathBuf::from("/"), deadline: Duration::from_secs(60), node_name: None, now }
    }
}

/// Documents that flags of components name, beside those of the kubelet: component, flag, format, role with candidates.
const DOCUMENTS: &[(&str, &str, Format, Option<&str>)] = &[
    ("kube-apiserver", "encryption-provider-config", Format::Kubernetes, Some("encryption-config")),
    ("kube-apiserver", "audit-policy-file", Format::Kubernetes, Some("audit-policy")),
    ("kube-apiserver", "admission-control-config-file", Format::Kubernetes, None),
    ("kube-apiserver", "authorization-config", Format::Kubernetes, None),
    ("kube-apiserver", "authentication-config", Format::Kubernetes, None),
    ("kube-proxy", "config", Format::Kubernetes, None),
    ("etcd", "config-file", Format::Etcd, None),
];
/// Certificates that flags name, beside those below the PKI directories.
const CERTIFICATES: &[(&str, &str)] = &[
    ("etcd", "cert-file"),
    ("etcd", "peer-trusted-ca-file"),
    ("etcd", "trusted-ca-file"),
    ("kube-apiserver", "client-ca-file"),
    ("kube-apiserver", "etcd-cafile"),
    ("kube-apiserver", "tls-cert-file"),
];
const CERTIFICATES_LIMIT: usize = 500;
const MANIFESTS_LIMIT: usize = 100;
const CERTIFICATE_ROLES: [&str; 3] = ["pki-certificates", "kubelet-pki", "kubelet-client-ca"];
const ARGUMENT_DIRECTORIES: [&str; 2] = ["/var/snap/microk8s/current/args", "/var/snap/k8s/common/args"];
const RANCHER_DIRECTORIES: [&str; 2] = ["/etc/rancher/k3s", "/etc/rancher/rke2"];

/// Collects the facts of a node. Always gives a document; what is missing in it is named in `errors` and in its parts.
pub fn collect(options: &NodeOptions) -> NodeFacts {
    let shared = Arc::new(Mutex::new(NodeFacts::default()));
    let until = Instant::now() + options.deadline;
    let (done, finished) = mpsc::channel();
    let worker = Worker { root: Root::new(&options.root), shared: Arc::clone(&shared), until };
    // A read that hangs (a dead network file system) cannot be interrupted, so it is left behind on a thread of its own.
    let started = std::thread::Builder::new().name("node".to_owned()).spawn(move || {
        worker.run();
        // Nobody listens any more if the deadline passed.
        let _ = done.send(());
    });
    let mut why = match started {
        Ok(_) => match finished.recv_timeout(options.deadline + Duration::from_millis(200)) {
            Ok(()) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => Some("a read did not end before the deadline".to_owned()),
            Err(mpsc::RecvTimeoutError::Disconnected) => Some("the collector stopped early, which is a bug".to_owned()),
        },
        Err(error) => Some(format!("could not start: {error}")),
    };
    let mut facts = std::mem::take(&mut *lock(&shared));
    if why.is_none() && Instant::now() >= until {
        why = Some("the deadline passed".to_owned());
    }
    if let Some(why) = &why {
        facts.errors.push(Fault { path: "node".to_owned(), why: why.clone() });
        for role in FILE_ROLES {
            facts
                .files
                .entry(role.name)
                .or_insert_with(|| RoleFiles { truncated: Some(why.clone()), ..RoleFiles::default() });
        }
    }
    facts.errors.sort();
    facts.api_version = "spm.node/v1";
    facts.kind = "NodeFacts";
    facts.identity.state = if facts.errors.is_empty() { "collected" } else { "partial" };
    facts.identity.collected_at = options.now.to_string();
    facts.identity.collector_version = env!("CARGO_PKG_VERSION");
    facts.identity.root = root::show(&options.root);
    if let Some(name) = &options.node_name {
        facts.metadata.name.clone_from(name);
    }
    if facts.metadata.name.is_empty() {
        facts.metadata.name = "unnamed".to_owned();
    }
    facts
}

fn lock(shared: &Mutex<NodeFacts>) -> MutexGuard<'_, NodeFacts> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Worker {
    root: Root,
    shared: Arc<Mutex<NodeFacts>>,
    until: Instant,
}

impl Worker {
    fn expired(&self) -> bool {
        Instant::now() >= self.until
    }

    // Each part is handed over as soon as it is complete.
    fn publish(&self, part: impl FnOnce(&mut NodeFacts)) {
        part(&mut lock(&self.shared));
    }

    fn fault(&self, path: &str, why: String) {
        self.publish(|facts| facts.errors.push(Fault { path: path.to_owned(), why }));
    }

    fn run(&self) {
        let root = &self.root;
        let expired = || self.expired();
        if let Err(trouble) = root.resolve(Path::new("/")) {
            return self.fault("/", format!("the root directory cannot be read: {trouble}"));
        }
        let processes = processes::read(root, &expired);
        if processes.is_none() {
            let why = "the node's processes cannot be seen: run on the node itself, or with its process namespace";
            self.fault("/proc", why.to_owned());
        }
        let listeners = system::listeners(root);
        let ssh = listeners.as_ref().map(|listeners| listeners.iter().any(|listener| listener.port == 22));
        let units = units::read(root, processes.as_deref(), ssh);
        let identity = system::identity(root);
        let os = system::os(root, processes.as_deref());
        let mut commands = Commands::new(processes.as_deref(), &units);
        let host = identity.hostname.clone();
        self.publish(|facts| {
            facts.metadata = Metadata { name: host.clone().unwrap_or_default().to_lowercase() };
            facts.identity = identity;
            facts.os = os;
            facts.processes = processes;
            facts.units = units;
            facts.listeners = listeners;
            facts.sysctl = system::sysctl(root);
            facts.lsm = system::lsm(root);
        });
        if self.expired() {
            return;
        }
        let owners = Owners::read(root);
        let kubelet = self.kubelet(&commands);
        self.own_documents(&owners, &mut commands, &kubelet);
        self.named_documents(&mut commands);
        self.files(&owners, &commands, &kubelet);
        self.certificates(&commands);
        self.kubeconfigs();
        let named = commands.text("kubelet", "hostname-override").map(str::to_owned);
        self.publish(|facts| {
            // The kubelet's certificate carries the name under which the cluster knows it.
            let certified = certs::node_name(&facts.certs).map(str::to_owned);
            if let Some(name) = certified.or(named) {
                facts.metadata.name = name.to_lowercase();
            }
        });
    }

    // Configuration file and drop-ins of the kubelet; gives the documents for the paths that they name.
    fn kubelet(&self, commands: &Commands) -> Vec<Document> {
        let mut found = Vec::new();
        match commands.flag("kubelet", "config") {
            Some(named) => found.extend(self.named(&named, "kubelet", Format::Kubernetes)),
            None => {
                let candidates = file_role("kubelet-config").map(|role| role.candidates).unwrap_or_default();
                found.extend(
                    candidates
                        .iter()
                        .filter_map(|path| self.document(path, Some("kubelet"), None, Format::Kubernetes, false)),
                );
            }
        }
        let role = file_role("kubelet-config-dropins");
        let named = commands.flag("kubelet", "config-dir").map(|named| named.path);
        if let Some(role) = role {
            let files = files::look_up(&self.root, &Owners::default(), role, named.as_deref(), &|| self.expired());
            for entry in files.entries.iter().filter(|entry| entry.file_type == "file") {
                found.extend(self.document(&entry.path, Some("kubelet"), None, Format::KubeletDropIn, true));
            }
        }
        self.publish(|facts| facts.documents.extend(found.iter().cloned()));
        found
    }

    // Manifests of static pods, argument files of snaps, configuration of k3s and RKE2: they say how components start.
    fn own_documents(&self, owners: &Owners, commands: &mut Commands, kubelet: &[Document]) {
        let mut found = Vec::new();
        if let Some(role) = file_role("static-pod-manifests") {
            let named = path_of(role, commands, kubelet);
            let files = files::look_up(&self.root, owners, role, named.as_deref(), &|| self.expired());
            // As the kubelet: whatever the name ends with, if it does not begin with a dot.
            let hidden = |path: &str| path.rsplit('/').next().is_some_and(|name| name.starts_with('.'));
            let manifests: Vec<_> = files.entries.iter().filter(|entry| !hidden(&entry.path)).collect();
            for entry in manifests.iter().take(MANIFESTS_LIMIT) {
                found.extend(self.document(&entry.path, None, None, Format::Kubernetes, false));
            }
            if let Some(entry) = manifests.get(MANIFESTS_LIMIT) {
                self.fault(&entry.path, format!("only {MANIFESTS_LIMIT} manifests are read"));
            }
        }
        for directory in ARGUMENT_DIRECTORIES {
            for component in crate::catalog::kubernetes::components::COMPONENTS {
                let path = format!("{directory}/{}", component.arguments_file);
                found.extend(self.document(&path, Some(component.name), None, Format::Arguments, false));
            }
        }
        for directory in RANCHER_DIRECTORIES {
            found.extend(self.document(&format!("{directory}/config.yaml"), None, None, Format::K3s, false));
            let more = format!("{directory}/config.yaml.d");
            let names = match self.root.names(Path::new(&more)) {
                Ok(names) => names.names,
                Err(Trouble::Missing) => continue,
                Err(Trouble::Unreadable(why)) => {
                    let kind = Format::K3s.kind().unwrap_or_default().to_owned();
                    found.push(Document { path: more, kind, error: Some(why), ..Document::default() });
                    continue;
                }
            };
            for name in names.iter().filter_map(|name| name.to_str()).filter(|name| name.ends_with(".yaml")) {
                found.extend(self.document(&format!("{more}/{name}"), None, None, Format::K3s, false));
            }
        }
        found.iter().for_each(|document| commands.add(document));
        self.publish(|facts| facts.documents.extend(found));
    }

    fn named_documents(&self, commands: &mut Commands) {
        for (component, flag, format, role) in DOCUMENTS {
            if self.expired() {
                return;
            }
            let mut found = Vec::new();
            match commands.flag(component, flag) {
                Some(named) => found.extend(self.named(&named, component, *format)),
                None => {
                    let candidates = role.and_then(file_role).map(|role| role.candidates).unwrap_or_default();
                    found.extend(
                        candidates.iter().filter_map(|path| self.document(path, Some(component), None, *format, false)),
                    );
                }
            }
            for document in &mut found {
                if document.kind == "AdmissionConfiguration" {
                    self.inline_plugins(document, commands.flag(component, flag).as_ref());
                }
            }
            found.iter().for_each(|document| commands.add(document));
            self.publish(|facts| facts.documents.extend(found));
        }
    }

    // A plugin may have its configuration in a file of its own, beside the document.
    fn inline_plugins(&self, document: &mut Document, named: Option<&Named>) {
        let pid = named.and_then(|named| named.pid);
        let path = named.map_or(document.path.as_str(), |named| named.path.as_str());
        let directory = Path::new(path).parent().unwrap_or(Path::new("/")).to_owned();
        let plugins = document.content.as_mut().and_then(|content| content.get_mut("plugins")?.as_array_mut());
        for plugin in plugins.into_iter().flatten() {
            let Some(path) = plugin["path"].as_str().filter(|path| !path.is_empty()).map(|path| directory.join(path))
            else {
                continue;
            };
            let read = self.document(&root::show(&path), None, pid, Format::Kubernetes, true);
            if let (Some(read), Some(plugin)) = (read, plugin.as_object_mut())
                && read.kind == "PodSecurityConfiguration"
                && let Some(content) = read.content
            {
                plugin.insert("configuration".to_owned(), content);
            }
        }
    }

    // The document that a flag names, under the path that the flag has.
    fn named(&self, named: &Named, component: &str, format: Format) -> Option<Document> {
        let document = self.document(&named.path, Some(component), named.pid, format, true);
        document.map(|document| Document { path: named.text.clone(), ..document })
    }

    // A document; none if it is not there or of another kind, unless a flag names it. What a file is whose place says it is
    // known even if nobody can read it.
    fn document(
        &self,
        path: &str,
        component: Option<&str>,
        pid: Option<u32>,
        format: Format,
        named: bool,
    ) -> Option<Document> {
        let read = self.read(path, pid);
        let mut document = Document {
            path: path.to_owned(),
            component: component.map(str::to_owned),
            kind: format.kind().unwrap_or_default().to_owned(),
            ..Document::default()
        };
        document.error = match read.map(|bytes| documents::parse(&bytes, format)) {
            Ok(Parsed::Known(kind, content)) => {
                document.kind = kind;
                document.content = Some(content);
                None
            }
            Ok(Parsed::OtherKind) if named => Some("its kind is not one that is collected".to_owned()),
            Ok(Parsed::Broken(why)) if named || format.kind().is_some() => Some(why),
            Err(Trouble::Missing) if named => Some("it is not there".to_owned()),
            Err(Trouble::Unreadable(why)) => Some(why),
            Ok(Parsed::OtherKind | Parsed::Broken(_)) | Err(Trouble::Missing) => return None,
        };
        Some(document)
    }

    // Static pods see their files through mounts: their own root first, then the node's.
    fn read(&self, path: &str, pid: Option<u32>) -> Result<Vec<u8>, Trouble> {
        root::absolute(Path::new(path))?;
        let inside =
            pid.and_then(|pid| self.root.of_process(pid)).map(|root| root.read(Path::new(path), DOCUMENT_LIMIT));
        match inside {
            Some(Ok(bytes)) => Ok(bytes),
            _ => self.root.read(Path::new(path), DOCUMENT_LIMIT),
        }
    }

    fn files(&self, owners: &Owners, commands: &Commands, kubelet: &[Document]) {
        for role in FILE_ROLES {
            let named = path_of(role, commands, kubelet);
            let found = files::look_up(&self.root, owners, role, named.as_deref(), &|| self.expired());
            self.publish(|facts| {
                facts.files.insert(role.name, found);
            });
        }
    }

    fn certificates(&self, commands: &Commands) {
        let mut paths: Vec<(Named, Option<&str>)> = Vec::new();
        for (component, flag) in CERTIFICATES {
            paths.extend(commands.flag(component, flag).map(|named| (named, Some(*component))));
        }
        let ends = [".crt", ".pem"];
        for path in
            self.entries(&CERTIFICATE_ROLES).into_iter().filter(|path| ends.iter().any(|end| path.ends_with(end)))
        {
            paths.push((Named { text: path.clone(), path, pid: None }, None));
        }
        let mut found = Vec::new();
        for (named, component) in paths {
            if self.expired() || found.len() >= CERTIFICATES_LIMIT {
                self.fault(&named.path, "not every certificate was read".to_owned());
                break;
            }
            let read = match self.read(&named.path, named.pid) {
                Ok(bytes) => certs::parse(&named.text, component, &bytes),
                Err(Trouble::Missing) => continue,
                Err(Trouble::Unreadable(why)) => Err(why),
            };
            match read {
                Ok(certs) => found.extend(certs),
                Err(why) => self.fault(&named.path, why),
            }
        }
        self.publish(|facts| facts.certs = found);
    }

    fn kubeconfigs(&self) {
        let roles: Vec<&str> =
            FILE_ROLES.iter().map(|role| role.name).filter(|name| name.ends_with("kubeconfig")).collect();
        let read = |path: String| {
            let bytes = self.root.read(Path::new(&path), DOCUMENT_LIMIT).ok()?;
            let (servers, users, embedded_key) = documents::kubeconfig(&bytes)?;
            Some(Kubeconfig { path, servers, users, embedded_key })
        };
        let found: Vec<Kubeconfig> = self.entries(&roles).into_iter().filter_map(read).collect();
        self.publish(|facts| facts.kubeconfigs = found);
    }

    // Paths of the ordinary files of some roles, sorted and unique.
    fn entries(&self, roles: &[&str]) -> Vec<String> {
        let facts = lock(&self.shared);
        let files = roles.iter().filter_map(|role| facts.files.get(role)).flat_map(|files| &files.entries);
        let mut paths: Vec<String> =
            files.filter(|entry| entry.file_type == "file").map(|entry| entry.path.clone()).collect();
        paths.sort();
        paths.dedup();
        paths
    }
}

// The path that a flag, or else the kubelet's configuration, names for a role.
fn path_of(role: &FileRole, commands: &Commands, kubelet: &[Document]) -> Option<String> {
    let flag = role.flag.and_then(|(component, flag)| commands.flag(component, flag)).map(|named| named.path);
    flag.or_else(|| {
        let field = role.kubelet_field?;
        // Drop-ins follow the file and replace what it says.
        let contents = kubelet.iter().rev().filter_map(|document| document.content.as_ref());
        let mut named = contents.filter_map(|content| field.iter().try_fold(content, |value, key| value.get(*key)));
        named.find_map(|value| value.as_str()).filter(|path| path.starts_with('/')).map(str::to_owned)
    })
}
