//! Which standards a run evaluates on a system, and the compiled checks for them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::LazyLock;

use crate::base::order::natural;
use crate::base::{spelling, text};
use crate::expr::{Path, Wanted};
use crate::model::{System, Technology};

use super::library::{Library, LoadError};
use super::{Instance, Standard, schema};

/// The standard that is evaluated for every system, whether asked for or not.
pub const ALWAYS: &str = "CIS";

/// A standard as the user names it: `cis`, `CIS Kubernetes Benchmark`, `cis@1.11.1`, `cis-kubernetes-1.12.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    name: String,
    version: Option<String>,
    // Nothing has to meet it.
    excused: bool,
}

impl Wish {
    /// From `NAME` or `NAME@VERSION`.
    pub fn new(text: &str) -> Wish {
        match text.split_once('@') {
            Some((name, version)) => {
                Wish { name: name.trim().to_lowercase(), version: Some(version.trim().to_owned()), excused: false }
            }
            None => Wish { name: text.trim().to_lowercase(), version: None, excused: false },
        }
    }

    /// Whether both name the same standard, in whatever version.
    pub fn has_name_of(&self, other: &Wish) -> bool {
        self.name == other.name
    }

    /// Whether it names this standard.
    pub fn means(&self, standard: &Standard) -> bool {
        let info = &standard.info;
        let named = [&info.short, &info.name, &info.id].iter().any(|name| name.to_lowercase() == self.name);
        named && self.version.as_ref().is_none_or(|version| *version == info.version)
    }
}

/// A check with its parameters in effect and the names of those that were customised.
type Evaluated = (String, BTreeMap<String, String>, Vec<String>);

/// What a run evaluates.
pub struct Plan {
    /// Standards with the checks of each of their rules.
    pub standards: Vec<Planned>,
    /// Compiled checks; one with the same parameters stands here once, however many rules use it.
    pub instances: Vec<Instance>,
    /// What the user should know about the choice.
    pub notes: Vec<String>,
}

/// A standard of a plan.
pub struct Planned {
    /// The standard.
    pub standard: Rc<Standard>,
    /// Asked for, not only evaluated beside.
    pub selected: bool,
    /// Per rule: positions in [`Plan::instances`].
    pub rules: Vec<Vec<u32>>,
}

/// Why no plan can be made.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A standard that nobody knows.
    #[error("unknown standard \"{name}\"{}", help.as_ref().map_or_else(String::new, |h| format!(" ({h})")))]
    Unknown {
        /// As the user wrote it.
        name: String,
        /// The nearest known one, or what there is.
        help: Option<String>,
    },
    /// Rule files with faults.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl Plan {
    /// The standards that could be chosen for some system of this technology: enough to know what to collect before the
    /// system has told its version.
    ///
    /// # Errors
    /// A wish that no standard meets; faults in rule files.
    pub fn candidates(library: &Library, technology: Technology, wishes: &[Wish]) -> Result<Plan, PlanError> {
        let headers = headers(library, technology)?;
        check_wishes(&headers, wishes, technology)?;
        let chosen = headers
            .iter()
            .filter(|standard| standard.info.short == ALWAYS || wishes.iter().any(|wish| wish.means(standard)))
            .map(|standard| (standard.info.id.clone(), true))
            .collect();
        Plan::of(library, chosen, Vec::new())
    }

    /// Whether some standard meets each wish.
    ///
    /// # Errors
    /// A wish that none meets; faults in the headers of standards.
    pub fn check_wishes(library: &Library, technology: Technology, wishes: &[Wish]) -> Result<(), PlanError> {
        check_wishes(&headers(library, technology)?, wishes, technology)
    }

    /// Excuses the wishes that only standards for other technologies meet: of a whole fleet, not every system can have them.
    ///
    /// # Errors
    /// Faults in the headers of standards.
    pub fn excuse(library: &Library, technology: Technology, wishes: &mut [Wish]) -> Result<(), LoadError> {
        let own = headers(library, technology)?;
        let mut others = Vec::new();
        for other in Technology::ALL.into_iter().filter(|other| *other != technology) {
            others.extend(headers(library, other)?);
        }
        for wish in wishes {
            let meant = |standards: &[Standard]| standards.iter().any(|standard| wish.means(standard));
            wish.excused = meant(&others) && !meant(&own);
        }
        Ok(())
    }

    /// The standards for this system: of each wanted one the version that fits.
    ///
    /// # Errors
    /// A wish that no standard meets; faults in rule files.
    pub fn for_system(library: &Library, system: &System, wishes: &[Wish]) -> Result<Plan, PlanError> {
        let headers = headers(library, system.technology)?;
        check_wishes(&headers, wishes, system.technology)?;
        let always = [Wish::new(ALWAYS)];
        let asked = if wishes.is_empty() { &always[..] } else { wishes };
        let mut chosen: Vec<(String, bool)> = Vec::new();
        let mut notes = Vec::new();
        for wish in asked {
            choose(&headers, system, wish, true, &mut chosen, &mut notes);
        }
        if !chosen.iter().any(|(id, _)| headers.iter().any(|h| h.info.id == *id && h.info.short == ALWAYS)) {
            choose(&headers, system, &always[0], false, &mut chosen, &mut notes);
        }
        Plan::of(library, chosen, notes)
    }

    fn of(library: &Library, chosen: Vec<(String, bool)>, notes: Vec<String>) -> Result<Plan, PlanError> {
        let mut plan = Plan { standards: Vec::new(), instances: Vec::new(), notes };
        let mut known: BTreeMap<(String, String), u32> = BTreeMap::new();
        // A parameter that one standard gives and another leaves at the same default is the same evaluation.
        let mut same: BTreeMap<Evaluated, u32> = BTreeMap::new();
        for (id, selected) in chosen {
            let Some(standard) = library.standard(&id)? else { continue };
            let mut rules = Vec::with_capacity(standard.rules.len());
            for rule in &standard.rules {
                let mut own = Vec::new();
                for used in library.uses(&standard, rule)? {
                    let with =
                        used.with.iter().map(|(k, v)| format!("{k}={}", v.to_json())).collect::<Vec<_>>().join("\n");
                    let key = (used.check.clone(), with);
                    let at = match known.get(&key) {
                        Some(at) => *at,
                        None => {
                            let instance = library.instance(&standard, &used)?;
                            let next = u32::try_from(plan.instances.len()).unwrap_or(u32::MAX);
                            let (params, customised) = (instance.params.clone(), instance.customised.clone());
                            let at = *same.entry((used.check.clone(), params, customised)).or_insert(next);
                            if at == next {
                                plan.instances.push(instance);
                            }
                            known.insert(key, at);
                            at
                        }
                    };
                    if !own.contains(&at) {
                        own.push(at);
                    }
                }
                rules.push(own);
            }
            plan.standards.push(Planned { standard, selected, rules });
        }
        Ok(plan)
    }

    /// What has to be collected for it.
    pub fn wanted(&self) -> Wanted {
        schema::wanted(self.instances.iter().flat_map(reads))
    }

    /// What has to be collected for each of its instances.
    pub fn wanted_by_instance(&self) -> Vec<Wanted> {
        self.instances.iter().map(|instance| schema::wanted(reads(instance))).collect()
    }
}

fn reads(instance: &Instance) -> impl Iterator<Item = (&str, &Path)> {
    let own = &instance.compiled.reads;
    // A check that reads nothing still needs its subjects.
    let subject = (instance.check.source.name(), &*NAME);
    own.iter().map(|(source, path)| (source.as_str(), path)).chain([subject])
}

static NAME: LazyLock<Path> = LazyLock::new(|| Path::keys(&["metadata", "name"]));

fn headers(library: &Library, technology: Technology) -> Result<Vec<Standard>, LoadError> {
    let mut headers = Vec::new();
    for id in library.standard_ids() {
        headers.extend(library.header(id)?.filter(|standard| standard.applies.technology == technology));
    }
    Ok(headers)
}

fn check_wishes(headers: &[Standard], wishes: &[Wish], technology: Technology) -> Result<(), PlanError> {
    for wish in wishes {
        if wish.excused || headers.iter().any(|standard| wish.means(standard)) {
            continue;
        }
        // Standards for several sorts of systems share a short name.
        let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for standard in headers.iter().filter(|standard| Wish { version: None, ..wish.clone() }.means(standard)) {
            versions.entry(&standard.info.name).or_default().push(&standard.info.version);
        }
        let versions: Vec<String> = versions
            .into_iter()
            .map(|(name, mut versions)| {
                versions.sort_by(|a, b| natural(a, b));
                format!("{name} {}", versions.join(", "))
            })
            .collect();
        let shorts: BTreeSet<String> = headers.iter().map(|standard| standard.info.short.to_lowercase()).collect();
        let near = spelling::nearest(&wish.name, shorts.iter().map(String::as_str));
        let is_word_of = |name: &str| name.to_lowercase().split(' ').any(|word| word == wish.name);
        let by_word = || headers.iter().find(|standard| is_word_of(&standard.info.name));
        let near = near.map(str::to_owned).or_else(|| Some(by_word()?.info.short.to_lowercase()));
        let help = match (&wish.version, near) {
            (Some(_), _) if !versions.is_empty() => Some(format!("known versions: {}", versions.join("; "))),
            (_, Some(near)) => Some(format!("did you mean \"{near}\"?")),
            _ => {
                let shorts: Vec<String> = shorts.into_iter().collect();
                Some(format!("for {technology} there are {}; see `spm standards`", shorts.join(", ")))
            }
        };
        let version = wish.version.as_ref().map_or_else(String::new, |version| format!("@{version}"));
        return Err(PlanError::Unknown { name: format!("{}{version}", wish.name), help });
    }
    Ok(())
}

// Of the versions that a wish names: the one for this system; else the newest, or the oldest for a system older than all.
fn choose(
    headers: &[Standard],
    system: &System,
    wish: &Wish,
    selected: bool,
    chosen: &mut Vec<(String, bool)>,
    notes: &mut Vec<String>,
) {
    let distribution = system.distribution.as_deref();
    let version = system.version.as_deref();
    let mut named: Vec<&Standard> = headers.iter().filter(|standard| wish.means(standard)).collect();
    let forced = wish.version.is_some() || named.iter().all(|standard| standard.info.id.to_lowercase() == wish.name);
    if !forced {
        named.retain(|standard| standard.applies.fits_distribution(distribution));
    }
    named.sort_by_key(|standard| standard.applies.newest());
    let Some(newest) = named.last() else {
        let what = distribution.unwrap_or("this distribution");
        notes.push(format!("{} has no version for {what}, so it is not evaluated", text::sanitise(&wish.name)));
        return;
    };
    let fitting = named.iter().rev().find(|standard| standard.applies.fits_version(version));
    let standard = match (fitting, version) {
        (Some(standard), Some(_)) => standard,
        (_, None) => {
            if named.len() > 1 {
                let name = format!("{} {}", newest.info.name, newest.info.version);
                let short = newest.info.short.to_lowercase();
                notes.push(format!(
                    "the version of the system is unknown, so {name} is evaluated; name another as --standard {short}@VERSION"
                ));
            }
            newest
        }
        (None, Some(version)) => {
            let old = named.iter().all(|standard| standard.applies.is_above(version));
            let standard = if old { &named[0] } else { newest };
            let name = format!("{} {}", standard.info.name, standard.info.version);
            let relation = if old { "older" } else { "newer" };
            notes.push(format!(
                "version {version} is {relation} than any that a known version of {} is made for; {name} ({}) is evaluated",
                standard.info.name, standard.applies.versions_text
            ));
            standard
        }
    };
    if !chosen.iter().any(|(id, _)| *id == standard.info.id) {
        chosen.push((standard.info.id.clone(), selected));
    }
}
