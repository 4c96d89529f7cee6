//! Inputs of every kind, well-formed and hostile, as a user would give them.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::source::Source;
use super::split::{Batch, Form, Pool, Splitter};
use super::{FileInput, FilesError, read};
use crate::expr::Value;
use crate::expr::path::Path as ValuePath;
use crate::inventory::snapshot::SnapshotWriter;
use crate::inventory::{Inventory, Mode, Presence, Wanted};
use crate::model::{Gap, GapReason};

const NOW: jiff::Timestamp = jiff::Timestamp::UNIX_EPOCH;

fn wanted(paths: &[(&'static str, &str)]) -> Wanted {
    let mut wanted = Wanted::default();
    for (kind, path) in paths {
        wanted.add(kind, &path.parse().unwrap());
    }
    wanted
}

fn usual() -> Wanted {
    wanted(&[
        ("Pod", "spec.containers[*].securityContext"),
        ("Pod", "spec.containers[*].name"),
        ("Pod", "metadata.labels"),
        ("Deployment", "spec.template.spec"),
        ("Namespace", "metadata.name"),
        ("ConfigMap", "data"),
        ("NodeFacts", "."),
        ("KubeletConfigz", "kubeletconfig"),
    ])
}

struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, &[u8])]) -> Files {
        let directory = Files(tempfile::tempdir().unwrap());
        for (name, content) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        directory
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self) -> Result<Inventory, FilesError> {
        read_path(self.path())
    }

    fn read_file(&self, name: &str) -> Result<Inventory, FilesError> {
        read_path(&self.path().join(name))
    }
}

fn read_path(path: &Path) -> Result<Inventory, FilesError> {
    let input = FileInput { paths: vec![path.to_owned()], ..FileInput::default() };
    read(&input, &usual(), NOW, None, &())
}

fn one(name: &str, content: impl AsRef<[u8]>) -> Inventory {
    Files::new(&[(name, content.as_ref())]).read_file(name).unwrap()
}

fn names(inventory: &Inventory, kind: &str) -> Vec<String> {
    inventory.of(kind).iter().map(|resource| resource.reference(kind).to_string()).collect()
}

fn gaps(inventory: &Inventory) -> Vec<(GapReason, String)> {
    inventory.gaps().iter().map(|gap| (gap.reason, gap.scope.clone().unwrap_or_default())).collect()
}

fn ends(gap: &(GapReason, String), reason: GapReason, end: &str) -> bool {
    gap.0 == reason && gap.1.ends_with(end)
}

fn pod(name: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","namespace":"ns"}},"spec":{{"containers":[]}}}}"#
    )
}

fn yaml_pod(name: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  namespace: ns\nspec:\n  containers: []\n")
}

fn at<'v>(inventory: &'v Inventory, kind: &str, path: &[&str]) -> Option<&'v Value> {
    inventory.of(kind).first()?.value.at(path)
}

fn line(inventory: &Inventory, kind: &str, path: &str) -> u32 {
    let resource = &inventory.of(kind)[0];
    let mut found = 0;
    path.parse::<ValuePath>().unwrap().expand(&resource.value, &mut |steps, _| {
        found = resource.place.as_ref().unwrap().locate(steps).line;
    });
    found
}

// --- Shapes of input

#[test]
fn yaml_documents_with_lines() {
    let text = "# a comment\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: c\n    \
                securityContext:\n      privileged: yes\n--- # another\nkind: Namespace\napiVersion: v1\nmetadata: {name: team}\n...\n---\n";
    for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
        let inventory = one("m.yaml", &text);
        assert_eq!(names(&inventory, "Pod"), ["Pod default/a"]);
        assert_eq!(names(&inventory, "Namespace"), ["Namespace team"]);
        assert_eq!(line(&inventory, "Pod", "spec.containers[*].securityContext.privileged"), 11);
        assert_eq!(inventory.of("Pod")[0].place.as_ref().unwrap().line, 3);
        assert_eq!(inventory.gaps(), []);
        assert_eq!(inventory.notes, [""; 0]);
    }
}

#[test]
fn json_objects_with_lines() {
    let text = "\n{\n \"kind\": \"Pod\", \"apiVersion\": \"v1\",\n \"metadata\": {\"name\": \"a\"},\n \"spec\": {\"containers\": [\n  {\"name\": \"c\",\n   \
                \"securityContext\": {\n    \"privileged\": true}}]}}\n";
    let inventory = one("m.json", text);
    assert_eq!(line(&inventory, "Pod", "spec.containers[*].securityContext.privileged"), 8);
    assert_eq!(inventory.of("Pod")[0].place.as_ref().unwrap().line, 2);
}

#[test]
fn lists_in_every_shape() {
    let (a, b) = (pod("a"), pod("b"));
    let bare = |pod: &str| pod.replace(r#""apiVersion":"v1","kind":"Pod","#, "");
    for text in [
        format!(r#"{{"apiVersion":"v1","items":[{a},{b}],"kind":"List","metadata":{{"resourceVersion":""}}}}"#),
        format!(
            r#"{{"kind":"List","apiVersion":"v1","items":[{a},{{"kind":"List","apiVersion":"v1","items":[{b}]}}]}}"#
        ),
        format!(r#"{{"kind":"PodList","apiVersion":"v1","items":[{},{}]}}"#, bare(&a), bare(&b)),
        // As `jq -S` would sort it.
        format!(r#"{{"apiVersion":"v1","items":[{},{}],"kind":"PodList"}}"#, bare(&a), bare(&b)),
        format!("[{a},\n{b}]"),
        format!("{a}{b}"),
        format!("{a}\n{b}\n"),
        format!("{a}\n---\n{b}\n"),
        format!("{}\n---\n{}", yaml_pod("a"), yaml_pod("b")),
        format!("apiVersion: v1\nkind: List\nitems:\n- {a}\n- {b}\n"),
        format!("items:\n- {a}\n- {b}\nkind: List\napiVersion: v1"),
        format!("kind: PodList\napiVersion: v1\nitems:\n- {}\n- {}\n", bare(&a), bare(&b)),
        format!("- {a}\n- {b}\n"),
    ] {
        for name in ["x.json", "x.yaml", "no-extension"] {
            let inventory = one(name, &text);
            assert_eq!(names(&inventory, "Pod"), ["Pod ns/a", "Pod ns/b"], "{name}: {text}");
            assert_eq!(inventory.gaps(), [], "{name}: {text}");
        }
    }
}

#[test]
fn compressed_and_windows_text() {
    let text = pod("a");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for content in [gzip.clone(), zstd::encode_all(text.as_bytes(), 3).unwrap(), utf16] {
        assert_eq!(names(&one("x.json.gz", content), "Pod"), ["Pod ns/a"]);
    }
    let many: String = (0..2000).map(|n| pod(&format!("p{n}"))).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(many.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let inventory = one("x.json.gz", &gzip[..gzip.len() / 2]);
    assert!(inventory.of("Pod").len() > 100);
    assert!(gaps(&inventory).iter().all(|gap| gap.0 == GapReason::Truncated), "{:?}", inventory.gaps());
    assert!(!inventory.gaps().is_empty());
}

#[test]
fn a_large_yaml_list_is_cut_like_a_small_one_is_parsed() {
    let pad = "x".repeat(1000);
    let item = |n: usize| {
        format!(
            "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: p{n:05}\n    labels:\n      text: |\n        - {pad}\n\n        \
             items:\n  spec:\n    containers:\n    - name: c\n"
        )
    };
    let list = |n: usize| -> String { (0..n).map(item).collect() };
    for (head, tail) in
        [("apiVersion: v1\nkind: List\nitems:\n", ""), ("apiVersion: v1\nitems:\n", "kind: List\nmetadata:\n  x: y\n")]
    {
        let large =
            one("x.yaml", format!("{}---\n{head}{}{tail}---\n{}", yaml_pod("before"), list(6000), yaml_pod("zzz")));
        let small =
            one("x.yaml", format!("{}---\n{head}{}{tail}---\n{}", yaml_pod("before"), list(20), yaml_pod("zzz")));
        assert_eq!(large.of("Pod").len(), 6002);
        assert_eq!(large.gaps(), []);
        // Sorted by namespace, then name: default/p00000 first.
        for (large, small) in large.of("Pod")[..20].iter().zip(small.of("Pod")) {
            assert!(large.value == small.value && large.name == small.name);
            let place = large.place.as_ref().unwrap();
            assert_eq!(place.line, small.place.as_ref().unwrap().line);
        }
    }
}

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

// --- What YAML means

fn data(yaml: &str) -> String {
    let inventory = one("x.yaml", format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\n{yaml}"));
    assert_eq!(inventory.gaps(), [], "{yaml}");
    at(&inventory, "ConfigMap", &["data"]).map_or("absent".to_owned(), |value| value.to_json(10_000))
}

#[test]
fn scalars_are_yaml_1_1() {
    assert_eq!(
        data("data: {a: yes, b: 'yes', c: 0644, d: ~, e: \"on\", f: !!str 12, g: 1_000, h: , i: null}"),
        r#"{"a":true,"b":"yes","c":420,"d":null,"e":"on","f":"12","g":1000,"h":null,"i":null}"#
    );
    assert_eq!(data("data:\n  on: 1\n  8080: x\n  ? q\n  : 2\n"), r#"{"true":1,"8080":"x","q":2}"#);
    assert_eq!(data("data:\n  t: |\n    - a\n    {{x}}\n  f: >-\n    b\n    c\n"), r#"{"t":"- a\n{{x}}\n","f":"b c"}"#);
}

#[test]
fn anchors_aliases_and_merges() {
    assert_eq!(data("x: &a {p: 1, q: [1]}\ndata: *a"), r#"{"p":1,"q":[1]}"#);
    assert_eq!(data("x: &a {p: 1, q: 2}\ny: &b {q: 3, r: 4}\ndata: {<<: [*a, *b], p: 9}"), r#"{"p":9,"q":2,"r":4}"#);
    assert_eq!(
        data("x: &a {p: 1}\ny: &b {<<: *a, q: 2}\ndata:\n  <<: *b\n  r: {<<: *b}\n"),
        r#"{"r":{"q":2,"p":1},"q":2,"p":1}"#
    );
    assert_eq!(data("data: {'<<': 1}"), r#"{"<<":1}"#);
    assert_eq!(data("data: {a: &n 0644, b: *n}"), r#"{"a":420,"b":420}"#);
}

#[test]
fn a_key_twice_is_told() {
    let inventory = one("x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  k: 1\n  k: 2\n");
    assert_eq!(at(&inventory, "ConfigMap", &["data"]).unwrap().to_json(100), r#"{"k":2}"#);
    assert!(
        inventory.notes[0].contains("x.yaml:") && inventory.notes[0].contains("\"k\" is there twice"),
        "{:?}",
        inventory.notes
    );
}

#[test]
fn bombs_and_circles_are_refused() {
    let mut bomb =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..20 {
        let all = vec![format!("*a{}", n - 1); 9].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{all}]\n"));
    }
    let merges =
        bomb.replace("[x, x, x, x, x, x, x, x, x]", "{k: v}").replace(": [", ": {<<: [").replace("]\n", "]}\n");
    for (text, why) in [
        (format!("{bomb}data: *a19\n"), "aliases repeat too much"),
        (format!("{merges}data: *a19\n"), ""),
        (
            "apiVersion: v1\nkind: ConfigMap\ndata: &a {b: *a}\n".to_owned(),
            "an alias stands for something that holds it",
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\ndata: &a {<<: *a}\n".to_owned(),
            "an alias stands for something that holds it",
        ),
        ("apiVersion: v1\nkind: ConfigMap\ndata: *nowhere\n".to_owned(), ""),
        (
            format!("apiVersion: v1\nkind: ConfigMap\ndata: {}{}\n", "[".repeat(200), "]".repeat(200)),
            "nested too deeply",
        ),
        ("apiVersion: v1\nkind: ConfigMap\ndata: {? {a: b} : c}\n".to_owned(), "a key is no text"),
        ("apiVersion: v1\nkind: ConfigMap\ndata: {a: !!int x}\n".to_owned(), "does not fit its tag"),
        ("apiVersion: v1\nkind: ConfigMap\ndata:\n\t- a\n".to_owned(), ""),
    ] {
        let inventory = one("x.yaml", format!("{}---\n{text}---\n{}", yaml_pod("a"), yaml_pod("b")));
        assert_eq!(inventory.of("Pod").len(), 2);
        if text.starts_with("apiVersion: v1\nkind: ConfigMap\nmetadata") && why.is_empty() {
            continue;
        }
        assert_eq!(inventory.gaps().len(), 1, "{text}");
        assert!(inventory.gaps()[0].detail.contains(why), "{:?}", inventory.gaps());
        assert_eq!(inventory.gaps()[0].reason, GapReason::Malformed);
    }
}

#[test]
fn huge_scalars_and_deep_unwanted_text_are_fine() {
    let big = "x".repeat(10 << 20);
    assert_eq!(data(&format!("data: {{a: \"{big}\"}}")).len(), 10_003);
    assert_eq!(data(&format!("data:\n  a: |\n    {big}\n")).len(), 10_003);
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let blocks: String = (0..200).map(|n| format!("{}- a:\n", "  ".repeat(n + 1))).collect();
    assert_eq!(data(&format!("other:\n{blocks}data: {{}}")), "{}");
    let inventory = one("x.json", pod("a").replace("\"spec\"", &format!("\"other\":{deep},\"spec\"")));
    assert_eq!(names(&inventory, "Pod"), ["Pod ns/a"]);
}

// --- Broken input

#[test]
fn the_rest_of_a_file_survives_what_is_broken() {
    let broken = format!("{}---\nkind: Pod\n  apiVersion: v1: x\n---\n{}", yaml_pod("a"), yaml_pod("b"));
    let inventory = one("x.yaml", broken);
    assert_eq!(names(&inventory, "Pod"), ["Pod ns/a", "Pod ns/b"]);
    assert!(ends(&gaps(&inventory)[0], GapReason::Malformed, "x.yaml:10"), "{:?}", inventory.gaps());
    assert_eq!(inventory.gaps()[0].kind, Gap::DOCUMENT);
    assert!(inventory.notes[0].contains("x.yaml:10: malformed"), "{:?}", inventory.notes);

    let cut = pod("cut");
    for cut in [&cut[..40], &cut[..60], &cut[..cut.len() - 1], "nonsense", "{\"a\":\"x"] {
        let inventory = one("x.jsonl", format!("{}\n{cut}\n{}\n{}\n", pod("a"), pod("b"), pod("c")));
        assert_eq!(names(&inventory, "Pod"), ["Pod ns/a", "Pod ns/b", "Pod ns/c"], "{cut}");
        assert!(!inventory.gaps().is_empty(), "{cut}");
    }
    let inventory = one(
        "x.json",
        format!(r#"{{"kind":"List","apiVersion":"v1","items":[{},{{"kind":"Pod",,}},7,{}]}}"#, pod("a"), pod("b")),
    );
    assert_eq!(names(&inventory, "Pod"), ["Pod ns/a", "Pod ns/b"]);
    assert_eq!(inventory.gaps().len(), 2, "{:?}", inventory.gaps());
}

#[test]
fn a_list_that_is_cut_off_keeps_what_came_before() {
    let text = format!("{{\"apiVersion\":\"v1\",\"items\":[\n{},\n{},\n{}", pod("a"), pod("b"), pod("c"));
    for length in (text.len() - 80..text.len()).step_by(7) {
        let inventory = one("x.json", &text[..length]);
        assert_eq!(names(&inventory, "Pod"), ["Pod ns/a", "Pod ns/b"]);
        assert!(ends(&gaps(&inventory)[0], GapReason::Truncated, "x.json:4"), "{:?}", inventory.gaps());
    }
    let inventory = one("x.json", &text);
    assert_eq!(inventory.of("Pod").len(), 3);
    assert_eq!(gaps(&inventory)[0].0, GapReason::Truncated);
}

#[test]
fn what_is_no_text_is_told_and_never_panics() {
    let good = yaml_pod("a");
    for bad in [
        &b"apiVersion: v1\nkind: Pod\nmetadata: {name: \xff\xfe}\n"[..],
        b"apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\0b\"}\n",
        b"apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n",
        b"apiVersion: v1\nkind: [\n",
        b"\x1b[31m apiVersion: \x80",
    ] {
        let text = [good.as_bytes(), b"---\n", bad].concat();
        let inventory = one("x.yaml", text);
        assert_eq!(names(&inventory, "Pod"), ["Pod ns/a"]);
        assert_eq!(gaps(&inventory).len(), 1, "{:?}", String::from_utf8_lossy(bad));
        assert_eq!(gaps(&inventory)[0].0, GapReason::Malformed);
    }
}

#[test]
fn nothing_readable_is_an_error_that_says_what_was_there() {
    for content in [
        &b""[..],
        b"\n\n",
        b"---\n---\n",
        b"# nothing\n",
        b"a: b\n",
        b"{}",
        b"[]",
        b"just text",
        b"\0\0\0",
        b"{",
        b"\x1f\x8b\x08",
        b"\xef\xbb\xbf",
    ] {
        let files = Files::new(&[("x.yaml", content)]);
        let error = files.read_file("x.yaml").unwrap_err();
        assert!(matches!(error, FilesError::Nothing { .. }), "{content:?}: {error}");
        assert!(error.to_string().contains("x.yaml"), "{error}");
        assert!(matches!(files.read().unwrap_err(), FilesError::Nothing { .. }));
    }
    let other = Files::new(&[("x.yaml", b"apiVersion: cert-manager.io/v1\nkind: Issuer\n")]);
    assert!(other.read().unwrap_err().to_string().contains("Issuer (cert-manager.io)"));
    let missing = read_path(Path::new("/nowhere/at/all")).unwrap_err();
    assert!(matches!(missing, FilesError::Open { .. }) && missing.to_string().contains("/nowhere/at/all"));
}

// --- Directories

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

// --- Node facts

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

// --- Snapshots

fn snapshot_of(files: &Files, mode: Mode, now: jiff::Timestamp) -> (std::path::PathBuf, Inventory) {
    let path = files.path().join("s.jsonl.zst");
    let mut writer = SnapshotWriter::create(&path, crate::model::Technology::Kubernetes, mode, now).unwrap();
    if mode == Mode::Live {
        writer.asked("Pod");
        writer.asked("Namespace");
    }
    let input = FileInput { paths: vec![files.path().join("in")], ..FileInput::default() };
    let mut inventory = read(&input, &usual(), now, Some(&mut writer), &()).unwrap();
    inventory.mode = mode;
    writer.finish(&inventory).unwrap();
    (path, inventory)
}

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

// --- Cutting

/// Gives at most `step` bytes at a time.
struct Slow<'t> {
    text: &'t [u8],
    step: usize,
}

impl Read for Slow<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.step.min(out.len()).min(self.text.len());
        let (now, later) = self.text.split_at(length);
        out[..length].copy_from_slice(now);
        self.text = later;
        Ok(length)
    }
}

fn cut(text: &[u8], step: usize) -> Vec<(String, u32, Form)> {
    let source = Source {
        index: 0,
        path: None,
        file: "t".into(),
        found: false,
        facts: false,
        detailed: true,
        assume: None,
        snapshot: false,
    };
    let mut units = Vec::new();
    let mut emit = |batch: Batch| {
        for unit in &batch.units {
            let text = String::from_utf8_lossy(&batch.bytes[unit.start..unit.end]).into_owned();
            units.push((text, unit.line, unit.form));
        }
    };
    Splitter::run(Arc::new(source), &mut Slow { text, step }, &Pool::default(), &mut emit);
    units
}

#[test]
fn the_size_of_what_arrives_changes_nothing() {
    let json = format!(
        "\u{feff}\n{{\"apiVersion\":\"v1\",\n\"items\":[\n{},{{\"a\\\"\\\\\":\"}}]\",\"b\":[{{}}]}}\n],\"kind\":\"List\"}}\n{}\n---\n[{}]x\n{}",
        pod("a"),
        pod("b"),
        pod("c"),
        pod("d")
    );
    let yaml = format!("# x\n--- \n{}\n---\n\n...\n{}----\n--- {{a: b}}\n", yaml_pod("a"), yaml_pod("b"));
    for text in [json, yaml] {
        let whole = cut(text.as_bytes(), usize::MAX);
        assert!(whole.len() >= 3, "{whole:?}");
        for step in 1..70 {
            assert_eq!(cut(text.as_bytes(), step), whole, "{step} bytes at a time");
        }
    }
}

#[test]
fn objects_across_blocks_are_whole() {
    let pods: Vec<String> = (0..3000).map(|n| pod(&format!("{n}{}", "x".repeat(n % 1500)))).collect();
    let list = format!("{{\"items\":[{}]}}", pods.join(",\n"));
    let units = cut(list.as_bytes(), 1 << 16);
    assert!(list.len() > 2 << 20);
    assert_eq!(units.iter().map(|unit| &unit.0).collect::<Vec<_>>(), pods.iter().collect::<Vec<_>>());
    assert!(units.iter().enumerate().all(|(n, unit)| unit.1 as usize == n + 1));
    let large = format!("{{\"items\":[{},{}]}}", pod(&"y".repeat(5 << 20)), pod("z"));
    assert_eq!(cut(large.as_bytes(), 1 << 16).len(), 2);
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let part = prop::sample::select(vec!["\"", "\\", "{", "}", "[", "]", "items", "kind", "é", "\n", " "]);
    let text = prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat());
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<i32>().prop_map(Into::into),
        text.clone().prop_map(Into::into)
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::vec((text.clone(), inner), 0..5)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn cuts_where_a_parser_cuts(
        items in prop::collection::vec(prop::collection::vec(("[a-z]{0,3}", json()), 0..4), 0..5),
        before in json(), behind in json(), pretty: bool, step in 1usize..200,
    ) {
        let items: Vec<serde_json::Value> =
            items.into_iter().map(|entries| serde_json::Value::Object(entries.into_iter().collect())).collect();
        let list = serde_json::json!({ "a": before, "items": items, "z": behind });
        let text = if pretty { serde_json::to_string_pretty(&list) } else { serde_json::to_string(&list) }.unwrap();
        let found: Vec<serde_json::Value> =
            cut(text.as_bytes(), step).iter().map(|unit| serde_json::from_str(&unit.0).unwrap()).collect();
        prop_assert_eq!(found, items);
    }

    #[test]
    fn no_text_makes_it_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "\"", "\\", ":", ",", "\n", "---", "...", "- ", "items", "kind: ", "apiVersion: v1", "Pod", "List",
            "\"items\":", "\"kind\":\"Pod\",", "\"apiVersion\":\"v1\",", "&a ", "*a", "<<: ", "|", "  ", "\t", "#", "!!str ", "{{", "\u{0}", "\u{85}",
            "metadata:\n  name: x\n", "kind: Pod\n", "apiVersion: v1\n", "spm.snapshot/v1",
        ]), 0..40),
        step in 1usize..50,
    ) {
        let text = parts.concat();
        cut(text.as_bytes(), step);
        let files = Files::new(&[("x.yaml", text.as_bytes())]);
        let _ = files.read_file("x.yaml");
    }
}
