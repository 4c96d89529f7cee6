//! Which actions an identity lacks: IAM simulates its policies; nothing is tried.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::account::{AccountAccess, AwsError, connect, enabled_regions, runtime};
use super::{CallError, Caller, Class, Identity};

/// Actions that one simulation is asked about.
const BATCH: usize = 50;

/// Whether an action is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionVerdict {
    /// It is.
    Allowed,
    /// It is not; the words say what forbids it, none that nothing allows it.
    Denied(&'static str),
    /// The simulation does not tell, for this reason.
    Unknown(String),
}

/// What an identity may do in its account.
#[derive(Debug)]
pub struct Review {
    /// Who it is.
    pub identity: Identity,
    /// The regions that a scan would read.
    pub regions: Vec<String>,
    /// Why these may not be all regions of the account.
    pub regions_lost: Option<String>,
    /// Each of the actions with its verdict; why none has one, and what helps, where nothing could be simulated.
    pub actions: Result<Vec<(String, ActionVerdict)>, String>,
}

/// Asks who the identity is, where it would read and which of the actions it may do.
pub fn review_access(
    access: &AccountAccess,
    actions: impl FnOnce(&Identity) -> Vec<String>,
) -> Result<Review, AwsError> {
    runtime()?.block_on(async {
        let (caller, identity) = connect(access).await?;
        let (regions, lost) = enabled_regions(access, &caller).await;
        let asked = actions(&identity);
        let actions = match principal(&caller, &identity).await {
            Ok(principal) => simulate(&caller, &principal, asked).await,
            Err(why) => Err(why),
        };
        let regions_lost = lost.map(|error| format!("{error} (needs ec2:DescribeRegions)"));
        Ok(Review { identity, regions, regions_lost, actions })
    })
}

/// What is known of an identity from its ARN.
#[derive(Debug, PartialEq, Eq)]
enum Principal {
    /// IAM knows it by its ARN.
    Arn(String),
    /// A session of the role of this name.
    Role(String),
    /// Nothing can be simulated, for this reason.
    None(&'static str),
}

impl Principal {
    fn of(arn: &str) -> Principal {
        let mut parts = arn.splitn(6, ':').skip(2);
        let (service, resource) = (parts.next().unwrap_or_default(), parts.nth(2).unwrap_or_default());
        match (service, resource.split_once('/')) {
            ("iam", Some(("user" | "role", _))) => Principal::Arn(arn.to_owned()),
            ("sts", Some(("assumed-role", rest))) => {
                Principal::Role(rest.split('/').next().unwrap_or_default().to_owned())
            }
            ("sts", Some(("federated-user", _))) => Principal::None(
                "IAM cannot simulate federated users; ask as the user or role that gave the session, or scan with a role \
                 that has the policy",
            ),
            ("iam", None) if resource == "root" => Principal::None(
                "this is the root user, who may do all that no policy of the organization forbids; nobody should scan as \
                 root, so make a role with the policy",
            ),
            _ => Principal::None("IAM cannot simulate an identity of this kind; scan with a role that has the policy"),
        }
    }
}

// The ARN that IAM simulates.
async fn principal(caller: &Caller, identity: &Identity) -> Result<String, String> {
    match Principal::of(&identity.arn) {
        Principal::Arn(arn) => Ok(arn),
        Principal::None(why) => Err(why.to_owned()),
        Principal::Role(name) => {
            let with = Map::from_iter([("RoleName".to_owned(), name.as_str().into())]);
            let known = caller.own("iam", "GetRole", with).await.ok();
            let arn = known.as_ref().and_then(|answer| answer.pointer("/Role/Arn")?.as_str());
            // The ARN of a session lacks the path of its role; most roles have none.
            let plain = || format!("arn:{}:iam::{}:role/{name}", identity.partition, identity.account);
            Ok(arn.map_or_else(plain, str::to_owned))
        }
    }
}

async fn simulate(
    caller: &Caller,
    principal: &str,
    asked: Vec<String>,
) -> Result<Vec<(String, ActionVerdict)>, String> {
    let mut verdicts = Vec::new();
    for batch in asked.chunks(BATCH) {
        match simulated(caller, principal, batch).await {
            Ok(known) => verdicts.extend(batch.iter().map(|action| (action.clone(), verdict(&known, action)))),
            // One action that the simulator does not know spoils all others, so each is asked for alone.
            Err(error) if error.code == "InvalidInput" && batch.len() > 1 => {
                for action in batch {
                    let verdict = match simulated(caller, principal, std::slice::from_ref(action)).await {
                        Ok(known) => verdict(&known, action),
                        Err(error) => ActionVerdict::Unknown(error.to_string()),
                    };
                    verdicts.push((action.clone(), verdict));
                }
            }
            Err(error) => return Err(why_not(&error, principal)),
        }
    }
    Ok(verdicts)
}

fn why_not(error: &CallError, principal: &str) -> String {
    match error.class {
        Class::Denied { .. } => format!("{error}; allow iam:SimulatePrincipalPolicy on {principal} (and iam:GetRole)"),
        _ if error.code == "NoSuchEntity" => {
            format!("IAM knows no {principal}: the role has a path; allow iam:GetRole so that it can be found")
        }
        _ => error.to_string(),
    }
}

async fn simulated(
    caller: &Caller,
    principal: &str,
    actions: &[String],
) -> Result<BTreeMap<String, ActionVerdict>, CallError> {
    let with = Map::from_iter([
        ("PolicySourceArn".to_owned(), principal.into()),
        ("ActionNames".to_owned(), actions.iter().map(String::as_str).collect::<Json>()),
    ]);
    let answer = caller.own("iam", "SimulatePrincipalPolicy", with).await?;
    let results = answer.get("EvaluationResults").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    Ok(results
        .iter()
        .filter_map(|result| Some((text(result, "EvalActionName")?.to_lowercase(), decision(result))))
        .collect())
}

fn verdict(known: &BTreeMap<String, ActionVerdict>, action: &str) -> ActionVerdict {
    let unknown = || ActionVerdict::Unknown("the simulation does not speak of it".to_owned());
    known.get(&action.to_lowercase()).cloned().unwrap_or_else(unknown)
}

fn text<'a>(value: &'a Json, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Json::as_str)
}

fn decision(result: &Json) -> ActionVerdict {
    let refused = |pointer: &str| result.pointer(pointer).and_then(Json::as_bool) == Some(false);
    match text(result, "EvalDecision") {
        Some("allowed") => ActionVerdict::Allowed,
        Some(_) if refused("/OrganizationsDecisionDetail/AllowedByOrganizations") => {
            ActionVerdict::Denied("a service control policy of the organization forbids it")
        }
        Some(_) if refused("/PermissionsBoundaryDecisionDetail/AllowedByPermissionsBoundary") => {
            ActionVerdict::Denied("its permissions boundary does not allow it")
        }
        Some("explicitDeny") => ActionVerdict::Denied("a policy denies it"),
        Some(_) => ActionVerdict::Denied(""),
        None => ActionVerdict::Unknown("the simulation does not decide it".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_be_simulated() {
        let of = |arn: &str| Principal::of(arn);
        let user = "arn:aws-cn:iam::111122223333:user/team/ann";
        assert_eq!(of(user), Principal::Arn(user.to_owned()));
        assert_eq!(
            of("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Audit_0123/ann@example.com"),
            Principal::Role("AWSReservedSSO_Audit_0123".to_owned())
        );
        for (arn, words) in [
            ("arn:aws:iam::111122223333:root", "root user"),
            ("arn:aws:sts::111122223333:federated-user/ann", "federated"),
            ("arn:aws:sts::111122223333:something/else", "of this kind"),
            ("", "of this kind"),
        ] {
            assert!(matches!(of(arn), Principal::None(why) if why.contains(words)), "{arn}");
        }
    }

    #[test]
    fn decisions_say_what_forbids() {
        let of = |result: Json| decision(&result);
        assert_eq!(of(serde_json::json!({"EvalDecision": "allowed"})), ActionVerdict::Allowed);
        assert_eq!(of(serde_json::json!({"EvalDecision": "implicitDeny"})), ActionVerdict::Denied(""));
        let organization = serde_json::json!({"EvalDecision": "implicitDeny",
            "OrganizationsDecisionDetail": {"AllowedByOrganizations": false}});
        assert!(matches!(of(organization), ActionVerdict::Denied(why) if why.contains("service control policy")));
        let boundary = serde_json::json!({"EvalDecision": "implicitDeny",
            "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": false}});
        assert!(matches!(of(boundary), ActionVerdict::Denied(why) if why.contains("boundary")));
        assert!(matches!(of(serde_json::json!({})), ActionVerdict::Unknown(_)), "never allowed by silence");
        assert!(matches!(verdict(&BTreeMap::new(), "s3:GetBucketAcl"), ActionVerdict::Unknown(_)));
    }
}
