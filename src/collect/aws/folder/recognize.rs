//! Whether files are answers of the vendor's command line, without reading the gigabytes of something else.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use serde::de::{Deserializer as _, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value as Json;

use super::name::FileName;
use super::{MAX_FILE, candidates, parse, walk};

/// Files to look at before the input is taken for something else.
const LOOKED_AT: usize = 20;

/// Whether one of the first JSON files of the input is an answer of the vendor's command line.
pub fn is_folder(paths: &[PathBuf]) -> bool {
    let mut files = Vec::new();
    for path in paths {
        if walk(path, &mut files, 0).is_err() {
            return false;
        }
    }
    let json = files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "json"));
    json.take(LOOKED_AT).any(|file| is_answer(file))
}

fn is_answer(file: &Path) -> bool {
    if !may_be_answer(file) {
        return false;
    }
    let Ok(Json::Object(answer)) = parse(file) else { return false };
    let name = FileName::of(file);
    !candidates(&name, &answer, |_| true).is_empty() || name.asks().next().is_some()
}

// Whether the file holds one JSON object that is none of Kubernetes. Objects of Kubernetes begin with what they are, so that
// their dumps are left after some bytes.
fn may_be_answer(file: &Path) -> bool {
    let Ok(file) = File::open(file) else { return false };
    let mut text = serde_json::Deserializer::from_reader(BufReader::new(file.take(MAX_FILE)));
    text.deserialize_map(NoKubernetes).is_ok()
}

struct NoKubernetes;

impl<'de> Visitor<'de> for NoKubernetes {
    type Value = ();

    fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("an answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "kind" || key == "apiVersion" {
                return Err(A::Error::custom("an object of Kubernetes"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_kubernetes_are_no_answers_however_they_go_on() {
        let dir = tempfile::tempdir().unwrap();
        let is = |text: &str| {
            let file = dir.path().join("list-things.json");
            std::fs::write(&file, text).unwrap();
            is_folder(&[file])
        };
        assert!(is(r#"{"Buckets": [{"Name": "one"}]}"#));
        assert!(!is(r#"{"Buckets": [], "kind": "List"}"#));
        assert!(!is(r#"{"apiVersion": "v1", "Buckets": [broken"#));
        assert!(!is(r#"[{"Buckets": []}]"#));
    }
}
