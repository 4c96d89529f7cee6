//! What is read: files, directories, standard input; compressed or not, in any Unicode encoding.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::FilesError;
use super::split::Head;
use crate::model::{GapReason, Text};

/// Objects of an input up to this size carry a line for each of their values.
pub(super) const DETAILED: u64 = 32 << 20;

/// One input.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Position among all inputs.
    pub(super) index: usize,
    /// Where to open it; none for standard input.
    pub(super) path: Option<PathBuf>,
    /// How the user sees it.
    pub(super) file: Text,
    /// Found in a directory: what is no Kubernetes object is nobody's business.
    pub(super) found: bool,
    /// Given as node facts.
    pub(super) facts: bool,
    /// Values get lines of their own, at least at the beginning.
    pub(super) detailed: bool,
    /// Elements without a kind are of this list; those with one have been read before.
    pub(super) assume: Option<Head>,
    /// A header of a snapshot was found.
    pub(super) snapshot: bool,
}

/// Everything that is to be read.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// The inputs, in the order in which they are read.
    pub(super) files: Vec<Source>,
    /// Directories and files that could not be listed: path, reason, cause.
    pub(super) closed: Vec<(String, GapReason, String)>,
    // Real paths of the inputs, with their positions.
    real: BTreeMap<PathBuf, usize>,
}

impl Sources {
    /// Adds a path that the user gave: a file, all files below a directory, or `-`.
    pub(super) fn add(&mut self, path: &Path, facts: bool) -> Result<(), FilesError> {
        if path.as_os_str() == "-" {
            self.push(None, "standard input".to_owned(), 0, false, facts);
            return Ok(());
        }
        let error = |source| FilesError::Open { path: path.display().to_string(), source };
        let metadata = fs::metadata(path).map_err(error)?;
        if metadata.is_dir() {
            let mut seen = BTreeSet::from([fs::canonicalize(path).map_err(error)?]);
            let entries = list(path).map_err(error)?;
            self.walk(entries, facts, &mut seen);
        } else {
            // Opening a pipe takes its writer's text away from whoever opens it next.
            if metadata.is_file() {
                File::open(path).map_err(error)?;
            }
            self.push(Some(path), path.display().to_string(), metadata.len(), false, facts);
        }
        Ok(())
    }

    // Depth first, by name. `seen` holds the real paths of the directories above and before: links may make circles.
    fn walk(&mut self, entries: Vec<PathBuf>, facts: bool, seen: &mut BTreeSet<PathBuf>) {
        for path in entries {
            let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
            if hidden {
                continue;
            }
            let metadata = match fs::metadata(&path) {
                Ok(metadata) => metadata,
                // A link to nowhere.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    self.close(&path, &error);
                    continue;
                }
            };
            if metadata.is_dir() {
                match fs::canonicalize(&path).and_then(|real| Ok((real, list(&path)?))) {
                    Ok((real, entries)) => {
                        if seen.insert(real) {
                            self.walk(entries, facts, seen);
                        }
                    }
                    Err(error) => self.close(&path, &error),
                }
            } else if metadata.is_file() && is_interesting(&path) {
                self.push(Some(&path), path.display().to_string(), metadata.len(), true, facts);
            }
        }
    }

    fn close(&mut self, path: &Path, error: &io::Error) {
        self.closed.push((path.display().to_string(), reason(error), error.to_string()));
    }

    // A file that was named twice (a directory, and node facts below it) is read once.
    fn push(&mut self, path: Option<&Path>, file: String, size: u64, found: bool, facts: bool) {
        let real = path.and_then(|path| fs::canonicalize(path).ok());
        if let Some(real) = real {
            if let Some(known) = self.real.get(&real).and_then(|at| self.files.get_mut(*at)) {
                known.facts |= facts;
                known.found &= found;
                return;
            }
            self.real.insert(real, self.files.len());
        }
        self.files.push(Source {
            index: self.files.len(),
            path: path.map(Path::to_owned),
            file: file.into(),
            found,
            facts,
            detailed: size <= DETAILED,
            assume: None,
            snapshot: false,
        });
    }
}

/// The class of a cause.
pub(super) fn reason(error: &io::Error) -> GapReason {
    match error.kind() {
        io::ErrorKind::PermissionDenied => GapReason::Forbidden,
        _ => GapReason::Malformed,
    }
}

fn list(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries =
        fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

fn is_interesting(path: &Path) -> bool {
    let lower = |path: &Path| path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let extension = match lower(path).as_deref() {
        Some("gz" | "zst") => path.file_stem().and_then(|stem| lower(Path::new(stem))),
        other => other.map(str::to_owned),
    };
    matches!(extension.as_deref(), Some("yaml" | "yml" | "json" | "jsonl" | "ndjson"))
}

impl Source {
    /// The text of the input: decompressed, in UTF-8.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read>> {
        match &self.path {
            Some(path) => decode(Box::new(File::open(path)?)),
            None => decode(Box::new(io::stdin())),
        }
    }

    /// The name of the node that a file of node facts is named after.
    pub(super) fn stem(&self) -> String {
        let path = self.path.as_deref().unwrap_or(Path::new("stdin"));
        stem(path)
    }
}

/// The name of a file without the extensions that say how it is written.
pub(super) fn stem(path: &Path) -> String {
    let mut name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    for ending in [".gz", ".zst", ".yaml", ".yml", ".json", ".jsonl", ".ndjson"] {
        if let Some(short) = name.strip_suffix(ending).filter(|short| !short.is_empty()) {
            name = short.to_owned();
        }
    }
    name
}

fn decode(reader: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
    let (magic, reader) = peek(reader)?;
    let reader: Box<dyn Read> = match magic {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, reader))),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::stream::read::Decoder::new(reader)?),
        _ => return Ok(utf8(magic, reader)),
    };
    let (magic, reader) = peek(reader)?;
    Ok(utf8(magic, reader))
}

fn utf8(magic: [u8; 4], reader: Box<dyn Read>) -> Box<dyn Read> {
    match magic {
        [0xff, 0xfe, ..] => Box::new(Utf16 { reader, big: false, pending: Vec::new(), odd: None, high: None }),
        [0xfe, 0xff, ..] => Box::new(Utf16 { reader, big: true, pending: Vec::new(), odd: None, high: None }),
        _ => reader,
    }
}

// The first bytes (zeros beyond the end), and the reader with those bytes put back.
fn peek(mut reader: Box<dyn Read>) -> io::Result<([u8; 4], Box<dyn Read>)> {
    let mut start = Vec::with_capacity(4);
    reader.by_ref().take(4).read_to_end(&mut start)?;
    let mut magic = [0; 4];
    magic[..start.len()].copy_from_slice(&start);
    Ok((magic, Box::new(io::Cursor::new(start).chain(reader))))
}

/// Windows shells write UTF-16. What is no character becomes the replacement character.
struct Utf16 {
    reader: Box<dyn Read>,
    big: bool,
    // UTF-8 that did not fit, in reverse.
    pending: Vec<u8>,
    odd: Option<u8>,
    high: Option<u16>,
}

impl Read for Utf16 {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.pending.is_empty() {
            let mut raw = [0; 1 << 14];
            let read = self.reader.read(&mut raw)?;
            let mut text = String::new();
            for &byte in &raw[..read] {
                let Some(first) = self.odd.take() else {
                    self.odd = Some(byte);
                    continue;
                };
                let pair = [first, byte];
                let unit = if self.big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
                if (0xd800..0xdc00).contains(&unit) && self.high.is_none() {
                    self.high = Some(unit);
                    continue;
                }
                let units = [self.high.take(), Some(unit)];
                text.extend(
                    char::decode_utf16(units.into_iter().flatten()).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)),
                );
            }
            if read == 0 && (self.odd.take().is_some() || self.high.take().is_some()) {
                text.push(char::REPLACEMENT_CHARACTER);
            }
            // Between two halves of a character nothing is complete yet, which must not look like the end.
            if text.is_empty() && read > 0 {
                return self.read(out);
            }
            self.pending = text.into_bytes();
            self.pending.reverse();
        }
        let length = out.len().min(self.pending.len());
        for byte in &mut out[..length] {
            *byte = self.pending.pop().unwrap_or_default();
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        let mut out = String::new();
        decode(Box::new(io::Cursor::new(bytes.to_vec()))).unwrap().read_to_string(&mut out).unwrap();
        out
    }

    #[test]
    fn compression_is_seen_in_the_content() {
        use std::io::Write;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"kind: Pod").unwrap();
        assert_eq!(text(&gzip.finish().unwrap()), "kind: Pod");
        assert_eq!(text(&zstd::encode_all(&b"kind: Pod"[..], 3).unwrap()), "kind: Pod");
        assert_eq!(text(b"kind: Pod"), "kind: Pod");
        assert_eq!(text(b""), "");
    }

    #[test]
    fn utf16_becomes_utf8() {
        let units: Vec<u16> = "\u{feff}kind: Pod # \u{1f680}\u{e9}".encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!(text(&little), "\u{feff}kind: Pod # \u{1f680}\u{e9}");
        assert_eq!(text(&big), "\u{feff}kind: Pod # \u{1f680}\u{e9}");
        assert!(text(&little[..little.len() - 1]).ends_with('\u{fffd}'));
    }

    #[test]
    fn names_lose_only_their_format() {
        assert_eq!(stem(Path::new("a/prod.jsonl.zst")), "prod");
        assert_eq!(stem(Path::new("node-1.example.yaml")), "node-1.example");
        assert_eq!(stem(Path::new(".yaml")), ".yaml");
    }
}
