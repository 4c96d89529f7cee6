//! Where a collector hands the objects that it reads, if they are to be kept.

use crate::model::Gap;

/// Receives every object as it was read, in the order of reading. Called from one thread.
pub trait ObjectSink {
    /// The JSON text of one object of `kind`. Elements of lists carry neither `kind` nor `apiVersion`, as the API leaves
    /// them out there.
    fn object(&mut self, kind: &str, raw: &[u8]);

    /// The objects of `kind` in `scope` (all of them if none) are read anew: those handed over before are void, since
    /// some of them may be gone.
    fn restart(&mut self, kind: &str, scope: Option<&str>);

    /// Something could not be read.
    fn gap(&mut self, gap: &Gap);
}
