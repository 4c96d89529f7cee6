//! `spm history`: the posture over time.

use super::page::style;
use super::{Exit, Fault, Outcome, print, stored};
use crate::cli::{GlobalArgs, HistoryArgs};
use crate::report::history::{self, Point, Series};
use crate::report::{Layout, names_standard};

/// Runs the command.
pub fn run(args: &HistoryArgs, global: &GlobalArgs) -> Outcome {
    let store = stored::need(&args.store)?;
    let mut all: Vec<Series> = Vec::new();
    for system in stored::systems(&store, &args.system)? {
        let mut own: Vec<Series> = Vec::new();
        for scan in store.history(&system)? {
            for point in scan.standards {
                let wanted = match args.standards.standard.as_slice() {
                    [] => point.selected,
                    names => names_standard(names, &point.standard),
                };
                if !wanted {
                    continue;
                }
                // Scans of different parts of a system are no development.
                let same = |series: &Series| series.standard.id == point.standard.id && series.scope == scan.scan.scope;
                let known = own.iter().position(same);
                let at = known.unwrap_or_else(|| {
                    own.push(Series {
                        technology: system.technology,
                        system: system.name.clone(),
                        standard: point.standard,
                        scope: scan.scan.scope.clone(),
                        points: Vec::new(),
                    });
                    own.len() - 1
                });
                let (id, assessed_at) = (scan.scan.id.clone(), scan.scan.assessed_at.clone());
                own[at].points.push(Point { scan: id, assessed_at, totals: point.totals });
            }
        }
        all.extend(own);
    }
    if all.is_empty() {
        return Err(Fault("no stored scan has this standard; `spm report` shows what there is".to_owned()));
    }
    let style = style(global, Layout::Page);
    print(|out| if args.json { history::write_json(&all, out) } else { history::write_text(&all, &style, out) })?;
    Ok(Exit::Done)
}
