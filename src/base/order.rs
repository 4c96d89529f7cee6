//! Orders that people expect.

use std::cmp::Ordering;

/// Compares text so that numbers in it count as numbers: `1.2.9` before `1.2.10`, `AC-3(3)` before `AC-10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    loop {
        let (x, y) = match (left.first(), right.first()) {
            (Some(x), Some(y)) => (*x, *y),
            // Equal as numbers but spelt differently (`01`, `1`) must still have one order.
            (None, None) => return a.cmp(b),
            (x, y) => return x.is_some().cmp(&y.is_some()),
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (m, rest_m) = number(left);
            let (n, rest_n) = number(right);
            match m.len().cmp(&n.len()).then_with(|| m.cmp(n)) {
                Ordering::Equal => (left, right) = (rest_m, rest_n),
                other => return other,
            }
        } else if x == y {
            (left, right) = (left.get(1..).unwrap_or(&[]), right.get(1..).unwrap_or(&[]));
        } else {
            return x.cmp(&y);
        }
    }
}

// The digits at the front without leading zeros, and what follows them.
fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|c| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let zeros = digits.iter().take_while(|c| **c == b'0').count();
    (digits.get(zeros..).unwrap_or(&[]), rest)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{Equal, Less};

    use super::natural;

    #[test]
    fn numbers_count_as_numbers() {
        for (a, b) in [("1.2.9", "1.2.10"), ("1.2", "1.2.1"), ("AC-3(3)", "AC-10"), ("V-9", "V-242390"), ("a", "b")] {
            assert_eq!(natural(a, b), Less, "{a} {b}");
            assert_eq!(natural(b, a), Less.reverse(), "{b} {a}");
        }
        assert_eq!(natural("1.2", "1.2"), Equal);
        assert_eq!(natural("1.02", "1.2"), Less);
        assert_eq!(natural("99999999999999999999999998", "99999999999999999999999999"), Less);
    }

    proptest::proptest! {
        #[test]
        fn is_a_total_order(mut words in proptest::collection::vec("[a-b0-2.é]{0,5}", 0..12)) {
            words.sort_by(|a, b| natural(a, b));
            for (i, a) in words.iter().enumerate() {
                for b in &words[i..] {
                    proptest::prop_assert_ne!(natural(a, b), std::cmp::Ordering::Greater);
                }
            }
        }
    }
}
