//! What of the assessments is shown, and in which order: the same for every format.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::{Report, UnknownWord};
use crate::base::order::natural;
use crate::model::{
    Assessment, CheckResult, Counts, Outcome, ResourceRef, RuleResult, Severity, StandardInfo, StandardResult, State,
};

/// Filters, all of which must hold, and the order. An empty filter lets everything pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// Standards by short name, full name, id, or either name with `@version`; case does not matter. Without any, the
    /// standards that the user selected for the scan are shown.
    pub standards: Vec<String>,
    /// Systems by name; case does not matter.
    pub systems: Vec<String>,
    /// Results: of rules, and of the resources listed under them.
    pub results: Vec<State>,
    /// Severities of rules.
    pub severities: Vec<Severity>,
    /// Part of a rule's id, of its title, or of the id of a check that it maps to.
    pub rule: Option<String>,
    /// Shows Not relevant and out of scope rules and Not relevant resources too.
    pub complete: bool,
    /// Namespaces (regions). Narrows rules to their resources there: result and counts are of those only, and rules
    /// without any are hidden.
    pub namespaces: Vec<String>,
    /// Part of `Kind namespace/name`; narrows rules like `namespaces`.
    pub resource: Option<String>,
    /// Order of the rules; without it, what deserves attention first.
    pub sort: Option<Sort>,
}

/// A column to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The column.
    pub column: Column,
    /// Largest first.
    pub descending: bool,
}

/// A column of the table of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Failed critical first, Not relevant low last.
    Attention,
    /// System name.
    System,
    /// Technology of the system.
    Technology,
    /// Short name and version of the standard.
    Standard,
    /// Rule id.
    Rule,
    /// Rule title.
    Title,
    /// Severity; ascending begins with low.
    Severity,
    /// Result; ascending begins with Failed.
    Result,
    /// Failed resources.
    Failed,
    /// Failed resources that are waived.
    Waived,
    /// Manual resources.
    Manual,
    /// Passed resources.
    Passed,
    /// Not relevant resources.
    NotRelevant,
    /// Time of the assessment.
    Assessed,
}

impl Column {
    /// Every column.
    pub const ALL: [Column; 14] = [
        Column::Attention,
        Column::System,
        Column::Technology,
        Column::Standard,
        Column::Rule,
        Column::Title,
        Column::Severity,
        Column::Result,
        Column::Failed,
        Column::Waived,
        Column::Manual,
        Column::Passed,
        Column::NotRelevant,
        Column::Assessed,
    ];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Column::Attention => "attention",
            Column::System => "system",
            Column::Technology => "technology",
            Column::Standard => "standard",
            Column::Rule => "rule",
            Column::Title => "title",
            Column::Severity => "severity",
            Column::Result => "result",
            Column::Failed => "failed",
            Column::Waived => "waived",
            Column::Manual => "manual",
            Column::Passed => "passed",
            Column::NotRelevant => "not-relevant",
            Column::Assessed => "assessed",
        }
    }

    fn compare(self, a: &Row<'_>, b: &Row<'_>) -> Ordering {
        let counts = |count: fn(&Counts) -> usize| count(&a.counts).cmp(&count(&b.counts));
        match self {
            Column::Attention => attention(a, b),
            Column::System => natural(&a.assessment.system.name, &b.assessment.system.name),
            Column::Technology => a.assessment.system.technology.cmp(&b.assessment.system.technology),
            Column::Standard => standard_order(a, b),
            Column::Rule => natural(&a.rule.id, &b.rule.id),
            Column::Title => a.rule.title.cmp(&b.rule.title),
            Column::Severity => a.rule.severity.cmp(&b.rule.severity),
            Column::Result => a.state.cmp(&b.state),
            Column::Failed => counts(|c| c.failed),
            Column::Waived => counts(|c| c.waived),
            Column::Manual => counts(|c| c.manual),
            Column::Passed => counts(|c| c.passed),
            Column::NotRelevant => counts(|c| c.not_relevant),
            Column::Assessed => a.assessment.assessed_at.cmp(&b.assessment.assessed_at),
        }
    }
}

impl FromStr for Sort {
    type Err = UnknownWord;

    /// `column`, `column:asc` or `column:desc`.
    fn from_str(text: &str) -> Result<Sort, UnknownWord> {
        let (name, direction) = text.split_once(':').unwrap_or((text, "asc"));
        // Files write `not_relevant`.
        let word = name.replace('_', "-").to_lowercase();
        let column = Column::ALL
            .into_iter()
            .find(|column| column.as_str() == word)
            .ok_or_else(|| UnknownWord::new("column", name, &Column::ALL.map(Column::as_str)))?;
        match direction {
            "asc" => Ok(Sort { column, descending: false }),
            "desc" => Ok(Sort { column, descending: true }),
            other => Err(UnknownWord::new("direction", other, &["asc", "desc"])),
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.column.as_str(), if self.descending { ":desc" } else { "" })
    }
}

/// How many rules, and how many of their resource outcomes. An outcome counts once for every rule that it answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rules.
    pub rules: usize,
    /// Resource outcomes under rules.
    pub findings: usize,
}

/// A rule that is shown.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Position of the assessment in the report.
    pub system: usize,
    /// The assessment.
    pub assessment: &'a Assessment,
    /// The standard.
    pub standard: &'a StandardResult,
    /// The rule.
    pub rule: &'a RuleResult,
    /// Result over the resources that the view looks at.
    pub state: State,
    /// States of the resources that the view looks at, whether listed or not.
    pub counts: Counts,
}

impl Row<'_> {
    /// The word that people read for the result.
    pub fn result_label(&self) -> &'static str {
        if self.rule.out_of_scope { "Out of scope" } else { self.state.label() }
    }

    /// The result is not what the resources show: the standard leaves it to a person, or a person has decided it. The
    /// rule's hint says so.
    pub fn is_overruled(&self) -> bool {
        is_overruled(self.rule)
    }

    /// Everything that failed is waived.
    pub fn is_waived(&self) -> bool {
        self.counts.failed > 0 && self.counts.waived == self.counts.failed
    }
}

/// A resource under a rule.
#[derive(Debug, Clone, Copy)]
pub struct Finding<'a> {
    /// Index into [`Assessment::checks`].
    pub check_index: u32,
    /// The check.
    pub check: &'a CheckResult,
    /// Its outcome.
    pub outcome: &'a Outcome,
    /// The resource.
    pub resource: &'a ResourceRef,
}

impl Finding<'_> {
    /// Failed, and accepted for a while.
    pub fn is_waived(&self) -> bool {
        self.outcome.state == State::Failed && self.outcome.waiver.is_some()
    }
}

/// The part of a report that a view shows.
#[derive(Debug)]
pub struct Selection<'a> {
    /// Rules, in order.
    pub rows: Vec<Row<'a>>,
    /// What the rows hold.
    pub shown: Tally,
    /// What the view left out.
    pub left_out: Tally,
    /// The view that selected.
    pub view: &'a View,
    // Standards that are shown: position of the assessment, and its result.
    standards: Vec<(usize, &'a StandardResult)>,
    // Per assessment: which resources the view looks at; none if all.
    scopes: Vec<Option<Vec<bool>>>,
}

impl View {
    /// Picks and sorts the rules.
    pub fn select<'a>(&'a self, report: &Report<'a>) -> Selection<'a> {
        let mut rows = Vec::new();
        let mut standards = Vec::new();
        let mut all = Tally::default();
        let mut scopes = Vec::with_capacity(report.assessments.len());
        let rule_text = self.rule.as_deref().map(str::to_lowercase);
        for (system, assessment) in report.assessments.iter().enumerate() {
            let scope = self.scope(assessment);
            let narrowed: Option<Vec<Counts>> = scope.as_ref().map(|scope| {
                let inside = |outcome: &&Outcome| is_inside(scope, outcome);
                assessment.checks.iter().map(|c| Counts::of(c.outcomes.iter().filter(inside))).collect()
            });
            let wanted = any_equals(&self.systems, &[&assessment.system.name]);
            for standard in &assessment.standards {
                let wanted = wanted && self.wants_standard(standard);
                let before = rows.len();
                for rule in &standard.rules {
                    all.rules += 1;
                    all.findings += rule.counts.total();
                    let counts = narrowed.as_ref().map_or(rule.counts, |of_checks| {
                        let mut counts = Counts::default();
                        let indices = rule.checks.iter().filter_map(|check| usize::try_from(*check).ok());
                        indices.filter_map(|at| of_checks.get(at)).for_each(|of_check| counts.merge(*of_check));
                        counts
                    });
                    let by_resources = narrowed.is_some() && !is_overruled(rule);
                    let state = if by_resources { counts.state() } else { rule.state };
                    let row = Row { system, assessment, standard, rule, state, counts };
                    if wanted && self.wants(&row, rule_text.as_deref(), narrowed.is_some()) {
                        rows.push(row);
                    }
                }
                // One of which nothing is relevant is there all the same, unless filters ask for some rules only.
                if wanted && (rows.len() > before || self.is_about_all_rules()) {
                    standards.push((system, standard));
                }
            }
            scopes.push(scope);
        }
        rows.sort_by(|a, b| self.compare(a, b));
        let shown = Tally { rules: rows.len(), findings: rows.iter().map(|row| self.listed(&row.counts)).sum() };
        let left_out = Tally { rules: all.rules - shown.rules, findings: all.findings - shown.findings };
        Selection { rows, shown, left_out, view: self, standards, scopes }
    }

    /// A resource with this state is listed.
    pub fn lists(&self, state: State) -> bool {
        if self.results.is_empty() {
            self.complete || state != State::NotRelevant
        } else {
            self.results.contains(&state)
        }
    }

    fn is_about_all_rules(&self) -> bool {
        self.results.is_empty()
            && self.severities.is_empty()
            && self.rule.is_none()
            && self.namespaces.is_empty()
            && self.resource.is_none()
    }

    fn listed(&self, counts: &Counts) -> usize {
        State::ALL.into_iter().filter(|state| self.lists(*state)).map(|state| count_of(counts, state)).sum()
    }

    fn wants_standard(&self, standard: &StandardResult) -> bool {
        if self.standards.is_empty() { standard.selected } else { names_standard(&self.standards, &standard.standard) }
    }

    fn wants(&self, row: &Row<'_>, rule_text: Option<&str>, narrowed: bool) -> bool {
        let severity = || row.rule.severity.is_some_and(|severity| self.severities.contains(&severity));
        self.lists(row.state)
            && (self.complete || !row.rule.out_of_scope)
            && (!narrowed || row.counts.total() > 0)
            && (self.severities.is_empty() || severity())
            && rule_text.is_none_or(|text| mentions(row, text))
    }

    // Which resources namespace and resource filters leave; none if there is no such filter.
    fn scope(&self, assessment: &Assessment) -> Option<Vec<bool>> {
        if self.namespaces.is_empty() && self.resource.is_none() {
            return None;
        }
        let text = self.resource.as_deref().map(str::to_lowercase);
        let inside = |resource: &ResourceRef| {
            (self.namespaces.is_empty()
                || resource.scope.as_deref().is_some_and(|scope| self.namespaces.iter().any(|n| n == scope)))
                && text.as_ref().is_none_or(|text| resource.to_string().to_lowercase().contains(text))
        };
        Some(assessment.resources.iter().map(inside).collect())
    }

    fn compare(&self, a: &Row<'_>, b: &Row<'_>) -> Ordering {
        let chosen = self.sort.map_or(Ordering::Equal, |sort| {
            let order = sort.column.compare(a, b);
            if sort.descending { order.reverse() } else { order }
        });
        chosen
            .then_with(|| attention(a, b))
            .then_with(|| standard_order(a, b))
            .then_with(|| natural(&a.rule.id, &b.rule.id))
            .then_with(|| a.system.cmp(&b.system))
    }
}

impl<'a> Selection<'a> {
    /// The listed resources of a row: what deserves attention first (of the failed those that are not waived), then in the
    /// order of the assessment.
    pub fn findings(&self, row: &Row<'a>) -> impl Iterator<Item = Finding<'a>> {
        let (row, scope) = (*row, self.scope(row.system));
        let Counts { failed, waived, manual, passed, not_relevant } = row.counts;
        let groups = [
            (State::Failed, false, failed - waived.min(failed)),
            (State::Failed, true, waived),
            (State::Manual, false, manual),
            (State::Passed, false, passed),
            (State::NotRelevant, false, not_relevant),
        ];
        let listed = groups.into_iter().filter(|(state, _, n)| *n > 0 && self.view.lists(*state));
        listed.flat_map(move |(state, waived, _)| {
            outcomes(row, scope).filter(move |finding| finding.outcome.state == state && finding.is_waived() == waived)
        })
    }

    /// The view lists this outcome of the assessment at `system`, if any rule that it answers is shown.
    pub fn lists(&self, system: usize, outcome: &Outcome) -> bool {
        self.view.lists(outcome.state) && self.scope(system).is_none_or(|scope| is_inside(scope, outcome))
    }

    /// Standards that are shown, in the order of the report: position of the assessment, and the result.
    pub fn standards(&self) -> impl Iterator<Item = (usize, &'a StandardResult)> {
        self.standards.iter().copied()
    }

    /// Standards of the assessment at `system` that are shown.
    pub fn standards_of(&self, system: usize) -> impl Iterator<Item = &'a StandardResult> {
        self.standards().filter(move |(at, _)| *at == system).map(|(_, standard)| standard)
    }

    /// Rows of the assessment at `system`, in order.
    pub fn rows_of(&self, system: usize) -> impl Iterator<Item = &Row<'a>> {
        self.rows.iter().filter(move |row| row.system == system)
    }

    fn scope(&self, system: usize) -> Option<&Vec<bool>> {
        self.scopes.get(system).and_then(Option::as_ref)
    }
}

fn outcomes<'a>(row: Row<'a>, scope: Option<&Vec<bool>>) -> impl Iterator<Item = Finding<'a>> {
    let assessment = row.assessment;
    row.rule
        .checks
        .iter()
        .filter_map(move |index| Some((*index, assessment.checks.get(usize::try_from(*index).ok()?)?)))
        .flat_map(move |(check_index, check)| {
            check.outcomes.iter().filter(move |outcome| scope.is_none_or(|scope| is_inside(scope, outcome))).filter_map(
                move |outcome| {
                    let resource = assessment.resources.get(usize::try_from(outcome.resource).ok()?)?;
                    Some(Finding { check_index, check, outcome, resource })
                },
            )
        })
}

fn is_inside(scope: &[bool], outcome: &Outcome) -> bool {
    usize::try_from(outcome.resource).is_ok_and(|at| scope.get(at).copied().unwrap_or(false))
}

fn is_overruled(rule: &RuleResult) -> bool {
    rule.state != rule.counts.state()
}

fn count_of(counts: &Counts, state: State) -> usize {
    match state {
        State::Failed => counts.failed,
        State::Manual => counts.manual,
        State::Passed => counts.passed,
        State::NotRelevant => counts.not_relevant,
    }
}

fn attention(a: &Row<'_>, b: &Row<'_>) -> Ordering {
    // What is waived altogether asks for less than any other failure.
    (a.state.cmp(&b.state))
        .then_with(|| a.is_waived().cmp(&b.is_waived()))
        .then_with(|| b.rule.severity.cmp(&a.rule.severity))
        .then_with(|| a.rule.out_of_scope.cmp(&b.rule.out_of_scope))
}

fn standard_order(a: &Row<'_>, b: &Row<'_>) -> Ordering {
    let (a, b) = (&a.standard.standard, &b.standard.standard);
    natural(&a.short, &b.short).then_with(|| natural(&a.id, &b.id))
}

/// Whether one of the names means this standard: short name, full name, id, or either name with `@version`, in any case; no
/// names mean every standard.
pub fn names_standard(names: &[String], standard: &StandardInfo) -> bool {
    let short = format!("{}@{}", standard.short, standard.version);
    let full = format!("{}@{}", standard.name, standard.version);
    any_equals(names, &[&standard.short, &standard.name, &standard.id, &short, &full])
}

fn any_equals(wanted: &[String], names: &[&str]) -> bool {
    let equals = |wanted: &String| names.iter().any(|name| name.to_lowercase() == wanted.to_lowercase());
    wanted.is_empty() || wanted.iter().any(equals)
}

// `text` is in lower case.
fn mentions(row: &Row<'_>, text: &str) -> bool {
    let id = row.rule.id.to_lowercase();
    // A number in the middle of another id (5.2 in 1.5.2) is not meant.
    let in_id = id.match_indices(text).any(|(at, _)| {
        !id.get(..at).and_then(|before| before.chars().next_back()).is_some_and(|c| c == '.' || c.is_ascii_digit())
    });
    let in_check = || {
        let checks = row.rule.checks.iter().filter_map(|at| row.assessment.checks.get(usize::try_from(*at).ok()?));
        checks.into_iter().any(|check| check.check.id.to_lowercase().contains(text))
    };
    in_id || row.rule.title.to_lowercase().contains(text) || in_check()
}
