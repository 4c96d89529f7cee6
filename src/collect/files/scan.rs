//! Finds the end of a JSON object or array without understanding it: quotes, escapes and brackets, 64 bytes at a time.
//!
//! A dump of a large cluster is gigabytes of text of which little is wanted, so this runs over every byte and decides how
//! fast a scan can be. Only the bracket kind that opened is counted: text in which the other kind does not match is found
//! out when it is decoded.

/// State between two pieces of the text.
#[derive(Debug, Clone)]
pub(super) struct Scan {
    open: u8,
    close: u8,
    depth: usize,
    // All ones while inside of a string.
    string: u64,
    // 1 if the next byte is escaped.
    escaped: u64,
}

impl Scan {
    /// Begins at the opening bracket `open`, which has not been seen yet.
    pub(super) fn new(open: u8) -> Scan {
        Scan { open, close: if open == b'{' { b'}' } else { b']' }, depth: 0, string: 0, escaped: 0 }
    }

    /// Goes on with the next piece. The offset behind the closing bracket, if it is in this piece.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Option<usize> {
        let (blocks, rest) = bytes.as_chunks::<64>();
        for (at, block) in blocks.iter().enumerate() {
            if let Some(end) = self.block(block) {
                return Some(at * 64 + end);
            }
        }
        self.bytes(rest).map(|end| blocks.len() * 64 + end)
    }

    fn block(&mut self, block: &[u8; 64]) -> Option<usize> {
        let escaped = self.escapes(if has(block, b'\\') { mask(block, |byte| byte == b'\\') } else { 0 });
        let quotes = mask(block, |byte| byte == b'"') & !escaped;
        let inside = prefix_xor(quotes) ^ self.string;
        // The highest bit, spread over all.
        self.string = 0u64.wrapping_sub(inside >> 63);
        let (open, close) = (self.open, self.close);
        let mut brackets = mask(block, |byte| (byte == open) | (byte == close)) & !inside;
        while brackets != 0 {
            let at = brackets.trailing_zeros() as usize;
            if block[at & 63] == open {
                self.depth += 1;
            } else {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Some(at + 1);
                }
            }
            brackets &= brackets - 1;
        }
        None
    }

    // Bits of escaped bytes: those behind a backslash that is not itself escaped. Runs of backslashes are resolved by one
    // addition, whose carry ripples through the run.
    fn escapes(&mut self, backslash: u64) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        if backslash == 0 {
            return std::mem::take(&mut self.escaped);
        }
        let backslash = backslash & !self.escaped;
        let follows = backslash << 1 | self.escaped;
        let odd_starts = backslash & !EVEN & !follows;
        let (sequences, overflow) = odd_starts.overflowing_add(backslash);
        self.escaped = u64::from(overflow);
        (EVEN ^ (sequences << 1)) & follows
    }

    fn bytes(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, &byte) in bytes.iter().enumerate() {
            if self.escaped == 1 {
                self.escaped = 0;
            } else if self.string != 0 {
                match byte {
                    b'"' => self.string = 0,
                    b'\\' => self.escaped = 1,
                    _ => {}
                }
            } else if byte == b'"' {
                self.string = u64::MAX;
            } else if byte == b'\\' {
                self.escaped = 1;
            } else if byte == self.open {
                self.depth += 1;
            } else if byte == self.close {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Some(at + 1);
                }
            }
        }
        None
    }
}

// A bit for each byte that is looked for. The loop becomes vector instructions, the multiplications gather eight bytes
// that are 0 or 1 into eight bits: three times as fast as bit tricks on words, and no `unsafe` is needed.
fn mask(block: &[u8; 64], wanted: impl Fn(u8) -> bool) -> u64 {
    let mut found = [0u8; 64];
    for (found, byte) in found.iter_mut().zip(block) {
        *found = u8::from(wanted(*byte));
    }
    let (words, _) = found.as_chunks::<8>();
    words.iter().enumerate().fold(0, |bits, (at, word)| {
        bits | ((u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (at * 8))
    })
}

// Without leaving early: that would keep it from becoming vector instructions.
fn has(block: &[u8; 64], wanted: u8) -> bool {
    block.iter().fold(0, |any, byte| any | u8::from(*byte == wanted)) != 0
}

// Every bit is the parity of the bits up to it: between quotes, ones.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn end(text: &str, cut: usize) -> Option<usize> {
        let mut scan = Scan::new(text.as_bytes()[0]);
        let (before, after) = text.as_bytes().split_at(cut.min(text.len()));
        scan.advance(before).or_else(|| scan.advance(after).map(|end| before.len() + end))
    }

    #[test]
    fn brackets_in_strings_and_escapes_do_not_count() {
        for text in [
            r#"{"a":"}"}"#,
            r#"{"a":"\"}"}"#,
            r#"{"a":"\\"}"#,
            r#"{"a\\\"}":{"b":[{},{}]}}"#,
            &format!("{{\"a\":\"{}\"}}", "\\\\".repeat(100)),
            &format!("{{\"a\":\"{}\\\"}}\"}}", "x".repeat(52)),
        ] {
            let whole = format!("{text},{{}}");
            for cut in 0..=text.len() {
                assert_eq!(end(&whole, cut), Some(text.len()), "{text} cut at {cut}");
            }
        }
        assert_eq!(end(r#"{"a":{}"#, 3), None);
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let text = prop::collection::vec(
            prop::sample::select(vec!["\"", "\\", "{", "}", "[", "]", "a", "é", "\n", " "]),
            0..40,
        )
        .prop_map(|parts| parts.concat());
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<i64>().prop_map(Into::into),
            text.clone().prop_map(Into::into)
        ];
        leaf.prop_recursive(4, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::vec((text.clone(), inner), 0..6)
                    .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn finds_the_end_that_a_parser_finds(value in json(), pretty: bool, cut in 0usize..2000) {
            let value = serde_json::json!({ "x": value });
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            prop_assert_eq!(end(&format!("{text}}}]{{"), cut), Some(text.len()));
        }

        #[test]
        fn masks_mark_exactly_their_bytes(bytes in prop::collection::vec(any::<u8>(), 64), wanted: u8) {
            let block: &[u8; 64] = bytes.as_slice().try_into().unwrap();
            let found = mask(block, |byte| byte >= wanted);
            for (at, byte) in bytes.iter().enumerate() {
                prop_assert_eq!(found >> at & 1 == 1, *byte >= wanted);
            }
        }
    }
}
