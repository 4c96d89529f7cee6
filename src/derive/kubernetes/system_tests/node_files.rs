use super::*;

fn node(facts: &str) -> Subject {
    World::live().node("cp-0", CONTROL_PLANE).with(facts).derive("node").subjects.remove(0)
}

#[test]
fn files_by_role() {
    let subject = node(
        "{kind: NodeFacts, metadata: {name: cp-0}, os: {distribution: kubeadm}, files: {
           apiserver-manifest: {entries: [{path: /m.yaml, type: file, mode: '0600', uid: 0, gid: 0, owner: root, group: root}]},
           etcd-manifest: {missing: [/etc/kubernetes/manifests/etcd.yaml], entries: []},
           kubelet-config: {unreadable: [{path: /k.yaml, why: permission denied}], entries: []},
           pki: {truncated: more than 4096 files, entries: [{path: /pki, type: directory, mode: '0755', uid: 0, gid: 0, owner: root, group: root}]}}}",
    );
    assert_eq!(subject.resource.to_string(), "Node cp-0");
    for (path, value) in [
        (
            "files.apiserver-manifest",
            r#"[{"path":"/m.yaml","type":"file","mode":"0600","uid":0,"gid":0,"owner":"root","group":"root"}]"#,
        ),
        ("files.etcd-manifest", "[]"),
        ("files.kubelet-config", "unknown: /k.yaml: permission denied"),
        ("files.azure-json", "unknown: the collector on cp-0 did not look for azure-json"),
        ("node.distribution", "\"kubeadm\""),
        ("node.facts", "true"),
        ("node.roles", r#"["control-plane","worker"]"#),
    ] {
        assert_eq!(at(&subject, path), value, "{path}");
    }
    let mut seen = Vec::new();
    "files.pki[*].mode".parse::<Path>().unwrap().expand(&subject.value, &mut |_, found| {
        seen.push(match found {
            Found::Unknown(why) => why.to_string(),
            Found::Value(value) => value.to_json(20),
            Found::Absent => "absent".to_owned(),
        });
    });
    assert_eq!(seen, ["\"0755\"", "not all files were listed: more than 4096 files"]);
    assert_eq!(origin(&subject, "files.apiserver-manifest").1, "node data of cp-0");
}

#[test]
fn services_and_what_is_not_known_of_them() {
    let subject = node(
        "{kind: NodeFacts, metadata: {name: cp-0}, units: [{name: sshd, installed: true, enabled: true}, {name: kubelet, installed: false, enabled: false, active: false}]}",
    );
    assert_eq!(at(&subject, "services.sshd.enabled"), "true");
    assert_eq!(at(&subject, "services.sshd.active"), "unknown: whether sshd is active could not be read on cp-0");
    assert_eq!(at(&subject, "services.kubelet.active"), "false");
}

#[test]
fn roles_from_processes_and_labels() {
    let roles = |world: World| at(&world.derive("node").subjects[0], "node.roles");
    assert_eq!(roles(World::live().node("w", "")), r#"["worker"]"#);
    assert_eq!(roles(World::live().node("w", "node-role.kubernetes.io/etcd: 'true'")), r#"["etcd","worker"]"#);
    let process = |component: &str| {
        format!(
            "{{kind: NodeFacts, metadata: {{name: m}}, processes: [{{component: {component}, pid: 1, argv: [x]}}]}}"
        )
    };
    assert_eq!(roles(World::live().with(&process("etcd"))), r#"["etcd"]"#);
    assert_eq!(roles(World::live().with(&process("kube-apiserver"))), r#"["control-plane"]"#);
    assert_eq!(roles(World::live().with(&process("kubelet"))), r#"["worker"]"#);
}

#[test]
fn nodes_without_facts() {
    let found = World::live().node("w-0", "").node("v", "type: virtual-kubelet").derive("node");
    assert_eq!(
        at(&found.subjects[1], "files.pki"),
        "unknown: no node data for w-0: run `spm collect node` on it and give the file to the scan"
    );
    assert_eq!(at(&found.subjects[1], "services.sshd.active").split(':').next(), Some("unknown"));
    assert_eq!(at(&found.subjects[1], "metadata.name"), "\"w-0\"");
    assert_eq!(at(&found.subjects[0], "node.virtual"), "true");
    assert_eq!(at(&found.subjects[0], "files.pki"), "unknown: a virtual node has no files");
}
