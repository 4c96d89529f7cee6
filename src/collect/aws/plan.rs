//! Which calls are made for what is wanted.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::objects::{needed, with_identity};
use crate::catalog::aws::kinds::{List, Scope};
use crate::catalog::aws::{Row, row};
use crate::expr::Projection;
use crate::inventory::Wanted;

/// A kind to read, with the calls about each of its objects and the kinds that are listed per object.
pub struct Wish {
    /// The kind.
    pub row: &'static Row,
    /// What is wanted of its objects.
    pub projection: Projection,
    /// Calls about each object, as positions in [`Row::asks`].
    pub asks: Vec<usize>,
    /// Kinds that are listed per object.
    pub children: Vec<Wish>,
    /// Wanted itself, not only its children.
    pub emit: bool,
}

impl Wish {
    /// The kinds that are wanted: this one, and those that are listed per object of it.
    pub fn rows(&self) -> impl Iterator<Item = &'static Row> + '_ {
        self.emit.then_some(self.row).into_iter().chain(self.children.iter().map(|child| child.row))
    }
}

/// Kinds that one call lists; or one kind without a list.
pub struct Group {
    /// Whether it is asked once or in every region.
    pub scope: Scope,
    /// The call.
    pub list: Option<&'static List>,
    /// What its answer is read for.
    pub wishes: Vec<Arc<Wish>>,
}

/// The least calls that list what is wanted.
pub fn groups(wanted: &Wanted) -> Vec<Group> {
    let mut wishes: BTreeMap<&'static str, Wish> = BTreeMap::new();
    let mut children = Vec::new();
    for kind in wanted.kinds() {
        let (Some(row), Some(projection)) = (row(kind), wanted.of(kind)) else { continue };
        let wish = Wish {
            row,
            asks: needed(row, projection),
            projection: with_identity(projection),
            children: Vec::new(),
            emit: true,
        };
        if row.each.is_some() { children.push(wish) } else { _ = wishes.insert(row.kind.name, wish) }
    }
    for child in children {
        let Some(parent) = child.row.each.as_deref().and_then(row) else { continue };
        let unwanted = || Wish {
            row: parent,
            projection: Projection::default(),
            asks: Vec::new(),
            children: Vec::new(),
            emit: false,
        };
        wishes.entry(parent.kind.name).or_insert_with(unwanted).children.push(child);
    }
    let mut groups: BTreeMap<(String, bool), Group> = BTreeMap::new();
    for (kind, wish) in wishes {
        let scope = wish.row.scope;
        let wish = Arc::new(wish);
        let lists: Vec<Option<&'static List>> = match wish.row.lists.as_slice() {
            [] => vec![None],
            lists => lists.iter().map(Some).collect(),
        };
        for list in lists {
            let key = match list {
                Some(List { call, regions }) => {
                    format!("{} {} {} {regions:?}", call.service, call.operation, Json::Object(call.with.clone()))
                }
                None => kind.to_owned(),
            };
            let empty = || Group { scope, list, wishes: Vec::new() };
            groups.entry((key, scope == Scope::Account)).or_insert_with(empty).wishes.push(Arc::clone(&wish));
        }
    }
    groups.into_values().collect()
}
