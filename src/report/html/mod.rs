//! One self-contained HTML page: no network, no inline handlers, one script and one style whose hashes the page's content
//! security policy names.
//!
//! The overview is rendered here and readable without the script. Rules and resources travel as compact JSON beside it
//! ([`payload`]); the script filters, sorts and pages them. The page always holds Not relevant rules too, so that its own
//! switch between the complete and the recommended view has something to show.

mod payload;

use std::fmt::Write as _;
use std::io::{self, Write};

use sha2::{Digest, Sha256};

use super::view::Selection;
use super::{OtherStatus, Report, cards, words};
use crate::base::text::{count, sanitise};
use crate::model::{Severity, Totals};

const SCRIPT: &str = include_str!("app.js");
const STYLE: &str = include_str!("style.css");

/// Circumference of the donut, in units of its drawing.
const AROUND: usize = 1000;

/// `selection` is of a complete view; `complete` says whether the page begins with it.
pub fn write(report: &Report<'_>, selection: &Selection<'_>, complete: bool, out: &mut dyn Write) -> io::Result<()> {
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    );
    let title = match report.assessments {
        [only] => format!("Security posture of {}", words::short(&only.system.name, 80)),
        all => format!("Security posture of {}", count(all.len(), "system")),
    };
    let title = escape(&title);
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>"
    )?;
    writeln!(
        out,
        "<a class=\"skip\" href=\"#results\" id=\"skip\">Skip to the results</a>\n<header><h1>{title}</h1>\
         <button type=\"button\" id=\"theme\" aria-label=\"Switch between light and dark\">Light / dark</button></header>\n<main>"
    )?;
    overview(report, selection, out)?;
    out.write_all(RESULTS.as_bytes())?;
    writeln!(out, "</main>")?;
    out.write_all(PANEL.as_bytes())?;
    let data = payload::json(report, selection, complete);
    // Inside of a script element only a less-than sign could end it; in JSON it stands in strings only.
    writeln!(out, "<script type=\"application/json\" id=\"data\">{}</script>", data.replace('<', "\\u003c"))?;
    writeln!(out, "<script>{SCRIPT}</script>\n</body>\n</html>")
}

fn overview(report: &Report<'_>, selection: &Selection<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<section aria-labelledby=\"overview-title\"><h2 id=\"overview-title\">Overview</h2>\n<div class=\"tiles\">"
    )?;
    out.write_all(donut(report).as_bytes())?;
    for card in cards(selection) {
        let totals = &card.totals;
        let name = escape(&words::short(&card.name, 120));
        writeln!(
            out,
            "<article class=\"tile\"><h3><button type=\"button\" class=\"link\" data-standard=\"{}\">{name}</button></h3>\
             <p class=\"posture\"><strong>{}</strong> passed{}</p>{}",
            escape(&card.name),
            percent(totals.posture()),
            with_waivers(totals),
            bar(totals)
        )?;
        let rules = totals.rules;
        write!(
            out,
            "<dl class=\"counts\"><div><dt>Rules</dt><dd>{}</dd></div><div class=\"passed\"><dt>Passed</dt><dd>{}</dd></div>\
             <div class=\"manual\"><dt>Manual</dt><dd>{}</dd></div><div class=\"failed\"><dt>Failed</dt><dd>{}</dd></div></dl>\
             <p class=\"by\">",
            rules.total(),
            rules.passed,
            rules.manual,
            rules.failed
        )?;
        out.write_all(severities(totals).as_bytes())?;
        writeln!(out, "</p>")?;
        if let Some(caution) = words::caution(card.kind) {
            writeln!(out, "<p class=\"small\">{}</p>", escape(caution))?;
        }
        writeln!(out, "</article>")?;
    }
    writeln!(out, "</div>")?;
    systems(report, selection, out)?;
    remarks(report, out)?;
    writeln!(out, "</section>")
}

fn donut(report: &Report<'_>) -> String {
    let with = |status| report.others.iter().filter(|other| other.status == status).count();
    let parts = [
        ("Assessed", "assessed", report.assessments.len()),
        (OtherStatus::NotEnabled.label(), "disabled", with(OtherStatus::NotEnabled)),
        (OtherStatus::NoData.label(), "missing", with(OtherStatus::NoData)),
    ];
    let all: usize = parts.iter().map(|(.., n)| n).sum();
    let label = parts.map(|(label, _, n)| format!("{label} {n}")).join(", ");
    let mut svg = format!(
        "<article class=\"tile\"><h3>Systems</h3><div class=\"donut\"><svg viewBox=\"0 0 42 42\" role=\"img\" aria-label=\"{label}\">"
    );
    let mut before = 0;
    for (_, class, n) in parts.iter().filter(|(.., n)| *n > 0) {
        let (from, length) = (AROUND * before / all.max(1), AROUND * n / all.max(1));
        // Writing to a String cannot fail.
        _ = write!(
            svg,
            "<circle class=\"{class}\" cx=\"21\" cy=\"21\" r=\"15.9\" pathLength=\"{AROUND}\" \
             stroke-dasharray=\"{length} {}\" stroke-dashoffset=\"-{from}\"/>",
            AROUND - length
        );
        before += n;
    }
    _ = write!(
        svg,
        "<text x=\"21\" y=\"23.5\" text-anchor=\"middle\">{}/{all}</text></svg><ul>",
        report.assessments.len()
    );
    for (label, class, n) in parts {
        _ = write!(svg, "<li class=\"{class}\">{n} {label}</li>");
    }
    svg + "</ul></div></article>\n"
}

fn percent(posture: Option<u32>) -> String {
    posture.map_or_else(|| "n/a".to_owned(), |percent| format!("{percent}%"))
}

fn with_waivers(totals: &Totals) -> String {
    match (totals.posture(), totals.posture_with_waivers()) {
        (Some(plain), Some(waived)) if plain != waived => format!(" ({waived}% with waivers)"),
        _ => String::new(),
    }
}

fn bar(totals: &Totals) -> String {
    let rules = totals.rules;
    let sum = (rules.failed + rules.manual + rules.passed).max(1);
    let mut svg =
        "<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">".to_owned();
    let mut before = 0;
    for (class, n) in [("failed", rules.failed), ("manual", rules.manual), ("passed", rules.passed)] {
        let (from, to) = (AROUND * before / sum, AROUND * (before + n) / sum);
        _ = write!(svg, "<rect class=\"{class}\" x=\"{from}\" y=\"0\" width=\"{}\" height=\"10\"/>", to - from);
        before += n;
    }
    svg + "</svg>"
}

fn severities(totals: &Totals) -> String {
    let mut html = String::new();
    for (severity, n) in Severity::ALL.into_iter().zip(totals.failed_by_severity) {
        let empty = if n == 0 { " none" } else { "" };
        _ = write!(html, "<span class=\"badge {severity}{empty}\">{n} {severity}</span> ");
    }
    html
}

fn systems(report: &Report<'_>, selection: &Selection<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<h3>My systems</h3>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"My systems\"><table id=\"systems\">\
         <thead><tr><th scope=\"col\">System</th><th scope=\"col\">Standard</th><th scope=\"col\" class=\"num\">Posture</th>\
         <th scope=\"col\" class=\"num\">Failed</th><th scope=\"col\">By severity</th><th scope=\"col\" class=\"num\">Manual</th>\
         <th scope=\"col\" class=\"num\">Passed</th><th scope=\"col\">Last assessed</th></tr></thead>\n<tbody>"
    )?;
    for (at, assessment) in report.assessments.iter().enumerate() {
        let system = &assessment.system;
        let name = format!(
            "<th scope=\"row\"><button type=\"button\" class=\"link long\" data-system=\"{at}\">{}</button>\
             <br><span class=\"small\">{}<br>read from {}</span></th>",
            escape(&words::short(&system.name, 300)),
            escape(&words::kind_of(system)),
            escape(&words::short(&system.origin, 300))
        );
        let mut time = format!(
            "{}<br><span class=\"small\">scan {}, spm {}</span>",
            escape(&words::minute(&assessment.assessed_at)),
            escape(&words::short(&assessment.id, 80)),
            escape(&words::short(&assessment.tool_version, 40))
        );
        if let Some(part) = assessment.scope.narrowing(assessment.system.technology) {
            _ = write!(time, "<br><span class=\"small\">a part: {}</span>", escape(&words::short(&part, 300)));
        }
        if let Some(failed) = report.failed_since(assessment) {
            let (at, why) = (words::minute(&failed.at), words::short(&failed.why, 300));
            _ = write!(time, "<br><span class=\"small\">the scan of {} failed: {}</span>", escape(&at), escape(&why));
        }
        let shown: Vec<_> = selection.standards_of(at).collect();
        for result in &shown {
            let totals = &result.totals;
            let standard = format!("{} {}", result.standard.short, result.standard.version);
            let waived = match totals.rules.waived {
                0 => String::new(),
                n => format!(" ({n} waived)"),
            };
            writeln!(
                out,
                "<tr>{name}<td>{}<br><span class=\"small\">{}</span></td><td class=\"num\">{}{}</td><td class=\"num\">{}{waived}</td>\
                 <td class=\"by\">{}</td><td class=\"num\">{}</td><td class=\"num\">{}</td><td class=\"time\">{time}</td></tr>",
                escape(&words::short(&standard, 80)),
                escape(&words::coverage(assessment, result)),
                percent(totals.posture()),
                with_waivers(totals),
                totals.rules.failed,
                severities(totals),
                totals.rules.manual,
                totals.rules.passed
            )?;
        }
        if shown.is_empty() {
            writeln!(
                out,
                "<tr>{name}<td colspan=\"6\">No standard applies or is shown</td><td class=\"time\">{time}</td></tr>"
            )?;
        }
    }
    if report.assessments.is_empty() && report.others.is_empty() {
        writeln!(out, "<tr><td colspan=\"8\" class=\"empty\">Nothing was assessed.</td></tr>")?;
    }
    for other in report.others {
        let name = escape(&words::short(&other.name, 300));
        let (technology, status) = (other.technology, other.status.label());
        let why = other.why.as_ref().map_or_else(String::new, |why| {
            format!(" <span class=\"small\">{}</span>", escape(&words::short(why, 300)))
        });
        writeln!(
            out,
            "<tr><th scope=\"row\">{name}<br><span class=\"small\">{technology}</span></th><td colspan=\"7\">{status}{why}</td></tr>"
        )?;
    }
    writeln!(out, "</tbody></table></div>")
}

fn remarks(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for assessment in report.assessments {
        let gaps: Vec<String> = assessment.gaps.iter().map(ToString::to_string).collect();
        for (what, remarks) in [("not readable", &gaps), ("notes", &assessment.notes)] {
            if remarks.is_empty() {
                continue;
            }
            let system = escape(&words::short(&assessment.system.name, 80));
            writeln!(out, "<details><summary>{system}: {what} ({})</summary><ul class=\"long\">", remarks.len())?;
            for remark in remarks {
                writeln!(out, "<li>{}</li>", escape(remark))?;
            }
            writeln!(out, "</ul></details>")?;
        }
    }
    Ok(())
}

/// The part of the page that the script fills.
const RESULTS: &str = r#"<section id="results" aria-labelledby="results-title" tabindex="-1">
<h2 id="results-title">Assessment results</h2>
<noscript><p>The list of rules needs JavaScript. It runs in this file only and loads nothing.</p></noscript>
<form id="filters" role="search" aria-label="Filters">
<label>Standard <select name="standard"><option value="">All</option></select></label>
<label>System <select name="system"><option value="">All</option></select></label>
<label>Rule <input name="rule" type="search" placeholder="id or title"></label>
<label>Resource <input name="resource" type="search" placeholder="kind namespace/name"></label>
<label>Namespace, region <input name="namespace" type="search" list="namespaces"><datalist id="namespaces"></datalist></label>
<fieldset><legend>Result</legend><span id="results-boxes"></span></fieldset>
<fieldset><legend>Severity</legend><span id="severity-boxes"></span></fieldset>
<label class="box"><input name="complete" type="checkbox"> Show Not relevant</label>
<span class="actions"><button type="button" id="reset">Reset</button> <button type="button" id="share">Copy link</button></span>
</form>
<p id="status" role="status" aria-live="polite"></p>
<div class="scroll" tabindex="0" role="region" aria-label="Rules"><table id="rules"><thead><tr></tr></thead><tbody></tbody></table></div>
<nav class="pages" id="rule-pages" aria-label="Pages of rules"></nav>
</section>
"#;

const PANEL: &str = r#"<aside id="panel" role="dialog" aria-labelledby="panel-title" hidden>
<div class="head"><h2 id="panel-title" tabindex="-1"></h2><button type="button" id="close" aria-label="Close">Close</button></div>
<p id="panel-sub"></p>
<div role="tablist" aria-label="Rule">
<button type="button" role="tab" id="tab-rule" aria-controls="pane">Rule</button>
<button type="button" role="tab" id="tab-resources" aria-controls="pane">Resources</button>
<button type="button" role="tab" id="tab-explanation" aria-controls="pane">Explanation</button>
</div>
<div id="pane" role="tabpanel" tabindex="0"></div>
</aside>
"#;

/// Text between tags and in quoted attributes; control and hidden characters are made visible.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in sanitise(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// SHA-256 in Base64, as content security policies name it.
fn hash(content: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in Sha256::digest(content.as_bytes()).chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = usize::try_from(bits >> (18 - 6 * at) & 63).unwrap_or_default();
            let digit = DIGITS.get(digit).copied().map_or('=', char::from);
            out.push(if at <= chunk.len() { digit } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests;
