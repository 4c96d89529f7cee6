//! Where a collector hands the objects that it reads, if they are to be kept.

/// Receives the text of every object that gets into the inventory, once: a list that has to be begun anew comes here only
/// when it is complete. Called from one thread.
pub trait ObjectSink {
    /// The JSON text of one object of `kind`. Elements of lists carry neither `kind` nor `apiVersion`, as the API leaves
    /// them out there.
    fn object(&mut self, kind: &str, raw: &[u8]);
}
