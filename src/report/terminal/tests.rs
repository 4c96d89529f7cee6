use super::{Layout, TableStyle};
use crate::base::text::width;
use crate::model::{Assessment, Severity, State};
use crate::report::{Format, Report, View, testing, write};

fn page(report: &Report<'_>, view: &View, style: &TableStyle) -> String {
    let mut out = Vec::new();
    write(Format::Table, report, view, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn at(columns: usize) -> TableStyle {
    TableStyle { width: columns, ..TableStyle::default() }
}

#[test]
fn show() {
    for (columns, colour) in [(80, false)] {
        let set = [testing::cluster()];
        println!("{}", page(&testing::report(&set), &View::default(), &TableStyle { colour, ..at(columns) }));
    }
    let set = [testing::cluster(), testing::large(3, 40), testing::without_standards(), testing::hostile()];
    let others = testing::others();
    let report = Report { others: &others, ..testing::report(&set) };
    println!("{}", page(&report, &View::default(), &at(120)));
    for layout in [Layout::Rules, Layout::Overview] {
        println!("{}", page(&report, &View::default(), &TableStyle { layout, colour: true, ..at(120) }));
    }
}
