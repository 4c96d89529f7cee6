//! Stable identifiers from content.

use sha2::{Digest, Sha256};

/// The first `bytes` bytes of the SHA-256 of the parts, in hexadecimal. Parts are length-prefixed, so that
/// `["ab", "c"]` and `["a", "bc"]` differ.
pub fn hex<'a>(parts: impl IntoIterator<Item = &'a str>, bytes: usize) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn parts_are_kept_apart() {
        assert_ne!(super::hex(["ab", "c"], 8), super::hex(["a", "bc"], 8));
        assert_eq!(super::hex(["ab"], 8).len(), 16);
    }
}
