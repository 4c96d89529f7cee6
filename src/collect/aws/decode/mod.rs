//! Answers as the vendor's command line prints them: names of fields, lists that are lists also with one element, numbers,
//! moments. Pure: bytes in, JSON out.

mod json;
mod moment;
mod xml;

use serde_json::{Map, Value as Json};

use crate::catalog::aws::model::{Member, Operation, Protocol, Service, Shape, Type};

/// Longest body that is decoded, in bytes.
pub const LONGEST: usize = 50 * 1024 * 1024;

/// What a server sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why an answer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// Longer than [`LONGEST`].
    #[error("the answer is longer than {} MiB", LONGEST / 1024 / 1024)]
    TooLong,
    /// It ends before it is complete.
    #[error("the answer breaks off")]
    Truncated,
    /// It is not what the operation answers with.
    #[error("the answer cannot be understood: {0}")]
    Malformed(&'static str),
}

use Undecodable::Malformed;

/// The answer to a call of `operation`, called `name`.
///
/// # Errors
/// When the answer is not a complete one of this operation; never a part of it.
pub fn decode(service: &Service, name: &str, operation: &Operation, answer: &Answer) -> Result<Json, Undecodable> {
    if answer.body.len() > LONGEST {
        return Err(Undecodable::TooLong);
    }
    let Some(output) = &operation.output else { return Ok(Json::Object(Map::new())) };
    let Some(Shape::Structure { members, payload }) = service.shape(output) else {
        return Err(Malformed("its shape is not known"));
    };
    let mut fields = Map::new();
    for (name, member) in members {
        if member.location.as_deref() == Some("header")
            && let Some(text) = answer.header(&member.wire.as_deref().unwrap_or(name).to_ascii_lowercase())
        {
            fields.insert(name.clone(), scalar(&member.of, text)?);
        }
    }
    let body = members.iter().filter(|(_, member)| member.location.is_none());
    if body.clone().next().is_none() || answer.status == 204 {
        return Ok(Json::Object(fields));
    }
    if answer.body.iter().all(u8::is_ascii_whitespace) {
        return Err(Malformed("it is empty"));
    }
    let payload = payload.as_ref().and_then(|name| body.clone().find(|(own, _)| own == name));
    let found = match (service.protocol, payload) {
        (_, Some((name, member))) if service.shape(&member.of).is_none() => {
            let text = str::from_utf8(&answer.body).map_err(|_| Malformed("it is no text"))?;
            Map::from_iter([(name.clone(), text.into())])
        }
        (Protocol::Json, _) | (Protocol::RestJson, None) => json::fields(service, output, &answer.body)?,
        (Protocol::RestJson, Some((name, member))) => {
            Map::from_iter([(name.clone(), Json::Object(json::fields(service, &member.of, &answer.body)?))])
        }
        (Protocol::RestXml, Some((name, member))) => Map::from_iter([(
            name.clone(),
            Json::Object(xml::fields(service, &member.of, &answer.body, xml::Root::Any)?),
        )]),
        (Protocol::RestXml, None) => xml::fields(service, output, &answer.body, xml::Root::Any)?,
        (Protocol::Query, _) => {
            let root = xml::Root::Response { operation: name, wrapper: operation.wrapper.as_deref() };
            xml::fields(service, output, &answer.body, root)?
        }
        (Protocol::Ec2, _) => {
            xml::fields(service, output, &answer.body, xml::Root::Response { operation: name, wrapper: None })?
        }
    };
    fields.extend(found);
    Ok(Json::Object(fields))
}

// A single value that came as text.
fn scalar(of: &Type, text: &str) -> Result<Json, Undecodable> {
    match of {
        Type::Boolean => match text.trim() {
            "true" | "1" => Ok(true.into()),
            "false" | "0" => Ok(false.into()),
            _ => Err(Malformed("a value is neither true nor false")),
        },
        Type::Integer => text.trim().parse::<i64>().map(Json::from).map_err(|_| Malformed("a value is no number")),
        Type::Float => match text.trim().parse::<f64>() {
            Ok(number) => Ok(serde_json::Number::from_f64(number).map_or_else(|| text.into(), Json::Number)),
            Err(_) => Err(Malformed("a value is no number")),
        },
        Type::Timestamp => Ok(moment::from_text(text).into()),
        Type::String | Type::Blob | Type::Any => Ok(text.into()),
        Type::Shape(_) => Err(Malformed("a value stands where a structure is due")),
    }
}

fn wire<'a>(name: &'a str, member: &'a Member) -> &'a str {
    member.wire.as_deref().unwrap_or(name)
}

#[cfg(test)]
mod tests;
