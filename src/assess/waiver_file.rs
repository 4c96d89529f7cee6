//! Files of waivers and attestations: `spm-waivers.yaml`. `fixtures/waivers/spm-waivers.yaml` shows all that can be written.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::selector::Selector;
use super::waivers::{Attestation, Verdict, WaiverRule, validate};
use crate::base::diagnostic::{Diagnostic, Diagnostics, Place};
use crate::base::text::{one_line, sanitise};
use crate::base::yaml::{self, Data, Key, Node, Scalar};
use crate::model::{Location, Waiver, WaiverSource};

/// The decisions in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Accepted findings, in file order.
    pub waivers: Vec<WaiverRule>,
    /// Answers to what is Manual, in file order.
    pub attestations: Vec<Attestation>,
}

const WAIVER: [&str; 10] =
    ["rule", "reason", "owner", "expires", "system", "kind", "namespace", "name", "element", "labels"];
const ATTESTATION: [&str; 12] = [
    "rule",
    "verdict",
    "by",
    "date",
    "expires",
    "evidence",
    "system",
    "kind",
    "namespace",
    "name",
    "element",
    "labels",
];

/// Reads the text of `file`; `today` tells which dates are in the future.
///
/// # Errors
/// Every fault, sorted by place.
pub fn parse(file: &str, text: &str, today: Date) -> Result<Decisions, Vec<Diagnostic>> {
    // Nothing but comments is no fault: all waivers may have been removed.
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Decisions::default());
    }
    let root = yaml::parse(file, text).map_err(|fault| vec![fault])?;
    let mut reader = Reader::new(file);
    let decisions = reader.decisions(&root);
    for (location, message) in validate(&decisions.waivers, &decisions.attestations, today) {
        reader.fault_at_line(location.line, message);
    }
    let faults = reader.into_faults();
    if faults.is_empty() { Ok(decisions) } else { Err(faults) }
}

/// Reads entries and collects their faults.
pub(super) struct Reader {
    diagnostics: Diagnostics,
    // Of the entries.
    places: Vec<Place>,
}

impl Reader {
    /// Of the text of `file`.
    pub(super) fn new(file: &str) -> Reader {
        Reader { diagnostics: Diagnostics::new(file), places: Vec::new() }
    }

    /// Adds a fault of the entry at `line`. The line alone is not enough to point at: the entry's own place is.
    pub(super) fn fault_at_line(&mut self, line: u32, message: String) {
        let place = self.places.iter().find(|place| place.line == line).copied();
        self.fault(place.unwrap_or(Place { line, column: 1 }), message);
    }

    /// Every fault, sorted by place.
    pub(super) fn into_faults(self) -> Vec<Diagnostic> {
        let mut faults = self.diagnostics.faults;
        faults.sort();
        faults
    }

    fn decisions(&mut self, root: &Node) -> Decisions {
        let mut decisions = Decisions::default();
        let Some(entries) = root.map() else {
            self.fault(root.place, format!("expected `waivers:` or `attestations:`, found {}", root.kind()));
            return decisions;
        };
        for (key, node) in entries {
            match key.text.as_str() {
                "waivers" => decisions.waivers = self.list(node, &WAIVER, "waiver", Reader::waiver),
                "attestations" => {
                    decisions.attestations = self.list(node, &ATTESTATION, "attestation", Reader::attestation);
                }
                word => self.diagnostics.unknown(key.place, "key", word, ["waivers", "attestations"]),
            }
        }
        decisions
    }

    fn list<T>(
        &mut self,
        node: &Node,
        keys: &'static [&'static str],
        what: &str,
        read: impl Fn(&mut Reader, &Entry<'_>) -> Option<T>,
    ) -> Vec<T> {
        if node.scalar() == Some(Scalar::Null) {
            return Vec::new();
        }
        let Some(items) = node.list() else {
            self.fault(node.place, format!("expected a list, found {}", node.kind()));
            return Vec::new();
        };
        self.items(items, keys, what, read)
    }

    /// What `read` makes of each item, which is a map with some of the `keys`.
    pub(super) fn items<T>(
        &mut self,
        items: &[Node],
        keys: &'static [&'static str],
        what: &str,
        read: impl Fn(&mut Reader, &Entry<'_>) -> Option<T>,
    ) -> Vec<T> {
        let mut found = Vec::new();
        for item in items {
            let Some(fields) = item.map() else {
                self.fault(item.place, format!("expected a {what} with `rule:`, found {}", item.kind()));
                continue;
            };
            for (key, _) in fields.iter().filter(|(key, _)| !keys.contains(&key.text.as_str())) {
                self.diagnostics.unknown(key.place, &format!("key of a {what}"), &key.text, keys.iter().copied());
            }
            self.places.push(item.place);
            found.extend(read(self, &Entry { place: item.place, fields }));
        }
        found
    }

    fn waiver(&mut self, entry: &Entry<'_>) -> Option<WaiverRule> {
        let (rule, reason) = (self.required(entry, "rule"), self.required(entry, "reason"));
        let (selector, owner) = (self.selector(entry), self.optional(entry, "owner"));
        let expires = self.date(entry, "expires");
        Some(WaiverRule { rule: rule?, selector, reason: reason?, owner, expires, place: self.location(entry) })
    }

    fn attestation(&mut self, entry: &Entry<'_>) -> Option<Attestation> {
        let (rule, by) = (self.required(entry, "rule"), self.required(entry, "by"));
        let verdict = self.required(entry, "verdict").and_then(|word| self.verdict(entry, &word));
        let date = self.required(entry, "date").and_then(|_| self.date(entry, "date"));
        let (selector, evidence) = (self.selector(entry), self.optional(entry, "evidence"));
        let (expires, place) = (self.date(entry, "expires"), self.location(entry));
        Some(Attestation { rule: rule?, selector, verdict: verdict?, by: by?, date: date?, expires, evidence, place })
    }

    fn verdict(&mut self, entry: &Entry<'_>, word: &str) -> Option<Verdict> {
        let known = ["passed", "failed", "not_relevant"];
        let verdict = known.iter().position(|known| *known == word);
        if verdict.is_none() {
            self.diagnostics.unknown(entry.place_of("verdict"), "verdict", word, known);
        }
        verdict.and_then(|at| [Verdict::Passed, Verdict::Failed, Verdict::NotRelevant].get(at).copied())
    }

    fn selector(&mut self, entry: &Entry<'_>) -> Selector {
        let [system, kind, namespace, name, element] =
            ["system", "kind", "namespace", "name", "element"].map(|key| self.optional(entry, key));
        Selector { system, kind, namespace, name, element, labels: self.labels(entry) }
    }

    fn labels(&mut self, entry: &Entry<'_>) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::new();
        let Some(node) = entry.get("labels") else { return labels };
        let Some(fields) = node.map().filter(|fields| !fields.is_empty()) else {
            self.fault(node.place, format!("\"labels\" must be a map such as {{app: cart}}, found {}", node.kind()));
            return labels;
        };
        let own = Entry { place: node.place, fields };
        for (key, _) in fields {
            if let Some(value) = self.optional(&own, &key.text) {
                labels.insert(key.text.clone(), value);
            }
        }
        labels
    }

    /// The text of a key that must be there.
    pub(super) fn required(&mut self, entry: &Entry<'_>, key: &str) -> Option<String> {
        if entry.get(key).is_none() {
            self.fault(entry.place, format!("\"{key}\" is missing"));
            return None;
        }
        self.optional(entry, key)
    }

    /// The text as written: `1.10` is a rule, not a number. Lines of a block become one.
    pub(super) fn optional(&mut self, entry: &Entry<'_>, key: &str) -> Option<String> {
        let node = entry.get(key)?;
        match (&node.data, node.scalar()) {
            (Data::Scalar { text, .. }, Some(scalar)) if scalar != Scalar::Null => Some(one_line(text).into_owned()),
            _ => {
                self.fault(node.place, format!("\"{key}\" must be text, found {}", node.kind()));
                None
            }
        }
    }

    /// The date of a key, if it is there.
    pub(super) fn date(&mut self, entry: &Entry<'_>, key: &str) -> Option<Date> {
        let text = self.optional(entry, key)?;
        let date = text.parse().ok();
        if date.is_none() {
            let help = Some("expected a date such as 2027-03-31".to_owned());
            self.diagnostics.add(entry.place_of(key), format!("\"{key}\" is no date: \"{}\"", sanitise(&text)), help);
        }
        date
    }

    /// Adds a fault.
    pub(super) fn fault(&mut self, place: Place, message: String) {
        self.diagnostics.add(place, message, None);
    }

    /// Where the entry stands.
    pub(super) fn location(&self, entry: &Entry<'_>) -> Location {
        Location { file: self.diagnostics.file.as_str().into(), line: entry.place.line }
    }
}

/// One waiver or attestation as it is written.
pub(super) struct Entry<'a> {
    place: Place,
    fields: &'a [(Key, Node)],
}

impl Entry<'_> {
    fn get(&self, key: &str) -> Option<&Node> {
        self.fields.iter().find(|(known, _)| known.text == key).map(|(_, node)| node)
    }

    fn place_of(&self, key: &str) -> Place {
        self.get(key).map_or(self.place, |node| node.place)
    }
}

/// The flag that a waiver gives to findings.
pub(super) fn flag(waiver: &WaiverRule) -> Waiver {
    Waiver {
        reason: waiver.reason.clone(),
        owner: waiver.owner.clone(),
        expires: waiver.expires.map(|date| date.to_string()),
        source: WaiverSource::File,
    }
}

/// `text` with `waiver` at the end of its waivers; everything else, comments too, stays as it is. The result is read again,
/// and only one that holds the old decisions and the new waiver is given.
///
/// # Errors
/// Faults of `text` or of the waiver; a list in a form that cannot be appended to.
pub fn append(file: &str, text: &str, waiver: &WaiverRule, today: Date) -> Result<String, Vec<Diagnostic>> {
    let before = parse(file, text, today)?;
    // As it will be read again.
    let line = |text: &String| one_line(text).into_owned();
    let waiver = &WaiverRule { reason: line(&waiver.reason), owner: waiver.owner.as_ref().map(line), ..waiver.clone() };
    let refuse = |line: u32, message: &str, help: &str| {
        let place = Place { line, column: 1 };
        vec![Diagnostic { file: file.to_owned(), place, message: message.to_owned(), help: Some(help.to_owned()) }]
    };
    let (line, indent, heading) = place_to_append(text).map_err(|line| {
        refuse(line, "nothing can be appended to this list", "write it as lines that begin with `- `")
    })?;
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = line.min(lines.len());
    let mut entry = String::new();
    if at > 0 && !lines.get(at - 1).is_some_and(|line| line.ends_with('\n')) {
        entry.push('\n');
    }
    entry.push_str(heading);
    entry.push_str(&entry_text(waiver, indent));
    lines.insert(at, &entry);
    let after = lines.concat();
    let read = parse(file, &after, today)?;
    let same = |a: &WaiverRule, b: &WaiverRule| WaiverRule { place: b.place.clone(), ..a.clone() } == *b;
    let (old, last) = read.waivers.split_at(before.waivers.len().min(read.waivers.len()));
    let kept = old.len() == before.waivers.len() && old.iter().zip(&before.waivers).all(|(a, b)| same(a, b));
    if kept && last.len() == 1 && last.iter().all(|last| same(last, waiver)) {
        Ok(after)
    } else {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        Err(refuse(line, "the waiver could not be appended here", "append it by hand"))
    }
}

/// Lines before the new entry, its indentation, and what has to stand above it. Fails with the line of what is in the way.
fn place_to_append(text: &str) -> Result<(usize, usize, &'static str), u32> {
    let all = text.lines().count();
    let Ok(root) = yaml::parse("", text) else { return Ok((all, 2, "waivers:\n")) };
    let entries = root.map().unwrap_or_default();
    let Some(at) = entries.iter().position(|(key, _)| key.text == "waivers") else {
        return Ok((all, 2, "\nwaivers:\n"));
    };
    let Some((key, node)) = entries.get(at) else { return Err(1) };
    let lines: Vec<&str> = text.lines().collect();
    let line_of = |place: Place| lines.get(place.line.saturating_sub(1) as usize).copied().unwrap_or_default();
    let indent = match &node.data {
        Data::List(items) => {
            let Some(first) = items.first() else { return Err(node.place.line) };
            let line = line_of(first.place);
            let indent = line.len() - line.trim_start().len();
            if !line.trim_start().starts_with("- ") {
                return Err(first.place.line);
            }
            indent
        }
        // `waivers:` with nothing behind it.
        Data::Scalar { .. } if line_of(key.place).trim_end().ends_with(':') => 2,
        _ => return Err(key.place.line),
    };
    // Before the next key, and before the comments that stand above that.
    let mut end = entries.get(at + 1).map_or(all, |(next, _)| next.place.line.saturating_sub(1) as usize);
    let passive = |line: &str| line.trim().is_empty() || line.starts_with('#');
    while end > key.place.line as usize && lines.get(end - 1).is_some_and(|line| passive(line)) {
        end -= 1;
    }
    Ok((end, indent, ""))
}

/// The waiver as an element of a list.
fn entry_text(waiver: &WaiverRule, indent: usize) -> String {
    // `spm waive` selects by name only.
    let Selector { system, kind, namespace, name, element, labels: _ } = &waiver.selector;
    let expires = waiver.expires.map(|date| date.to_string());
    let fields = [
        ("rule", Some(&waiver.rule)),
        ("system", system.as_ref()),
        ("kind", kind.as_ref()),
        ("namespace", namespace.as_ref()),
        ("name", name.as_ref()),
        ("element", element.as_ref()),
        ("reason", Some(&waiver.reason)),
        ("owner", waiver.owner.as_ref()),
        ("expires", expires.as_ref()),
    ];
    let mut text = String::new();
    for (key, value) in fields.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        let mark = if text.is_empty() { "- " } else { "  " };
        text.push_str(&format!("{:indent$}{mark}{key}: {}\n", "", scalar(value)));
    }
    text
}

/// A YAML scalar that reads back as this text.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ' '))
        && !text.ends_with(' ');
    // Text in double quotes is written in JSON as in YAML.
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 11, 21);

    fn faults(text: &str) -> Vec<String> {
        parse("w.yaml", text, TODAY).unwrap_err().iter().map(ToString::to_string).collect()
    }

    fn waiver(rule: &str, name: &str) -> WaiverRule {
        WaiverRule {
            rule: rule.to_owned(),
            selector: Selector { name: Some(name.to_owned()), ..Selector::default() },
            reason: "agreed: \"until\" the rebuild # 1\n<b>".to_owned(),
            owner: None,
            expires: Some(Date::constant(2027, 1, 31)),
            place: Location { file: "w.yaml".into(), line: 1 },
        }
    }

    #[test]
    fn the_documented_example_is_read() {
        let text = include_str!("../../fixtures/waivers/spm-waivers.yaml");
        let decisions = parse("w.yaml", text, TODAY).unwrap();
        assert_eq!((decisions.waivers.len(), decisions.attestations.len()), (4, 2));
        assert_eq!(decisions.waivers[1].selector.labels["tier"], "edge-*");
        assert_eq!(decisions.waivers[0].rule, "CIS/5.2.2");
        assert_eq!(decisions.waivers[0].selector.namespace.as_deref(), Some("kube-system"));
        assert_eq!(decisions.attestations[1].verdict, Verdict::NotRelevant);
    }

    #[test]
    fn every_fault_has_its_place() {
        let text = "waivers:\n  - rule: 5.10\n    reasn: x\n    expires: soon\n  - rule: \"\"\n    reason: y\n  - text\n\
            attestations:\n  - rule: CIS/1\n    verdict: ok\n    by: [ann]\n    date: 2099-01-01\nmore: 1\n";
        assert_eq!(
            faults(text),
            [
                "w.yaml:2:5: \"reason\" is missing",
                "w.yaml:3:5: unknown key of a waiver \"reasn\" (did you mean \"reason\"?)",
                "w.yaml:4:14: \"expires\" is no date: \"soon\" (expected a date such as 2027-03-31)",
                "w.yaml:5:5: it would waive every finding of every system: name a rule, or what it is about",
                "w.yaml:5:5: the rule is empty: write STANDARD/RULE or the id of a check",
                "w.yaml:7:5: expected a waiver with `rule:`, found text",
                "w.yaml:10:14: unknown verdict \"ok\" (expected one of passed, failed, not_relevant)",
                "w.yaml:11:9: \"by\" must be text, found a list",
                "w.yaml:13:1: unknown key \"more\" (expected one of waivers, attestations)",
            ]
        );
        assert_eq!(faults("[1]"), ["w.yaml:1:1: expected `waivers:` or `attestations:`, found a list"]);
        assert!(faults("waivers: [\n")[0].starts_with("w.yaml:"));
        assert_eq!(parse("w.yaml", "# nothing any more\n\n", TODAY), Ok(Decisions::default()));
    }

    #[test]
    fn appending_keeps_what_is_there() {
        let new = waiver("CIS/5.2.2", "node-*");
        for text in [
            "",
            "# ours\n",
            "waivers:\n",
            "waivers:\n- rule: a\n  reason: b",
            "waivers:\n    # why\n    - rule: a\n      reason: b # c\n",
            "# top\nwaivers:\n  - rule: a\n    reason: b\n\n# answers of people\nattestations:\n  - rule: CIS/3.1.1\n    verdict: passed\n    by: ann\n    date: 2026-01-01\n",
            "attestations:\n  - rule: CIS/3.1.1\n    verdict: passed\n    by: ann\n    date: 2026-01-01\n",
        ] {
            let before = parse("w.yaml", text, TODAY).unwrap();
            let after = append("w.yaml", text, &new, TODAY).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
            let read = parse("w.yaml", &after, TODAY).unwrap();
            assert_eq!(read.waivers.len(), before.waivers.len() + 1, "{after}");
            assert_eq!(read.attestations.len(), before.attestations.len());
            assert!(text.lines().all(|line| after.lines().any(|other| other == line)), "{after}");
            // And once more.
            let again = append("w.yaml", &after, &waiver("check-id", "=cmd|'\u{202e}\u{85}\u{1b}"), TODAY).unwrap();
            assert_eq!(parse("w.yaml", &again, TODAY).unwrap().waivers.len(), before.waivers.len() + 2, "{again}");
        }
    }

    #[test]
    fn what_cannot_be_appended_to_is_left_alone() {
        for text in ["waivers: []\n", "waivers: [{ rule: a, reason: b }]\n", "waivers:\n  [{ rule: a, reason: b }]\n"] {
            let faults = append("w.yaml", text, &waiver("a", "b"), TODAY).unwrap_err();
            assert!(faults[0].to_string().contains("nothing can be appended"), "{text}: {faults:?}");
        }
        let wrong = WaiverRule { reason: " ".to_owned(), ..waiver("a", "b") };
        assert!(append("w.yaml", "", &wrong, TODAY).unwrap_err()[0].to_string().contains("the reason is empty"));
    }
}
