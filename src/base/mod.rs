//! Plain helpers that know nothing of security posture: text, symbols, spelling, digests, YAML with places.

pub mod command_line;
pub mod diagnostic;
pub mod digest;
pub mod glob;
pub mod order;
pub mod redact;
pub mod spelling;
pub mod symbol;
pub mod text;
pub mod yaml;
