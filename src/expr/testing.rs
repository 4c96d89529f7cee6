//! For tests: predicates as rules write them, over sources that have any path.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::compile::Join;
use super::{Compiler, Path, Predicate, Schema};
use crate::base::diagnostic::Diagnostics;
use crate::base::yaml;

/// Any source has any path; those whose name begins with `regional` lie in regions.
struct Anything;

impl Schema for Anything {
    fn source(&self, _: &str) -> Result<(), Option<String>> {
        Ok(())
    }

    fn path(&self, _: &str, _: &Path) -> Result<(), String> {
        Ok(())
    }

    fn scoped(&self, source: &str) -> bool {
        source.starts_with("regional")
    }
}

/// The predicate that a rule says of resources of `source`, and its joins.
///
/// # Errors
/// What is wrong with the rule.
pub fn compile(source: &str, rule: &Json) -> Result<(Predicate, Vec<Join>), String> {
    // JSON is YAML.
    let node = yaml::parse("rule.yaml", &rule.to_string()).map_err(|fault| fault.to_string())?;
    let params = BTreeMap::new();
    let mut diagnostics = Diagnostics::new("rule.yaml");
    let mut compiler = Compiler::new(&mut diagnostics, &params, &Anything, source);
    let predicate = compiler.predicate(&node);
    let joins = compiler.joins;
    let faults: Vec<String> = diagnostics.faults.iter().map(ToString::to_string).collect();
    predicate.filter(|_| faults.is_empty()).map(|predicate| (predicate, joins)).ok_or(faults.join("\n"))
}
