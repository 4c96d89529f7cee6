//! What saved answers list of some regions and objects, and not of others.

use std::collections::BTreeSet;

use super::name::kebab;
use super::{Folder, Key};
use crate::catalog::aws::kinds::Scope;
use crate::catalog::aws::{Row, rows};
use crate::model::{Gap, GapReason};

/// Which lists were there: of a kind in a region (nothing told which, so of all), and of a kind below an object.
#[derive(Default)]
pub struct Listed {
    /// Kind and region.
    pub regions: BTreeSet<(&'static str, Option<String>)>,
    /// Kind, and the object that it was listed of.
    pub parents: BTreeSet<(&'static str, Key)>,
}

impl Folder {
    /// A gap for each kind that is listed somewhere and each region where it is not. Of a kind without any object nothing is
    /// known anyway.
    pub fn unlisted(&self) -> Vec<Gap> {
        let known = |row: &&Row| self.objects.keys().any(|key| key.0 == row.kind.name);
        rows().iter().filter(known).flat_map(|row| self.unlisted_of(row)).collect()
    }

    fn unlisted_of(&self, row: &Row) -> Vec<Gap> {
        let Some(operation) = row.lists.first().map(|list| kebab(&list.call.operation)) else { return Vec::new() };
        let kind = row.kind.name;
        let gap = |scope: Option<String>, detail: String| Gap {
            kind: kind.to_owned(),
            scope,
            reason: GapReason::NotCollected,
            detail,
            permission: None,
        };
        if let Some(each) = &row.each {
            let parents = self.objects.keys().filter(|key| key.0 == *each);
            let mut unasked: Vec<_> =
                parents.filter(|key| !self.listed.parents.contains(&(kind, (*key).clone()))).collect();
            // One stands for the others of its region.
            unasked.dedup_by(|next, first| next.1 == first.1);
            let named = |(_, region, name): &Key| {
                gap(
                    region.clone(),
                    format!("the input has no answer of `{operation}` for {name} ({operation}.{name}.json)"),
                )
            };
            return unasked.into_iter().map(named).collect();
        }
        if row.scope == Scope::Account || self.listed.regions.contains(&(kind, None)) {
            return Vec::new();
        }
        let unread =
            self.regions.iter().filter(|region| !self.listed.regions.contains(&(kind, Some((*region).clone()))));
        unread
            .map(|region| gap(Some(region.clone()), format!("the input has no answer of `{operation}` for {region}")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::read;
    use crate::expr::Path;
    use crate::inventory::{Inventory, Presence, Wanted};

    fn inventory(files: &[(&str, &str)]) -> Inventory {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join("111122223333").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut wanted = Wanted::default();
        for kind in
            ["AWS::Lambda::Function", "AWS::Lambda::Alias", "AWS::EC2::FlowLog", "AWS::EC2::VPC", "AWS::IAM::Role"]
        {
            wanted.add(kind, &"Name".parse::<Path>().unwrap());
        }
        read(&[dir.path().to_owned()], None, &wanted, jiff::Timestamp::UNIX_EPOCH, None, &()).unwrap()
    }

    fn is_open(inventory: &Inventory, kind: &str, region: &str) -> bool {
        matches!(inventory.presence(kind, Some(region)), Presence::Gap(_))
    }

    const VPC: &str = r#"{"Vpcs": [{"VpcId": "vpc-1"}]}"#;

    #[test]
    fn a_region_without_a_list_has_a_gap() {
        let logs = r#"{"FlowLogs": [{"FlowLogId": "fl-1", "ResourceId": "vpc-1"}]}"#;
        let files = [
            ("eu-west-1/describe-vpcs.json", VPC),
            ("us-east-1/describe-vpcs.json", VPC),
            ("ap-south-1/describe-vpcs.json", r#"{"Vpcs": []}"#),
            ("eu-west-1/describe-flow-logs.json", logs),
            ("ap-south-1/describe-flow-logs.json", r#"{"FlowLogs": []}"#),
            ("list-roles.json", r#"{"RoleDetailList": [{"RoleName": "a"}]}"#),
        ];
        let inventory = inventory(&files);
        let open =
            |kind: &str| ["ap-south-1", "eu-west-1", "us-east-1"].map(|region| is_open(&inventory, kind, region));
        assert_eq!(open("AWS::EC2::FlowLog"), [false, false, true]);
        assert_eq!(open("AWS::EC2::VPC"), [false, false, false]);
        // What belongs to the account is listed once.
        assert_eq!(open("AWS::IAM::Role"), [false, false, false]);
    }

    #[test]
    fn an_object_whose_parts_are_not_listed_has_a_gap() {
        let functions = r#"{"Functions": [{"FunctionName": "api"}, {"FunctionName": "web"}, {"FunctionName": "job"}]}"#;
        let alias = r#"{"Aliases": [{"AliasArn": "arn:aws:lambda:eu-west-1:111122223333:function:api:live"}]}"#;
        let mut files = vec![
            ("eu-west-1/list-functions.json", functions),
            ("us-east-1/list-functions.json", r#"{"Functions": [{"FunctionName": "api"}]}"#),
            ("eu-west-1/list-aliases.api.json", alias),
            ("us-east-1/list-aliases.api.json", r#"{"Aliases": []}"#),
        ];
        let part = inventory(&files);
        assert!(is_open(&part, "AWS::Lambda::Alias", "eu-west-1"));
        assert!(!is_open(&part, "AWS::Lambda::Alias", "us-east-1"));
        assert_eq!(part.gaps().len(), 1);
        files.extend([
            ("eu-west-1/list-aliases.web.json", r#"{"Aliases": []}"#),
            ("eu-west-1/list-aliases.job.json", r#"{"Aliases": []}"#),
        ]);
        assert_eq!(inventory(&files).gaps(), []);
    }
}
