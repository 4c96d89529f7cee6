//! The snapshot file: everything that was read of a system, to be assessed again later, with other rules, to the same
//! verdicts.
//!
//! JSON lines, compressed with zstd. The first line is a header (how and when it was read), then one whole object per line,
//! and at the end a trailer with what is only known then: the system, the kinds that were read completely, the gaps, and once
//! more how and when it was read, which of a snapshot made from a snapshot is what the first one said. A snapshot without its
//! trailer is incomplete.
//!
//! Secrets do not get into it. These values of Kubernetes are replaced by [`MASK`], and read back as unknown, so that a rule
//! that depends on one becomes Manual, not Passed:
//! - data of Secrets, and of ConfigMaps except those that configure the cluster's own components;
//! - literal values of environment variables, except those whose names begin with `ETCD_`, which are etcd's flags;
//! - the annotation in which `kubectl apply` keeps the whole object once more.
//!
//! Text of AWS that may be secret (see [`secrets`]) is replaced by [`unknown`] with what a search for secrets found in it, so
//! that `holds_secret` still gives the same answer.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Inventory, Mode, secrets};
use crate::base::command_line;
use crate::base::new_file::{NewFile, Readers};
use crate::expr::projection::{Sharing, UNKNOWN};
use crate::expr::{Map, Value};
use crate::model::{Gap, Scope, System, Technology};

/// `apiVersion` of header and trailer.
const API_VERSION: &str = "spm.snapshot/v1";

/// Stands for a value that is not kept.
pub const MASK: &str = "(masked by spm)";

/// Why a masked value is unknown.
const MASKED: &str = "the value was masked when the snapshot was saved";

/// Text that may reveal credentials although the key is no secret.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// ConfigMaps of `kube-system` that hold configuration which rules read.
const COMPONENT_CONFIG: &[&str] = &["kube-proxy", "kubeadm-config", "kubelet-config", "aws-auth", "coredns"];

/// First or last line of a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Mark {
    /// The first line.
    #[serde(rename = "Snapshot", rename_all = "camelCase")]
    Header {
        /// Version of the format.
        api_version: String,
        /// Technology of the system.
        #[serde(default = "kubernetes")]
        technology: Technology,
        /// How the system was read.
        mode: Mode,
        /// When it was read.
        now: jiff::Timestamp,
    },
    /// The last line.
    #[serde(rename = "SnapshotEnd", rename_all = "camelCase")]
    Trailer {
        /// Version of the format.
        api_version: String,
        /// How the system was read; counts more than the header.
        mode: Mode,
        /// When it was read; counts more than the header.
        now: jiff::Timestamp,
        /// The system.
        system: System,
        /// How much of the system it holds; all of it in snapshots of versions that did not say.
        #[serde(default)]
        scope: Box<Scope>,
        /// Kinds that were asked for.
        kinds: BTreeSet<String>,
        /// What could not be read.
        gaps: Vec<Gap>,
        /// What the user should know about the input.
        notes: Vec<String>,
        /// Number of objects between the two lines.
        objects: u64,
    },
}

// Snapshots that do not say it are older than any other technology.
fn kubernetes() -> Technology {
    Technology::Kubernetes
}

/// Whether an object with this `apiVersion` is a header or trailer, of whatever version.
pub fn is_mark(api_version: Option<&str>) -> bool {
    api_version.is_some_and(|version| version.starts_with("spm.snapshot/"))
}

impl Mark {
    /// Reads a header or trailer; what is wrong with it otherwise.
    pub fn parse(json: &[u8]) -> Result<Mark, String> {
        let mark: Mark = serde_json::from_slice(json).map_err(|error| format!("no header of a snapshot: {error}"))?;
        let (Mark::Header { api_version, .. } | Mark::Trailer { api_version, .. }) = &mark;
        if api_version == API_VERSION {
            Ok(mark)
        } else {
            Err(format!("the snapshot is of format {api_version}, this version of spm reads {API_VERSION}"))
        }
    }
}

/// Writes a snapshot. It appears under its name when it is finished, and not at all if it never is.
pub struct SnapshotWriter {
    out: zstd::Encoder<'static, BufWriter<NewFile>>,
    objects: u64,
    kinds: BTreeSet<String>,
}

impl SnapshotWriter {
    /// Begins the snapshot of a system that is read at `now`. Only the owner may read the file.
    pub fn create(path: &Path, technology: Technology, mode: Mode, now: jiff::Timestamp) -> io::Result<SnapshotWriter> {
        let file = BufWriter::with_capacity(1 << 16, NewFile::create(path, Readers::Owner)?);
        let mut writer = SnapshotWriter { out: zstd::Encoder::new(file, 3)?, objects: 0, kinds: BTreeSet::new() };
        writer.mark(&Mark::Header { api_version: API_VERSION.to_owned(), technology, mode, now })?;
        Ok(writer)
    }

    /// Keeps an object as the API server sent it, masked. Elements of lists have no `apiVersion` and `kind` of their own.
    pub fn object(&mut self, api_version: &str, kind: &str, json: &[u8]) -> io::Result<()> {
        let mut line = Vec::new();
        write_masked(api_version, kind, serde_json::from_slice(json)?, &mut line)?;
        self.lines(&line, 1)
    }

    /// Keeps objects that [`write_masked`] wrote.
    pub fn lines(&mut self, lines: &[u8], objects: u64) -> io::Result<()> {
        self.objects += objects;
        self.write(lines)
    }

    /// States that `kind` was asked for: a kind without objects and gaps has none in the system.
    pub fn asked(&mut self, kind: &str) {
        self.kinds.insert(kind.to_owned());
    }

    /// Writes the trailer and gives the file its name.
    pub fn finish(mut self, inventory: &Inventory) -> io::Result<()> {
        self.kinds.extend(inventory.counts().into_keys());
        self.mark(&Mark::Trailer {
            api_version: API_VERSION.to_owned(),
            mode: inventory.mode,
            now: inventory.now,
            system: inventory.system.clone(),
            scope: Box::new(inventory.scope.clone()),
            kinds: self.kinds.clone(),
            gaps: inventory.gaps().to_vec(),
            notes: inventory.notes.clone(),
            objects: self.objects,
        })?;
        self.out.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.keep()
    }

    fn mark(&mut self, mark: &Mark) -> io::Result<()> {
        let mut line = serde_json::to_vec(mark)?;
        line.push(b'\n');
        self.write(&line)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }
}

/// Writes an object as one line of a snapshot, without what is secret in it.
pub fn write_masked(api_version: &str, kind: &str, mut object: Json, out: &mut Vec<u8>) -> io::Result<()> {
    if kind.starts_with("AWS::") {
        secrets::mask(kind, &mut object);
    } else {
        mask_kubernetes(kind, &mut object);
    }
    if let Json::Object(object) = &mut object {
        object.entry("apiVersion").or_insert_with(|| api_version.into());
        object.entry("kind").or_insert_with(|| kind.into());
    }
    serde_json::to_writer(&mut *out, &object)?;
    out.push(b'\n');
    Ok(())
}

fn mask_kubernetes(kind: &str, object: &mut Json) {
    if let Json::Object(object) = object {
        if let Some(Json::Object(metadata)) = object.get_mut("metadata") {
            metadata.remove("managedFields");
            if let Some(applied) = metadata.get_mut("annotations").and_then(|a| a.get_mut(LAST_APPLIED)) {
                mask(applied);
            }
        }
        if kind == "Secret" || (kind == "ConfigMap" && !is_component_config(object)) {
            for key in ["data", "stringData", "binaryData"] {
                if let Some(Json::Object(data)) = object.get_mut(key) {
                    data.values_mut().for_each(mask);
                }
            }
        }
    }
    mask_environments(object);
}

fn is_component_config(object: &serde_json::Map<String, Json>) -> bool {
    let metadata = |key: &str| object.get("metadata").and_then(|m| m.get(key)).and_then(Json::as_str).unwrap_or("");
    metadata("namespace") == "kube-system"
        && COMPONENT_CONFIG.iter().any(|name| {
            let rest = metadata("name").strip_prefix(name);
            // `kubelet-config-1.23`
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("-1."))
        })
}

// An empty value hides nothing, and rules may ask for it.
fn mask(value: &mut Json) {
    if value.as_str() != Some("") {
        *value = MASK.into();
    }
}

fn mask_environments(value: &mut Json) {
    match value {
        Json::Array(items) => items.iter_mut().for_each(mask_environments),
        Json::Object(map) => {
            for (key, value) in map.iter_mut() {
                if key == "env"
                    && let Json::Array(variables) = value
                {
                    variables.iter_mut().for_each(mask_variable);
                } else if matches!(key.as_str(), "command" | "args") && value.is_array() {
                    command_line::document(value);
                } else {
                    mask_environments(value);
                }
            }
        }
        _ => {}
    }
}

fn mask_variable(variable: &mut Json) {
    let kept = variable.get("name").and_then(Json::as_str).is_some_and(|name| name.starts_with("ETCD_"));
    if let Some(value) = variable.get_mut("value").filter(|_| !kept) {
        mask(value);
    }
}

/// Stands in a snapshot for a value that could not be read, for this reason.
pub fn unknown(why: &str) -> Json {
    serde_json::json!({ UNKNOWN: why })
}

fn why_unknown(map: &Map) -> Option<&str> {
    map.iter().find(|(key, _)| key.as_str() == UNKNOWN).and_then(|(_, why)| why.as_str())
}

/// Whether the text of an object of a snapshot holds anything for [`unmask`].
pub fn has_masks(text: &[u8]) -> bool {
    [MASK, UNKNOWN].iter().any(|mark| memchr::memmem::find(text, mark.as_bytes()).is_some())
}

/// The value with what was masked turned into unknown; equal lists and maps in it are kept once per `sharing`.
pub fn unmask(value: Value, sharing: &Sharing) -> Value {
    match &value {
        Value::Str(text) if **text == *MASK => Value::unknown(MASKED),
        Value::Map(map) if why_unknown(map).is_some() => Value::unknown(why_unknown(map).unwrap_or_default()),
        Value::List(items) if items.iter().any(is_masked) => {
            sharing.share(Value::list(items.iter().map(|item| unmask(item.clone(), sharing))))
        }
        Value::Map(map) if map.iter().any(|(_, value)| is_masked(value)) => {
            let entries = map.iter().map(|(key, value)| (key, unmask(value.clone(), sharing))).collect();
            sharing.share(Value::Map(Arc::new(Map::new(entries))))
        }
        _ => value,
    }
}

fn is_masked(value: &Value) -> bool {
    match value {
        Value::Str(text) => **text == *MASK,
        Value::List(items) => items.iter().any(is_masked),
        Value::Map(map) => why_unknown(map).is_some() || map.iter().any(|(_, value)| is_masked(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(kind: &str, object: Json) -> Json {
        let mut out = Vec::new();
        write_masked("v1", kind, object, &mut out).unwrap();
        assert_eq!(out.pop(), Some(b'\n'));
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn secrets_are_masked_and_flags_stay() {
        let object = serde_json::json!({
            "metadata": {"name": "a", "managedFields": [{}], "annotations": {LAST_APPLIED: "{..}", "other": "x"}},
            "spec": {"containers": [{"name": "c", "args": ["--flag=1", "--oidc-client-secret=s3cret"], "env": [
                {"name": "PASSWORD", "value": "hunter2"}, {"name": "EMPTY", "value": ""},
                {"name": "ETCD_CLIENT_CERT_AUTH", "value": "true"},
                {"name": "REF", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}]}});
        let kept = masked("Pod", object);
        assert_eq!(
            kept,
            serde_json::json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": "a", "annotations": {LAST_APPLIED: MASK, "other": "x"}},
                "spec": {"containers": [{"name": "c", "args": ["--flag=1", "--oidc-client-secret=(redacted)"], "env": [
                    {"name": "PASSWORD", "value": MASK}, {"name": "EMPTY", "value": ""},
                    {"name": "ETCD_CLIENT_CERT_AUTH", "value": "true"},
                    {"name": "REF", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}]}})
        );
    }

    #[test]
    fn config_maps_keep_their_keys() {
        let of = |namespace: &str, name: &str| {
            let object = serde_json::json!({"metadata": {"name": name, "namespace": namespace}, "data": {"k": "v"}});
            masked("ConfigMap", object)["data"]["k"].as_str().unwrap().to_owned()
        };
        assert_eq!(of("default", "app"), MASK);
        assert_eq!(of("default", "kube-proxy"), MASK);
        assert_eq!(of("kube-system", "kube-proxy"), "v");
        assert_eq!(of("kube-system", "kubelet-config-1.23"), "v");
        assert_eq!(of("kube-system", "kube-proxy-token"), MASK);
    }

    #[test]
    fn masked_values_are_unknown() {
        let value = Value::from(serde_json::json!({"a": [{"v": MASK}, {"v": "plain"}]}));
        let back = unmask(value, &Sharing::new());
        assert!(matches!(back.get("a").unwrap().items()[0].get("v"), Some(Value::Unknown(_))));
        assert_eq!(back.get("a").unwrap().items()[1].get("v"), Some(&Value::str("plain")));
    }

    #[test]
    fn an_unfinished_snapshot_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("s.jsonl.zst");
        let mut writer =
            SnapshotWriter::create(&path, Technology::Kubernetes, Mode::Live, jiff::Timestamp::UNIX_EPOCH).unwrap();
        writer.object("v1", "Pod", b"{}").unwrap();
        assert!(writer.object("v1", "Pod", b"{").is_err());
        drop(writer);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn newer_formats_are_refused_by_name() {
        let error = Mark::parse(
            br#"{"apiVersion":"spm.snapshot/v9","kind":"Snapshot","mode":"live","now":"1970-01-01T00:00:00Z"}"#,
        );
        assert!(error.unwrap_err().contains("spm.snapshot/v9"));
    }
}
