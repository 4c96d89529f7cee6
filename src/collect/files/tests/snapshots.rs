//! Snapshots.

use super::*;

#[test]
fn a_snapshot_is_read_to_the_same_inventory() {
    let pods: String = (0..3000).map(|n| pod(&format!("p{n}"))).collect();
    let files = Files::new(&[
        ("in/a.json", pods.as_bytes()),
        ("in/b.yaml", format!("{}---\napiVersion: v1\nkind: Pod: bad\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: d}}\nspec: {{containers: [{{name: c, securityContext: {{privileged: yes}}}}]}}\n", yaml_pod("y")).as_bytes()),
        ("in/c.yaml", b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {password: hunter2}\n"),
        ("in/node.yaml", b"apiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus: {nodeInfo: {kubeletVersion: v1.33.1+k3s1}}\n"),
    ]);
    let saved_at: jiff::Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
    let (path, inventory) = snapshot_of(&files, Mode::Files, saved_at);
    let again = read_path(&path).unwrap();
    assert_eq!(again.now, saved_at);
    assert_eq!(again.mode, Mode::Files);
    assert_eq!(again.system, inventory.system);
    assert_eq!(again.system.distribution.as_deref(), Some("k3s"));
    assert_eq!(again.gaps(), inventory.gaps());
    assert_eq!(again.gaps().len(), 1);
    assert_eq!(again.notes, inventory.notes);
    assert_eq!(again.counts(), inventory.counts());
    for kind in ["Pod", "Node"] {
        for (before, after) in inventory.of(kind).iter().zip(again.of(kind)) {
            assert_eq!((&before.scope, &before.name), (&after.scope, &after.name));
            assert_eq!(sorted(&before.value), sorted(&after.value));
            assert_eq!(after.place, None);
        }
    }
    assert!(matches!(at(&again, "ConfigMap", &["data", "password"]), Some(Value::Unknown(_))));
    let bytes = zstd::decode_all(fs::File::open(&path).unwrap()).unwrap();
    assert!(!String::from_utf8(bytes).unwrap().contains("hunter2"));
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
    // Saving what was read from a snapshot changes nothing either.
    fs::remove_dir_all(files.path().join("in")).unwrap();
    fs::create_dir(files.path().join("in")).unwrap();
    fs::rename(&path, files.path().join("in/s.jsonl.zst")).unwrap();
    let (path, _) = snapshot_of(&files, Mode::Files, saved_at);
    assert_eq!(read_path(&path).unwrap().counts(), inventory.counts());
}

fn sorted(value: &Value) -> serde_json::Value {
    serde_json::to_value(value).unwrap()
}

#[test]
fn a_live_snapshot_knows_what_it_does_not_hold() {
    let files = Files::new(&[("in/a.json", pod("a").as_bytes())]);
    let (path, _) = snapshot_of(&files, Mode::Live, NOW);
    let again = read_path(&path).unwrap();
    assert_eq!(again.mode, Mode::Live);
    assert_eq!(again.presence("Namespace", None), Presence::Complete);
    assert!(matches!(again.presence("Deployment", None), Presence::Gap(gap) if gap.reason == GapReason::NotCollected));
}

#[test]
fn a_snapshot_without_its_end_is_incomplete() {
    let files = Files::new(&[("in/a.json", [pod("a"), pod("b")].concat().as_bytes())]);
    let (path, _) = snapshot_of(&files, Mode::Live, NOW);
    let text = String::from_utf8(zstd::decode_all(fs::File::open(&path).unwrap()).unwrap()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    for kept in [&lines[..3], &[lines[0], lines[1], lines[3]]] {
        let inventory = one("cut.jsonl", kept.join("\n"));
        let gap = inventory.gaps().iter().find(|gap| gap.kind == Gap::DOCUMENT).unwrap();
        assert_eq!(gap.reason, GapReason::Truncated);
    }
    let newer = text.replace("spm.snapshot/v1", "spm.snapshot/v2");
    let error = Files::new(&[("x.jsonl", newer.as_bytes())]).read_file("x.jsonl").err().map(|error| error.to_string());
    assert!(error.is_none_or(|error| error.contains("spm.snapshot/v2")));
}
