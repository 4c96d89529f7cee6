//! Pages of a list: where the next one begins, how they become one answer. Pure.

use serde_json::{Map, Value as Json};

/// Lists that go on behind their last element, with what says that they do: service, operation, flag, list, parameter.
const BY_LAST_KEY: &[(&str, &str, &str, &str, &str)] = &[
    (
        "firehose",
        "ListDeliveryStreams",
        "HasMoreDeliveryStreams",
        "DeliveryStreamNames",
        "ExclusiveStartDeliveryStreamName",
    ),
    ("kinesis", "ListStreams", "HasMoreStreams", "StreamNames", "ExclusiveStartStreamName"),
];

/// Fields that say that a list goes on.
const FLAGS: &[&str] = &["IsTruncated", "Truncated", "HasMoreStreams", "HasMoreDeliveryStreams"];
/// Fields that hold the beginning of the next page.
const TOKENS: &[&str] = &["NextToken", "nextToken", "NextMarker", "nextMarker", "NextContinuationToken"];

/// What comes after a page.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing, it was the last.
    End,
    /// Another, with this parameter set to this value.
    Page(String, Json),
    /// Another, but there is no way to ask for it.
    Lost,
}

/// What comes after `page`; `paging` is the parameter and the path of its next value in the answer.
pub fn next(service: &str, operation: &str, paging: Option<&(String, String)>, page: &Json) -> Next {
    let mut holder = page;
    if let Some((parameter, path)) = paging {
        let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
        for step in parents.split('.').filter(|step| !step.is_empty()) {
            holder = holder.get(step).unwrap_or(&Json::Null);
        }
        if let Some(token) = holder.get(last).filter(|token| is_token(token)) {
            return Next::Page(parameter.clone(), token.clone());
        }
    }
    let last_key = BY_LAST_KEY.iter().find(|row| (row.0, row.1) == (service, operation));
    if let Some((_, _, flag, list, parameter)) = last_key
        && page.get(*flag) == Some(&Json::Bool(true))
    {
        return match page.get(*list).and_then(Json::as_array).and_then(|items| items.last()) {
            Some(last) => Next::Page((*parameter).to_owned(), last.clone()),
            None => Next::Lost,
        };
    }
    let goes_on = FLAGS.iter().any(|flag| holder.get(*flag) == Some(&Json::Bool(true)));
    let unknown_token = paging.is_none() && TOKENS.iter().any(|token| holder.get(*token).is_some_and(is_token));
    if goes_on || unknown_token { Next::Lost } else { Next::End }
}

fn is_token(value: &Json) -> bool {
    value.as_str().map_or(value.is_number(), |text| !text.is_empty())
}

/// Appends the lists of `page` to those at the same path of `answer`; of everything else the first page's stays.
pub fn append(answer: &mut Json, page: Json) {
    match (answer, page) {
        (Json::Array(items), Json::Array(more)) => items.extend(more),
        (Json::Object(fields), Json::Object(more)) => {
            for (key, value) in more {
                match fields.get_mut(&key) {
                    Some(known) => append(known, value),
                    None => {
                        fields.insert(key, value);
                    }
                }
            }
        }
        _ => {}
    }
}

/// Takes out of a whole answer what was true of its first page only.
pub fn finish(answer: &mut Json, paging: Option<&(String, String)>) {
    let path = paging.map_or("", |(_, path)| path.as_str());
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    let mut holder = answer.as_object_mut();
    for step in parents.split('.').filter(|step| !step.is_empty()) {
        holder = holder.and_then(|fields| fields.get_mut(step)).and_then(Json::as_object_mut);
    }
    if let Some(fields) = holder {
        fields.remove(last);
        clear_flags(fields);
    }
}

fn clear_flags(fields: &mut Map<String, Json>) {
    for flag in FLAGS {
        if let Some(value) = fields.get_mut(*flag) {
            *value = Json::Bool(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paging(parameter: &str, path: &str) -> Option<(String, String)> {
        Some((parameter.to_owned(), path.to_owned()))
    }

    #[test]
    fn pages_become_one_answer() {
        let paging = paging("Marker", "DistributionList.NextMarker");
        let mut answer =
            json!({ "DistributionList": { "Items": [1], "NextMarker": "a", "IsTruncated": true, "MaxItems": 1 } });
        let page = json!({ "DistributionList": { "Items": [2], "IsTruncated": false, "MaxItems": 9, "Extra": [3] } });
        assert_eq!(
            next("cloudfront", "ListDistributions", paging.as_ref(), &answer),
            Next::Page("Marker".to_owned(), "a".into())
        );
        assert_eq!(next("cloudfront", "ListDistributions", paging.as_ref(), &page), Next::End);
        append(&mut answer, page);
        finish(&mut answer, paging.as_ref());
        assert_eq!(
            answer,
            json!({ "DistributionList": { "Items": [1, 2], "IsTruncated": false, "MaxItems": 1, "Extra": [3] } })
        );
    }

    #[test]
    fn a_list_that_goes_on_without_a_way_to_follow_it_is_noticed() {
        let by_marker = paging("Marker", "Marker");
        let next = |page: Json| next("iam", "ListRoles", by_marker.as_ref(), &page);
        assert_eq!(next(json!({ "IsTruncated": true })), Next::Lost);
        assert_eq!(next(json!({ "IsTruncated": false, "Marker": "" })), Next::End);
        assert_eq!(next(json!({ "Marker": null })), Next::End);
        assert_eq!(super::next("x", "y", None, &json!({ "NextToken": "more" })), Next::Lost);
        assert_eq!(super::next("x", "y", None, &json!({ "Items": [] })), Next::End);
    }

    #[test]
    fn some_lists_go_on_behind_their_last_element() {
        let page = json!({ "DeliveryStreamNames": ["a", "b"], "HasMoreDeliveryStreams": true });
        assert_eq!(
            next("firehose", "ListDeliveryStreams", None, &page),
            Next::Page("ExclusiveStartDeliveryStreamName".to_owned(), "b".into())
        );
        let empty = json!({ "DeliveryStreamNames": [], "HasMoreDeliveryStreams": true });
        assert_eq!(next("firehose", "ListDeliveryStreams", None, &empty), Next::Lost);
        let done = json!({ "DeliveryStreamNames": ["a"], "HasMoreDeliveryStreams": false });
        assert_eq!(next("firehose", "ListDeliveryStreams", None, &done), Next::End);
    }
}
