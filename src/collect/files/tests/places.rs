//! Directories, names of systems, node facts.

use super::*;

#[test]
fn directories_hold_more_than_manifests() {
    let files = Files::new(&[
        ("chart/Chart.yaml", b"apiVersion: v2\nname: c\nversion: 1.0.0\n"),
        ("chart/values.yaml", b"replicas: 1\n"),
        ("chart/templates/a.yaml", b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n"),
        ("chart/templates/b.yaml", b"{{- if .Values.x }}\napiVersion: v1\nkind: Pod\n{{- end }}\n"),
        ("chart/templates/_helpers.tpl", b"{{ define }}"),
        (".hidden/x.yaml", yaml_pod("hidden").as_bytes()),
        (".x.yaml", yaml_pod("hidden").as_bytes()),
        ("tsconfig.json", b"{ // comments\n}"),
        ("package.json", b"{\"name\": \"x\"}"),
        ("data.json", b"[1, {\"a\": 2}]"),
        ("broken.yml", b"apiVersion: v1\nkind: Pod\n  bad: x: y\n"),
        ("README.md", b"apiVersion: v1\nkind: Pod\nmetadata: {name: readme}"),
        ("sub/deep/x.YAML", yaml_pod("a").as_bytes()),
    ]);
    let inventory = files.read().unwrap();
    assert_eq!(names(&inventory, "Pod"), ["Pod ns/a"]);
    assert_eq!(inventory.gaps().len(), 1, "{:?}", inventory.gaps());
    assert!(ends(&gaps(&inventory)[0], GapReason::Malformed, "broken.yml:3"), "{:?}", inventory.gaps());
    assert!(
        inventory.notes.iter().any(|note| note.starts_with("2 templates of Helm skipped")),
        "{:?}",
        inventory.notes
    );
    assert_eq!(inventory.notes.len(), 2, "{:?}", inventory.notes);
    assert!(inventory.system.origin.starts_with("9 files below "), "{}", inventory.system.origin);
}

#[cfg(unix)]
#[test]
fn links_in_circles_end() {
    let files = Files::new(&[("a/x.yaml", yaml_pod("a").as_bytes())]);
    std::os::unix::fs::symlink(files.path(), files.path().join("a/loop")).unwrap();
    std::os::unix::fs::symlink("nowhere", files.path().join("a/broken.yaml")).unwrap();
    std::os::unix::fs::symlink("x.yaml", files.path().join("a/y.yaml")).unwrap();
    let inventory = files.read().unwrap();
    assert_eq!(names(&inventory, "Pod"), ["Pod ns/a"]);
    assert_eq!(inventory.gaps(), []);
}

#[cfg(unix)]
#[test]
fn closed_files_and_directories_are_gaps() {
    use std::os::unix::fs::PermissionsExt;
    let files = Files::new(&[("x.yaml", yaml_pod("a").as_bytes()), ("closed/y.yaml", b""), ("z.yaml", b"")]);
    for name in ["closed", "z.yaml"] {
        fs::set_permissions(files.path().join(name), fs::Permissions::from_mode(0o000)).unwrap();
    }
    // The superuser may read everything, and then there is nothing to see.
    let superuser = fs::File::open(files.path().join("z.yaml")).is_ok();
    let inventory = files.read().unwrap();
    fs::set_permissions(files.path().join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(names(&inventory, "Pod"), ["Pod ns/a"]);
    let forbidden = inventory.gaps().iter().filter(|gap| gap.reason == GapReason::Forbidden).count();
    assert_eq!(forbidden, if superuser { 0 } else { 2 }, "{:?}", inventory.gaps());
}

#[test]
fn systems_are_named_after_their_input() {
    let files = Files::new(&[("prod.yaml", yaml_pod("a").as_bytes())]);
    let inventory = files.read_file("prod.yaml").unwrap();
    assert_eq!(inventory.system.name, "prod");
    assert_eq!(inventory.system.origin, files.path().join("prod.yaml").display().to_string());
    assert_eq!(files.read().unwrap().system.name, files.path().file_name().unwrap().to_string_lossy());
    let input = FileInput {
        paths: vec![files.path().to_owned()],
        system_name: Some("mine".to_owned()),
        ..FileInput::default()
    };
    assert_eq!(read(&input, &usual(), NOW, None, &()).unwrap().system.name, "mine");
}

#[test]
fn node_facts_by_either_way() {
    let facts = br#"{"apiVersion":"spm.node/v1","kind":"NodeFacts","metadata":{"name":"other"},"identity":{"nodeName":"cp-0"},"unheardOf":1}"#;
    let newer = br#"{"apiVersion":"spm.node/v2","kind":"NodeFacts","identity":{"nodeName":"cp-1"}}"#;
    let configz = br#"{"kubeletconfig":{"authentication":{"anonymous":{"enabled":false}}}}"#;
    let files = Files::new(&[
        ("facts/cp-0.json", facts),
        ("facts/cp-1.json", newer),
        ("facts/w-1.example.json", configz),
        ("facts/README.md", b"x"),
        ("facts/no.json", b"{}"),
        ("from/x.json", facts),
    ]);
    let input = FileInput { node_facts: vec![files.path().join("facts")], ..FileInput::default() };
    let inventory = read(&input, &usual(), NOW, None, &()).unwrap();
    assert_eq!(names(&inventory, "NodeFacts"), ["NodeFacts cp-0"]);
    assert_eq!(names(&inventory, "KubeletConfigz"), ["KubeletConfigz w-1.example"]);
    let path = ["kubeletconfig", "authentication", "anonymous", "enabled"];
    assert_eq!(at(&inventory, "KubeletConfigz", &path), Some(&Value::Bool(false)));
    assert_eq!(inventory.gaps().len(), 1, "{:?}", inventory.gaps());
    assert_eq!(inventory.gaps()[0].kind, "NodeFacts");
    assert!(inventory.gaps()[0].detail.contains("spm.node/v2"));
    assert_eq!(names(&read_path(&files.path().join("from")).unwrap(), "NodeFacts"), ["NodeFacts cp-0"]);
    let input = FileInput {
        paths: vec![files.path().join("from")],
        node_facts: vec![files.path().join("facts/no.json")],
        ..FileInput::default()
    };
    let inventory = read(&input, &usual(), NOW, None, &()).unwrap();
    assert_eq!(inventory.gaps()[0].kind, "NodeFacts");
}
