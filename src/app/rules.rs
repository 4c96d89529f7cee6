//! `spm rules`: for those who write rules and those who read them.

use std::path::Path;

use serde_json::json;

use super::page::{lines, paper};
use super::{Exit, Fault, Outcome, library, print};
use crate::base::new_file::Readers;
use crate::base::text::{count, shorten};
use crate::catalog;
use crate::cli::{GlobalArgs, RulesArgs, RulesCommand, SchemaOf};
use crate::evaluate::run_examples;
use crate::report::{Ink, Line, Room};
use crate::rules::{Check, Library, LoadError, Pack, authoring};

/// Runs the command.
pub fn run(args: &RulesArgs, global: &GlobalArgs) -> Outcome {
    match &args.command {
        RulesCommand::List { resources: true, .. } => resources(global),
        RulesCommand::List { text, json, .. } => list(&library(global)?, text.as_deref(), *json, global),
        RulesCommand::Show { id, source } => show(&library(global)?, id, *source, global),
        RulesCommand::Validate { dir } => validate(dir, global),
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

/// Columns behind the ids of a list from which on score and title stand beside them.
const TITLE: usize = 48;

fn list(library: &Library, text: Option<&str>, as_json: bool, global: &GlobalArgs) -> Outcome {
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
        let paper = &mut lines(out, global);
        let width = checks.iter().map(|check| check.info.id.len()).max().unwrap_or(0);
        for check in &checks {
            let info = &check.info;
            let score = format!("{:8}  {:>4.1}  ", info.severity().as_str(), info.ccss.base());
            if paper.width < width + TITLE {
                paper.line(0, &Line::new().add(Ink::Bold, &info.id))?;
                paper.line(2, &Line::new().dim(&score).plain(&info.title))?;
            } else {
                let line = Line::new().add(Ink::Bold, &format!("{:width$}  ", info.id)).dim(&score).plain(&info.title);
                paper.fit(Room { indent: 0, hanging: width + 18, lines: usize::MAX }, &line)?;
            }
        }
        paper.line(0, &Line::new().plain(&count(checks.len(), "check")))
    })?;
    Ok(Exit::Done)
}

fn resources(global: &GlobalArgs) -> Outcome {
    print(|out| {
        let paper = &mut lines(out, global);
        for view in catalog::views() {
            let head = Line::new().add(Ink::Bold, view.name);
            paper.line(0, &head.plain(&format!(" ({}): {}", view.technology, view.subject)))?;
            for field in view.fields {
                let path = if field.path.is_empty() { "..." } else { field.path };
                paper.line(4, &Line::new().add(Ink::Cyan, path).plain(&format!(": {}", field.doc)))?;
            }
        }
        for kind in catalog::kinds() {
            let head = Line::new().add(Ink::Bold, kind.name);
            let fields = kind.fields.join(", ");
            paper.line(0, &head.plain(&format!(" ({}): objects as they were read: {fields}", kind.technology)))?;
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

fn show(library: &Library, id: &str, source: bool, global: &GlobalArgs) -> Outcome {
    let check = known(library, id)?;
    if source {
        print(|out| out.write_all(library.check_text(id).unwrap_or_default().as_bytes()))?;
        return Ok(Exit::Done);
    }
    let users = users(library, id)?;
    let info = &check.info;
    print(|out| {
        let paper = &mut paper(out, global);
        paper.line(0, &Line::new().add(Ink::Bold, &info.id))?;
        paper.line(0, &Line::new().plain(&info.title))?;
        paper.blank()?;
        paper.labelled("Assesses", &info.resource)?;
        paper.labelled("Severity", &format!("{} ({}), {}", info.severity(), info.ccss.base(), info.ccss))?;
        paper.labelled("", &format!("likelihood: {}", info.ccss.likelihood()))?;
        paper.labelled("", &format!("technical impact: {}", info.ccss.technical_impact()))?;
        let control = info.control.as_str();
        paper.labelled("", &format!("configuration impact: a failure weakens a control that is there to {control}"))?;
        paper.labelled("Themes", &info.themes.join(", "))?;
        if users.is_empty() {
            paper.labelled("Asked by", "no standard, so no scan evaluates it")?;
        }
        for (at, (standard, rules)) in users.iter().enumerate() {
            let label = if at == 0 { "Asked by" } else { "" };
            paper.labelled(label, &format!("{standard}: {}", rules.join(", ")))?;
        }
        for (name, param) in &check.params {
            let default = param.default.as_ref().map_or("required".to_owned(), |d| format!("default {}", d.to_json()));
            paper.labelled("Parameter", &format!("{name}: {} ({default})", param.doc))?;
        }
        paper.blank()?;
        paper.section("Why it matters", &info.why)?;
        paper.section("How to fix", &info.fix)?;
        if let Some(hint) = &info.hint {
            paper.section("If it cannot be decided", hint)?;
        }
        paper.section("More", &info.links.join("\n"))
    })?;
    Ok(Exit::Done)
}

/// Standards with the rules of each that ask for the check.
fn users(library: &Library, id: &str) -> Result<Vec<(String, Vec<String>)>, LoadError> {
    let mut users = Vec::new();
    for standard_id in library.standard_ids() {
        let Some(standard) = library.standard(standard_id)? else { continue };
        let mut rules = Vec::new();
        for rule in &standard.rules {
            if library.uses(&standard, rule)?.iter().any(|used| used.check == id) {
                rules.push(rule.id.clone());
            }
        }
        if !rules.is_empty() {
            users.push((format!("{} {}", standard.info.name, standard.info.version), rules));
        }
    }
    Ok(users)
}

fn validate(dir: &Path, global: &GlobalArgs) -> Outcome {
    let pack = Pack::read(dir)?;
    let own: Vec<String> = pack.check_ids().map(str::to_owned).collect();
    let standards = pack.standard_ids().count();
    // Standards of a pack may use the checks that the binary carries.
    let mut all = Pack::embedded();
    all.merge(pack);
    let library = Library::new(all)?;
    library.validate()?;
    let mut unasked = Vec::new();
    for id in own.iter().map(String::as_str) {
        if users(&library, id)?.is_empty() {
            unasked.push(id);
        }
    }
    print(|out| {
        let paper = &mut lines(out, global);
        let sound = format!("{} and {} are sound", count(own.len(), "check"), count(standards, "standard"));
        paper.line(0, &Line::new().plain(&sound))?;
        if unasked.is_empty() {
            return Ok(());
        }
        let ids = unasked.join(", ");
        let ids = shorten(&ids, 400);
        let (are, them) = if unasked.len() == 1 { ("is", "it") } else { ("are", "them") };
        let checks = count(unasked.len(), "check");
        let note = format!("{checks} {are} asked for by no standard, so no scan evaluates {them}: {ids}");
        paper.line(0, &Line::new().plain(&note))
    })?;
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
