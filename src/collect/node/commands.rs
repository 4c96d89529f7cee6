//! Command lines of components as far as the collector needs them: which paths do flags name.

use serde_json::Value;

use super::facts::{Document, Process, Unit};
use super::processes::flag;
use crate::catalog::kubernetes::components::COMPONENTS;

/// How a component was started.
#[derive(Debug, Clone)]
pub struct Command {
    /// Component.
    pub component: String,
    /// Its arguments.
    pub argv: Vec<String>,
    /// Process whose root its paths belong to, if it runs in a container.
    pub pid: Option<u32>,
    /// Directory from which its relative paths start.
    pub cwd: Option<String>,
}

/// A path that a flag names.
#[derive(Debug, Clone)]
pub struct Named {
    /// As it is written.
    pub text: String,
    /// The path; relative if nobody knows where it starts.
    pub path: String,
    /// See [`Command::pid`].
    pub pid: Option<u32>,
}

/// Command lines, the most trusted first.
#[derive(Debug, Default)]
pub struct Commands(Vec<Command>);

impl Commands {
    /// Processes of this node, then units.
    pub fn new(processes: Option<&[Process]>, units: &[Unit]) -> Commands {
        let own = processes.unwrap_or_default().iter().filter(|process| !process.foreign);
        let mut all: Vec<Command> = own
            .map(|process| Command {
                component: process.component.clone(),
                // Variables of etcd stand for flags; the flags themselves come later and win.
                argv: of_environment(process).chain(process.argv.iter().cloned()).collect(),
                pid: process.containerised.then_some(process.pid),
                cwd: process.cwd.clone(),
            })
            .collect();
        for unit in units {
            let argv = unit.argv.clone().unwrap_or_default();
            if unit.name.starts_with("k3s") || unit.name.starts_with("rke2") {
                let pairs = argv.iter().enumerate().filter_map(|(at, word)| {
                    let body = word.strip_prefix("--")?;
                    body.split_once('=').or_else(|| Some((body, argv.get(at + 1)?)))
                });
                all.extend(handed_on(pairs));
            } else {
                all.push(Command { component: unit.name.clone(), argv, pid: None, cwd: None });
            }
        }
        Commands(all)
    }

    /// Adds what documents say: static pods, argument files, configuration of k3s, etcd and kube-proxy.
    pub fn add(&mut self, document: &Document) {
        let Some(content) = &document.content else { return };
        let texts = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        match document.kind.as_str() {
            "Pod" => {
                for container in content["spec"]["containers"].as_array().into_iter().flatten() {
                    let argv = [texts(&container["command"]), texts(&container["args"])].concat();
                    let name = container["name"].as_str().unwrap_or_default();
                    self.0.push(Command { component: name.to_owned(), argv, pid: None, cwd: None });
                }
            }
            "Arguments" => {
                let name = document.path.rsplit('/').next().unwrap_or_default();
                if let Some(component) = COMPONENTS.iter().find(|component| component.arguments_file == name) {
                    let component = component.name.to_owned();
                    self.0.push(Command { component, argv: texts(content), pid: None, cwd: None });
                }
            }
            "K3sConfiguration" => {
                let entries = content.as_object().into_iter().flatten();
                let pairs = entries.flat_map(|(key, value)| match value {
                    Value::Array(items) => {
                        items.iter().filter_map(|item| Some((key.as_str(), item.as_str()?))).collect()
                    }
                    value => value.as_str().map(|text| vec![(key.as_str(), text)]).unwrap_or_default(),
                });
                self.0.extend(handed_on(pairs.map(|(key, value)| (key.trim_end_matches('+'), value))));
            }
            "EtcdConfiguration" => {
                let sections = [
                    ("", content),
                    ("", &content["client-transport-security"]),
                    ("peer-", &content["peer-transport-security"]),
                ];
                let entries = sections.iter().flat_map(|(prefix, section)| {
                    section.as_object().into_iter().flatten().map(move |(key, value)| (prefix, key, value))
                });
                let argv =
                    entries.filter_map(|(prefix, key, value)| Some(format!("--{prefix}{key}={}", value.as_str()?)));
                self.0.push(Command { component: "etcd".to_owned(), argv: argv.collect(), pid: None, cwd: None });
            }
            "KubeProxyConfiguration" => {
                if let Some(path) = content["clientConnection"]["kubeconfig"].as_str() {
                    let argv = vec![format!("--kubeconfig={path}")];
                    self.0.push(Command { component: "kube-proxy".to_owned(), argv, pid: None, cwd: None });
                }
            }
            _ => {}
        }
    }

    /// The path that a flag of a component names.
    pub fn flag(&self, component: &str, name: &str) -> Option<Named> {
        let own = self.0.iter().filter(|command| command.component == component);
        own.filter_map(|command| Some((command, flag(&command.argv, name)?))).find(|(_, text)| !text.is_empty()).map(
            |(command, text)| {
                let path = match &command.cwd {
                    Some(cwd) if !text.starts_with('/') => format!("{cwd}/{text}"),
                    _ => text.to_owned(),
                };
                Named { text: text.to_owned(), path, pid: command.pid }
            },
        )
    }

    /// The text of a flag that is no path.
    pub fn text(&self, component: &str, name: &str) -> Option<&str> {
        self.0.iter().filter(|command| command.component == component).find_map(|command| flag(&command.argv, name))
    }
}

fn of_environment(process: &Process) -> impl Iterator<Item = String> {
    let variables = process.env.iter().flatten();
    variables.filter_map(|(name, value)| {
        let name = name.strip_prefix("ETCD_")?.to_lowercase().replace('_', "-");
        Some(format!("--{name}={value}"))
    })
}

// `kubelet-arg: config=/x` is `--config=/x` of the kubelet.
fn handed_on<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Command> {
    let found = pairs.filter_map(|(name, value)| {
        let component = COMPONENTS.iter().find(|component| component.k3s_flag == name)?;
        let argv = vec![format!("--{}", value.trim_start_matches('-'))];
        Some(Command { component: component.name.to_owned(), argv, pid: None, cwd: None })
    });
    found.collect()
}
