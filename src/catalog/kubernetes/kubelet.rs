//! The kubelet's configuration: built-in defaults, and which flag sets which field.

/// A default or the type of a flag's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// true or false.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// Text; durations and quantities are text too.
    Text(&'static str),
    /// List of text.
    List(&'static [&'static str]),
}

/// Defaults of KubeletConfiguration v1beta1, for fields that rules may ask for: path and value. Not among them are
/// `rotateCertificates` (off) and `streamingConnectionIdleTimeout` (4h): standards ask whether somebody wrote them.
pub const DEFAULTS: &[(&str, Typed)] = &[
    ("address", Typed::Text("0.0.0.0")),
    ("authentication.anonymous.enabled", Typed::Bool(false)),
    ("authentication.webhook.enabled", Typed::Bool(true)),
    ("authorization.mode", Typed::Text("Webhook")),
    ("cgroupsPerQOS", Typed::Bool(true)),
    ("containerLogMaxFiles", Typed::Int(5)),
    ("containerLogMaxSize", Typed::Text("10Mi")),
    ("enableControllerAttachDetach", Typed::Bool(true)),
    ("enableDebuggingHandlers", Typed::Bool(true)),
    ("enableProfilingHandler", Typed::Bool(true)),
    ("enableServer", Typed::Bool(true)),
    ("enableSystemLogHandler", Typed::Bool(true)),
    ("enforceNodeAllocatable", Typed::List(&["pods"])),
    ("eventBurst", Typed::Int(100)),
    ("eventRecordQPS", Typed::Int(50)),
    ("failSwapOn", Typed::Bool(true)),
    ("healthzBindAddress", Typed::Text("127.0.0.1")),
    ("healthzPort", Typed::Int(10248)),
    ("makeIPTablesUtilChains", Typed::Bool(true)),
    ("maxPods", Typed::Int(110)),
    ("podPidsLimit", Typed::Int(-1)),
    ("port", Typed::Int(10250)),
    ("protectKernelDefaults", Typed::Bool(false)),
    ("readOnlyPort", Typed::Int(0)),
    ("registerNode", Typed::Bool(true)),
    ("seccompDefault", Typed::Bool(false)),
    ("serializeImagePulls", Typed::Bool(true)),
    ("serverTLSBootstrap", Typed::Bool(false)),
];

/// Fields whose zero value in a file (0, `0s`, empty text) means that the default applies. A flag can set them to zero.
pub const ZERO_IS_UNSET: &[&str] = &[
    "address",
    "authorization.mode",
    "containerLogMaxSize",
    "eventBurst",
    "healthzBindAddress",
    "maxPods",
    "port",
    "streamingConnectionIdleTimeout",
];

/// What differs in a kubelet that was started without a configuration file.
pub const DEFAULTS_WITHOUT_FILE: &[(&str, Typed)] = &[
    ("authentication.anonymous.enabled", Typed::Bool(true)),
    ("authentication.webhook.enabled", Typed::Bool(false)),
    ("authorization.mode", Typed::Text("AlwaysAllow")),
    ("readOnlyPort", Typed::Int(10255)),
];

/// How the text of a flag becomes a value of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// true or false.
    Bool,
    /// Whole number.
    Int,
    /// Text as it is.
    Text,
    /// Comma-separated list.
    List,
    /// `key=value` pairs with text.
    Map,
    /// `key=value` pairs with true or false.
    Gates,
}

/// Flags of the kubelet that set a field of its configuration: flag, field, shape.
pub const FLAGS: &[(&str, &str, Shape)] = &[
    ("address", "address", Shape::Text),
    ("allowed-unsafe-sysctls", "allowedUnsafeSysctls", Shape::List),
    ("anonymous-auth", "authentication.anonymous.enabled", Shape::Bool),
    ("authentication-token-webhook", "authentication.webhook.enabled", Shape::Bool),
    ("authorization-mode", "authorization.mode", Shape::Text),
    ("cgroup-driver", "cgroupDriver", Shape::Text),
    ("cgroups-per-qos", "cgroupsPerQOS", Shape::Bool),
    ("client-ca-file", "authentication.x509.clientCAFile", Shape::Text),
    ("cluster-dns", "clusterDNS", Shape::List),
    ("cluster-domain", "clusterDomain", Shape::Text),
    ("container-log-max-files", "containerLogMaxFiles", Shape::Int),
    ("container-log-max-size", "containerLogMaxSize", Shape::Text),
    ("container-runtime-endpoint", "containerRuntimeEndpoint", Shape::Text),
    ("enable-controller-attach-detach", "enableControllerAttachDetach", Shape::Bool),
    ("enable-debugging-handlers", "enableDebuggingHandlers", Shape::Bool),
    ("enable-server", "enableServer", Shape::Bool),
    ("enforce-node-allocatable", "enforceNodeAllocatable", Shape::List),
    ("event-burst", "eventBurst", Shape::Int),
    ("event-qps", "eventRecordQPS", Shape::Int),
    ("eviction-hard", "evictionHard", Shape::Map),
    ("eviction-soft", "evictionSoft", Shape::Map),
    ("fail-swap-on", "failSwapOn", Shape::Bool),
    ("feature-gates", "featureGates", Shape::Gates),
    ("healthz-bind-address", "healthzBindAddress", Shape::Text),
    ("healthz-port", "healthzPort", Shape::Int),
    ("kube-reserved", "kubeReserved", Shape::Map),
    ("make-iptables-util-chains", "makeIPTablesUtilChains", Shape::Bool),
    ("max-pods", "maxPods", Shape::Int),
    ("pod-manifest-path", "staticPodPath", Shape::Text),
    ("pod-max-pids", "podPidsLimit", Shape::Int),
    ("port", "port", Shape::Int),
    ("protect-kernel-defaults", "protectKernelDefaults", Shape::Bool),
    ("read-only-port", "readOnlyPort", Shape::Int),
    ("register-node", "registerNode", Shape::Bool),
    ("rotate-certificates", "rotateCertificates", Shape::Bool),
    ("rotate-server-certificates", "serverTLSBootstrap", Shape::Bool),
    ("seccomp-default", "seccompDefault", Shape::Bool),
    ("serialize-image-pulls", "serializeImagePulls", Shape::Bool),
    ("streaming-connection-idle-timeout", "streamingConnectionIdleTimeout", Shape::Text),
    ("system-reserved", "systemReserved", Shape::Map),
    ("tls-cert-file", "tlsCertFile", Shape::Text),
    ("tls-cipher-suites", "tlsCipherSuites", Shape::List),
    ("tls-min-version", "tlsMinVersion", Shape::Text),
    ("tls-private-key-file", "tlsPrivateKeyFile", Shape::Text),
    ("volume-plugin-dir", "volumePluginDir", Shape::Text),
];
