//! `trust_open_federation`: whether a role can be assumed by everybody who has an account at a public identity provider.

use super::policy::{Condition, Document, Statement};
use super::policy_public::demanded;
use super::{About, Answer, Asked, Domain, Question};
use crate::expr::{Truth, Value};

/// The row of the table.
pub static TRUST_OPEN_FEDERATION: Domain = Domain {
    name: "trust_open_federation",
    doc: "Some statement of the trust policy lets everybody assume the role who has an account at a provider of identities that \
          is open to the public (GitHub Actions, GitLab, Google, Cognito, ...): no condition on the provider's claims says \
          whose. The audience of tokens counts only where the provider hands it out; operators that end in `IfExists` \
          (without `Null` beside them, which says that there is a value), negated ones and wildcards in the place of the owner \
          do not count.",
    keys: &[],
    absent: Truth::False,
    reads: &[],
    example: (
        "{}",
        r#"{"Statement": [{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}}]}"#,
        r#"{"Statement": [{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:our-organization/*"}}}]}"#,
    ),
    parse: |_| {
        let expected = "a statement that trusts everybody who signs in at a public provider".to_owned();
        Ok(Asked { question: Box::new(OpenFederation), expected })
    },
};

#[derive(Debug)]
struct OpenFederation;

/// Providers whose audience is an application of the owner of the role.
const OWN_AUDIENCE: [&str; 4] =
    ["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];
/// Providers that serve all of their customers under one name; the customer chooses the audience.
const ANY_AUDIENCE: [&str; 7] = [
    "agent.buildkite.com",
    "app.terraform.io",
    "gitlab.com",
    "oidc.codefresh.io",
    "oidc.scalr.io",
    "oidc.vercel.com",
    "token.actions.githubusercontent.com",
];
/// Claims that say whose an identity is; branches, workflows and ways to sign in do not.
const OWNERS: [&str; 17] = [
    "actor",
    "actor_id",
    "app_id",
    "enterprise_id",
    "id",
    "job_workflow_ref",
    "namespace_id",
    "namespace_path",
    "oaud",
    "organization_id",
    "project_id",
    "project_path",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "sub",
];

impl Question for OpenFederation {
    fn ask(&self, value: &Value, _: About<'_>) -> Answer {
        let document = match Document::read(value) {
            Ok(document) => document,
            Err(why) => return Answer::unknown(why),
        };
        let open = document.allows().filter(|(statement, _)| {
            statement.actions.touch("sts:assumerolewithwebidentity")
                && statement.principals.of("Federated").any(|name| is_open(name, statement))
                && !document.cancels(statement, &statement.actions)
        });
        Answer::allowing(open.map(|(_, decided)| decided).collect(), &document)
    }
}

fn is_open(principal: &str, statement: &Statement) -> bool {
    let provider = principal.split_once(":oidc-provider/").map_or(principal, |(_, provider)| provider);
    let own_audience = OWN_AUDIENCE.contains(&provider);
    (own_audience || ANY_AUDIENCE.contains(&provider))
        && !statement.conditions.iter().any(|condition| names_owner(condition, statement, provider, own_audience))
}

fn names_owner(condition: &Condition, statement: &Statement, provider: &str, own_audience: bool) -> bool {
    let claim = condition.key.strip_prefix(provider).and_then(|rest| rest.strip_prefix(':'));
    claim.is_some_and(|claim| OWNERS.contains(&claim) || own_audience && claim == "aud")
        && demanded(condition, statement).is_some_and(|operator| operator.starts_with("string"))
        && !condition.values.is_empty()
        && condition.values.iter().all(|value| is_owned(value))
}

// `repo:owner/project-*`: the owner is the first name, and no wildcard or variable reaches into it.
fn is_owned(value: &str) -> bool {
    let Some((before, _)) = value.split_once(['*', '?', '$']) else { return !value.is_empty() };
    let named = before.split_once(':').map_or(before, |(_, rest)| rest);
    named.find([':', '/']).is_some_and(|end| end > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::tests::ask;
    use super::*;

    fn open(provider: &str, condition: Json) -> Truth {
        let statement = json!({"Effect": "Allow", "Principal": {"Federated": provider},
            "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"], "Condition": condition});
        ask("trust_open_federation", json!({}), json!({ "Statement": [statement] }))
    }

    #[test]
    fn whose_identity_it_is_has_to_be_said() {
        let github = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
        let by = |operator: &str, claim: &str, value: Json| {
            open(github, json!({operator: {format!("token.actions.githubusercontent.com:{claim}"): value}}))
        };
        assert_eq!(open(github, json!(null)), Truth::True);
        for (operator, claim, value, expected) in [
            ("StringEquals", "aud", json!("sts.amazonaws.com"), true),
            ("StringEquals", "sub", json!("repo:shop/app:ref:refs/heads/main"), false),
            ("StringLike", "sub", json!(["repo:shop/*", "repo:shop/app:*"]), false),
            ("StringLike", "sub", json!("repo:shop/app-*:ref:refs/heads/main"), false),
            ("StringLike", "job_workflow_ref", json!("shop/ci/.github/workflows/deploy.yml@*"), false),
            ("StringLike", "repository", json!("shop/app*"), false),
            ("StringLike", "repository", json!("shop*/app"), true),
            ("StringLike", "sub", json!("repo:${token.actions.githubusercontent.com:actor}/app:*"), true),
            ("StringLike", "sub", json!("repo:/app:*"), true),
            ("StringLike", "sub", json!("repo:*"), true),
            ("StringLike", "sub", json!("repo:shop*"), true),
            ("StringLike", "sub", json!(["repo:shop/*", "*"]), true),
            ("StringLike", "sub", json!("*:ref:refs/heads/main"), true),
            ("StringEquals", "repository_owner", json!("shop"), false),
            ("StringEquals", "ref", json!("refs/heads/main"), true),
            ("StringEqualsIfExists", "sub", json!("repo:shop/app:*"), true),
            ("ForAllValues:StringLike", "sub", json!("repo:shop/*"), true),
            ("StringNotLike", "sub", json!("repo:other/*"), true),
            ("StringEquals", "sub", json!([]), true),
        ] {
            assert_eq!(by(operator, claim, value.clone()), Truth::from(expected), "{operator} {claim} {value}");
        }
        // The claim of another provider says nothing.
        let other = json!({"StringEquals": {"gitlab.com:sub": "project_path:shop/app:ref_type:branch:ref:main"}});
        assert_eq!(open(github, other.clone()), Truth::True);
        assert_eq!(open("arn:aws:iam::123456789012:oidc-provider/gitlab.com", other), Truth::False);
        let terraform = json!({"StringLike": {"app.terraform.io:sub": "organization:shop:project:*"}});
        assert_eq!(open("arn:aws:iam::123456789012:oidc-provider/app.terraform.io", terraform), Truth::False);
    }

    #[test]
    fn applications_and_providers_of_ones_own() {
        let pool = json!({"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:0a1b2c3d"}});
        assert_eq!(open("cognito-identity.amazonaws.com", pool), Truth::False);
        assert_eq!(open("cognito-identity.amazonaws.com", json!(null)), Truth::True);
        let kind = json!({"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"}});
        assert_eq!(open("cognito-identity.amazonaws.com", kind), Truth::True);
        for own in [
            "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0A1B",
            "arn:aws:iam::123456789012:oidc-provider/login.example.com",
            "arn:aws:iam::123456789012:saml-provider/directory",
        ] {
            assert_eq!(open(own, json!(null)), Truth::False, "{own}");
        }
    }
}
