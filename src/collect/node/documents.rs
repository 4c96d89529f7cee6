//! Contents of known kinds of documents, without their secrets. Any other file has no content here.

use serde_json::{Map, Value, json};

use crate::base::command_line as redact;
use crate::collect::files::yaml_value;

/// What a document became.
#[derive(Debug, PartialEq)]
pub enum Parsed {
    /// Kind and content that may leave the node.
    Known(String, Value),
    /// A document of a kind that is not kept.
    OtherKind,
    /// Not to be understood, for this reason (which quotes nothing of it).
    Broken(String),
}

/// How a file has to be read if it does not name its own kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A Kubernetes document: `kind` says what it is.
    Kubernetes,
    /// A kubelet drop-in: `kind` may be left out.
    KubeletDropIn,
    /// Configuration file of etcd.
    Etcd,
    /// Configuration file of k3s or RKE2.
    K3s,
    /// Command line arguments, one or more per line.
    Arguments,
}

impl Format {
    /// The kind of documents that do not name it themselves.
    pub fn kind(self) -> Option<&'static str> {
        match self {
            Format::Kubernetes | Format::KubeletDropIn => None,
            Format::Etcd => Some("EtcdConfiguration"),
            Format::K3s => Some("K3sConfiguration"),
            Format::Arguments => Some("Arguments"),
        }
    }
}

/// Parses a document and keeps what may leave the node.
pub fn parse(bytes: &[u8], format: Format) -> Parsed {
    let Ok(text) = std::str::from_utf8(bytes) else { return Parsed::Broken("it is no UTF-8 text".to_owned()) };
    if format == Format::Arguments {
        return Parsed::Known("Arguments".to_owned(), Value::from(arguments(text)));
    }
    let value = match first_document(text) {
        Ok(value) => value,
        Err(why) => return Parsed::Broken(why),
    };
    let Value::Object(map) = value else { return Parsed::Broken("it is no map".to_owned()) };
    let own = map.get("kind").and_then(Value::as_str).unwrap_or_default();
    let kind = match format {
        Format::KubeletDropIn if own.is_empty() => "KubeletConfiguration",
        format => format.kind().unwrap_or(own),
    };
    let kind = kind.to_owned();
    let content = match kind.as_str() {
        "Pod" => pod(&map),
        "EncryptionConfiguration" | "EncryptionConfig" => encryption(&map),
        "AdmissionConfiguration" => admission(&map),
        "AuthorizationConfiguration" => authorization(&map),
        "AuthenticationConfiguration" => authentication(&map),
        "PodSecurityConfiguration"
        | "KubeletConfiguration"
        | "KubeProxyConfiguration"
        | "EtcdConfiguration"
        | "K3sConfiguration" => clean(map),
        "Policy" if is_audit(&map) => clean(map),
        _ => return Parsed::OtherKind,
    };
    // The configuration of encryption had another name before 1.13.
    let kind = if kind == "EncryptionConfig" { "EncryptionConfiguration".to_owned() } else { kind };
    Parsed::Known(kind, content)
}

// The first document of a stream that is not empty, as the component itself reads it. Messages of the parser may quote what
// they read, so they are not used.
fn first_document(text: &str) -> Result<Value, String> {
    let unreadable = |line| format!("it is neither YAML nor JSON, line {line}");
    match serde_json::to_value(yaml_value(text).map_err(unreadable)?) {
        Ok(Value::Null) => Err("it is empty".to_owned()),
        Ok(value) => Ok(value),
        Err(_) => Err("it is no document".to_owned()),
    }
}

fn is_audit(map: &Map<String, Value>) -> bool {
    map.get("apiVersion").and_then(Value::as_str).is_some_and(|version| version.starts_with("audit.k8s.io/"))
}

fn clean(map: Map<String, Value>) -> Value {
    let mut value = Value::Object(map);
    redact::document(&mut value);
    value
}

// Comments and quotes as the snaps of MicroK8s write them.
fn arguments(text: &str) -> Vec<String> {
    let words = text.lines().map(str::trim).filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
    redact::arguments(words.map(|word| word.trim_matches(['"', '\''])))
}

fn items<'v>(map: &'v Map<String, Value>, key: &str) -> impl Iterator<Item = &'v Map<String, Value>> {
    map.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

// The entries `keys` of a map, redacted.
fn keep(map: &Map<String, Value>, keys: &[&str]) -> Map<String, Value> {
    let entry = |key: &&str| map.get(*key).map(|value| ((*key).to_owned(), value.clone()));
    match clean(keys.iter().filter_map(entry).collect()) {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

// What starts the component: image, command line, and the environment variables that configure it.
fn pod(map: &Map<String, Value>) -> Value {
    let container = |container: &Map<String, Value>| {
        let mut kept = keep(container, &["name", "image", "command", "args"]);
        let env: Vec<Value> = items(container, "env").map(variable).collect();
        if !env.is_empty() {
            kept.insert("env".to_owned(), Value::from(env));
        }
        Value::Object(kept)
    };
    let spec = map.get("spec").and_then(Value::as_object).cloned().unwrap_or_default();
    let metadata =
        map.get("metadata").and_then(Value::as_object).map(|metadata| keep(metadata, &["name", "namespace"]));
    json!({
        "kind": "Pod",
        "metadata": metadata.unwrap_or_default(),
        "spec": { "containers": items(&spec, "containers").map(container).collect::<Vec<_>>() },
    })
}

// Only variables of etcd and of Go are kept with their value; one without value counts as set at run time.
fn variable(variable: &Map<String, Value>) -> Value {
    let name = variable.get("name").and_then(Value::as_str).unwrap_or_default();
    let harmless = name.starts_with("ETCD_") || name == "GODEBUG";
    match variable.get("value").and_then(Value::as_str) {
        Some(value) if harmless && !redact::is_secret_name(name) => json!({"name": name, "value": redact::text(value)}),
        _ => json!({"name": name}),
    }
}

// Providers with the names of their keys.
fn encryption(map: &Map<String, Value>) -> Value {
    let provider = |provider: &Map<String, Value>| {
        let entry = |(name, settings): (&String, &Value)| {
            let settings = settings.as_object().cloned().unwrap_or_default();
            let mut kept = keep(&settings, &["apiVersion", "cachesize", "endpoint", "timeout"]);
            if let Some(name) = settings.get("name").and_then(Value::as_str) {
                kept.insert("name".to_owned(), Value::from(redact::text(name)));
            }
            let keys: Vec<Value> =
                items(&settings, "keys").map(|key| json!({"name": key.get("name").and_then(Value::as_str)})).collect();
            if !keys.is_empty() {
                kept.insert("keys".to_owned(), Value::from(keys));
            }
            (name.clone(), Value::Object(kept))
        };
        Value::Object(provider.iter().map(entry).collect())
    };
    let entry = |entry: &Map<String, Value>| {
        json!({
            // A list of resource names; `secrets` is one of them.
            "resources": texts(entry, "resources"),
            "providers": items(entry, "providers").map(provider).collect::<Vec<_>>(),
        })
    };
    json!({
        "kind": "EncryptionConfiguration",
        "apiVersion": map.get("apiVersion").and_then(Value::as_str),
        "resources": items(map, "resources").map(entry).collect::<Vec<_>>(),
    })
}

fn texts(map: &Map<String, Value>, key: &str) -> Vec<Value> {
    let list = map.get(key).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(|text| Value::from(redact::text(text))).collect()
}

// Of plugins only Pod Security says something that rules ask for; others may hold anything.
fn admission(map: &Map<String, Value>) -> Value {
    let plugin = |plugin: &Map<String, Value>| {
        let mut kept = keep(plugin, &["name", "path"]);
        let configuration = plugin.get("configuration").and_then(Value::as_object);
        let is_kept =
            |map: &&Map<String, Value>| map.get("kind").and_then(Value::as_str) == Some("PodSecurityConfiguration");
        if let Some(configuration) = configuration.filter(is_kept) {
            kept.insert("configuration".to_owned(), clean(configuration.clone()));
        }
        Value::Object(kept)
    };
    json!({"kind": "AdmissionConfiguration", "plugins": items(map, "plugins").map(plugin).collect::<Vec<_>>()})
}

fn authorization(map: &Map<String, Value>) -> Value {
    let authorizer = |authorizer: &Map<String, Value>| {
        let mut kept = keep(authorizer, &["type", "name"]);
        if let Some(webhook) = authorizer.get("webhook").and_then(Value::as_object) {
            kept.insert("webhook".to_owned(), Value::Object(keep(webhook, &["failurePolicy", "timeout"])));
        }
        Value::Object(kept)
    };
    let authorizers: Vec<Value> = items(map, "authorizers").map(authorizer).collect();
    json!({"kind": "AuthorizationConfiguration", "authorizers": authorizers})
}

fn authentication(map: &Map<String, Value>) -> Value {
    let mut kept = keep(map, &["anonymous"]);
    kept.insert("kind".to_owned(), Value::from("AuthenticationConfiguration"));
    let issuers: Vec<Value> = items(map, "jwt")
        .filter_map(|jwt| jwt.get("issuer").and_then(Value::as_object))
        .map(|issuer| json!({"issuer": keep(issuer, &["url", "audiences"])}))
        .collect();
    kept.insert("jwt".to_owned(), Value::from(issuers));
    Value::Object(kept)
}

/// What a kubeconfig says without its credentials: servers, how users authenticate, and whether a key stands in it.
pub fn kubeconfig(bytes: &[u8]) -> Option<(Vec<String>, Vec<&'static str>, bool)> {
    let Ok(Value::Object(map)) = first_document(std::str::from_utf8(bytes).ok()?) else { return None };
    if map.get("kind").and_then(Value::as_str).is_some_and(|kind| kind != "Config") || !map.contains_key("users") {
        return None;
    }
    let servers = items(&map, "clusters")
        .filter_map(|entry| entry.get("cluster")?.get("server")?.as_str())
        .map(redact::text)
        .collect();
    let mut users = Vec::new();
    let mut embedded = false;
    for user in items(&map, "users").filter_map(|entry| entry.get("user").and_then(Value::as_object)) {
        embedded |= user.contains_key("client-key-data");
        let has = |keys: &[&str]| keys.iter().any(|key| user.contains_key(*key));
        for (way, keys) in [
            ("certificate", ["client-certificate", "client-certificate-data"].as_slice()),
            ("token", &["token", "tokenFile"]),
            ("password", &["username", "password"]),
            ("exec", &["exec", "auth-provider"]),
        ] {
            if has(keys) && !users.contains(&way) {
                users.push(way);
            }
        }
    }
    Some((servers, users, embedded))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str, format: Format) -> (String, Value) {
        match parse(text.as_bytes(), format) {
            Parsed::Known(kind, content) => (kind, content),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn secrets_of_every_kind_stay() {
        for (text, format) in [
            (
                "kind: Pod\nspec: {containers: [{name: c, command: [x, '--token=s3cret', --password, s3cret], env: [{name: A, value: s3cret}, {name: ETCD_INITIAL_CLUSTER_TOKEN, value: s3cret}]}], volumes: [{name: s3cret}]}",
                Format::Kubernetes,
            ),
            (
                "kind: EncryptionConfiguration\nresources: [{resources: [secrets], providers: [{aescbc: {keys: [{name: k, secret: s3cret}]}}, {secretbox: {keys: [{name: k, secret: s3cret}]}}, {kms: {name: n, endpoint: 'unix:///x', odd: s3cret}}]}]",
                Format::Kubernetes,
            ),
            (
                "kind: AdmissionConfiguration\nplugins: [{name: ImagePolicyWebhook, configuration: {imagePolicy: {password: s3cret, x: s3cret}}}]",
                Format::Kubernetes,
            ),
            (
                "kind: AuthorizationConfiguration\nauthorizers: [{type: Webhook, name: w, webhook: {connectionInfo: {x: s3cret}}}]",
                Format::Kubernetes,
            ),
            (
                "kind: AuthenticationConfiguration\njwt: [{issuer: {url: 'https://u:s3cret@h', certificateAuthority: s3cret}}]",
                Format::Kubernetes,
            ),
            (
                "kind: KubeletConfiguration\nstaticPodURLHeader: {Authorization: [s3cret]}\nstaticPodURL: https://u:s3cret@h/",
                Format::Kubernetes,
            ),
            ("kind: KubeProxyConfiguration\nclientConnection: {token: s3cret}", Format::Kubernetes),
            (
                "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata, password: s3cret}]",
                Format::Kubernetes,
            ),
            ("initial-cluster-token: s3cret\ndiscovery: https://u:s3cret@h", Format::Etcd),
            (
                "token: s3cret\nagent-token: s3cret\ndatastore-endpoint: 'postgres://u:s3cret@h/d'\netcd-s3-secret-key: s3cret\nkubelet-arg: ['bootstrap-token=s3cret']",
                Format::K3s,
            ),
            ("--token s3cret\n--etcd-servers=https://u:s3cret@h", Format::Arguments),
        ] {
            let (kind, content) = known(text, format);
            assert!(!content.to_string().contains("s3cret"), "{kind}: {content}");
        }
    }

    #[test]
    fn other_documents_have_no_content() {
        assert_eq!(parse(b"kind: Secret\ndata: {a: b}", Format::Kubernetes), Parsed::OtherKind);
        assert_eq!(parse(b"kind: Policy\nrules: []", Format::Kubernetes), Parsed::OtherKind);
        assert_eq!(
            parse(b"KUBELET_ARGS=--token=s3cret", Format::Kubernetes),
            Parsed::Broken("it is no map".to_owned())
        );
        let broken = parse(b"kind: KubeletConfiguration\nx: [s3cret", Format::Kubernetes);
        assert!(
            matches!(&broken, Parsed::Broken(why) if !why.contains("s3cret") && why.contains("line")),
            "{broken:?}"
        );
        assert_eq!(parse(b"\xff\xfe", Format::Kubernetes), Parsed::Broken("it is no UTF-8 text".to_owned()));
        assert_eq!(parse(b"---\n", Format::Kubernetes), Parsed::Broken("it is empty".to_owned()));
        for deep in ["[", "{a: ", "- "] {
            let deep = parse(deep.repeat(1000).as_bytes(), Format::Kubernetes);
            assert_eq!(deep, Parsed::Broken("it is neither YAML nor JSON, line 1".to_owned()));
        }
        let bomb = format!("a: &a [{}]\nb: [{}]", "x,".repeat(1000), "*a,".repeat(1000));
        assert!(matches!(parse(bomb.as_bytes(), Format::Kubernetes), Parsed::Broken(_)));
    }

    #[test]
    fn documents_mean_what_the_component_makes_of_them() {
        for text in [
            "---\n---\nkind: KubeletConfiguration\nauthentication: {anonymous: {enabled: yes}}\nprotectKernelDefaults: on\nx: 0644",
            "{\n\t\"kind\": \"KubeletConfiguration\",\n\t\"authentication\": {\"anonymous\": {\"enabled\": true}},\n\t\"protectKernelDefaults\": true, \"x\": 420\n}",
        ] {
            let (_, config) = known(text, Format::Kubernetes);
            assert_eq!(config["authentication"]["anonymous"]["enabled"], true, "{text}");
            assert_eq!((&config["protectKernelDefaults"], &config["x"]), (&json!(true), &json!(420)), "{text}");
        }
    }

    #[test]
    fn what_rules_ask_for_stays() {
        let (_, pod) = known(
            "---\nkind: Pod\nmetadata: {name: etcd}\nspec: {containers: [{name: etcd, image: 'etcd:3.5.16-0', command: [etcd, --client-cert-auth=true], env: [{name: ETCD_AUTO_TLS, value: 'true'}, {name: IP, valueFrom: {}}]}]}",
            Format::Kubernetes,
        );
        assert_eq!(pod["spec"]["containers"][0]["command"][1], "--client-cert-auth=true");
        assert_eq!(
            pod["spec"]["containers"][0]["env"],
            json!([{"name": "ETCD_AUTO_TLS", "value": "true"}, {"name": "IP"}])
        );
        let (kind, config) = known(
            "kind: EncryptionConfig\nresources: [{resources: [secrets, '*.*'], providers: [{identity: {}}, {aescbc: {keys: [{name: k1, secret: x}]}}]}]",
            Format::Kubernetes,
        );
        assert_eq!(kind, "EncryptionConfiguration");
        assert_eq!(config["resources"][0]["resources"], json!(["secrets", "*.*"]));
        assert_eq!(
            config["resources"][0]["providers"],
            json!([{"identity": {}}, {"aescbc": {"keys": [{"name": "k1"}]}}])
        );
        let (_, config) = known(
            "kind: AdmissionConfiguration\nplugins: [{name: PodSecurity, configuration: {kind: PodSecurityConfiguration, defaults: {enforce: baseline}}}]",
            Format::Kubernetes,
        );
        assert_eq!(config["plugins"][0]["configuration"]["defaults"]["enforce"], "baseline");
        let (kind, config) =
            known("{\"authentication\": {\"anonymous\": {\"enabled\": false}}}", Format::KubeletDropIn);
        assert_eq!(
            (kind.as_str(), &config["authentication"]["anonymous"]["enabled"]),
            ("KubeletConfiguration", &json!(false))
        );
        assert_eq!(known("# c\n--a=1\n--b \"2\"", Format::Arguments).1, json!(["--a=1", "--b", "2"]));
    }

    #[test]
    fn kubeconfigs_without_credentials() {
        let text = "kind: Config\nclusters: [{name: c, cluster: {server: 'https://u:s3cret@h:6443'}}]\nusers: [{name: a, user: {client-certificate-data: s3cret, client-key-data: s3cret}}, {name: b, user: {exec: {env: [s3cret]}}}]";
        let (servers, users, embedded) = kubeconfig(text.as_bytes()).unwrap();
        assert_eq!(servers, ["https://(redacted)@h:6443"]);
        assert_eq!((users, embedded), (vec!["certificate", "exec"], true));
        assert_eq!(kubeconfig(b"kind: Secret"), None);
    }
}
