//! The file system of a node, read without ever leaving it: symbolic links are resolved by hand below the root, special
//! files are never opened, and nothing is read without bound.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

/// Largest document that is read.
pub const DOCUMENT_LIMIT: u64 = 256 * 1024;
/// Longest text of the kernel: its tables grow with the connections of a node, command lines with their arguments.
const KERNEL_LIMIT: u64 = 4 * 1024 * 1024;
/// Most names that are read of one directory.
const NAMES_LIMIT: usize = 65_536;
// As many as Linux itself follows.
const LINKS_LIMIT: usize = 40;

/// A root directory: `/`, a mounted image, the root of a container.
#[derive(Debug, Clone)]
pub struct Root {
    base: PathBuf,
}

/// Why a path gives nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Nothing is there.
    #[error("it is not there")]
    Missing,
    /// Something is there, or may be, but cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

/// Where a path leads.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// Path below the root after all links, beginning with `/`.
    pub real: PathBuf,
    /// What is there; never a link.
    pub meta: Metadata,
    /// Some part of the path was a link.
    pub linked: bool,
}

/// Names in a directory, sorted.
#[derive(Debug, Default)]
pub struct Names {
    /// The names.
    pub names: Vec<OsString>,
    /// There are more.
    pub truncated: bool,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Trouble::Missing,
            // The message of the system without its number, equal on every system.
            io::ErrorKind::PermissionDenied => Trouble::Unreadable("permission denied".to_owned()),
            kind => Trouble::Unreadable(kind.to_string()),
        }
    }
}

impl Root {
    /// The file system below `base`.
    pub fn new(base: impl Into<PathBuf>) -> Root {
        Root { base: base.into() }
    }

    /// The root that a process sees; none if it cannot be told from a link that leads out of here.
    pub fn of_process(&self, pid: u32) -> Option<Root> {
        let base = self.base.join("proc").join(pid.to_string()).join("root");
        let meta = fs::symlink_metadata(&base).ok()?;
        // In the proc file system the link is the kernel's own. Its root has inode 1 on a device of its own.
        let is_proc = || {
            let proc = fs::metadata(self.base.join("proc")).ok()?;
            let outer = fs::metadata(&self.base).ok()?;
            Some(proc.ino() == 1 && proc.dev() != outer.dev())
        };
        (meta.is_dir() || (meta.is_symlink() && is_proc()?)).then(|| Root::new(base))
    }

    fn on_disk(&self, path: &Path) -> PathBuf {
        self.base.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Follows a path through all links, as if the root were `/`.
    pub fn resolve(&self, path: &Path) -> Result<Resolved, Trouble> {
        let mut rest: Vec<OsString> = Vec::new();
        push_parts(&mut rest, path);
        let mut real = PathBuf::from("/");
        let mut meta = fs::symlink_metadata(&self.base)?;
        if meta.is_symlink() {
            // The root itself was chosen by the caller (`/proc/1/root`).
            meta = fs::metadata(&self.base)?;
        }
        let mut links = 0;
        while let Some(part) = rest.pop() {
            if part == ".." {
                real.pop();
                meta = fs::metadata(self.on_disk(&real))?;
                continue;
            }
            let next = real.join(&part);
            meta = fs::symlink_metadata(self.on_disk(&next))?;
            if !meta.is_symlink() {
                real = next;
                continue;
            }
            links += 1;
            if links > LINKS_LIMIT {
                return Err(Trouble::Unreadable("too many symbolic links".to_owned()));
            }
            let target = fs::read_link(self.on_disk(&next))?;
            if target.is_absolute() {
                real = PathBuf::from("/");
                meta = fs::metadata(&self.base)?;
            }
            push_parts(&mut rest, &target);
        }
        Ok(Resolved { real, meta, linked: links > 0 })
    }

    /// Whether something is at `path`; an unreadable one counts.
    pub fn exists(&self, path: &str) -> bool {
        !matches!(self.resolve(Path::new(path)), Err(Trouble::Missing))
    }

    /// The content of an ordinary file of at most `limit` bytes.
    pub fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, Trouble> {
        let resolved = self.resolve(path)?;
        if is_kernel(&resolved.real) {
            return Err(Trouble::Unreadable("it leads to a file of the kernel".to_owned()));
        }
        if resolved.meta.is_file() && resolved.meta.len() > limit {
            return Err(Trouble::Unreadable(format!("larger than {} kB", limit / 1024)));
        }
        self.read_resolved(&resolved, limit)
    }

    /// The content of a file of the kernel (`/proc`, `/sys`), whose size nobody knows before.
    pub fn read_kernel(&self, path: &str) -> Result<String, Trouble> {
        let bytes = self.read_kernel_bytes(path)?;
        Ok(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\0']).to_owned())
    }

    /// Like [`Root::read_kernel`], as bytes.
    pub fn read_kernel_bytes(&self, path: &str) -> Result<Vec<u8>, Trouble> {
        let resolved = self.resolve(Path::new(path))?;
        self.read_resolved(&resolved, KERNEL_LIMIT)
    }

    fn read_resolved(&self, resolved: &Resolved, limit: u64) -> Result<Vec<u8>, Trouble> {
        if !resolved.meta.is_file() {
            return Err(Trouble::Unreadable(format!("it is a {}", file_type(&resolved.meta))));
        }
        let file = open(&self.on_disk(&resolved.real))?;
        // Somebody may have put another file there in the meantime.
        let meta = file.metadata()?;
        if !meta.is_file() || (meta.dev(), meta.ino()) != (resolved.meta.dev(), resolved.meta.ino()) {
            return Err(Trouble::Unreadable("it changed while it was read".to_owned()));
        }
        let mut bytes = Vec::new();
        file.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(Trouble::Unreadable(format!("larger than {} kB", limit / 1024)));
        }
        Ok(bytes)
    }

    /// The names in a directory.
    pub fn names(&self, path: &Path) -> Result<Names, Trouble> {
        let resolved = self.resolve(path)?;
        if !resolved.meta.is_dir() {
            return Err(Trouble::Missing);
        }
        let mut names = Names::default();
        for entry in fs::read_dir(self.on_disk(&resolved.real))? {
            if names.names.len() == NAMES_LIMIT {
                names.truncated = true;
                break;
            }
            names.names.push(entry?.file_name());
        }
        names.names.sort();
        Ok(names)
    }

    /// Where the link at `path` points to, as it is written.
    pub fn link(&self, path: &Path) -> Option<PathBuf> {
        fs::read_link(self.on_disk(path)).ok()
    }

    /// What stands at `path` itself, be it a link.
    pub fn entry(&self, path: &Path) -> Result<Metadata, Trouble> {
        Ok(fs::symlink_metadata(self.on_disk(path))?)
    }
}

// Never waits for a pipe, never follows a link that appeared after the look-up.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}

// Pushes the parts of a path in reverse, so that the first is popped first.
fn push_parts(rest: &mut Vec<OsString>, path: &Path) {
    let parts: Vec<OsString> = path
        .components()
        .filter_map(|component| match component {
            Component::Normal(part) => Some(part.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect();
    rest.extend(parts.into_iter().rev());
}

/// Refuses a relative path: nobody knows where it starts.
pub fn absolute(path: &Path) -> Result<(), Trouble> {
    match path.is_absolute() {
        true => Ok(()),
        false => Err(Trouble::Unreadable("a relative path, and nobody knows where it starts".to_owned())),
    }
}

/// Lies in a file system of the kernel.
pub fn is_kernel(real: &Path) -> bool {
    ["/proc", "/sys", "/dev"].iter().any(|kernel| real.starts_with(kernel))
}

/// The type of a file in words.
pub fn file_type(meta: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let file_type = meta.file_type();
    if file_type.is_file() {
        "file"
    } else if file_type.is_dir() {
        "directory"
    } else if file_type.is_fifo() {
        "fifo"
    } else if file_type.is_socket() {
        "socket"
    } else if file_type.is_symlink() {
        "symlink"
    } else {
        "device"
    }
}

/// A path as text; bytes that are no UTF-8 as `\xNN`.
pub fn show(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn tree() -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::new(dir.path().join("root"));
        fs::create_dir_all(root.base.join("etc/sub")).unwrap();
        fs::write(dir.path().join("outside"), "secret").unwrap();
        fs::write(root.base.join("etc/file"), "inside").unwrap();
        (dir, root)
    }

    #[test]
    fn links_stay_below_the_root() {
        let (dir, root) = tree();
        let at = |name: &str| root.base.join("etc").join(name);
        symlink("/etc/file", at("absolute")).unwrap();
        symlink("../etc/./file", at("relative")).unwrap();
        symlink("../../../../../../outside", at("climbs")).unwrap();
        symlink(dir.path().join("outside"), at("escapes")).unwrap();
        symlink("loop", at("loop")).unwrap();
        symlink("/etc", at("sub/up")).unwrap();
        let read = |path: &str| root.read(Path::new(path), 100).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(read("/etc/absolute").unwrap(), "inside");
        assert_eq!(read("/etc/relative").unwrap(), "inside");
        assert_eq!(read("/etc/sub/up/sub/up/file").unwrap(), "inside");
        assert_eq!(read("/etc/climbs"), Err(Trouble::Missing));
        assert_eq!(read("/etc/escapes"), Err(Trouble::Missing));
        assert_eq!(read("/etc/loop"), Err(Trouble::Unreadable("too many symbolic links".to_owned())));
        assert_eq!(read("/../../outside"), Err(Trouble::Missing));
        assert_eq!(show(&root.resolve(Path::new("/etc/absolute")).unwrap().real), "/etc/file");
    }

    #[test]
    fn only_ordinary_files_of_bounded_size_are_read() {
        let (_dir, root) = tree();
        let pipe = std::process::Command::new("mkfifo").arg(root.base.join("etc/pipe")).status().unwrap();
        assert!(pipe.success());
        fs::create_dir_all(root.base.join("proc")).unwrap();
        fs::write(root.base.join("proc/kcore"), "x").unwrap();
        symlink("/proc/kcore", root.base.join("etc/kernel")).unwrap();
        let why = |path: &str| root.read(Path::new(path), 3).unwrap_err().to_string();
        assert_eq!(why("/etc/pipe"), "it is a fifo");
        assert_eq!(why("/etc"), "it is a directory");
        assert_eq!(why("/etc/file"), "larger than 0 kB");
        assert_eq!(why("/etc/kernel"), "it leads to a file of the kernel");
        assert_eq!(why("/etc/none"), "it is not there");
        assert_eq!(why("/etc/file/below"), "it is not there");
    }

    #[test]
    fn the_root_of_a_process_is_no_way_out() {
        let (dir, root) = tree();
        fs::create_dir_all(root.base.join("proc/7/root/etc")).unwrap();
        fs::create_dir_all(root.base.join("proc/8")).unwrap();
        symlink(dir.path(), root.base.join("proc/8/root")).unwrap();
        assert!(root.of_process(7).is_some());
        assert!(root.of_process(8).is_none());
        assert!(root.of_process(9).is_none());
    }

    #[test]
    fn names_that_are_no_text_are_escaped() {
        use std::ffi::OsStr;
        assert_eq!(show(Path::new(OsStr::from_bytes(b"/a/\xffb\xc3\xa9"))), "/a/\\xffb\u{e9}");
    }
}
