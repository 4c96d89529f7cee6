//! From kubeconfig files, the environment of a pod and options to a client.

use std::path::{Path, PathBuf};

use kube::config::{Config, InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError, LoadDataError};
use x509_parser::pem::Pem;

use super::error::{ClusterError, innermost, login_problem, safe};
use super::kubelets::Door;
use super::{ClusterAccess, kubeconfig, proxy};
use crate::base::spelling;

/// Which cluster, and how to reach it.
pub(super) struct Target {
    /// Name of the context; `in-cluster` in a pod.
    pub name: String,
    /// Address of the API server, without credentials.
    pub server: String,
    /// Program that logs in.
    pub program: Option<String>,
    /// The server's certificate is not verified.
    pub unverified: bool,
    /// The way to kubelets; why there is none otherwise.
    pub door: Result<Door, String>,
    /// The client.
    pub client: kube::Client,
}

/// Connects, as far as that needs no answer: reads the configuration and logs in. Has to run in the runtime.
pub(super) async fn target(access: &ClusterAccess) -> Result<Target, ClusterError> {
    let files = Files::find(access.kubeconfig.as_deref())?;
    let (name, source, program, mut config) = match files.load()? {
        Some(merged) if access.kubeconfig.is_some() || access.context.is_some() || !merged.contexts.is_empty() => {
            let name = files.context(&merged, access.context.as_deref())?;
            let cluster = files.cluster(&merged, &name)?;
            let program = program(&merged, &name);
            let own_proxy = cluster.proxy_url.is_some_and(|url| !url.is_empty());
            let options = KubeConfigOptions { context: Some(name.clone()), ..KubeConfigOptions::default() };
            let mut config = Config::from_custom_kubeconfig(merged, &options)
                .await
                .map_err(|error| files.wrong(load_problem(&error)))?;
            if !own_proxy {
                config.proxy_url = proxy::from_environment(&config.cluster_url, config.proxy_url.take());
            }
            (name, files.names(), program, config)
        }
        _ => {
            let config = Config::incluster().map_err(|error| match error {
                InClusterError::ReadEnvironmentVariable(_) => ClusterError::NoKubeconfig { looked: files.looked() },
                error => ClusterError::Kubeconfig {
                    file: "service account of the pod".into(),
                    problem: safe(&error.to_string()),
                },
            })?;
            ("in-cluster".to_owned(), "service account of the pod".to_owned(), None, config)
        }
    };
    let server = address(&config.cluster_url).ok_or_else(|| ClusterError::Kubeconfig {
        file: source.clone(),
        problem: "clusters[].cluster.server is not of the form https://host:port".into(),
    })?;
    // What is trusted for the API server only is not for kubelets.
    let door = Door::new(&config, access.kubelet_ca.as_deref())?;
    if let Some(file) = &access.ca_file {
        trust(&mut config, file)?;
    }
    config.connect_timeout = Some(access.timeout);
    // Calls are repeated by `Api`, which knows what the server asks for.
    config.default_retry = false;
    // Compressing costs more than it saves where nothing has to be carried.
    config.disable_compression |= config.cluster_url.host().is_some_and(proxy::is_loopback);
    let unverified = config.accept_invalid_certs;
    let client = kube::Client::try_from(config).map_err(|error| {
        if let Some(problem) = login_problem(&error, program.as_deref()) {
            return ClusterError::Login { server: server.clone(), problem };
        }
        ClusterError::Kubeconfig { file: source.clone(), problem: client_problem(&error) }
    })?;
    Ok(Target { name, server, program, unverified, door, client })
}

/// The names of the contexts, in the order of the files.
pub(super) fn contexts(kubeconfig: Option<&Path>) -> Result<Vec<String>, ClusterError> {
    let files = Files::find(kubeconfig)?;
    match files.load()? {
        Some(merged) => Ok(merged.contexts.into_iter().map(|context| context.name).collect()),
        None => Err(ClusterError::NoKubeconfig { looked: files.looked() }),
    }
}

/// The kubeconfig files to merge.
struct Files {
    found: Vec<PathBuf>,
    absent: Vec<PathBuf>,
}

impl Files {
    /// The file that was named; else those of KUBECONFIG, of which some may be absent; else the one of the home directory.
    fn find(named: Option<&Path>) -> Result<Files, ClusterError> {
        if let Some(path) = named {
            if !path.exists() {
                return Err(ClusterError::Kubeconfig {
                    file: path.display().to_string(),
                    problem: "no such file".into(),
                });
            }
            return Ok(Files { found: vec![path.to_owned()], absent: Vec::new() });
        }
        let listed: Vec<PathBuf> = std::env::var_os("KUBECONFIG")
            .map(|value| std::env::split_paths(&value).filter(|path| !path.as_os_str().is_empty()).collect())
            .unwrap_or_default();
        let candidates = if listed.is_empty() {
            std::env::home_dir().map(|home| home.join(".kube").join("config")).into_iter().collect()
        } else {
            listed
        };
        let (found, absent) = candidates.into_iter().partition(|path| path.exists());
        Ok(Files { found, absent })
    }

    /// All files merged as `kubectl` does: the first file that names something wins. None if there is no file.
    fn load(&self) -> Result<Option<Kubeconfig>, ClusterError> {
        let mut merged: Option<Kubeconfig> = None;
        for path in &self.found {
            let problem = |error: &KubeconfigError| ClusterError::Kubeconfig {
                file: path.display().to_string(),
                problem: match error {
                    KubeconfigError::Parse(error) => {
                        let line = error.location().map(|place| place.line());
                        kubeconfig::diagnose(path).unwrap_or_else(|| match line {
                            Some(line) => format!("line {line} is not that of a kubeconfig"),
                            None => "not a kubeconfig".into(),
                        })
                    }
                    error => load_problem(error),
                },
            };
            let next = Kubeconfig::read_from(path).map_err(|error| problem(&error))?;
            merged = Some(match merged {
                Some(before) => before.merge(next).map_err(|error| problem(&error))?,
                None => next,
            });
        }
        Ok(merged)
    }

    /// The context to use.
    fn context(&self, merged: &Kubeconfig, asked: Option<&str>) -> Result<String, ClusterError> {
        let known: Vec<String> = merged.contexts.iter().map(|context| context.name.clone()).collect();
        let current = merged.current_context.as_deref().filter(|name| !name.is_empty());
        let Some(name) = asked.or(current) else {
            let problem = if known.is_empty() {
                "contexts is empty: there is no cluster in it".to_owned()
            } else {
                format!("current-context is not set; choose one of: {}", known.join(", "))
            };
            return Err(self.wrong(problem));
        };
        if known.iter().any(|known| known == name) {
            return Ok(name.to_owned());
        }
        if known.is_empty() {
            return Err(self.wrong(format!("contexts is empty, but context `{name}` is asked for")));
        }
        let nearest = spelling::nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Err(ClusterError::UnknownContext { file: self.names(), name: name.to_owned(), known, nearest })
    }

    /// The cluster of a context.
    fn cluster(&self, merged: &Kubeconfig, context: &str) -> Result<kube::config::Cluster, ClusterError> {
        let named = merged.contexts.iter().find(|known| known.name == context).and_then(|known| known.context.as_ref());
        let Some(named) = named else {
            return Err(self.wrong(format!("contexts[{context}].context is missing")));
        };
        let cluster = merged.clusters.iter().find(|known| known.name == named.cluster);
        let Some(cluster) = cluster.and_then(|known| known.cluster.as_ref()) else {
            let name = &named.cluster;
            return Err(self.wrong(format!("contexts[{context}].context.cluster: there is no cluster `{name}`")));
        };
        if let Some(user) = &named.user
            && !merged.auth_infos.iter().any(|known| known.name == *user)
        {
            return Err(self.wrong(format!("contexts[{context}].context.user: there is no user `{user}`")));
        }
        if cluster.server.as_ref().is_none_or(String::is_empty) {
            return Err(self.wrong(format!("clusters[{}].cluster.server is missing", named.cluster)));
        }
        Ok(cluster.clone())
    }

    fn wrong(&self, problem: impl Into<String>) -> ClusterError {
        ClusterError::Kubeconfig { file: self.names(), problem: problem.into() }
    }

    fn names(&self) -> String {
        list(&self.found)
    }

    fn looked(&self) -> String {
        match (self.found.is_empty(), self.absent.is_empty()) {
            (false, _) => format!("{} names no cluster", self.names()),
            (true, false) => format!("no {}", list(&self.absent)),
            (true, true) => "there is no home directory".into(),
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The program that logs in for a context, without its arguments.
fn program(merged: &Kubeconfig, context: &str) -> Option<String> {
    let named = merged.contexts.iter().find(|known| known.name == context)?;
    let user = named.context.as_ref()?.user.as_deref()?;
    merged.auth_infos.iter().find(|known| known.name == user)?.auth_info.as_ref()?.exec.as_ref()?.command.clone()
}

/// `https://host:port/path`, without user and password; none if it is no address.
fn address(url: &http::Uri) -> Option<String> {
    let scheme = url.scheme_str().filter(|scheme| ["http", "https"].contains(scheme))?;
    let host = url.host().filter(|host| !host.is_empty())?;
    let port = url.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{scheme}://{host}{port}{}", url.path().trim_end_matches('/')))
}

/// Trusts the certificates of `file` too; in place of those of the operating system if the kubeconfig names none.
fn trust(config: &mut Config, file: &Path) -> Result<(), ClusterError> {
    config.root_cert.get_or_insert_default().extend(certificates(file)?);
    // Otherwise only that file would count.
    config.root_cert_file = None;
    Ok(())
}

/// The certificates of a file, at least one.
pub(super) fn certificates(file: &Path) -> Result<Vec<Vec<u8>>, ClusterError> {
    let wrong = |problem: String| ClusterError::CaFile { file: file.display().to_string(), problem };
    let text = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let certificates: Vec<Vec<u8>> = Pem::iter_from_buffer(&text)
        .filter_map(Result::ok)
        .filter(|pem| pem.label == "CERTIFICATE")
        .map(|pem| pem.contents)
        .collect();
    if certificates.is_empty() {
        return Err(wrong("no certificate in PEM form in it".into()));
    }
    Ok(certificates)
}

// Only variants whose text cannot hold a secret are quoted.
fn load_problem(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::ReadConfig(cause, _) => cause.to_string(),
        KubeconfigError::ParseClusterUrl(_) => "clusters[].cluster.server is not a URL".into(),
        KubeconfigError::ParseProxyUrl(_) => "clusters[].cluster.proxy-url (or HTTPS_PROXY) is not a URL".into(),
        KubeconfigError::ParseNoProxy(_) => "NO_PROXY holds an entry that is no host, address or network".into(),
        KubeconfigError::LoadCertificateAuthority(cause) => {
            data_problem("clusters[].cluster.certificate-authority", cause)
        }
        KubeconfigError::LoadClientCertificate(cause) => data_problem("users[].user.client-certificate", cause),
        KubeconfigError::LoadClientKey(cause) => data_problem("users[].user.client-key", cause),
        KubeconfigError::ParseCertificates(_) => "clusters[].cluster.certificate-authority is not PEM".into(),
        KubeconfigError::KindMismatch => "kind differs between the files".into(),
        KubeconfigError::ApiVersionMismatch => "apiVersion differs between the files".into(),
        _ => "not a kubeconfig that can be used".into(),
    }
}

fn data_problem(field: &str, error: &LoadDataError) -> String {
    match error {
        LoadDataError::DecodeBase64(_) => format!("{field}-data is not base64"),
        LoadDataError::ReadFile(cause, path) => format!("{field}: {}: {cause}", path.display()),
        LoadDataError::NoBase64DataOrFile => format!("{field} is missing"),
    }
}

fn client_problem(error: &kube::Error) -> String {
    match error {
        kube::Error::InferKubeconfig(error) => load_problem(error),
        // These quote the address of the proxy, which may hold a password.
        kube::Error::ProxyProtocolUnsupported { .. } | kube::Error::ProxyProtocolDisabled { .. } => {
            "clusters[].cluster.proxy-url (or HTTPS_PROXY): only http, https and socks5 are supported".into()
        }
        kube::Error::RustlsTls(kube::client::RustlsTlsError::AddRootCertificate(_)) => {
            "clusters[].cluster.certificate-authority holds something that is no certificate".into()
        }
        kube::Error::RustlsTls(kube::client::RustlsTlsError::NoValidNativeRootCA(_)) => {
            "clusters[].cluster.certificate-authority is missing, and the operating system has no certificates".into()
        }
        kube::Error::RustlsTls(_) => "users[].user.client-certificate or client-key is not usable".into(),
        error => innermost(error),
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses_are_shown_without_credentials() {
        let shown = |url: &str| address(&url.parse().unwrap());
        assert_eq!(shown("https://user:secret@api.example:6443/"), Some("https://api.example:6443".into()));
        assert_eq!(shown("https://rancher.example/k8s/c-1/"), Some("https://rancher.example/k8s/c-1".into()));
        assert_eq!(shown("https://[::1]:6443"), Some("https://[::1]:6443".into()));
        assert_eq!(shown("localhost:6443"), None);
        assert_eq!(shown("ftp://api.example"), None);
        assert_eq!(shown("/api"), None);
    }
}
