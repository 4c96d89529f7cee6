//! A scan of an account: the planned calls are made, and what their answers add up to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::join_all;
use serde_json::{Map, Value as Json};
use tokio::sync::mpsc::{Sender, channel};
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;

use super::objects::{self, Object, Origin};
use super::plan::{Group, Wish, groups};
use super::{CallError, Caller, Class};
use crate::catalog::aws::Row;
use crate::catalog::aws::kinds::{Call, List, Scope};
use crate::collect::Progress;
use crate::expr::projection::Sharing;
use crate::inventory::{Inventory, ObjectSink, Resource, Wanted};
use crate::model::{Gap, GapReason};

/// Calls under way at once; the caller also limits the rate per service and region.
const CONCURRENCY: usize = 48;
/// Names in a note.
const NAMES_SHOWN: usize = 10;

/// What of an account is read.
#[derive(Debug, Clone)]
pub struct Extent {
    /// Account id.
    pub account: String,
    /// Partition.
    pub partition: String,
    /// Where what belongs to the account as a whole is asked.
    pub home: String,
    /// Regions to read.
    pub regions: Vec<String>,
    /// The regions are those that the user chose, so that what lies elsewhere is left out.
    pub chosen: bool,
    /// Of these kinds only the objects of these names.
    pub only: BTreeMap<&'static str, BTreeSet<String>>,
    /// Objects know their region. Those of a cluster belong to it, wherever that is.
    pub placed: bool,
}

/// Reads what is wanted of an account into the inventory.
pub async fn scan(
    caller: Arc<Caller>,
    extent: Extent,
    wanted: &Wanted,
    inventory: &mut Inventory,
    mut save: Option<&mut dyn ObjectSink>,
    progress: &dyn Progress,
) {
    let groups: Vec<Arc<Group>> = groups(wanted).into_iter().map(Arc::new).collect();
    let (refused, gone) = (Arc::default(), Arc::default());
    let (news, mut heard) = channel(64);
    let reading = Arc::new(Reading {
        caller,
        extent,
        slots: Semaphore::new(CONCURRENCY),
        answers: Mutex::default(),
        seen: Mutex::default(),
        refused: Arc::clone(&refused),
        gone: Arc::clone(&gone),
        keep_text: save.is_some(),
        news,
    });
    let mut tasks = JoinSet::new();
    for group in &groups {
        let regions = match group.scope {
            Scope::Account => std::slice::from_ref(&reading.extent.home),
            Scope::Region => &reading.extent.regions,
        };
        let asked = |region: &&String| group.list.is_none_or(|list| list.is_asked(region));
        for region in regions.iter().filter(asked) {
            let (reading, group, region) = (Arc::clone(&reading), Arc::clone(group), region.clone());
            tasks.spawn(async move { reading.group(&group, region).await });
        }
    }
    // There is no more news once every task has ended.
    drop(reading);
    let mut done = 0;
    while let Some(news) = heard.recv().await {
        match news {
            News::Gap(gap) => inventory.add_gap(gap),
            News::Resource { kind, resource, text } => {
                done += 1;
                progress.reading(kind, done);
                if let (Some(save), Some(text)) = (&mut save, text) {
                    save.object(kind, &text);
                }
                inventory.add(kind, [resource]);
            }
        }
    }
    let mut broken = false;
    while let Some(task) = tasks.join_next().await {
        broken |= task.is_err();
    }
    if broken {
        for row in groups.iter().flat_map(|group| &group.wishes).flat_map(|wish| wish.rows()) {
            let detail = "a part of the reading ended early; please report this".to_owned();
            inventory.add_gap(gap(row, None, GapReason::NotCollected, detail, None));
        }
    }
    for ((kind, action, why), count) in refused.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        inventory.notes.push(format!("{action} was not answered for {count} of {kind}: {why}"));
    }
    for ((kind, why), names) in gone.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        inventory.notes.push(left_out(kind, why, names));
    }
}

// What was deleted while the scan ran.
fn left_out(kind: &str, why: &str, names: &BTreeSet<String>) -> String {
    let mut shown: Vec<&str> = names.iter().take(NAMES_SHOWN).map(String::as_str).collect();
    let more = format!("{} more", names.len().saturating_sub(NAMES_SHOWN));
    if names.len() > NAMES_SHOWN {
        shown.push(&more);
    }
    format!("{} of {kind} left out, gone since listed ({why}): {}", names.len(), shown.join(", "))
}

/// Calls about single objects that failed: kind, permission, why; and how often.
type Refused = Arc<Mutex<BTreeMap<(&'static str, String, String), usize>>>;
/// Objects that went away between their list and a call about them, by kind and by what said so.
type Gone = Arc<Mutex<BTreeMap<(&'static str, String), BTreeSet<String>>>>;

enum News {
    Resource { kind: &'static str, resource: Resource, text: Option<Vec<u8>> },
    Gap(Gap),
}

type Answer = Arc<OnceCell<Result<Json, CallError>>>;

struct Reading {
    caller: Arc<Caller>,
    extent: Extent,
    slots: Semaphore,
    /// Answers that several objects share, by call.
    answers: Mutex<HashMap<String, Answer>>,
    /// Objects that more than one region lists.
    seen: Mutex<BTreeSet<(&'static str, Option<String>, String)>>,
    refused: Refused,
    gone: Gone,
    keep_text: bool,
    news: Sender<News>,
}

impl Reading {
    fn origin(&self, region: &str) -> Origin {
        let Extent { account, partition, .. } = &self.extent;
        Origin { account: account.clone(), partition: partition.clone(), region: region.to_owned() }
    }

    async fn call(&self, call: &Call, with: Map<String, Json>, region: &str) -> Result<Json, CallError> {
        let _slot = self.slots.acquire().await;
        self.caller.call(call, with, region).await
    }

    async fn send(&self, news: News) {
        // Nobody listens any more only if the program ends.
        _ = self.news.send(news).await;
    }

    async fn group(self: Arc<Self>, group: &Group, region: String) {
        let origin = self.origin(&region);
        let mut answer = Json::Null;
        if let Some(List { call, .. }) = group.list {
            let with = objects::parameters(&call.with, &Map::new(), &origin).unwrap_or_default();
            match self.call(call, with, &region).await {
                Ok(listed) => answer = listed,
                Err(error) => {
                    for wish in &group.wishes {
                        self.lose(wish, &origin, call, &error).await;
                    }
                    return;
                }
            }
        }
        let last = group.wishes.len().saturating_sub(1);
        for (at, wish) in group.wishes.iter().enumerate() {
            let found = if group.list.is_some() {
                let own = if at == last { std::mem::take(&mut answer) } else { answer.clone() };
                objects::objects(wish.row, own, &origin, None)
            } else {
                objects::single(wish.row, &origin).into_iter().collect()
            };
            self.wish(wish, found, &origin).await;
        }
    }

    // The list of a kind failed: it and what is listed per object of it is unseen.
    async fn lose(&self, wish: &Wish, origin: &Origin, call: &Call, error: &CallError) {
        // What is not offered has no objects.
        if error.is_any(&wish.row.off) || error.class == Class::NotOffered {
            return;
        }
        let region = (wish.row.scope == Scope::Region && self.extent.placed).then(|| origin.region.clone());
        for row in wish.rows() {
            let gap = gap(row, region.clone(), error.reason(), error.to_string(), Some(call.action.clone()));
            self.send(News::Gap(gap)).await;
        }
    }

    // Asks what is to be asked about objects and hands them on.
    async fn wish(self: &Arc<Self>, wish: &Wish, found: Vec<Object>, origin: &Origin) {
        let found = join_all(found.into_iter().map(|object| self.locate(wish.row, object, origin))).await;
        let mut kept: Vec<Object> = found.into_iter().flatten().filter(|object| self.keeps(wish.row, object)).collect();
        if !self.extent.placed {
            kept.iter_mut().for_each(|object| object.region = None);
        }
        // In pieces, so that ten thousand objects are not held with all that was asked about them.
        let mut kept = kept.into_iter();
        loop {
            let piece: Vec<Object> = kept.by_ref().take(CONCURRENCY * 4).collect();
            if piece.is_empty() {
                return;
            }
            let asked = join_all(piece.into_iter().map(|object| self.ask(wish, object, origin))).await;
            let mut asked: Vec<Object> = asked.into_iter().flatten().filter(|object| object.can_be(wish.row)).collect();
            for child in &wish.children {
                let there = join_all(asked.iter().map(|object| self.child(child, wish.row, object, origin))).await;
                let mut there = there.into_iter();
                asked.retain(|_| there.next().unwrap_or(true));
            }
            if !wish.emit {
                continue;
            }
            let kind = wish.row.kind.name;
            let news: Vec<News> = {
                let sharing = Sharing::new();
                let news = asked.into_iter().map(|object| {
                    let text = self.keep_text.then(|| object.text(wish.row, &wish.asks, origin));
                    News::Resource { kind, resource: object.resource(origin, &wish.projection, &sharing), text }
                });
                news.collect()
            };
            for news in news {
                self.send(news).await;
            }
        }
    }

    // Before anything else is asked about an object: where that is to be asked. None if it is gone.
    async fn locate(&self, row: &'static Row, mut object: Object, origin: &Origin) -> Option<Object> {
        let Some(locate) = row.locate.as_ref().filter(|_| object.region.is_none()) else { return Some(object) };
        let call = &locate.ask.call;
        let Some(with) = objects::parameters(&call.with, &object.fields, origin) else { return Some(object) };
        match self.call(call, with, &origin.region).await {
            Ok(answer) => {
                let taken = objects::take(&locate.ask, answer, &object.fields, origin);
                object.place(row, locate.region(taken.ok().flatten().as_ref()));
            }
            Err(error) if error.is_any(&row.gone) => return self.leave_out(row, object, &error.code),
            Err(error) => {
                object.misplace(row, &format!("its region is not known: {error} (needs {})", call.action));
                self.refuse(row, call, &error);
            }
        }
        Some(object)
    }

    // Notes that an object does not exist any more.
    fn leave_out(&self, row: &Row, object: Object, why: &str) -> Option<Object> {
        let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        gone.entry((row.kind.name, why.to_owned())).or_default().insert(object.name);
        None
    }

    // Counts a call about a single object that failed.
    fn refuse(&self, row: &Row, call: &Call, error: &CallError) {
        let key = (row.kind.name, call.action.clone(), error.code.clone());
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
    }

    fn keeps(&self, row: &'static Row, object: &Object) -> bool {
        if self.extent.only.get(row.kind.name).is_some_and(|names| !names.contains(&object.name)) {
            return false;
        }
        if row.region.is_none() {
            return true;
        }
        // What tells its region itself is listed for the account, or by every region.
        let elsewhere = object.region.as_ref().is_some_and(|region| !self.extent.regions.contains(region));
        if row.scope == Scope::Account && self.extent.chosen && elsewhere {
            return false;
        }
        let key = (row.kind.name, object.region.clone(), object.name.clone());
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(key)
    }

    // None if it is gone.
    async fn ask(&self, wish: &Wish, mut object: Object, origin: &Origin) -> Option<Object> {
        let region = object.region.clone().unwrap_or_else(|| origin.region.clone());
        let here = self.origin(&region);
        for at in &wish.asks {
            let Some(ask) = wish.row.asks.get(*at).filter(|ask| ask.concerns(&object.fields)) else { continue };
            let Some(with) = objects::parameters(&ask.call.with, &object.fields, &here) else {
                object.lose(wish.row, *at, &wish.projection, &incomplete(&ask.call));
                continue;
            };
            let about_it = with.values().any(|value| is_about(value, &object.name));
            let answer = if about_it {
                self.call(&ask.call, with, &region).await
            } else {
                self.shared(&ask.call, with, &region).await
            };
            match answer {
                Ok(answer) if objects::is_missing(ask, &answer, &object.fields, &here) => {
                    return self.leave_out(wish.row, object, &ask.call.operation);
                }
                Ok(answer) => match objects::take(ask, answer, &object.fields, &here) {
                    Ok(Some(taken)) => object.attach(ask, taken),
                    Ok(None) => {}
                    Err(why) => object.lose(wish.row, *at, &wish.projection, why),
                },
                // Ahead of `absent`: where both have one code, words in the message tell this one apart.
                Err(error) if error.is_any(&wish.row.gone) => return self.leave_out(wish.row, object, &error.code),
                Err(error) if error.is_any(&ask.absent) => {}
                Err(error) if error.class == Class::NotOffered => object.lacks(&ask.call.service),
                Err(error) => {
                    let why = format!("{error} (needs {})", ask.call.action);
                    object.lose(wish.row, *at, &wish.projection, &why);
                    self.refuse(wish.row, &ask.call, &error);
                }
            }
        }
        Some(object)
    }

    // An answer that is not about one object only is asked for once.
    async fn shared(&self, call: &Call, with: Map<String, Json>, region: &str) -> Result<Json, CallError> {
        let key = format!("{region} {} {} {}", call.service, call.operation, Json::Object(with.clone()));
        let answer = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(answers.entry(key).or_default())
        };
        answer.get_or_init(|| self.call(call, with, region)).await.clone()
    }

    // Lists what is listed per object and hands it on; says whether the object is still there.
    async fn child(self: &Arc<Self>, child: &Wish, row: &Row, parent: &Object, origin: &Origin) -> bool {
        let Some(List { call, .. }) = child.row.lists.first() else { return true };
        let Some(with) = objects::parameters(&call.with, &parent.fields, origin) else {
            let region = Some(origin.region.clone());
            let gap = gap(child.row, region, GapReason::Malformed, incomplete(call), None);
            self.send(News::Gap(gap)).await;
            return true;
        };
        match self.call(call, with, &origin.region).await {
            Ok(answer) => {
                let found = objects::objects(child.row, answer, origin, Some(&parent.fields));
                Box::pin(self.wish(child, found, origin)).await;
            }
            Err(error) if error.is_any(&row.gone) => {
                self.leave_out(row, parent.clone(), &error.code);
                return false;
            }
            Err(error) => self.lose(child, origin, call, &error).await,
        }
        true
    }
}

fn incomplete(call: &Call) -> String {
    format!("{} {} could not be asked: the object does not say about what", call.service, call.operation)
}

fn is_about(value: &Json, name: &str) -> bool {
    match value {
        Json::String(text) => text == name,
        Json::Array(items) => items.iter().any(|item| is_about(item, name)),
        _ => false,
    }
}

fn gap(row: &Row, scope: Option<String>, reason: GapReason, detail: String, permission: Option<String>) -> Gap {
    Gap { kind: row.kind.name.to_owned(), scope, reason, detail, permission }
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use jiff::Timestamp;

    use super::*;
    use crate::collect::aws::http::Http;
    use crate::expr::{Path, Value};
    use crate::inventory::Mode;
    use crate::model::{System, Technology};

    /// Nobody's names have an address; why, in the words of the C library.
    struct Nowhere(&'static str);

    impl reqwest::dns::Resolve for Nowhere {
        fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
            let error = std::io::Error::other(format!("failed to lookup address information: {}", self.0));
            Box::pin(std::future::ready(Err(error.into())))
        }
    }

    fn scanned(why: &'static str, regions: &[&str]) -> Inventory {
        let mut wanted = Wanted::default();
        wanted.add("AWS::Region", &Path::keys(&["Macie", "status"]));
        wanted.add("AWS::Region", &Path::keys(&["SecurityHub", "HubArn"]));
        wanted.add("AWS::Region", &Path::keys(&["metadata", "not_offered"]));
        wanted.add("AWS::WorkSpaces::Workspace", &Path::keys(&["State"]));
        wanted.add("AWS::SQS::Queue", &Path::keys(&["Attributes"]));
        let keys = SharedCredentialsProvider::new(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"));
        let extent = Extent {
            account: "111122223333".to_owned(),
            partition: "aws".to_owned(),
            home: "us-east-1".to_owned(),
            regions: regions.iter().map(|region| (*region).to_owned()).collect(),
            chosen: false,
            only: BTreeMap::new(),
            placed: true,
        };
        let system = System {
            technology: Technology::Aws,
            name: "111122223333".to_owned(),
            version: None,
            distribution: None,
            origin: String::new(),
        };
        let mut inventory = Inventory::new(system, Mode::Live, Timestamp::UNIX_EPOCH);
        let caller = Arc::new(Caller::with_http(Http::with_names(Nowhere(why)), keys));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(scan(caller, extent, &wanted, &mut inventory, None, &()));
        inventory.finish();
        inventory
    }

    // Kinds and scopes of the gaps; per region whether `Macie` is unknown, and what is not offered.
    type Seen = (Vec<(String, String)>, Vec<(String, bool, String)>);

    fn seen(inventory: &Inventory) -> Seen {
        let scope = |gap: &Gap| (gap.kind.clone(), gap.scope.clone().unwrap_or_default());
        let regions = inventory.of("AWS::Region").iter().map(|region| {
            let offered = region.value.at(&["metadata", "not_offered"]).map(|value| value.to_string());
            let macie = matches!(region.value.get("Macie"), Some(Value::Unknown(_)));
            assert!(matches!(region.value.get("SecurityHub"), Some(Value::Unknown(_))));
            (region.name.to_string(), macie, offered.unwrap_or_default())
        });
        (inventory.gaps().iter().map(scope).collect(), regions.collect())
    }

    #[test]
    fn of_a_service_that_a_region_does_not_offer_nothing_is_missing_there() {
        // AWS lists Macie and WorkSpaces in Ireland, but not in Zurich.
        let (gaps, regions) = seen(&scanned("Name or service not known", &["eu-west-1", "eu-central-2"]));
        let gap = |kind: &str, region: &str| (kind.to_owned(), region.to_owned());
        let mut expected = vec![
            gap("AWS::SQS::Queue", "eu-central-2"),
            gap("AWS::SQS::Queue", "eu-west-1"),
            gap("AWS::WorkSpaces::Workspace", "eu-west-1"),
        ];
        let mut gaps: Vec<_> = gaps;
        gaps.sort();
        expected.sort();
        assert_eq!(gaps, expected);
        let mut regions: Vec<_> = regions;
        regions.sort();
        assert_eq!(
            regions,
            [
                ("eu-central-2".to_owned(), false, "[\"macie2\"]".to_owned()),
                ("eu-west-1".to_owned(), true, String::new()),
            ]
        );
    }

    #[test]
    fn a_name_that_could_not_be_looked_up_says_nothing_nor_does_a_list_that_does_not_know_the_region() {
        for (why, region) in
            [("Temporary failure in name resolution", "eu-central-2"), ("Name or service not known", "xx-new-1")]
        {
            let (gaps, regions) = seen(&scanned(why, &[region]));
            assert_eq!(gaps.len(), 2, "{why} {region}");
            assert_eq!(regions, [(region.to_owned(), true, String::new())]);
        }
    }
}
