//! "Did you mean": the nearest known word to a misspelt one.

/// The candidate nearest to `word`, if one is near enough to be a likely slip of the pen; else the shortest that begins with
/// it, if it says enough.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let letters = word.chars().count();
    // A slip in every third letter; of so short words as `cis` one.
    let limit = (letters / 3).max(1);
    let mut slip: Option<(usize, &str)> = None;
    let mut longer: Option<(usize, &str)> = None;
    for candidate in candidates {
        let lower = candidate.to_lowercase();
        let edits = distance(&word, &lower);
        if edits <= limit {
            slip = slip.into_iter().chain([(edits, candidate)]).min();
        }
        if letters >= BEGINNING && lower.starts_with(&word) {
            longer = longer.into_iter().chain([(lower.len(), candidate)]).min();
        }
    }
    // What was only begun is no slip.
    longer.or(slip).map(|(_, candidate)| candidate)
}

/// Letters of a beginning that says which word it is of.
const BEGINNING: usize = 4;

/// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = last;
        last = row;
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn what_was_begun_is_found_before_slips() {
        let checks = ["kubernetes-container-not-root", "kubernetes-container-not-privileged"];
        assert_eq!(nearest("kubernetes-container-not-priv", checks), Some(checks[1]));
        assert_eq!(nearest("pri", ["privileged"]), None);
    }

    #[test]
    fn finds_slips_and_rejects_strangers() {
        let words = ["privileged", "hostNetwork", "equals"];
        assert_eq!(nearest("priviledged", words), Some("privileged"));
        assert_eq!(nearest("hostnetwork", words), Some("hostNetwork"));
        assert_eq!(nearest("eqauls", words), Some("equals"));
        assert_eq!(nearest("readOnlyRootFilesystem", words), None);
        // Two slips in four letters are another word.
        assert_eq!(nearest("disa", ["cis", "stig"]), None);
        assert_eq!(nearest("cos", ["cis", "stig"]), Some("cis"));
        assert_eq!(nearest("sitg", ["cis", "stig"]), Some("stig"));
    }
}
