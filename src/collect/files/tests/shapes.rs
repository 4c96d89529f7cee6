//! Shapes of input that hold the same objects.

use std::io::Write as _;

use super::*;

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
fn lists_in_lists_have_lines() {
    let inner = format!("{{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[\n{},\n\n{}]}}", pod("b"), pod("c"));
    let text =
        format!("{{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[\n{},\n{inner},\n{}]}}", pod("a"), pod("d"));
    let inventory = one("x.json", text);
    let lines: Vec<u32> = inventory.of("Pod").iter().map(|pod| pod.place.as_ref().unwrap().line).collect();
    assert_eq!(lines, [2, 4, 6, 7]);
}

#[cfg(unix)]
#[test]
fn what_comes_through_a_pipe_is_read() {
    let files = Files::new(&[]);
    let pipe = files.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = pipe.clone();
    let writing = std::thread::spawn(move || fs::write(writer, yaml_pod("a")));
    assert_eq!(names(&read_path(&pipe).unwrap(), "Pod"), ["Pod ns/a"]);
    writing.join().unwrap().unwrap();
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
    let list = |n: usize, indent: &str| -> String {
        let lines = |item: String| item.lines().map(|line| format!("{indent}{line}\n")).collect::<String>();
        (0..n).map(|n| lines(item(n))).collect()
    };
    for (head, tail, indent) in [
        ("apiVersion: v1\nkind: List\nitems:\n", "", ""),
        ("apiVersion: v1\nitems:\n", "kind: List\nmetadata:\n  x: y\n", ""),
        // As formatters of YAML write it.
        ("apiVersion: v1\nkind: List\nitems:\n\n  # pods\n", "metadata: {}\n", "  "),
        ("apiVersion: v1\nitems: \n", "kind: List\n", "    "),
    ] {
        let text = |n| format!("{}---\n{head}{}{tail}---\n{}", yaml_pod("before"), list(n, indent), yaml_pod("zzz"));
        let (large, small) = (one("x.yaml", text(6000)), one("x.yaml", text(20)));
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
