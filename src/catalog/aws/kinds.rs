//! The kinds of AWS as `kinds.yaml` lists them: how their objects are found, what is asked about each, which fields they have.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::model::{self, Service, Shape, Type};
use crate::base::yaml::{Data, Node, Scalar};
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
    /// Further calls per object.
    pub asks: Vec<Ask>,
}

impl Row {
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
    /// Service, see [`model::service`].
    pub service: String,
    /// Operation.
    pub operation: String,
    /// Parameters; `{Name}` in text is a field of the object asked about.
    pub with: Map<String, Json>,
    /// The permission that it needs (`s3:GetBucketPolicy`).
    pub action: String,
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
    /// A field and the text that it must hold; there is no such configuration of other objects.
    pub when: Vec<(String, String)>,
}

impl Ask {
    /// Whether objects like this one can have what is asked about.
    pub fn concerns(&self, object: &Map<String, Json>) -> bool {
        let holds = |(key, text): &(String, String)| {
            object.get(key).and_then(Json::as_str).is_some_and(|value| value.contains(text.as_str()))
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
        items: text("items").map(|items| items.split('.').map(str::to_owned).collect()).unwrap_or_default(),
        each: text("each"),
        name: text("name").unwrap_or_default(),
        region: text("region"),
        locate: node.get("locate").map(read_locate),
        set: pairs(node, "set"),
        only: pairs(node, "only"),
        off: read_codes(node.get("off")),
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
        take: text("take").map(|take| take.split('.').map(str::to_owned).collect()).unwrap_or_default(),
        field: text("as").map(str::to_owned),
        absent: read_codes(node.get("absent")),
        when: pairs(node, "when"),
    }
}

fn read_call(text: &str, node: &Node) -> Call {
    let (service, operation) = text.split_once(' ').unwrap_or((text, ""));
    let with = match node.get("with").map(json) {
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

fn json(node: &Node) -> Json {
    match &node.data {
        Data::List(items) => items.iter().map(json).collect(),
        Data::Map(entries) => Json::Object(entries.iter().map(|(key, node)| (key.text.clone(), json(node))).collect()),
        Data::Scalar { text, .. } => match node.scalar() {
            Some(Scalar::Int(n)) => n.into(),
            Some(Scalar::Bool(flag)) => flag.into(),
            _ => text.as_str().into(),
        },
    }
}

/// A step of a path for [`check_path`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A key.
    Key(&'a str),
    /// An element of a list, or any entry of a map.
    Element,
}

/// What can be said of a value's type.
enum Known<'a> {
    /// A type of a service.
    Type(&'a Service, &'a Type),
    /// Anything may be there.
    Open,
}

/// Whether objects of the kind have this path.
///
/// # Errors
/// The names that could stand where the path leaves what is known.
pub fn check_path(kind: &str, path: &[Step<'_>]) -> Result<(), Vec<String>> {
    let Some(row) = row(kind) else { return Err(Vec::new()) };
    let Some((Step::Key(first), rest)) = path.split_first() else { return Err(field_names(row)) };
    if *first == "metadata" || row.set.iter().any(|(key, _)| key == first) {
        return Ok(());
    }
    let mut found = false;
    let mut near = Vec::new();
    for (service, of, known) in sources(row) {
        let of = match &known {
            Some(field) if field != first => continue,
            Some(_) => of,
            None => match member(&service, &of, first) {
                Some(of) => of,
                None => continue,
            },
        };
        found = true;
        match descend(Known::Type(&service, &of), rest) {
            Ok(()) => return Ok(()),
            Err(names) => near.extend(names),
        }
    }
    Err(if found { near } else { field_names(row) })
}

/// The calls that have to be made about an object so that its field `first` is there: positions in [`Row::asks`].
pub fn asks_for(row: &Row, first: &str) -> Vec<usize> {
    let own = !row.lists.is_empty() && list_has(row, first);
    let provides = |ask: &Ask| match &ask.field {
        Some(field) => field == first,
        None => !own && ask_type(ask).is_none_or(|(service, of)| member(&service, &of, first).is_some()),
    };
    row.asks.iter().enumerate().filter(|(_, ask)| provides(ask)).map(|(at, _)| at).collect()
}

/// Names of the fields that an ask fills, as far as its service tells; not those that lists fill already.
pub fn filled_by(row: &Row, ask: &Ask) -> Vec<String> {
    if let Some(field) = &ask.field {
        return vec![field.clone()];
    }
    let Some((service, of)) = ask_type(ask) else { return Vec::new() };
    let Some(Shape::Structure { members, .. }) = service.shape(&of) else { return Vec::new() };
    let names = members.iter().map(|(name, _)| name);
    names.filter(|name| row.lists.is_empty() || !list_has(row, name)).cloned().collect()
}

/// Names of the fields at the top of an object.
pub fn field_names(row: &Row) -> Vec<String> {
    let mut names: Vec<String> = row.set.iter().map(|(key, _)| key.clone()).collect();
    for (service, of, field) in sources(row) {
        match field {
            Some(field) => names.push(field),
            None => {
                if let Some(Shape::Structure { members, .. }) = service.shape(&of) {
                    names.extend(members.iter().map(|(name, _)| name.clone()));
                }
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

type Source = (std::sync::Arc<Service>, Type, Option<String>);

// Where the fields of an object come from: a type whose members they are, or the name of the field with its type.
fn sources(row: &Row) -> Vec<Source> {
    let mut all: Vec<Source> = Vec::new();
    // Lists of a kind give the same.
    if let Some(list) = row.lists.first()
        && let Some((service, mut of)) = answer(&list.call)
    {
        for (at, step) in row.items.iter().enumerate() {
            let Some(inner) = member(&service, &of, step) else { break };
            of = match service.shape(&inner) {
                Some(Shape::List { element, .. }) => element.of.clone(),
                _ => inner,
            };
            // What surrounds an inner list is added to its elements.
            if matches!(of, Type::Shape(_)) {
                all.push((service.clone(), of.clone(), None));
            } else if at + 1 == row.items.len() {
                all.push((service.clone(), of.clone(), scalar_field(row)));
            }
        }
    }
    for ask in &row.asks {
        if let Some((service, of)) = ask_type(ask) {
            all.push((service, of, ask.field.clone()));
        }
    }
    all
}

/// The field that an element which is text becomes: the one that the name shows.
pub fn scalar_field(row: &Row) -> Option<String> {
    let (_, rest) = row.name.rsplit_once('{')?;
    rest.strip_suffix('}').map(str::to_owned)
}

fn list_has(row: &Row, first: &str) -> bool {
    let asked = row.asks.len();
    let listed = sources(row);
    let listed = &listed[..listed.len().saturating_sub(asked)];
    listed.iter().any(|(service, of, field)| match field {
        Some(field) => field == first,
        None => member(service, of, first).is_some(),
    })
}

fn answer(call: &Call) -> Option<(std::sync::Arc<Service>, Type)> {
    let service = model::service(&call.service)?;
    let of = service.operation(&call.operation)?.output.clone()?;
    Some((service, of))
}

fn ask_type(ask: &Ask) -> Option<(std::sync::Arc<Service>, Type)> {
    let (service, mut of) = answer(&ask.call)?;
    // A CSV report: every row has the columns of its header.
    if ask.call.operation == "GetCredentialReport" {
        return Some((service, Type::Any));
    }
    for step in &ask.take {
        of = match (step.parse::<usize>(), service.shape(&of)) {
            (Ok(_), Some(Shape::List { element, .. })) => element.of.clone(),
            _ => member(&service, &of, step)?,
        };
    }
    Some((service, of))
}

// The type of a member; of any entry for maps.
fn member(service: &Service, of: &Type, name: &str) -> Option<Type> {
    match service.shape(of)? {
        Shape::Structure { .. } => service.member(of, name).map(|member| member.of.clone()),
        Shape::Map { value, .. } => Some(value.of.clone()),
        Shape::List { .. } => None,
    }
}

fn descend(known: Known<'_>, path: &[Step<'_>]) -> Result<(), Vec<String>> {
    let Known::Type(service, of) = known else { return Ok(()) };
    let Some((step, rest)) = path.split_first() else { return Ok(()) };
    let inner = match (service.shape(of), step) {
        (Some(Shape::Structure { members, .. }), Step::Key(key)) => match service.member(of, key) {
            Some(member) => &member.of,
            None => return Err(members.iter().map(|(name, _)| name.clone()).collect()),
        },
        (Some(Shape::Map { value, .. }), _) => &value.of,
        (Some(Shape::List { element, .. }), Step::Element) => &element.of,
        (Some(Shape::List { .. }), Step::Key(_)) => return Err(vec!["[*]".to_owned()]),
        (Some(Shape::Structure { .. }), Step::Element) => return Err(Vec::new()),
        // Documents of the user's, and text that holds JSON.
        (None, _) if matches!(of, Type::Any | Type::String) => return descend(Known::Open, rest),
        (None, _) => return Err(Vec::new()),
    };
    descend(Known::Type(service, inner), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_names_operations_and_parts_of_their_answers() {
        assert!(rows().len() > 90, "only {} rows were read", rows().len());
        for row in rows() {
            let kind = row.kind.name;
            for call in row.calls() {
                let (service, operation) = (&call.service, &call.operation);
                let model = model::service(service).unwrap_or_else(|| panic!("{kind}: no model of {service}"));
                let operation = model.operation(operation).unwrap_or_else(|| panic!("{kind}: {service} {operation}"));
                for parameter in call.with.keys() {
                    let input = operation.input.as_ref().unwrap_or_else(|| panic!("{kind}: {service} takes nothing"));
                    assert!(model.member(input, parameter).is_some(), "{kind}: {service} has no {parameter}");
                }
            }
            for ask in row.asks.iter().chain(row.locate.as_ref().map(|locate| &locate.ask)) {
                assert!(ask_type(ask).is_some(), "{kind}: {} has no {:?}", ask.call.operation, ask.take);
            }
            for list in &row.lists {
                let (service, mut of) = answer(&list.call).unwrap_or_else(|| panic!("{kind}: no answer"));
                for step in &row.items {
                    of = member(&service, &of, step).unwrap_or_else(|| panic!("{kind}: no {step} in the answer"));
                    if let Some(Shape::List { element, .. }) = service.shape(&of) {
                        of = element.of.clone();
                    }
                }
            }
            if let Some(each) = &row.each {
                assert!(super::row(each).is_some(), "{kind}: no kind {each}");
            }
            for key in row.name.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(key, _)| key) {
                let known = matches!(key, "account" | "region") || check_path(kind, &[Step::Key(key)]).is_ok();
                assert!(known, "{kind}: the name has the unknown field {key}");
            }
        }
    }

    #[test]
    fn paths_are_checked_as_deep_as_the_models_go() {
        let check = |kind: &str, path: &str| {
            let steps: Vec<Step<'_>> =
                path.split('.').map(|part| if part == "*" { Step::Element } else { Step::Key(part) }).collect();
            check_path(kind, &steps)
        };
        for (kind, path) in [
            ("AWS::EC2::SecurityGroup", "IpPermissions.*.IpRanges.*.CidrIp"),
            ("AWS::EC2::Instance", "MetadataOptions.HttpTokens"),
            ("AWS::EC2::Instance", "OwnerId"),
            ("AWS::KMS::Key", "KeyState"),
            ("AWS::KMS::Key", "KeyRotationEnabled"),
            ("AWS::KMS::Key", "Policy"),
            ("AWS::IAM::User", "CredentialReport.mfa_active"),
            ("AWS::Logs::MetricFilter", "metricName"),
            ("AWS::Logs::MetricFilter", "filterPattern"),
            ("AWS::Logs::MetricFilter", "logGroupArn"),
            ("AWS::SNS::Topic", "Attributes.KmsMasterKeyId"),
            ("AWS::DynamoDB::Table", "TableName"),
            ("AWS::S3::Bucket", "metadata.name"),
        ] {
            assert_eq!(check(kind, path), Ok(()), "{kind} {path}");
        }
        assert!(
            check("AWS::EC2::Instance", "MetadataOptions.HttpToken").unwrap_err().contains(&"HttpTokens".to_owned())
        );
        assert!(check("AWS::EC2::Instance", "MetadataOption").unwrap_err().contains(&"MetadataOptions".to_owned()));
        assert!(check("AWS::EC2::Instance", "ImageId.Name").is_ok(), "text may hold JSON");
    }

    #[test]
    fn only_the_calls_that_fill_a_field_are_asked_for() {
        let calls = |kind: &str, first: &str| -> Vec<String> {
            let row = row(kind).unwrap();
            asks_for(row, first).into_iter().map(|at| row.asks[at].call.operation.clone()).collect()
        };
        assert_eq!(calls("AWS::KMS::Key", "KeyState"), ["DescribeKey"]);
        assert_eq!(calls("AWS::KMS::Key", "Policy"), ["GetKeyPolicy"]);
        assert_eq!(calls("AWS::KMS::Key", "KeyId"), Vec::<String>::new());
        assert_eq!(calls("AWS::S3::Bucket", "Versioning"), ["GetBucketVersioning"]);
        assert_eq!(calls("AWS::S3::Bucket", "Name"), Vec::<String>::new());
    }
}
