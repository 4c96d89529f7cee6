//! CSV: one row per rule and resource, or element of it. A rule without resources, and one whose result is not what its
//! resources show (a person has decided it, or has to), has one more row with empty resource columns.
//!
//! The columns are a public contract: new ones are added at the end only. A resource with several deciding properties
//! has them in one cell each, divided by ` | `, in the same order in every column. Text that a spreadsheet would run as a
//! formula begins with an apostrophe; control and hidden characters are escaped as `\u{...}`. Rows are in the order of
//! the view.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::view::{Finding, Row, Selection};
use super::words;
use crate::base::text::sanitise;
use crate::model::{Detail, Evidence, WaiverSource};

/// The columns, in order.
pub const COLUMNS: [&str; 38] = [
    "system",           // name
    "technology",       //
    "system_version",   // as the system reports it
    "distribution",     //
    "standard",         // short name
    "standard_version", //
    "standard_id",      // unique (cis-kubernetes-1.12.0)
    "rule_id",          //
    "rule_title",       //
    "level",            // metadata entry `level`, if there is one
    "metadata",         // all entries, `name=value; name=value`
    "severity",         // of the rule: critical, high, medium, low
    "result",           // of the rule: failed, manual, passed, not_relevant, out_of_scope
    "resource_kind",    //
    "scope",            // namespace or region
    "resource_name",    //
    "element",          // element inside the resource (container name)
    "state",            // of the resource
    "property",         // paths of the deciding properties
    "actual",           // their values as JSON text, `(absent)` if there is none
    "expected",         //
    "source",           // where the values came from, if not from the object itself
    "file",             // input file
    "line",             // line in it
    "reason",           // one sentence
    "hint",             // what is needed to decide it
    "waived",           // true or false, for failed resources
    "waiver_reason",    //
    "waiver_owner",     //
    "waiver_expires",   // YYYY-MM-DD
    "check_id",         //
    "parameters",       // in effect, `name=value; name=value`
    "score",            // CCSS base score of the check
    "vector",           // CCSS vector of the check
    "fix",              //
    "assessed_at",      // RFC 3339, UTC
    "scan_id",          //
    "waiver_source",    // file or annotation
];

/// How many columns end a row: when, which scan, and where the waiver is.
const END: usize = 3;

pub fn write(selection: &Selection<'_>, out: &mut dyn Write) -> io::Result<()> {
    // The kind of a fault must not be lost: a closed pipe is none.
    rows(selection, out).map_err(|fault| match fault.into_kind() {
        csv::ErrorKind::Io(fault) => fault,
        other => io::Error::other(format!("{other:?}")),
    })
}

fn rows(selection: &Selection<'_>, out: &mut dyn Write) -> csv::Result<()> {
    // Buffered by the caller; a buffer here would only copy once more.
    let mut csv = csv::WriterBuilder::new().buffer_capacity(1 << 14).from_writer(out);
    csv.write_record(COLUMNS)?;
    for row in &selection.rows {
        let front = Front::of(row);
        let mut findings = selection.findings(row).peekable();
        if findings.peek().is_none() || row.is_overruled() {
            front.write(&mut csv)?;
            for column in COLUMNS.iter().skip(front.cells.len()).take(COLUMNS.len() - front.cells.len() - END) {
                let hint = row.rule.hint.as_deref().filter(|_| *column == "hint");
                write_text(&mut csv, hint.unwrap_or_default())?;
            }
            front.write_end(&mut csv, None)?;
        }
        let mut check = None;
        for finding in findings {
            let back = match check.take() {
                Some((index, back)) if index == finding.check_index => back,
                _ => CheckCells::of(&finding),
            };
            front.write(&mut csv)?;
            write_finding(&mut csv, &finding)?;
            back.write(&mut csv)?;
            front.write_end(&mut csv, finding.outcome.waiver.as_ref().map(|waiver| waiver.source))?;
            check = Some((finding.check_index, back));
        }
    }
    Ok(csv.flush()?)
}

type Csv<'w> = csv::Writer<&'w mut dyn Write>;

/// The cells that all rows of a rule share, made safe once.
struct Front<'a> {
    cells: Vec<Cow<'a, str>>,
    end: [Cow<'a, str>; 2],
}

impl<'a> Front<'a> {
    fn of(row: &Row<'a>) -> Front<'a> {
        let (assessment, rule) = (row.assessment, row.rule);
        let (system, standard) = (&assessment.system, &row.standard.standard);
        let level = rule.metadata.iter().find(|(name, _)| name == "level").map_or("", |(_, value)| value);
        let metadata = pairs(words::metadata(rule));
        let cells = [
            system.name.as_str(),
            system.technology.as_str(),
            system.version.as_deref().unwrap_or_default(),
            system.distribution.as_deref().unwrap_or_default(),
            &standard.short,
            &standard.version,
            &standard.id,
            &rule.id,
            &rule.title,
            level,
        ];
        let mut cells: Vec<Cow<'a, str>> = cells.into_iter().map(safe).collect();
        cells.push(Cow::Owned(safe(&metadata).into_owned()));
        cells.push(Cow::Borrowed(rule.severity.map_or("", |severity| severity.as_str())));
        cells.push(Cow::Borrowed(if rule.out_of_scope { "out_of_scope" } else { row.state.as_str() }));
        Front { cells, end: [safe(&assessment.assessed_at), safe(&assessment.id)] }
    }

    fn write(&self, csv: &mut Csv<'_>) -> csv::Result<()> {
        self.cells.iter().try_for_each(|cell| csv.write_field(cell.as_bytes()))
    }

    // Ends the record.
    fn write_end(&self, csv: &mut Csv<'_>, waived_in: Option<WaiverSource>) -> csv::Result<()> {
        self.end.iter().try_for_each(|cell| csv.write_field(cell.as_bytes()))?;
        csv.write_field(waived_in.map_or("", WaiverSource::as_str))?;
        csv.write_record(None::<&[u8]>)
    }
}

/// The cells that all rows of a check share.
struct CheckCells([String; 5]);

impl CheckCells {
    fn of(finding: &Finding<'_>) -> CheckCells {
        let check = &finding.check.check;
        let parameters = pairs(finding.check.params.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let cells = [&check.id, &parameters, &check.ccss.base().to_string(), &check.ccss.to_string(), &check.fix];
        CheckCells(cells.map(|cell| safe(cell).into_owned()))
    }

    fn write(&self, csv: &mut Csv<'_>) -> csv::Result<()> {
        self.0.iter().try_for_each(|cell| csv.write_field(cell.as_bytes()))
    }
}

fn write_finding(csv: &mut Csv<'_>, finding: &Finding<'_>) -> csv::Result<()> {
    let (outcome, resource) = (finding.outcome, finding.resource);
    write_text(csv, &resource.kind)?;
    write_text(csv, resource.scope.as_deref().unwrap_or_default())?;
    write_text(csv, &resource.name)?;
    write_text(csv, outcome.element.as_deref().unwrap_or_default())?;
    csv.write_field(outcome.state.as_str())?;
    write_detail(csv, outcome.detail.as_deref())?;
    let waiver = outcome.waiver.as_deref();
    csv.write_field(match (waiver, outcome.state) {
        (Some(_), _) => "true",
        (None, crate::model::State::Failed) => "false",
        (None, _) => "",
    })?;
    write_text(csv, waiver.map_or("", |waiver| &waiver.reason))?;
    write_text(csv, waiver.and_then(|waiver| waiver.owner.as_deref()).unwrap_or_default())?;
    write_text(csv, waiver.and_then(|waiver| waiver.expires.as_deref()).unwrap_or_default())
}

fn write_detail(csv: &mut Csv<'_>, detail: Option<&Detail>) -> csv::Result<()> {
    let Some(detail) = detail else {
        return (0..8).try_for_each(|_| csv.write_field(""));
    };
    write_joined(csv, detail, |evidence| Cow::Borrowed(evidence.path.as_str()))?;
    write_joined(csv, detail, |evidence| Cow::Borrowed(evidence.actual.as_deref().unwrap_or("(absent)")))?;
    write_joined(csv, detail, |evidence| Cow::Borrowed(evidence.expected.as_str()))?;
    write_joined(csv, detail, |evidence| Cow::Borrowed(evidence.source.as_deref().unwrap_or_default()))?;
    let location = |evidence: &Evidence| evidence.location.clone();
    write_joined(csv, detail, |evidence| {
        location(evidence).map_or(Cow::Borrowed(""), |l| Cow::Owned(l.file.to_string()))
    })?;
    write_joined(csv, detail, |evidence| {
        location(evidence).map_or(Cow::Borrowed(""), |l| Cow::Owned(l.line.to_string()))
    })?;
    if detail.omitted > 0 {
        write_text(csv, &format!("{} (and {} more properties)", detail.reason, detail.omitted))?;
    } else {
        write_text(csv, &detail.reason)?;
    }
    write_text(csv, detail.hint.as_deref().unwrap_or_default())
}

// The same part of every deciding property in one cell; empty if no property has it.
fn write_joined<'d>(
    csv: &mut Csv<'_>,
    detail: &'d Detail,
    part: impl Fn(&'d Evidence) -> Cow<'d, str>,
) -> csv::Result<()> {
    if let [evidence] = detail.evidence.as_slice() {
        return write_text(csv, &part(evidence));
    }
    let parts: Vec<Cow<'d, str>> = detail.evidence.iter().map(part).collect();
    if parts.iter().all(|part| part.is_empty()) { csv.write_field("") } else { write_text(csv, &parts.join(" | ")) }
}

fn write_text(csv: &mut Csv<'_>, text: &str) -> csv::Result<()> {
    csv.write_field(safe(text).as_bytes())
}

fn pairs<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        // Writing to a String cannot fail.
        _ = write!(out, "{}{name}={value}", if out.is_empty() { "" } else { "; " });
    }
    out
}

/// Text that neither a spreadsheet nor a terminal would obey.
pub fn safe(text: &str) -> Cow<'_, str> {
    // Nearly every cell: no need to look at each character.
    let plain = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    let text = if plain { Cow::Borrowed(text) } else { sanitise(text) };
    // The wide forms are turned into the narrow ones by some programs. Tab and line ends are escaped by now.
    if text.starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']) {
        Cow::Owned(format!("'{text}"))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{COLUMNS, Row};
    use crate::report::{Format, Report, TableStyle, View, testing, write};

    fn rows(report: &Report<'_>, view: &View) -> Vec<HashMap<String, String>> {
        let mut out = Vec::new();
        write(Format::Csv, report, view, &TableStyle::default(), &mut out).unwrap();
        let mut reader = csv::Reader::from_reader(out.as_slice());
        assert_eq!(reader.headers().unwrap(), COLUMNS.as_slice());
        reader.deserialize().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_row_for_every_resource_and_for_every_rule_without_one() {
        for (name, set) in testing::sets() {
            for view in [View::default(), View { complete: true, ..View::default() }] {
                let report = testing::report(&set);
                let selection = view.select(&report);
                let alone = |row: &&Row<'_>| selection.findings(row).next().is_none() || row.is_overruled();
                let empty = selection.rows.iter().filter(alone).count();
                let rows = rows(&report, &view);
                assert_eq!(rows.len(), selection.shown.findings + empty, "{name}");
                let with_resource = rows.iter().filter(|row| !row["state"].is_empty()).count();
                let all: usize =
                    set.iter().flat_map(|a| &a.standards).flat_map(|s| &s.rules).map(|r| r.counts.total()).sum();
                assert_eq!(with_resource + selection.left_out.findings, all, "{name}");
            }
        }
    }

    #[test]
    fn no_cell_is_obeyed() {
        let set = [testing::hostile()];
        for row in rows(&testing::report(&set), &View::default()) {
            #[expect(clippy::iter_over_hash_type, reason = "every cell is looked at, in whatever order")]
            for (column, cell) in row {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{column}: {cell}");
                assert!(!cell.chars().any(|c| c.is_control() || c == '\u{202e}'), "{column}: {cell}");
            }
        }
        for (text, safe) in [
            ("=1", "'=1"),
            ("-1", "'-1"),
            ("\t=1", "\\u{9}=1"),
            ("＝1", "'＝1"),
            ("é", "é"),
            ("\r\n+", "\\u{d}\\u{a}+"),
        ] {
            assert_eq!(super::safe(text), safe);
        }
    }

    #[test]
    fn a_rule_without_resources() {
        let set = [testing::cluster()];
        let view = View { rule: Some("3.1.1".to_owned()), ..View::default() };
        let rows = rows(&testing::report(&set), &view);
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        assert!(row["hint"].starts_with("List who holds client certificates"));
        for (column, cell) in
            [("result", "manual"), ("state", ""), ("resource_name", ""), ("check_id", ""), ("fix", "")]
        {
            assert_eq!(row[column], cell, "{column}");
        }
        assert_eq!((row["assessed_at"].as_str(), row["scan_id"].as_str()), ("2026-11-21T22:12:05Z", "scan-9"));
    }

    #[test]
    fn a_failed_resource_with_its_place() {
        let set = [testing::cluster()];
        let view = View {
            standards: vec!["cis".to_owned()],
            resource: Some("deployment shop/cart".to_owned()),
            ..View::default()
        };
        let rows = rows(&testing::report(&set), &view);
        let row = rows.iter().find(|row| row["rule_id"] == "5.2.2").unwrap();
        for (column, cell) in [
            ("system", "prod-eu-1"),
            ("level", "1"),
            ("metadata", "level=1; assessment=automated"),
            ("severity", "high"),
            ("result", "failed"),
            ("resource_kind", "Deployment"),
            ("scope", "shop"),
            ("element", "app"),
            ("property", "spec.template.spec.containers[0].securityContext.privileged"),
            ("actual", "true"),
            ("expected", "not true"),
            ("file", "deploy/cart.yaml"),
            ("line", "31"),
            ("waived", "false"),
            ("check_id", "kubernetes-container-not-privileged"),
            ("parameters", "mode=\"0600\""),
            ("assessed_at", "2026-11-21T22:12:05Z"),
        ] {
            assert_eq!(row[column], cell, "{column}");
        }
    }
}
