//! How long releases of Kubernetes are maintained, and how far versions lie apart.

/// Last day on which the project maintains a minor release, oldest first. Source: the release calendar of kubernetes.io.
const MAINTAINED_UNTIL: &[(u64, &str)] = &[
    (20, "2022-02-28"),
    (21, "2022-06-28"),
    (22, "2022-12-08"),
    (23, "2023-02-28"),
    (24, "2023-07-28"),
    (25, "2023-10-28"),
    (26, "2024-02-28"),
    (27, "2024-07-16"),
    (28, "2024-10-22"),
    (29, "2025-02-28"),
    (30, "2025-07-15"),
    (31, "2025-11-11"),
    (32, "2026-02-28"),
    (33, "2026-06-28"),
    (34, "2026-10-27"),
    (35, "2027-02-28"),
    (36, "2027-06-28"),
];

/// Distributions that keep to a calendar of their own and maintain releases longer than the project does.
const OWN_CALENDAR: [&str; 8] = ["eks", "aks", "gke", "openshift", "tanzu", "ack", "iks", "oke"];

/// The last moment (RFC 3339) at which a version is maintained, or why nobody here knows.
///
/// # Errors
/// Words for a version without entry, or for a distribution with a calendar of its own.
pub fn maintained_until(version: &str, distribution: Option<&str>) -> Result<String, String> {
    if let Some(own) = distribution.filter(|distribution| OWN_CALENDAR.contains(distribution)) {
        return Err(format!("{own} maintains releases by a calendar of its own"));
    }
    let minor = minor(version).ok_or_else(|| format!("\"{version}\" is no version of Kubernetes"))?;
    let oldest = MAINTAINED_UNTIL.first().map_or(0, |(minor, _)| *minor);
    // Older releases ended before the oldest one here.
    let day = MAINTAINED_UNTIL.iter().find(|(known, _)| *known == minor.max(oldest)).map(|(_, day)| *day);
    match day {
        Some(day) => Ok(format!("{day}T23:59:59Z")),
        None => Err(format!("this version of spm does not know how long 1.{minor} is maintained")),
    }
}

/// How many minor releases `version` is behind `of`; negative if it is ahead.
pub fn minors_behind(version: &str, of: &str) -> Option<i64> {
    let number = |version| minor(version).and_then(|minor| i64::try_from(minor).ok());
    Some(number(of)? - number(version)?)
}

fn minor(version: &str) -> Option<u64> {
    let rest = version.strip_prefix('v').unwrap_or(version).strip_prefix("1.")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_have_an_end_unless_unknown() {
        assert_eq!(maintained_until("1.34.1", Some("upstream")).as_deref(), Ok("2026-10-27T23:59:59Z"));
        assert_eq!(maintained_until("1.9.11", None).as_deref(), Ok("2022-02-28T23:59:59Z"));
        assert!(maintained_until("1.99.0", Some("upstream")).is_err());
        assert!(maintained_until("1.34.1-eks-1", Some("eks")).is_err());
        assert!(maintained_until("latest", None).is_err());
        let minors: Vec<u64> = MAINTAINED_UNTIL.iter().map(|(minor, _)| *minor).collect();
        assert!(minors.windows(2).all(|pair| pair[0] + 1 == pair[1]), "a release is missing");
        assert!(MAINTAINED_UNTIL.windows(2).all(|pair| pair[0].1 < pair[1].1), "a date is out of order");
    }

    #[test]
    fn distance_counts_minors() {
        assert_eq!(minors_behind("1.31.9", "1.34.1"), Some(3));
        assert_eq!(minors_behind("v1.35.0+k3s1", "1.34.1"), Some(-1));
        assert_eq!(minors_behind("", "1.34.1"), None);
        assert_eq!(minors_behind("2.0.0", "1.34.1"), None);
    }
}
