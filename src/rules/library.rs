//! All checks and standards that are known: the embedded packs, and those that the user adds.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use crate::base::diagnostic::{Diagnostic, Diagnostics, Place};
use crate::base::yaml::{self, Node};

use super::check::{Check, Instance};
use super::standard::{Standard, Use};

/// A rule file: its id (file stem), its path for messages, its text.
#[derive(Debug, Clone)]
struct File {
    path: String,
    text: std::borrow::Cow<'static, str>,
}

/// Values of parameters per check.
pub type Parameters = BTreeMap<String, BTreeMap<String, Node>>;

/// A set of rule files as they lie on disk or in the binary.
#[derive(Debug, Default, Clone)]
pub struct Pack {
    checks: BTreeMap<String, File>,
    standards: BTreeMap<String, File>,
    parameters: Vec<File>,
    faults: Vec<Diagnostic>,
}

/// Checks and standards, read when they are needed.
pub struct Library {
    pack: Pack,
    // Parameters that the user changed, per check.
    overrides: Parameters,
    checks: RefCell<BTreeMap<String, Option<Arc<Check>>>>,
    standards: RefCell<BTreeMap<String, Option<Rc<Standard>>>>,
}

/// Rule files that cannot be used: every fault of every file that was read.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct LoadError(pub Vec<Diagnostic>);

impl Pack {
    /// The packs that the binary carries; validated when it was built.
    pub fn embedded() -> Pack {
        let files = |all: &'static [(&'static str, &'static str, &'static str)]| {
            all.iter()
                .map(|(id, path, text)| ((*id).to_owned(), File { path: (*path).to_owned(), text: (*text).into() }))
                .collect()
        };
        let (checks, standards) = (files(super::embedded::CHECKS), files(super::embedded::STANDARDS));
        Pack { checks, standards, ..Pack::default() }
    }

    /// The rule files below `dir`: `checks/**/*.yaml`, `standards/*.yaml`, `parameters.yaml`.
    ///
    /// # Errors
    /// The directory cannot be read. Faults inside of files come later, all at once.
    pub fn read(dir: &Path) -> Result<Pack, LoadError> {
        let mut pack = Pack::default();
        let mut found = Vec::new();
        walk(dir, &mut found, 0).map_err(|(path, error)| {
            LoadError(vec![Diagnostic {
                file: path.display().to_string(),
                place: Place { line: 1, column: 1 },
                message: format!("cannot be read: {error}"),
                help: Some("expected a directory with `checks` and `standards`".to_owned()),
            }])
        })?;
        found.sort();
        for path in found {
            pack.add(dir, &path);
        }
        let empty = pack.checks.is_empty() && pack.standards.is_empty() && pack.parameters.is_empty();
        if empty && pack.faults.is_empty() {
            return Err(LoadError(vec![Diagnostic {
                file: dir.display().to_string(),
                place: Place { line: 1, column: 1 },
                message: "no rule files".to_owned(),
                help: Some("expected checks/**/*.yaml, standards/*.yaml or parameters.yaml".to_owned()),
            }]));
        }
        Ok(pack)
    }

    fn add(&mut self, dir: &Path, path: &Path) {
        let shown = path.display().to_string();
        let fault = |message: String| Diagnostic {
            file: shown.clone(),
            place: Place { line: 1, column: 1 },
            message,
            help: None,
        };
        let text = match read_limited(path) {
            Ok(text) => text,
            Err(error) => return self.faults.push(fault(error)),
        };
        let file = File { path: shown.clone(), text: text.into() };
        let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let within = path.strip_prefix(dir).unwrap_or(path);
        let first =
            within.components().next().map(|c| c.as_os_str().to_string_lossy().into_owned()).unwrap_or_default();
        let table = match first.as_str() {
            "checks" => &mut self.checks,
            "standards" => &mut self.standards,
            "parameters.yaml" => return self.parameters.push(file),
            _ => return,
        };
        if let Some(known) = table.insert(id.clone(), file) {
            self.faults.push(fault(format!("the id \"{id}\" is also in {}", known.path)));
        }
    }

    /// Adds another pack; its checks and standards take the place of those with the same id.
    pub fn merge(&mut self, other: Pack) {
        self.checks.extend(other.checks);
        self.standards.extend(other.standards);
        self.parameters.extend(other.parameters);
        self.faults.extend(other.faults);
    }

    /// Ids of the checks.
    pub fn check_ids(&self) -> impl Iterator<Item = &str> {
        self.checks.keys().map(String::as_str)
    }

    /// Ids of the standards.
    pub fn standard_ids(&self) -> impl Iterator<Item = &str> {
        self.standards.keys().map(String::as_str)
    }
}

fn walk(dir: &Path, found: &mut Vec<PathBuf>, depth: usize) -> Result<(), (PathBuf, std::io::Error)> {
    let at = |error| (dir.to_owned(), error);
    for entry in std::fs::read_dir(dir).map_err(at)? {
        let path = entry.map_err(at)?.path();
        // Links to directories above would never end.
        if path.is_dir() && depth < 8 {
            walk(&path, found, depth + 1)?;
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            found.push(path);
        }
    }
    Ok(())
}

fn read_limited(path: &Path) -> Result<String, String> {
    let metadata = std::fs::metadata(path).map_err(|e| format!("cannot be read: {e}"))?;
    // Opening a pipe would wait for whoever writes to it.
    if !metadata.is_file() {
        return Err("is no file".to_owned());
    }
    let size = metadata.len();
    if size > yaml::MAX_SIZE as u64 {
        return Err(format!("the file has {size} bytes, at most 1 MiB is read"));
    }
    std::fs::read_to_string(path).map_err(|e| format!("cannot be read: {e}"))
}

impl Library {
    /// A library of these files.
    ///
    /// # Errors
    /// Files that could not be read, and faults in files of parameters.
    pub fn new(pack: Pack) -> Result<Library, LoadError> {
        let mut faults = pack.faults.clone();
        let mut library =
            Library { pack, overrides: Parameters::new(), checks: RefCell::default(), standards: RefCell::default() };
        let mut overrides = Parameters::new();
        for file in &library.pack.parameters {
            match yaml::parse(&file.path, &file.text) {
                Ok(node) => {
                    let mut diagnostics = Diagnostics::new(&file.path);
                    for (check, own) in library.read_params(&node, &mut diagnostics) {
                        overrides.entry(check).or_default().extend(own);
                    }
                    faults.extend(diagnostics.faults);
                }
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(LoadError(faults));
        }
        library.overrides = overrides;
        Ok(library)
    }

    /// Parameters of checks as files of packs and settings state them: a map of checks, each with a map of values.
    pub fn read_params(&self, node: &Node, diagnostics: &mut Diagnostics) -> Parameters {
        let mut all = Parameters::new();
        let Some(entries) = node.map() else {
            diagnostics.add(node.place, format!("parameters must be a map of checks, not {}", node.kind()), None);
            return all;
        };
        for (key, values) in entries {
            let check = match self.check(&key.text) {
                Ok(Some(check)) => check,
                Ok(None) => {
                    diagnostics.unknown(key.place, "check", &key.text, self.check_ids());
                    continue;
                }
                Err(error) => {
                    diagnostics.add(key.place, format!("the check {} has faults: {error}", key.text), None);
                    continue;
                }
            };
            let Some(values) = values.map() else {
                let message = format!("the parameters of {} must be a map, not {}", key.text, values.kind());
                diagnostics.add(values.place, message, None);
                continue;
            };
            let mut own = BTreeMap::new();
            for (name, value) in values {
                if !check.params.contains_key(&name.text) {
                    let known: Vec<&str> = check.params.keys().map(String::as_str).collect();
                    diagnostics.unknown(name.place, "parameter", &name.text, known);
                    continue;
                }
                own.insert(name.text.clone(), value.clone());
                // Alone with the defaults, so that a fault belongs to this value.
                let with = BTreeMap::from([(name.text.clone(), value.clone())]);
                let mut faults = Diagnostics::default();
                if check.missing_params(&with).is_empty() && check.compile(&with, &mut faults).is_none() {
                    for fault in faults.faults {
                        let message = format!("this does not fit {}: {}", key.text, fault.message);
                        diagnostics.add(value.place, message, fault.help);
                    }
                }
            }
            all.insert(key.text.clone(), own);
        }
        all
    }

    /// Changes parameters of checks on top of what packs say.
    pub fn override_params(&mut self, overrides: Parameters) {
        for (check, params) in overrides {
            self.overrides.entry(check).or_default().extend(params);
        }
    }

    /// Ids of all checks, sorted.
    pub fn check_ids(&self) -> Vec<&str> {
        self.pack.check_ids().collect()
    }

    /// Ids of all standards, sorted.
    pub fn standard_ids(&self) -> Vec<&str> {
        self.pack.standard_ids().collect()
    }

    /// The text of a check file.
    pub fn check_text(&self, id: &str) -> Option<&str> {
        self.pack.checks.get(id).map(|file| &*file.text)
    }

    /// The check `id`; none if there is none.
    ///
    /// # Errors
    /// All faults of its file.
    pub fn check(&self, id: &str) -> Result<Option<Arc<Check>>, LoadError> {
        if let Some(known) = self.checks.borrow().get(id) {
            return Ok(known.clone());
        }
        let Some(file) = self.pack.checks.get(id) else { return Ok(None) };
        let node = yaml::parse(&file.path, &file.text).map_err(|fault| LoadError(vec![fault]))?;
        let mut diagnostics = Diagnostics::new(&file.path);
        let check = Check::read(&node, id, &mut diagnostics).map(Arc::new);
        if !diagnostics.faults.is_empty() {
            return Err(LoadError(diagnostics.faults));
        }
        self.checks.borrow_mut().insert(id.to_owned(), check.clone());
        Ok(check)
    }

    /// The standard `id` with all its rules; none if there is none.
    ///
    /// # Errors
    /// All faults of its file.
    pub fn standard(&self, id: &str) -> Result<Option<Rc<Standard>>, LoadError> {
        if let Some(known) = self.standards.borrow().get(id) {
            return Ok(known.clone());
        }
        let standard = self.read_standard(id, false)?.map(Rc::new);
        self.standards.borrow_mut().insert(id.to_owned(), standard.clone());
        Ok(standard)
    }

    /// The header of the standard `id`, without its rules.
    ///
    /// # Errors
    /// All faults of the header.
    pub fn header(&self, id: &str) -> Result<Option<Standard>, LoadError> {
        self.read_standard(id, true)
    }

    fn read_standard(&self, id: &str, header_only: bool) -> Result<Option<Standard>, LoadError> {
        let Some(file) = self.pack.standards.get(id) else { return Ok(None) };
        let text = if header_only { Standard::header_text(&file.text) } else { &file.text };
        let node = yaml::parse(&file.path, text).map_err(|fault| LoadError(vec![fault]))?;
        let mut diagnostics = Diagnostics::new(&file.path);
        let standard = Standard::read(&node, id, header_only, &mut diagnostics);
        if !diagnostics.faults.is_empty() {
            return Err(LoadError(diagnostics.faults));
        }
        Ok(standard)
    }

    /// The checks that a rule uses: those that it names, then those whose themes it selects.
    ///
    /// # Errors
    /// Faults of check files, when themes are selected.
    pub fn uses(&self, standard: &Standard, rule: &super::Rule) -> Result<Vec<Use>, LoadError> {
        let mut uses = rule.checks.clone();
        if !rule.select.is_empty() {
            for id in self.check_ids() {
                let Some(check) = self.check(id)? else { continue };
                let fits = check.source.technology() == standard.applies.technology
                    && check.missing_params(&BTreeMap::new()).is_empty()
                    && check.info.themes.iter().any(|theme| rule.select.contains(theme));
                if fits && !uses.iter().any(|u| u.check == id) {
                    uses.push(Use { check: id.to_owned(), with: BTreeMap::new(), place: rule.place });
                }
            }
        }
        Ok(uses)
    }

    /// Compiles a use of a check. Precedence of parameters: user and system over the standard over the default.
    ///
    /// # Errors
    /// The check is unknown, a parameter is missing or unknown, or a value does not fit.
    pub fn instance(&self, standard: &Standard, used: &Use) -> Result<Instance, LoadError> {
        let mut diagnostics = Diagnostics::new(&standard.file);
        let Some(check) = self.check(&used.check)? else {
            diagnostics.unknown(used.place, "check", &used.check, self.check_ids());
            return Err(LoadError(diagnostics.faults));
        };
        let mut with = used.with.clone();
        let own = self.overrides.get(&used.check);
        with.extend(own.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
        for name in with.keys().filter(|name| !check.params.contains_key(*name)) {
            diagnostics.unknown(used.place, "parameter", name, check.params.keys().map(String::as_str));
        }
        for name in check.missing_params(&with) {
            let help = check.params.get(name).map(|p| p.doc.clone());
            diagnostics.add(used.place, format!("{} needs the parameter \"{name}\"", used.check), help);
        }
        let mut inner = Diagnostics::new(&check.file);
        let compiled = if diagnostics.faults.is_empty() { check.compile(&with, &mut inner) } else { None };
        // The check itself is sound, so the parameters of this use are not.
        for fault in inner.faults {
            let message = format!("the parameters do not fit {}: {}", used.check, fault.message);
            diagnostics.add(used.place, message, fault.help);
        }
        let params = check.effective_params(&with);
        let asked = check.effective_params(&used.with);
        let customised = params.iter().filter(|(name, value)| asked.get(*name) != Some(value)).map(|(n, _)| n.clone());
        match compiled {
            Some(compiled) if diagnostics.faults.is_empty() => {
                Ok(Instance { customised: customised.collect(), check, params, compiled })
            }
            _ => Err(LoadError(diagnostics.faults)),
        }
    }

    /// Reads and compiles everything: every check, every standard, every use.
    ///
    /// # Errors
    /// Every fault of every file, sorted by file and place.
    pub fn validate(&self) -> Result<(), LoadError> {
        let mut faults = Vec::new();
        for id in self.check_ids() {
            if let Err(LoadError(all)) = self.check(id) {
                faults.extend(all);
            }
        }
        for id in self.standard_ids() {
            let standard = match self.standard(id) {
                Ok(Some(standard)) => standard,
                Ok(None) => continue,
                Err(LoadError(all)) => {
                    faults.extend(all);
                    continue;
                }
            };
            for used in standard.rules.iter().flat_map(|rule| &rule.checks) {
                if let Err(LoadError(all)) = self.instance(&standard, used) {
                    faults.extend(all);
                }
            }
        }
        faults.sort();
        faults.dedup();
        if faults.is_empty() { Ok(()) } else { Err(LoadError(faults)) }
    }
}
