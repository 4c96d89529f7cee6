//! Plain helpers that know nothing of security posture: text, symbols, spelling, digests, YAML with places, new files.

pub mod command_line;
pub mod diagnostic;
pub mod digest;
pub mod glob;
pub mod new_file;
pub mod order;
pub mod redact;
pub mod spelling;
pub mod symbol;
pub mod text;
pub mod yaml;
