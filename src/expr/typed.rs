//! Text that means a quantity: durations, resource quantities, versions, file modes, dates.

use super::Value;

/// The types that a comparison can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A number, or its spelling as text.
    Number,
    /// `5m`, `4h0m0s`, `90d`, `P90D`, `7776000s`; in seconds. Bare numbers are seconds.
    Duration,
    /// `500m`, `2Gi`, `1e3`; in the base unit.
    Quantity,
    /// `1.34.1`, `v1.34`, `1.34.1-eks-1`; what follows the numbers does not count.
    Version,
}

/// A comparable value of one type.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub enum Typed {
    /// Numbers, seconds, base units.
    Number(f64),
    /// Parts of a version.
    Version(Vec<u64>),
}

impl Type {
    /// The type whose comparisons stand below `name` in rules.
    pub fn named(name: &str) -> Option<Type> {
        match name {
            "version" => Some(Type::Version),
            "duration" => Some(Type::Duration),
            "quantity" => Some(Type::Quantity),
            _ => None,
        }
    }

    /// What is expected, for messages.
    pub fn wants(self) -> &'static str {
        match self {
            Type::Number => "a number",
            Type::Duration => "a duration",
            Type::Quantity => "a quantity",
            Type::Version => "a version",
        }
    }

    /// The value as this type; none if it is not one.
    pub fn read(self, value: &Value) -> Option<Typed> {
        match (self, value) {
            (Type::Version, Value::Str(text)) => version(text).map(Typed::Version),
            (Type::Version, Value::Int(n)) => Some(Typed::Version(vec![u64::try_from(*n).ok()?])),
            (Type::Version, Value::Float(n)) => version(&n.to_string()).map(Typed::Version),
            (_, Value::Int(n)) => Some(Typed::Number(*n as f64)),
            (_, Value::Float(n)) => Some(Typed::Number(*n)),
            (Type::Number, Value::Str(text)) => number(text).map(Typed::Number),
            (Type::Duration, Value::Str(text)) => duration(text).map(Typed::Number),
            (Type::Quantity, Value::Str(text)) => quantity(text).map(Typed::Number),
            _ => None,
        }
    }
}

/// A plain decimal number.
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.').then(|| text.parse::<f64>().ok())?;
    // What is too large to be counted is no number that anything could be compared with.
    number.filter(|number| number.is_finite())
}

/// Seconds of `90d`, `4h0m0s`, `300ms`, `P90D`, `PT5M`, `7776000`.
pub fn duration(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Some(seconds) = number(text) {
        return Some(seconds);
    }
    let (body, sign) = match text.strip_prefix('-') {
        Some(rest) => (rest, -1.0),
        None => (text, 1.0),
    };
    if let Some(iso) = body.strip_prefix('P') {
        return iso_duration(iso).map(|seconds| sign * seconds);
    }
    let mut seconds = 0.0;
    let mut rest = body;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let amount: f64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |end| digits + end);
        seconds += amount
            * match &rest[digits..unit] {
                "ns" => 1e-9,
                // Either letter that looks so.
                "us" | "\u{b5}s" | "\u{3bc}s" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86_400.0,
                "w" => 604_800.0,
                "y" => 31_536_000.0,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    (!body.is_empty()).then_some(sign * seconds)
}

fn iso_duration(text: &str) -> Option<f64> {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let part = |text: &str, units: &[(char, f64)]| {
        let mut seconds = 0.0;
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
            let unit = rest[end..].chars().next()?;
            let factor = units.iter().find(|(name, _)| *name == unit)?.1;
            seconds += rest[..end].parse::<f64>().ok()? * factor;
            rest = &rest[end + 1..];
        }
        Some(seconds)
    };
    let date = part(date, &[('Y', 31_536_000.0), ('M', 2_592_000.0), ('W', 604_800.0), ('D', 86_400.0)])?;
    let time = part(time, &[('H', 3600.0), ('M', 60.0), ('S', 1.0)])?;
    Some(date + time)
}

/// A Kubernetes quantity in its base unit.
pub fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Some(n) = number(text) {
        return Some(n);
    }
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let amount = number(&text[..split])?;
    let factor = match &text[split..] {
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        "Pi" => 1_125_899_906_842_624.0,
        "Ei" => 1_152_921_504_606_846_976.0,
        _ => return None,
    };
    Some(amount * factor)
}

/// The numeric parts of a version; trailing zeros do not count, so that `1.9` and `1.9.0` are equal.
pub fn version(text: &str) -> Option<Vec<u64>> {
    let text = text.trim().trim_start_matches(['v', 'V']);
    let numbers = text.split(['-', '+', ' ', '_']).next()?;
    let mut parts = Vec::new();
    for part in numbers.split('.') {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        // `1.32.x` and `8.0.3build` are versions up to there.
        if end < part.len() && (end == 0 || parts.is_empty()) {
            break;
        }
        parts.push(part[..end].parse().ok()?);
        if end < part.len() {
            break;
        }
    }
    if parts.is_empty() {
        return None;
    }
    while parts.len() > 1 && parts.last() == Some(&0) {
        parts.pop();
    }
    Some(parts)
}

/// The permission bits of a file mode written in octal (`0600`, `"4755"`).
pub fn mode(value: &Value) -> Option<u32> {
    let octal = |text: &str| u32::from_str_radix(text.trim_start_matches("0o"), 8).ok().filter(|mode| *mode <= 0o7777);
    match value {
        Value::Str(text) => octal(text),
        // A number in a rule or document is taken as its digits: 600 is rw-------.
        Value::Int(n) => octal(&n.to_string()),
        _ => None,
    }
}

/// Seconds between a date and `now`; positive for the past. A date is RFC 3339 text, a day, or seconds since 1970 as a number.
pub fn age(value: &Value, now: jiff::Timestamp) -> Option<f64> {
    // Beyond the year 5000 a number counts something else (milliseconds), and no one should guess what.
    const LAST: i64 = 100_000_000_000;
    let at: jiff::Timestamp = match value {
        Value::Str(text) => match text.parse() {
            Ok(at) => at,
            Err(_) => format!("{}T00:00:00Z", text.parse::<jiff::civil::Date>().ok()?).parse().ok()?,
        },
        Value::Int(seconds) if (0..LAST).contains(seconds) => jiff::Timestamp::from_second(*seconds).ok()?,
        Value::Float(seconds) if (0.0..LAST as f64).contains(seconds) => {
            let part = std::time::Duration::try_from_secs_f64(*seconds).ok()?;
            jiff::Timestamp::UNIX_EPOCH.checked_add(part).ok()?
        }
        _ => return None,
    };
    Some(now.duration_since(at).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("4h0m0s", 14_400.0),
            ("90d", 7_776_000.0),
            ("P90D", 7_776_000.0),
            ("PT5M", 300.0),
            ("7776000s", 7_776_000.0),
            ("1m30s", 90.0),
            ("300ms", 0.3),
            ("60", 60.0),
            ("1\u{3bc}s", 1e-6),
        ] {
            assert_eq!(duration(text), Some(seconds), "{text}");
        }
        for text in ["", "h", "5x", "P", "abc"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn quantities_and_versions() {
        assert_eq!(quantity("500m"), Some(0.5));
        assert_eq!(quantity("2Gi"), Some(2_147_483_648.0));
        assert_eq!(quantity("2Gb"), None);
        assert_eq!(version("v1.34.1-eks-abc"), Some(vec![1, 34, 1]));
        assert_eq!(version("1.9.0"), version("1.9"));
        assert!(version("1.10") > version("1.9"));
        assert_eq!(version("8.0.3build"), Some(vec![8, 0, 3]));
        assert_eq!(version("1.32.x"), Some(vec![1, 32]));
        for text in ["latest", "", "v", ".1", "3a", "1..2", "1.99999999999999999999999"] {
            assert_eq!(version(text), None, "{text}");
        }
        assert_eq!((number("1e999"), quantity("1e999"), quantity("-1Ki")), (None, None, Some(-1024.0)));
    }

    #[test]
    fn modes_are_octal() {
        assert_eq!(mode(&Value::str("0600")), Some(0o600));
        assert_eq!(mode(&Value::Int(600)), Some(0o600));
        assert_eq!(mode(&Value::str("0888")), None);
    }

    #[test]
    fn ages() {
        let now = "2026-01-31T00:00:00Z".parse().unwrap();
        let month = Some(30.0 * 86_400.0);
        for text in [
            "2026-01-01T00:00:00Z",
            "2026-01-01",
            "2026-01-01T00:00:00+00:00",
            "2026-01-01T02:00:00+02:00",
            "2026-01-01T00:00:00.000Z",
            "2026-01-01T00:00:00.000000+00:00",
            "2026-01-01T00:00:00.000+0000",
        ] {
            assert_eq!(age(&Value::str(text), now), month, "{text}");
        }
        assert_eq!(age(&Value::Int(1_767_225_600), now), month);
        assert_eq!(age(&Value::Float(1_767_225_600.5), now), month.map(|month| month - 0.5));
        for wrong in [Value::str("yesterday"), Value::str(""), Value::Bool(true), Value::Int(-1)] {
            assert_eq!(age(&wrong, now), None, "{wrong}");
        }
        // Milliseconds are not taken for seconds, nor is nonsense.
        for wrong in [Value::Int(1_767_225_600_000), Value::Float(f64::NAN), Value::Float(1e300)] {
            assert_eq!(age(&wrong, now), None, "{wrong}");
        }
    }
}
