//! What is made of objects: identity, what is kept of them, what is said of those that are not read.

use super::*;

#[test]
fn identity_of_objects() {
    let inventory = one(
        "x.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: ignored}\n---\napiVersion: v1\nkind: Pod\nmetadata: {generateName: job-}\n---\n\
         apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: old}\n---\napiVersion: example.com/v1\nkind: Service\nmetadata: {name: k}\n---\n\
         apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: 12}\n",
    );
    assert_eq!(names(&inventory, "Namespace"), ["Namespace a"]);
    assert_eq!(names(&inventory, "Pod"), ["Pod default/12", "Pod default/job-"]);
    assert_eq!(names(&inventory, "Deployment"), ["Deployment default/old"]);
    assert_eq!(at(&inventory, "Pod", &["metadata", "namespace"]), None);
    assert!(inventory.notes.iter().any(|note| note.contains("extensions")), "{:?}", inventory.notes);
    assert!(
        inventory
            .notes
            .iter()
            .any(|note| note.contains("2 objects of other kinds not read: Secret, Service (example.com)"))
    );
    assert!(!format!("{inventory:?}").contains("hunter2"));
    assert_eq!(inventory.presence("Role", None), Presence::NotInInput);
}

#[test]
fn two_groups_may_have_kinds_of_one_name() {
    const KNATIVE: &str = "Service.serving.knative.dev";
    let service =
        r#""kind": "Service", "metadata": {"name": "api"}, "spec": {"template": {"spec": {"containers": []}}}"#;
    let core = format!(r#"{{"apiVersion": "v1", {service}}}"#);
    let knative = format!(r#"{{"apiVersion": "serving.knative.dev/v1", {service}}}"#);
    let list = format!(
        r#"{{"apiVersion": "serving.knative.dev/v1", "kind": "ServiceList", "items": [{{{}}}]}}"#,
        service.replace(r#""kind": "Service", "#, "")
    );
    let wanted = wanted(&[("Service", "metadata.name"), (KNATIVE, "spec.template.spec")]);
    for (text, both) in [(format!("{core}\n---\n{knative}\n"), true), (list, false)] {
        let files = Files::new(&[("in/x.yaml", text.as_bytes())]);
        let input = FileInput { paths: vec![files.path().join("in")], ..FileInput::default() };
        let inventory = read(&input, &wanted, NOW, None, &()).unwrap();
        assert_eq!(names(&inventory, KNATIVE), [format!("{KNATIVE} default/api")]);
        assert_eq!(names(&inventory, "Service").is_empty(), !both);
        assert_eq!(inventory.notes, [""; 0]);
        // A snapshot holds it as the cluster would give it.
        let saved = files.path().join("saved.zst");
        let mut writer =
            SnapshotWriter::create(&saved, crate::model::Technology::Kubernetes, Mode::Files, NOW).unwrap();
        let inventory = read(&input, &wanted, NOW, Some(&mut writer), &()).unwrap();
        writer.finish(&inventory).unwrap();
        let again = FileInput { paths: vec![saved], ..FileInput::default() };
        let again = read(&again, &wanted, NOW, None, &()).unwrap();
        assert_eq!(names(&again, KNATIVE), names(&inventory, KNATIVE));
        assert_eq!(names(&again, "Service"), names(&inventory, "Service"));
    }
}

#[test]
fn an_empty_list_of_a_kind_says_that_there_is_none() {
    let namespace = "{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"a\"}}\n";
    let list =
        |kind: &str, items: &str| format!("{{\"apiVersion\": \"v1\", \"kind\": \"{kind}\", \"items\": {items}}}\n");
    let late = "{\"items\": [], \"kind\": \"PodList\", \"apiVersion\": \"v1\"}\n";
    let wrapped = list("List", &format!("[{}]", list("PodList", "[]")));
    let pods_are = |name: &str, text: &str| {
        let inventory = one(name, text);
        assert!(inventory.gaps().is_empty(), "{text}: {:?}", inventory.gaps());
        assert_eq!(inventory.presence("Deployment", None), Presence::NotInInput);
        inventory.presence("Pod", None) == Presence::Complete
    };
    for text in [&list("PodList", "[]"), &list("PodList", "null"), late, &wrapped] {
        assert!(pods_are("x.json", &format!("{namespace}{text}")), "{text}");
    }
    let yaml = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\napiVersion: v1\nkind: PodList\nitems: []\n";
    assert!(pods_are("x.yaml", yaml));
    // Nobody knows what was asked for, or how the list would go on.
    assert!(!pods_are("x.json", &format!("{namespace}{}", list("List", "[]"))));
    let cut = one("x.json", format!("{namespace}{{\"apiVersion\": \"v1\", \"kind\": \"PodList\", \"items\": ["));
    assert_eq!(cut.presence("Pod", None), Presence::NotInInput);
    assert_eq!(cut.gaps().len(), 1);
    // A snapshot of it says the same.
    let files = Files::new(&[("in/x.yaml", yaml.as_bytes())]);
    let (saved, _) = snapshot_of(&files, Mode::Files, NOW);
    let again = read_path(&saved).unwrap();
    assert_eq!(again.presence("Pod", None), Presence::Complete);
    assert_eq!(again.presence("Deployment", None), Presence::NotInInput);
}

#[test]
fn progress_counts_objects() {
    struct Highest(std::sync::atomic::AtomicUsize);
    impl crate::collect::Progress for Highest {
        fn reading(&self, _what: &str, done: usize) {
            self.0.fetch_max(done, std::sync::atomic::Ordering::Relaxed);
        }
    }
    let items: String =
        (0..40).map(|n| format!("- {{apiVersion: v1, kind: Pod, metadata: {{name: p{n}}}}}\n")).collect();
    let list = format!("apiVersion: v1\nkind: List\nitems:\n{items}");
    let secret = b"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n";
    let files = Files::new(&[("list.yaml", list.as_bytes()), ("other.yaml", secret)]);
    let highest = Highest(std::sync::atomic::AtomicUsize::new(0));
    let input = FileInput { paths: vec![files.path().to_owned()], ..FileInput::default() };
    read(&input, &usual(), NOW, None, &highest).unwrap();
    assert_eq!(highest.0.into_inner(), 41);
}

#[test]
fn only_what_is_wanted_is_kept() {
    let inventory = one("x.json", pod("a").replace("\"spec\"", "\"status\":{\"phase\":\"Running\"},\"spec\""));
    assert_eq!(
        inventory.of("Pod")[0].value.to_json(1000),
        r#"{"metadata":{"name":"a","namespace":"ns"},"spec":{"containers":[]}}"#
    );
}

#[test]
fn what_is_wanted_in_one_namespace_is_kept_there_only() {
    let mut wanted = wanted(&[("Pod", "spec.containers[*].name")]);
    wanted.add_in("kube-system", "Pod", &"spec.containers[*].command".parse().unwrap());
    let yaml = |namespace: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: {namespace}}}\nspec:\n  containers:\n  - name: c\n    command: [c]\n    image: i\n"
        )
    };
    let json = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b","namespace":"N"},"spec":{"containers":[{"name":"c","command":["c"],"image":"i"}]}}"#;
    let files = Files::new(&[
        ("1.yaml", yaml("kube-system").as_bytes()),
        ("2.yaml", yaml("shop").as_bytes()),
        ("3.json", json.replace("\"N\"", "\"kube-system\"").as_bytes()),
        ("4.json", json.replace("\"N\"", "\"shop\"").as_bytes()),
    ]);
    let input = FileInput { paths: vec![files.path().to_owned()], ..FileInput::default() };
    let inventory = read(&input, &wanted, NOW, None, &()).unwrap();
    let container =
        |pod: &crate::inventory::Resource| pod.value.at(&["spec", "containers"]).unwrap().items()[0].to_json(100);
    let kept: Vec<String> = inventory.of("Pod").iter().map(container).collect();
    // The image tells the version of the cluster.
    let (all, name) = (r#"{"name":"c","command":["c"],"image":"i"}"#, r#"{"name":"c"}"#);
    assert_eq!(kept, [all, all, name, name]);
    assert_eq!(inventory.of("Pod")[0].place.as_ref().map(|place| place.line), Some(1));
}

#[test]
fn the_last_of_two_equal_objects_stays() {
    let config = |value| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata: {{k: {value}}}\n");
    let files = Files::new(&[("a.yaml", config("first").as_bytes()), ("b.yaml", config("last").as_bytes())]);
    let inventory = files.read().unwrap();
    assert_eq!(at(&inventory, "ConfigMap", &["data", "k"]), Some(&Value::str("last")));
    assert_eq!(inventory.of("ConfigMap").len(), 1);
}
