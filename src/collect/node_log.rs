//! A node's document as one line of a pod's log, and back.

use std::io::{self, Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// Stands before a document that is compressed.
const PACKED: &str = "spm.node/v1+gzip ";
/// How a document that is not compressed begins.
const PLAIN: &str = r#"{"apiVersion":"spm.node/"#;
/// Longer documents are compressed: logs are rotated, and a line has to stay whole.
const LONG: usize = 1 << 20;
/// Largest document that is unpacked: a log is not to be trusted.
const LARGEST: u64 = 64 << 20;

/// The line, without its end.
pub fn pack(document: &[u8]) -> io::Result<Vec<u8>> {
    if document.len() <= LONG {
        return Ok(document.to_owned());
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(document)?;
    Ok(format!("{PACKED}{}", BASE64.encode(gzip.finish()?)).into_bytes())
}

/// The last whole document in a log; none if there is none, an error if the last one is damaged. A line without its end is
/// one that is still being written.
pub fn last_in_log(log: &[u8]) -> Option<io::Result<Vec<u8>>> {
    let whole = log.iter().rposition(|byte| *byte == b'\n').and_then(|end| log.get(..end)).unwrap_or_default();
    whole.rsplit(|byte| *byte == b'\n').find_map(|line| {
        if line.starts_with(PLAIN.as_bytes()) {
            return Some(Ok(line.to_owned()));
        }
        line.strip_prefix(PACKED.as_bytes()).map(unpack)
    })
}

fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let gzip = BASE64.decode(packed.trim_ascii_end()).map_err(io::Error::other)?;
    let mut document = Vec::new();
    GzDecoder::new(gzip.as_slice()).take(LARGEST + 1).read_to_end(&mut document)?;
    if document.len() as u64 > LARGEST {
        return Err(io::Error::other("the document is too large"));
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(size: usize) -> Vec<u8> {
        format!(r#"{{"apiVersion":"spm.node/v1","x":"{}"}}"#, "y".repeat(size)).into_bytes()
    }

    fn log(lines: &[&[u8]]) -> Vec<u8> {
        lines.iter().flat_map(|line| [*line, b"\n"].concat()).collect()
    }

    #[test]
    fn the_last_whole_document_of_a_log_is_read() {
        for size in [10, 2 * LONG] {
            let line = pack(&document(size)).unwrap();
            assert!(line.len() < LONG && !line.contains(&b'\n'));
            let text = log(&[&document(1), b"a warning", &line, b"another"]);
            assert_eq!(last_in_log(&text).unwrap().unwrap(), document(size));
            let half = [log(&[&document(3)]), line[..20].to_vec()].concat();
            assert_eq!(last_in_log(&half).unwrap().unwrap(), document(3));
        }
        assert!(last_in_log(b"").is_none());
        assert!(last_in_log(&document(3)).is_none());
        assert!(last_in_log(b"exec /spm: no such file\n").is_none());
    }

    #[test]
    fn a_damaged_or_endless_document_is_an_error() {
        assert!(last_in_log(b"spm.node/v1+gzip ????\n").unwrap().is_err());
        assert!(last_in_log(b"spm.node/v1+gzip H4sIAAAAAAAA\n").unwrap().is_err());
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        io::copy(&mut io::repeat(b'x').take(LARGEST + 9), &mut gzip).unwrap();
        let bomb = format!("{PACKED}{}\n", BASE64.encode(gzip.finish().unwrap()));
        assert!(last_in_log(bomb.as_bytes()).unwrap().is_err());
    }
}
