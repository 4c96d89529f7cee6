//! Names with wildcards as policies and filters write them: `*` is any text, `?` any one character.

/// Whether every name that `asked` stands for is one that `pattern` stands for. `asked` may be a plain name.
pub fn covers(pattern: &str, asked: &str) -> bool {
    let (pattern, asked) = (pattern.as_bytes(), asked.as_bytes());
    let (mut p, mut a) = (0, 0);
    // Behind the last star, and up to where it reaches: only the last one ever has to reach further.
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = asked.get(a) {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                star = Some((p, a));
            }
            // A wildcard that is asked for is only covered by itself or by a star.
            Some(own) if own == byte || (*own == b'?' && *byte != b'*') => {
                p += 1;
                a += 1;
            }
            _ => match star {
                Some((behind, reach)) => {
                    p = behind;
                    a = reach + 1;
                    star = Some((behind, reach + 1));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|byte| *byte == b'*')
}

/// Whether there is a name that both stand for.
pub fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    // Row by row of the table "these prefixes can stand for the same": the time is the product of the lengths, the room one
    // length.
    let mut above: Vec<bool> = Vec::with_capacity(other.len() + 1);
    above.push(true);
    for byte in other {
        let before = above.last().copied().unwrap_or(false);
        above.push(before && *byte == b'*');
    }
    for own in one {
        let mut row = Vec::with_capacity(other.len() + 1);
        row.push(above.first().copied().unwrap_or(false) && *own == b'*');
        for (at, byte) in other.iter().enumerate() {
            let diagonal = above.get(at).copied().unwrap_or(false);
            let up = above.get(at + 1).copied().unwrap_or(false);
            let left = row.last().copied().unwrap_or(false);
            let same = own == byte || *own == b'?' || *byte == b'?';
            row.push(match (*own == b'*', *byte == b'*') {
                (true, _) | (_, true) => diagonal || up || left,
                (false, false) => diagonal && same,
            });
        }
        above = row;
    }
    above.last().copied().unwrap_or(false)
}

/// Nothing but wildcards.
pub fn is_bare(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'*' | b'?'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_patterns() {
        for (pattern, asked, expected) in [
            ("s3:get*", "s3:getobject", true),
            ("s3:get*", "s3:*", false),
            ("s3:*", "s3:get*", true),
            ("*", "*", true),
            ("?", "*", false),
            ("s3:getobjec?", "s3:getobject", true),
            ("*a*", "*ab*", true),
            ("a*b*c", "a-b-b-c", true),
            ("", "", true),
            ("", "a", false),
            ("a", "", false),
        ] {
            assert_eq!(covers(pattern, asked), expected, "{pattern} {asked}");
        }
        for (one, other, expected) in [
            ("s3:put*", "s3:*object", true),
            ("s3:put*", "s3:get*", false),
            ("iam:*", "*", true),
            ("a?c", "ab*", true),
            ("", "*", true),
            ("", "a", false),
        ] {
            assert_eq!(overlap(one, other), expected, "{one} {other}");
            assert_eq!(overlap(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn many_stars_stay_quick() {
        assert!(!covers(&format!("{}b", "*a".repeat(60)), &"a".repeat(20_000)));
        assert!(overlap(&"*a".repeat(500), &"a*".repeat(500)));
    }

    proptest! {
        #[test]
        fn what_covers_a_name_overlaps_it(pattern in "[ab*?]{0,8}", name in "[ab]{0,8}", asked in "[ab*?]{0,6}") {
            prop_assert_eq!(covers(&pattern, &name), crate::base::glob::matches(&pattern, &name));
            prop_assert_eq!(covers(&pattern, &name), overlap(&pattern, &name));
            // What is covered holds every name of what is asked.
            if covers(&pattern, &asked) && covers(&asked, &name) {
                prop_assert!(covers(&pattern, &name));
            }
        }
    }
}
