//! The doctor of AWS accounts.

use std::io;

use super::{Costs, files, standards};
use crate::app::page::paper;
use crate::app::settings::Settings;
use crate::app::{Exit, Fault, Outcome, aws, print};
use crate::base::text::count;
use crate::cli::{AwsArgs, DoctorArgs, GlobalArgs};
use crate::collect::aws::{AccountAccess, ActionVerdict, Identity, Review, actions, review_access};
use crate::model::{System, Technology};
use crate::report::Paper;
use crate::rules::{Library, Plan, Wish};

/// Examines the accounts that the options name. Of several, one that cannot be entered does not stop the others.
pub fn run(args: &DoctorArgs, global: &GlobalArgs, settings: &Settings, library: &Library, wishes: &[Wish]) -> Outcome {
    let ca_file = args.access.ca_file.as_deref();
    let accounts = match args.aws.accounts.as_slice() {
        [] => vec![args.aws.clone()],
        _ => {
            let ids = aws::accounts(&args.aws, args.access.timeout, ca_file)?.into_iter();
            ids.map(|id| AwsArgs { accounts: vec![id], ..args.aws.clone() }).collect()
        }
    };
    let several = accounts.len() > 1;
    let mut lost = 0;
    for account in &accounts {
        let access = aws::access(account, args.access.timeout, ca_file);
        match review(&access, library, wishes) {
            Ok((plan, review)) => print(|out| {
                let page = &mut paper(out, global);
                identity(page, &review, &access.regions)?;
                standards(page, &plan)?;
                plan.notes.iter().try_for_each(|note| page.labelled("Note", note))?;
                lacking(page, &plan, &review)
            })?,
            Err(fault) if !several => return Err(fault),
            Err(Fault(why)) => {
                lost += 1;
                print(|out| {
                    let page = &mut paper(out, global);
                    page.labelled("Account", &account.accounts.join(", "))?;
                    page.labelled("", &format!("a scan cannot enter it: {why}"))
                })?;
            }
        }
    }
    if lost == accounts.len() {
        return Err(Fault(format!("none of {} could be entered", count(lost, "account"))));
    }
    print(|out| files(&mut paper(out, global), args, settings))?;
    Ok(if lost > 0 { Exit::Incomplete } else { Exit::Done })
}

/// What an identity may in an account, and the plan of its scan.
fn review(access: &AccountAccess, library: &Library, wishes: &[Wish]) -> Result<(Plan, Review), Fault> {
    let mut chosen = None;
    let review = review_access(access, |identity| {
        let plan = chosen.insert(Plan::for_system(library, &system(identity), wishes));
        plan.as_ref().map_or_else(|_| Vec::new(), |plan| actions(&plan.wanted()).into_keys().collect())
    })?;
    // Whoever is reviewed has been asked about.
    let plan = chosen.unwrap_or_else(|| Plan::for_system(library, &system(&review.identity), wishes))?;
    Ok((plan, review))
}

fn system(identity: &Identity) -> System {
    System {
        technology: Technology::Aws,
        name: identity.account.clone(),
        version: None,
        distribution: Some(identity.partition.clone()),
        origin: String::new(),
    }
}

fn identity(page: &mut Paper<'_>, review: &Review, chosen: &[String]) -> io::Result<()> {
    let Identity { account, arn, partition } = &review.identity;
    page.labelled("Account", &format!("{account}, partition {partition}"))?;
    page.labelled("", &format!("as {arn}"))?;
    let how = if chosen.is_empty() { "switched on" } else { "chosen" };
    page.labelled("Regions", &format!("{} {how}: {}", review.regions.len(), review.regions.join(", ")))?;
    match &review.regions_lost {
        Some(why) => page.labelled("", &format!("others are unseen: {why}")),
        None => Ok(()),
    }
}

fn lacking(page: &mut Paper<'_>, plan: &Plan, review: &Review) -> io::Result<()> {
    let verdicts = match &review.actions {
        Ok(verdicts) => verdicts,
        Err(why) => {
            page.labelled("Rights", &format!("not known: {why}"))?;
            return page.labelled(
                "",
                "`spm permissions aws` prints the policy that a scan needs; a scan names what is missing of it",
            );
        }
    };
    let missing: Vec<_> = verdicts.iter().filter(|(_, verdict)| *verdict != ActionVerdict::Allowed).collect();
    let asked = verdicts.len();
    if missing.is_empty() {
        page.labelled("Rights", &format!("all {} that the rules need", count(asked, "action")))?;
    } else {
        page.labelled(
            "Rights",
            &format!("{} of {asked} actions are missing; `spm permissions aws` prints the policy", missing.len()),
        )?;
    }
    let costs = Costs::new(plan, |wanted| actions(wanted).into_keys().collect());
    for (action, verdict) in missing {
        let why = match verdict {
            ActionVerdict::Unknown(why) => format!(" (not known: {why})"),
            ActionVerdict::Denied(why) if !why.is_empty() => format!(" ({why})"),
            ActionVerdict::Denied(_) | ActionVerdict::Allowed => String::new(),
        };
        page.labelled("  missing", &format!("{action}{why}"))?;
        for line in costs.of(action) {
            page.labelled("", &format!("costs {line}"))?;
        }
    }
    page.labelled("", "simulated for all resources; policies of sessions and of single resources are not seen")
}
