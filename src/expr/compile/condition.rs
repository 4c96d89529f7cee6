//! Conditions on one value: operators, how many elements, what absence means.

use super::Compiler;
use crate::base::diagnostic::Place;
use crate::base::yaml::{Data, Key, Node, Scalar};
use crate::expr::Truth;
use crate::expr::domain;
use crate::expr::operators::{self, Operand, Operator};
use crate::expr::path::Path;
use crate::expr::predicate::{Condition, Element, Quantifier};
use crate::expr::typed::Type;

// What stands beside the operators of a map, and where the map stands.
#[derive(Clone, Copy, Default)]
struct Beside {
    ignore_case: bool,
    unset: Option<Truth>,
    // The path leads to the elements already.
    wildcard: bool,
}

impl Compiler<'_> {
    /// A condition on the value at `path` below the prefix.
    pub(super) fn condition_at(&mut self, path: &Path, node: &Node) -> Option<Condition> {
        let node = self.fill(node)?;
        match &node.data {
            Data::Map(entries) => {
                // Only quantifiers over predicates read less than the whole value.
                let nested = |key: &str| matches!(key, "any" | "all" | "none" | "count");
                if entries.is_empty() || entries.iter().any(|(key, _)| !nested(&key.text) && key.text != "unset") {
                    self.read(path);
                }
                let outer = self.enter(path);
                let condition = self.operators(entries, node.place, path.has_wildcard());
                self.prefix = outer;
                condition
            }
            _ => {
                self.read(path);
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
        self.test(operators::operator(name)?, node, Beside::default())
    }

    fn operators(&mut self, entries: &[(Key, Node)], place: Place, wildcard: bool) -> Option<Condition> {
        let modifier = |name: &str| entries.iter().find(|(key, _)| key.text == name).map(|(_, node)| node);
        let beside = Beside {
            ignore_case: match modifier("ignore_case") {
                Some(node) => self.flag(node)?,
                None => false,
            },
            unset: match modifier("unset") {
                Some(node) => Some(self.truth(node)?),
                None => None,
            },
            wildcard,
        };
        if let Some(node) = modifier("unset").filter(|_| wildcard) {
            let help = "say it of the list itself, for example { path: { any: ..., unset: false } }".to_owned();
            self.fault(node.place, "many values are never absent, there are just none of them".into(), Some(help));
            return None;
        }
        let mut all = Vec::new();
        let mut faulty = false;
        for (key, node) in entries.iter().filter(|(key, _)| !matches!(key.text.as_str(), "ignore_case" | "unset")) {
            let condition = self.operator(key, node, beside);
            faulty |= condition.is_none();
            all.extend(condition);
        }
        if faulty {
            return None;
        }
        if let Some((key, _)) = entries.iter().find(|(key, _)| key.text == "ignore_case") {
            // A map below `not` says for itself whether case counts.
            let minds = |(key, node): &(Key, Node)| match key.text.as_str() {
                "not" => node.map().is_none(),
                name => operators::operator(name).is_some_and(|operator| operator.takes.has_case()),
            };
            if !entries.iter().any(minds) {
                let help = "it stands beside operators on text, such as equals, in, matches, starts_with or contains";
                self.fault(key.place, "no operator beside it minds the case".into(), Some(help.to_owned()));
                return None;
            }
        }
        match all.len() {
            0 => {
                let help = "expected an operator, for example { not: true }; any, all, none, not, related and undecided \
                            take predicates";
                self.fault(place, "a condition without an operator".into(), Some(help.to_owned()));
                None
            }
            1 => all.pop(),
            _ => Some(Condition::All(all)),
        }
    }

    fn operator(&mut self, key: &Key, node: &Node, beside: Beside) -> Option<Condition> {
        let name = key.text.as_str();
        if let Some(quantifier) = Quantifier::named(name) {
            let element = self.element(node, beside.wildcard)?;
            return Some(Condition::Elements { quantifier, element, unset: beside.unset });
        }
        if let Some(as_type) = Type::named(name) {
            return self.typed(as_type, node, beside.unset);
        }
        match name {
            "not" => return self.not(node, beside),
            "count" => return self.count(node, beside.unset, beside.wildcard),
            "length" => return self.length(node, beside.unset),
            _ => {}
        }
        if let Some(operator) = operators::operator(name) {
            return self.test(operator, node, beside);
        }
        if let Some(row) = domain::domain(name) {
            return self.domain(row, node, beside.unset);
        }
        self.diagnostics.unknown(key.place, "operator", name, operators::names());
        None
    }

    fn not(&mut self, node: &Node, beside: Beside) -> Option<Condition> {
        let node = self.fill(node)?;
        let name = match &node.data {
            Data::Map(entries) => {
                let inner = self.operators(entries, node.place, beside.wildcard)?;
                return Some(Condition::Not(Box::new(inner), beside.unset));
            }
            Data::List(_) => "not_in",
            Data::Scalar { .. } => "not_equals",
        };
        self.test(operators::operator(name)?, &node, beside)
    }

    fn test(&mut self, operator: &'static Operator, node: &Node, beside: Beside) -> Option<Condition> {
        let node = self.fill(node)?;
        let operand = self.operand(operator, &node, beside.ignore_case)?;
        let (absent, not) = match operand {
            Operand::Flag(false) => (!operator.absent, "not "),
            _ => (operator.absent, ""),
        };
        let expected = format!("{not}{}{}", operator.words, operand.words(&node));
        let (ignore_case, unset) = (beside.ignore_case, beside.unset.unwrap_or(absent));
        Some(Condition::Test { operator, operand, ignore_case, unset, expected })
    }

    /// What must hold of an element. `wildcard`: the path itself already leads to the elements.
    pub(super) fn element(&mut self, node: &Node, wildcard: bool) -> Option<Element> {
        let node = self.fill(node)?;
        let inside = if wildcard { Path::default() } else { Path::default().of_elements() };
        let outer = self.enter(&inside);
        let element = match &node.data {
            Data::Map(entries) if is_condition(entries) => {
                self.read(&Path::default());
                self.operators(entries, node.place, false).map(|c| Element::Condition(Box::new(c)))
            }
            Data::Map(entries) => {
                if entries.is_empty() {
                    self.read(&Path::default());
                }
                self.predicate(&node).map(|p| Element::Predicate(Box::new(p)))
            }
            _ => {
                self.read(&Path::default());
                self.plain(&node).map(|c| Element::Condition(Box::new(c)))
            }
        };
        self.prefix = outer;
        element
    }
}

// An operator map, not a predicate on the element: every key is an operator, and combinators do not hold predicates.
fn is_condition(entries: &[(Key, Node)]) -> bool {
    !entries.is_empty()
        && entries.iter().all(|(key, node)| match key.text.as_str() {
            "any" | "all" | "none" => node.list().is_none(),
            "not" => node.map().is_none_or(is_condition),
            key => operators::names().any(|name| name == key),
        })
}

/// Whether it says of how many elements it speaks, as a condition on many values has to.
pub(super) fn is_quantified(condition: &Condition) -> bool {
    match condition {
        Condition::Elements { .. } => true,
        Condition::Count { element, .. } => element.is_some(),
        Condition::All(all) => all.iter().all(is_quantified),
        Condition::Not(inner, _) => is_quantified(inner),
        _ => false,
    }
}
