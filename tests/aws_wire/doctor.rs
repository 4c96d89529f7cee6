//! `spm doctor` of an account.

use super::scans::{common, run, spm};
use super::server::{Reply, Request, Server};

fn simulated(request: &Request, allowed: impl Fn(&str) -> &'static str) -> Reply {
    let actions = (1..).map_while(|at| request.field(&format!("ActionNames.member.{at}")));
    let results: String = actions
        .map(|action| {
            let decision = allowed(&action);
            format!("<member><EvalActionName>{action}</EvalActionName><EvalDecision>{decision}</EvalDecision></member>")
        })
        .collect();
    Reply::ok(format!(
        "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>\
         {results}</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
    ))
}

fn doctor(server: &Server, args: &[&str]) -> String {
    let (code, out, err) = run(spm(server, &[&["doctor", "--aws"], args].concat()));
    assert_eq!(code, Some(0), "{err}");
    out
}

#[test]
fn missing_actions_are_named_with_the_rules_that_they_cost() {
    let server = Server::start(|request, _| match request.action().as_str() {
        "SimulatePrincipalPolicy" => {
            assert_eq!(request.field("PolicySourceArn").unwrap(), "arn:aws:iam::111122223333:user/auditor");
            simulated(request, |action| match action {
                "cloudtrail:DescribeTrails" => "explicitDeny",
                "kms:GetKeyRotationStatus" => "implicitDeny",
                _ => "allowed",
            })
        }
        _ => common(request),
    });
    let out = doctor(&server, &[]);
    for line in [
        "Account    111122223333, partition aws",
        "           as arn:aws:iam::111122223333:user/auditor",
        "Regions    1 switched on: eu-west-1",
        "Standard   CIS Amazon Web Services Foundations Benchmark 3.0.0",
        "  missing  cloudtrail:DescribeTrails (a policy denies it)",
        "  missing  kms:GetKeyRotationStatus\n           costs CIS 1 rule: 3.6\n",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }
    assert!(out.contains("Rights     2 of "), "{out}");
    let all = Server::start(|request, _| match request.action().as_str() {
        "SimulatePrincipalPolicy" => simulated(request, |_| "allowed"),
        _ => common(request),
    });
    let out = doctor(&all, &["--region", "eu-west-1,eu-west-2"]);
    assert!(out.contains("Rights     all ") && !out.contains("missing"), "{out}");
    assert!(out.contains("Regions    2 chosen: eu-west-1, eu-west-2"), "{out}");
}

#[test]
fn a_role_is_found_by_its_session_and_an_unknown_action_spoils_no_others() {
    let server = Server::start(|request, _| match request.action().as_str() {
        "GetCallerIdentity" => Reply::ok(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::111122223333:assumed-role/audit/me</Arn>\
             <UserId>u</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
        ),
        "GetRole" => Reply::ok(
            "<GetRoleResponse><GetRoleResult><Role><RoleName>audit</RoleName><Arn>arn:aws:iam::111122223333:role/team/audit\
             </Arn></Role></GetRoleResult></GetRoleResponse>",
        ),
        "SimulatePrincipalPolicy" => {
            assert_eq!(request.field("PolicySourceArn").unwrap().trim(), "arn:aws:iam::111122223333:role/team/audit");
            let unknown = (1..).map_while(|at| request.field(&format!("ActionNames.member.{at}")));
            match unknown.into_iter().any(|action| action == "iam:GetAccountSummary") {
                true => Reply::xml_error(400, "InvalidInput", "Invalid Action"),
                false => simulated(request, |_| "allowed"),
            }
        }
        _ => common(request),
    });
    let out = doctor(&server, &[]);
    assert!(out.contains("Rights     1 of ") && out.contains("missing  iam:GetAccountSummary (not known: "), "{out}");
}

#[test]
fn what_cannot_be_simulated_is_said_plainly() {
    let denied = Server::start(|request, _| common(request));
    // Wrapped at the width of the page.
    let out = doctor(&denied, &[]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(out.contains("Rights not known: ") && out.contains("allow iam:SimulatePrincipalPolicy on arn:"), "{out}");
    assert!(out.contains("`spm permissions aws` prints the policy"), "{out}");
    let root = Server::start(|request, _| match request.action().as_str() {
        "GetCallerIdentity" => Reply::ok(
            "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:root</Arn>\
             <UserId>u</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
        ),
        _ => common(request),
    });
    assert!(doctor(&root, &[]).contains("not known: this is the root user"), "root");
    assert!(!root.requests().iter().any(|request| request.action() == "SimulatePrincipalPolicy"));
}

#[test]
fn an_account_that_cannot_be_entered_does_not_hide_the_others() {
    let server = Server::start(|request, _| match request.action().as_str() {
        "SimulatePrincipalPolicy" => simulated(request, |_| "allowed"),
        "AssumeRole" => Reply::xml_error(403, "AccessDenied", "not authorized to perform sts:AssumeRole"),
        _ => common(request),
    });
    // In its own account the identity needs no role.
    let args = ["doctor", "--accounts", "444455556666,111122223333", "--account-role", "audit"];
    let (code, out, err) = run(spm(&server, &args));
    assert_eq!(code, Some(3), "{err}");
    assert!(out.contains("Account    111122223333, partition aws") && out.contains("Rights     all "), "{out}");
    assert!(out.contains("Account    444455556666\n           a scan cannot enter it: "), "{out}");
    let args = ["doctor", "--accounts", "444455556666,777788889999", "--account-role", "audit"];
    let (code, _, err) = run(spm(&server, &args));
    assert!(code == Some(2) && err.contains("none of 2 accounts could be entered"), "{err}");
}
