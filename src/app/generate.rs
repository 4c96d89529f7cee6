//! `spm generate`: the files of the repository that the program knows best. CI makes them again and looks for differences.

use std::fs;
use std::path::Path;

use clap::{Command as ClapCommand, CommandFactory};
use clap_complete::Shell;

use super::{Exit, Fault, Outcome};
use crate::cli::Cli;
use crate::rules::authoring;

/// Runs the command.
pub fn run(root: &Path) -> Outcome {
    let write = || -> std::io::Result<()> {
        let completions = root.join("completions");
        fs::create_dir_all(&completions)?;
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
            clap_complete::generate_to(shell, &mut Cli::command(), "spm", &completions)?;
        }
        let man = completions.join("man");
        fs::create_dir_all(&man)?;
        // Help depends on nothing but the program.
        manual(&Cli::command().disable_help_subcommand(true), "spm", &man)?;
        let rules = root.join("rules");
        fs::create_dir_all(&rules)?;
        fs::write(rules.join("check.schema.json"), format!("{:#}\n", authoring::check_schema()))?;
        fs::write(rules.join("standard.schema.json"), format!("{:#}\n", authoring::standard_schema()))?;
        fs::write(rules.join("REFERENCE.md"), authoring::reference())
    };
    write().map_err(|error| Fault(format!("{}: {error}", root.display())))?;
    Ok(Exit::Done)
}

fn manual(command: &ClapCommand, name: &str, dir: &Path) -> std::io::Result<()> {
    let mut page = Vec::new();
    // The name of a page is one word: `spm-rules-list`.
    clap_mangen::Man::new(command.clone()).title(name).render(&mut page)?;
    fs::write(dir.join(format!("{name}.1")), page)?;
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        manual(inner, &format!("{name}-{}", inner.get_name()), dir)?;
    }
    Ok(())
}
