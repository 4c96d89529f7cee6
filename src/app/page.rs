//! Where reports go: files, and the page on standard output.

use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};

use super::files::write_atomic;
use super::{Fault, print};
use crate::cli::{Colour, GlobalArgs, OutputArgs};
use crate::report::{self, Format, Layout, Report, TableStyle, View};

/// Files to write, and the page.
pub struct Outputs {
    files: Vec<(Format, PathBuf)>,
    /// Format of standard output; none if nothing goes there.
    pub page: Option<Format>,
}

impl Outputs {
    /// What the options ask for. Called before anything is read: a typing error must not cost a scan.
    pub fn new(args: &OutputArgs, global: &GlobalArgs) -> Result<Outputs, Fault> {
        let files: Vec<(Format, PathBuf)> = args
            .output
            .iter()
            .map(|file| Ok((file.format(args.format)?, file.path.clone())))
            .collect::<Result<_, String>>()
            .map_err(Fault)?;
        let page = match (files.is_empty(), args.format) {
            (true, format) => Some(format.unwrap_or(Format::Table)),
            (false, _) if global.quiet => None,
            (false, _) => Some(Format::Table),
        };
        Ok(Outputs { files, page })
    }

    /// Whether all of it is a page for a terminal.
    pub fn is_page_only(&self) -> bool {
        self.files.is_empty() && self.page == Some(Format::Table)
    }

    /// Writes the files, then the page.
    pub fn write(&self, report: &Report<'_>, view: &View, style: &TableStyle) -> Result<(), Fault> {
        for (format, path) in &self.files {
            write_atomic(path, |out| report::write(*format, report, view, style, out))
                .map_err(|error| fault(path, &error))?;
        }
        match self.page {
            Some(format) => print(|out| report::write(format, report, view, style, out)),
            None => Ok(()),
        }
    }
}

fn fault(path: &Path, error: &std::io::Error) -> Fault {
    Fault(format!("{}: {error}", path.display()))
}

/// How a page looks on this standard output.
pub fn style(global: &GlobalArgs, layout: Layout) -> TableStyle {
    let terminal = stdout().is_terminal();
    let colour = match global.color {
        Colour::Always => true,
        Colour::Never => false,
        // https://no-color.org: any value but an empty one.
        Colour::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    };
    let width = comfy_table::Table::new().width().filter(|_| terminal).map_or(100, usize::from);
    TableStyle { width, colour, verbose: global.verbose, layout }
}
