//! Where reports go: files, and the page on standard output.

use std::io::{self, IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};

use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Table};

use super::files::write_whole;
use super::{Fault, print};
use crate::base::new_file::Readers;
use crate::cli::{Colour, GlobalArgs, OutputArgs};
use crate::report::{self, Format, Layout, Paper, Report, TableStyle, View};

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
            write_whole(path, Readers::Default, |out| report::write(*format, report, view, style, out))
                .map_err(|error| fault(path, &error))?;
        }
        match self.page {
            Some(format) => print(|out| report::write(format, report, view, style, out)),
            None => Ok(()),
        }
    }
}

fn fault(path: &Path, error: &io::Error) -> Fault {
    Fault(format!("{}: {error}", path.display()))
}

/// A table in the looks of the reports, whose columns `wide` take what the others leave.
pub fn table(header: &[&str], wide: &[usize]) -> Table {
    let mut table = Table::new();
    let lines = comfy_table::TableStyle::new().header_separator(LineStyle::none().fill('─'));
    table.load_style(lines).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width()).unwrap_or(u16::MAX));
    table.set_header(header);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if at + 1 < header.len() { 2 } else { 0 }));
        if !wide.contains(&at) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
}

/// Text on this standard output, wrapped at its width.
pub fn paper<'w>(out: &'w mut dyn Write, global: &GlobalArgs) -> Paper<'w> {
    let TableStyle { width, colour, .. } = style(global, Layout::Page);
    Paper::new(out, width, colour)
}

/// Lists on this standard output: wrapped for people, an entry per line for other programs.
pub fn lines<'w>(out: &'w mut dyn Write, global: &GlobalArgs) -> Paper<'w> {
    let width = if stdout().is_terminal() { width() } else { usize::MAX / 2 };
    Paper::new(out, width, style(global, Layout::Page).colour)
}

/// Columns of standard output.
fn width() -> usize {
    Table::new().width().filter(|_| stdout().is_terminal()).map_or(100, usize::from)
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
    TableStyle { width: width(), colour, verbose: global.verbose, layout }
}
