//! The commands: they wire the layers. The only place that prints and that decides the exit code.

mod again;
mod applies;
#[cfg(feature = "aws")]
mod aws;
mod baseline;
#[cfg(feature = "kubernetes")]
mod cleanup;
#[cfg(unix)]
mod collect;
mod decisions;
mod diff;
#[cfg(any(feature = "kubernetes", feature = "aws"))]
mod doctor;
mod dql;
mod exit;
mod explain;
mod failures;
mod files;
mod generate;
mod history;
mod in_source;
#[cfg(feature = "kubernetes")]
mod live;
mod page;
mod permissions;
mod progress;
mod query;
mod report;
mod rights;
mod rules;
mod saver;
mod scan;
mod settings;
mod standards;
mod store;
mod stored;
mod targets;
mod waive;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::CommandFactory;

use crate::base::text;
use crate::cli::{Cli, Command, GlobalArgs};
use crate::rules::{Library, LoadError, Pack};

use exit::Exit;

/// What a command gives: how it ended, or why it could not run, in words for people.
type Outcome = Result<Exit, Fault>;

/// Why a command could not run.
#[derive(Debug)]
struct Fault(String);

impl<E: std::error::Error> From<E> for Fault {
    fn from(error: E) -> Fault {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let words = inner.to_string();
            // Some libraries repeat the cause in their own message.
            if !message.contains(&words) {
                message.push_str(": ");
                message.push_str(&words);
            }
            cause = inner.source();
        }
        Fault(message)
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(fault) => fault.exit(),
    };
    let outcome = match &cli.command {
        Command::Scan(args) => scan::run(args, &cli.global),
        Command::Report(args) => report::run(args, &cli.global),
        Command::Explain(args) => explain::run(args, &cli.global),
        Command::Waive(args) => waive::run(args, &cli.global),
        Command::Diff(args) => diff::run(args, &cli.global),
        Command::History(args) => history::run(args, &cli.global),
        Command::Store { command } => store::run(command),
        Command::Standards(args) => standards::run(args, &cli.global),
        Command::Rules(args) => rules::run(args, &cli.global),
        #[cfg(any(feature = "kubernetes", feature = "aws"))]
        Command::Doctor(args) => doctor::run(args, &cli.global),
        #[cfg(not(any(feature = "kubernetes", feature = "aws")))]
        Command::Doctor(_) => Err(no_clusters()),
        #[cfg(feature = "kubernetes")]
        Command::Cleanup(args) => cleanup::run(args),
        #[cfg(not(feature = "kubernetes"))]
        Command::Cleanup(_) => Err(no_clusters()),
        Command::Permissions(args) => permissions::run(args, &cli.global),
        #[cfg(unix)]
        Command::Collect(args) => collect::run(args, &cli.global),
        #[cfg(not(unix))]
        Command::Collect(_) => Err(Fault("facts of nodes are collected on the node itself, which is Linux".to_owned())),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "spm", &mut script);
            print(|out| out.write_all(&script)).map(|()| Exit::Done)
        }
        Command::Generate { root } => generate::run(root),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(Fault(message)) => {
            for line in message.lines() {
                warn(&format!("spm: {line}"));
            }
            Exit::Failed.into()
        }
    }
}

/// One line on standard error, whatever is in it made harmless.
fn warn(line: &str) {
    // Nothing is left to tell if standard error is gone.
    let _ = writeln!(io::stderr(), "{}", text::sanitise(line));
}

/// Writes to standard output. A closed pipe (`spm ... | head`) is no fault.
fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Fault> {
    let mut out = io::stdout().lock();
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Fault(format!("cannot write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// The embedded rules and those of `--pack`.
fn library(global: &GlobalArgs) -> Result<Library, LoadError> {
    let mut pack = Pack::embedded();
    for dir in &global.pack {
        pack.merge(Pack::read(dir)?);
    }
    let library = Library::new(pack)?;
    // What the binary carries was validated when it was built; what users add, now.
    if !global.pack.is_empty() {
        library.validate()?;
    }
    Ok(library)
}

#[cfg(not(feature = "aws"))]
fn no_accounts() -> Fault {
    Fault("this build cannot read AWS accounts; give a folder of answers or a snapshot with --from".to_owned())
}

#[cfg(not(feature = "kubernetes"))]
fn no_clusters() -> Fault {
    Fault("this build cannot read clusters; give files with --from".to_owned())
}
