//! Components of the control plane: names of their processes, the shape of their flags, defaults that matter to rules.

/// A component that is started with command line flags.
#[derive(Debug)]
pub struct Component {
    /// Name of the component and of its view.
    pub name: &'static str,
    /// Names under which its program runs, besides [`Component::name`].
    pub programs: &'static [&'static str],
    /// Subcommands of an all-in-one program (`hyperkube apiserver`) that start it.
    pub subcommands: &'static [&'static str],
    /// Flags that hold a comma-separated list and add up when repeated.
    pub lists: &'static [&'static str],
    /// Flags that hold `key=value` pairs and add up when repeated.
    pub maps: &'static [&'static str],
    /// Name of its arguments file in the snaps of MicroK8s and k8s-snap.
    pub arguments_file: &'static str,
    /// Flag of k3s that hands one flag to it.
    pub k3s_flag: &'static str,
}

/// The API server.
pub const APISERVER: Component = Component {
    name: "kube-apiserver",
    programs: &["apiserver"],
    subcommands: &["apiserver", "kube-apiserver"],
    lists: &[
        "admission-control",
        "api-audiences",
        "authorization-mode",
        "cors-allowed-origins",
        "disable-admission-plugins",
        "enable-admission-plugins",
        "etcd-servers",
        "etcd-servers-overrides",
        "kubelet-preferred-address-types",
        "oidc-groups-claim",
        "oidc-signing-algs",
        "requestheader-allowed-names",
        "requestheader-extra-headers-prefix",
        "requestheader-group-headers",
        "requestheader-username-headers",
        "service-account-issuer",
        "service-account-key-file",
        "strict-transport-security-directives",
        "tls-cipher-suites",
        "tls-sni-cert-key",
    ],
    maps: &["feature-gates", "runtime-config", "oidc-required-claim"],
    arguments_file: "kube-apiserver",
    k3s_flag: "kube-apiserver-arg",
};

/// The controller manager.
pub const CONTROLLER_MANAGER: Component = Component {
    name: "kube-controller-manager",
    programs: &["controller-manager"],
    subcommands: &["controller-manager", "kube-controller-manager"],
    lists: &["controllers", "requestheader-allowed-names", "tls-cipher-suites", "tls-sni-cert-key"],
    maps: &["feature-gates"],
    arguments_file: "kube-controller-manager",
    k3s_flag: "kube-controller-manager-arg",
};

/// The scheduler.
pub const SCHEDULER: Component = Component {
    name: "kube-scheduler",
    programs: &["scheduler"],
    subcommands: &["scheduler", "kube-scheduler"],
    lists: &["requestheader-allowed-names", "tls-cipher-suites", "tls-sni-cert-key"],
    maps: &["feature-gates"],
    arguments_file: "kube-scheduler",
    k3s_flag: "kube-scheduler-arg",
};

/// A member of etcd.
pub const ETCD: Component = Component {
    name: "etcd",
    programs: &[],
    subcommands: &[],
    lists: &[
        "advertise-client-urls",
        "cipher-suites",
        "initial-advertise-peer-urls",
        "listen-client-http-urls",
        "listen-client-urls",
        "listen-metrics-urls",
        "listen-peer-urls",
    ],
    maps: &["feature-gates"],
    arguments_file: "etcd",
    k3s_flag: "etcd-arg",
};

/// The service proxy.
pub const PROXY: Component = Component {
    name: "kube-proxy",
    programs: &["proxy"],
    subcommands: &["proxy", "kube-proxy"],
    lists: &["nodeport-addresses"],
    maps: &["feature-gates"],
    arguments_file: "kube-proxy",
    k3s_flag: "kube-proxy-arg",
};

/// The kubelet.
pub const KUBELET: Component = Component {
    name: "kubelet",
    programs: &[],
    subcommands: &["kubelet"],
    lists: &["allowed-unsafe-sysctls", "cluster-dns", "enforce-node-allocatable", "tls-cipher-suites"],
    maps: &["eviction-hard", "eviction-soft", "feature-gates", "kube-reserved", "node-labels", "system-reserved"],
    arguments_file: "kubelet",
    k3s_flag: "kubelet-arg",
};

/// Every component.
pub const COMPONENTS: &[&Component] = &[&APISERVER, &CONTROLLER_MANAGER, &SCHEDULER, &ETCD, &PROXY, &KUBELET];

/// The component `name`.
pub fn component(name: &str) -> Option<&'static Component> {
    COMPONENTS.iter().copied().find(|component| component.name == name)
}

impl Component {
    /// Whether a program of this file name is the component.
    pub fn runs_as(&self, program: &str) -> bool {
        program == self.name || self.programs.contains(&program)
    }
}

/// An admission plugin that is on unless disabled, and the first minor version 1.N in which it is.
#[derive(Debug)]
pub struct DefaultPlugin {
    /// Name as in `--enable-admission-plugins`.
    pub name: &'static str,
    /// N of the first version 1.N.
    pub since: u64,
}

const fn plugin(name: &'static str, since: u64) -> DefaultPlugin {
    DefaultPlugin { name, since }
}

/// Admission plugins that are on by default. All versions before 1.19 count as 1.19.
pub const DEFAULT_PLUGINS: &[DefaultPlugin] = &[
    plugin("CertificateApproval", 0),
    plugin("CertificateSigning", 0),
    plugin("CertificateSubjectRestriction", 0),
    plugin("ClusterTrustBundleAttest", 27),
    plugin("DefaultIngressClass", 0),
    plugin("DefaultStorageClass", 0),
    plugin("DefaultTolerationSeconds", 0),
    plugin("LimitRanger", 0),
    plugin("MutatingAdmissionWebhook", 0),
    plugin("NamespaceLifecycle", 0),
    plugin("PersistentVolumeClaimResize", 0),
    plugin("PodSecurity", 23),
    plugin("Priority", 0),
    plugin("ResourceQuota", 0),
    plugin("RuntimeClass", 0),
    plugin("ServiceAccount", 0),
    plugin("StorageObjectInUseProtection", 0),
    plugin("TaintNodesByCondition", 0),
    plugin("ValidatingAdmissionPolicy", 30),
    plugin("ValidatingAdmissionWebhook", 0),
];

/// Flags that a k3s server (1.26 and newer) gives to a component in its own process, in addition to what the user hands on.
/// `DATA` stands for the data directory of the server.
pub fn k3s_flags(component: &str) -> &'static [(&'static str, &'static str)] {
    match component {
        "kube-apiserver" => &[
            ("allow-privileged", "true"),
            ("anonymous-auth", "false"),
            ("authorization-mode", "Node,RBAC"),
            ("client-ca-file", "DATA/tls/client-ca.crt"),
            ("enable-admission-plugins", "NodeRestriction"),
            ("kubelet-certificate-authority", "DATA/tls/server-ca.crt"),
            ("kubelet-client-certificate", "DATA/tls/client-kube-apiserver.crt"),
            ("kubelet-client-key", "DATA/tls/client-kube-apiserver.key"),
            ("profiling", "false"),
            ("requestheader-client-ca-file", "DATA/tls/request-header-ca.crt"),
            ("service-account-key-file", "DATA/tls/service.key"),
            ("service-account-signing-key-file", "DATA/tls/service.current.key"),
            ("tls-cert-file", "DATA/tls/serving-kube-apiserver.crt"),
            (
                "tls-cipher-suites",
                "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305,TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
            ),
            ("tls-private-key-file", "DATA/tls/serving-kube-apiserver.key"),
        ],
        "kube-controller-manager" => &[
            ("bind-address", "127.0.0.1"),
            ("profiling", "false"),
            ("root-ca-file", "DATA/tls/server-ca.crt"),
            ("service-account-private-key-file", "DATA/tls/service.current.key"),
            ("use-service-account-credentials", "true"),
        ],
        "kube-scheduler" => &[("bind-address", "127.0.0.1"), ("profiling", "false")],
        "etcd" => &[
            ("cert-file", "DATA/tls/etcd/server-client.crt"),
            ("client-cert-auth", "true"),
            ("data-dir", "DATA/db/etcd"),
            ("key-file", "DATA/tls/etcd/server-client.key"),
            ("listen-client-http-urls", "https://127.0.0.1:2382"),
            ("listen-client-urls", "https://127.0.0.1:2379"),
            ("listen-peer-urls", "https://127.0.0.1:2380"),
            ("peer-cert-file", "DATA/tls/etcd/peer-server-client.crt"),
            ("peer-client-cert-auth", "true"),
            ("peer-key-file", "DATA/tls/etcd/peer-server-client.key"),
            ("peer-trusted-ca-file", "DATA/tls/etcd/peer-ca.crt"),
            ("trusted-ca-file", "DATA/tls/etcd/server-ca.crt"),
        ],
        _ => &[],
    }
}
