//! Names of users and groups, from the node's own files: those of the machine that collects mean nothing here.

use std::collections::BTreeMap;
use std::path::Path;

use super::root::Root;

const LIMIT: u64 = 4 * 1024 * 1024;

/// Names by id.
#[derive(Debug, Default, Clone)]
pub struct Owners {
    users: BTreeMap<u32, String>,
    groups: BTreeMap<u32, String>,
}

impl Owners {
    /// Reads passwd and group; an unreadable file leaves ids without names.
    pub fn read(root: &Root) -> Owners {
        Owners { users: names(root, "/etc/passwd"), groups: names(root, "/etc/group") }
    }

    /// The user, or the id as text.
    pub fn user(&self, id: u32) -> String {
        self.users.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// The group, or the id as text.
    pub fn group(&self, id: u32) -> String {
        self.groups.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}

// Both files begin with name, password, id. The first name of an id counts, as for the system.
fn names(root: &Root, path: &str) -> BTreeMap<u32, String> {
    let bytes = root.read(Path::new(path), LIMIT).unwrap_or_default();
    let mut names = BTreeMap::new();
    for line in String::from_utf8_lossy(&bytes).lines() {
        let mut fields = line.split(':');
        if let (Some(name), Some(id)) = (fields.next(), fields.nth(1).and_then(|id| id.parse().ok()))
            && !name.is_empty()
            && !name.starts_with('#')
        {
            names.entry(id).or_insert_with(|| name.to_owned());
        }
    }
    // Images without the files still have root.
    names.entry(0).or_insert_with(|| "root".to_owned());
    names
}
