//! The only layer that talks to the world: one folder per technology. A collector is told what is wanted, and states what
//! it could not read as gaps instead of stopping.

#[cfg(feature = "kubernetes")]
pub mod kubernetes;

/// Learns how far a collector is.
pub trait Progress: Sync {
    /// `done` objects of `what` have been read so far.
    fn reading(&self, what: &str, done: usize);
}
