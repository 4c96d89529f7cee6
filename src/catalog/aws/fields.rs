//! Which fields the objects of a kind have: those of the shapes that its calls answer with.

use std::sync::Arc;

use super::kinds::{Ask, Call, Row, row};
use super::model::{self, Service, Shape, Type};

/// A step of a path for [`check_path`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A key.
    Key(&'a str),
    /// An element of a list, or any entry of a map.
    Element,
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
        match descend(&service, &of, rest) {
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

type Source = (Arc<Service>, Type, Option<String>);

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

fn answer(call: &Call) -> Option<(Arc<Service>, Type)> {
    let service = model::service(&call.service)?;
    let of = service.operation(&call.operation)?.output.clone()?;
    Some((service, of))
}

fn ask_type(ask: &Ask) -> Option<(Arc<Service>, Type)> {
    let (service, mut of) = answer(&ask.call)?;
    // A CSV report: every row has the columns of its header.
    if ask.call.is_credential_report() {
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

fn descend(service: &Service, of: &Type, path: &[Step<'_>]) -> Result<(), Vec<String>> {
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
        (None, _) if matches!(of, Type::Any | Type::String) => return Ok(()),
        (None, _) => return Err(Vec::new()),
    };
    descend(service, inner, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::aws::rows;

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
                for (path, _) in &ask.missing {
                    let (service, of) = answer(&ask.call).unwrap_or_else(|| panic!("{kind}: no answer"));
                    let element = |of: &Type| match service.shape(of) {
                        Some(Shape::List { element, .. }) => element.of.clone(),
                        _ => of.clone(),
                    };
                    let mut of = of;
                    for step in path {
                        let inner = member(&service, &of, step).unwrap_or_else(|| panic!("{kind}: no {path:?}"));
                        of = element(&inner);
                    }
                    assert_eq!(of, Type::String, "{kind}: {path:?}");
                }
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
