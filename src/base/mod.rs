//! Plain helpers that know nothing of security posture: text, symbols, spelling, digests, orders.

pub mod digest;
pub mod order;
pub mod spelling;
pub mod symbol;
pub mod text;
