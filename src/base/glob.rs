//! Patterns in names: `*` is any text, `?` any one character, everything else itself.

/// Whether all of `text` follows `pattern`.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Behind the last star, and up to where the star reaches: only the last one ever has to reach further.
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                p += 1;
                star = Some((p, t));
            }
            Some(expected) if *expected == '?' || expected == character => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((behind, reach)) => {
                    p = behind;
                    t = reach + 1;
                    star = Some((behind, reach + 1));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|character| *character == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("web-*", "web-1", true),
            ("web-*", "my-web-1", false),
            ("*-web", "my-web", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b", false),
            ("we?", "web", true),
            ("we?", "we", false),
            ("we?", "w\u{e4}?", false),
            ("w?b", "w\u{e4}b", true),
            ("AC-3(3)", "AC-3(3)", true),
            ("[a-z]", "b", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_stay_quick() {
        assert!(!matches(&"a*".repeat(60), &"a".repeat(50)));
        assert!(!matches(&format!("{}b", "*a".repeat(60)), &"a".repeat(20_000)));
    }
}
