//! The doctor of AWS accounts.

use std::io::{self, Write};

use super::{Costs, files, standards};
use crate::app::settings::Settings;
use crate::app::{Exit, Outcome, aws, print};
use crate::base::text::{count, sanitise};
use crate::cli::{AwsArgs, DoctorArgs};
use crate::collect::aws::{ActionVerdict, Identity, Review, actions, review_access};
use crate::model::{System, Technology};
use crate::rules::{Library, Plan, Wish};

/// Examines the accounts that the options name.
pub fn run(args: &DoctorArgs, settings: &Settings, library: &Library, wishes: &[Wish]) -> Outcome {
    let ca_file = args.access.ca_file.as_deref();
    let accounts = match args.aws.accounts.as_slice() {
        [] => vec![args.aws.clone()],
        _ => {
            let ids = aws::accounts(&args.aws, args.access.timeout, ca_file)?.into_iter();
            ids.map(|id| AwsArgs { accounts: vec![id], ..args.aws.clone() }).collect()
        }
    };
    for account in accounts {
        let access = aws::access(&account, args.access.timeout, ca_file);
        let mut chosen = None;
        let review = review_access(&access, |identity| {
            let plan = chosen.insert(Plan::for_system(library, &system(identity), wishes));
            plan.as_ref().map_or_else(|_| Vec::new(), |plan| actions(&plan.wanted()).into_keys().collect())
        })?;
        // Whoever is reviewed has been asked about.
        let Some(plan) = chosen.transpose()? else { continue };
        print(|out| {
            identity(out, &review, &access.regions)?;
            standards(out, &plan)?;
            plan.notes.iter().try_for_each(|note| writeln!(out, "Note       {}", sanitise(note)))?;
            lacking(out, &plan, &review)
        })?;
    }
    print(|out| files(out, args, settings))?;
    Ok(Exit::Done)
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

fn identity(out: &mut dyn Write, review: &Review, chosen: &[String]) -> io::Result<()> {
    let Identity { account, arn, partition } = &review.identity;
    writeln!(out, "Account    {}, partition {}", sanitise(account), sanitise(partition))?;
    writeln!(out, "           as {}", sanitise(arn))?;
    let how = if chosen.is_empty() { "switched on" } else { "chosen" };
    writeln!(out, "Regions    {} {how}: {}", review.regions.len(), sanitise(&review.regions.join(", ")))?;
    match &review.regions_lost {
        Some(why) => writeln!(out, "           others are unseen: {}", sanitise(why)),
        None => Ok(()),
    }
}

fn lacking(out: &mut dyn Write, plan: &Plan, review: &Review) -> io::Result<()> {
    let verdicts = match &review.actions {
        Ok(verdicts) => verdicts,
        Err(why) => {
            writeln!(out, "Rights     not known: {}", sanitise(why))?;
            return writeln!(
                out,
                "           `spm permissions aws` prints the policy that a scan needs; what it lacks, a scan names"
            );
        }
    };
    let missing: Vec<_> = verdicts.iter().filter(|(_, verdict)| *verdict != ActionVerdict::Allowed).collect();
    let asked = verdicts.len();
    if missing.is_empty() {
        writeln!(out, "Rights     all {} that the rules need", count(asked, "action"))?;
    } else {
        writeln!(
            out,
            "Rights     {} of {asked} actions are missing; `spm permissions aws` prints the policy",
            missing.len()
        )?;
    }
    let costs = Costs::new(plan, |wanted| actions(wanted).into_keys().collect());
    for (action, verdict) in missing {
        let why = match verdict {
            ActionVerdict::Unknown(why) => format!(" (not known: {why})"),
            ActionVerdict::Denied(why) if !why.is_empty() => format!(" ({why})"),
            ActionVerdict::Denied(_) | ActionVerdict::Allowed => String::new(),
        };
        writeln!(out, "  missing  {action}{}", sanitise(&why))?;
        for line in costs.of(action) {
            writeln!(out, "           costs {line}")?;
        }
    }
    writeln!(out, "           simulated for all resources; policies of sessions and of single resources are not seen")
}
