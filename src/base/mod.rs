//! Plain helpers that know nothing of security posture: text, symbols, spelling, digests.

pub mod digest;
pub mod spelling;
pub mod symbol;
pub mod text;
