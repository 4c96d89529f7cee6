//! The language that rules are written in, over plain JSON values: paths, operators, three-valued logic, evidence.
//! It knows no technology and no rule file.

pub mod grants;
pub mod path;
pub mod projection;
pub mod value;

pub use path::{Path, PathError, Segment};
pub use projection::{Projected, Projection};
pub use value::{Map, Value};
