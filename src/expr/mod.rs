//! The language that rules are written in, over plain JSON values: paths, operators, three-valued logic, evidence.
//! It knows no technology and no rule file.

pub mod compile;
pub mod domain;
pub mod operators;
pub mod path;
pub mod predicate;
pub mod projection;
#[cfg(test)]
pub mod testing;
mod truth;
pub mod typed;
pub mod value;
mod wanted;

pub use compile::{Compiler, Schema};
pub use path::{Path, PathError, Segment};
pub use predicate::{Actual, Candidates, Condition, Environment, Predicate, Trace, World};
pub use projection::{Projected, Projection, Sharing};
pub use truth::Truth;
pub use value::{Map, Value};
pub use wanted::Wanted;
