//! What is known of the operations of a service: protocol, request, answer, paging. Facts of the vendor's service models,
//! reduced to what `kinds.yaml` names by `tests/tools/make_aws_models.py`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::Value as Json;

/// How requests and answers are written on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// JSON with `X-Amz-Target`.
    Json,
    /// Form fields in, XML out.
    Query,
    /// The variant of `query` that EC2 speaks.
    Ec2,
    /// JSON bodies, parameters in path and query.
    RestJson,
    /// XML bodies, parameters in path and query.
    RestXml,
}

/// A service with the operations that are called.
#[derive(Debug, Deserialize)]
pub struct Service {
    /// Protocol.
    pub protocol: Protocol,
    /// First label of the host name.
    pub endpoint: String,
    /// Name of the service in signatures, if it is not `endpoint`.
    pub signing: Option<String>,
    /// Regions that the vendor's list of endpoints knows and has no endpoint of the service in. The list may be out of date.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// API version.
    pub version: String,
    /// Prefix of `X-Amz-Target` (json).
    #[serde(default)]
    pub target: String,
    /// Version in the content type (json).
    #[serde(default)]
    pub json: String,
    operations: BTreeMap<String, Operation>,
    shapes: BTreeMap<String, Shape>,
}

/// An operation.
#[derive(Debug, Deserialize)]
pub struct Operation {
    /// Method and path; `{Name}` in it is a member of the input, `{Name+}` one whose slashes stay.
    pub http: (String, String),
    /// Type of the parameters.
    pub input: Option<Type>,
    /// Type of the answer.
    pub output: Option<Type>,
    /// Element around the answer (query).
    pub wrapper: Option<String>,
    /// Label before the host name, with members of the input in braces.
    pub host: Option<String>,
    /// Parameter for the next page, and the path in the answer where its value stands.
    pub paging: Option<(String, String)>,
}

/// The type of a value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Type {
    /// Text.
    String,
    /// true or false.
    Boolean,
    /// Whole number.
    Integer,
    /// Any number.
    Float,
    /// A moment.
    Timestamp,
    /// Bytes, as base64.
    Blob,
    /// A document of the user's.
    Any,
    /// A structure, list or map by its name, see [`Service::shape`].
    Shape(String),
}

impl From<String> for Type {
    fn from(text: String) -> Type {
        match text.as_str() {
            "boolean" => Type::Boolean,
            "integer" => Type::Integer,
            "float" => Type::Float,
            "timestamp" => Type::Timestamp,
            "blob" => Type::Blob,
            "any" => Type::Any,
            other => other.strip_prefix('#').map_or(Type::String, |name| Type::Shape(name.to_owned())),
        }
    }
}

/// A compound type.
#[derive(Debug, Deserialize)]
#[serde(from = "RawShape")]
pub enum Shape {
    /// Named members; the payload member is the body itself (REST).
    Structure {
        /// Members in the vendor's order.
        members: Vec<(String, Member)>,
        /// Member that is the body.
        payload: Option<String>,
    },
    /// A list.
    List {
        /// Its elements.
        element: Member,
        /// Without an element around them (XML).
        flat: bool,
    },
    /// A map with text keys.
    Map {
        /// Its values.
        value: Member,
        /// Element names of key and value (XML).
        names: (String, String),
        /// Without an element around the entries (XML).
        flat: bool,
    },
}

/// A member of a structure, or what a list or map holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its type.
    pub of: Type,
    /// Its name on the wire, if another.
    pub wire: Option<String>,
    /// Its name in form fields, if it is neither its own nor `wire` (ec2).
    pub query: Option<String>,
    /// `uri`, `querystring`, `header`, `headers`, `statusCode`; the body if none.
    pub location: Option<String>,
    /// A list or map without an element around it (XML).
    pub flat: bool,
}

#[derive(Deserialize)]
struct RawShape {
    members: Option<serde_json::Map<String, Json>>,
    payload: Option<String>,
    list: Option<Json>,
    map: Option<Json>,
    names: Option<(String, String)>,
    #[serde(default)]
    flat: bool,
}

impl From<RawShape> for Shape {
    fn from(raw: RawShape) -> Shape {
        if let Some(element) = raw.list {
            return Shape::List { element: Member::of(&element), flat: raw.flat };
        }
        if let Some(value) = raw.map {
            let names = raw.names.unwrap_or_else(|| ("key".to_owned(), "value".to_owned()));
            return Shape::Map { value: Member::of(&value), names, flat: raw.flat };
        }
        let members = raw.members.unwrap_or_default();
        Shape::Structure {
            members: members.iter().map(|(name, member)| (name.clone(), Member::of(member))).collect(),
            payload: raw.payload,
        }
    }
}

impl Member {
    // Written as its type alone, or as a map.
    fn of(raw: &Json) -> Member {
        let text = |key: &str| raw.get(key).and_then(Json::as_str).map(str::to_owned);
        let of = raw.as_str().map(str::to_owned).or_else(|| text("type")).unwrap_or_default();
        Member {
            of: Type::from(of),
            wire: text("name"),
            query: text("query"),
            location: text("in"),
            flat: raw.get("flat").and_then(Json::as_bool).unwrap_or(false),
        }
    }
}

impl Service {
    /// The operation of this name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// Names of the operations, sorted.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.operations.keys().map(String::as_str)
    }

    /// The structure, list or map that a type names.
    pub fn shape(&self, of: &Type) -> Option<&Shape> {
        match of {
            Type::Shape(name) => self.shapes.get(name),
            _ => None,
        }
    }

    /// The member of a structure.
    pub fn member(&self, of: &Type, name: &str) -> Option<&Member> {
        match self.shape(of)? {
            Shape::Structure { members, .. } => members.iter().find(|(own, _)| own == name).map(|(_, member)| member),
            Shape::List { .. } | Shape::Map { .. } => None,
        }
    }

    /// The name in signatures.
    pub fn signing_name(&self) -> &str {
        self.signing.as_deref().unwrap_or(&self.endpoint)
    }
}

macro_rules! models {
    ($($id:literal)*) => {
        const MODELS: &[(&str, &str)] = &[$(($id, include_str!(concat!("models/", $id, ".json")))),*];
    };
}

models! {
    "accessanalyzer" "account" "acm" "apigateway" "apigatewayv2" "athena" "autoscaling" "backup" "bedrock"
    "cloudformation" "cloudfront" "cloudtrail" "cloudwatch" "codebuild" "cognito-idp" "config" "dms"
    "dynamodb" "ec2" "ecr" "ecs" "efs" "eks" "elasticache" "elb" "elbv2" "emr" "firehose" "glacier" "glue"
    "guardduty" "iam" "inspector2" "kafka" "kinesis" "kms" "lambda" "logs" "macie2" "mq" "network-firewall"
    "opensearch" "organizations" "rds" "redshift" "route53" "s3" "s3control" "sagemaker" "secretsmanager"
    "securityhub" "sns" "sqs" "ssm" "sso-admin" "states" "sts" "support" "transfer" "wafv2" "workspaces"
}

/// Names of the services, sorted: those that the vendor's command line uses, but for a few (`s3` there is `s3api`).
pub fn services() -> impl Iterator<Item = &'static str> {
    MODELS.iter().map(|(id, _)| *id)
}

/// The model of a service, read when it is first asked for.
pub fn service(id: &str) -> Option<Arc<Service>> {
    static READ: Mutex<BTreeMap<&str, Arc<Service>>> = Mutex::new(BTreeMap::new());
    let (id, text) = MODELS.iter().find(|(known, _)| *known == id)?;
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(service) = read.get(id) {
        return Some(Arc::clone(service));
    }
    // A test reads every model, so that none is faulty.
    let service: Arc<Service> = Arc::new(serde_json::from_str(text).ok()?);
    read.insert(id, Arc::clone(&service));
    Some(service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_listed_and_read_and_every_type_is_known() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalog/aws/models");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        assert_eq!(services().collect::<Vec<_>>(), files);
        for id in services() {
            let service = service(id).unwrap_or_else(|| panic!("{id} is faulty"));
            for name in service.operations() {
                let operation = service.operation(name).unwrap();
                for of in operation.input.iter().chain(&operation.output) {
                    assert!(service.shape(of).is_some(), "{id} {name}: {of:?}");
                }
            }
            for shape in service.shapes.values() {
                let members: Vec<&Member> = match shape {
                    Shape::Structure { members, .. } => members.iter().map(|(_, member)| member).collect(),
                    Shape::List { element, .. } => vec![element],
                    Shape::Map { value, .. } => vec![value],
                };
                for member in members {
                    assert!(!matches!(&member.of, Type::Shape(_)) || service.shape(&member.of).is_some());
                }
            }
        }
    }
}
