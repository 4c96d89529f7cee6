//! Files that are whole or not there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Whoever the system lets by default.
    Default,
    /// Its owner alone.
    Owner,
}

/// A file on its way: it stands under a temporary name beside its own until [`NewFile::keep`] renames it, so that a reader
/// never sees a part and a fault leaves the old one. Dropped before, nothing of it stays.
///
/// Through a link it replaces what the link points to. What is no file (a pipe, a device, `/dev/stdout`) is written to as it
/// is: a rename would take `/dev/null` from everybody.
#[derive(Debug)]
pub struct NewFile {
    out: File,
    // Its temporary name and its own; none of what is no file.
    names: Option<(PathBuf, PathBuf)>,
}

impl NewFile {
    /// Begins the file at `path`.
    pub fn create(path: &Path, readers: Readers) -> io::Result<NewFile> {
        if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
            return Ok(NewFile { out: OpenOptions::new().write(true).open(path)?, names: None });
        }
        // A link that points nowhere is replaced itself.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = path.with_file_name(name);
        let mut options = OpenOptions::new();
        // Never through a link that somebody else laid there.
        options.write(true).create_new(true);
        #[cfg(unix)]
        if readers == Readers::Owner {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let out = match options.open(&temporary) {
            // Left by a process that was killed and had the same number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&temporary)?;
                options.open(&temporary)?
            }
            opened => opened?,
        };
        Ok(NewFile { out, names: Some((temporary, path)) })
    }

    /// Gives it its name.
    pub fn keep(mut self) -> io::Result<()> {
        if let Some((temporary, path)) = &self.names {
            self.out.sync_all()?;
            fs::rename(temporary, path)?;
            self.names = None;
        }
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if let Some((temporary, _)) = &self.names {
            // Nothing more can be done about a file that cannot be removed.
            let _ = fs::remove_file(temporary);
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};

    use super::*;

    fn put(path: &Path, text: &str) {
        let mut file = NewFile::create(path, Readers::Owner).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.keep().unwrap();
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn it_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        put(&path, "old");
        let mut file = NewFile::create(&path, Readers::Owner).unwrap();
        file.write_all(b"part").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        drop(file);
        assert_eq!(
            (names(folder.path()), fs::read_to_string(&path).unwrap()),
            (vec!["a".to_owned()], "old".to_owned())
        );
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let [link, target] = ["link", "target"].map(|name| folder.path().join(name));
        put(&target, "old");
        symlink("target", &link).unwrap();
        put(&link, "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
    }

    #[test]
    fn what_stands_under_the_temporary_name_is_no_way_to_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["a", "other"].map(|name| folder.path().join(name));
        put(&other, "mine");
        for readers in [Readers::Default, Readers::Owner] {
            symlink(&other, folder.path().join(format!("a.{}.tmp", std::process::id()))).unwrap();
            let mut file = NewFile::create(&path, readers).unwrap();
            file.write_all(b"new").unwrap();
            file.keep().unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "new");
            assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
        }
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        // As a device, it is no file; and it can be made here without rights.
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read_to_string(pipe).unwrap()
        });
        put(&pipe, "text");
        assert_eq!(reader.join().unwrap(), "text");
        assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
        assert_eq!(names(folder.path()), ["pipe"]);
        assert!(NewFile::create(folder.path(), Readers::Default).is_err(), "a directory");
    }
}
