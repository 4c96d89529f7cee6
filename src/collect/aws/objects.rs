//! From answers of the API to objects: what an answer lists, what is taken from further answers, how an object is named.
//! Pure, and the same for answers that were saved to files.

use std::collections::BTreeSet;

use serde::de::DeserializeSeed as _;
use serde_json::{Map, Value as Json};

use crate::base::digest;
use crate::base::symbol::Symbol;
use crate::catalog::aws::Row;
use crate::catalog::aws::fields::{asks_for, filled_by, scalar_field};
use crate::catalog::aws::kinds::{Ask, Scope};
use crate::expr::projection::Sharing;
use crate::expr::{Map as ValueMap, Path, Projection, Value};
use crate::inventory::Resource;

/// Where an answer comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Account id.
    pub account: String,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// Region that was asked.
    pub region: String,
}

/// An object of a kind on its way into the inventory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Object {
    /// Its fields, as the vendor's command line prints them.
    pub fields: Map<String, Json>,
    /// Fields that could not be read, and why.
    pub unknown: Vec<(String, String)>,
    /// Its region; none if it belongs to the account as a whole, or if its region is not known.
    pub region: Option<String>,
    /// Why its region is not known although it has one.
    pub lost: Option<String>,
    /// Its name.
    pub name: String,
    /// Services that were to be asked about it and that its region does not have.
    pub not_offered: BTreeSet<String>,
}

/// The text with every `{Field}` filled in from the object or the origin; none if a field is not there.
pub fn fill(template: &str, object: &Map<String, Json>, origin: &Origin) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (field, after) = after.split_once('}')?;
        out.push_str(before);
        match field {
            "account" => out.push_str(&origin.account),
            "partition" => out.push_str(&origin.partition),
            "region" => out.push_str(&origin.region),
            field => match value_at(object, field)? {
                Json::String(text) => out.push_str(text),
                Json::Number(number) => out.push_str(&number.to_string()),
                _ => return None,
            },
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

fn value_at<'a>(object: &'a Map<String, Json>, path: &str) -> Option<&'a Json> {
    let mut steps = path.split('.');
    let first = object.get(steps.next()?)?;
    steps.try_fold(first, |value, step| match value {
        Json::Array(items) => items.get(step.parse::<usize>().ok()?),
        value => value.get(step),
    })
}

/// The parameters of a call about an object; none if the object lacks a field that they need.
#[cfg(feature = "aws")]
pub fn parameters(with: &Map<String, Json>, object: &Map<String, Json>, origin: &Origin) -> Option<Map<String, Json>> {
    fn filled(value: &Json, object: &Map<String, Json>, origin: &Origin) -> Option<Json> {
        Some(match value {
            Json::String(text) => fill(text, object, origin)?.into(),
            Json::Array(items) => {
                Json::Array(items.iter().map(|item| filled(item, object, origin)).collect::<Option<_>>()?)
            }
            Json::Object(map) => Json::Object(parameters(map, object, origin)?),
            other => other.clone(),
        })
    }
    with.iter().map(|(key, value)| Some((key.clone(), filled(value, object, origin)?))).collect()
}

/// The objects that the answer of the row's list holds; `parent` is the object that was asked about, for rows with `each`.
pub fn objects(row: &Row, answer: Json, origin: &Origin, parent: Option<&Map<String, Json>>) -> Vec<Object> {
    let mut found = Vec::new();
    spread(answer, &row.items, None, scalar_field(row).as_deref(), &mut found);
    found.into_iter().filter_map(|fields| object(row, fields, origin, parent)).collect()
}

/// The keys of the first object that the answer holds, if the answer is the row's; none if it holds no objects.
pub fn sample_keys(row: &Row, answer: &Map<String, Json>) -> Option<Vec<String>> {
    let mut at = answer.get(row.items.first()?)?;
    for step in row.items.iter().skip(1) {
        at = first(at)?.get(step)?;
    }
    Some(first(at)?.as_object()?.keys().cloned().collect())
}

fn first(value: &Json) -> Option<&Json> {
    match value {
        Json::Array(items) => items.first(),
        value => Some(value),
    }
}

/// The one object of a row without a list.
pub fn single(row: &Row, origin: &Origin) -> Option<Object> {
    object(row, Map::new(), origin, None)
}

// Elements at the path; each gets the plain fields of what surrounds it, but for the answer itself (`around` is none there),
// which only says how it is paged.
fn spread(
    value: Json,
    path: &[String],
    around: Option<&Map<String, Json>>,
    scalar: Option<&str>,
    found: &mut Vec<Map<String, Json>>,
) {
    match (value, path) {
        (Json::Array(items), path) => items.into_iter().for_each(|item| spread(item, path, around, scalar, found)),
        (Json::Object(mut map), [step, rest @ ..]) => {
            let Some(inner) = map.remove(step) else { return };
            let mut outer = Map::new();
            if let Some(around) = around {
                outer.extend(map.into_iter().filter(|(_, value)| !value.is_array() && !value.is_object()));
                join(&mut outer, around);
            }
            spread(inner, rest, Some(&outer), scalar, found);
        }
        (Json::Object(mut map), []) => {
            join(&mut map, around.unwrap_or(&Map::new()));
            found.push(map);
        }
        (Json::String(text), []) => {
            if let Some(field) = scalar {
                let mut map = around.cloned().unwrap_or_default();
                map.insert(field.to_owned(), text.into());
                found.push(map);
            }
        }
        _ => {}
    }
}

// Adds what is not there yet.
fn join(map: &mut Map<String, Json>, around: &Map<String, Json>) {
    for (key, value) in around {
        map.entry(key.clone()).or_insert_with(|| value.clone());
    }
}

fn object(
    row: &Row,
    mut fields: Map<String, Json>,
    origin: &Origin,
    parent: Option<&Map<String, Json>>,
) -> Option<Object> {
    if row.only.iter().any(|(key, value)| fields.get(key).and_then(Json::as_str) != Some(value)) {
        return None;
    }
    for (key, template) in &row.set {
        let value = match (template.strip_prefix("{parent."), parent) {
            (Some(rest), Some(parent)) => fill(&format!("{{{rest}"), parent, origin),
            _ => fill(template, &fields, origin),
        };
        if let Some(value) = value {
            fields.insert(key.clone(), value.into());
        }
    }
    let region = match &row.region {
        Some(field) => fields.get(field).and_then(Json::as_str).map(str::to_owned),
        None if row.scope == Scope::Region => Some(origin.region.clone()),
        None => None,
    };
    // What does not say its name is an object all the same, and another than the next one.
    let unnamed = || {
        let text = serde_json::to_string(&fields).unwrap_or_default();
        format!("unnamed {}", digest::hex([text.as_str()], 4))
    };
    let name = fill(&row.name, &fields, origin).unwrap_or_else(unnamed);
    Some(Object { fields, unknown: Vec::new(), region, lost: None, name, not_offered: BTreeSet::new() })
}

/// The part of an answer that an ask takes; none if there is no such configuration.
///
/// # Errors
/// The answer is about several objects, or a table of them, and does not have this one: nothing is known of it.
pub fn take(
    ask: &Ask,
    mut answer: Json,
    object: &Map<String, Json>,
    origin: &Origin,
) -> Result<Option<Json>, &'static str> {
    for step in &ask.take {
        // A name that is looked up may hold anything, so only whole steps are templates.
        let is_name = step.starts_with(['{', '<']);
        let step = if step.starts_with('{') { fill(step, object, origin).unwrap_or_default() } else { step.clone() };
        let place = step.parse::<usize>().ok();
        let inner = match answer {
            Json::Object(mut map) => map.remove(&step),
            Json::Array(mut items) => place.filter(|at| *at < items.len()).map(|at| items.swap_remove(at)),
            _ => None,
        };
        answer = match inner {
            Some(inner) => inner,
            None if is_name => return Err("the report does not list it, or not yet"),
            None if place.is_some() => return Err("the answer does not hold it"),
            None => return Ok(None),
        };
    }
    Ok(Some(answer))
}

/// Whether an answer about several objects says that this one does not exist any more.
#[cfg(feature = "aws")]
pub fn is_missing(ask: &Ask, answer: &Json, object: &Map<String, Json>, origin: &Origin) -> bool {
    fn holds(value: &Json, path: &[String], text: &str) -> bool {
        match (value, path) {
            (Json::Array(items), path) => items.iter().any(|item| holds(item, path, text)),
            (Json::Object(map), [step, rest @ ..]) => map.get(step).is_some_and(|inner| holds(inner, rest, text)),
            (value, []) => value.as_str() == Some(text),
            _ => false,
        }
    }
    let said = |(path, template): &(Vec<String>, String)| {
        fill(template, object, origin).is_some_and(|text| holds(answer, path, &text))
    };
    ask.missing.iter().any(said)
}

impl Object {
    /// Puts it into a region.
    pub fn place(&mut self, row: &Row, region: String) {
        if let Some(field) = &row.region {
            self.fields.insert(field.clone(), region.as_str().into());
        }
        self.region = Some(region);
    }

    /// Notes that its region could not be found out.
    pub fn misplace(&mut self, row: &Row, why: &str) {
        self.unknown.extend(row.region.iter().map(|field| (field.clone(), why.to_owned())));
        self.lost = Some(why.to_owned());
    }

    /// Notes that its region does not have a service. Saved answers do not tell.
    #[cfg(feature = "aws")]
    pub fn lacks(&mut self, service: &str) {
        self.not_offered.insert(service.to_owned());
    }

    /// Whether there can be an object of the row; what only a service of the region makes up cannot be where that is not offered.
    #[cfg(feature = "aws")]
    pub fn can_be(&self, row: &Row) -> bool {
        let offered = |ask: &Ask| !self.not_offered.contains(&ask.call.service);
        !row.lists.is_empty() || row.asks.is_empty() || row.asks.iter().any(offered)
    }

    /// Adds what an ask has taken.
    pub fn attach(&mut self, ask: &Ask, taken: Json) {
        match (&ask.field, taken) {
            (Some(field), taken) => _ = self.fields.insert(field.clone(), taken),
            (None, Json::Object(map)) => self.fields.extend(map),
            (None, _) => {}
        }
    }

    /// Notes that what an ask would have told is unknown: of the wanted fields those that it fills.
    pub fn lose(&mut self, row: &Row, ask: usize, wanted: &Projection, why: &str) {
        for field in fields_of(row, ask, wanted) {
            if !self.unknown.iter().any(|(known, _)| *known == field) {
                self.unknown.push((field, why.to_owned()));
            }
        }
    }

    /// The object as an entry of the inventory, reduced to what is wanted.
    pub fn resource(self, origin: &Origin, wanted: &Projection, sharing: &Sharing) -> Resource {
        let metadata = self.metadata(origin);
        let Object { mut fields, unknown, region, lost, name, .. } = self;
        fields.insert("metadata".to_owned(), metadata);
        let seed = wanted.sharing_seed(sharing);
        let mut value = seed.deserialize(Json::Object(fields)).ok().flatten().unwrap_or_default();
        if let Some(why) = lost {
            let known = value.get("metadata").cloned().unwrap_or_default();
            let metadata = with(&known, [("namespace", Value::unknown(&why))]);
            value = with(&value, [("metadata", metadata)]);
        }
        let value = with(&value, unknown.iter().map(|(field, why)| (field.as_str(), Value::unknown(why))));
        Resource { scope: region.map(Into::into), name: name.into(), value, place: None }
    }

    fn metadata(&self, origin: &Origin) -> Json {
        let mut metadata = Map::new();
        metadata.insert("name".to_owned(), self.name.as_str().into());
        if let Some(region) = &self.region {
            metadata.insert("namespace".to_owned(), region.as_str().into());
        }
        metadata.insert("account".to_owned(), origin.account.as_str().into());
        if !self.not_offered.is_empty() {
            metadata.insert("not_offered".to_owned(), self.not_offered.iter().map(String::as_str).collect());
        }
        Json::Object(metadata)
    }

    /// The object as it is kept in a snapshot. Rules of another day may read what nobody asked about it today, so that is
    /// told from what it does not have.
    pub fn text(&self, row: &Row, asked: &[usize], origin: &Origin) -> Vec<u8> {
        let mut fields = self.fields.clone();
        let mut metadata = self.metadata(origin);
        if let Some(why) = &self.lost {
            metadata["namespace"] = crate::inventory::snapshot::unknown(why);
        }
        fields.insert("metadata".to_owned(), metadata);
        for (field, why) in &self.unknown {
            fields.insert(field.clone(), crate::inventory::snapshot::unknown(why));
        }
        let unasked = row.asks.iter().enumerate().filter(|(at, ask)| !asked.contains(at) && ask.concerns(&self.fields));
        for (_, ask) in unasked {
            let why = format!("the snapshot was made without {} {}", ask.call.service, ask.call.operation);
            for field in filled_by(row, ask) {
                fields.entry(field).or_insert_with(|| crate::inventory::snapshot::unknown(&why));
            }
        }
        serde_json::to_vec(&fields).unwrap_or_default()
    }
}

// The map with these entries, in place of any of the same names.
fn with<'f>(value: &Value, new: impl IntoIterator<Item = (&'f str, Value)>) -> Value {
    let new: Vec<(Symbol, Value)> = new.into_iter().map(|(field, value)| (Symbol::new(field), value)).collect();
    if new.is_empty() {
        return value.clone();
    }
    let known = value.as_map().into_iter().flat_map(|map| map.iter().map(|(key, value)| (key, value.clone())));
    let kept = known.filter(|(key, _)| !new.iter().any(|(name, _)| name == key)).collect::<Vec<_>>();
    Value::Map(std::sync::Arc::new(ValueMap::new(kept.into_iter().chain(new).collect())))
}

/// What is wanted of a kind with what every object needs to be told apart.
pub fn with_identity(wanted: &Projection) -> Projection {
    let mut wanted = wanted.clone();
    for key in ["name", "namespace", "account"] {
        wanted.add(&Path::keys(&["metadata", key]));
    }
    wanted
}

/// The asks that fill wanted fields, in the order of the row.
pub fn needed(row: &Row, wanted: &Projection) -> Vec<usize> {
    if wanted.is_everything() {
        return (0..row.asks.len()).collect();
    }
    let asks: BTreeSet<usize> = wanted.keys().flat_map(|key| asks_for(row, key)).collect();
    asks.into_iter().collect()
}

// The wanted fields that an ask fills.
fn fields_of(row: &Row, ask: usize, wanted: &Projection) -> Vec<String> {
    match row.asks.get(ask).and_then(|ask| ask.field.clone()) {
        Some(field) => vec![field],
        None => wanted.keys().filter(|key| asks_for(row, key).contains(&ask)).map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::aws::row;

    fn origin() -> Origin {
        Origin { account: "111122223333".into(), partition: "aws".into(), region: "eu-west-1".into() }
    }

    fn of(kind: &str, answer: Json) -> Vec<Object> {
        objects(row(kind).unwrap(), answer, &origin(), None)
    }

    #[test]
    fn inner_lists_get_what_surrounds_them() {
        let found = of(
            "AWS::EC2::Instance",
            json!({"NextToken": "t", "Reservations": [
                {"OwnerId": "1", "Groups": [], "Instances": [{"InstanceId": "i-1"}, {"InstanceId": "i-2"}]},
                {"OwnerId": "2", "Instances": []}]}),
        );
        assert_eq!(found.len(), 2);
        assert_eq!(Json::Object(found[1].fields.clone()), json!({"InstanceId": "i-2", "OwnerId": "1"}));
        assert_eq!((found[0].name.as_str(), found[0].region.as_deref()), ("i-1", Some("eu-west-1")));
    }

    #[test]
    fn text_in_lists_becomes_objects() {
        let found = of("AWS::DynamoDB::Table", json!({"TableNames": ["a", "b"]}));
        assert_eq!(Json::Object(found[0].fields.clone()), json!({"TableName": "a"}));
    }

    #[test]
    fn nothing_is_lost_for_want_of_a_name() {
        let found = of("AWS::EC2::EIP", json!({"Addresses": [{"PublicIp": "192.0.2.1"}, {"PublicIp": "192.0.2.2"}]}));
        assert_eq!(found.len(), 2);
        assert_ne!(found[0].name, found[1].name);
    }

    #[test]
    fn computed_fields_and_filters() {
        let filter = json!({"metricFilters": [{"filterName": "f", "logGroupName": "g", "filterPattern": "p",
            "metricTransformations": [{"metricName": "m", "metricNamespace": "n"}]}]});
        let found = of("AWS::Logs::MetricFilter", filter);
        assert_eq!(found[0].fields.get("logGroupArn").unwrap(), "arn:aws:logs:eu-west-1:111122223333:log-group:g:*");
        assert_eq!(found[0].fields.get("metricName").unwrap(), "m");
        let clusters = json!({"DBClusters": [{"DBClusterIdentifier": "a", "Engine": "docdb"},
            {"DBClusterIdentifier": "b", "Engine": "neptune"}]});
        assert_eq!(of("AWS::Neptune::DBCluster", clusters).len(), 1);
        let stage = objects(
            row("AWS::ApiGateway::Stage").unwrap(),
            json!({"item": [{"stageName": "prod"}]}),
            &origin(),
            json!({"id": "api1"}).as_object(),
        );
        assert_eq!(stage[0].name, "api1/prod");
    }

    #[test]
    fn parts_of_answers_are_taken_and_attached() {
        let row = row("AWS::IAM::User").unwrap();
        let mut users = objects(row, json!({"UserDetailList": [{"UserName": "a.b"}]}), &origin(), None);
        let answer = json!({"Content": {"a.b": {"mfa_active": true}, "a": {}}});
        let taken = take(&row.asks[0], answer, &users[0].fields, &origin()).unwrap().unwrap();
        users[0].attach(&row.asks[0], taken);
        assert_eq!(users[0].fields["CredentialReport"]["mfa_active"], json!(true));
        assert!(take(&row.asks[0], json!({"Content": {}}), &users[0].fields, &origin()).is_err());
    }

    #[test]
    fn what_an_ask_could_not_tell_is_unknown() {
        let row = row("AWS::KMS::Key").unwrap();
        let mut wanted = Projection::default();
        wanted.add(&"KeyState".parse().unwrap());
        wanted.add(&"Policy".parse().unwrap());
        assert_eq!(needed(row, &wanted), [0, 2]);
        let mut key = objects(row, json!({"Keys": [{"KeyId": "k"}]}), &origin(), None).remove(0);
        key.lose(row, 0, &wanted, "denied");
        let resource = key.resource(&origin(), &with_identity(&wanted), &Sharing::new());
        assert!(matches!(resource.value.get("KeyState"), Some(Value::Unknown(_))));
        assert_eq!(resource.value.get("Policy"), None);
        assert_eq!(resource.value.at(&["metadata", "account"]), Some(&Value::str("111122223333")));
    }
}
