//! Interned property names.
//!
//! The keys of configuration objects repeat endlessly (`metadata`, `name`, `securityContext`), so they are kept once and
//! compared as numbers. Symbols are never freed: their number is bounded by the distinct keys of rules and input.

use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, RwLock};

use foldhash::fast::FixedState;

/// A property name. Equal names are equal numbers; the order of symbols means nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Symbol(u32);

#[derive(Default)]
struct Table {
    by_name: HashMap<&'static str, u32, FixedState>,
    names: Vec<&'static str>,
}

static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(RwLock::default);

impl Symbol {
    /// The symbol of `name`, made on first use.
    pub fn new(name: &str) -> Symbol {
        if let Some(&id) = TABLE.read().unwrap_or_else(|e| e.into_inner()).by_name.get(name) {
            return Symbol(id);
        }
        let mut table = TABLE.write().unwrap_or_else(|e| e.into_inner());
        if let Some(&id) = table.by_name.get(name) {
            return Symbol(id);
        }
        // Fits: four billion distinct keys do not fit into memory.
        let id = u32::try_from(table.names.len()).unwrap_or(u32::MAX);
        let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
        table.names.push(kept);
        table.by_name.insert(kept, id);
        Symbol(id)
    }

    /// The name itself.
    pub fn as_str(self) -> &'static str {
        TABLE.read().unwrap_or_else(|e| e.into_inner()).names[self.0 as usize]
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Symbol;

    #[test]
    fn equal_names_are_equal_symbols() {
        assert_eq!(Symbol::new("hostNetwork"), Symbol::new("hostNetwork"));
        assert_ne!(Symbol::new("hostNetwork"), Symbol::new("hostPID"));
        assert_eq!(Symbol::new("hostPID").as_str(), "hostPID");
    }
}
