//! Standard files: requirement ids mapped to checks. No logic.

use std::collections::BTreeMap;

use crate::base::diagnostic::{Diagnostics, Place};
use crate::base::yaml::{Node, Scalar};
use crate::expr::predicate::Comparison;
use crate::expr::typed;
use crate::model::{Ccss, StandardInfo, StandardKind, Technology};

use super::check::{read_ccss, read_themes};

/// A standard in one version for one technology.
#[derive(Debug)]
pub struct Standard {
    /// What people read.
    pub info: StandardInfo,
    /// Which systems it is for.
    pub applies: Applies,
    /// Its requirements, in file order; empty if only the header was read.
    pub rules: Vec<Rule>,
    /// The file that it stands in.
    pub file: String,
}

/// Which systems a standard is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Applies {
    /// Technology.
    pub technology: Technology,
    /// Distributions; all if empty.
    pub distributions: Vec<String>,
    /// Distributions that it is not for, because a standard of their own exists.
    pub except: Vec<String>,
    /// Versions, every comparison of which must hold.
    pub versions: Vec<(Comparison, Vec<u64>)>,
    /// The versions as written.
    pub versions_text: String,
}

/// A requirement.
#[derive(Debug)]
pub struct Rule {
    /// Its id in the standard.
    pub id: String,
    /// Title in own words.
    pub title: String,
    /// Level, category and the like, in file order.
    pub metadata: Vec<(String, String)>,
    /// The standard itself calls it manual.
    pub assessed_manually: bool,
    /// Checks that answer it.
    pub checks: Vec<Use>,
    /// Themes whose checks answer it, beside `checks`.
    pub select: Vec<String>,
    /// What a person must look at, if no check answers it.
    pub manual: Option<String>,
    /// Severity of a rule without checks.
    pub ccss: Option<Ccss>,
    /// Checks show only a part of it.
    pub partly: bool,
    /// No configuration can show it.
    pub out_of_scope: bool,
    /// Where the mapping comes from.
    pub source: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// A check that a rule uses, with its parameters.
#[derive(Debug, Clone)]
pub struct Use {
    /// Id of the check.
    pub check: String,
    /// Parameters that differ from the defaults.
    pub with: BTreeMap<String, Node>,
    /// Where it stands.
    pub place: Place,
}

impl Applies {
    /// Whether it is for this distribution; one that nobody knows fits only standards for all of them or for `upstream`.
    pub fn fits_distribution(&self, distribution: Option<&str>) -> bool {
        let distribution = distribution.unwrap_or("upstream");
        let named = |list: &[String]| list.iter().any(|d| d == distribution);
        (self.distributions.is_empty() || named(&self.distributions)) && !named(&self.except)
    }

    /// Whether it is for this version; it is for an unknown one, and the caller says so.
    pub fn fits_version(&self, version: Option<&str>) -> bool {
        match version.and_then(minor) {
            Some(version) => self.versions.iter().all(|(c, bound)| c.holds(&version, std::slice::from_ref(bound))),
            None => true,
        }
    }

    /// The highest version bound, for finding the newest standard.
    pub fn newest(&self) -> Vec<u64> {
        self.versions.iter().map(|(_, bound)| bound.clone()).max().unwrap_or_default()
    }

    /// Whether `version` lies below every version that it is for.
    pub fn is_above(&self, version: &str) -> bool {
        let lower = |c: &Comparison| matches!(c, Comparison::Gt | Comparison::Gte);
        minor(version).is_some_and(|v| {
            self.versions.iter().any(|(c, bound)| lower(c) && !c.holds(&v, std::slice::from_ref(bound)))
        })
    }
}

// Benchmarks speak of minor versions: 1.34.5 is within "<1.35" and within ">=1.34".
fn minor(version: &str) -> Option<Vec<u64>> {
    let mut parts = typed::version(version)?;
    parts.truncate(2);
    // Zeros at the end do not count.
    parts.pop_if(|minor| *minor == 0);
    Some(parts)
}

impl Standard {
    /// The text of a standard file up to its rules: enough to select it. All of it if its header is not in front.
    pub fn header_text(text: &str) -> &str {
        let behind = |end: &usize| ["\nstandard:", "\napplies:"].iter().any(|key| text[*end..].contains(key));
        text.find("\nrules:").filter(|end| !behind(end)).map_or(text, |end| &text[..=end])
    }

    /// Reads a standard file, or only its header. Faults go to `diagnostics`.
    pub fn read(node: &Node, id: &str, header_only: bool, diagnostics: &mut Diagnostics) -> Option<Standard> {
        let before = diagnostics.faults.len();
        const KEYS: [&str; 3] = ["standard", "applies", "rules"];
        let Some(entries) = node.map() else {
            diagnostics.add(node.place, format!("a standard is a map, found {}", node.kind()), None);
            return None;
        };
        for (key, _) in entries.iter().filter(|(key, _)| !KEYS.contains(&key.text.as_str())) {
            diagnostics.unknown(key.place, "key of a standard", &key.text, KEYS);
        }
        let applies = match node.get("applies") {
            Some(node) => read_applies(node, diagnostics),
            None => {
                diagnostics.add(node.place, "a standard needs `applies`", None);
                None
            }
        };
        let info = match node.get("standard") {
            Some(header) => read_info(header, id, applies.as_ref().map(|a| a.technology), diagnostics),
            None => {
                diagnostics.add(node.place, "a standard needs `standard`, its header", None);
                None
            }
        };
        let mut rules = Vec::new();
        if !header_only {
            let items = node.get("rules").and_then(Node::list).unwrap_or_default();
            if items.is_empty() {
                diagnostics.add(node.place, "a standard needs `rules`", None);
            }
            for item in items {
                let Some(rule) = read_rule(item, diagnostics) else { continue };
                if rules.iter().any(|known: &Rule| known.id == rule.id) {
                    diagnostics.add(rule.place, format!("the id \"{}\" stands here twice", rule.id), None);
                }
                rules.push(rule);
            }
        }
        let (info, applies) = (info?, applies?);
        (diagnostics.faults.len() == before).then(|| Standard { info, applies, rules, file: diagnostics.file.clone() })
    }
}

fn read_info(
    node: &Node,
    id: &str,
    technology: Option<Technology>,
    diagnostics: &mut Diagnostics,
) -> Option<StandardInfo> {
    const KEYS: [&str; 6] = ["short", "name", "version", "url", "kind", "assessable"];
    for (key, _) in node.map().unwrap_or_default().iter().filter(|(key, _)| !KEYS.contains(&key.text.as_str())) {
        diagnostics.unknown(key.place, "key of the header", &key.text, KEYS);
    }
    let mut text = |key: &str| {
        let text = node.get(key).and_then(Node::text).filter(|text| !text.is_empty()).map(str::to_owned);
        if text.is_none() {
            diagnostics.add(node.place, format!("the header needs `{key}`"), None);
        }
        text
    };
    let (short, name, version, url, kind) = (text("short"), text("name"), text("version"), text("url"), text("kind"));
    let word = kind?;
    let Some(kind) = StandardKind::ALL.into_iter().find(|kind| kind.as_str() == word) else {
        let place = node.get("kind").map_or(node.place, |n| n.place);
        diagnostics.unknown(place, "kind of standard", &word, StandardKind::ALL.map(StandardKind::as_str));
        return None;
    };
    let assessable = match node.get("assessable").map(|n| (n, n.scalar())) {
        None => None,
        Some((_, Some(Scalar::Int(number)))) if number > 0 => usize::try_from(number).ok(),
        Some((wrong, _)) => {
            diagnostics.add(wrong.place, "assessable is a number of requirements", None);
            None
        }
    };
    Some(StandardInfo {
        id: id.to_owned(),
        short: short?,
        name: name?,
        version: version?,
        url: url?,
        kind,
        technology: technology?,
        assessable,
    })
}

fn read_applies(node: &Node, diagnostics: &mut Diagnostics) -> Option<Applies> {
    const KEYS: [&str; 3] = ["technology", "distribution", "version"];
    for (key, _) in node.map().unwrap_or_default().iter().filter(|(key, _)| !KEYS.contains(&key.text.as_str())) {
        diagnostics.unknown(key.place, "key of applies", &key.text, KEYS);
    }
    let name = node.get("technology").and_then(Node::text).unwrap_or_default();
    let Some(technology) = Technology::ALL.into_iter().find(|t| t.as_str() == name) else {
        let place = node.get("technology").map_or(node.place, |n| n.place);
        diagnostics.unknown(place, "technology", name, Technology::ALL.map(Technology::as_str));
        return None;
    };
    let (distributions, except) = match node.get("distribution") {
        None => (Vec::new(), Vec::new()),
        Some(one) if one.text() == Some("*") => (Vec::new(), Vec::new()),
        Some(map) if map.map().is_some() => {
            for (key, _) in map.map().unwrap_or_default().iter().filter(|(key, _)| key.text != "not") {
                diagnostics.unknown(key.place, "key of distribution", &key.text, ["not"]);
            }
            (Vec::new(), read_names(map.get("not").unwrap_or(map), diagnostics))
        }
        Some(one) => (read_names(one, diagnostics), Vec::new()),
    };
    let versions_text = read_text(node, "version", diagnostics).unwrap_or_default();
    let mut versions = Vec::new();
    for part in versions_text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (comparison, rest) = match part {
            _ if part.starts_with(">=") => (Comparison::Gte, &part[2..]),
            _ if part.starts_with("<=") => (Comparison::Lte, &part[2..]),
            _ if part.starts_with('>') => (Comparison::Gt, &part[1..]),
            _ if part.starts_with('<') => (Comparison::Lt, &part[1..]),
            _ => (Comparison::Equals, part.trim_start_matches('=')),
        };
        match typed::version(rest) {
            Some(version) => versions.push((comparison, version)),
            None => {
                let place = node.get("version").map_or(node.place, |n| n.place);
                let help = "for example \">=1.32, <1.35\"".to_owned();
                diagnostics.add(place, format!("not a version range: \"{part}\""), Some(help));
            }
        }
    }
    Some(Applies { technology, distributions, except, versions, versions_text })
}

// A name, or a list of them.
fn read_names(node: &Node, diagnostics: &mut Diagnostics) -> Vec<String> {
    let items = node.list().unwrap_or(std::slice::from_ref(node));
    let names: Vec<String> = items.iter().filter_map(|item| item.text().map(str::to_owned)).collect();
    if names.is_empty() || names.len() < items.len() {
        let help = "for example [eks, aks]".to_owned();
        diagnostics.add(node.place, "distribution takes names", Some(help));
    }
    names
}

// The text at `key`; none if there is none, or nothing.
fn read_text(node: &Node, key: &str, diagnostics: &mut Diagnostics) -> Option<String> {
    let node = node.get(key)?;
    if node.text().is_none() {
        diagnostics.add(node.place, format!("{key} is text, found {}", node.kind()), None);
    }
    node.text().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

// Whether `key` is there and true; none if it is not there.
fn read_flag(node: &Node, key: &str, diagnostics: &mut Diagnostics) -> Option<bool> {
    let node = node.get(key)?;
    match node.scalar() {
        Some(Scalar::Bool(flag)) => Some(flag),
        _ => {
            let found = node.text().unwrap_or(node.kind());
            diagnostics.add(node.place, format!("{key} is true or false, found \"{found}\""), None);
            None
        }
    }
}

const METADATA: [&str; 5] = ["level", "cat", "stig", "maturity", "profile"];

fn read_rule(node: &Node, diagnostics: &mut Diagnostics) -> Option<Rule> {
    const KEYS: [&str; 15] = [
        "id",
        "title",
        "level",
        "cat",
        "stig",
        "maturity",
        "profile",
        "assessment",
        "checks",
        "select",
        "manual",
        "ccss",
        "partly",
        "technical",
        "source",
    ];
    let Some(entries) = node.map() else {
        diagnostics.add(node.place, format!("a rule is a map, found {}", node.kind()), None);
        return None;
    };
    for (key, _) in entries.iter().filter(|(key, _)| !KEYS.contains(&key.text.as_str())) {
        diagnostics.unknown(key.place, "key of a rule", &key.text, KEYS);
    }
    let mut text = |key: &str| read_text(node, key, diagnostics);
    let (id, title, assessment, manual, source) =
        (text("id"), text("title"), text("assessment"), text("manual"), text("source"));
    let metadata = METADATA.iter().filter_map(|key| Some(((*key).to_owned(), text(key)?))).collect();
    for (key, value) in [("id", &id), ("title", &title)] {
        if value.is_none() {
            diagnostics.add(node.place, format!("a rule needs `{key}`"), None);
        }
    }
    let assessed_manually = match assessment.as_deref() {
        None | Some("automated") => false,
        Some("manual") => true,
        Some(other) => {
            diagnostics.unknown(node.place, "assessment", other, ["automated", "manual"]);
            false
        }
    };
    let checks = node.get("checks").map(|n| read_uses(n, diagnostics)).unwrap_or_default();
    let select = match node.get("select") {
        Some(select) => {
            for (key, _) in select.map().unwrap_or_default().iter().filter(|(key, _)| key.text != "themes") {
                diagnostics.unknown(key.place, "key of select", &key.text, ["themes"]);
            }
            match select.get("themes") {
                Some(themes) => read_themes(themes, diagnostics),
                None => {
                    diagnostics.add(select.place, "select needs `themes`", None);
                    Vec::new()
                }
            }
        }
        None => Vec::new(),
    };
    let out_of_scope = read_flag(node, "technical", diagnostics) == Some(false);
    let partly = read_flag(node, "partly", diagnostics) == Some(true);
    let ccss = node.get("ccss").and_then(|n| read_ccss(n, diagnostics));
    let answered = !checks.is_empty() || !select.is_empty();
    let shown = id.clone().unwrap_or_default();
    if !answered && !out_of_scope && manual.is_none() {
        let help = "add `checks`, or `manual` with what a person must look at, or `technical: false`".to_owned();
        diagnostics.add(node.place, format!("nothing answers rule {shown}"), Some(help));
    }
    if answered && manual.is_some() {
        let help = "hints for evaluated rules belong to the checks".to_owned();
        diagnostics.add(node.place, format!("rule {shown} has checks and `manual`"), Some(help));
    }
    if out_of_scope && answered {
        diagnostics.add(node.place, format!("rule {shown} is out of scope but has checks"), None);
    }
    if !answered && !out_of_scope && ccss.is_none() && node.get("ccss").is_none() {
        let help = "add for example `ccss: AV:N/AC:L/Au:S/C:P/I:P/A:P/PL:ND/EM:A`".to_owned();
        diagnostics.add(node.place, format!("rule {shown} has no checks, so it needs a `ccss` vector"), Some(help));
    }
    Some(Rule {
        id: id?,
        title: title?,
        metadata,
        assessed_manually,
        checks,
        select,
        manual,
        ccss,
        partly,
        out_of_scope,
        source,
        place: node.place,
    })
}

fn read_uses(node: &Node, diagnostics: &mut Diagnostics) -> Vec<Use> {
    let Some(items) = node.list() else {
        diagnostics.add(node.place, format!("checks is a list, found {}", node.kind()), None);
        return Vec::new();
    };
    let mut uses = Vec::new();
    for item in items {
        let id = item.text().or_else(|| item.get("check").and_then(Node::text));
        let Some(id) = id else {
            let help = "expected an id, or { check: ID, with: { parameter: value } }".to_owned();
            diagnostics.add(item.place, "a use of a check needs its id", Some(help));
            continue;
        };
        for (key, _) in item.map().unwrap_or_default() {
            if !["check", "with"].contains(&key.text.as_str()) {
                diagnostics.unknown(key.place, "key", &key.text, ["check", "with"]);
            }
        }
        let with = item.get("with");
        if let Some(node) = with.filter(|node| node.map().is_none()) {
            let help = "for example { mode: \"0600\" }".to_owned();
            diagnostics.add(node.place, format!("with is a map of parameters, found {}", node.kind()), Some(help));
        }
        let with = with.and_then(Node::map).unwrap_or_default();
        let with = with.iter().map(|(key, value)| (key.text.clone(), value.clone())).collect();
        uses.push(Use { check: id.to_owned(), with, place: item.place });
    }
    uses
}
