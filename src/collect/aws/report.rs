//! The credential report: asked for, made if there is none, and waited for.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use super::client::Caller;
use super::credential_report;
use super::error::{CallError, Class, Failure};

/// Wait before it is asked for again, doubled each time.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(4);
/// Longest wait for a report to be made. It takes seconds, of large accounts a minute.
const PATIENCE: Duration = Duration::from_secs(180);

/// The report, with `Content` as one object per user.
pub async fn read(caller: &Caller, region: &str) -> Result<Json, CallError> {
    let began = Instant::now();
    let mut wait = FIRST_WAIT;
    loop {
        match caller.list("iam", "GetCredentialReport", Map::new(), region).await {
            Ok(answer) => return parse(answer).map_err(|failure| failure.of("iam", "GetCredentialReport", region)),
            Err(error) if error.code == "ReportInProgress" => {}
            Err(error) if matches!(error.code.as_str(), "ReportNotPresent" | "ReportExpired") => {
                // Its answer says only that the work has begun, or is done.
                caller.list("iam", "GenerateCredentialReport", Map::new(), region).await?;
            }
            Err(error) => return Err(error),
        }
        if began.elapsed() + wait > PATIENCE {
            let failure = Failure::new(Class::Server, "ReportInProgress", "the credential report is not made in time");
            return Err(failure.of("iam", "GetCredentialReport", region));
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

fn parse(mut answer: Json) -> Result<Json, Failure> {
    let malformed = |why: String| Failure::new(Class::Malformed, "MalformedReport", why);
    let content = answer.get("Content").and_then(Json::as_str).unwrap_or_default();
    let csv = STANDARD.decode(content.trim()).map_err(|_| malformed("the report is not base64".to_owned()))?;
    let generated = answer.get("GeneratedTime").and_then(Json::as_str).map(str::to_owned);
    let users = credential_report::parse(&csv, generated.as_deref()).map_err(|error| malformed(error.to_string()))?;
    answer["Content"] = Json::Object(users);
    Ok(answer)
}
