//! System services as systemd's files describe them; systemd itself is not asked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::facts::{Process, Unit};
use super::root::{DOCUMENT_LIMIT, Root, Trouble, is_kernel, show};
use crate::base::command_line as redact;

/// Where units stand, the most important first.
const DIRECTORIES: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// Services: name, units that provide it, names of their processes; the first two are always reported.
const SERVICES: &[(&str, &[&str], &[&str])] = &[
    (
        "kubelet",
        &[
            "kubelet.service",
            "snap.kubelet.daemon.service",
            "snap.microk8s.daemon-kubelite.service",
            "snap.microk8s.daemon-kubelet.service",
            "snap.k8s.kubelet.service",
        ],
        &["kubelet", "kubelite"],
    ),
    ("sshd", &["sshd.service", "ssh.service", "sshd.socket", "ssh.socket"], &["sshd"]),
    ("k3s", &["k3s.service"], &["k3s"]),
    ("k3s-agent", &["k3s-agent.service"], &["k3s"]),
    ("rke2-server", &["rke2-server.service"], &["rke2"]),
    ("rke2-agent", &["rke2-agent.service"], &["rke2"]),
    ("etcd", &["etcd.service"], &["etcd"]),
    ("kube-apiserver", &["kube-apiserver.service"], &["kube-apiserver"]),
    ("kube-controller-manager", &["kube-controller-manager.service"], &["kube-controller-manager"]),
    ("kube-scheduler", &["kube-scheduler.service"], &["kube-scheduler"]),
    ("kube-proxy", &["kube-proxy.service"], &["kube-proxy"]),
];
const ALWAYS: [&str; 2] = ["kubelet", "sshd"];

/// The services. `listens_on_ssh` says whether port 22 is open, if that is known.
pub fn read(root: &Root, processes: Option<&[Process]>, listens_on_ssh: Option<bool>) -> Vec<Unit> {
    let has_systemd = DIRECTORIES.iter().any(|directory| root.exists(directory));
    let mut units = Vec::new();
    for (name, files, programs) in SERVICES {
        let mut unit = Unit { name: (*name).to_owned(), ..Unit::default() };
        let mut enabled = Some(false);
        for file in *files {
            let Some(path) = locate(root, file) else { continue };
            unit.installed = true;
            enabled = match (enabled, is_enabled(root, file)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (None, _) | (_, None) => None,
                _ => Some(false),
            };
            if unit.path.is_none() {
                let drop_ins = drop_ins(root, file);
                unit.argv = command(root, &path, &drop_ins);
                unit.path = Some(show(&path));
                unit.drop_ins = drop_ins.iter().map(|path| show(path)).collect();
            }
        }
        // Another init system starts its services in ways of its own.
        unit.enabled = enabled.filter(|_| has_systemd);
        unit.active = processes.map(|processes| {
            let runs = |process: &Process| programs.contains(&process.component.as_str()) && !process.containerised;
            processes.iter().any(runs)
        });
        if *name == "sshd" && listens_on_ssh == Some(true) {
            // Started per connection by its socket.
            unit.active = Some(true);
        }
        if unit.installed || ALWAYS.contains(name) {
            units.push(unit);
        }
    }
    units
}

// A unit that is linked to /dev/null is masked: as good as not installed.
fn locate(root: &Root, file: &str) -> Option<PathBuf> {
    for directory in DIRECTORIES {
        let path = Path::new(directory).join(file);
        match root.resolve(&path) {
            Ok(resolved) if is_kernel(&resolved.real) => return None,
            Ok(_) | Err(Trouble::Unreadable(_)) => return Some(path),
            // A link to /dev/null in a tree without /dev.
            Err(Trouble::Missing) => {
                if root.link(&path).is_some_and(|target| target.starts_with("/dev/")) {
                    return None;
                }
            }
        }
    }
    None
}

// Enabling a unit links it into the directory of what wants it.
fn is_enabled(root: &Root, file: &str) -> Option<bool> {
    for directory in DIRECTORIES {
        let names = match root.names(Path::new(directory)) {
            Ok(names) => names.names,
            Err(Trouble::Missing) => continue,
            Err(Trouble::Unreadable(_)) => return None,
        };
        for name in names.iter().filter_map(|name| name.to_str()) {
            if name.ends_with(".wants") || name.ends_with(".requires") {
                let link = Path::new(directory).join(name).join(file);
                match root.entry(&link) {
                    Ok(_) => return Some(true),
                    Err(Trouble::Missing) => {}
                    Err(Trouble::Unreadable(_)) => return None,
                }
            }
        }
    }
    Some(false)
}

// Sorted by name over all directories; of equal names the first directory counts.
fn drop_ins(root: &Root, file: &str) -> Vec<PathBuf> {
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    for directory in DIRECTORIES {
        let directory = Path::new(directory).join(format!("{file}.d"));
        let names = root.names(&directory).unwrap_or_default();
        for name in names.names.iter().filter_map(|name| name.to_str()).filter(|name| name.ends_with(".conf")) {
            found.entry(name.to_owned()).or_insert_with(|| directory.join(name));
        }
    }
    found.into_values().collect()
}

// The command line that the unit starts; none if a part of it could not be read.
fn command(root: &Root, unit: &Path, drop_ins: &[PathBuf]) -> Option<Vec<String>> {
    let mut start = None;
    let mut variables = BTreeMap::new();
    for path in std::iter::once(unit).chain(drop_ins.iter().map(PathBuf::as_path)) {
        let text = String::from_utf8(root.read(path, DOCUMENT_LIMIT).ok()?).ok()?;
        for (key, value) in settings(&text) {
            match key.as_str() {
                // An empty one takes back those before it.
                "ExecStart" => start = (!value.is_empty()).then_some(value),
                "Environment" => {
                    let pairs = words(&value, &BTreeMap::new());
                    variables.extend(pairs.iter().filter_map(|pair| pair.split_once('=')).map(owned));
                }
                "EnvironmentFile" => {
                    let path = value.trim_start_matches('-');
                    match root.read(Path::new(path), DOCUMENT_LIMIT) {
                        Ok(bytes) => variables.extend(environment(&String::from_utf8_lossy(&bytes))),
                        Err(Trouble::Missing) => {}
                        Err(Trouble::Unreadable(_)) => return None,
                    }
                }
                _ => {}
            }
        }
    }
    let start = start?;
    let argv = words(start.trim_start_matches(['@', '-', ':', '+', '!']), &variables);
    Some(redact::arguments(argv.iter().map(String::as_str)))
}

fn owned((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

// Settings of the section [Service]; a line that ends in a backslash goes on.
fn settings(text: &str) -> Vec<(String, String)> {
    let joined = text.replace("\\\n", " ");
    let mut in_service = false;
    let mut found = Vec::new();
    for line in joined.lines().map(str::trim) {
        if line.starts_with('[') {
            in_service = line == "[Service]";
        } else if in_service
            && !line.starts_with(['#', ';'])
            && let Some((key, value)) = line.split_once('=')
        {
            found.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    found
}

fn environment(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| owned((key.trim(), value.trim().trim_matches(['"', '\''])))).collect()
}

// Words of a command line. `${NAME}` is filled in; a word `$NAME` becomes as many words as its value has.
fn words(text: &str, variables: &BTreeMap<String, String>) -> Vec<String> {
    let mut words = Vec::new();
    for raw in split(text) {
        if let Some(name) = raw.strip_prefix('$').filter(|name| is_name(name)) {
            words.extend(variables.get(name).map(|value| split(value)).unwrap_or_default());
            continue;
        }
        let mut word = String::new();
        let mut rest = raw.as_str();
        while let Some((before, behind)) = rest.split_once("${") {
            word.push_str(before);
            match behind.split_once('}') {
                Some((name, behind)) => {
                    word.push_str(variables.get(name).map_or("", String::as_str));
                    rest = behind;
                }
                None => rest = "",
            }
        }
        word.push_str(rest);
        words.push(word);
    }
    words
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

// Words with quotes taken off.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_of_units() {
        let text = "[Unit]\nExecStart=no\n[Service]\n# ExecStart=no\nExecStart=\nExecStart=-/usr/bin/kubelet $A \\\n  ${B} --c='x y' $NONE --d=${B}\n";
        let settings = settings(text);
        let start = &settings.last().unwrap().1;
        let variables = [("A".to_owned(), "--a=1 --b".to_owned()), ("B".to_owned(), "v w".to_owned())].into();
        assert_eq!(
            words(start.trim_start_matches('-'), &variables),
            ["/usr/bin/kubelet", "--a=1", "--b", "v w", "--c=x y", "--d=v w"]
        );
    }

    #[test]
    fn environment_files() {
        assert_eq!(
            environment("# c\nKUBELET_KUBEADM_ARGS=\"--a=1 --b=2\"\n\nX=y"),
            [("KUBELET_KUBEADM_ARGS".to_owned(), "--a=1 --b=2".to_owned()), ("X".to_owned(), "y".to_owned())]
        );
    }
}
