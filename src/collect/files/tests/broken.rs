//! Broken input.

use super::*;

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

#[test]
fn a_document_that_is_not_cut_off_is_told() {
    let both = format!("{}---\n{}", yaml_pod("a"), yaml_pod("b"));
    for (text, line) in [
        // Old Macs ended lines so: for `kubectl` it is one line.
        (both.replace('\n', "\r"), "x.yaml:8"),
        // Files that were put together, the second one from Windows.
        (both.replace("---", "\u{feff}---"), "x.yaml:8"),
    ] {
        let inventory = one("x.yaml", text);
        assert_eq!(names(&inventory, "Pod"), ["Pod ns/a"]);
        assert!(ends(&gaps(&inventory)[0], GapReason::Malformed, line), "{:?}", inventory.gaps());
        assert!(inventory.gaps()[0].detail.contains("another document begins here"), "{:?}", inventory.gaps());
    }
}

#[test]
fn an_object_that_cannot_be_decoded_is_there() {
    let broken = "apiVersion: v1\nkind: Pod\nmetadata: {name: c, labels: {a: !!int x}}\n";
    let inventory = one("x.yaml", broken);
    assert!(matches!(inventory.presence("Pod", None), Presence::Gap(gap) if gap.kind == Gap::DOCUMENT));
    assert_eq!(inventory.presence("Deployment", None), Presence::NotInInput);
    // It spoils no other element of a list.
    let item = |text: &str| format!("- {}", text.trim_end().replace('\n', "\n  "));
    let items = [yaml_pod("a").as_str(), broken, &yaml_pod("b")].map(item).join("\n");
    for head in ["", "apiVersion: v1\nkind: List\nitems:\n"] {
        let inventory = one("x.yaml", format!("{head}{items}\n"));
        assert_eq!(names(&inventory, "Pod"), ["Pod ns/a", "Pod ns/b"], "{head}");
        assert_eq!(inventory.gaps().len(), 1, "{:?}", inventory.gaps());
    }
}

#[test]
fn what_is_told_of_objects_is_bounded() {
    let inventory = one("x.jsonl", "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}\n".repeat(10_000));
    assert_eq!(inventory.of("Pod").len(), 10_000);
    assert_eq!(inventory.notes.iter().filter(|note| note.contains("without a name")).count(), 100);
}
