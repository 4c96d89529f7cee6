//! The credential report of an AWS account: a table of users with their passwords, access keys and devices.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

/// Why a report cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the credential report, line {line}: {problem}")]
pub struct BadReport {
    /// Line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub problem: &'static str,
}

/// Keys that were made within this time of their user count as made with it.
const WITH_USER_SECONDS: i64 = 60;

/// A report (CSV with a header) as one object per user, by the user's name (`<root_account>` is one). Columns keep their names,
/// of which new ones may come; what says that there is no value is left out; `true` and `false` are booleans. `access_keys`
/// lists the slots that hold or held a key, `GeneratedTime` is when the report was made, if that is known.
///
/// # Errors
/// The line that is none of a report. A part of a report is none.
pub fn parse(csv: &[u8], generated: Option<&str>) -> Result<Map<String, Json>, BadReport> {
    let mut reader = csv::ReaderBuilder::new().from_reader(csv);
    let bad = |line: u64, problem: &'static str| BadReport { line, problem };
    let columns = reader.headers().map_err(|_| bad(1, "it is no text"))?.clone();
    let user = columns.iter().position(|column| column == "user").ok_or(bad(1, "there is no column `user`"))?;
    let mut users = Map::new();
    for (at, record) in reader.records().enumerate() {
        let record =
            record.map_err(|_| bad(at as u64 + 2, "it has not as many columns as the header, or is no text"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let name = record.get(user).filter(|name| !name.is_empty()).ok_or(bad(line, "the user has no name"))?;
        let mut row = Map::new();
        for (column, text) in columns.iter().zip(&record) {
            if let Some(value) = value(text) {
                row.insert(column.to_owned(), value);
            }
        }
        let keys: Vec<Json> = ["access_key_1", "access_key_2"].iter().filter_map(|slot| key(&row, slot)).collect();
        row.insert("access_keys".to_owned(), keys.into());
        if let Some(generated) = generated {
            row.insert("GeneratedTime".to_owned(), generated.into());
        }
        if users.insert(name.to_owned(), Json::Object(row)).is_some() {
            return Err(bad(line, "the user is there twice"));
        }
    }
    if users.is_empty() {
        return Err(bad(1, "it has no users, not even the root user"));
    }
    Ok(users)
}

fn value(text: &str) -> Option<Json> {
    match text.trim() {
        "" | "N/A" | "no_information" | "not_supported" => None,
        "true" | "TRUE" => Some(true.into()),
        "false" | "FALSE" => Some(false.into()),
        text => Some(text.into()),
    }
}

// A slot is in use if its key is active, or ever was made.
fn key(row: &Map<String, Json>, slot: &str) -> Option<Json> {
    let prefix = format!("{slot}_");
    let mut key = Map::new();
    for (column, value) in row {
        if let Some(field) = column.strip_prefix(&prefix) {
            key.insert(field.to_owned(), value.clone());
        }
    }
    let active = key.get("active").and_then(Json::as_bool).unwrap_or(false);
    if !active && !key.contains_key("last_rotated") {
        return None;
    }
    let moment = |value: Option<&Json>| value.and_then(Json::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    if let (Some(made), Some(user)) = (moment(key.get("last_rotated")), moment(row.get("user_creation_time"))) {
        let apart = made.as_second().saturating_sub(user.as_second()).saturating_abs();
        key.insert("created_with_user".to_owned(), (apart < WITH_USER_SECONDS).into());
    }
    key.insert("name".to_owned(), slot.into());
    Some(Json::Object(key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // Authored after the columns that the IAM user guide lists.
    const REPORT: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
        password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
        access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
        access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
        cert_1_last_rotated,cert_2_active,cert_2_last_rotated,some_new_column\n\
        <root_account>,arn:aws:iam::123456789012:root,2019-01-01T00:00:00+00:00,not_supported,2024-01-01T00:00:00+00:00,\
        not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A,x\n\
        \"ann, the first\",arn:aws:iam::123456789012:user/ann,2024-01-01T00:00:00+00:00,true,no_information,\
        2024-01-01T00:00:00+00:00,N/A,false,true,2024-01-01T00:00:59+00:00,N/A,N/A,N/A,false,2024-01-01T00:01:00+00:00,\
        2024-02-01T00:00:00+00:00,eu-central-1,s3,false,N/A,false,N/A,\n";

    #[test]
    fn rows_become_objects_by_user() {
        let users = parse(REPORT.as_bytes(), Some("2024-03-01T00:00:00+00:00")).unwrap();
        assert_eq!(users.keys().collect::<Vec<_>>(), ["<root_account>", "ann, the first"]);
        let root = &users["<root_account>"];
        assert_eq!(root["mfa_active"], json!(true));
        assert_eq!(root["access_keys"], json!([]));
        assert_eq!(root["GeneratedTime"], json!("2024-03-01T00:00:00+00:00"));
        assert_eq!(root["some_new_column"], json!("x"));
        assert!(root.get("password_enabled").is_none() && root.get("access_key_1_last_rotated").is_none());
        let ann = &users["ann, the first"];
        assert_eq!(ann["password_enabled"], json!(true));
        assert!(ann.get("password_last_used").is_none(), "it was never used, which is no date");
        assert_eq!(
            ann["access_keys"],
            json!([
                {
                    "name": "access_key_1", "active": true, "last_rotated": "2024-01-01T00:00:59+00:00",
                    "created_with_user": true
                },
                {
                    "name": "access_key_2", "active": false, "last_rotated": "2024-01-01T00:01:00+00:00",
                    "last_used_date": "2024-02-01T00:00:00+00:00", "last_used_region": "eu-central-1",
                    "last_used_service": "s3", "created_with_user": false
                },
            ])
        );
    }

    #[test]
    fn a_part_of_a_report_is_none() {
        let cut = &REPORT[..REPORT.len() - 60];
        assert_eq!(parse(cut.as_bytes(), None).unwrap_err().line, 3);
        assert_eq!(parse(b"", None).unwrap_err().problem, "there is no column `user`");
        assert_eq!(parse(b"user,arn\n", None).unwrap_err().problem, "it has no users, not even the root user");
        assert_eq!(parse(b"user,arn\na,b\na,c\n", None).unwrap_err().problem, "the user is there twice");
        assert_eq!(parse(b"user,arn\n,b\n", None).unwrap_err().problem, "the user has no name");
        assert!(parse(b"user,arn\na,\xff\n", None).is_err());
        assert!(parse(b"<html>", None).is_err());
    }
}
