//! placeholder until the branch with the authorizer is merged
use super::{Truth, Value};
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    pub verbs: Vec<String>,
    pub group: String,
    pub resource: String,
    pub cluster_only: bool,
    pub ignore_builtin: bool,
}
pub fn grants_access(_: &Value, _: &Access) -> (Truth, Vec<usize>) {
    (Truth::Unknown, Vec::new())
}
