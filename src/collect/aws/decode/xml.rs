//! Answers in XML, read by the shapes of the model in one pass: what the model does not know is skipped.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Map, Value as Json};

use super::Undecodable::{self, Malformed};
use super::{scalar, wire};
use crate::catalog::aws::model::{Member, Service, Shape, Type};

/// Levels of elements.
const DEEPEST: usize = 100;

/// What stands around the members.
#[derive(Clone, Copy)]
pub enum Root<'a> {
    /// An element of any name.
    Any,
    /// An element named for the operation, in it maybe another.
    Response {
        /// Name of the operation.
        operation: &'a str,
        /// Name of the inner element.
        wrapper: Option<&'a str>,
    },
}

/// The members of the structure `of` in a body.
pub fn fields(service: &Service, of: &Type, body: &[u8], root: Root<'_>) -> Result<Map<String, Json>, Undecodable> {
    let mut reader = Reader::from_reader(body);
    reader.config_mut().expand_empty_elements = true;
    let mut xml = Xml { service, reader, depth: 0 };
    let open = loop {
        match xml.next()? {
            Token::Open(open) => break open,
            Token::Text(text) if text.trim_start_matches('\u{feff}').trim().is_empty() => {}
            Token::End => return Err(Undecodable::Truncated),
            Token::Text(_) | Token::Close => return Err(Malformed("it is no XML")),
        }
    };
    let name = local(&open);
    let lower = name.to_ascii_lowercase();
    if matches!(lower.as_str(), "html" | "error" | "errorresponse") {
        return Err(Malformed("another document stands in its place"));
    }
    match root {
        Root::Any => {
            // The location of a bucket: the root is itself the only member.
            if let Some(Shape::Structure { members, .. }) = service.shape(of)
                && let [(member_name, member)] = members.as_slice()
                && wire(member_name, member) == name
                && service.shape(&member.of).is_none()
            {
                let text = xml.text()?;
                return Ok(Map::from_iter([(member_name.clone(), scalar(&member.of, &text)?)]));
            }
            xml.top(of, &open)
        }
        Root::Response { operation, wrapper } => {
            if name.strip_suffix("Response") != Some(operation) {
                return Err(Malformed("it answers another operation"));
            }
            let Some(wrapper) = wrapper else { return xml.top(of, &open) };
            loop {
                match xml.next()? {
                    Token::Open(open) if local(&open) == wrapper => return xml.top(of, &open),
                    Token::Open(_) => xml.skip()?,
                    Token::Text(_) => {}
                    Token::Close => return Err(Malformed("its result is missing")),
                    Token::End => return Err(Undecodable::Truncated),
                }
            }
        }
    }
}

enum Token<'a> {
    Open(BytesStart<'a>),
    Text(String),
    Close,
    End,
}

struct Xml<'a> {
    service: &'a Service,
    reader: Reader<&'a [u8]>,
    depth: usize,
}

// Without the prefix of its namespace.
fn local(open: &BytesStart<'_>) -> String {
    String::from_utf8_lossy(open.local_name().as_ref()).into_owned()
}

impl<'a> Xml<'a> {
    fn next(&mut self) -> Result<Token<'a>, Undecodable> {
        loop {
            let event = self.reader.read_event().map_err(|error| match error {
                quick_xml::Error::Syntax(_) => Undecodable::Truncated,
                _ => Malformed("the XML is not well-formed"),
            })?;
            return Ok(match event {
                Event::Start(open) => {
                    self.depth += 1;
                    if self.depth > DEEPEST {
                        return Err(Malformed("it is nested too deeply"));
                    }
                    Token::Open(open)
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    Token::Close
                }
                Event::Text(text) => {
                    Token::Text(text.xml10_content().map_err(|_| Malformed("it is no text"))?.into_owned())
                }
                Event::CData(text) => Token::Text(text.decode().map_err(|_| Malformed("it is no text"))?.into_owned()),
                Event::GeneralRef(reference) => {
                    if let Some(c) = reference.resolve_char_ref().map_err(|_| Malformed("a character is not one"))? {
                        Token::Text(c.to_string())
                    } else {
                        let name = reference.decode().map_err(|_| Malformed("it is no text"))?;
                        // Entities of a document's own are how XML attacks its readers.
                        let text = resolve_predefined_entity(&name).ok_or(Malformed("an entity is not known"))?;
                        Token::Text(text.to_owned())
                    }
                }
                Event::DocType(_) => return Err(Malformed("another document stands in its place")),
                Event::Eof if self.depth > 0 => return Err(Undecodable::Truncated),
                Event::Eof => Token::End,
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            });
        }
    }

    // To the end of the element that was opened last.
    fn skip(&mut self) -> Result<(), Undecodable> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            self.next()?;
        }
        Ok(())
    }

    fn text(&mut self) -> Result<String, Undecodable> {
        let mut out = String::new();
        loop {
            match self.next()? {
                Token::Text(text) => out.push_str(&text),
                Token::Close => return Ok(out),
                Token::Open(_) => return Err(Malformed("an element stands where text is due")),
                Token::End => return Err(Undecodable::Truncated),
            }
        }
    }

    // The outermost structure: of another's answer nothing is known.
    fn top(&mut self, of: &Type, open: &BytesStart<'_>) -> Result<Map<String, Json>, Undecodable> {
        let (fields, foreign) = self.structure(of, open)?;
        if fields.is_empty() && foreign {
            return Err(Malformed("nothing in it belongs to this operation"));
        }
        Ok(fields)
    }

    // Also says whether an element was skipped.
    fn structure(&mut self, of: &Type, open: &BytesStart<'_>) -> Result<(Map<String, Json>, bool), Undecodable> {
        let service = self.service;
        let Some(Shape::Structure { members, .. }) = service.shape(of) else {
            return Err(Malformed("its shape is not known"));
        };
        let mut out = Map::new();
        for attribute in open.attributes().flatten() {
            let key = attribute.key.as_ref();
            if let Some((name, member)) =
                members.iter().find(|(_, m)| m.wire.as_deref().map(str::as_bytes) == Some(key))
            {
                let text = attribute
                    .decoded_and_normalized_value(XmlVersion::Implicit1_0, self.reader.decoder())
                    .map_err(|_| Malformed("an attribute cannot be read"))?;
                out.insert(name.clone(), scalar(&member.of, &text)?);
            }
        }
        let mut foreign = false;
        loop {
            let open = match self.next()? {
                Token::Open(open) => open,
                Token::Text(_) => continue,
                Token::Close => return Ok((out, foreign)),
                Token::End => return Err(Undecodable::Truncated),
            };
            let element = local(&open);
            let Some((name, member)) = members.iter().find(|(name, member)| self.element(name, member) == element)
            else {
                foreign |= !element.eq_ignore_ascii_case("requestId");
                self.skip()?;
                continue;
            };
            match service.shape(&member.of) {
                Some(Shape::List { element, flat }) if *flat || member.flat => {
                    let value = self.value(&element.of, &open)?;
                    match out.entry(name.clone()).or_insert_with(|| Json::Array(Vec::new())) {
                        Json::Array(items) => items.push(value),
                        _ => return Err(Malformed("a list is none")),
                    }
                }
                Some(Shape::Map { value, names, flat }) if *flat || member.flat => {
                    let (key, value) = self.entry(value, names)?;
                    match out.entry(name.clone()).or_insert_with(|| Json::Object(Map::new())) {
                        Json::Object(entries) => entries.insert(key, value),
                        _ => return Err(Malformed("a map is none")),
                    };
                }
                _ => {
                    let value = self.value(&member.of, &open)?;
                    out.insert(name.clone(), value);
                }
            }
        }
    }

    // The element that a member is read from.
    fn element<'m>(&self, name: &'m str, member: &'m Member) -> &'m str
    where
        'a: 'm,
    {
        match self.service.shape(&member.of) {
            Some(Shape::List { element: Member { wire: Some(own), .. }, flat }) if *flat || member.flat => own,
            _ => wire(name, member),
        }
    }

    fn value(&mut self, of: &Type, open: &BytesStart<'_>) -> Result<Json, Undecodable> {
        let service = self.service;
        match service.shape(of) {
            None => {
                let text = self.text()?;
                scalar(of, &text)
            }
            Some(Shape::Structure { .. }) => Ok(Json::Object(self.structure(of, open)?.0)),
            Some(Shape::List { element, .. }) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        Token::Open(open) => items.push(self.value(&element.of, &open)?),
                        Token::Text(text) if text.trim().is_empty() => {}
                        Token::Text(_) => return Err(Malformed("text stands where a list is due")),
                        Token::Close => return Ok(Json::Array(items)),
                        Token::End => return Err(Undecodable::Truncated),
                    }
                }
            }
            Some(Shape::Map { value, names, .. }) => {
                let mut entries = Map::new();
                loop {
                    match self.next()? {
                        Token::Open(_) => {
                            let (key, value) = self.entry(value, names)?;
                            entries.insert(key, value);
                        }
                        Token::Text(_) => {}
                        Token::Close => return Ok(Json::Object(entries)),
                        Token::End => return Err(Undecodable::Truncated),
                    }
                }
            }
        }
    }

    fn entry(&mut self, of: &Member, names: &(String, String)) -> Result<(String, Json), Undecodable> {
        let (mut key, mut value) = (None, None);
        loop {
            match self.next()? {
                Token::Open(open) if local(&open) == names.0 => key = Some(self.text()?),
                Token::Open(open) if local(&open) == names.1 => value = Some(self.value(&of.of, &open)?),
                Token::Open(_) => self.skip()?,
                Token::Text(_) => {}
                Token::Close => break,
                Token::End => return Err(Undecodable::Truncated),
            }
        }
        key.zip(value).ok_or(Malformed("an entry has no key or no value"))
    }
}
