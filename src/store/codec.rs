//! Compact lists: variable-length integers, columns behind each other, compressed.

use super::error::Fault;

/// Writes a list column by column.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    /// Seven bits a byte, the lowest first.
    pub(super) fn number(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes.push((n & 0x7f) as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }

    /// The distance from `before` to `n`: small numbers for sorted and for nearly sorted lists.
    pub(super) fn delta(&mut self, before: i64, n: i64) {
        let distance = n.wrapping_sub(before);
        self.number(((distance << 1) ^ (distance >> 63)) as u64);
    }

    /// Length and bytes.
    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// What was written, not compressed.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads what an [`Encoder`] wrote.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    bytes: &'a [u8],
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Decoder<'a> {
        Decoder { bytes }
    }

    pub(super) fn number(&mut self) -> Result<u64, Fault> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.bytes.split_first().ok_or_else(cut)?;
            self.bytes = rest;
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(n);
            }
        }
        Err(Fault::Damaged("a number in a list is too long".to_owned()))
    }

    /// A number of things that each take at least one byte: bounded by what is left, so that it is safe to reserve.
    pub(super) fn count(&mut self) -> Result<usize, Fault> {
        let n = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if n > self.bytes.len() { Err(cut()) } else { Ok(n) }
    }

    pub(super) fn delta(&mut self, before: i64) -> Result<i64, Fault> {
        let folded = self.number()?;
        let distance = (folded >> 1) as i64 ^ -((folded & 1) as i64);
        Ok(before.wrapping_add(distance))
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Fault> {
        let length = self.count()?;
        let (text, rest) = self.bytes.split_at_checked(length).ok_or_else(cut)?;
        self.bytes = rest;
        std::str::from_utf8(text).map_err(|e| Fault::Damaged(format!("a text in a list: {e}")))
    }
}

fn cut() -> Fault {
    Fault::Damaged("a list is cut off".to_owned())
}

/// Compresses; lists repeat so much that the quickest level serves.
pub(super) fn compress(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    zstd::encode_all(bytes, 1).map_err(|e| Fault::Invalid(format!("a list could not be compressed: {e}")))
}

/// The reverse of [`compress`].
pub(super) fn expand(body: &[u8]) -> Result<Vec<u8>, Fault> {
    zstd::decode_all(body).map_err(|e| Fault::Damaged(format!("a list could not be expanded: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive() {
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        let mut encoder = Encoder::default();
        numbers.iter().for_each(|&n| encoder.number(n));
        let bytes = encoder.into_bytes();
        let mut decoder = Decoder::new(&bytes);
        assert!(numbers.iter().all(|&n| decoder.number().unwrap() == n));
        assert!(decoder.number().is_err());
    }

    #[test]
    fn deltas_survive_the_extremes() {
        let mut encoder = Encoder::default();
        let numbers = [5, 4, i64::MAX, i64::MIN, 0, -1];
        let mut before = 0;
        for n in numbers {
            encoder.delta(before, n);
            before = n;
        }
        let bytes = encoder.into_bytes();
        let mut decoder = Decoder::new(&bytes);
        before = 0;
        for n in numbers {
            before = decoder.delta(before).unwrap();
            assert_eq!(before, n);
        }
    }

    #[test]
    fn damage_is_an_error_and_reserves_nothing() {
        assert!(Decoder::new(&[0xff; 12]).number().is_err());
        assert!(Decoder::new(&[0xff, 0xff, 0xff, 0xff, 0x0f]).count().is_err());
        assert!(Decoder::new(&[2, 0xc3, 0x28]).text().is_err());
        assert!(expand(b"no zstd").is_err());
    }
}
