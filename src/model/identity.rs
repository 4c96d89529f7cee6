//! What a finding is recognised by, in every format, in the history and between scans.

use std::collections::BTreeMap;

use super::{CheckResult, Outcome, ResourceRef, System};
use crate::base::digest;

/// What a finding is recognised by inside of its system: check, parameters, reported resource, element. Neither pod
/// restarts nor the order of lists change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity<'a> {
    check: &'a str,
    params: &'a BTreeMap<String, String>,
    resource: &'a ResourceRef,
    element: Option<&'a str>,
}

impl<'a> Identity<'a> {
    /// Of an outcome of `check` on `resource`.
    pub fn new(check: &'a CheckResult, resource: &'a ResourceRef, outcome: &'a Outcome) -> Identity<'a> {
        Identity { check: &check.check.id, params: &check.params, resource, element: outcome.element.as_deref() }
    }

    /// As text, the same on every machine and in every version: 32 hexadecimal digits.
    pub fn digest(&self, system: &System) -> String {
        // Values are JSON text, which holds no line break.
        let parameters: String = self.params.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        let parts = [
            system.name.as_str(),
            self.check,
            &parameters,
            &self.resource.kind,
            self.resource.scope.as_deref().unwrap_or_default(),
            &self.resource.name,
            self.element.unwrap_or_default(),
        ];
        digest::hex(parts, 16)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::State;
    use crate::model::sample::{Size, bare, check, cluster, outcome, resource};

    #[test]
    fn each_part_tells_findings_apart_and_the_state_does_not() {
        let one = check("one", true, Vec::new());
        let mut other_params = one.clone();
        other_params.params.insert("mode".to_owned(), "\"0600\"".to_owned());
        let (cart, mail) = (resource("Deployment", "shop", "cart"), resource("Deployment", "shop", "mail"));
        let (web, plain) = (outcome(0, Some("web"), State::Failed), outcome(0, None, State::Failed));
        let system = bare("prod", 1, Vec::new(), Vec::new()).system;
        let two = check("two", true, Vec::new());
        let all = [
            Identity::new(&one, &cart, &web),
            Identity::new(&other_params, &cart, &web),
            Identity::new(&two, &cart, &web),
            Identity::new(&one, &mail, &web),
            Identity::new(&one, &cart, &plain),
        ];
        let digests: BTreeSet<String> = all.iter().map(|identity| identity.digest(&system)).collect();
        assert_eq!(digests.len(), all.len());
        let passed = outcome(7, Some("web"), State::Passed);
        assert_eq!(Identity::new(&one, &cart, &passed).digest(&system), all[0].digest(&system));
        // Other tools keep these for years: a change here makes every finding of theirs a new one.
        assert_eq!(all[0].digest(&system), "4ade603ef3db4293698775ca50686c1f");
    }

    #[test]
    fn equal_identities_are_equal_digests() {
        let assessment = cluster(Size::SMALL, "prod", 1);
        let mut identities = BTreeSet::new();
        let mut digests = BTreeSet::new();
        for check in &assessment.checks {
            for outcome in &check.outcomes {
                let resource = &assessment.resources[outcome.resource as usize];
                let identity = Identity::new(check, resource, outcome);
                assert_eq!(identities.insert(identity), digests.insert(identity.digest(&assessment.system)));
            }
        }
    }
}
