//! Which systems a scan is about: the one of the options, one of the settings file, all of it, or every context.

use std::rc::Rc;

use super::settings::{Settings, SystemSettings};
use super::{Fault, library};
#[cfg(feature = "aws")]
use crate::cli::AwsArgs;
use crate::cli::{GlobalArgs, InputArgs, ScanArgs};
use crate::collect;
use crate::collect::aws::folder;
use crate::model::Technology;
use crate::rules::{Library, Parameters, Plan, Wish};

/// A system to scan.
pub struct Target {
    /// Where its configuration comes from.
    pub input: InputArgs,
    /// Its standards.
    pub wishes: Vec<Wish>,
    /// The rules with its parameters.
    pub library: Rc<Library>,
    /// What it is.
    pub technology: Technology,
}

impl Target {
    /// How messages name it.
    pub fn name(&self) -> &str {
        self.input.system.as_deref().or(self.input.context.as_deref()).unwrap_or("the system")
    }
}

/// The systems that the options ask for, at least one.
pub fn targets(args: &ScanArgs, global: &GlobalArgs, settings: &Settings) -> Result<Vec<Target>, Fault> {
    let asked = &args.standards.standard;
    let mut libraries = Libraries { global, known: Vec::new() };
    let mut target = |input: InputArgs, system: Option<&SystemSettings>| -> Result<Target, Fault> {
        let library = libraries.with(settings.parameters_of(system))?;
        let technology = technology(&input);
        let mut wishes = settings.wishes(asked, system);
        // What holds for a whole fleet does not fit every system of it.
        let fleet = args.input.all && (!asked.is_empty() || system.is_none_or(|system| system.standards.is_none()));
        if fleet {
            Plan::excuse(&library, technology, &mut wishes)?;
        }
        Ok(Target { input, wishes, library, technology })
    };
    let input = &args.input;
    let targets: Vec<Target> = if input.all {
        settings
            .systems
            .iter()
            .map(|system| target(of_system(input, system), Some(system)))
            .collect::<Result<_, _>>()?
    } else if input.all_contexts {
        contexts(input)?
            .into_iter()
            .map(|name| target(InputArgs { system: Some(name.clone()), context: Some(name), ..input.clone() }, None))
            .collect::<Result<_, _>>()?
    } else {
        let connected = !input.from.is_empty() || input.kubeconfig.is_some() || input.context.is_some();
        let connected = connected || input.aws.asked();
        let system = match &input.system {
            // A name of one's own for what other options name.
            Some(name) if connected => settings.systems.iter().find(|system| system.name == *name),
            Some(name) => settings.system(name)?,
            None => None,
        };
        let input = match system {
            Some(system) if !connected => of_system(input, system),
            _ => input.clone(),
        };
        let several = of_accounts(input)?;
        if several.len() > 1 && args.input.system.is_some() {
            return Err(Fault("--system names one system; several accounts keep their ids as names".to_owned()));
        }
        several.into_iter().map(|input| target(input, system)).collect::<Result<_, _>>()?
    };
    if targets.is_empty() {
        let what = match (input.all, &settings.file) {
            (true, Some(_)) => "the settings file names no systems",
            (true, None) => "there is no settings file with systems (see --config)",
            (false, _) => "the kubeconfig has no contexts",
        };
        return Err(Fault(format!("{what}, so there is nothing to scan")));
    }
    if targets.len() > 1 && input.save.is_some() {
        return Err(Fault("--save keeps one system in one file; scan them one by one with --system".to_owned()));
    }
    Ok(targets)
}

/// What the options name: an account if they speak of one or the input is one, else a cluster.
pub fn technology(input: &InputArgs) -> Technology {
    let by_content = || collect::files::technology(&input.from);
    let folder = || (!input.from.is_empty() && folder::is_folder(&input.from)).then_some(Technology::Aws);
    match input.aws.asked() {
        true => Technology::Aws,
        false => by_content().or_else(folder).unwrap_or(Technology::Kubernetes),
    }
}

// One scan for each of `--accounts`.
fn of_accounts(input: InputArgs) -> Result<Vec<InputArgs>, Fault> {
    if input.aws.accounts.is_empty() || !input.from.is_empty() {
        return Ok(vec![input]);
    }
    #[cfg(feature = "aws")]
    {
        let accounts = super::aws::accounts(&input.aws, input.timeout, input.ca_file.as_deref())?;
        let of = |account: String| {
            let aws = AwsArgs { accounts: vec![account], ..input.aws.clone() };
            InputArgs { aws, ..input.clone() }
        };
        Ok(accounts.into_iter().map(of).collect())
    }
    #[cfg(not(feature = "aws"))]
    Err(super::no_accounts())
}

/// The options, completed by what the settings say of a system. What the options say already stays.
pub fn of_system(input: &InputArgs, system: &SystemSettings) -> InputArgs {
    let or = |own: &[String], other: &[String]| if own.is_empty() { other.to_vec() } else { own.to_vec() };
    let facts = if input.node_facts.is_empty() { &system.node_facts } else { &input.node_facts };
    InputArgs {
        system: Some(system.name.clone()),
        kubeconfig: system.kubeconfig.clone(),
        context: system.context.clone(),
        from: system.from.clone(),
        node_facts: facts.clone(),
        namespace: or(&input.namespace, &system.namespaces),
        exclude_namespace: or(&input.exclude_namespace, &system.exclude_namespaces),
        aws: system.aws.clone().unwrap_or_default(),
        ..input.clone()
    }
}

#[cfg(feature = "kubernetes")]
fn contexts(input: &InputArgs) -> Result<Vec<String>, Fault> {
    Ok(collect::kubernetes::contexts(input.kubeconfig.as_deref())?)
}

#[cfg(not(feature = "kubernetes"))]
fn contexts(_: &InputArgs) -> Result<Vec<String>, Fault> {
    Err(super::no_clusters())
}

// Systems with the same parameters share what was read and compiled.
struct Libraries<'g> {
    global: &'g GlobalArgs,
    known: Vec<(Parameters, Rc<Library>)>,
}

impl Libraries<'_> {
    fn with(&mut self, parameters: Parameters) -> Result<Rc<Library>, Fault> {
        if let Some((_, library)) = self.known.iter().find(|(known, _)| *known == parameters) {
            return Ok(Rc::clone(library));
        }
        let mut library = library(self.global)?;
        library.override_params(parameters.clone());
        let library = Rc::new(library);
        self.known.push((parameters, Rc::clone(&library)));
        Ok(library)
    }
}
