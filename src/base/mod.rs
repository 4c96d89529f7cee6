//! Plain helpers that know nothing of security posture: text, patterns, symbols, spelling, digests.

pub mod digest;
pub mod glob;
pub mod spelling;
pub mod symbol;
pub mod text;
