//! The only layer that talks to the world: reads what the chosen rules want into an inventory. One folder per source.

pub mod aws;
pub mod files;
#[cfg(feature = "kubernetes")]
pub mod kubernetes;
#[cfg(unix)]
pub mod node;
pub mod node_log;
pub mod node_pods;

/// Hears how far a collector is. Collectors never print.
pub trait Progress: Sync {
    /// `done` objects were read so far; `what` is being read now (a file, a kind).
    fn reading(&self, what: &str, done: usize);
}

/// Nobody listens.
impl Progress for () {
    fn reading(&self, _what: &str, _done: usize) {}
}
