//! Files that people name: written whole, read within limits.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::base::new_file::{NewFile, Readers};

const MAX_TEXT: u64 = 1 << 20;

/// Writes a file that is there whole, or as it was before.
pub fn write_whole(
    path: &Path,
    readers: Readers,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = NewFile::create(path, readers)?;
    write(&mut file)?;
    file.keep()
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
