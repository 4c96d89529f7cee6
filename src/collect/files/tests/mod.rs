//! Inputs of every kind, well-formed and hostile, as a user would give them.

mod broken;
mod cutting;
mod objects;
mod places;
mod shapes;
mod snapshots;
mod yaml;

use std::fs;
use std::path::Path;

use super::{FileInput, FilesError, read};
use crate::expr::Value;
use crate::expr::path::Path as ValuePath;
use crate::inventory::snapshot::SnapshotWriter;
use crate::inventory::{Inventory, Mode, Presence, Wanted};
use crate::model::{Gap, GapReason};

const NOW: jiff::Timestamp = jiff::Timestamp::UNIX_EPOCH;

fn wanted(paths: &[(&'static str, &str)]) -> Wanted {
    let mut wanted = Wanted::default();
    for (kind, path) in paths {
        wanted.add(kind, &path.parse().unwrap());
    }
    wanted
}

fn usual() -> Wanted {
    wanted(&[
        ("Pod", "spec.containers[*].securityContext"),
        ("Pod", "spec.containers[*].name"),
        ("Pod", "metadata.labels"),
        ("Deployment", "spec.template.spec"),
        ("Namespace", "metadata.name"),
        ("ConfigMap", "data"),
        ("NodeFacts", "."),
        ("KubeletConfigz", "kubeletconfig"),
    ])
}

struct Files(tempfile::TempDir);

impl Files {
    fn new(files: &[(&str, &[u8])]) -> Files {
        let directory = Files(tempfile::tempdir().unwrap());
        for (name, content) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        directory
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self) -> Result<Inventory, FilesError> {
        read_path(self.path())
    }

    fn read_file(&self, name: &str) -> Result<Inventory, FilesError> {
        read_path(&self.path().join(name))
    }
}

fn read_path(path: &Path) -> Result<Inventory, FilesError> {
    let input = FileInput { paths: vec![path.to_owned()], ..FileInput::default() };
    read(&input, &usual(), NOW, None, &())
}

fn one(name: &str, content: impl AsRef<[u8]>) -> Inventory {
    Files::new(&[(name, content.as_ref())]).read_file(name).unwrap()
}

fn names(inventory: &Inventory, kind: &str) -> Vec<String> {
    inventory.of(kind).iter().map(|resource| resource.reference(kind).to_string()).collect()
}

fn gaps(inventory: &Inventory) -> Vec<(GapReason, String)> {
    inventory.gaps().iter().map(|gap| (gap.reason, gap.scope.clone().unwrap_or_default())).collect()
}

fn ends(gap: &(GapReason, String), reason: GapReason, end: &str) -> bool {
    gap.0 == reason && gap.1.ends_with(end)
}

fn pod(name: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","namespace":"ns"}},"spec":{{"containers":[]}}}}"#
    )
}

fn yaml_pod(name: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  namespace: ns\nspec:\n  containers: []\n")
}

fn at<'v>(inventory: &'v Inventory, kind: &str, path: &[&str]) -> Option<&'v Value> {
    inventory.of(kind).first()?.value.at(path)
}

fn line(inventory: &Inventory, kind: &str, path: &str) -> u32 {
    let resource = &inventory.of(kind)[0];
    let mut found = 0;
    path.parse::<ValuePath>().unwrap().expand(&resource.value, &mut |steps, _| {
        found = resource.place.as_ref().unwrap().locate(steps).line;
    });
    found
}

fn snapshot_of(files: &Files, mode: Mode, now: jiff::Timestamp) -> (std::path::PathBuf, Inventory) {
    let path = files.path().join("s.jsonl.zst");
    let mut writer = SnapshotWriter::create(&path, crate::model::Technology::Kubernetes, mode, now).unwrap();
    if mode == Mode::Live {
        writer.asked("Pod");
        writer.asked("Namespace");
    }
    let input = FileInput { paths: vec![files.path().join("in")], ..FileInput::default() };
    let mut inventory = read(&input, &usual(), now, Some(&mut writer), &()).unwrap();
    inventory.mode = mode;
    writer.finish(&inventory).unwrap();
    (path, inventory)
}
