//! Standards summed over systems.

use super::view::Selection;
use crate::base::order::natural;
use crate::model::{StandardKind, Totals};

/// A standard in one version over all systems that it was assessed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Full name and version.
    pub name: String,
    /// Kind of document.
    pub kind: StandardKind,
    /// Systems assessed.
    pub systems: usize,
    /// Sums of the systems' totals: a rule counts once per system.
    pub totals: Totals,
}

/// A card for each standard that the view shows, over its whole totals, sorted by name.
pub fn cards(selection: &Selection<'_>) -> Vec<Card> {
    let mut cards: Vec<Card> = Vec::new();
    for (_, result) in selection.standards() {
        let standard = &result.standard;
        let name = format!("{} {}", standard.name, standard.version);
        let at = cards.iter().position(|card| card.name == name).unwrap_or_else(|| {
            cards.push(Card { name, kind: standard.kind, systems: 0, totals: Totals::default() });
            cards.len() - 1
        });
        if let Some(card) = cards.get_mut(at) {
            card.systems += 1;
            add(&mut card.totals, &result.totals);
        }
    }
    cards.sort_by(|a, b| natural(&a.name, &b.name));
    cards
}

fn add(sum: &mut Totals, more: &Totals) {
    sum.rules.merge(more.rules);
    sum.out_of_scope += more.out_of_scope;
    sum.without_check += more.without_check;
    for (sum, more) in sum.failed_by_severity.iter_mut().zip(more.failed_by_severity) {
        *sum += more;
    }
}
