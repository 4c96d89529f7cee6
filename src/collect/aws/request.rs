//! A call as an HTTP request, from the model of its operation. Pure: nothing is sent and nothing is signed here.

use serde_json::{Map, Value as Json};

use crate::base::text::percent_encoded;
use crate::catalog::aws::model::{Member, Operation, Protocol, Service, Shape, Type};

/// A request without its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// Put before the host name of the vendor's endpoints (`123456789012.`).
    pub host_prefix: String,
    /// Path with a slash at the beginning, encoded.
    pub path: String,
    /// Query without the question mark, encoded.
    pub query: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// Why a call cannot be written as a request: a parameter is missing, unknown or of the wrong type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parameter {name}: {problem}")]
pub struct BadParameter {
    /// Name of the parameter.
    pub name: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

fn bad(name: &str, problem: &'static str) -> BadParameter {
    BadParameter { name: name.to_owned(), problem }
}

/// Levels of structures, lists and maps in parameters.
const DEEPEST: usize = 16;

/// The request of an operation called `name`.
///
/// # Errors
/// The parameter that does not fit the model.
pub fn request(
    service: &Service,
    name: &str,
    operation: &Operation,
    with: &Map<String, Json>,
) -> Result<Request, BadParameter> {
    for key in with.keys() {
        if operation.input.as_ref().is_none_or(|input| service.member(input, key).is_none()) {
            return Err(bad(key, "the operation has no such parameter"));
        }
    }
    let (method, uri) = (&operation.http.0, &operation.http.1);
    let mut request = Request {
        method: method.clone(),
        host_prefix: operation.host.as_deref().map(|host| labels(host, with)).transpose()?.unwrap_or_default(),
        path: uri.clone(),
        query: String::new(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    match service.protocol {
        Protocol::Json => {
            request.headers.push(("x-amz-target".to_owned(), format!("{}.{name}", service.target)));
            request.headers.push(("content-type".to_owned(), format!("application/x-amz-json-{}", service.json)));
            let body = structure(service, operation.input.as_ref(), with, 0, &|_| true)?;
            request.body = Json::Object(body).to_string().into_bytes();
        }
        Protocol::Query | Protocol::Ec2 => {
            let mut form = Form { service, pairs: Vec::new() };
            form.pairs.push(("Action".to_owned(), name.to_owned()));
            form.pairs.push(("Version".to_owned(), service.version.clone()));
            form.members(operation.input.as_ref(), with, "", 0)?;
            let content = "application/x-www-form-urlencoded; charset=utf-8";
            request.headers.push(("content-type".to_owned(), content.to_owned()));
            request.body = pairs(&form.pairs).into_bytes();
        }
        Protocol::RestJson | Protocol::RestXml => rest(service, operation, with, &mut request)?,
    }
    Ok(request)
}

fn rest(
    service: &Service,
    operation: &Operation,
    with: &Map<String, Json>,
    request: &mut Request,
) -> Result<(), BadParameter> {
    let members = match operation.input.as_ref().and_then(|input| service.shape(input)) {
        Some(Shape::Structure { members, .. }) => members.as_slice(),
        _ => &[],
    };
    let (path, fixed) = operation.http.1.split_once('?').unwrap_or((&operation.http.1, ""));
    let mut in_path = Map::new();
    let mut query = Vec::new();
    for (name, member) in members {
        let wire = member.wire.as_deref().unwrap_or(name);
        let Some(value) = with.get(name) else { continue };
        match member.location.as_deref() {
            Some("uri") => {
                in_path.insert(wire.to_owned(), value.clone());
            }
            Some("querystring") => match value {
                Json::Array(items) => {
                    for item in items {
                        query.push((wire.to_owned(), scalar(name, item)?));
                    }
                }
                value => query.push((wire.to_owned(), scalar(name, value)?)),
            },
            Some("header") => {
                let text = scalar(name, value)?;
                if !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
                    return Err(bad(name, "has characters that a header cannot hold"));
                }
                request.headers.push((wire.to_ascii_lowercase(), text));
            }
            Some(_) => return Err(bad(name, "stands where nothing is known to stand")),
            None => {}
        }
    }
    // Without these, API Gateway answers in another form and Glacier not at all.
    if service.protocol == Protocol::RestJson {
        request.headers.push(("accept".to_owned(), "application/json".to_owned()));
    }
    if service.endpoint == "glacier" {
        request.headers.push(("x-amz-glacier-version".to_owned(), service.version.clone()));
    }
    request.path = labels(path, &in_path)?;
    let given = pairs(&query);
    request.query = [fixed, given.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&");
    let in_body = |member: &Member| member.location.is_none();
    if members.iter().any(|(_, member)| in_body(member)) {
        if service.protocol == Protocol::RestXml {
            return match members.iter().find(|(name, member)| in_body(member) && with.contains_key(name)) {
                Some((name, _)) => Err(bad(name, "would need a body of XML, which no reading call has")),
                None => Ok(()),
            };
        }
        let body = structure(service, operation.input.as_ref(), with, 0, &in_body)?;
        request.headers.push(("content-type".to_owned(), "application/json".to_owned()));
        request.body = Json::Object(body).to_string().into_bytes();
    }
    Ok(())
}

// `{Name}` by the value, all encoded; `{Name+}` likewise but for its slashes.
fn labels(template: &str, with: &Map<String, Json>) -> Result<String, BadParameter> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once('{') {
        let (label, after) = tail.split_once('}').unwrap_or((tail, ""));
        out.push_str(before);
        let (name, greedy) = label.strip_suffix('+').map_or((label, false), |name| (name, true));
        let value = with.get(name).ok_or_else(|| bad(name, "is missing"))?;
        let text = scalar(name, value)?;
        // An address with such a part would be another address.
        if text.split('/').any(|part| matches!(part, "." | "..")) || text.is_empty() {
            return Err(bad(name, "cannot stand in a path"));
        }
        if greedy {
            let parts: Vec<String> = text.split('/').map(percent_encoded).collect();
            out.push_str(&parts.join("/"));
        } else {
            out.push_str(&percent_encoded(&text));
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn scalar(name: &str, value: &Json) -> Result<String, BadParameter> {
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) => Ok(number.to_string()),
        Json::Bool(flag) => Ok(flag.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => Err(bad(name, "is not a single value")),
    }
}

// Numbers and flags may come out of templates as text.
fn typed(name: &str, of: &Type, value: &Json) -> Result<Json, BadParameter> {
    let text = scalar(name, value)?;
    let parsed = match of {
        Type::Integer => text.parse::<i64>().ok().map(Json::from),
        Type::Float => text.parse::<f64>().ok().map(Json::from),
        Type::Boolean => text.parse::<bool>().ok().map(Json::from),
        _ => return Ok(text.into()),
    };
    parsed.ok_or_else(|| bad(name, "is not of the type that the operation takes"))
}

fn structure(
    service: &Service,
    of: Option<&Type>,
    with: &Map<String, Json>,
    depth: usize,
    wanted: &dyn Fn(&Member) -> bool,
) -> Result<Map<String, Json>, BadParameter> {
    let mut out = Map::new();
    for (name, value) in with {
        let member = of.and_then(|of| service.member(of, name)).ok_or_else(|| bad(name, "is not known"))?;
        if wanted(member) {
            let wire = member.wire.as_deref().unwrap_or(name);
            out.insert(wire.to_owned(), json(service, name, &member.of, value, depth)?);
        }
    }
    Ok(out)
}

fn json(service: &Service, name: &str, of: &Type, value: &Json, depth: usize) -> Result<Json, BadParameter> {
    if depth > DEEPEST {
        return Err(bad(name, "is nested too deeply"));
    }
    match (service.shape(of), value) {
        (Some(Shape::Structure { .. }), Json::Object(with)) => {
            Ok(Json::Object(structure(service, Some(of), with, depth + 1, &|_| true)?))
        }
        (Some(Shape::List { element, .. }), Json::Array(items)) => {
            items.iter().map(|item| json(service, name, &element.of, item, depth + 1)).collect()
        }
        (Some(Shape::Map { value: inner, .. }), Json::Object(entries)) => {
            let entries = entries.iter().map(|(key, value)| {
                Ok::<_, BadParameter>((key.clone(), json(service, name, &inner.of, value, depth + 1)?))
            });
            Ok(Json::Object(entries.collect::<Result<_, _>>()?))
        }
        (Some(_), _) => Err(bad(name, "is not of the type that the operation takes")),
        (None, value) if *of == Type::Any => Ok(value.clone()),
        (None, value) => typed(name, of, value),
    }
}

/// Fields of a form, named by the way to the value.
struct Form<'a> {
    service: &'a Service,
    pairs: Vec<(String, String)>,
}

impl Form<'_> {
    fn members(
        &mut self,
        of: Option<&Type>,
        with: &Map<String, Json>,
        prefix: &str,
        depth: usize,
    ) -> Result<(), BadParameter> {
        let service = self.service;
        let Some(Shape::Structure { members, .. }) = of.and_then(|of| service.shape(of)) else { return Ok(()) };
        if let Some(unknown) = with.keys().find(|key| members.iter().all(|(name, _)| name != *key)) {
            return Err(bad(unknown, "is not known"));
        }
        for (name, member) in members {
            if let Some(value) = with.get(name) {
                let key = [prefix, &self.field(name, member)].concat();
                self.value(name, member, value, &key, depth)?;
            }
        }
        Ok(())
    }

    fn field(&self, name: &str, member: &Member) -> String {
        let wire = member.query.as_deref().or(member.wire.as_deref()).unwrap_or(name);
        match self.service.protocol {
            Protocol::Ec2 if member.query.is_none() => {
                let mut chars = wire.chars();
                chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
            }
            _ => wire.to_owned(),
        }
    }

    fn value(
        &mut self,
        name: &str,
        member: &Member,
        value: &Json,
        key: &str,
        depth: usize,
    ) -> Result<(), BadParameter> {
        if depth > DEEPEST {
            return Err(bad(name, "is nested too deeply"));
        }
        let service = self.service;
        match (service.shape(&member.of), value) {
            (Some(Shape::Structure { .. }), Json::Object(with)) => {
                self.members(Some(&member.of), with, &format!("{key}."), depth + 1)
            }
            (Some(Shape::List { element, flat }), Json::Array(items)) => {
                let key = if service.protocol == Protocol::Ec2 {
                    key.to_owned()
                } else if *flat || member.flat {
                    // The name of the elements takes the place of the list's.
                    match (&element.wire, key.rsplit_once('.')) {
                        (Some(wire), Some((before, _))) => format!("{before}.{wire}"),
                        (Some(wire), None) => wire.clone(),
                        (None, _) => key.to_owned(),
                    }
                } else {
                    format!("{key}.{}", element.wire.as_deref().unwrap_or("member"))
                };
                if items.is_empty() {
                    self.pairs.push((key, String::new()));
                    return Ok(());
                }
                for (at, item) in items.iter().enumerate() {
                    self.value(name, element, item, &format!("{key}.{}", at + 1), depth + 1)?;
                }
                Ok(())
            }
            (Some(Shape::Map { value: inner, names, flat }), Json::Object(entries)) => {
                let key = if *flat || member.flat { key.to_owned() } else { format!("{key}.entry") };
                for (at, (entry, value)) in entries.iter().enumerate() {
                    let at = at + 1;
                    self.pairs.push((format!("{key}.{at}.{}", names.0), entry.clone()));
                    self.value(name, inner, value, &format!("{key}.{at}.{}", names.1), depth + 1)?;
                }
                Ok(())
            }
            (Some(_), _) => Err(bad(name, "is not of the type that the operation takes")),
            (None, value) => {
                let text = scalar(name, &typed(name, &member.of, value)?)?;
                self.pairs.push((key.to_owned(), text));
                Ok(())
            }
        }
    }
}

fn pairs(pairs: &[(String, String)]) -> String {
    let encoded: Vec<String> =
        pairs.iter().map(|(key, value)| format!("{}={}", percent_encoded(key), percent_encoded(value))).collect();
    encoded.join("&")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog::aws::model::service;

    // Made by tests/tools/make_aws_bed.py: what botocore sends for every call of the catalog.
    const KNOWN: &str = include_str!("../../../tests/bed/aws/requests.json");

    fn decode(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((first, tail)) = rest.split_first() {
            match (first, tail) {
                (b'%', [high, low, after @ ..]) => {
                    let digits = [*high, *low];
                    bytes.push(u8::from_str_radix(str::from_utf8(&digits).unwrap(), 16).unwrap());
                    rest = after;
                }
                _ => {
                    bytes.push(*first);
                    rest = tail;
                }
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    fn fields(text: &str) -> Vec<(String, String)> {
        let parts = text.split('&').filter(|part| !part.is_empty());
        let mut fields: Vec<_> = parts
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(key, value)| (decode(key), decode(value)))
            .collect();
        fields.sort();
        fields
    }

    #[test]
    fn requests_are_those_of_the_vendors_own_tools() {
        let known: Vec<Json> = serde_json::from_str(KNOWN).unwrap();
        assert!(known.len() > 150);
        for row in &known {
            let (id, name) = (row["service"].as_str().unwrap(), row["operation"].as_str().unwrap());
            let service = service(id).unwrap();
            let made = request(&service, name, service.operation(name).unwrap(), row["with"].as_object().unwrap());
            let made = made.unwrap_or_else(|error| panic!("{id} {name}: {error}"));
            assert_eq!(made.method, row["method"], "{id} {name}");
            let (path, fixed) =
                row["path"].as_str().unwrap().split_once('?').unwrap_or((row["path"].as_str().unwrap(), ""));
            assert_eq!(made.path, path, "{id} {name}");
            let mut query: Vec<(String, String)> = serde_json::from_value(row["query"].clone()).unwrap();
            query.extend(fields(fixed));
            query.sort();
            assert_eq!(fields(&made.query), query, "{id} {name}");
            let header = |name: &str| made.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
            assert_eq!(header("x-amz-target"), row["target"].as_str(), "{id} {name}");
            let body = String::from_utf8(made.body.clone()).unwrap();
            match service.protocol {
                Protocol::Query | Protocol::Ec2 => {
                    let form: std::collections::BTreeMap<String, String> =
                        serde_json::from_value(row["body"].clone()).unwrap();
                    assert_eq!(fields(&body), form.into_iter().collect::<Vec<_>>(), "{id} {name}");
                }
                _ if row["body"].is_null() => assert!(body.is_empty() || body == "{}", "{id} {name}: {body}"),
                _ => assert_eq!(serde_json::from_str::<Json>(&body).unwrap(), row["body"], "{id} {name}"),
            }
        }
    }

    fn of(id: &str, name: &str, with: Json) -> Result<Request, BadParameter> {
        let service = service(id).unwrap();
        request(&service, name, service.operation(name).unwrap(), with.as_object().unwrap())
    }

    #[test]
    fn form_fields_name_the_way_to_the_value() {
        let body = |id: &str, name: &str, with: Json| String::from_utf8(of(id, name, with).unwrap().body).unwrap();
        let deep = body(
            "sts",
            "AssumeRole",
            json!({ "RoleArn": "a b", "Tags": [{ "Key": "k", "Value": "v" }], "PolicyArns": [] }),
        );
        assert_eq!(
            deep,
            "Action=AssumeRole&Version=2011-06-15&PolicyArns.member=&RoleArn=a%20b&Tags.member.1.Key=k&Tags.member.1.Value=v"
        );
        let flat = body("ec2", "DescribeSnapshots", json!({ "OwnerIds": ["self", "x"], "MaxResults": "5" }));
        assert_eq!(flat, "Action=DescribeSnapshots&Version=2016-11-15&MaxResults=5&Owner.1=self&Owner.2=x");
    }

    #[test]
    fn s3_addresses_buckets_by_path_and_s3_control_accounts_by_host() {
        let made = of("s3", "GetBucketAcl", json!({ "Bucket": "a.b" })).unwrap();
        assert_eq!((made.path.as_str(), made.query.as_str()), ("/a.b", "acl"));
        let made = of("s3control", "GetPublicAccessBlock", json!({ "AccountId": "123456789012" })).unwrap();
        assert_eq!(made.host_prefix, "123456789012.");
        assert!(made.headers.contains(&("x-amz-account-id".to_owned(), "123456789012".to_owned())));
        let made = of("glacier", "ListVaults", json!({ "accountId": "-" })).unwrap();
        assert!(made.headers.contains(&("x-amz-glacier-version".to_owned(), "2012-06-01".to_owned())));
    }

    #[test]
    fn parameters_that_do_not_fit_are_errors_with_their_name() {
        for (id, name, with, parameter) in [
            ("s3", "GetBucketAcl", json!({}), "Bucket"),
            ("s3", "GetBucketAcl", json!({ "Bucket": ".." }), "Bucket"),
            ("s3", "GetBucketAcl", json!({ "Bucket": "" }), "Bucket"),
            ("s3", "GetBucketAcl", json!({ "Bucket": "a", "Buckets": "b" }), "Buckets"),
            ("s3", "GetBucketAcl", json!({ "Bucket": ["a"] }), "Bucket"),
            ("lambda", "GetPolicy", json!({ "FunctionName": "a/../b" }), "FunctionName"),
            (
                "s3",
                "GetBucketAcl",
                json!({ "Bucket": "a", "ExpectedBucketOwner": "x\r\nevil: 1" }),
                "ExpectedBucketOwner",
            ),
            ("kms", "DescribeKey", json!({ "KeyId": { "a": 1 } }), "KeyId"),
            ("sqs", "ListQueues", json!({ "MaxResults": "many" }), "MaxResults"),
            ("iam", "GetAccountAuthorizationDetails", json!({ "Filter": "User" }), "Filter"),
            ("iam", "GetAccountSummary", json!({ "X": 1 }), "X"),
        ] {
            assert_eq!(of(id, name, with.clone()).unwrap_err().name, parameter, "{id} {name} {with}");
        }
        let deep = (0..100).fold(json!("x"), |inner, _| json!([inner]));
        assert!(of("ecs", "DescribeServices", json!({ "cluster": "c", "services": deep })).is_err());
    }

    #[test]
    fn numbers_out_of_templates_become_numbers() {
        let made = of("sqs", "ListQueues", json!({ "MaxResults": "1000" })).unwrap();
        assert_eq!(made.body, br#"{"MaxResults":1000}"#);
    }
}
