//! `spm rules`: for those who write rules and those who read them.

use std::path::Path;

use serde_json::json;

use super::{Exit, Fault, Outcome, library, print};
use crate::base::new_file::Readers;
use crate::base::text::count;
use crate::catalog;
use crate::cli::{GlobalArgs, RulesArgs, RulesCommand, SchemaOf};
use crate::evaluate::run_examples;
use crate::rules::{Check, Library, Pack, authoring};

/// Runs the command.
pub fn run(args: &RulesArgs, global: &GlobalArgs) -> Outcome {
    match &args.command {
        RulesCommand::List { resources: true, .. } => resources(),
        RulesCommand::List { text, json, .. } => list(&library(global)?, text.as_deref(), *json),
        RulesCommand::Show { id, source } => show(&library(global)?, id, *source),
        RulesCommand::Validate { dir } => validate(dir),
        RulesCommand::Test { dir } => test(dir.as_deref(), global),
        RulesCommand::New { id, resource, dir } => new(id, resource, dir.as_deref()),
        RulesCommand::Schema { of } => {
            let schema = match of {
                SchemaOf::Check => authoring::check_schema(),
                SchemaOf::Standard => authoring::standard_schema(),
            };
            print(|out| writeln!(out, "{schema:#}"))?;
            Ok(Exit::Done)
        }
    }
}

fn list(library: &Library, text: Option<&str>, as_json: bool) -> Outcome {
    let text = text.map(str::to_lowercase);
    let mut checks = Vec::new();
    for id in library.check_ids() {
        let Some(check) = library.check(id)? else { continue };
        let info = &check.info;
        let fits = |text: &String| {
            let words = [&info.id, &info.title, &info.resource];
            words.iter().any(|word| word.to_lowercase().contains(text)) || info.themes.iter().any(|t| t == text)
        };
        if text.as_ref().is_none_or(fits) {
            checks.push(check);
        }
    }
    if as_json {
        let all: Vec<_> = checks
            .iter()
            .map(|check| {
                let info = &check.info;
                json!({"id": info.id, "title": info.title, "resource": info.resource, "severity": info.severity(),
                    "score": info.ccss.base(), "ccss": info.ccss, "themes": info.themes})
            })
            .collect();
        print(|out| writeln!(out, "{:#}", serde_json::Value::from(all)))?;
        return Ok(Exit::Done);
    }
    print(|out| {
        let width = checks.iter().map(|check| check.info.id.len()).max().unwrap_or(0);
        for check in &checks {
            let info = &check.info;
            writeln!(out, "{:width$}  {:8}  {:4}  {}", info.id, info.severity(), info.ccss.base(), info.title)?;
        }
        writeln!(out, "{}", count(checks.len(), "check"))
    })?;
    Ok(Exit::Done)
}

fn resources() -> Outcome {
    print(|out| {
        for view in catalog::views() {
            writeln!(out, "{} ({}): {}", view.name, view.technology, view.subject)?;
            for field in view.fields {
                let path = if field.path.is_empty() { "..." } else { field.path };
                writeln!(out, "    {path}: {}", field.doc)?;
            }
        }
        for kind in catalog::kinds() {
            writeln!(
                out,
                "{} ({}): objects as they were read: {}",
                kind.name,
                kind.technology,
                kind.fields.join(", ")
            )?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn known(library: &Library, id: &str) -> Result<std::sync::Arc<Check>, Fault> {
    match library.check(id)? {
        Some(check) => Ok(check),
        None => {
            let near = crate::base::spelling::nearest(id, library.check_ids());
            let help =
                near.map_or_else(|| "see `spm rules list`".to_owned(), |near| format!("did you mean \"{near}\"?"));
            Err(Fault(format!("unknown check \"{id}\" ({help})")))
        }
    }
}

fn show(library: &Library, id: &str, source: bool) -> Outcome {
    let check = known(library, id)?;
    if source {
        print(|out| out.write_all(library.check_text(id).unwrap_or_default().as_bytes()))?;
        return Ok(Exit::Done);
    }
    let mut users: Vec<String> = Vec::new();
    for standard_id in library.standard_ids() {
        let Some(standard) = library.standard(standard_id)? else { continue };
        for rule in &standard.rules {
            if library.uses(&standard, rule)?.iter().any(|used| used.check == id) {
                users.push(format!("{} {} {}", standard.info.short, standard.info.version, rule.id));
            }
        }
    }
    let info = &check.info;
    print(|out| {
        writeln!(out, "{}\n{}\n", info.id, info.title)?;
        writeln!(out, "Assesses   {}", info.resource)?;
        writeln!(out, "Severity   {} ({}), {}", info.severity(), info.ccss.base(), info.ccss)?;
        writeln!(out, "           likelihood: {}", info.ccss.likelihood())?;
        writeln!(out, "           technical impact: {}", info.ccss.technical_impact())?;
        writeln!(
            out,
            "           configuration impact: a failure weakens a control that is there to {}",
            info.control.as_str()
        )?;
        writeln!(out, "Themes     {}", info.themes.join(", "))?;
        writeln!(out, "Asked by   {}", if users.is_empty() { "no standard".to_owned() } else { users.join(", ") })?;
        for (name, param) in &check.params {
            let default = param.default.as_ref().map_or("required".to_owned(), |d| format!("default {}", d.to_json()));
            writeln!(out, "Parameter  {name}: {} ({default})", param.doc)?;
        }
        writeln!(out, "\nWhy it matters\n{}\n\nHow to fix\n{}", info.why, info.fix)?;
        if let Some(hint) = &info.hint {
            writeln!(out, "\nIf it cannot be decided\n{hint}")?;
        }
        writeln!(out, "\nMore\n{}", info.links.join("\n"))
    })?;
    Ok(Exit::Done)
}

fn validate(dir: &Path) -> Outcome {
    let pack = Pack::read(dir)?;
    let (checks, standards) = (pack.check_ids().count(), pack.standard_ids().count());
    // Standards of a pack may use the checks that the binary carries.
    let mut all = Pack::embedded();
    all.merge(pack);
    Library::new(all)?.validate()?;
    print(|out| writeln!(out, "{} and {} are sound", count(checks, "check"), count(standards, "standard")))?;
    Ok(Exit::Done)
}

fn test(dir: Option<&Path>, global: &GlobalArgs) -> Outcome {
    let library = match dir {
        Some(dir) => Library::new(Pack::read(dir)?)?,
        None => library(global)?,
    };
    library.validate()?;
    let now = jiff::Timestamp::now();
    let (mut examples, mut faults) = (0, Vec::new());
    for id in library.check_ids() {
        let Some(check) = library.check(id)? else { continue };
        examples += check.examples.len();
        faults.extend(run_examples(&check, now));
    }
    if faults.is_empty() {
        print(|out| writeln!(out, "{} hold", count(examples, "example")))?;
        return Ok(Exit::Done);
    }
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    Err(Fault(format!("{}\n{} of {} do not hold", lines.join("\n"), faults.len(), count(examples, "example"))))
}

fn new(id: &str, resource: &str, dir: Option<&Path>) -> Outcome {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || !id.chars().all(plain) {
        return Err(Fault(format!("\"{id}\" is no id of a check (expected kebab-case: a-z, 0-9, -)")));
    }
    let Some(source) = catalog::source(resource) else {
        let near = catalog::nearest(resource).map_or_else(String::new, |near| format!(", did you mean \"{near}\"?"));
        return Err(Fault(format!("unknown resource \"{resource}\"{near} (see `spm rules list --resources`)")));
    };
    let text = authoring::skeleton(id, source);
    let Some(dir) = dir else {
        print(|out| out.write_all(text.as_bytes()))?;
        return Ok(Exit::Done);
    };
    let folder = dir.join("checks").join(source.technology().as_str());
    let path = folder.join(format!("{id}.yaml"));
    if path.exists() {
        return Err(Fault(format!("{} exists already", path.display())));
    }
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| super::files::write_whole(&path, Readers::Default, |out| out.write_all(text.as_bytes())));
    written.map_err(|error| Fault(format!("{}: {error}", path.display())))?;
    print(|out| writeln!(out, "{}", path.display()))?;
    Ok(Exit::Done)
}
