//! Answers in JSON: names on the wire become names of the model, what the model does not know is left out.

use serde_json::{Map, Value as Json};

use super::Undecodable::{self, Malformed};
use super::{moment, wire};
use crate::catalog::aws::model::{Service, Shape, Type};

/// The members of the structure `of` in a body.
pub fn fields(service: &Service, of: &Type, body: &[u8]) -> Result<Map<String, Json>, Undecodable> {
    // The parser has a limit of its own on nesting.
    let value: Json = serde_json::from_slice(body).map_err(|error| match error.is_eof() {
        true => Undecodable::Truncated,
        false => Malformed("it is no JSON"),
    })?;
    let Json::Object(raw) = value else { return Err(Malformed("it is no JSON object")) };
    let foreign = !raw.is_empty();
    let decoded = structure(service, of, raw)?;
    let known = |member: &(String, _)| decoded.contains_key(&member.0);
    match service.shape(of) {
        // Somebody else answered, a proxy for example.
        Some(Shape::Structure { members, .. }) if foreign && !members.iter().any(known) => {
            Err(Malformed("nothing in it belongs to this operation"))
        }
        _ => Ok(decoded),
    }
}

fn structure(service: &Service, of: &Type, mut raw: Map<String, Json>) -> Result<Map<String, Json>, Undecodable> {
    let Some(Shape::Structure { members, .. }) = service.shape(of) else {
        return Err(Malformed("its shape is not known"));
    };
    let mut out = Map::new();
    for (name, member) in members {
        match raw.remove(wire(name, member)) {
            // Null says no more than absence does, and the command line leaves it out.
            None | Some(Json::Null) => {}
            Some(value) => {
                out.insert(name.clone(), decode(service, &member.of, value)?);
            }
        }
    }
    Ok(out)
}

fn decode(service: &Service, of: &Type, raw: Json) -> Result<Json, Undecodable> {
    Ok(match (service.shape(of), raw) {
        (_, Json::Null) => Json::Null,
        (Some(Shape::Structure { .. }), Json::Object(raw)) => Json::Object(structure(service, of, raw)?),
        (Some(Shape::List { element, .. }), Json::Array(raw)) => {
            raw.into_iter().map(|raw| decode(service, &element.of, raw)).collect::<Result<_, _>>()?
        }
        (Some(Shape::Map { value, .. }), Json::Object(raw)) => {
            let entries = raw.into_iter().map(|(key, raw)| Ok((key, decode(service, &value.of, raw)?)));
            Json::Object(entries.collect::<Result<_, _>>()?)
        }
        (Some(_), _) => return Err(Malformed("a value is of another type than the operation's")),
        (None, Json::Number(number)) if *of == Type::Timestamp => {
            let written = number.as_f64().and_then(moment::from_seconds);
            written.map_or(Json::Number(number), Json::String)
        }
        (None, Json::String(text)) if *of == Type::Timestamp => moment::from_text(&text).into(),
        (None, raw @ (Json::Array(_) | Json::Object(_))) if *of != Type::Any => {
            let _ = raw;
            return Err(Malformed("a value is of another type than the operation's"));
        }
        (None, raw) => raw,
    })
}
