use super::*;

fn facts(args: &str, rest: &str) -> String {
    format!(
        "{{kind: NodeFacts, metadata: {{name: w-0}}, processes: [{{component: kubelet, pid: 3, argv: [/usr/bin/kubelet, {args}]}}], {rest}}}"
    )
}

fn kubelet(args: &str, rest: &str) -> Subject {
    World::live().node("w-0", "").with(&facts(args, rest)).derive("kubelet").subjects.remove(0)
}

const FILE: &str = "documents: [
  {path: /var/lib/kubelet/config.yaml, kind: KubeletConfiguration, content: {kind: KubeletConfiguration, authentication: {anonymous: {enabled: false}, x509: {clientCAFile: /ca.crt}}, streamingConnectionIdleTimeout: 0s, rotateCertificates: true, readOnlyPort: 10255, featureGates: {A: true}}},
  {path: /drop/20.conf, kind: KubeletConfiguration, content: {readOnlyPort: 7, podPidsLimit: 100}},
  {path: /drop/10.conf, kind: KubeletConfiguration, content: {readOnlyPort: 8, protectKernelDefaults: true}},
  {path: /drop/notes.txt, kind: KubeletConfiguration, content: {readOnlyPort: 9}}]";

// kubernetes.md 23, vector 5.
#[test]
fn flags_over_drop_ins_over_the_file_over_defaults() {
    let subject = kubelet(
        "--config=/var/lib/kubelet/config.yaml, --config-dir=/drop, --pod-max-pids=5, '--feature-gates=B=false', --seccomp-default",
        FILE,
    );
    for (path, value, source) in [
        ("config.authentication.anonymous.enabled", "false", "file /var/lib/kubelet/config.yaml"),
        ("config.authorization.mode", "\"Webhook\"", "default"),
        ("config.readOnlyPort", "7", "file /drop/20.conf"),
        ("config.protectKernelDefaults", "true", "file /drop/10.conf"),
        ("config.podPidsLimit", "5", "flag --pod-max-pids of the process on node w-0"),
        ("config.featureGates.A", "true", "file /var/lib/kubelet/config.yaml"),
        ("config.featureGates.B", "false", "flag --feature-gates of the process on node w-0"),
        ("config.seccompDefault", "true", "flag --seccomp-default of the process on node w-0"),
        ("config.rotateCertificates", "true", "file /var/lib/kubelet/config.yaml"),
        ("configFile", "true", "kubelet of node w-0"),
    ] {
        assert_eq!((at(&subject, path).as_str(), origin(&subject, path).1.as_str()), (value, source), "{path}");
    }
    assert_eq!(
        origin(&subject, "config.authentication.x509.clientCAFile").0,
        "documents[0].content.authentication.x509.clientCAFile"
    );
    assert_eq!(at(&subject, "flags.hostname-override"), "absent");
    // kubeadm writes 0s for "the default": that is as good as nothing.
    assert_eq!(at(&subject, "config.streamingConnectionIdleTimeout"), "absent");
}

#[test]
fn every_kubelet_of_a_node_is_judged() {
    let other = "{component: kubelet, pid: 4, argv: [/opt/kubelet, --anonymous-auth=true]}";
    let facts = facts("--config=/var/lib/kubelet/config.yaml", FILE)
        .replace("}], documents", &format!("}}, {other}], documents"));
    let found = World::live().node("w-0", "").with(&facts).derive("kubelet");
    let read = |subject: &Subject| at(subject, "config.authentication.anonymous.enabled");
    assert_eq!(found.subjects.iter().map(read).collect::<Vec<_>>(), ["false", "true"]);
    // What one of them reports of itself says nothing of the other.
    let answer =
        "{kind: KubeletConfigz, metadata: {name: w-0}, kubeletconfig: {authentication: {anonymous: {enabled: false}}}}";
    let asked = World::live().node("w-0", "").with(&facts).with(answer).derive("kubelet");
    assert_eq!(asked.subjects.iter().map(read).collect::<Vec<_>>(), ["false", "true"]);
    let elements: Vec<_> = found.subjects.iter().map(|subject| subject.element.as_deref()).collect();
    assert_eq!(elements, [Some("process 1"), Some("process 2")]);
}

// Vector 6.
#[test]
fn a_kubelet_without_file_has_other_defaults() {
    let subject = kubelet("--client-ca-file=/ca.crt, --streaming-connection-idle-timeout=0", "documents: []");
    for (path, value) in [
        ("config.authentication.anonymous.enabled", "true"),
        ("config.authorization.mode", "\"AlwaysAllow\""),
        ("config.readOnlyPort", "10255"),
        ("config.authentication.x509.clientCAFile", "\"/ca.crt\""),
        ("config.streamingConnectionIdleTimeout", "\"0\""),
        ("configFile", "false"),
    ] {
        assert_eq!(at(&subject, path), value, "{path}");
    }
}

#[test]
fn what_could_not_be_read_is_unknown() {
    for (args, rest, why) in [
        ("--config=/c.yaml", "documents: []", "unknown: /c.yaml of node w-0 was not collected"),
        (
            "--config=/c.yaml",
            "documents: [{path: /c.yaml, kind: KubeletConfiguration, error: permission denied}]",
            "unknown: /c.yaml: permission denied",
        ),
        (
            "--config-dir=/drop",
            "documents: [], files: {kubelet-config-dropins: {entries: [], unreadable: [{path: /drop, why: permission denied}]}}",
            "unknown: a file in /drop could not be read: permission denied",
        ),
    ] {
        assert_eq!(at(&kubelet(args, rest), "config.readOnlyPort"), why);
    }
    let bad = kubelet("--read-only-port=many", "documents: []");
    assert_eq!(at(&bad, "config.readOnlyPort"), "unknown: --read-only-port is \"many\", expected a whole number");
}

#[test]
fn the_kubelet_s_own_answer_wins() {
    let world = || {
        World::live()
            .node("w-0", "")
            .with("{kind: KubeletConfigz, metadata: {name: w-0}, kubeletconfig: {readOnlyPort: 10255}}")
    };
    let only = world().derive("kubelet").subjects.remove(0);
    assert_eq!(at(&only, "config.readOnlyPort"), "10255");
    assert_eq!(origin(&only, "config.readOnlyPort").0, "kubeletconfig.readOnlyPort");
    assert_eq!(at(&only, "source"), "\"configz\"");
    assert!(at(&only, "flags.hostname-override").starts_with("unknown"));
    let both = world().with(&facts("--config=/c.yaml", "documents: []")).derive("kubelet").subjects.remove(0);
    assert_eq!(at(&both, "config.readOnlyPort"), "10255");
    assert_eq!(at(&both, "flags.config"), "\"/c.yaml\"");
}

#[test]
fn nodes_without_data() {
    let found =
        World::live().node("w-0", "").node("fargate", "eks.amazonaws.com/compute-type: fargate").derive("kubelet");
    assert_eq!(names(&found), ["kubelet fargate", "kubelet w-0"]);
    assert_eq!(at(&found.subjects[0], "virtual"), "true");
    assert_eq!(at(&found.subjects[1], "virtual"), "false");
    assert_eq!(at(&found.subjects[1], "windows"), "false");
    let windows = "{kind: Node, metadata: {name: win-0}, status: {nodeInfo: {operatingSystem: windows}}}";
    assert_eq!(at(&World::live().with(windows).derive("kubelet").subjects[0], "windows"), "true");
    for path in ["config.readOnlyPort", "flags.hostname-override", "configFile", "source"] {
        assert_eq!(
            at(&found.subjects[1], path),
            "unknown: no node data: run `spm collect node` on w-0, or give --allow-node-proxy"
        );
    }
    assert_eq!(at(&found.subjects[1], "version"), "\"1.34.1\"");
    assert_eq!(World::new(Mode::Files).derive("kubelet").none.as_deref(), Some("no Node in the input"));
    assert_eq!(World::live().gap("Node").derive("kubelet").gaps.len(), 1);
}

#[test]
fn facts_alone_are_enough() {
    let found = World::new(Mode::Files).with(&facts("--anonymous-auth=false", "documents: []")).derive("kubelet");
    assert_eq!(names(&found), ["kubelet w-0"]);
    assert_eq!(at(&found.subjects[0], "config.authentication.anonymous.enabled"), "false");
    // A machine that runs etcd only.
    let etcd = World::new(Mode::Files)
        .with("{kind: NodeFacts, metadata: {name: e}, processes: [{component: etcd, pid: 1, argv: [etcd]}]}");
    assert!(etcd.derive("kubelet").subjects.is_empty());
}

// The host name is not the node's name: the machine is.
#[test]
fn facts_join_by_machine() {
    let node = |name: &str| {
        format!(
            "{{kind: Node, metadata: {{name: {name}}}, status: {{nodeInfo: {{machineID: m1, systemUUID: ABC-1}}}}}}"
        )
    };
    let facts = "{kind: NodeFacts, metadata: {name: host}, identity: {systemUUID: abc-1}, processes: [{component: kubelet, pid: 3, argv: [kubelet]}]}";
    let joined = World::live().with(&node("w-0")).with(facts).derive("kubelet");
    assert_eq!(names(&joined), ["kubelet w-0"]);
    assert_eq!(at(&joined.subjects[0], "configFile"), "false");
    // Clones share their ids: nobody knows which of them it is.
    let clones = World::live().with(&node("w-0")).with(&node("w-1")).with(facts).derive("kubelet");
    assert_eq!(names(&clones), ["kubelet host", "kubelet w-0", "kubelet w-1"]);
}

#[test]
fn a_unit_stands_in_for_the_process() {
    let facts = "{kind: NodeFacts, metadata: {name: w-0}, units: [{name: kubelet, installed: true, argv: [/usr/bin/kubelet, --read-only-port=0]}], documents: []}";
    let found = World::live().node("w-0", "").with(facts).derive("kubelet");
    assert_eq!(at(&found.subjects[0], "config.readOnlyPort"), "0");
    assert_eq!(at(&found.subjects[0], "source"), "\"unit\"");
    let unresolved =
        "{kind: NodeFacts, metadata: {name: w-0}, units: [{name: kubelet, installed: true}], documents: []}";
    let found = World::live().node("w-0", "").with(unresolved).derive("kubelet");
    assert!(at(&found.subjects[0], "flags.config").starts_with("unknown: the command line of unit kubelet"));
}

// Vector 23, and k3s.
#[test]
fn rancher_kubelets() {
    let rke2 = kubelet(
        "--config-dir=/var/lib/rancher/rke2/agent/etc/kubelet.conf.d, --anonymous-auth=false",
        "documents: [{path: /var/lib/rancher/rke2/agent/etc/kubelet.conf.d/00-rke2-defaults.conf, kind: KubeletConfiguration, content: {authorization: {mode: Webhook}}}]",
    );
    assert_eq!(at(&rke2, "config.authorization.mode"), "\"Webhook\"");
    assert_eq!(at(&rke2, "config.authentication.anonymous.enabled"), "false");
    assert_eq!(at(&rke2, "configFile"), "false");

    let node = r#"{kind: Node, metadata: {name: k-0, annotations: {k3s.io/node-args: '["server","--kubelet-arg=max-pods=50"]'}}, status: {nodeInfo: {kubeletVersion: v1.34.1+k3s1}}}"#;
    let facts = |documents: &str| {
        format!(
            "{{kind: NodeFacts, metadata: {{name: k-0}}, processes: [{{component: k3s, pid: 1, argv: [k3s server]}}], documents: [{documents}]}}"
        )
    };
    let drop_in = "{path: /var/lib/rancher/k3s/agent/etc/kubelet.conf.d/00-k3s-defaults.conf, kind: KubeletConfiguration, content: {authorization: {mode: Webhook}}}";
    let k3s = World::live().with(node).with(&facts(drop_in)).derive("kubelet").subjects.remove(0);
    assert_eq!(at(&k3s, "config.authorization.mode"), "\"Webhook\"");
    assert_eq!(at(&k3s, "config.maxPods"), "50");
    assert_eq!(at(&k3s, "flags.hostname-override"), "\"k-0\"");
    let old = World::live().with(node).with(&facts("")).derive("kubelet").subjects.remove(0);
    assert_eq!(at(&old, "config.authorization.mode"), "unknown: k3s on node k-0 keeps its kubelet settings in memory");
}

#[test]
fn the_distance_to_the_api_server_counts_minor_releases() {
    let behind = |kubelet: &str, server: &str| {
        let node =
            format!("{{kind: Node, metadata: {{name: w-0}}, status: {{nodeInfo: {{kubeletVersion: {kubelet}}}}}}}");
        at(&World::live().version(server).with(&node).derive("kubelet").subjects[0], "minorsBehind")
    };
    assert_eq!(behind("v1.31.4", "1.34.1"), "3");
    assert_eq!(behind("v1.35.0-eks-1", "1.34.1"), "-1");
    assert!(behind("latest", "1.34.1").starts_with("unknown"), "{}", behind("latest", "1.34.1"));
}
