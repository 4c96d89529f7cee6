//! Cutting a stream into objects, as it may arrive.

use std::io::{self, Read};
use std::sync::Arc;

use proptest::prelude::*;

use super::super::source::Source;
use super::super::split::{Batch, Form, Pool, Splitter};
use super::*;

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
