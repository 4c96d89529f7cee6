//! Embeds the rule packs after validating every one: a binary with a broken rule cannot be built.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fmt, fs};

// The same layers as in the program; what only running needs stays unused here.
#[allow(dead_code, unused_imports)]
#[path = "src/base/mod.rs"]
mod base;
#[allow(dead_code, unused_imports)]
#[path = "src/catalog/mod.rs"]
mod catalog;
#[allow(dead_code, unused_imports)]
#[path = "src/expr/mod.rs"]
mod expr;
#[allow(dead_code, unused_imports)]
#[path = "src/model/mod.rs"]
mod model;
#[allow(dead_code, unused_imports)]
mod rules {
    #[path = "../src/rules/check/mod.rs"]
    mod check;
    #[path = "../src/rules/library.rs"]
    mod library;
    #[path = "../src/rules/plan.rs"]
    mod plan;
    #[path = "../src/rules/schema.rs"]
    mod schema;
    #[path = "../src/rules/standard.rs"]
    mod standard;
    // Nothing is embedded yet.
    mod embedded {
        pub const CHECKS: &[(&str, &str, &str)] = &[];
        pub const STANDARDS: &[(&str, &str, &str)] = &[];
    }

    pub use check::{Check, Compiled, Each, Example, Instance, Param};
    pub use library::{Library, LoadError, Pack};
    pub use plan::{Plan, PlanError, Planned, Wish};
    pub use schema::{CatalogSchema, wanted};
    pub use standard::{Applies, Rule, Standard, Use};
}

fn main() -> Result<(), Fault> {
    println!("cargo:rerun-if-changed=rules");
    println!("cargo:rerun-if-changed=build.rs");
    for layer in ["base", "catalog", "expr", "model", "rules"] {
        println!("cargo:rerun-if-changed=src/{layer}");
    }
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    rules::Pack::read(Path::new("rules")).and_then(rules::Library::new).and_then(|library| library.validate())?;
    let mut text = String::new();
    for (name, folder) in [("CHECKS", "checks"), ("STANDARDS", "standards")] {
        let mut files = Vec::new();
        yaml_files(&root.join("rules").join(folder), &mut files);
        files.sort();
        let _ = writeln!(text, "/// The files below `rules/{folder}`.");
        let _ = writeln!(text, "pub static {name}: &[(&str, &str, &str)] = &[");
        for file in &files {
            let id = file.file_stem().unwrap_or_default().to_string_lossy();
            let shown = file.strip_prefix(&root).unwrap_or(file).display();
            let _ = writeln!(text, "    ({id:?}, \"{shown}\", include_str!({:?})),", file.display().to_string());
        }
        text.push_str("];\n");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("embedded.rs");
    fs::write(&out, text).map_err(|error| format!("{}: {error}", out.display()))?;
    Ok(())
}

/// Why nothing can be built. Cargo shows it by `Debug`, so that is the text itself, a fault a line.
struct Fault(String);

impl<E: fmt::Display> From<E> for Fault {
    fn from(error: E) -> Fault {
        Fault(error.to_string())
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the rule packs cannot be embedded\n{}", self.0)
    }
}

fn yaml_files(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            yaml_files(&path, files);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            files.push(path);
        }
    }
}
