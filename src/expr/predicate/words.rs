//! What predicates expect, in words that people would use.

use super::{Condition, Element, Predicate, Quantifier};

impl Predicate {
    /// What is expected, in words.
    pub fn expected(&self) -> String {
        let join = |predicates: &[Predicate], word: &str| {
            let parts = predicates.iter().map(Predicate::expected).filter(|words| !words.is_empty());
            parts.collect::<Vec<_>>().join(word)
        };
        match self {
            Predicate::All(all) => join(all, " and "),
            Predicate::Any(any) => join(any, " or "),
            Predicate::Not(inner) => format!("not ({})", inner.expected()),
            Predicate::Leaf(leaf) if leaf.path.segments.is_empty() => leaf.condition.expected(),
            Predicate::Leaf(leaf) => format!("{} {}", leaf.path, leaf.condition.expected()),
            Predicate::Related(related) => related.expected.clone(),
            Predicate::Undecided(_) => String::new(),
        }
    }
}

impl Condition {
    pub(super) fn expected(&self) -> String {
        match self {
            Condition::Test { expected, .. }
            | Condition::Compare { expected, .. }
            | Condition::Count { expected, .. }
            | Condition::Domain { expected, .. } => expected.clone(),
            Condition::All(all) => all.iter().map(Condition::expected).collect::<Vec<_>>().join(" and "),
            Condition::Not(inner, _) => match &**inner {
                // Only of the first one would the words be turned around.
                Condition::All(all) if all.len() > 1 => format!("not ({})", inner.expected()),
                inner => opposite(&inner.expected()),
            },
            Condition::Elements { quantifier, element, .. } => {
                let of = match element {
                    Element::Condition(condition) => condition.expected(),
                    Element::Predicate(predicate) => predicate.expected(),
                };
                match quantifier {
                    Quantifier::Any => format!("an element with {of}"),
                    Quantifier::All => format!("only elements with {of}"),
                    Quantifier::None => format!("no element with {of}"),
                }
            }
        }
    }

    // The type that is expected, when the value cannot be judged.
    pub(super) fn wants(&self) -> &'static str {
        match self {
            Condition::Test { operator, .. } => operator.wants,
            Condition::Compare { as_type, .. } => as_type.wants(),
            Condition::Not(inner, _) => inner.wants(),
            Condition::All(all) => all.first().map_or("a value", Condition::wants),
            Condition::Elements { .. } | Condition::Count { .. } | Condition::Domain { .. } => "a list",
        }
    }
}

/// What is expected where the opposite was written.
pub(super) fn opposite(words: &str) -> String {
    const PAIRS: [(&str, &str); 13] = [
        ("not ", ""),
        ("contains one of ", "without any of "),
        ("contains ", "without "),
        ("one of ", "none of "),
        ("at least ", "less than "),
        ("more than ", "at most "),
        ("a grant ", "no grant "),
        ("an element with ", "no element with "),
        ("an entry ", "no entry "),
        ("a ", "no "),
        ("expires within ", "is valid for longer than "),
        ("older than ", "newer than "),
        ("mode within ", "mode outside of "),
    ];
    for (one, other) in PAIRS {
        if let Some(rest) = words.strip_prefix(one) {
            return format!("{other}{rest}");
        }
        if let Some(rest) = words.strip_prefix(other).filter(|_| !other.is_empty()) {
            return format!("{one}{rest}");
        }
    }
    format!("not {words}")
}
