//! Input of strangers: files of any bytes become an inventory or a refusal; every view of it can be derived and the CIS
//! Benchmark evaluated.

#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use spm::catalog;
use spm::collect::files::{FileInput, read};
use spm::derive::subjects;
use spm::evaluate::evaluate;
use spm::inventory::Wanted;
use spm::model::Technology;
use spm::rules::{Instance, Library, Pack, Plan, Wish};

struct Setup {
    // The readers take files; in memory where the system has such a place.
    file: PathBuf,
    wanted: Wanted,
    instances: Vec<Instance>,
}

static SETUP: LazyLock<Setup> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let directory = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let library = Library::new(Pack::embedded()).expect("the embedded rules are sound");
    let plan = Plan::candidates(&library, Technology::Kubernetes, &[Wish::new("cis@1.12.0")]).expect("it is embedded");
    let file = directory.join(format!("spm-fuzz-{}.yaml", std::process::id()));
    Setup { file, wanted: plan.wanted(), instances: plan.instances }
});

fuzz_target!(|bytes: &[u8]| {
    // The first byte says what the user says that the file is.
    let Some((&kind, text)) = bytes.split_first() else { return };
    let setup = &*SETUP;
    std::fs::write(&setup.file, text).expect("a file can be written");
    let paths = vec![setup.file.clone()];
    let input = match kind % 4 {
        0 => FileInput { node_facts: paths, ..FileInput::default() },
        _ => FileInput { paths, ..FileInput::default() },
    };
    let Ok(inventory) = read(&input, &setup.wanted, jiff::Timestamp::UNIX_EPOCH, None, &()) else { return };
    for view in catalog::views() {
        subjects(&inventory, catalog::Source::View(view));
    }
    let evaluation = evaluate(&inventory, &setup.instances);
    assert_eq!(evaluation.checks.len(), setup.instances.len());
});
