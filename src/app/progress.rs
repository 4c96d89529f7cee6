//! What is being read, on standard error, on a terminal only.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::base::text;
use crate::cli::GlobalArgs;
use crate::collect::Progress;

/// A spinner with what is being read.
pub struct Spinner {
    bar: Option<ProgressBar>,
}

impl Spinner {
    /// Shown on a terminal, unless quiet was asked for.
    pub fn new(global: &GlobalArgs) -> Spinner {
        if global.quiet || !stderr().is_terminal() {
            return Spinner { bar: None };
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Spinner { bar: Some(bar) }
    }

    /// Says what happens now.
    pub fn say(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text::sanitise(what).into_owned());
        }
    }

    /// Removes it, so that the page stands alone.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Spinner {
    fn reading(&self, what: &str, done: usize) {
        if self.bar.is_some() {
            self.say(&format!("reading {what}: {}", text::count(done, "object")));
        }
    }
}
