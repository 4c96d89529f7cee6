//! The layer that reads the world.

#[cfg(unix)]
pub mod node;
