use serde_json::Value;

use crate::report::{Format, Report, TableStyle, View, testing, write};

fn html(report: &Report<'_>, view: &View) -> String {
    let mut out = Vec::new();
    write(Format::Html, report, view, &TableStyle::default(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

#[test]
fn every_outcome_is_in_the_page_or_counted() {
    for (name, set) in testing::sets() {
        let data = data(&html(&testing::report(&set), &View::default()));
        let all: usize = set.iter().flat_map(|a| &a.checks).map(|c| c.outcomes.len()).sum();
        let evaluations = data["evaluations"].as_array().unwrap();
        let written: usize = evaluations.iter().map(|e| e["s"].as_str().unwrap().len() + number(&e["left"])).sum();
        assert_eq!(written, all, "{name}");
        for evaluation in evaluations {
            let n = evaluation["s"].as_str().unwrap().len();
            assert_eq!(evaluation["r"].as_array().unwrap().len(), n);
            assert_eq!(evaluation["d"].as_array().unwrap().len(), n);
        }
    }
}

#[test]
fn numbers_lead_back_to_the_assessment() {
    let set = [testing::cluster()];
    let data = data(&html(&testing::report(&set), &View::default()));
    let rule = data["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == "5.2.2").unwrap();
    let evaluation = &data["evaluations"][number(&rule["checks"][0])];
    let resource = &data["resources"][number(&evaluation["r"][0])];
    assert_eq!(resource[3], "cart");
    assert_eq!(data["texts"][number(&resource[2]) - 1], "shop");
    let detail = &data["details"][number(&evaluation["d"][0]) - 1];
    let evidence = &detail[3][0];
    assert_eq!(data["texts"][number(&evidence[1]) - 1], "true");
    assert_eq!(data["texts"][number(&evidence[4]) - 1], "deploy/cart.yaml");
    assert_eq!(evidence[5], 31);
}

#[test]
fn hostile_text_is_data_and_nothing_is_loaded() {
    let page = html(&testing::report(&[testing::hostile()]), &View::default());
    let lower = page.to_lowercase();
    assert_eq!(lower.matches("<script").count(), 2, "the data and the script of the page");
    assert_eq!(lower.matches("</script").count(), 2);
    assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'));
    for loaded in [" src=", "<link", "<img", "@import", "url(", " onclick=", "javascript:void"] {
        assert!(!lower.contains(loaded), "{loaded}");
    }
    assert!(page.contains("default-src 'none'; script-src 'sha256-"));
}

#[test]
fn hashes_are_those_of_policies() {
    assert_eq!(super::hash(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    assert_eq!(super::hash("alert('Hello, world.');"), "qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
}

#[test]
fn a_hundred_thousand_failures_stay_below_20_mb() {
    let mut large = testing::large(50, 2000);
    large.checks.iter_mut().enumerate().for_each(|(n, check)| {
        for outcome in &mut check.outcomes {
            outcome.state = crate::model::State::Failed;
            let path = format!("spec.template.spec.containers[{}].securityContext.property{n}", outcome.resource);
            outcome.detail =
                Some(std::sync::Arc::new(testing::failure(&path, Some("\"some value\""), "another value")));
        }
    });
    let page = html(&testing::report(&[large]), &View::default());
    assert!(page.len() < 20_000_000, "{}", page.len());
    let data = data(&page);
    let left: usize = data["evaluations"].as_array().unwrap().iter().map(|e| number(&e["left"])).sum();
    let written: usize = data["evaluations"].as_array().unwrap().iter().map(|e| e["s"].as_str().unwrap().len()).sum();
    assert_eq!(written + left, 100_000);
}
