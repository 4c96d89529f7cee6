//! From the text of rules to compiled predicates. Every fault is noted with its place; compilation goes on behind it, so that
//! an author sees all of them at once.

use std::collections::{BTreeMap, BTreeSet};

use regex::RegexBuilder;

use super::domain;
use super::operators::{self, COMPARISONS, Operand, Operator, Spelled, TYPE_NAMES, Takes};
use super::path::{Path, Segment};
use super::predicate::{Amount, Comparison, Condition, Element, Leaf, Predicate, Quantifier, Related, region};
use super::typed::{self, Type, Typed};
use super::{Truth, Value};
use crate::base::diagnostic::{Diagnostics, Place};
use crate::base::yaml::{Data, Node, Scalar};

/// What the world looks like: which sources there are and which paths they have.
pub trait Schema {
    /// Whether there is a kind or view of this name.
    ///
    /// # Errors
    /// The nearest known name, if one is near.
    fn source(&self, name: &str) -> Result<(), Option<String>>;

    /// Whether the source has this path.
    ///
    /// # Errors
    /// The nearest known field, or what is expected.
    fn path(&self, source: &str, path: &Path) -> Result<(), String>;

    /// Whether resources of the source lie in regions, so that joins between such stay inside of one.
    fn scoped(&self, source: &str) -> bool;
}

/// A join that a predicate asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// Kind or view of the others.
    pub source: String,
    /// Only those in the region of the resource count: the first key is the region, and a gap elsewhere does not matter.
    pub scoped: bool,
    /// The paths in them that make the key; one may have a wildcard.
    pub theirs: Vec<Path>,
}

/// Compiles the predicates of one check.
pub struct Compiler<'a> {
    /// Where faults go.
    pub diagnostics: &'a mut Diagnostics,
    /// Values of the parameters.
    pub params: &'a BTreeMap<String, Node>,
    /// What paths there are.
    pub schema: &'a dyn Schema,
    /// The kind or view that paths are in now.
    pub source: String,
    /// Where in it: paths of `each` and of elements are below.
    pub prefix: Path,
    /// Predicates see the resource as a whole, not only an element of it (`each`).
    pub whole: bool,
    /// All paths that the predicates read, by source.
    pub reads: Vec<(String, Path)>,
    /// Joins, numbered by their index.
    pub joins: Vec<Join>,
    /// Parameters that were used.
    pub used: BTreeSet<String>,
}

const COMBINATORS: [&str; 6] = ["any", "all", "none", "not", "related", "undecided"];

impl Compiler<'_> {
    /// A predicate: a map of paths and combinators, all of which must hold.
    pub fn predicate(&mut self, node: &Node) -> Option<Predicate> {
        let Some(entries) = node.map() else {
            let help = "for example { securityContext.privileged: { not: true } }".to_owned();
            self.fault(node.place, format!("expected a predicate, a map of paths, found {}", node.kind()), Some(help));
            return None;
        };
        let mut all = Vec::new();
        for (key, value) in entries {
            let part = match key.text.as_str() {
                "any" => self.predicates(value).map(Predicate::Any),
                "all" => self.predicates(value).map(Predicate::All),
                "none" => self.predicates(value).map(|any| Predicate::Not(Box::new(Predicate::Any(any)))),
                "not" => self.part(value).map(|inner| Predicate::Not(Box::new(inner))),
                "related" => self.related(value).map(Predicate::Related),
                "undecided" => self.undecided(value),
                _ => self.leaf(&key.text, key.place, value).map(Predicate::Leaf),
            };
            all.extend(part);
        }
        if all.len() == 1 { all.pop() } else { Some(Predicate::All(all)) }
    }

    fn predicates(&mut self, node: &Node) -> Option<Vec<Predicate>> {
        let Some(items) = node.list() else {
            let help = "for example [ { hostPID: true }, { hostIPC: true } ]".to_owned();
            self.fault(node.place, format!("expected a list of predicates, found {}", node.kind()), Some(help));
            return None;
        };
        if items.is_empty() {
            self.fault(node.place, "an empty list of predicates decides nothing".into(), None);
        }
        Some(items.iter().filter_map(|item| self.part(item)).collect())
    }

    // The reason; or the reason and a parameter with which a person has answered, unless it is empty.
    fn undecided(&mut self, node: &Node) -> Option<Predicate> {
        let keys: Vec<&str> = node.map().unwrap_or_default().iter().map(|(key, _)| key.text.as_str()).collect();
        let (why, answer) = match (node.get("why"), node.get("unless")) {
            (Some(why), Some(answer)) if keys.len() == 2 => (why, Some(self.fill(answer)?)),
            _ => (node, None),
        };
        match why.text().filter(|text| !text.trim().is_empty()) {
            Some(_) if answer.is_some_and(|answer| !is_empty(&answer)) => Some(Predicate::Any(Vec::new())),
            Some(why) => Some(Predicate::Undecided(why.into())),
            None => {
                let help =
                    "say what is not to be seen, for example { undecided: who reads the mail }, and which parameter \
                            tells it, if one does: { unless: $readers, why: who reads the mail }"
                        .to_owned();
                self.fault(node.place, "undecided takes the reason".into(), Some(help));
                None
            }
        }
    }

    // A predicate of which something depends: an empty one has nothing to show for its truth.
    fn part(&mut self, node: &Node) -> Option<Predicate> {
        if node.map().is_some_and(<[_]>::is_empty) {
            self.fault(node.place, "an empty predicate decides nothing".into(), None);
        }
        self.predicate(node)
    }

    /// A path as it stands in a rule, parameters filled in; checked against the schema below the current prefix.
    pub fn path(&mut self, text: &str, place: Place) -> Option<Path> {
        let text = self.fill_path(text, place)?;
        let path: Path = match text.parse() {
            Ok(path) => path,
            Err(error) => {
                let error: super::PathError = error;
                self.fault(place, format!("bad path: {error}"), None);
                return None;
            }
        };
        let full = self.prefix.join(&path);
        if !full.segments.is_empty()
            && let Err(help) = self.schema.path(&self.source, &full)
        {
            self.fault(place, format!("{} has no field \"{full}\"", self.source), Some(help));
            return None;
        }
        Some(path)
    }

    fn fill_path(&mut self, text: &str, place: Place) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            let name_end = rest[at + 1..]
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .map_or(rest.len(), |end| at + 1 + end);
            let value = self.param(&rest[at + 1..name_end], place)?;
            match value.text() {
                Some(text) => out.push_str(text),
                None => {
                    self.fault(place, format!("a parameter in a path must be text, found {}", value.kind()), None);
                    return None;
                }
            }
            rest = &rest[name_end..];
        }
        out.push_str(rest);
        Some(out)
    }

    fn param(&mut self, name: &str, place: Place) -> Option<Node> {
        self.used.insert(name.to_owned());
        match self.params.get(name) {
            Some(value) => Some(Node { place, data: value.data.clone() }),
            None => {
                let known: Vec<&str> = self.params.keys().map(String::as_str).collect();
                if known.is_empty() {
                    self.fault(
                        place,
                        format!("unknown parameter \"${name}\""),
                        Some("declare it under `params`".into()),
                    );
                } else {
                    self.diagnostics.unknown(place, "parameter", name, known);
                }
                None
            }
        }
    }

    // The node itself, or the value of the parameter that it names.
    pub(super) fn fill(&mut self, node: &Node) -> Option<Node> {
        match node.text().and_then(|text| text.strip_prefix('$')) {
            Some(name) if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => self.param(name, node.place),
            _ => Some(node.clone()),
        }
    }

    fn leaf(&mut self, path: &str, place: Place, node: &Node) -> Option<Leaf> {
        let path = self.path(path, place)?;
        let wildcard = path.has_wildcard();
        let condition = self.condition_at(&path, node)?;
        if wildcard && !is_quantified(&condition) {
            let help = "say how many: { any: ... }, { all: ... }, { none: ... } or { count: ... }".to_owned();
            self.fault(place, format!("the path \"{path}\" has many values"), Some(help));
            return None;
        }
        Some(Leaf { path, condition })
    }

    // A condition on the value at `path` below the prefix.
    fn condition_at(&mut self, path: &Path, node: &Node) -> Option<Condition> {
        let full = self.prefix.join(path);
        let node = self.fill(node)?;
        match &node.data {
            Data::Map(entries) => {
                // Only quantifiers over predicates read less than the whole value.
                let nested = |key: &str| matches!(key, "any" | "all" | "none" | "count");
                if entries.is_empty() || entries.iter().any(|(key, _)| !nested(&key.text) && key.text != "unset") {
                    self.reads.push((self.source.clone(), full.clone()));
                }
                let outer = std::mem::replace(&mut self.prefix, full);
                let condition = self.operators(entries, node.place, path.has_wildcard());
                self.prefix = outer;
                condition
            }
            _ => {
                self.reads.push((self.source.clone(), full));
                self.plain(&node)
            }
        }
    }

    // A scalar (equals) or a list (one of).
    fn plain(&mut self, node: &Node) -> Option<Condition> {
        let name = if node.list().is_some() { "in" } else { "equals" };
        if node.scalar() == Some(Scalar::Null) {
            let help = "use { exists: false } for absent or null".to_owned();
            self.fault(node.place, "nothing to compare with".into(), Some(help));
            return None;
        }
        self.test(operators::operator(name)?, node, false, None)
    }

    fn operators(
        &mut self,
        entries: &[(crate::base::yaml::Key, Node)],
        place: Place,
        wildcard: bool,
    ) -> Option<Condition> {
        let ignore_case = match entries.iter().find(|(key, _)| key.text == "ignore_case") {
            Some((_, node)) => self.flag(node)?,
            None => false,
        };
        let unset = match entries.iter().find(|(key, _)| key.text == "unset") {
            Some((_, node)) => Some(self.truth(node)?),
            None => None,
        };
        let mut all = Vec::new();
        let mut faulty = false;
        for (key, node) in entries {
            let condition = match key.text.as_str() {
                "ignore_case" | "unset" => continue,
                "not" => self.not(node, ignore_case, unset),
                "any" => self.elements(Quantifier::Any, node, unset, wildcard),
                "all" => self.elements(Quantifier::All, node, unset, wildcard),
                "none" => self.elements(Quantifier::None, node, unset, wildcard),
                "count" => self.count(node, unset, wildcard),
                "length" => self.length(node, unset),
                "version" => self.typed(Type::Version, node, unset),
                "duration" => self.typed(Type::Duration, node, unset),
                "quantity" => self.typed(Type::Quantity, node, unset),
                name => match (operators::operator(name), domain::domain(name)) {
                    (Some(operator), _) => self.test(operator, node, ignore_case, unset),
                    (None, Some(row)) => self.domain(row, node, unset),
                    (None, None) => {
                        self.diagnostics.unknown(key.place, "operator", name, operators::names());
                        None
                    }
                },
            };
            faulty |= condition.is_none();
            all.extend(condition);
        }
        if faulty {
            return None;
        }
        match all.len() {
            0 => {
                let help =
                    format!("expected an operator, for example {{ not: true }}; {COMBINATORS:?} take predicates");
                self.fault(place, "a condition without an operator".into(), Some(help));
                None
            }
            1 => all.pop(),
            _ => Some(Condition::All(all)),
        }
    }

    fn not(&mut self, node: &Node, ignore_case: bool, unset: Option<Truth>) -> Option<Condition> {
        let node = self.fill(node)?;
        let name = match &node.data {
            Data::Map(entries) => {
                let inner = self.operators(entries, node.place, false)?;
                return Some(Condition::Not(Box::new(inner), unset));
            }
            Data::List(_) => "not_in",
            Data::Scalar { .. } => "not_equals",
        };
        self.test(operators::operator(name)?, &node, ignore_case, unset)
    }

    fn test(
        &mut self,
        operator: &'static Operator,
        node: &Node,
        ignore_case: bool,
        unset: Option<Truth>,
    ) -> Option<Condition> {
        let node = self.fill(node)?;
        let operand = self.operand(operator, &node, ignore_case)?;
        let absent = match (operator.name, &operand) {
            ("exists", Operand::Flag(wanted)) => Truth::from(!wanted),
            ("empty", Operand::Flag(wanted)) => Truth::from(*wanted),
            _ => operator.absent,
        };
        let expected = match (operator.name, &operand) {
            ("exists", Operand::Flag(wanted)) => if *wanted { "set" } else { "not set" }.to_owned(),
            ("empty", Operand::Flag(wanted)) => if *wanted { "empty" } else { "not empty" }.to_owned(),
            _ => format!("{}{}", operator.words, words(&operand, &node)),
        };
        Some(Condition::Test { operator, operand, ignore_case, unset: unset.unwrap_or(absent), expected })
    }

    fn operand(&mut self, operator: &Operator, node: &Node, ignore_case: bool) -> Option<Operand> {
        let wrong = |compiler: &mut Self, expected: &str| {
            let text = node.text().map_or_else(|| node.kind().to_owned(), |text| format!("\"{text}\""));
            let message = format!("{} takes {expected}, found {text}", operator.name);
            let help = format!("for example {}: {}", operator.name, operator.example.0);
            compiler.fault(node.place, message, Some(help));
            None
        };
        let number = |node: &Node| match node.scalar() {
            Some(Scalar::Int(n)) => Some(n as f64),
            Some(Scalar::Float(n)) => Some(n),
            _ => None,
        };
        match operator.takes {
            Takes::Scalar | Takes::Text => match spelled(node) {
                Some(own) => Some(Operand::Scalar(own)),
                None => wrong(self, "text, a number or a boolean"),
            },
            Takes::Scalars => {
                let Some(items) = node.list() else { return wrong(self, "a list") };
                let mut known = Vec::new();
                for item in items {
                    let item = self.fill(item)?;
                    match (&item.data, spelled(&item)) {
                        (_, Some(own)) => known.push(own),
                        // A parameter that is a list stands for its elements.
                        (Data::List(inner), _) => known.extend(inner.iter().filter_map(spelled)),
                        _ => return wrong(self, "a list of text, numbers or booleans"),
                    }
                }
                Some(Operand::Scalars(known))
            }
            Takes::Number => match number(node) {
                Some(n) => Some(Operand::Number(n)),
                None => wrong(self, "a number"),
            },
            Takes::Range => {
                let mut bounds = Vec::new();
                for item in node.list().unwrap_or_default() {
                    let item = self.fill(item)?;
                    bounds.extend(number(&item));
                }
                match bounds[..] {
                    [low, high] if low <= high => Some(Operand::Range(low, high)),
                    _ => wrong(self, "two numbers, the lower one first"),
                }
            }
            Takes::Pattern => {
                let Some(text) = node.text() else { return wrong(self, "a regular expression") };
                match RegexBuilder::new(text).case_insensitive(ignore_case).size_limit(1 << 20).build() {
                    Ok(pattern) => Some(Operand::Pattern(pattern)),
                    Err(error) => {
                        let error = error.to_string();
                        let last = error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                        self.fault(node.place, format!("bad regular expression \"{text}\": {last}"), None);
                        None
                    }
                }
            }
            Takes::Flag => match node.scalar() {
                Some(Scalar::Bool(flag)) => Some(Operand::Flag(flag)),
                _ => wrong(self, "true or false"),
            },
            Takes::Mode => match node.text().and_then(|text| typed::mode(&Value::str(text))) {
                Some(mode) => Some(Operand::Mode(mode)),
                None => wrong(self, "a file mode in octal"),
            },
            Takes::Duration => match node.text().and_then(typed::duration) {
                Some(seconds) => Some(Operand::Number(seconds)),
                None => wrong(self, "a duration"),
            },
            Takes::TypeName => match spelled(node) {
                Some(own) if TYPE_NAMES.contains(&own.text.as_str()) => Some(Operand::Scalar(own)),
                _ => wrong(self, "one of text, number, boolean, list, map"),
            },
        }
    }

    fn elements(
        &mut self,
        quantifier: Quantifier,
        node: &Node,
        unset: Option<Truth>,
        wildcard: bool,
    ) -> Option<Condition> {
        Some(Condition::Elements { quantifier, element: self.element(node, wildcard)?, unset })
    }

    // What must hold of an element. `wildcard`: the path itself already leads to the elements.
    fn element(&mut self, node: &Node, wildcard: bool) -> Option<Element> {
        let step = if wildcard { Path::default() } else { Path { segments: vec![Segment::Any] } };
        let node = self.fill(node)?;
        let outer = self.prefix.clone();
        self.prefix = outer.join(&step);
        let element = match &node.data {
            Data::Map(entries) if is_condition(entries) => {
                self.reads.push((self.source.clone(), self.prefix.clone()));
                self.operators(entries, node.place, false).map(|c| Element::Condition(Box::new(c)))
            }
            Data::Map(entries) => {
                if entries.is_empty() {
                    self.reads.push((self.source.clone(), self.prefix.clone()));
                }
                self.predicate(&node).map(|p| Element::Predicate(Box::new(p)))
            }
            _ => {
                self.reads.push((self.source.clone(), self.prefix.clone()));
                self.plain(&node).map(|c| Element::Condition(Box::new(c)))
            }
        };
        self.prefix = outer;
        element
    }

    fn count(&mut self, node: &Node, unset: Option<Truth>, wildcard: bool) -> Option<Condition> {
        let Some(entries) = node.map() else {
            let help = "for example { gte: 2, where: { contains: x } }".to_owned();
            self.fault(node.place, format!("count takes a map, found {}", node.kind()), Some(help));
            return None;
        };
        let element = match entries.iter().find(|(key, _)| key.text == "where") {
            Some((_, node)) => Some(self.element(node, wildcard)?),
            None => {
                self.reads.push((self.source.clone(), self.prefix.clone()));
                None
            }
        };
        let rest: Vec<_> = entries.iter().filter(|(key, _)| key.text != "where").cloned().collect();
        let comparisons = self.comparisons(&rest, node.place)?;
        let expected = format!("number of elements {}", comparison_words(&rest));
        // Without a condition on the elements a wildcard path counts what it leads to.
        let element = element.or_else(|| wildcard.then(|| Element::Predicate(Box::new(Predicate::All(Vec::new())))));
        Some(Condition::Count { comparisons, element, unset, expected })
    }

    fn length(&mut self, node: &Node, unset: Option<Truth>) -> Option<Condition> {
        let node = self.fill(node)?;
        let entries = match &node.data {
            Data::Map(entries) => entries.clone(),
            _ => vec![(crate::base::yaml::Key { place: node.place, text: "equals".into() }, node.clone())],
        };
        let comparisons = self.comparisons(&entries, node.place)?;
        let expected = format!("length {}", comparison_words(&entries));
        Some(Condition::Count { comparisons, element: None, unset, expected })
    }

    fn comparisons(
        &mut self,
        entries: &[(crate::base::yaml::Key, Node)],
        place: Place,
    ) -> Option<Vec<(Comparison, Vec<f64>)>> {
        let typed = self.bounds(Type::Number, entries, place)?;
        let plain = |bounds: Vec<Typed>| {
            bounds.into_iter().filter_map(|b| if let Typed::Number(n) = b { Some(n) } else { None }).collect()
        };
        Some(typed.into_iter().map(|(comparison, bounds)| (comparison, plain(bounds))).collect())
    }

    fn bounds(
        &mut self,
        as_type: Type,
        entries: &[(crate::base::yaml::Key, Node)],
        place: Place,
    ) -> Option<Vec<(Comparison, Vec<Typed>)>> {
        if entries.is_empty() {
            self.fault(place, "nothing to compare with".into(), Some(format!("expected one of {COMPARISONS:?}")));
            return None;
        }
        let mut all = Vec::new();
        for (key, node) in entries {
            let node = self.fill(node)?;
            let comparison = match key.text.as_str() {
                "equals" => Comparison::Equals,
                "gt" => Comparison::Gt,
                "gte" => Comparison::Gte,
                "lt" => Comparison::Lt,
                "lte" => Comparison::Lte,
                "between" => Comparison::Between,
                other => {
                    self.diagnostics.unknown(key.place, "comparison", other, COMPARISONS);
                    return None;
                }
            };
            let single = std::slice::from_ref(&node);
            let nodes = if comparison == Comparison::Between { node.list().unwrap_or_default() } else { single };
            let mut bounds = Vec::new();
            for node in nodes {
                let node = self.fill(node)?;
                match node.text().and_then(|text| as_type.read(&Value::str(text))) {
                    Some(bound) => bounds.push(bound),
                    None => {
                        let found = node.text().unwrap_or(node.kind());
                        self.fault(node.place, format!("expected {}, found \"{found}\"", as_type.wants()), None);
                        return None;
                    }
                }
            }
            if bounds.len() != if comparison == Comparison::Between { 2 } else { 1 } {
                self.fault(node.place, "between takes a list of two".into(), None);
                return None;
            }
            all.push((comparison, bounds));
        }
        Some(all)
    }

    fn typed(&mut self, as_type: Type, node: &Node, unset: Option<Truth>) -> Option<Condition> {
        let node = self.fill(node)?;
        let entries = match &node.data {
            Data::Map(entries) => entries.clone(),
            _ => vec![(crate::base::yaml::Key { place: node.place, text: "equals".into() }, node.clone())],
        };
        let bounds = self.bounds(as_type, &entries, node.place)?;
        let mut all: Vec<Condition> = bounds
            .into_iter()
            .zip(&entries)
            .map(|((comparison, bounds), entry)| Condition::Compare {
                as_type,
                comparison,
                bounds,
                unset: unset.unwrap_or(Truth::False),
                expected: format!("{} {}", as_type.wants(), comparison_words(std::slice::from_ref(entry))),
            })
            .collect();
        if all.len() == 1 { all.pop() } else { Some(Condition::All(all)) }
    }

    fn related(&mut self, node: &Node) -> Option<Related> {
        let Some(entries) = node.map() else {
            self.fault(node.place, format!("related takes a map, found {}", node.kind()), None);
            return None;
        };
        const KEYS: [&str; 7] = ["resource", "on", "scope", "any", "all", "none", "count"];
        for (key, _) in entries {
            if !KEYS.contains(&key.text.as_str()) {
                self.diagnostics.unknown(key.place, "key of related", &key.text, KEYS);
            }
        }
        let source = node.get("resource").and_then(Node::text).map(str::to_owned);
        let Some(source) = source else {
            self.fault(node.place, "related needs `resource`, the kind of the others".into(), None);
            return None;
        };
        if let Err(near) = self.schema.source(&source) {
            let help = near.map_or_else(
                || "see `spm rules list --resources`".to_owned(),
                |near| format!("did you mean \"{near}\"?"),
            );
            self.fault(
                node.get("resource").map_or(node.place, |n| n.place),
                format!("unknown resource \"{source}\""),
                Some(help),
            );
            return None;
        }
        let Some(on) = node.get("on").and_then(Node::map) else {
            let help = "`on: { their.path: our.path }`; `on: {}` takes all of them".to_owned();
            self.fault(node.place, "related needs `on`".into(), Some(help));
            return None;
        };
        let scoped = self.is_scoped(node, &source)?;
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        if scoped {
            self.reads.push((self.source.clone(), region().clone()));
            self.reads.push((source.clone(), region().clone()));
            theirs.push(region().clone());
        }
        for (key, value) in on {
            let Some(our) = value.text() else {
                self.fault(value.place, format!("expected a path of this resource, found {}", value.kind()), None);
                return None;
            };
            let our = self.path(our, value.place)?;
            self.reads.push((self.source.clone(), self.prefix.join(&our)));
            let outer = (std::mem::replace(&mut self.source, source.clone()), std::mem::take(&mut self.prefix));
            let their = self.path(&key.text, key.place);
            (self.source, self.prefix) = outer;
            let their = their?;
            self.reads.push((source.clone(), their.clone()));
            let second = |known: &[Path], new: &Path| new.has_wildcard() && known.iter().any(Path::has_wildcard);
            if second(&ours, &our) || second(&theirs, &their) {
                let help = "only one key of each side may have a wildcard".to_owned();
                self.fault(key.place, "a second join key with many values".into(), Some(help));
                return None;
            }
            ours.push(our);
            theirs.push(their);
        }
        let amounts: Vec<_> =
            entries.iter().filter(|(key, _)| matches!(key.text.as_str(), "any" | "all" | "none" | "count")).collect();
        let [(how, what)] = amounts[..] else {
            self.fault(node.place, "related needs one of `any`, `all`, `none` or `count`".into(), None);
            return None;
        };
        let empty = Node { place: what.place, data: Data::Map(Vec::new()) };
        let (amount, predicate, words) = match how.text.as_str() {
            "count" => {
                let rest: Vec<_> =
                    what.map().unwrap_or_default().iter().filter(|(key, _)| key.text != "where").cloned().collect();
                let comparisons = self.comparisons(&rest, what.place)?;
                let words = format!("number of {source} {}", comparison_words(&rest));
                (Amount::Count(comparisons), what.get("where").unwrap_or(&empty), words)
            }
            "any" => (Amount::Quantifier(Quantifier::Any), what, format!("{} {source}", article(source.as_str()))),
            "all" => (Amount::Quantifier(Quantifier::All), what, format!("every {source}")),
            _ => (Amount::Quantifier(Quantifier::None), what, format!("no {source}")),
        };
        let outer = (std::mem::replace(&mut self.source, source.clone()), std::mem::take(&mut self.prefix));
        let whole = std::mem::replace(&mut self.whole, true);
        let predicate = self.predicate(predicate);
        self.whole = whole;
        (self.source, self.prefix) = outer;
        let predicate = Box::new(predicate?);
        // Reading nothing of them is still reading that they are there.
        self.reads.push((source.clone(), Path::keys(&["metadata", "name"])));
        let with = predicate.expected();
        let expected = if with.is_empty() { words } else { format!("{words} with {with}") };
        self.joins.push(Join { source: source.clone(), scoped, theirs });
        Some(Related { join: self.joins.len() - 1, source, scoped, ours, amount, predicate, expected })
    }

    // Whether a join stays inside of one region: it does between resources that lie in regions, unless the rule says otherwise.
    fn is_scoped(&mut self, node: &Node, source: &str) -> Option<bool> {
        let regional = self.schema.scoped(&self.source) && self.schema.scoped(source);
        let scoped = match node.get("scope").map(|scope| (scope.place, scope.text().unwrap_or(scope.kind()))) {
            None => regional,
            Some((_, "account")) => false,
            Some((_, "region")) if regional => true,
            Some((place, "region")) => {
                let help = "leave `scope` out".to_owned();
                self.fault(place, format!("{} and {source} do not both lie in regions", self.source), Some(help));
                return None;
            }
            Some((place, other)) => {
                self.diagnostics.unknown(place, "scope", other, ["region", "account"]);
                return None;
            }
        };
        if scoped && !self.whole {
            let help =
                "join from the resource itself, with a wildcard in the path of `on`; or say `scope: account`".into();
            self.fault(node.place, "an element of `each` does not say which region it lies in".into(), Some(help));
            return None;
        }
        Some(scoped)
    }

    fn flag(&mut self, node: &Node) -> Option<bool> {
        match node.scalar() {
            Some(Scalar::Bool(flag)) => Some(flag),
            _ => {
                self.fault(node.place, format!("expected true or false, found {}", node.kind()), None);
                None
            }
        }
    }

    fn truth(&mut self, node: &Node) -> Option<Truth> {
        let node = self.fill(node)?;
        match node.text() {
            Some("true") => Some(Truth::True),
            Some("false") => Some(Truth::False),
            Some("unknown") => Some(Truth::Unknown),
            other => {
                let found = other.unwrap_or(node.kind()).to_owned();
                self.diagnostics.unknown(node.place, "truth", &found, ["true", "false", "unknown"]);
                None
            }
        }
    }

    fn fault(&mut self, place: Place, message: String, help: Option<String>) {
        self.diagnostics.add(place, message, help);
    }
}

// An operator map, not a predicate on the element: every key is an operator, and combinators do not hold predicates.
fn is_condition(entries: &[(crate::base::yaml::Key, Node)]) -> bool {
    !entries.is_empty()
        && entries.iter().all(|(key, node)| match key.text.as_str() {
            "any" | "all" | "none" => node.list().is_none(),
            "not" => node.map().is_none_or(is_condition),
            key => operators::names().any(|name| name == key),
        })
}

fn is_empty(node: &Node) -> bool {
    match &node.data {
        Data::List(items) => items.is_empty(),
        Data::Map(entries) => entries.is_empty(),
        Data::Scalar { text, .. } => text.is_empty(),
    }
}

fn is_quantified(condition: &Condition) -> bool {
    match condition {
        Condition::Elements { .. } => true,
        Condition::Count { element, .. } => element.is_some(),
        Condition::All(all) => all.iter().all(is_quantified),
        Condition::Not(inner, _) => is_quantified(inner),
        _ => false,
    }
}

fn spelled(node: &Node) -> Option<Spelled> {
    match node.scalar()? {
        Scalar::Null => None,
        Scalar::Int(n) => Some(Spelled { text: node.text()?.to_owned(), number: Some(n as f64) }),
        Scalar::Float(n) => Some(Spelled { text: node.text()?.to_owned(), number: Some(n) }),
        Scalar::Bool(b) => Some(Spelled { text: b.to_string(), number: None }),
        Scalar::Str(text) => Some(Spelled { text: text.to_owned(), number: None }),
    }
}

fn words(operand: &Operand, node: &Node) -> String {
    match operand {
        Operand::Scalar(own) if own.text.is_empty() => "\"\"".to_owned(),
        Operand::Scalar(own) => own.text.clone(),
        Operand::Scalars(known) => known.iter().map(|own| own.text.as_str()).collect::<Vec<_>>().join(", "),
        Operand::Range(low, high) => format!("{low} and {high}"),
        Operand::Number(_) | Operand::Pattern(_) | Operand::Flag(_) => node.text().unwrap_or_default().to_owned(),
        Operand::Mode(mode) => format!("{mode:04o}"),
    }
}

fn comparison_words(entries: &[(crate::base::yaml::Key, Node)]) -> String {
    let part = |key: &str, node: &Node| {
        let text = |node: &Node| node.text().unwrap_or_default().to_owned();
        match key {
            "equals" => text(node),
            "between" => format!(
                "between {}",
                node.list().unwrap_or_default().iter().map(text).collect::<Vec<_>>().join(" and ")
            ),
            key => format!("{}{}", operators::operator(key).map_or("", |o| o.words), text(node)),
        }
    };
    entries.iter().map(|(key, node)| part(&key.text, node)).collect::<Vec<_>>().join(" and ")
}

// By the sound that the name of a kind begins with: letters of abbreviations are read one by one.
fn article(name: &str) -> &'static str {
    let vowel = name.starts_with(['A', 'E', 'I', 'O', 'a', 'e', 'i', 'o']);
    if vowel { "an" } else { "a" }
}
