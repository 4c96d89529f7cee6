//! Statements about other resources.

use super::{Compiler, Join};
use crate::base::yaml::{Data, Node};
use crate::expr::path::Path;
use crate::expr::predicate::{Amount, Quantifier, Related, region};

const KEYS: [&str; 7] = ["resource", "on", "scope", "any", "all", "none", "count"];

impl Compiler<'_> {
    /// `related: { resource: ..., on: { their.path: our.path }, any: ... }`.
    pub(super) fn related(&mut self, node: &Node) -> Option<Related> {
        let Some(entries) = node.map() else {
            self.fault(node.place, format!("related takes a map, found {}", node.kind()), None);
            return None;
        };
        for (key, _) in entries {
            if !KEYS.contains(&key.text.as_str()) {
                self.diagnostics.unknown(key.place, "key of related", &key.text, KEYS);
            }
        }
        let source = self.others(node)?;
        let scoped = self.is_scoped(node, &source)?;
        let (theirs, ours) = self.join_keys(node, &source, scoped)?;
        let (amount, predicate, words) = self.amount(node, &source)?;
        let predicate = Box::new(self.among(&source, |compiler| compiler.predicate(&predicate))?);
        // Reading nothing of them is still reading that they are there.
        self.reads.push((source.clone(), Path::keys(&["metadata", "name"])));
        let with = predicate.expected();
        let expected = if with.is_empty() { words } else { format!("{words} with {with}") };
        self.joins.push(Join { source: source.clone(), scoped, theirs });
        Some(Related { join: self.joins.len() - 1, source, scoped, ours, amount, predicate, expected })
    }

    // Compiles what stands in resources of another source.
    fn among<T>(&mut self, source: &str, compile: impl FnOnce(&mut Self) -> T) -> T {
        let source = std::mem::replace(&mut self.source, source.to_owned());
        let prefix = std::mem::take(&mut self.prefix);
        let whole = std::mem::replace(&mut self.whole, true);
        let compiled = compile(self);
        (self.source, self.prefix, self.whole) = (source, prefix, whole);
        compiled
    }

    // The kind or view of the others.
    fn others(&mut self, node: &Node) -> Option<String> {
        let Some((place, source)) = node.get("resource").and_then(|node| Some((node.place, node.text()?))) else {
            self.fault(node.place, "related needs `resource`, the kind of the others".into(), None);
            return None;
        };
        if let Err(near) = self.schema.source(source) {
            let near = near.map(|near| format!("did you mean \"{near}\"?"));
            let help = near.unwrap_or_else(|| "see `spm rules list --resources`".to_owned());
            self.fault(place, format!("unknown resource \"{source}\""), Some(help));
            return None;
        }
        Some(source.to_owned())
    }

    // The paths whose values have to be equal: theirs, with the region if they have to lie in the same one, and ours.
    fn join_keys(&mut self, node: &Node, source: &str, scoped: bool) -> Option<(Vec<Path>, Vec<Path>)> {
        let Some(on) = node.get("on").and_then(Node::map) else {
            let help = "`on: { their.path: our.path }`; `on: {}` takes all of them".to_owned();
            self.fault(node.place, "related needs `on`".into(), Some(help));
            return None;
        };
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        if scoped {
            self.reads.push((self.source.clone(), region().clone()));
            self.reads.push((source.to_owned(), region().clone()));
            theirs.push(region().clone());
        }
        for (key, value) in on {
            let Some(our) = value.text() else {
                self.fault(value.place, format!("expected a path of this resource, found {}", value.kind()), None);
                return None;
            };
            let our = self.path(our, value.place)?;
            self.read(&our);
            let their = self.among(source, |compiler| {
                let their = compiler.path(&key.text, key.place)?;
                compiler.read(&their);
                Some(their)
            })?;
            let second = |known: &[Path], new: &Path| new.has_wildcard() && known.iter().any(Path::has_wildcard);
            if second(&ours, &our) || second(&theirs, &their) {
                let help = "only one key of each side may have a wildcard".to_owned();
                self.fault(key.place, "a second join key with many values".into(), Some(help));
                return None;
            }
            ours.push(our);
            theirs.push(their);
        }
        Some((theirs, ours))
    }

    // How many have to be how, and that in words without the how.
    fn amount(&mut self, node: &Node, source: &str) -> Option<(Amount, Node, String)> {
        let is_amount = |key: &str| key == "count" || Quantifier::named(key).is_some();
        let amounts: Vec<_> = node.map()?.iter().filter(|(key, _)| is_amount(&key.text)).collect();
        let [(how, what)] = amounts[..] else {
            self.fault(node.place, "related needs one of `any`, `all`, `none` or `count`".into(), None);
            return None;
        };
        let Some(quantifier) = Quantifier::named(&how.text) else {
            let numbers = self.amounts(what.map().unwrap_or_default(), what.place)?;
            let anything = Node { place: what.place, data: Data::Map(Vec::new()) };
            let predicate = what.get("where").cloned().unwrap_or(anything);
            let words = format!("number of {source} {}", numbers.words);
            return Some((Amount::Count(numbers.comparisons), predicate, words));
        };
        let words = match quantifier {
            Quantifier::Any => format!("{} {source}", article(source)),
            Quantifier::All => format!("every {source}"),
            Quantifier::None => format!("no {source}"),
        };
        Some((Amount::Quantifier(quantifier), what.clone(), words))
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
}

// By the sound that the name of a kind begins with: letters of abbreviations are read one by one.
fn article(name: &str) -> &'static str {
    let vowel = name.starts_with(['A', 'E', 'I', 'O', 'a', 'e', 'i', 'o']);
    if vowel { "an" } else { "a" }
}
