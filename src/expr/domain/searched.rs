//! What a search for secrets finds in one text, and how that is said in words, so that a snapshot can keep the finding without
//! the text.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::LazyLock;

use base64::Engine;
use flate2::read::GzDecoder;
use regex::{Captures, Regex, RegexSet};

use super::secret_data::{AROUND, ASSIGNMENT, FORMS, PLACEHOLDERS, REFERENCES, SECRET_ENDS};
use crate::base::redact;

/// What is decoded of one text, in bytes.
const MAX_DECODED: u64 = 4 << 20;

static COMPILED: LazyLock<Vec<(&str, Regex)>> =
    LazyLock::new(|| FORMS.iter().filter_map(|form| Some((form.kind, Regex::new(form.pattern).ok()?))).collect());
// Tells in one pass which forms are worth a look: most text holds none.
static ANY_FORM: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| RegexSet::new(FORMS.iter().map(|form| form.pattern)).ok());
static SETTING: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(ASSIGNMENT).ok());

/// What was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Searched {
    /// The kind of each secret, and its line, from 1.
    found: Vec<(String, i64)>,
    /// The text as a whole is a secret if it is called like one.
    literal: bool,
}

/// Kind of what only its name gives away.
const BY_NAME: &str = "password or key by its name";
/// How [`Searched::words`] begin.
const MASKED: &str = "the value was masked when the snapshot was saved; ";
/// How they go on, of plain text and of base64.
const HELD: [&str; 2] = ["it held ", "decoded it held "];
const NOTHING: &str = "no secret of a known form";
/// How they end if the text may be one itself.
const LITERAL: &str = ", but would be one under the name of a password or key";

impl Searched {
    /// Searches a text, which may be base64.
    ///
    /// # Errors
    /// Why the text cannot be searched.
    pub fn new(text: &str, base64: bool) -> Result<Searched, String> {
        let decoded;
        let text = if base64 {
            decoded = decode(text)?;
            &decoded
        } else {
            text
        };
        let line = |at: usize| text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
        let line = |at: usize| i64::try_from(line(at)).unwrap_or(i64::MAX);
        let found = secrets(text).into_iter().map(|(at, kind)| (kind.to_owned(), line(at))).collect();
        Ok(Searched { found, literal: is_literal(text.trim()) })
    }

    /// What was found in a text that holds something with the form of a secret, whatever it is called; none in all others.
    pub fn with_known_form(text: &str) -> Option<Searched> {
        // Most text is nothing of the kind, which one look tells.
        if !ANY_FORM.as_ref().is_some_and(|set| set.is_match(text)) {
            return None;
        }
        Searched::new(text, false).ok().filter(|searched| searched.found.iter().any(|(kind, _)| kind != BY_NAME))
    }

    /// The secrets of the text, if that is what it is called.
    pub fn called(self, name: Option<&str>) -> Vec<(String, i64)> {
        if self.found.is_empty() && self.literal && name.is_some_and(is_secret_name) {
            return vec![(BY_NAME.to_owned(), 1)];
        }
        self.found
    }

    /// The words that stand for a text which is not kept.
    pub fn mask(text: &str, base64: bool) -> String {
        match Searched::new(text, base64) {
            Ok(searched) => searched.words(base64),
            Err(why) => format!("{MASKED}{why}"),
        }
    }

    /// Why the text is not known: it was masked, and this was found in it.
    pub fn words(&self, base64: bool) -> String {
        let found: Vec<String> = self.found.iter().map(|(kind, line)| format!("{kind} in line {line}")).collect();
        let found = if found.is_empty() { NOTHING.to_owned() } else { found.join(", ") };
        format!("{MASKED}{}{found}{}", HELD[usize::from(base64)], if self.literal { LITERAL } else { "" })
    }

    /// What [`Searched::words`] say of a text that was searched in the same way; none if they are other words.
    pub fn of_words(words: &str, base64: bool) -> Option<Searched> {
        let rest = words.strip_prefix(MASKED)?.strip_prefix(HELD[usize::from(base64)])?;
        let (rest, literal) = rest.strip_suffix(LITERAL).map_or((rest, false), |rest| (rest, true));
        let one = |text: &str| {
            let (kind, line) = text.rsplit_once(" in line ")?;
            Some((kind.to_owned(), line.parse().ok()?))
        };
        let found = if rest == NOTHING { Some(Vec::new()) } else { rest.split(", ").map(one).collect() };
        Some(Searched { found: found?, literal })
    }
}

// The secrets of a text by place: what kind each is.
fn secrets(text: &str) -> BTreeMap<usize, &'static str> {
    let mut found: BTreeMap<usize, &'static str> = BTreeMap::new();
    // The secret itself, if it is one: a group if the form has one.
    let literal = |captures: &Captures<'_>| -> Option<usize> {
        let all = captures.get(0)?;
        match captures.iter().skip(1).flatten().next() {
            Some(secret) => is_no_placeholder(secret.as_str()).then_some(secret.start()),
            None => Some(all.start()),
        }
    };
    let known = ANY_FORM.as_ref().map(|set| set.matches(text).into_iter().collect::<Vec<_>>()).unwrap_or_default();
    for (kind, form) in known.into_iter().filter_map(|at| COMPILED.get(at)) {
        for at in form.captures_iter(text).filter_map(|captures| literal(&captures)) {
            found.entry(at).or_insert(kind);
        }
    }
    for captures in SETTING.iter().flat_map(|setting| setting.captures_iter(text)) {
        let secret = captures.iter().skip(2).flatten().next();
        let (Some(name), Some(secret)) = (captures.get(1), secret) else { continue };
        // A quote tells where the value ends; without one it may be code.
        let quoted = captures.get(4).is_none();
        let code = !quoted && secret.as_str().contains(['(', '$', '{', '[']);
        // The name is a part of an ARN or a path.
        let part = text.get(..name.start()).is_some_and(|before| before.ends_with([':', '/']));
        if is_secret_name(name.as_str()) && !part && !code && is_literal(secret.as_str()) {
            found.entry(secret.start()).or_insert(BY_NAME);
        }
    }
    found
}

fn is_secret_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase().replace('-', "_");
    redact::is_secret_name(name) || SECRET_ENDS.iter().any(|end| lower.ends_with(end))
}

fn is_no_placeholder(text: &str) -> bool {
    let lower = text.to_lowercase();
    let first = lower.chars().next();
    first.is_some_and(|first| !lower.chars().all(|c| c == first))
        && !PLACEHOLDERS.iter().any(|word| lower.contains(word))
        && !AROUND.iter().any(|(open, close)| lower.starts_with(*open) && lower.ends_with(*close))
        && !is_variable(&lower)
        && !lower.contains("${")
}

// `$NAME`, `$(command)`, `%(name)s`, and words behind the signs by which tools know theirs (`!vault`, `&anchor`, `@file`).
fn is_variable(lower: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c == '_';
    if let Some(name) = lower.strip_prefix('$') {
        return name.starts_with(|c| word(c) || "{($".contains(c));
    }
    lower.starts_with("%(")
        || lower.strip_prefix(['!', '&', '@']).is_some_and(|name| name.chars().all(|c| word(c) || "-./:".contains(c)))
}

// Whether the value of a setting for a secret is one, by itself: no reference, no placeholder, no plain word.
fn is_literal(text: &str) -> bool {
    const LEAST: usize = 8;
    let lower = text.to_lowercase();
    let characters = text.chars().count();
    if !(LEAST..=512).contains(&characters) || text.contains(char::is_whitespace) {
        return false;
    }
    if !is_no_placeholder(text) || REFERENCES.iter().any(|start| lower.starts_with(start)) {
        return false;
    }
    let kinds = [
        text.contains(|c: char| c.is_lowercase()),
        text.contains(|c: char| c.is_uppercase()),
        text.contains(|c: char| c.is_ascii_digit()),
        text.contains(|c: char| !c.is_alphanumeric() && !"-_./:".contains(c)),
    ];
    let mixed = kinds.iter().filter(|kind| **kind).count();
    // Words joined by separators (`prod/db/password`, `my-secret-name`) are names of something.
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let named = text.contains(['-', '_', '.', '/', ':']) && digits * 5 < characters && !kinds[3] && entropy(text) < 4.2;
    match mixed {
        0 | 1 => characters >= 20 && entropy(text) >= 3.5 && !named && digits > 0,
        _ => entropy(text) >= 2.5 && !named,
    }
}

// Bits per character, by how often each occurs.
fn entropy(text: &str) -> f64 {
    let mut counts: BTreeMap<char, f64> = BTreeMap::new();
    for c in text.chars() {
        *counts.entry(c).or_default() += 1.0;
    }
    let all: f64 = counts.values().sum();
    counts.values().map(|count| -(count / all) * (count / all).log2()).sum()
}

fn decode(text: &str) -> Result<String, String> {
    let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let engine = base64::engine::general_purpose::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::general_purpose::GeneralPurposeConfig::new()
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
    );
    let bytes = engine.decode(packed).map_err(|_| "the text is not base64".to_owned())?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    let mut plain = Vec::new();
    let read = GzDecoder::new(&*bytes).take(MAX_DECODED + 1).read_to_end(&mut plain);
    match read {
        Err(_) => Err("the text is damaged gzip".to_owned()),
        Ok(length) if length as u64 > MAX_DECODED => Err("the unpacked text is too large to be searched".to_owned()),
        Ok(_) => Ok(String::from_utf8_lossy(&plain).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_compiles() {
        assert_eq!(COMPILED.len(), FORMS.len());
        assert!(ANY_FORM.is_some() && SETTING.is_some());
        // Else they could not be told apart in words.
        assert!(FORMS.iter().all(|form| !form.kind.contains([',', ';']) && !form.kind.contains(" in line ")));
    }

    #[test]
    fn findings_survive_in_words() {
        let key = ["AK", "IAQ3EGRIEB7VTZ5XKD"].concat();
        let script = format!("a={key}\n\nexport DB_PASSWORD=Sup3rS3cret!\n");
        for (text, named, unnamed) in
            [(script.as_str(), 2, 2), ("tr0ub4dor&3x", 1, 0), ("info", 0, 0), ("", 0, 0), (key.as_str(), 1, 1)]
        {
            let searched = Searched::new(text, false).unwrap();
            let words = searched.words(false);
            assert_eq!(Searched::of_words(&words, false), Some(searched.clone()), "{words}");
            assert_eq!(Searched::of_words(&words, true), None, "searched in another way");
            assert!(text.len() < 8 || !words.contains(text) && !words.contains("Sup3r"), "{words}");
            assert_eq!(searched.clone().called(Some("DB_PASSWORD")).len(), named, "{words}");
            assert_eq!(searched.called(None).len(), unnamed, "{words}");
        }
        assert_eq!(Searched::of_words("access denied", false), None);
    }
}
