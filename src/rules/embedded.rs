//! The rule files that the binary carries: (id, path, text), written by the build script.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
