//! What YAML means.

use super::*;

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
