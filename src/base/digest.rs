//! Stable identifiers from content.

use sha2::{Digest, Sha256};

/// The first `bytes` bytes of the SHA-256 of the parts, in hexadecimal. Parts are length-prefixed, so that
/// `["ab", "c"]` and `["a", "bc"]` differ.
pub fn hex<'a>(parts: impl IntoIterator<Item = &'a str>, bytes: usize) -> String {
    sha256(parts.into_iter().map(str::as_bytes)).iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

/// The first eight bytes of the SHA-256 of the parts as a number, the same on every machine and in every version.
pub fn number<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> i64 {
    let digest = sha256(parts);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    i64::from_le_bytes(bytes)
}

fn sha256<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    #[test]
    fn parts_are_kept_apart() {
        assert_ne!(super::hex(["ab", "c"], 8), super::hex(["a", "bc"], 8));
        assert_eq!(super::hex(["ab"], 8).len(), 16);
    }
}
