use super::*;

// kubernetes.md 23, vectors 2, 3, 13.
#[test]
fn every_mirror_pod_is_an_instance() {
    let mut world = World::live();
    for node in ["cp-0", "cp-1", "cp-2"] {
        world = world.node(node, CONTROL_PLANE).mirror(
            "kube-apiserver",
            node,
            "--contention-profiling=false, --secure-port=6443",
        );
    }
    let found = world.derive("kube-apiserver");
    assert_eq!(names(&found), ["kube-apiserver cp-0", "kube-apiserver cp-1", "kube-apiserver cp-2"]);
    assert!(found.gaps.is_empty());
    let first = &found.subjects[0];
    assert_eq!(at(first, "flags.profiling"), "absent");
    assert_eq!(at(first, "flags.anonymous-auth"), "absent");
    assert_eq!(at(first, "anonymous.enabled"), "true");
    assert_eq!(at(first, "flags.contention-profiling"), "\"false\"");
    assert_eq!(at(first, "version"), "\"1.34.1\"");
    assert_eq!(at(first, "source"), "\"mirror pod\"");
    assert_eq!(at(first, "authorization.modes"), "[\"AlwaysAllow\"]");
    assert_eq!(
        origin(first, "flags.secure-port"),
        (
            "spec.containers[0].command[2]".to_owned(),
            "flag --secure-port of the mirror pod kube-system/kube-apiserver-cp-0".to_owned()
        )
    );
    assert_eq!(origin(first, "flags.profiling").1, "the mirror pod kube-system/kube-apiserver-cp-0");
}

#[test]
fn a_process_is_trusted_more_than_its_pod() {
    let found = World::live()
        .node("cp-0", CONTROL_PLANE)
        .mirror("kube-apiserver", "cp-0", "--profiling=true")
        .with(
            "{kind: NodeFacts, metadata: {name: cp-0}, processes: [
               {component: kube-apiserver, pid: 7, argv: [kube-apiserver, --profiling=false], foreign: false},
               {component: kube-apiserver, pid: 8, argv: [kube-apiserver, --profiling=true], foreign: true}]}",
        )
        .derive("kube-apiserver");
    assert_eq!(names(&found), ["kube-apiserver cp-0"]);
    let first = &found.subjects[0];
    assert_eq!(at(first, "flags.profiling"), "\"false\"");
    assert_eq!(at(first, "version"), "\"1.34.1\"");
    assert_eq!(
        origin(first, "flags.profiling"),
        ("processes[0].argv[1]".to_owned(), "flag --profiling of the process on node cp-0".to_owned())
    );
}

#[test]
fn pods_outside_of_the_cluster_s_namespace_are_no_components() {
    let found = World::live()
        .node("cp-0", CONTROL_PLANE)
        .with("{kind: Pod, metadata: {name: vcluster-0, namespace: team-a}, spec: {nodeName: w-1, containers: [{name: etcd, command: [etcd]}]}}")
        .derive("etcd");
    assert!(!names(&found).iter().any(|name| name.contains("w-1") || name.contains("vcluster")), "{:?}", names(&found));
}

// Exactly the node that nobody looked at is Manual.
#[test]
fn a_node_without_data_is_unknown() {
    let found = World::live()
        .node("cp-0", CONTROL_PLANE)
        .node("cp-1", CONTROL_PLANE)
        .node("w-0", "")
        .with("{kind: NodeFacts, metadata: {name: cp-0}, processes: [{component: kube-scheduler, pid: 7, argv: [kube-scheduler, --profiling=false]}]}")
        .derive("kube-scheduler");
    assert_eq!(names(&found), ["kube-scheduler cp-0", "kube-scheduler cp-1"]);
    assert_eq!(at(&found.subjects[0], "flags.profiling"), "\"false\"");
    assert_eq!(
        at(&found.subjects[1], "flags.profiling"),
        "unknown: no node data for cp-1: run `spm collect node` on it and give the file to the scan"
    );
    assert!(found.gaps.is_empty() && found.none.is_none());
}

// kubernetes.md 23, vectors 18 and 19.
#[test]
fn why_there_are_none() {
    let none = |world: World, view: &str| {
        let found = world.derive(view);
        assert!(found.subjects.is_empty(), "{:?}", names(&found));
        (found.none.unwrap_or_default(), found.gaps.first().map(ToString::to_string).unwrap_or_default())
    };
    let (managed, gap) = none(World::live().distribution("eks").node("ip-1", ""), "kube-apiserver");
    assert_eq!((managed.as_str(), gap.as_str()), ("the provider runs the control plane (EKS)", ""));
    let (managed, _) = none(World::live().node("n", "cloud.google.com/gke-nodepool: p"), "etcd");
    assert_eq!(managed, "the provider runs the control plane (GKE)");
    // EKS Anywhere reports the same suffix but has control-plane nodes of its own.
    let own = World::live().distribution("eks").node("cp-0", CONTROL_PLANE).derive("kube-apiserver");
    assert_eq!(names(&own), ["kube-apiserver cp-0"]);

    let (none_there, gap) = none(World::live().node("w-0", ""), "kube-apiserver");
    assert_eq!(none_there, "");
    assert!(gap.starts_with("NodeFacts: not collected, no node data: no kube-apiserver was seen"), "{gap}");
    let (empty, _) = none(World::new(Mode::Files), "kube-scheduler");
    assert_eq!(empty, "no control plane in the input");
    let (_, gap) = none(World::live().gap("Pod"), "kube-scheduler");
    assert!(gap.starts_with("Pod: forbidden"), "{gap}");

    // Where the user looked at some namespaces only, no node is asked for what the others may show.
    let narrowed = World::live().node("w-0", "").narrowed("Pod").derive("kube-apiserver");
    let gaps: Vec<String> = narrowed.gaps.iter().map(ToString::to_string).collect();
    assert_eq!(gaps, ["Pod in other namespaces: not asked for"]);

    let external = World::live().node("cp-0", CONTROL_PLANE).mirror(
        "kube-apiserver",
        "cp-0",
        "'--etcd-servers=https://10.0.0.9:2379'",
    );
    let (_, gap) = none(external, "etcd");
    assert_eq!(
        gap,
        "NodeFacts: not collected, etcd runs outside of the cluster (https://10.0.0.9:2379): collect its configuration there"
    );
}

#[test]
fn unread_pods_are_a_gap_beside_what_was_seen() {
    let world = || World::live().node("cp-0", CONTROL_PLANE).gap("Pod");
    assert_eq!(world().derive("kube-scheduler").gaps.len(), 1);
    let covered = world()
        .with("{kind: NodeFacts, metadata: {name: cp-0}, processes: [{component: kube-scheduler, pid: 7, argv: [kube-scheduler]}]}")
        .derive("kube-scheduler");
    assert!(covered.gaps.is_empty());
}

#[test]
fn a_manifest_file_stands_in_for_the_process() {
    let world = |mode| {
        World::new(mode).with(
            "{kind: NodeFacts, metadata: {name: cp-0}, documents: [
              {path: /etc/kubernetes/manifests/etcd.yaml, kind: Pod, content: {spec: {containers: [{name: etcd, image: 'etcd:3.5.16-0', command: [etcd, --client-cert-auth=true], env: [{name: ETCD_AUTO_TLS, value: 'true'}]}]}}}]}",
        )
    };
    let found = world(Mode::Files).derive("etcd");
    assert_eq!(names(&found), ["etcd cp-0"]);
    let etcd = &found.subjects[0];
    assert_eq!(at(etcd, "flags"), r#"{"auto-tls":"true","client-cert-auth":"true"}"#);
    assert_eq!(at(etcd, "version"), "\"3.5.16\"");
    assert_eq!(origin(etcd, "flags.client-cert-auth").0, "documents[0].content.spec.containers[0].command[1]");
    assert_eq!(
        origin(etcd, "flags.auto-tls").1,
        "environment variable ETCD_AUTO_TLS of /etc/kubernetes/manifests/etcd.yaml on node cp-0"
    );
}

#[test]
fn the_configuration_file_of_etcd_replaces_flags() {
    let facts = "{kind: NodeFacts, metadata: {name: cp-0}, processes: [{component: etcd, pid: 9, argv: [etcd, --config-file=/etc/etcd.yml, --client-cert-auth=false], env: {ETCD_AUTO_TLS: 'true'}}], documents: [{path: /etc/etcd.yml, kind: EtcdConfiguration, content: {name: a, data-dir: /data, trusted-ca-file: /not/in/a/section, peer-client-cert-auth: true, client-transport-security: {client-cert-auth: true, cert-file: /c}, peer-transport-security: {cert-file: /p, auto-tls: false}}}]}";
    let found = World::live().with(facts).derive("etcd");
    assert_eq!(
        at(&found.subjects[0], "flags"),
        r#"{"name":"a","data-dir":"/data","client-cert-auth":"true","cert-file":"/c","peer-cert-file":"/p","peer-auto-tls":"false"}"#
    );
    assert_eq!(
        origin(&found.subjects[0], "flags.peer-cert-file").0,
        "documents[0].content.peer-transport-security.cert-file"
    );
    let pod_only =
        World::live().node("cp-0", CONTROL_PLANE).mirror("etcd", "cp-0", "--config-file=/etc/etcd.yml").derive("etcd");
    assert_eq!(
        at(&pod_only.subjects[0], "flags.cert-file"),
        "unknown: etcd reads /etc/etcd.yml, which was not read: no node data for cp-0"
    );
}

const FACTS: &str = "kind: NodeFacts, metadata: {name: cp-0}";

fn apiserver(args: &str, documents: &str) -> Subject {
    let facts = format!(
        "{{{FACTS}, processes: [{{component: kube-apiserver, pid: 7, argv: [kube-apiserver, {args}]}}], documents: [{documents}]}}"
    );
    World::live().version("1.34.1").with(&facts).derive("kube-apiserver").subjects.remove(0)
}

#[test]
fn admission_plugins_in_effect() {
    let subject = apiserver(
        "'--enable-admission-plugins=NodeRestriction,AlwaysPullImages', --disable-admission-plugins=ServiceAccount",
        "",
    );
    let enabled = at(&subject, "admission.enabled");
    for (plugin, on) in [
        ("NodeRestriction", true),
        ("NamespaceLifecycle", true),
        ("PodSecurity", true),
        ("ServiceAccount", false),
        ("AlwaysAdmit", false),
    ] {
        assert_eq!(enabled.contains(&format!("\"{plugin}\"")), on, "{plugin} in {enabled}");
    }
    let old = World::live().version("1.20.0").mirror("kube-apiserver", "cp-0", "").derive("kube-apiserver");
    assert!(at(&old.subjects[0], "admission.enabled").contains("PodSecurity"), "the image tag says 1.34");
}

// kubernetes.md 23, vector 21.
#[test]
fn the_first_provider_encrypts() {
    let config = |content: &str| {
        let document = format!("{{path: /enc.yaml, kind: EncryptionConfiguration, content: {content}}}");
        at(&apiserver("--encryption-provider-config=/enc.yaml", &document), "encryption.secretsProvider")
    };
    assert_eq!(
        config("{resources: [{resources: [secrets], providers: [{identity: {}}, {aescbc: {}}]}]}"),
        "\"identity\""
    );
    assert_eq!(
        config(
            "{resources: [{resources: [configmaps], providers: [{identity: {}}]}, {resources: ['*.*'], providers: [{kms: {}}]}]}"
        ),
        "\"kms\""
    );
    assert_eq!(config("{resources: [{resources: ['*.apps'], providers: [{aescbc: {}}]}]}"), "\"identity\"");
    assert_eq!(at(&apiserver("", ""), "encryption.secretsProvider"), "absent");
    assert_eq!(
        at(&apiserver("--encryption-provider-config=/enc.yaml", ""), "encryption.secretsProvider"),
        "unknown: /enc.yaml of node cp-0 was not collected"
    );
    let document = "{path: /enc.yaml, kind: EncryptionConfiguration, error: permission denied}";
    assert_eq!(
        at(&apiserver("--encryption-provider-config=/enc.yaml", document), "encryption.secretsProvider"),
        "unknown: /enc.yaml: permission denied"
    );
}

// kubernetes.md 23, vector 22.
#[test]
fn files_that_replace_flags() {
    let modes = "{path: /authz.yaml, kind: AuthorizationConfiguration, content: {authorizers: [{type: Node}, {type: RBAC}, {type: Webhook}]}}";
    let subject = apiserver("--authorization-config=/authz.yaml", modes);
    assert_eq!(at(&subject, "authorization.modes"), r#"["Node","RBAC","Webhook"]"#);
    assert_eq!(origin(&subject, "authorization.modes").0, "documents[0].content.authorizers");
    assert!(at(&apiserver("--authorization-config=/authz.yaml", ""), "authorization.modes").starts_with("unknown"));
    let none = "{path: /authz.yaml, kind: AuthorizationConfiguration, content: {authorizers: []}}";
    assert!(at(&apiserver("--authorization-config=/authz.yaml", none), "authorization.modes").starts_with("unknown"));

    let authn = "{path: /authn.yaml, kind: AuthenticationConfiguration, content: {anonymous: {enabled: true, conditions: [{path: /livez}]}}}";
    let subject = apiserver("--authentication-config=/authn.yaml", authn);
    assert_eq!(at(&subject, "anonymous.enabled"), "true");
    assert_eq!(at(&subject, "anonymous.paths"), "[\"/livez\"]");
    for (anonymous, enabled) in [("{}", "false"), ("null", "true")] {
        let authn =
            format!("{{path: /authn.yaml, kind: AuthenticationConfiguration, content: {{anonymous: {anonymous}}}}}");
        assert_eq!(at(&apiserver("--authentication-config=/authn.yaml", &authn), "anonymous.enabled"), enabled);
    }
    assert!(at(&apiserver("--authentication-config=/authn.yaml", ""), "anonymous.enabled").starts_with("unknown"));
    assert_eq!(at(&apiserver("--anonymous-auth=false", ""), "anonymous.enabled"), "false");
}

#[test]
fn the_level_of_pods_where_namespaces_say_none() {
    const FILE: &str = "--admission-control-config-file=/admission.yaml";
    let with = |plugins: &str| {
        format!("{{path: /admission.yaml, kind: AdmissionConfiguration, content: {{plugins: [{plugins}]}}}}")
    };
    let baseline = with("{name: X}, {name: PodSecurity, configuration: {defaults: {enforce: baseline}}}");
    let subject = apiserver(FILE, &baseline);
    assert_eq!(at(&subject, "podSecurity.enforce"), "\"baseline\"");
    assert_eq!(
        origin(&subject, "podSecurity.enforce"),
        (
            "documents[0].content.plugins[1].configuration.defaults.enforce".to_owned(),
            "defaults of PodSecurity in /admission.yaml".to_owned()
        )
    );
    for (flags, documents, expected) in [
        ("", "", "\"privileged\""),
        (FILE, &*with("{name: X}"), "\"privileged\""),
        (FILE, &*with("{name: PodSecurity, configuration: {defaults: {warn: baseline}}}"), "\"privileged\""),
        (
            "--admission-control-config-file=/admission.yaml, --disable-admission-plugins=PodSecurity",
            &*baseline,
            "\"privileged\"",
        ),
    ] {
        assert_eq!(at(&apiserver(flags, documents), "podSecurity.enforce"), expected, "{flags} {documents}");
    }
    for documents in ["", &*with("{name: PodSecurity, path: elsewhere.yaml}")] {
        assert!(at(&apiserver(FILE, documents), "podSecurity.enforce").starts_with("unknown"), "{documents}");
    }
}

#[test]
fn audit_policies() {
    let policy = "{path: /audit.yaml, kind: Policy, content: {kind: Policy, rules: [{level: Metadata}]}}";
    let subject = apiserver("--audit-policy-file=/audit.yaml", policy);
    assert_eq!(at(&subject, "audit.gaps"), "[]");
    assert_eq!(at(&subject, "audit.policy.kind"), "\"Policy\"");
    assert_eq!(at(&apiserver("", ""), "audit.policy"), "absent");
    assert!(at(&apiserver("--audit-policy-file=/audit.yaml", ""), "audit.gaps").starts_with("unknown"));
}

fn trust(etcd: &str, apiserver: &str, certs: &str) -> String {
    let facts = format!(
        "{{{FACTS}, processes: [{{component: etcd, pid: 1, argv: [etcd, {etcd}]}}, {{component: kube-apiserver, pid: 2, argv: [kube-apiserver, {apiserver}]}}], certs: [{certs}]}}"
    );
    at(&World::live().with(&facts).derive("etcd").subjects[0], "trust.sharedWithCluster")
}

#[test]
fn authorities_are_compared_by_key() {
    let certs = "{path: /etcd.crt, publicKeySha256: aa}, {path: /ca.crt, publicKeySha256: bb}, {path: /copy.crt, publicKeySha256: bb}";
    assert_eq!(trust("--trusted-ca-file=/etcd.crt", "--client-ca-file=/ca.crt", certs), "false");
    assert_eq!(trust("--trusted-ca-file=/copy.crt", "--client-ca-file=/ca.crt", certs), "true");
    assert_eq!(trust("--trusted-ca-file=/ca.crt", "--client-ca-file=/ca.crt", ""), "true");
    assert!(trust("--trusted-ca-file=/other.crt", "--client-ca-file=/ca.crt", certs).starts_with("unknown"));
    assert_eq!(trust("--name=x", "--client-ca-file=/ca.crt", certs), "absent");
}

#[test]
fn k3s_adds_flags_of_its_own() {
    let node = |args: &str, labels: &str| {
        World::live().with(&format!(
            "{{kind: Node, metadata: {{name: k-0, labels: {{{CONTROL_PLANE}, {labels}}}, annotations: {{k3s.io/node-args: '{args}'}}}}, status: {{nodeInfo: {{kubeletVersion: v1.34.1+k3s1}}}}}}"
        ))
    };
    let args = r#"["server","--kube-apiserver-arg","audit-log-path=/a","--kube-apiserver-arg=anonymous-auth=true","--kube-apiserver-arg=enable-admission-plugins+=PodSecurity","--secrets-encryption"]"#;
    let found = node(args, "").derive("kube-apiserver");
    let subject = &found.subjects[0];
    assert_eq!(at(subject, "flags.audit-log-path"), "\"/a\"");
    assert_eq!(at(subject, "flags.anonymous-auth"), "\"true\"");
    assert_eq!(at(subject, "flags.authorization-mode"), r#"["Node","RBAC"]"#);
    assert_eq!(at(subject, "flags.enable-admission-plugins"), r#"["NodeRestriction","PodSecurity"]"#);
    assert_eq!(at(subject, "flags.tls-cert-file"), "\"/var/lib/rancher/k3s/server/tls/serving-kube-apiserver.crt\"");
    assert!(at(subject, "encryption.secretsProvider").starts_with("unknown"));
    assert_eq!(at(subject, "source"), "\"node annotation\"");
    assert_eq!(origin(subject, "flags.profiling").1, "what k3s on node k-0 sets itself");

    // Its store is behind a socket, in etcd, or nobody knows where.
    let etcd_label = "node-role.kubernetes.io/etcd: 'true'";
    for (args, labels, servers, ca) in [
        (args, "", r#"["unix://kine.sock"]"#, "absent"),
        (r#"["server","--datastore-endpoint","postgres://(redacted)@h/d"]"#, "", r#"["unix://kine.sock"]"#, "absent"),
        (
            r#"["server"]"#,
            etcd_label,
            r#"["https://127.0.0.1:2379"]"#,
            "\"/var/lib/rancher/k3s/server/tls/etcd/server-ca.crt\"",
        ),
        (
            r#"["server","--datastore-endpoint=https://h:2379","--datastore-cafile","/ca"]"#,
            "",
            r#"["https://h:2379"]"#,
            "\"/ca\"",
        ),
        (r#"["server","--datastore-endpoint=https://h:2379"]"#, "", r#"["https://h:2379"]"#, "absent"),
        (
            r#"["server","--datastore-endpoint","********"]"#,
            "",
            "unknown: the datastore-endpoint of k3s on node k-0 is masked: it may be etcd",
            "unknown: the datastore-endpoint of k3s on node k-0 is masked: it may be etcd",
        ),
    ] {
        let found = node(args, labels).derive("kube-apiserver");
        assert_eq!(at(&found.subjects[0], "flags.etcd-servers"), servers, "{args}");
        assert_eq!(at(&found.subjects[0], "flags.etcd-cafile"), ca, "{args}");
    }

    assert_eq!(
        node(args, "").derive("etcd").none.as_deref(),
        Some("the cluster keeps its data in a database other than etcd")
    );
    let etcd = node(args, "node-role.kubernetes.io/etcd: 'true'").derive("etcd");
    assert_eq!(at(&etcd.subjects[0], "flags.client-cert-auth"), "\"true\"");
    let agent = node(r#"["agent"]"#, "").derive("kube-scheduler");
    assert!(agent.subjects.is_empty());
}

#[test]
fn two_etcds_on_one_node_are_told_apart() {
    let facts = format!(
        "{{{FACTS}, processes: [{{component: etcd, pid: 1, argv: [etcd, --data-dir=/b]}}, {{component: etcd, pid: 2, argv: [etcd, --data-dir=/a]}}]}}"
    );
    let found = World::live().with(&facts).derive("etcd");
    let elements: Vec<_> = found.subjects.iter().map(|subject| subject.element.as_deref().unwrap()).collect();
    assert_eq!(elements, ["/a", "/b"]);
}

#[test]
fn kube_proxy_by_node_or_shared() {
    let configmap = "{kind: ConfigMap, metadata: {name: kube-proxy, namespace: kube-system}, data: {config.conf: \"kind: KubeProxyConfiguration\\nmetricsBindAddress: ADDRESS\\nmode: ipvs\\n\"}}";
    let pod = "{kind: Pod, metadata: {name: kube-proxy-x, namespace: kube-system}, spec: {nodeName: w-0, containers: [{name: kube-proxy, command: [/usr/local/bin/kube-proxy, --config=/var/lib/kube-proxy/config.conf]}]}}";
    let found = World::live()
        .node("w-0", "")
        .with(pod)
        .with(&configmap.replace("ADDRESS", "'0.0.0.0:10249'"))
        .derive("kube-proxy");
    assert_eq!(names(&found), ["kube-proxy w-0"]);
    assert_eq!(at(&found.subjects[0], "config.metricsBindAddress"), "\"0.0.0.0:10249\"");
    assert_eq!(
        origin(&found.subjects[0], "config.metricsBindAddress").1,
        "config.conf in ConfigMap kube-system/kube-proxy"
    );

    let shared = World::new(Mode::Files).with(&configmap.replace("ADDRESS", "''")).derive("kube-proxy");
    assert_eq!(names(&shared), ["kube-proxy kube-proxy"]);
    assert_eq!(at(&shared.subjects[0], "config.metricsBindAddress"), "\"127.0.0.1:10249\"");
    assert_eq!(at(&shared.subjects[0], "config.mode"), "\"ipvs\"");

    let unread = World::live().node("w-0", "").with(pod).gap("ConfigMap").derive("kube-proxy");
    assert!(at(&unread.subjects[0], "config.metricsBindAddress").starts_with("unknown"));
    let flags = pod.replace("--config=/var/lib/kube-proxy/config.conf", "'--metrics-bind-address=[::]:10249'");
    let by_flag = World::live().with(&flags).derive("kube-proxy");
    assert_eq!(at(&by_flag.subjects[0], "config.metricsBindAddress"), "\"[::]:10249\"");

    let seen = World::live()
        .node("w-0", "")
        .with("{kind: NodeFacts, metadata: {name: w-0}, processes: []}")
        .derive("kube-proxy");
    assert_eq!(seen.none.as_deref(), Some("no node runs kube-proxy"));
    assert_eq!(World::live().node("w-0", "").derive("kube-proxy").gaps.len(), 1);
}
