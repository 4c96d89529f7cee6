//! What is in effect in an API server: flags, the files that they name, and defaults together.

use super::audit_policy;
use super::component::{Computed, World};
use super::flags::{Flag, Flags, boolean};
use super::instances::Instance;
use super::nodes::Document;
use crate::catalog::kubernetes::components::DEFAULT_PLUGINS;
use crate::expr::Value;
use crate::expr::path::{Step, Steps};
use crate::model::Text;

/// Adds the fields of an API server.
pub fn compute(world: &World<'_, '_>, instance: &Instance<'_>, computed: &mut Vec<Computed>) {
    let flags = match &instance.flags {
        Ok(flags) => flags,
        Err(why) => {
            let fields: [&'static [&'static str]; 6] = [
                &["admission", "enabled"],
                &["anonymous", "enabled"],
                &["authorization", "modes"],
                &["encryption", "secretsProvider"],
                &["audit", "policy"],
                &["podSecurity", "enforce"],
            ];
            let unknown = |path| Computed { path, value: Value::Unknown(why.clone()), source: None, real: None };
            computed.extend(fields.map(unknown));
            computed.push(unknown(&["audit", "gaps"]));
            return;
        }
    };
    let read = |flag: &Flag| document(world, instance, flag);
    computed.push(admission(world, instance, flags));
    computed.push(authorization(flags, &read));
    computed.extend(anonymous(flags, &read));
    computed.push(pod_security(flags, &read));
    computed.extend(flags.get("encryption-provider-config").map(|flag| encryption(flag, &read)));
    computed.extend(flags.get("audit-policy-file").into_iter().flat_map(|flag| audit(flag, &read)));
}

/// The document that a flag names: content and place, or why nobody knows it.
type Read<'r, 'a> = dyn Fn(&Flag) -> Result<(&'a Value, Steps), Text> + 'r;

fn document<'a>(world: &World<'_, 'a>, instance: &Instance<'_>, flag: &Flag) -> Result<(&'a Value, Steps), Text> {
    let path = match &flag.value {
        Value::Str(path) => path.clone(),
        Value::Unknown(why) => return Err(why.clone()),
        other => return Err(format!("--{} is {}, expected a path", flag.name, other.kind()).into()),
    };
    let missing = || format!("--{} names {path}, which was not read: no node data for {}", flag.name, instance.node);
    let node = world.node(instance).ok_or_else(missing)?;
    if node.facts.is_none() {
        return Err(missing().into());
    }
    match node.document("kube-apiserver", &path) {
        Document::Content(content, at) => Ok((content, at)),
        Document::Unknown(why) => Err(why),
    }
}

// Plugins in effect: on by default in this version, plus enabled, minus disabled.
fn admission(world: &World<'_, '_>, instance: &Instance<'_>, flags: &Flags) -> Computed {
    const PATH: &[&str] = &["admission", "enabled"];
    for name in ["admission-control", "enable-admission-plugins", "disable-admission-plugins"] {
        if let Some(Value::Unknown(why)) = flags.get(name).map(|flag| &flag.value) {
            return Computed::new(PATH, Value::Unknown(why.clone()), "flags and defaults");
        }
    }
    let list = |name: &str| -> Vec<&str> {
        flags.get(name).map(|flag| flag.value.items().iter().filter_map(Value::as_str).collect()).unwrap_or_default()
    };
    if let Some(flag) = flags.get("admission-control") {
        // Replaces everything; gone from newer versions.
        return Computed {
            path: PATH,
            value: flag.value.clone(),
            source: Some(flag.source.clone()),
            real: flag.at.clone(),
        };
    }
    let version =
        instance.image.and_then(super::instances::image_version).or_else(|| world.inventory.system.version.clone());
    let minor =
        version.as_deref().and_then(|version| version.split('.').nth(1)).and_then(|minor| minor.parse::<u64>().ok());
    let disabled = list("disable-admission-plugins");
    let mut enabled: Vec<&str> = DEFAULT_PLUGINS
        .iter()
        .filter(|plugin| minor.is_none_or(|minor| plugin.since <= minor))
        .map(|plugin| plugin.name)
        .chain(list("enable-admission-plugins"))
        .filter(|plugin| !disabled.contains(plugin))
        .collect();
    enabled.sort_unstable();
    enabled.dedup();
    let source = match minor {
        Some(minor) => format!("defaults of 1.{minor}, plus --enable-admission-plugins, minus --disable-admission-plugins"),
        None => "defaults of the newest known version (this one is unknown), plus --enable-admission-plugins, minus --disable-admission-plugins".to_owned(),
    };
    Computed::new(PATH, Value::list(enabled.into_iter().map(Value::str)), source)
}

fn authorization(flags: &Flags, read: &Read<'_, '_>) -> Computed {
    const PATH: &[&str] = &["authorization", "modes"];
    if let Some(flag) = flags.get("authorization-config") {
        return match read(flag) {
            Err(why) => Computed::new(PATH, Value::Unknown(why), flag.source.clone()),
            Ok((content, at)) => {
                let authorizers = content.get("authorizers").map(Value::items).unwrap_or_default();
                if authorizers.is_empty() {
                    // The API server does not start with such a file.
                    let why = format!("{} lists no authorizers", path_of(flag));
                    return Computed::new(PATH, Value::unknown(why), flag.source.clone());
                }
                let modes = authorizers.iter().map(|authorizer| match authorizer.get("type") {
                    Some(Value::Str(mode)) => Value::Str(mode.clone()),
                    _ => Value::unknown("an authorizer without type"),
                });
                let source = format!("authorizers of {}", path_of(flag));
                Computed {
                    path: PATH,
                    value: Value::list(modes),
                    source: Some(source.into()),
                    real: Some(below(at, &["authorizers"])),
                }
            }
        };
    }
    match flags.get("authorization-mode") {
        Some(flag) => {
            Computed { path: PATH, value: flag.value.clone(), source: Some(flag.source.clone()), real: flag.at.clone() }
        }
        None => Computed::new(PATH, Value::list([Value::str("AlwaysAllow")]), "default"),
    }
}

fn anonymous(flags: &Flags, read: &Read<'_, '_>) -> Vec<Computed> {
    const ENABLED: &[&str] = &["anonymous", "enabled"];
    if let Some(flag) = flags.get("anonymous-auth") {
        let value = match &flag.value {
            Value::Str(text) => boolean(text).map_or_else(|| flag.value.clone(), Value::Bool),
            other => other.clone(),
        };
        return vec![Computed { path: ENABLED, value, source: Some(flag.source.clone()), real: flag.at.clone() }];
    }
    let Some(flag) = flags.get("authentication-config") else {
        return vec![Computed::new(ENABLED, Value::Bool(true), "default")];
    };
    let (content, at) = match read(flag) {
        Ok(read) => read,
        Err(why) => return vec![Computed::new(ENABLED, Value::Unknown(why), flag.source.clone())],
    };
    let source: Text = format!("anonymous of {}", path_of(flag)).into();
    let real = |key| Some(below(at.clone(), &["anonymous", key]));
    match content.at(&["anonymous", "enabled"]) {
        // A section that does not say so enables nothing.
        None if matches!(content.get("anonymous"), Some(Value::Map(_))) => {
            vec![Computed { path: ENABLED, value: Value::Bool(false), source: Some(source), real: real("enabled") }]
        }
        None => vec![Computed::new(ENABLED, Value::Bool(true), "default")],
        Some(enabled) => {
            let conditions = content.at(&["anonymous", "conditions"]).map(Value::items).unwrap_or_default();
            let paths = conditions.iter().filter_map(|condition| condition.get("path").cloned());
            let field = |path, value, key| Computed { path, value, source: Some(source.clone()), real: real(key) };
            vec![
                field(ENABLED, enabled.clone(), "enabled"),
                field(&["anonymous", "paths"], Value::list(paths), "conditions"),
            ]
        }
    }
}

// The level that Pod Security admission holds namespaces to that say none themselves.
fn pod_security(flags: &Flags, read: &Read<'_, '_>) -> Computed {
    const PATH: &[&str] = &["podSecurity", "enforce"];
    let nothing = |source: String| Computed::new(PATH, Value::str("privileged"), source);
    match flags.get("disable-admission-plugins").map(|flag| &flag.value) {
        Some(Value::Unknown(why)) => return Computed::new(PATH, Value::Unknown(why.clone()), "flags"),
        Some(disabled) if disabled.items().iter().any(|plugin| plugin.as_str() == Some("PodSecurity")) => {
            return nothing("--disable-admission-plugins turns PodSecurity off".to_owned());
        }
        _ => {}
    }
    let Some(flag) = flags.get("admission-control-config-file") else { return nothing("default".to_owned()) };
    let (content, at) = match read(flag) {
        Ok(read) => read,
        Err(why) => return Computed::new(PATH, Value::Unknown(why), flag.source.clone()),
    };
    let file = path_of(flag);
    let plugins = content.get("plugins").map(Value::items).unwrap_or_default();
    let named = |plugin: &Value| plugin.get("name").and_then(Value::as_str) == Some("PodSecurity");
    let Some(place) = plugins.iter().position(named) else {
        if let Some(Value::Unknown(why)) = plugins.iter().find(|plugin| matches!(plugin, Value::Unknown(_))) {
            return Computed::new(PATH, Value::Unknown(why.clone()), flag.source.clone());
        }
        return nothing(format!("default: {file} does not configure PodSecurity"));
    };
    let configuration = plugins.get(place).and_then(|plugin| plugin.get("configuration"));
    let Some(configuration) = configuration.filter(|configuration| **configuration != Value::Null) else {
        let why = format!("the configuration of PodSecurity, which {file} names, was not collected");
        return Computed::new(PATH, Value::unknown(why), flag.source.clone());
    };
    let real = || {
        let mut real = below(at.clone(), &["plugins"]);
        real.push(Step::Index(place));
        Some(below(real, &["configuration", "defaults", "enforce"]))
    };
    match configuration.at(&["defaults", "enforce"]).filter(|level| **level != Value::Null) {
        None => Computed { real: real(), ..nothing(format!("default: {file} states no level to enforce")) },
        Some(level) => {
            let source = Some(format!("defaults of PodSecurity in {file}").into());
            Computed { path: PATH, value: level.clone(), source, real: real() }
        }
    }
}

// The first provider of the first entry that covers Secrets: that one encrypts, the others only decrypt.
fn encryption(flag: &Flag, read: &Read<'_, '_>) -> Computed {
    const PATH: &[&str] = &["encryption", "secretsProvider"];
    let (content, at) = match read(flag) {
        Ok(read) => read,
        Err(why) => return Computed::new(PATH, Value::Unknown(why), flag.source.clone()),
    };
    let source: Text = format!("first provider for secrets of {}", path_of(flag)).into();
    let entries = content.get("resources").map(Value::items).unwrap_or_default();
    // `*.` is the core group, `*.*` everything.
    let covers = |entry: &&Value| {
        let resources = entry.get("resources").map(Value::items).unwrap_or_default();
        resources.iter().filter_map(Value::as_str).any(|resource| matches!(resource, "secrets" | "*." | "*.*"))
    };
    let at_entries = below(at, &["resources"]);
    let (provider, real) = match entries.iter().enumerate().find(|(_, entry)| covers(entry)) {
        // Not covered: Secrets are written as they are.
        None => (Value::str("identity"), at_entries),
        Some((n, entry)) => {
            let mut first = at_entries;
            first.push(Step::Index(n));
            let mut first = below(first, &["providers"]);
            first.push(Step::Index(0));
            (first_provider(entry), first)
        }
    };
    Computed { path: PATH, value: provider, source: Some(source), real: Some(real) }
}

fn first_provider(entry: &Value) -> Value {
    match entry.get("providers").map(Value::items).unwrap_or_default().first() {
        Some(Value::Map(map)) => match map.iter().next() {
            Some((name, _)) => Value::str(name.as_str()),
            None => Value::unknown("a provider without a name"),
        },
        _ => Value::unknown("an entry without providers"),
    }
}

fn audit(flag: &Flag, read: &Read<'_, '_>) -> Vec<Computed> {
    const POLICY: &[&str] = &["audit", "policy"];
    const GAPS: &[&str] = &["audit", "gaps"];
    match read(flag) {
        Err(why) => {
            let unknown = |path| Computed::new(path, Value::Unknown(why.clone()), flag.source.clone());
            vec![unknown(POLICY), unknown(GAPS)]
        }
        Ok((content, at)) => {
            let gaps = Value::list(audit_policy::gaps(content).into_iter().map(Value::str));
            let source: Text = format!("audit policy {}", path_of(flag)).into();
            vec![
                Computed { path: POLICY, value: content.clone(), source: Some(source.clone()), real: Some(at) },
                Computed::new(GAPS, gaps, source),
            ]
        }
    }
}

fn path_of(flag: &Flag) -> &str {
    flag.value.as_str().unwrap_or_default()
}

fn below(mut at: Steps, path: &[&str]) -> Steps {
    at.extend(crate::derive::keys(path));
    at
}
