//! Files that are whole or not there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

const MAX_TEXT: u64 = 1 << 20;

/// Writes a file under a temporary name beside it and renames it: a reader never sees a part, a fault leaves the old one.
pub fn write_atomic(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    replace(path, |temporary| File::create(temporary), write)
}

/// The same for a file that only its owner may read.
pub fn write_private(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    replace(path, |temporary| options.open(temporary), write)
}

fn replace(
    path: &Path,
    open: impl FnOnce(&Path) -> io::Result<File>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let result = (|| {
        let mut file = open(&temporary)?;
        write(&mut file)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if result.is_err() {
        // The fault is reported; the part is of no use.
        let _ = fs::remove_file(&temporary);
    }
    result
}

/// The text of a file that people write, at most 1 MiB.
pub fn read_limited(path: &Path) -> Result<String, String> {
    let read = || -> io::Result<String> {
        let mut text = String::new();
        io::Read::read_to_string(&mut io::Read::take(File::open(path)?, MAX_TEXT + 1), &mut text)?;
        Ok(text)
    };
    let text = read().map_err(|error| format!("{}: {error}", path.display()))?;
    if text.len() as u64 > MAX_TEXT {
        return Err(format!("{}: more than 1 MiB", path.display()));
    }
    Ok(text)
}
