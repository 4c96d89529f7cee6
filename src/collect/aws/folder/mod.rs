//! An account from files: answers that were saved with the vendor's command line
//! (`aws ec2 describe-security-groups > eu-west-1/describe-security-groups.json`).
//!
//! A list is known by what it holds, if need be by the operation in the file name. Answers about one object carry its name
//! behind the operation: `get-bucket-policy.my-bucket.json`. Folders or file names tell region and account where the objects
//! themselves do not. Where the answer was that there is no such configuration (`NoSuchBucketPolicy`) the file holds `{}`.

mod name;
mod recognize;
mod unlisted;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value as Json};

use self::name::{FileName, account_in, kebab, region_in};
pub use self::recognize::is_folder;
use self::unlisted::Listed;
use super::credential_report;
use super::objects::{self, Object, Origin, needed, with_identity};
use crate::base::text::count;
use crate::catalog::aws::fields::field_names;
use crate::catalog::aws::kinds::{List, Scope};
use crate::catalog::aws::{Row, row, rows};
use crate::collect::Progress;
use crate::expr::projection::Sharing;
use crate::inventory::{Inventory, Mode, ObjectSink, Wanted};
use crate::model::{Gap, GapReason, System, Technology};

/// A file above this size is not one answer, in bytes.
const MAX_FILE: u64 = 512 << 20;
const MAX_DEPTH: usize = 12;
/// Where what belongs to the account as a whole is filed, if nothing tells a region.
const NOWHERE: &str = "unknown-region";

/// Why no account can be made of files. Everything less is a gap.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A path that the user named.
    #[error("cannot read {path}")]
    Open {
        /// As the user gave it.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No file holds an answer that is known.
    #[error(
        "no answer of the AWS command line in {origin}; expected files such as `aws ec2 describe-vpcs > describe-vpcs.json`"
    )]
    Nothing {
        /// What was read.
        origin: String,
    },
}

/// Reads the account; of each object only what is wanted.
pub fn read(
    paths: &[PathBuf],
    system: Option<&str>,
    wanted: &Wanted,
    now: jiff::Timestamp,
    mut save: Option<&mut dyn ObjectSink>,
    progress: &dyn Progress,
) -> Result<Inventory, FolderError> {
    let mut files = Vec::new();
    for path in paths {
        walk(path, &mut files, 0).map_err(|source| FolderError::Open { path: path.display().to_string(), source })?;
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    let origin = format!("{} below {}", count(files.len(), "file"), shown(paths));
    let mut folder = Folder::default();
    let mut gaps = Vec::new();
    let mut later = Vec::new();
    for (at, file) in files.iter().enumerate() {
        progress.reading(&file.display().to_string(), at);
        match parse(file) {
            Ok(Json::Object(answer)) => {
                let name = FileName::of(file);
                if answer.get("NextToken").is_some_and(Json::is_string) {
                    let listed = candidates(&name, &answer, |_| true);
                    let detail = format!("{}: the list goes on, save all of it", file.display());
                    gaps.extend(missing(&listed, &name, GapReason::Truncated, &detail));
                }
                later.extend(folder.list(name, answer));
            }
            Ok(_) => gaps.extend(broken(file, "no answer of the command line")),
            Err(error) => gaps.extend(broken(file, &error)),
        }
    }
    if folder.objects.is_empty() && later.is_empty() && gaps.iter().all(|gap| gap.kind == Gap::DOCUMENT) {
        return Err(FolderError::Nothing { origin });
    }
    // What is about objects comes when all of them are there; lists per object first.
    let (children, asks): (Vec<_>, Vec<_>) =
        later.into_iter().partition(|(name, answer)| !children(name, answer).is_empty());
    for (name, answer) in children {
        folder.children(&name, &answer);
    }
    gaps.extend(folder.unlisted().into_iter().filter(|gap| wanted.of(&gap.kind).is_some()));
    folder.singles();
    let mut unused = 0;
    for (name, answer) in asks {
        unused += usize::from(!folder.locate(&name, &answer) && !folder.ask(&name, &answer));
    }
    let account = folder.account.clone().unwrap_or_default();
    let name = system.map(str::to_owned).or(folder.account.clone()).unwrap_or_else(|| "aws".to_owned());
    let system = System {
        technology: Technology::Aws,
        name,
        version: None,
        distribution: Some(folder.partition().to_owned()),
        origin,
    };
    let mut inventory = Inventory::new(system, Mode::Files, now);
    if unused > 0 {
        inventory.notes.push(format!("{} hold nothing that is known or belongs to an object", count(unused, "file")));
    }
    gaps.into_iter().for_each(|gap| inventory.add_gap(gap));
    let sharing = Sharing::new();
    let partition = folder.partition().to_owned();
    for ((kind, _, _), entry) in folder.objects {
        let (Some(row), Some(projection)) = (row(kind), wanted.of(kind)) else { continue };
        let mut object = entry.object;
        if let Some(locate) = row.locate.as_ref().filter(|_| object.region.is_none()) {
            let operation = kebab(&locate.ask.call.operation);
            let why = format!("the input has no answer of `{operation}` for it ({operation}.{}.json)", object.name);
            object.misplace(row, &why);
        }
        for at in needed(row, projection).into_iter().filter(|at| !entry.answered.contains(at)) {
            let Some(ask) = row.asks.get(at).filter(|ask| ask.concerns(&object.fields)) else { continue };
            let operation = kebab(&ask.call.operation);
            let why = format!("the input has no answer of `{operation}` for it ({operation}.{}.json)", object.name);
            object.lose(row, at, projection, &why);
        }
        let region = object.region.clone().unwrap_or_default();
        let origin = Origin { account: account.clone(), partition: partition.clone(), region };
        if let Some(save) = &mut save {
            let answered: Vec<usize> = entry.answered.iter().copied().collect();
            save.object(kind, &object.text(row, &answered, &origin));
        }
        inventory.add(row.kind.name, [object.resource(&origin, &with_identity(projection), &sharing)]);
    }
    inventory.finish();
    Ok(inventory)
}

/// An object: kind, region, name.
type Key = (&'static str, Option<String>, String);

#[derive(Default)]
struct Folder {
    objects: BTreeMap<Key, Entry>,
    listed: Listed,
    regions: BTreeSet<String>,
    account: Option<String>,
}

struct Entry {
    object: Object,
    /// Asks of the row whose answers were there.
    answered: BTreeSet<usize>,
}

impl Folder {
    fn partition(&self) -> &'static str {
        match self.regions.iter().next().map(String::as_str) {
            Some(region) if region.starts_with("cn-") => "aws-cn",
            Some(region) if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        }
    }

    fn origin(&self, region: Option<&str>) -> Origin {
        Origin {
            account: self.account.clone().unwrap_or_default(),
            partition: self.partition().to_owned(),
            region: region.unwrap_or(NOWHERE).to_owned(),
        }
    }

    // Adds the objects that an answer lists; what lists nothing is given back.
    fn list(&mut self, name: FileName, answer: Map<String, Json>) -> Option<(FileName, Map<String, Json>)> {
        self.account = self.account.take().or_else(|| name.account.clone()).or_else(|| account_in(&answer));
        let region = name.region.clone().or_else(|| region_in(&answer));
        self.regions.extend(region.clone());
        let found = lists(&name, &answer);
        if found.is_empty() || name.operation_is_about_one() {
            return Some((name, answer));
        }
        let origin = self.origin(region.as_deref());
        for row in found {
            self.listed.regions.insert((row.kind.name, region.clone()));
            for object in objects::objects(row, Json::Object(answer.clone()), &origin, None) {
                self.add(row, object);
            }
        }
        None
    }

    fn add(&mut self, row: &'static Row, object: Object) {
        let key = (row.kind.name, object.region.clone(), object.name.clone());
        self.objects.entry(key).or_insert(Entry { object, answered: BTreeSet::new() });
    }

    fn children(&mut self, name: &FileName, answer: &Map<String, Json>) {
        for row in children(name, answer) {
            let Some(parent) = row.each.as_deref().and_then(|each| self.find(each, name)) else { continue };
            self.listed.parents.insert((row.kind.name, parent.clone()));
            let Some(parent) = self.objects.get(&parent).map(|entry| entry.object.clone()) else { continue };
            let origin = self.origin(parent.region.as_deref());
            for object in objects::objects(row, Json::Object(answer.clone()), &origin, Some(&parent.fields)) {
                self.add(row, object);
            }
        }
    }

    // One object for the account, and one for each region that was seen.
    fn singles(&mut self) {
        let regions: Vec<String> = self.regions.iter().cloned().collect();
        for row in rows().iter().filter(|row| row.lists.is_empty()) {
            let places: Vec<Option<&str>> = match row.scope {
                Scope::Account => vec![None],
                Scope::Region => regions.iter().map(|region| Some(region.as_str())).collect(),
            };
            for region in places {
                if let Some(object) = objects::single(row, &self.origin(region)) {
                    self.add(row, object);
                }
            }
        }
    }

    // Whether the answer tells the region of an object.
    fn locate(&mut self, name: &FileName, answer: &Map<String, Json>) -> bool {
        let locators = rows().iter().filter_map(|row| Some((row, row.locate.as_ref()?)));
        for (row, locate) in locators.filter(|(_, locate)| name.names(&locate.ask.call.operation)) {
            let Some(key) = self.find(row.kind.name, name) else { continue };
            let Some(mut entry) = self.objects.remove(&key) else { continue };
            if entry.object.region.is_none() {
                let origin = self.origin(None);
                let taken = objects::take(&locate.ask, Json::Object(answer.clone()), &entry.object.fields, &origin);
                entry.object.place(row, locate.region(taken.ok().flatten().as_ref()));
            }
            self.objects.insert((key.0, entry.object.region.clone(), key.2), entry);
            return true;
        }
        false
    }

    // Whether some object takes the answer.
    fn ask(&mut self, name: &FileName, answer: &Map<String, Json>) -> bool {
        let mut taken = false;
        for (row, at) in name.asks() {
            let keys: Vec<_> = match (row.lists.is_empty(), &name.about) {
                (true, about) => {
                    let field = row.asks[at].field.as_deref();
                    // An answer about a bucket is none about the account, although their operations have the same name.
                    let its = |own: &str| about.as_deref().is_none_or(|about| about == own || Some(about) == field);
                    let here = |key: &&Key| {
                        let near = name.region.is_none() || key.1.is_none() || key.1 == name.region;
                        key.0 == row.kind.name && near && its(&key.2)
                    };
                    self.objects.keys().filter(here).cloned().collect()
                }
                // The report has all users.
                (false, None) if row.asks[at].call.is_credential_report() => {
                    self.objects.keys().filter(|key| key.0 == row.kind.name).cloned().collect()
                }
                (false, Some(_)) => self.find(row.kind.name, name).into_iter().collect(),
                (false, None) => Vec::new(),
            };
            for key in keys {
                let origin = self.origin(key.1.as_deref());
                let Some(entry) = self.objects.get_mut(&key) else { continue };
                let ask = &row.asks[at];
                let answer =
                    if ask.call.is_credential_report() { decoded(answer) } else { Json::Object(answer.clone()) };
                // What a report does not list is left unanswered, so that it is unknown.
                if let Ok(part) = objects::take(ask, answer, &entry.object.fields, &origin) {
                    part.into_iter().for_each(|part| entry.object.attach(ask, part));
                    entry.answered.insert(at);
                }
                taken = true;
            }
        }
        taken
    }

    fn find(&self, kind: &str, name: &FileName) -> Option<Key> {
        let about = name.about.as_deref()?;
        let same = |own: &str| own == about || own.replace(['/', ':'], "_") == about.replace(['/', ':'], "_");
        let here = |region: &Option<String>| name.region.is_none() || region.is_none() || *region == name.region;
        self.objects.keys().find(|key| key.0 == kind && same(&key.2) && here(&key.1)).cloned()
    }
}

// The report is CSV in base64. One that cannot be read tells nothing of anybody.
fn decoded(answer: &Map<String, Json>) -> Json {
    let text = |key: &str| answer.get(key).and_then(Json::as_str);
    let csv = text("Content").and_then(|content| BASE64.decode(content.trim()).ok()).unwrap_or_default();
    match credential_report::parse(&csv, text("GeneratedTime")) {
        Ok(users) => serde_json::json!({"Content": users}),
        Err(_) => serde_json::json!({"Content": {}}),
    }
}

// Rows whose list the answer is.
fn lists(name: &FileName, answer: &Map<String, Json>) -> Vec<&'static Row> {
    candidates(name, answer, |row| row.each.is_none())
}

fn children(name: &FileName, answer: &Map<String, Json>) -> Vec<&'static Row> {
    candidates(name, answer, |row| row.each.is_some())
}

fn candidates(name: &FileName, answer: &Map<String, Json>, fits: impl Fn(&Row) -> bool) -> Vec<&'static Row> {
    let holds = |row: &&Row| row.items.first().is_some_and(|first| answer.contains_key(first));
    let all: Vec<&'static Row> = rows().iter().filter(|row| !row.lists.is_empty()).filter(holds).collect();
    let named = |row: &&&'static Row| row.lists.iter().any(|list| name.names(&list.call.operation));
    let mut chosen: Vec<&'static Row> = all.iter().filter(named).copied().collect();
    if chosen.is_empty() {
        let known = |row: &Row| {
            objects::sample_keys(row, answer).is_none_or(|keys| {
                let fields = field_names(row);
                keys.iter().all(|key| fields.contains(key))
            })
        };
        chosen = all.into_iter().filter(|row| known(row)).collect();
        // Of lists that look alike, only the name tells.
        let calls: BTreeSet<_> =
            chosen.iter().flat_map(|row| &row.lists).map(|list| (&list.call.service, &list.call.operation)).collect();
        if calls.len() > 1 {
            chosen.clear();
        }
    }
    // Of kinds that the same call lists the one with fewer parameters is meant: the others are parts of it.
    let narrowed = |list: &List, other: &List| {
        (&list.call.service, &list.call.operation) == (&other.call.service, &other.call.operation)
            && list.call.with.len() > other.call.with.len()
    };
    let least = |row: &&Row| {
        let others = chosen.iter().flat_map(|other| &other.lists);
        row.lists.iter().any(|list| !others.clone().any(|other| narrowed(list, other)))
    };
    chosen.iter().copied().filter(least).filter(|row| fits(row)).collect()
}

fn walk(path: &Path, files: &mut Vec<PathBuf>, depth: usize) -> io::Result<()> {
    if !path.is_dir() {
        // Whether it can be read at all is said at once.
        fs::metadata(path)?;
        files.push(path.to_owned());
        return Ok(());
    }
    if depth > MAX_DEPTH {
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    entries.iter().try_for_each(|entry| walk(entry, files, depth + 1))
}

fn parse(file: &Path) -> Result<Json, String> {
    let size = fs::metadata(file).map_err(|error| error.to_string())?.len();
    if size > MAX_FILE {
        return Err(format!("{size} bytes, at most {MAX_FILE} are read"));
    }
    let text = fs::read(file).map_err(|error| error.to_string())?;
    if text.is_empty() {
        return Err("the file is empty: the command that wrote it has failed".to_owned());
    }
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

// A file without an answer: nothing is known of the kinds that its name tells; of whatever it held, if it tells none.
fn broken(file: &Path, problem: &str) -> Vec<Gap> {
    let name = FileName::of(file);
    let listed = |row: &&'static Row| row.lists.iter().any(|list| name.names(&list.call.operation));
    let named: Vec<&'static Row> = rows().iter().filter(listed).collect();
    let detail = format!("{}: {problem}", file.display());
    let mut gaps = missing(&named, &name, GapReason::Malformed, &detail);
    if gaps.is_empty() {
        let scope = Some(file.display().to_string());
        let reason = GapReason::Malformed;
        gaps.push(Gap { kind: Gap::DOCUMENT.to_owned(), scope, reason, detail: problem.to_owned(), permission: None });
    }
    gaps
}

fn missing(rows: &[&'static Row], name: &FileName, reason: GapReason, detail: &str) -> Vec<Gap> {
    let gap = |row: &&'static Row| Gap {
        kind: row.kind.name.to_owned(),
        scope: name.region.clone().filter(|_| row.scope == Scope::Region),
        reason,
        detail: detail.to_owned(),
        permission: None,
    };
    rows.iter().map(gap).collect()
}

fn shown(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{Path as FieldPath, Value};

    fn wanted(fields: &[(&'static str, &str)]) -> Wanted {
        let mut wanted = Wanted::default();
        for (kind, field) in fields {
            wanted.add(kind, &field.parse::<FieldPath>().unwrap());
        }
        wanted
    }

    #[test]
    fn buckets_lie_where_their_location_says() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| fs::write(dir.path().join(path), text).unwrap();
        write("list-buckets.json", r#"{"Buckets": [{"Name": "a"}, {"Name": "b"}, {"Name": "c"}]}"#);
        write("get-bucket-location.a.json", r#"{"LocationConstraint": null}"#);
        write("get-bucket-location.b.json", r#"{"LocationConstraint": "EU"}"#);
        write("get-bucket-versioning.b.json", r#"{"Status": "Enabled"}"#);
        let wanted = wanted(&[("AWS::S3::Bucket", "Versioning.Status"), ("AWS::S3::Bucket", "BucketRegion")]);
        let paths = [dir.path().to_owned()];
        let inventory = read(&paths, None, &wanted, jiff::Timestamp::UNIX_EPOCH, None, &()).unwrap();
        let buckets: Vec<_> = inventory.of("AWS::S3::Bucket").iter().map(|b| (&*b.name, b.scope.as_deref())).collect();
        assert_eq!(buckets, [("c", None), ("b", Some("eu-west-1")), ("a", Some("us-east-1"))]);
        let lost = inventory.of("AWS::S3::Bucket")[0].value.at(&["metadata", "namespace"]);
        assert!(matches!(lost, Some(Value::Unknown(why)) if why.contains("get-bucket-location.c.json")), "{lost:?}");
        let known = &inventory.of("AWS::S3::Bucket")[1].value;
        assert_eq!(known.get("BucketRegion"), Some(&Value::str("eu-west-1")));
        assert_eq!(known.at(&["Versioning", "Status"]), Some(&Value::str("Enabled")));
    }

    #[test]
    fn what_blocks_access_to_a_bucket_says_nothing_of_the_account() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| fs::write(dir.path().join(path), text).unwrap();
        write("list-buckets.json", r#"{"Buckets": [{"Name": "a", "BucketRegion": "eu-west-1"}]}"#);
        let block = r#"{"PublicAccessBlockConfiguration": {"BlockPublicAcls": true}}"#;
        write("get-public-access-block.a.json", block);
        let path = "PublicAccessBlockConfiguration.BlockPublicAcls";
        let wanted = wanted(&[("AWS::S3::Bucket", path), ("AWS::Account", path)]);
        let paths = [dir.path().to_owned()];
        let of = |kind: &str| {
            let inventory = read(&paths, None, &wanted, jiff::Timestamp::UNIX_EPOCH, None, &()).unwrap();
            inventory.of(kind)[0].value.get("PublicAccessBlockConfiguration").cloned()
        };
        assert!(matches!(of("AWS::S3::Bucket"), Some(Value::Map(_))));
        assert!(matches!(of("AWS::Account"), Some(Value::Unknown(_))), "{:?}", of("AWS::Account"));
        write("s3control-get-public-access-block.json", block);
        assert!(matches!(of("AWS::Account"), Some(Value::Map(_))));
    }

    #[test]
    fn saved_answers_become_an_account() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("111122223333/eu-west-1/groups.json", r#"{"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "a"}]}"#);
        write("111122223333/list-buckets.json", r#"{"Buckets": [{"Name": "b.one", "BucketRegion": "eu-west-1"}]}"#);
        write("111122223333/s3api-get-bucket-versioning.b.one.json", r#"{"Status": "Enabled"}"#);
        write("111122223333/eu-west-1/get-ebs-encryption-by-default.json", r#"{"EbsEncryptionByDefault": true}"#);
        write("111122223333/eu-west-1/broken.json", "{");
        let wanted = wanted(&[
            ("AWS::EC2::SecurityGroup", "GroupName"),
            ("AWS::S3::Bucket", "Versioning.Status"),
            ("AWS::S3::Bucket", "Policy"),
            ("AWS::Region", "EbsEncryptionByDefault"),
            ("AWS::Region", "Analyzers"),
        ]);
        let paths = [dir.path().to_owned()];
        assert!(is_folder(&paths[..]));
        let inventory = read(&paths, None, &wanted, jiff::Timestamp::UNIX_EPOCH, None, &()).unwrap();
        assert_eq!(inventory.system.name, "111122223333");
        let group = &inventory.of("AWS::EC2::SecurityGroup")[0];
        assert_eq!((group.scope.as_deref(), &*group.name), (Some("eu-west-1"), "sg-1"));
        let bucket = &inventory.of("AWS::S3::Bucket")[0].value;
        assert_eq!(bucket.at(&["Versioning", "Status"]), Some(&Value::str("Enabled")));
        assert!(matches!(bucket.get("Policy"), Some(Value::Unknown(why)) if why.contains("get-bucket-policy")));
        let region = &inventory.of("AWS::Region")[0].value;
        assert_eq!(region.get("EbsEncryptionByDefault"), Some(&Value::Bool(true)));
        assert!(matches!(region.get("Analyzers"), Some(Value::Unknown(_))));
        assert_eq!(inventory.gaps().len(), 1);

        // What is cut short or broken leaves open what it is about.
        write("111122223333/eu-west-1/describe-vpcs.json", "{");
        write("111122223333/eu-west-1/describe-volumes.json", r#"{"Volumes": [], "NextToken": "more"}"#);
        let inventory = read(&paths, None, &wanted, jiff::Timestamp::UNIX_EPOCH, None, &()).unwrap();
        let gaps: Vec<_> = inventory.gaps().iter().map(|gap| (&*gap.kind, gap.scope.as_deref(), gap.reason)).collect();
        assert!(gaps.contains(&("AWS::EC2::VPC", Some("eu-west-1"), GapReason::Malformed)), "{gaps:?}");
        assert!(gaps.contains(&("AWS::EC2::Volume", Some("eu-west-1"), GapReason::Truncated)), "{gaps:?}");
    }
}
