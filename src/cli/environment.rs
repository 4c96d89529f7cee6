//! Arguments and environment variables together, as a shell user expects: an empty variable is one that is not set, what
//! is typed wins over what the environment says, and an empty value is none.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, Error, FromArgMatches, Id};

use super::Cli;

impl Cli {
    /// Reads the command line and the environment.
    ///
    /// # Errors
    /// Help or version was asked for, or something is wrong.
    pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<Cli, Error> {
        let args: Vec<OsString> = args.into_iter().collect();
        // What is typed, so far as it can be read; faults are told by the parse that counts.
        let bare = each(Cli::command(), &|arg| arg.env(None::<&str>)).ignore_errors(true);
        let Ok(typed) = bare.try_get_matches_from(&args) else {
            // Help, which names the variables.
            return Cli::from_arg_matches(&Cli::command().try_get_matches_from(&args)?);
        };
        let is_empty = |arg: &Arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        let command = each(Cli::command(), &|arg| if is_empty(&arg) { arg.env(None::<&str>) } else { arg });
        let (path, typed) = last(&typed);
        let losing = losing(leaf(&command, &path), &typed);
        let mut command = at(command, &path, &|command| {
            command.mut_args(|arg| if losing.contains(arg.get_id()) { arg.env(None::<&str>) } else { arg })
        });
        let matches =
            command.try_get_matches_from_mut(&args).map_err(|fault| explain(fault, leaf(&command, &path), &typed))?;
        no_empty_value(leaf(&command, &path), last_matches(&matches)).map_err(|fault| fault.format(&mut command))?;
        Cli::from_arg_matches(&matches).map_err(|fault| fault.format(&mut command))
    }
}

/// Changes every argument of the command and of those below it.
fn each(command: Command, change: &impl Fn(Arg) -> Arg) -> Command {
    command.mut_args(change).mut_subcommands(|command| each(command, change))
}

/// Changes the command at the end of the path.
fn at(command: Command, path: &[String], change: &impl Fn(Command) -> Command) -> Command {
    match path.split_first() {
        Some((name, rest)) => command.mut_subcommand(name, |command| at(command, rest, change)),
        None => change(command),
    }
}

fn leaf<'c>(command: &'c Command, path: &[String]) -> &'c Command {
    path.iter().fold(command, |command, name| command.find_subcommand(name).unwrap_or(command))
}

fn last_matches(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, inner)| last_matches(inner))
}

/// Names of the commands that were typed, and what else was.
fn last(matches: &ArgMatches) -> (Vec<String>, BTreeSet<Id>) {
    let mut path = Vec::new();
    let mut matches = matches;
    while let Some((name, inner)) = matches.subcommand() {
        path.push(name.to_owned());
        matches = inner;
    }
    let is_typed = |id: &&Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
    (path, matches.ids().filter(is_typed).cloned().collect())
}

/// Arguments that cannot stand beside what was typed.
fn losing(command: &Command, typed: &BTreeSet<Id>) -> BTreeSet<Id> {
    let mut losing = BTreeSet::new();
    for arg in command.get_arguments() {
        let is_typed = typed.contains(arg.get_id());
        for other in command.get_arg_conflicts_with(arg) {
            match (is_typed, typed.contains(other.get_id())) {
                (true, false) => losing.insert(other.get_id().clone()),
                (false, true) => losing.insert(arg.get_id().clone()),
                _ => false,
            };
        }
    }
    losing
}

/// Adds to a fault that nobody typed what it is about, and to a path that nothing takes how files are named.
fn explain(mut fault: Error, command: &Command, typed: &BTreeSet<Id>) -> Error {
    let shown = |kind: ContextKind| match fault.get(kind) {
        Some(ContextValue::String(shown)) => Some(shown.clone()),
        _ => None,
    };
    let names = [ContextKind::InvalidArg, ContextKind::PriorArg].map(shown);
    let long = |name: &str| command.get_arguments().find(|arg| arg.get_long() == Some(name));
    let variable = |shown: &String| {
        let name = shown.trim_start_matches('-').split([' ', '=', '[']).next().unwrap_or_default();
        let arg = long(name)?;
        let variable = arg.get_env().filter(|name| std::env::var_os(name).is_some())?;
        (!typed.contains(arg.get_id()))
            .then(|| format!("--{name} is set by the variable {}", variable.to_string_lossy()))
    };
    let mut tips: Vec<String> = names.iter().flatten().filter_map(variable).collect();
    if let (ErrorKind::UnknownArgument, [Some(path), _], Some(_)) = (fault.kind(), &names, long("from"))
        && !path.starts_with('-')
    {
        tips.push(format!("files and directories are named by --from {path}"));
    }
    if !tips.is_empty() {
        let tips = tips.into_iter().map(StyledStr::from).collect();
        fault.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
    fault
}

/// `--namespace "$UNSET"` is a mistake: taken as it stands it would name a namespace without a name.
fn no_empty_value(command: &Command, matches: &ArgMatches) -> Result<(), Error> {
    let is_empty = |arg: &&Arg| {
        let id = arg.get_id().as_str();
        matches.try_get_raw(id).ok().flatten().is_some_and(|mut values| values.any(OsStr::is_empty))
    };
    match command.get_arguments().find(is_empty) {
        Some(arg) => {
            let mut fault = Error::new(ErrorKind::InvalidValue);
            fault.insert(ContextKind::InvalidArg, ContextValue::String(arg.to_string()));
            fault.insert(ContextKind::InvalidValue, ContextValue::String(String::new()));
            Err(fault)
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_option_of_a_scan_and_of_what_shows_it_is_a_variable_too() {
        for name in ["scan", "report", "explain"] {
            let mut command = Cli::command();
            command.build();
            for arg in command.find_subcommand(name).unwrap().get_arguments() {
                if let Some(long) = arg.get_long().filter(|long| *long != "help") {
                    let variable = arg.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                    assert!(variable.starts_with("SPM_"), "{name} --{long}: {variable}");
                }
            }
        }
    }

    #[test]
    fn help_groups_options_by_what_they_are_about() {
        for (command, long, heading) in [
            ("scan", "quiet", "Every command"),
            ("scan", "save", "Input"),
            ("scan", "nodes", "Nodes"),
            ("scan", "node-timeout", "Nodes"),
            ("scan", "profile", "AWS"),
            ("scan", "rules", "View"),
            ("explain", "trace", "Output"),
            ("explain", "resource", "View"),
            ("explain", "store", "History"),
            ("doctor", "namespace", "Cluster"),
            ("doctor", "nodes", "Nodes"),
            ("waive", "store", "History"),
        ] {
            let mut all = Cli::command();
            all.build();
            let command = all.find_subcommand(command).unwrap();
            let arg = command.get_arguments().find(|arg| arg.get_long() == Some(long)).unwrap();
            assert_eq!(arg.get_help_heading(), Some(heading), "{} --{long}", command.get_name());
        }
        // Nothing else has slid under a heading of what stands before it.
        for (command, long) in
            [("permissions", "name"), ("permissions", "bind"), ("cleanup", "all"), ("waive", "reason")]
        {
            let all = Cli::command();
            let command = all.find_subcommand(command).unwrap();
            let arg = command.get_arguments().find(|arg| arg.get_long() == Some(long)).unwrap();
            assert_eq!(arg.get_help_heading(), None, "{} --{long}", command.get_name());
        }
    }

    #[test]
    fn a_path_without_an_option_is_told_its_option() {
        let read = |args: &[&str]| Cli::read(args.iter().map(OsString::from)).unwrap_err().to_string();
        let fault = read(&["spm", "scan", "rendered/"]);
        assert!(fault.contains("tip: files and directories are named by --from rendered/"), "{fault}");
        assert!(!read(&["spm", "scan", "--form", "x"]).contains("named by --from"));
        assert!(!read(&["spm", "history", "rendered/"]).contains("--from"));
    }

    #[test]
    fn an_empty_value_is_a_mistake() {
        for args in [
            ["scan", "-n", ""],
            ["scan", "--system", ""],
            ["scan", "--exclude-namespace", "a,"],
            ["report", "--rule", ""],
        ] {
            let args = std::iter::once("spm").chain(args).map(OsString::from);
            let fault = Cli::read(args).unwrap_err().to_string();
            assert!(fault.contains("a value is required for '"), "{fault}");
        }
    }
}
