//! Faults in files that people write, with their place.

use std::fmt;

use super::{spelling, text};

/// A place in a file, both numbers from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

/// One fault: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// File as the user knows it.
    pub file: String,
    /// Place in it.
    pub place: Place,
    /// What is wrong, with the offending text.
    pub message: String,
    /// What was expected, or the nearest right word.
    pub help: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Diagnostic { file, place, message, help } = self;
        write!(f, "{}:{}:{}: {}", text::sanitise(file), place.line, place.column, text::sanitise(message))?;
        match help {
            Some(help) => write!(f, " ({})", text::sanitise(help)),
            None => Ok(()),
        }
    }
}

/// Collects the faults of one file, so that all are reported in one run.
#[derive(Debug, Default)]
pub struct Diagnostics {
    /// The file that is being read.
    pub file: String,
    /// Faults found so far.
    pub faults: Vec<Diagnostic>,
}

impl Diagnostics {
    /// No faults yet.
    pub fn new(file: impl Into<String>) -> Diagnostics {
        Diagnostics { file: file.into(), faults: Vec::new() }
    }

    /// Adds a fault.
    pub fn add(&mut self, place: Place, message: impl Into<String>, help: Option<String>) {
        self.faults.push(Diagnostic { file: self.file.clone(), place, message: message.into(), help });
    }

    /// Adds a fault about a word that is not among the known ones.
    pub fn unknown<'a>(
        &mut self,
        place: Place,
        what: &str,
        word: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) {
        let help = match spelling::nearest(word, known.clone()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => {
                let known: Vec<&str> = known.into_iter().collect();
                if known.is_empty() {
                    "there are none".to_owned()
                } else {
                    format!("expected one of {}", text::shorten(&known.join(", "), 300))
                }
            }
        };
        self.add(place, format!("unknown {what} \"{}\"", text::shorten(word, 80)), Some(help));
    }
}
