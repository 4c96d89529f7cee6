//! `spm cleanup`: deletes what a scan with `--nodes daemonset` left behind because it was killed.

use super::live::access;
use super::{Exit, Fault, Outcome, print};
use crate::cli::CleanupArgs;
use crate::collect::kubernetes::nodes::clean_up;

/// Runs the command.
pub fn run(args: &CleanupArgs) -> Outcome {
    let cleaned = clean_up(&access(&args.access), &args.node_namespace, args.all, jiff::Timestamp::now())?;
    print(|out| {
        for what in &cleaned.deleted {
            writeln!(out, "deleted {what}")?;
        }
        for what in &cleaned.kept {
            writeln!(out, "kept    {what}: a scan may still run; --all deletes it too")?;
        }
        if cleaned.deleted.is_empty() && cleaned.kept.is_empty() && cleaned.failed.is_empty() {
            writeln!(out, "nothing to clean up in namespace {}", args.node_namespace)?;
        }
        Ok(())
    })?;
    if cleaned.failed.is_empty() { Ok(Exit::Done) } else { Err(Fault(cleaned.failed.join("\n"))) }
}
