//! The settings file, `spm.yaml`: systems with their connection, standards that are switched on, parameters of checks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Fault;
use super::files::read_limited;
use crate::base::diagnostic::{Diagnostics, Place};
use crate::base::spelling;
use crate::base::yaml::{self, Node};
use crate::cli::{AwsArgs, GlobalArgs, InSourceMode};
use crate::model::Technology;
use crate::rules::{Library, Pack, Parameters, Plan, Wish};

/// Name of the file in each place where it is looked for.
const FILE: &str = "spm.yaml";

/// What the file says; nothing if there is none.
#[derive(Debug, Default)]
pub struct Settings {
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// Standards for every system that names none of its own.
    pub standards: Vec<String>,
    /// Whether waivers in the configuration itself hold, if the file says so.
    pub in_source_waivers: Option<InSourceMode>,
    /// Parameters for every system.
    pub parameters: Parameters,
    /// The systems, in file order.
    pub systems: Vec<SystemSettings>,
}

/// One of `systems`.
#[derive(Debug, Default)]
pub struct SystemSettings {
    /// Name in reports and history, and for `--system`.
    pub name: String,
    /// Kubeconfig file.
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig.
    pub context: Option<String>,
    /// Files and directories instead of a running system.
    pub from: Vec<PathBuf>,
    /// Files and directories with node facts.
    pub node_facts: Vec<PathBuf>,
    /// Its standards; those for every system if none are said.
    pub standards: Option<Vec<String>>,
    /// Its parameters, which win over those for every system.
    pub parameters: Parameters,
    /// Only these namespaces.
    pub namespaces: Vec<String>,
    /// Not these namespaces.
    pub exclude_namespaces: Vec<String>,
    /// As which AWS account, if it is one.
    pub aws: Option<AwsArgs>,
}

/// Where the file is looked for, in this order: the current directory, the user's, the machine's.
pub fn places() -> Vec<PathBuf> {
    let xdg = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let user = xdg.or_else(|| Some(std::env::home_dir().filter(|home| home.is_absolute())?.join(".config")));
    let user = user.map(|dir| dir.join("spm").join(FILE));
    [Some(PathBuf::from(FILE)), user, Some(Path::new("/etc/spm").join(FILE))].into_iter().flatten().collect()
}

impl Settings {
    /// The file that the options name, or the first one that is there. All its faults are told at once.
    pub fn load(global: &GlobalArgs) -> Result<Settings, Fault> {
        let file = match &global.config {
            Some(file) => file.clone(),
            None => match places().into_iter().find(|place| place.is_file()) {
                Some(file) => file,
                None => return Ok(Settings::default()),
            },
        };
        let text = read_limited(&file).map_err(Fault)?;
        let mut pack = Pack::embedded();
        for dir in &global.pack {
            pack.merge(Pack::read(dir)?);
        }
        Settings::parse(file, &text, &Library::new(pack)?)
    }

    fn parse(file: PathBuf, text: &str, library: &Library) -> Result<Settings, Fault> {
        let shown = file.display().to_string();
        let node = yaml::parse(&shown, text).map_err(|fault| Fault(fault.to_string()))?;
        let base = file.parent().map(Path::to_owned).unwrap_or_default();
        let mut reader = Reader { library, base, diagnostics: Diagnostics::new(&shown) };
        let mut settings = Settings { file: Some(file), ..Settings::default() };
        for (key, value) in
            reader.map(&node, "the settings", &["standards", "parameters", "in_source_waivers", "systems"])
        {
            match key {
                "standards" => settings.standards = reader.standards(value),
                "parameters" => settings.parameters = reader.library.read_params(value, &mut reader.diagnostics),
                "in_source_waivers" => settings.in_source_waivers = reader.in_source_waivers(value),
                _ => settings.systems = reader.systems(value),
            }
        }
        let mut faults = reader.diagnostics.faults;
        faults.sort();
        match faults.is_empty() {
            true => Ok(settings),
            false => Err(Fault(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))),
        }
    }

    /// The system `name`; none if there are no systems at all.
    ///
    /// # Errors
    /// There are systems, but none of this name.
    pub fn system(&self, name: &str) -> Result<Option<&SystemSettings>, Fault> {
        let found = self.systems.iter().find(|system| system.name == name);
        if found.is_some() || self.systems.is_empty() {
            return Ok(found);
        }
        let names: Vec<&str> = self.systems.iter().map(|system| system.name.as_str()).collect();
        let help = match spelling::nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("there are: {}", names.join(", ")),
        };
        let file = self.file.as_deref().unwrap_or(Path::new(FILE)).display();
        Err(Fault(format!("{file} has no system \"{name}\" ({help}); with --context or --from it may be any name")))
    }

    /// Standards and their origin, for a system: `--standard` wins over the system's own, those over the ones for all. CIS
    /// is always among those of the file.
    pub fn wishes(&self, asked: &[String], system: Option<&SystemSettings>) -> Vec<Wish> {
        if !asked.is_empty() {
            return asked.iter().map(|text| Wish::new(text)).collect();
        }
        let own = system.and_then(|system| system.standards.as_ref()).unwrap_or(&self.standards);
        let mut wishes: Vec<Wish> = own.iter().map(|text| Wish::new(text)).collect();
        let always = Wish::new(crate::rules::ALWAYS);
        if !wishes.is_empty() && !wishes.iter().any(|wish| wish.has_name_of(&always)) {
            wishes.insert(0, always);
        }
        wishes
    }

    /// Parameters for a system.
    pub fn parameters_of(&self, system: Option<&SystemSettings>) -> Parameters {
        let mut all = self.parameters.clone();
        for (check, own) in system.iter().flat_map(|system| &system.parameters) {
            all.entry(check.clone()).or_default().extend(own.clone());
        }
        all
    }
}

struct Reader<'l> {
    library: &'l Library,
    /// Directory from which relative paths start.
    base: PathBuf,
    diagnostics: Diagnostics,
}

const SYSTEM: &[&str] = &[
    "name",
    "kubeconfig",
    "context",
    "from",
    "node_facts",
    "standards",
    "parameters",
    "namespaces",
    "exclude_namespaces",
    "aws",
];

const AWS: &[&str] = &["profile", "role_arn", "external_id", "regions", "exclude_regions", "account", "account_role"];

impl Reader<'_> {
    fn map<'n>(&mut self, node: &'n Node, what: &str, known: &'static [&'static str]) -> Vec<(&'static str, &'n Node)> {
        let Some(entries) = node.map() else {
            self.expected(node, what, "a map");
            return Vec::new();
        };
        let mut found = Vec::new();
        for (key, value) in entries {
            match known.iter().find(|known| **known == key.text) {
                Some(known) => found.push((*known, value)),
                None => self.diagnostics.unknown(key.place, "key", &key.text, known.iter().copied()),
            }
        }
        found
    }

    fn expected(&mut self, node: &Node, what: &str, kind: &str) {
        self.diagnostics.add(node.place, format!("{what} must be {kind}, not {}", node.kind()), None);
    }

    fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match node.text().filter(|text| !text.is_empty()) {
            Some(text) => Some(text.to_owned()),
            None => {
                self.expected(node, what, "text");
                None
            }
        }
    }

    // One text stands for a list of it.
    fn texts<'n>(&mut self, node: &'n Node, what: &str) -> Vec<(String, Place)> {
        let items: Vec<&'n Node> = node.list().map_or_else(|| vec![node], |items| items.iter().collect());
        items.into_iter().filter_map(|item| Some((self.text(item, what)?, item.place))).collect()
    }

    fn path(&mut self, text: &str) -> PathBuf {
        match text.strip_prefix("~/").zip(std::env::home_dir()) {
            Some((rest, home)) => home.join(rest),
            None => self.base.join(text),
        }
    }

    fn standards(&mut self, node: &Node) -> Vec<String> {
        let named = self.texts(node, "a standard");
        for (text, place) in &named {
            let wish = [Wish::new(text)];
            let check = |technology| Plan::check_wishes(self.library, technology, &wish);
            // The first technology words the message.
            if let Err(error) = check(Technology::Kubernetes)
                && Technology::ALL.into_iter().all(|technology| check(technology).is_err())
            {
                self.diagnostics.add(*place, error.to_string(), None);
            }
        }
        named.into_iter().map(|(text, _)| text).collect()
    }

    fn systems(&mut self, node: &Node) -> Vec<SystemSettings> {
        let Some(items) = node.list() else {
            self.expected(node, "systems", "a list");
            return Vec::new();
        };
        let systems: Vec<SystemSettings> = items.iter().map(|item| self.system(item)).collect();
        let mut names = BTreeSet::new();
        for (system, item) in systems.iter().zip(items) {
            if !system.name.is_empty() && !names.insert(&system.name) {
                let message = format!("the system \"{}\" stands here twice", system.name);
                self.diagnostics.add(item.place, message, Some("names tell systems apart".to_owned()));
            }
        }
        systems
    }

    fn system(&mut self, node: &Node) -> SystemSettings {
        let mut system = SystemSettings::default();
        let paths = |reader: &mut Self, value: &Node, what: &str| -> Vec<PathBuf> {
            let texts = reader.texts(value, what);
            texts.into_iter().map(|(text, _)| reader.path(&text)).collect()
        };
        let names = |reader: &mut Self, value: &Node| -> Vec<String> {
            reader.texts(value, "a namespace").into_iter().map(|(name, _)| name).collect()
        };
        for (key, value) in self.map(node, "a system", SYSTEM) {
            match key {
                "name" => system.name = self.text(value, "the name").unwrap_or_default(),
                "kubeconfig" => system.kubeconfig = self.text(value, "kubeconfig").map(|text| self.path(&text)),
                "context" => system.context = self.text(value, "context"),
                "from" => system.from = paths(self, value, "from"),
                "node_facts" => system.node_facts = paths(self, value, "node_facts"),
                "standards" => system.standards = Some(self.standards(value)),
                "parameters" => system.parameters = self.library.read_params(value, &mut self.diagnostics),
                "namespaces" => system.namespaces = names(self, value),
                "aws" => system.aws = Some(self.aws(value)),
                _ => system.exclude_namespaces = names(self, value),
            }
        }
        if node.map().is_some() && node.get("name").is_none() {
            self.diagnostics.add(node.place, "a system without a name", Some("add `name: ...`".to_owned()));
        }
        let clusters = system.kubeconfig.is_some() || system.context.is_some();
        if system.aws.is_some() && (clusters || !system.from.is_empty()) {
            let help = "remove `aws`, or what names a cluster or files".to_owned();
            self.diagnostics.add(node.place, "a system is an AWS account, a cluster or files", Some(help));
        }
        if !system.from.is_empty() && (system.kubeconfig.is_some() || system.context.is_some()) {
            let message = "a system is read from files or from a cluster, not both";
            let help = "remove `from`, or `kubeconfig` and `context`".to_owned();
            self.diagnostics.add(node.place, message, Some(help));
        }
        system
    }

    fn aws(&mut self, node: &Node) -> AwsArgs {
        let mut aws = AwsArgs { aws: true, ..AwsArgs::default() };
        let texts = |reader: &mut Self, value: &Node| -> Vec<String> {
            reader.texts(value, "a region").into_iter().map(|(text, _)| text).collect()
        };
        for (key, value) in self.map(node, "aws", AWS) {
            match key {
                "profile" => aws.profile = self.text(value, "profile"),
                "role_arn" => aws.role_arn = self.text(value, "role_arn"),
                "external_id" => aws.external_id = self.text(value, "external_id"),
                "regions" => aws.region = texts(self, value),
                "exclude_regions" => aws.exclude_region = texts(self, value),
                "account" => aws.accounts.extend(self.text(value, "account")),
                _ => aws.account_role = self.text(value, "account_role"),
            }
        }
        if aws.accounts.is_empty() != aws.account_role.is_none() {
            let help = "the role is assumed in the account".to_owned();
            self.diagnostics.add(node.place, "`account` and `account_role` go together", Some(help));
        }
        aws
    }

    fn in_source_waivers(&mut self, node: &Node) -> Option<InSourceMode> {
        let text = self.text(node, "in_source_waivers")?;
        match text.as_str() {
            "allow" => return Some(InSourceMode::Allow),
            "refuse" => return Some(InSourceMode::Refuse),
            _ => self.diagnostics.unknown(node.place, "mode", &text, ["allow", "refuse"]),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, String> {
        let library = Library::new(Pack::embedded()).unwrap();
        Settings::parse(PathBuf::from("conf/spm.yaml"), text, &library).map_err(|Fault(message)| message)
    }

    #[test]
    fn systems_have_their_connection_standards_and_parameters() {
        let settings = parse(
            "standards: [cis]\nin_source_waivers: refuse\nparameters:\n  kubernetes-apiserver-audit-log-max-age: {days: 40}\nsystems:\n\
             - {name: prod, kubeconfig: prod.yaml, context: admin, namespaces: [a, b],\n\
             \x20  standards: [stig], parameters: {kubernetes-apiserver-audit-log-max-age: {days: 50}}}\n\
             - {name: dump, from: /dumps/one, node_facts: [facts], exclude_namespaces: kube-system}\n",
        );
        let settings = match settings {
            Ok(settings) => settings,
            Err(message) => panic!("{message}"),
        };
        let prod = settings.system("prod").unwrap().unwrap();
        assert_eq!(prod.kubeconfig, Some(PathBuf::from("conf/prod.yaml")));
        assert_eq!(prod.namespaces, ["a", "b"]);
        assert_eq!(settings.in_source_waivers, Some(InSourceMode::Refuse));
        let days = |system| {
            settings.parameters_of(system)["kubernetes-apiserver-audit-log-max-age"]["days"].text().map(str::to_owned)
        };
        assert_eq!(days(Some(prod)).as_deref(), Some("50"));
        assert_eq!(days(None).as_deref(), Some("40"));
        assert_eq!(settings.wishes(&[], Some(prod)), [Wish::new("CIS"), Wish::new("stig")]);
        assert_eq!(settings.wishes(&["stig".to_owned()], Some(prod)), [Wish::new("stig")]);
        let dump = settings.system("dump").unwrap().unwrap();
        assert_eq!(dump.from, [PathBuf::from("/dumps/one")]);
        assert_eq!(dump.exclude_namespaces, ["kube-system"]);
        assert_eq!(settings.wishes(&[], Some(dump)), [Wish::new("cis")]);
    }

    #[test]
    fn the_example_shows_every_key() {
        let example = include_str!("../../fixtures/settings/spm.yaml");
        let settings = match parse(example) {
            Ok(settings) => settings,
            Err(message) => panic!("{message}"),
        };
        assert_eq!(settings.systems.len(), 5);
        for key in SYSTEM.iter().chain(AWS).chain(&["standards", "parameters", "in_source_waivers", "systems"]) {
            assert!(example.contains(&format!("{key}:")), "{key}");
        }
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let faults = parse(
            "standard: [cis]\nstandards: [cis, sitg]\nparameters:\n  kubernetes-apiserver-audit-log-max-agee: {days: 1}\n\
             \x20 kubernetes-apiserver-audit-log-max-age: {day: 1}\nsystems:\n- {name: a, kubeconfg: x}\n- {name: a, from: x, context: y}\n- {name: c, aws: {account: 1}}\n- {context: z}\n",
        )
        .unwrap_err();
        let lines: Vec<&str> = faults.lines().collect();
        assert_eq!(lines.len(), 9, "{faults}");
        assert!(lines[0].starts_with("conf/spm.yaml:1:1: unknown key \"standard\" (did you mean \"standards\"?)"));
        assert!(
            lines[1].starts_with("conf/spm.yaml:2:18: unknown standard \"sitg\" (did you mean \"stig\"?)"),
            "{faults}"
        );
        assert!(lines[2].contains(":4:3: unknown check") && lines[2].contains("did you mean"), "{faults}");
        assert!(lines[3].contains(":5:44: unknown parameter \"day\" (did you mean \"days\"?)"), "{faults}");
        assert!(lines[4].contains("unknown key \"kubeconfg\""), "{faults}");
        assert!(faults.contains("stands here twice") && faults.contains("files or from a cluster"), "{faults}");
        assert!(faults.contains("go together") && faults.contains("a system without a name"), "{faults}");
    }

    #[test]
    fn an_unknown_system_is_not_taken_for_the_current_context() {
        let settings = parse("systems: [{name: prod}, {name: test}]").unwrap();
        let Err(Fault(message)) = settings.system("prud") else { panic!("found") };
        assert!(message.contains("did you mean \"prod\"?"), "{message}");
        assert!(Settings::default().system("any").unwrap().is_none());
    }
}
