use super::{Layout, TableStyle};
use crate::base::text::width;
use crate::model::Assessment;
use crate::report::{Format, Report, View, testing, write};

fn page(report: &Report<'_>, view: &View, style: &TableStyle) -> String {
    let mut out = Vec::new();
    write(Format::Table, report, view, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn at(columns: usize) -> TableStyle {
    TableStyle { width: columns, ..TableStyle::default() }
}

fn without_colours(page: &str) -> String {
    let mut parts = page.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').expect("every escape is a colour").1);
    }
    plain
}

#[test]
fn a_cluster_at_80_columns() {
    insta::assert_snapshot!(page(&testing::report(&[testing::cluster()]), &View::default(), &at(80)));
}

#[test]
fn a_cluster_at_120_columns() {
    insta::assert_snapshot!(page(&testing::report(&[testing::cluster()]), &View::default(), &at(120)));
}

#[test]
fn several_systems_at_100_columns() {
    let set = [testing::cluster(), testing::large(2, 40), testing::without_standards()];
    let others = testing::others();
    let report = Report { others: &others, ..testing::report(&set) };
    insta::assert_snapshot!(page(&report, &View::default(), &at(100)));
}

#[test]
fn one_line_per_rule() {
    let style = TableStyle { layout: Layout::Rules, ..at(100) };
    let view = View { complete: true, ..View::default() };
    insta::assert_snapshot!(page(&testing::report(&[testing::cluster()]), &view, &style));
}

#[test]
fn overview() {
    let set = [testing::cluster(), testing::large(2, 40), testing::without_standards()];
    let others = testing::others();
    let report = Report { others: &others, ..testing::report(&set) };
    insta::assert_snapshot!(page(&report, &View::default(), &TableStyle { layout: Layout::Overview, ..at(100) }));
}

#[test]
fn colours_change_nothing_but_colours() {
    let set = [testing::cluster(), testing::hostile()];
    for layout in [Layout::Page, Layout::Rules, Layout::Overview] {
        let plain = page(&testing::report(&set), &View::default(), &TableStyle { layout, ..at(100) });
        let coloured = page(&testing::report(&set), &View::default(), &TableStyle { layout, colour: true, ..at(100) });
        assert_ne!(plain, coloured);
        let coloured: Vec<String> = without_colours(&coloured).lines().map(|line| line.trim_end().to_owned()).collect();
        assert_eq!(plain.lines().collect::<Vec<_>>(), coloured);
    }
}

#[test]
fn keeps_to_the_width_and_obeys_nothing() {
    let mut sets = testing::sets();
    sets.pop();
    for (name, set) in sets {
        for columns in [40, 50, 64, 80, 120, 200] {
            for (layout, verbose) in [(Layout::Page, 0), (Layout::Page, 1), (Layout::Rules, 0), (Layout::Overview, 0)] {
                let style = TableStyle { layout, verbose, ..at(columns) };
                for line in page(&testing::report(&set), &View::default(), &style).lines() {
                    assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{name}: {line:?}");
                    assert!(width(line) <= columns, "{name} {layout:?} {columns}: {line}");
                }
            }
        }
    }
}

#[test]
fn a_large_system_gives_a_page_and_verbose_gives_all() {
    let set: Vec<Assessment> = vec![testing::large(100, 200)];
    let report = testing::report(&set);
    let short = page(&report, &View::default(), &at(120));
    assert!(short.lines().count() < 300, "{}", short.lines().count());
    assert!(short.contains("and 17 more: spm report --rule 5.0.0 --format csv"));
    // Ten rules in detail, forty with a line each.
    assert!(short.contains("and 50 more failed rules: spm report --rules --result failed"), "{short}");
    let all = page(&report, &View::default(), &TableStyle { verbose: 1, ..at(120) });
    assert_eq!(all.matches("Deployment team-").count(), 100 * 20);
    assert!(!all.contains("more"));
}

#[test]
fn every_failed_resource_is_shown_or_counted() {
    let set = [testing::cluster()];
    let view = View { standards: vec!["cis".to_owned()], ..View::default() };
    let page = page(&testing::report(&set), &view, &at(200));
    // 10 failed resources, 3 of them in detail.
    assert_eq!(page.matches("containers[0].securityContext.privileged = true").count(), 3);
    assert!(page.contains("and 7 more: spm report --rule 5.2.2 --format csv"));
    for rule in ["5.1.1", "5.2.2", "1.2.15", "5.2.5", "1.1.9", "1.1.10", "3.1.1", "5.4.2"] {
        assert!(page.contains(&format!(" {rule} ")) || page.contains(&format!("{rule}\n")), "{rule}");
    }
}

#[test]
fn resources_stand_on_the_page_once_and_never_not_at_all() {
    // Of the two checks of DORA 9.4(b) only the first has room there; the other stands under CIS 5.2.5.
    let set = [testing::cluster()];
    let short = page(&testing::report(&set), &View::default(), &at(100));
    assert!(short.contains("spec.template.spec.hostNetwork = true") && !short.contains("same resources"), "{short}");
    let all = page(&testing::report(&set), &View::default(), &TableStyle { verbose: 1, ..at(100) });
    assert!(all.contains("same resources as DORA 9.4(b) above"), "{all}");
    let narrow = View { namespaces: vec!["shop".to_owned()], ..View::default() };
    let page = page(&testing::report(&[testing::cluster()]), &narrow, &at(100));
    assert!(page.contains("same resources as CIS 5.2.2 above"), "{page}");
    assert!(page.contains("Posture and counts above are of the whole system."));
}

#[test]
fn nothing_to_show_is_said() {
    assert_eq!(page(&testing::report(&[]), &View::default(), &at(80)), "Nothing was assessed.\n");
    let view = View { rule: Some("no such rule".to_owned()), ..View::default() };
    let page = page(&testing::report(&[testing::cluster()]), &view, &at(80));
    assert!(page.contains("No rule of this system matches the filters."), "{page}");
}
