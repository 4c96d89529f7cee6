//! The kinds of AWS as `kinds.yaml` lists them: how their objects are found, what is asked about each.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::base::yaml::{Data, Node};
use crate::catalog::Kind;
use crate::model::Technology;

/// How often a kind is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Once per account.
    Account,
    /// In every region.
    Region,
}

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// The kind.
    pub kind: &'static Kind,
    /// How often it is read.
    pub scope: Scope,
    /// The calls whose answers hold the objects; without them there is one object, made of what is asked.
    pub lists: Vec<List>,
    /// Path of the objects in the answers.
    pub items: Vec<String>,
    /// The kind whose every object is asked.
    pub each: Option<String>,
    /// Identity within account and region, a template.
    pub name: String,
    /// The field that tells the region of an object.
    pub region: Option<String>,
    /// How the region is found of an object whose field does not tell it.
    pub locate: Option<Locate>,
    /// Further fields, computed by templates.
    pub set: Vec<(String, String)>,
    /// Fields with the value that an object must have to be one of the kind.
    pub only: Vec<(String, String)>,
    /// Errors of the list that say that there are none.
    pub off: Vec<ErrorCode>,
    /// Errors of calls about an object that say that it does not exist any more.
    pub gone: Vec<ErrorCode>,
    /// Further calls per object.
    pub asks: Vec<Ask>,
}

impl Row {
    /// Whether objects go unseen if only some regions are read. What says its region itself (trails) is listed by every region.
    pub fn needs_every_region(&self) -> bool {
        self.scope == Scope::Region && self.region.is_none()
    }

    /// Every call that reading objects of the kind may take.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        let asks = self.asks.iter().chain(self.locate.as_ref().map(|locate| &locate.ask));
        self.lists.iter().map(|list| &list.call).chain(asks.map(|ask| &ask.call))
    }
}

/// A call whose answer holds objects of a kind.
#[derive(Debug)]
pub struct List {
    /// The call.
    pub call: Call,
    /// The only regions that are asked; all if empty.
    pub regions: Vec<String>,
}

impl List {
    /// Whether the region is asked.
    pub fn is_asked(&self, region: &str) -> bool {
        self.regions.is_empty() || self.regions.iter().any(|known| known == region)
    }
}

/// The call that tells the region of an object.
#[derive(Debug)]
pub struct Locate {
    /// The call, and what is taken of its answer.
    pub ask: Ask,
    /// The region if the answer names none.
    pub none: String,
    /// Regions that the answer calls otherwise, by those names.
    pub names: BTreeMap<String, String>,
}

impl Locate {
    /// The region that an answer names.
    pub fn region(&self, taken: Option<&Json>) -> String {
        let named = taken.and_then(Json::as_str).filter(|named| !named.is_empty());
        named.map_or_else(
            || self.none.clone(),
            |named| self.names.get(named).cloned().unwrap_or_else(|| named.to_owned()),
        )
    }
}

/// A call of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Service, see [`super::model::service`].
    pub service: String,
    /// Operation.
    pub operation: String,
    /// Parameters; `{Name}` in text is a field of the object asked about.
    pub with: Map<String, Json>,
    /// The permission that it needs (`s3:GetBucketPolicy`).
    pub action: String,
}

impl Call {
    /// Whether it reads the credential report: a table of all users, which has to be asked for before and is made for a while.
    pub fn is_credential_report(&self) -> bool {
        (self.service.as_str(), self.operation.as_str()) == ("iam", "GetCredentialReport")
    }
}

/// A call that is made for every object.
#[derive(Debug)]
pub struct Ask {
    /// The call.
    pub call: Call,
    /// Path in the answer of what is taken; all of it if empty.
    pub take: Vec<String>,
    /// The field that it becomes; without it its fields become fields of the object.
    pub field: Option<String>,
    /// Errors that say that there is no such configuration.
    pub absent: Vec<ErrorCode>,
    /// A field and the text that it must be, or hold (`*TEXT*`); there is no such configuration of other objects.
    pub when: Vec<(String, String)>,
    /// A path in the answer and the text, a template, that stands there if the object does not exist any more.
    pub missing: Vec<(Vec<String>, String)>,
}

impl Ask {
    /// Whether objects like this one can have what is asked about.
    pub fn concerns(&self, object: &Map<String, Json>) -> bool {
        let holds = |(key, text): &(String, String)| {
            let part = text.strip_prefix('*').and_then(|rest| rest.strip_suffix('*'));
            let matches = |value: &str| part.map_or(value == text, |part| value.contains(part));
            object.get(key).and_then(Json::as_str).is_some_and(matches)
        };
        self.when.iter().all(holds)
    }
}

/// An error code, maybe with words that its message must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCode {
    /// Code.
    pub code: String,
    /// Part of the message.
    pub words: Option<String>,
}

impl ErrorCode {
    /// Whether an error is this one.
    pub fn is(&self, code: &str, message: &str) -> bool {
        self.code == code && self.words.as_ref().is_none_or(|words| message.contains(words.as_str()))
    }
}

static TABLE: LazyLock<Table> = LazyLock::new(Table::read);

struct Table {
    rows: Vec<Row>,
    kinds: Vec<&'static Kind>,
    places: BTreeMap<&'static str, usize>,
}

/// The rows, sorted by kind.
pub fn rows() -> &'static [Row] {
    &TABLE.rows
}

/// The row of a kind.
pub fn row(kind: &str) -> Option<&'static Row> {
    TABLE.places.get(kind).map(|at| &TABLE.rows[*at])
}

/// The kinds, sorted.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    TABLE.kinds.iter().copied()
}

impl Table {
    fn read() -> Table {
        // A test reads the table, so that it is not faulty.
        let node = crate::base::yaml::parse("kinds.yaml", include_str!("kinds.yaml")).unwrap_or_else(|_| Node {
            place: crate::base::diagnostic::Place { line: 1, column: 1 },
            data: Data::Map(Vec::new()),
        });
        let mut rows: Vec<Row> =
            node.map().unwrap_or_default().iter().map(|(key, node)| read_row(&key.text, node)).collect();
        rows.sort_by_key(|row| row.kind.name);
        let kinds = rows.iter().map(|row| row.kind).collect();
        let places = rows.iter().enumerate().map(|(at, row)| (row.kind.name, at)).collect();
        Table { rows, kinds, places }
    }
}

fn read_row(name: &str, node: &Node) -> Row {
    let text = |key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
    let scope = if text("scope").as_deref() == Some("account") { Scope::Account } else { Scope::Region };
    let asks: Vec<Ask> = node.get("ask").and_then(Node::list).unwrap_or_default().iter().map(read_ask).collect();
    let lists = match node.get("list") {
        Some(_) => vec![read_list("list", node)],
        None => {
            let several = node.get("lists").and_then(Node::list).unwrap_or_default();
            several.iter().map(|list| read_list("call", list)).collect()
        }
    };
    let calls = lists.iter().map(|list| &list.call).chain(asks.iter().map(|ask| &ask.call));
    let group = calls.map(|call| call.service.as_str()).next().unwrap_or_default();
    // The table lives as long as the program.
    let kind: &'static Kind = Box::leak(Box::new(Kind {
        name: name.to_owned().leak(),
        technology: Technology::Aws,
        group: group.to_owned().leak(),
        version: "",
        plural: "",
        namespaced: scope == Scope::Region,
        fields: &[],
    }));
    Row {
        kind,
        scope,
        lists,
        items: text("items").map(|items| steps(&items)).unwrap_or_default(),
        each: text("each"),
        name: text("name").unwrap_or_default(),
        region: text("region"),
        locate: node.get("locate").map(read_locate),
        set: pairs(node, "set"),
        only: pairs(node, "only"),
        off: read_codes(node.get("off")),
        gone: read_codes(node.get("gone")),
        asks,
    }
}

fn pairs<T: FromIterator<(String, String)>>(node: &Node, key: &str) -> T {
    let entries = node.get(key).and_then(Node::map).unwrap_or_default();
    entries.iter().map(|(key, value)| (key.text.clone(), value.text().unwrap_or_default().to_owned())).collect()
}

fn read_list(key: &str, node: &Node) -> List {
    let regions = node.get("in").and_then(Node::list).unwrap_or_default();
    List {
        call: read_call(node.get(key).and_then(Node::text).unwrap_or_default(), node),
        regions: regions.iter().filter_map(Node::text).map(str::to_owned).collect(),
    }
}

fn read_locate(node: &Node) -> Locate {
    let none = node.get("none").and_then(Node::text).unwrap_or_default().to_owned();
    Locate { ask: read_ask(node), none, names: pairs(node, "names") }
}

fn read_ask(node: &Node) -> Ask {
    let text = |key: &str| node.get(key).and_then(Node::text);
    Ask {
        call: read_call(text("call").unwrap_or_default(), node),
        take: text("take").map(steps).unwrap_or_default(),
        field: text("as").map(str::to_owned),
        absent: read_codes(node.get("absent")),
        when: pairs(node, "when"),
        missing: pairs::<Vec<_>>(node, "missing").into_iter().map(|(at, text)| (steps(&at), text)).collect(),
    }
}

fn steps(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}

fn read_call(text: &str, node: &Node) -> Call {
    let (service, operation) = text.split_once(' ').unwrap_or((text, ""));
    let with = match node.get("with").map(Node::to_json) {
        Some(Json::Object(with)) => with,
        _ => Map::new(),
    };
    let action = node.get("action").and_then(Node::text).map(str::to_owned);
    Call {
        action: action.unwrap_or_else(|| format!("{service}:{operation}")),
        service: service.to_owned(),
        operation: operation.to_owned(),
        with,
    }
}

fn read_codes(node: Option<&Node>) -> Vec<ErrorCode> {
    let texts = node.and_then(Node::list).unwrap_or_default().iter().filter_map(Node::text);
    texts
        .map(|text| match text.split_once('~') {
            Some((code, words)) => ErrorCode { code: code.to_owned(), words: Some(words.to_owned()) },
            None => ErrorCode { code: text.to_owned(), words: None },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_says_both_that_an_object_is_gone_and_that_it_lacks_a_configuration() {
        let mut several = 0;
        for row in rows() {
            for gone in &row.gone {
                let absent = row.asks.iter().flat_map(|ask| &ask.absent);
                let same: Vec<_> = absent.filter(|absent| absent.code == gone.code).collect();
                several += same.len();
                assert!(same.is_empty() || gone.words.is_some(), "{} {}", row.kind.name, gone.code);
            }
        }
        assert!(several > 0);
    }

    #[test]
    fn asks_concern_objects_with_the_text_or_with_the_part() {
        let concerns = |kind: &str, operation: &str, key: &str, value: &str| {
            let asks = &row(kind).unwrap().asks;
            let ask = asks.iter().find(|ask| ask.call.operation == operation).unwrap();
            ask.concerns(&Map::from_iter([(key.to_owned(), value.into())]))
        };
        let rules =
            |protocol: &str| concerns("AWS::ElasticLoadBalancingV2::Listener", "DescribeRules", "Protocol", protocol);
        assert!(rules("HTTP") && !rules("HTTPS") && !rules(""));
        let balancers = |arn: &str| concerns("AWS::WAFv2::WebACL", "ListResourcesForWebACL", "ARN", arn);
        assert!(balancers("arn:aws:wafv2:eu-west-1:1:regional/webacl/a/1"));
        assert!(!balancers("arn:aws:wafv2:us-east-1:1:global/webacl/a/1"));
    }
}
