//! Rule files from strangers: a check or a standard of any bytes loads or is refused with its faults, and the examples of
//! a sound check can be run.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use spm::base::diagnostic::Diagnostics;
use spm::base::yaml;
use spm::evaluate::run_examples;
use spm::rules::{Check, Standard};

fuzz_target!(|text: &str| {
    // What a loader reads of a standard before it is chosen.
    if let Ok(node) = yaml::parse("fuzz.yaml", Standard::header_text(text)) {
        let mut diagnostics = Diagnostics::new("fuzz.yaml");
        let header = Standard::read(&node, "fuzz", true, &mut diagnostics);
        assert!(header.is_some() || !diagnostics.faults.is_empty(), "refused without saying why");
    }
    let node = match yaml::parse("fuzz.yaml", text) {
        Ok(node) => node,
        Err(fault) => {
            assert!(!fault.to_string().is_empty());
            return;
        }
    };
    let id = node.get("id").and_then(|id| id.text()).unwrap_or("fuzz").to_owned();

    let mut diagnostics = Diagnostics::new("fuzz.yaml");
    if let Some(check) = Check::read(&node, &id, &mut diagnostics) {
        for fault in run_examples(&Arc::new(check), jiff::Timestamp::UNIX_EPOCH) {
            assert!(!fault.to_string().is_empty());
        }
    } else {
        assert!(!diagnostics.faults.is_empty(), "refused without saying why");
    }
    let mut diagnostics = Diagnostics::new("fuzz.yaml");
    let standard = Standard::read(&node, &id, false, &mut diagnostics);
    assert!(standard.is_some() || !diagnostics.faults.is_empty(), "refused without saying why");
});
