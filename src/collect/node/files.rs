//! Files by role: existence, mode and owner. Contents are not touched here.

use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::facts::{Fault, FileEntry, RoleFiles};
use super::owners::Owners;
use super::root::{Names, Resolved, Root, Trouble, absolute, file_type, is_kernel, show};
use crate::catalog::kubernetes::files::{FileRole, Pick};

/// Most entries of one role.
pub const ENTRIES_LIMIT: usize = 4096;
const DEPTH_LIMIT: usize = 32;

/// Looks the files of a role up. `named` is the path that a flag or the kubelet's configuration names.
pub fn look_up(
    root: &Root,
    owners: &Owners,
    role: &FileRole,
    named: Option<&str>,
    expired: &dyn Fn() -> bool,
) -> RoleFiles {
    let mut walk = Walk { root, owners, expired, found: RoleFiles::default() };
    let candidates = named.as_ref().map_or(role.candidates, std::slice::from_ref);
    for candidate in candidates {
        let before = walk.found.entries.len() + walk.found.unreadable.len();
        let paths = match named {
            Some(path) => vec![PathBuf::from(path)],
            None => walk.matching(candidate),
        };
        for path in paths {
            if walk.is_full() {
                break;
            }
            match role.pick {
                Pick::Tree { ends, directories } => walk.tree(&path, ends, directories),
                Pick::First | Pick::All => walk.one(&path),
            }
        }
        // An unreadable one may be it, so the search ends there too.
        if role.pick == Pick::First && walk.found.entries.len() + walk.found.unreadable.len() > before {
            break;
        }
    }
    walk.found.entries.sort_by(|a, b| a.path.cmp(&b.path));
    walk.found.entries.dedup_by(|a, b| a.path == b.path);
    walk.found
}

struct Walk<'a> {
    root: &'a Root,
    owners: &'a Owners,
    expired: &'a dyn Fn() -> bool,
    found: RoleFiles,
}

impl Walk<'_> {
    // The paths that a candidate stands for; the last part may be a pattern with one `*`.
    fn matching(&mut self, pattern: &str) -> Vec<PathBuf> {
        let Some((directory, (start, end))) =
            pattern.rsplit_once('/').and_then(|(directory, last)| Some((directory, last.split_once('*')?)))
        else {
            return vec![PathBuf::from(pattern)];
        };
        let fits = |name: &[u8]| {
            name.len() >= start.len() + end.len()
                && name.starts_with(start.as_bytes())
                && name.ends_with(end.as_bytes())
        };
        match self.root.names(Path::new(directory)) {
            Ok(names) => {
                self.note_truncated(&names, directory);
                let fitting = names.names.iter().filter(|name| fits(name.as_bytes()));
                fitting.map(|name| Path::new(directory).join(name)).collect()
            }
            Err(trouble) => {
                self.trouble(Path::new(pattern), trouble);
                Vec::new()
            }
        }
    }

    fn is_full(&mut self) -> bool {
        let why = if (self.expired)() {
            "the deadline passed".to_owned()
        } else if self.found.entries.len() >= ENTRIES_LIMIT {
            format!("more than {ENTRIES_LIMIT} files")
        } else {
            return false;
        };
        self.found.truncated.get_or_insert(why);
        true
    }

    fn note_truncated(&mut self, names: &Names, directory: &str) {
        if names.truncated {
            self.found.truncated.get_or_insert_with(|| format!("too many files in {directory}"));
        }
    }

    fn trouble(&mut self, path: &Path, trouble: Trouble) {
        match trouble {
            Trouble::Missing => self.found.missing.push(show(path)),
            Trouble::Unreadable(why) => self.found.unreadable.push(Fault { path: show(path), why }),
        }
    }

    fn one(&mut self, path: &Path) {
        match absolute(path).and_then(|()| self.root.resolve(path)) {
            Ok(resolved) if is_kernel(&resolved.real) => self.found.missing.push(show(path)),
            Ok(resolved) => self.push(path, &resolved),
            Err(trouble) => self.trouble(path, trouble),
        }
    }

    fn push(&mut self, path: &Path, resolved: &Resolved) {
        let real = resolved.linked.then_some(resolved.real.as_path());
        let entry = self.entry(path, real, &resolved.meta);
        self.found.entries.push(entry);
    }

    fn entry(&self, path: &Path, real: Option<&Path>, meta: &Metadata) -> FileEntry {
        FileEntry {
            path: show(path),
            real_path: real.map(show),
            file_type: file_type(meta),
            mode: format!("{:04o}", meta.mode() & 0o7777),
            uid: meta.uid(),
            gid: meta.gid(),
            owner: self.owners.user(meta.uid()),
            group: self.owners.group(meta.gid()),
            size: meta.len(),
            mtime: jiff::Timestamp::from_second(meta.mtime()).ok().map(|time| time.to_string()),
        }
    }

    // Everything below a directory. A link is reported as what it leads to, and never walked into.
    fn tree(&mut self, top: &Path, ends: &[&str], directories: bool) {
        let resolved = match absolute(top).and_then(|()| self.root.resolve(top)) {
            Ok(resolved) if is_kernel(&resolved.real) => return self.found.missing.push(show(top)),
            Ok(resolved) => resolved,
            Err(trouble) => return self.trouble(top, trouble),
        };
        if !resolved.meta.is_dir() {
            return self.push(top, &resolved);
        }
        if directories {
            self.push(top, &resolved);
        }
        // The paths as asked for beside those on disk.
        let mut pending = vec![(top.to_owned(), resolved.real, 0)];
        while let Some((path, real, depth)) = pending.pop() {
            if self.is_full() {
                return;
            }
            let names = match self.root.names(&real) {
                Ok(names) => names,
                Err(trouble) => {
                    self.trouble(&path, trouble);
                    continue;
                }
            };
            self.note_truncated(&names, &show(&path));
            for name in names.names {
                if self.is_full() {
                    return;
                }
                let (path, real) = (path.join(&name), real.join(&name));
                let meta = match self.root.entry(&real) {
                    Ok(meta) => meta,
                    // Gone in the meantime.
                    Err(Trouble::Missing) => continue,
                    Err(trouble) => {
                        self.trouble(&path, trouble);
                        continue;
                    }
                };
                let wanted = |name: &[u8]| ends.is_empty() || ends.iter().any(|end| name.ends_with(end.as_bytes()));
                if meta.is_dir() {
                    if directories {
                        let entry = self.entry(&path, None, &meta);
                        self.found.entries.push(entry);
                    }
                    match depth < DEPTH_LIMIT {
                        true => pending.push((path, real, depth + 1)),
                        false => {
                            self.found.truncated.get_or_insert_with(|| format!("too deep below {}", show(top)));
                        }
                    }
                } else if meta.is_symlink() {
                    if wanted(name.as_bytes()) {
                        self.link(&path, &real, directories);
                    }
                } else if wanted(name.as_bytes()) {
                    let entry = self.entry(&path, None, &meta);
                    self.found.entries.push(entry);
                }
            }
        }
    }

    fn link(&mut self, path: &Path, real: &Path, directories: bool) {
        match self.root.resolve(real) {
            // Devices and kernel files are no files of the cluster.
            Ok(resolved) if is_kernel(&resolved.real) => {}
            Ok(resolved) if resolved.meta.is_dir() && !directories => {}
            Ok(resolved) => self.push(path, &resolved),
            // Leads nowhere.
            Err(Trouble::Missing) => {}
            Err(trouble) => self.trouble(path, trouble),
        }
    }
}
