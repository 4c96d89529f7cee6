//! Where a collector hands the objects that it reads, if they are to be kept.

use crate::model::Gap;

/// Receives the text of every object that gets into the inventory, once. Called from one thread.
pub trait ObjectSink {
    /// The JSON text of one object of `kind`. Elements of lists carry neither `kind` nor `apiVersion`, as the API leaves
    /// them out there.
    fn object(&mut self, kind: &str, raw: &[u8]);

    /// Something could not be read.
    fn gap(&mut self, gap: &Gap);
}
