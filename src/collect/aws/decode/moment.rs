//! Moments in the one way that the command line writes them: `2024-05-01T10:00:00+00:00`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A moment that came as text in any of the ways of the protocols; other text stays as it is.
pub fn from_text(text: &str) -> String {
    let text = text.trim();
    let parsed = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp()))
        .or_else(|| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp()))
        .or_else(|| text.parse::<f64>().ok().and_then(seconds));
    parsed.map_or_else(|| text.to_owned(), write)
}

/// A moment that came as seconds since 1970; none if no calendar holds it.
pub fn from_seconds(number: f64) -> Option<String> {
    seconds(number).map(write)
}

fn seconds(number: f64) -> Option<Timestamp> {
    // Years -9999 to 9999; the cast is exact there.
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the comparison")]
    (number.abs() < 4e11).then(|| Timestamp::from_microsecond((number * 1e6).round() as i64).ok())?
}

fn write(moment: Timestamp) -> String {
    let format =
        if moment.subsec_nanosecond() / 1000 == 0 { "%Y-%m-%dT%H:%M:%S+00:00" } else { "%Y-%m-%dT%H:%M:%S.%6f+00:00" };
    moment.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_moment_becomes_one() {
        for (text, written) in [
            ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00+00:00"),
            ("2024-05-01T10:00:00.000Z", "2024-05-01T10:00:00+00:00"),
            ("2024-05-01T12:00:00+02:00", "2024-05-01T10:00:00+00:00"),
            ("2024-05-01T10:00:00.123Z", "2024-05-01T10:00:00.123000+00:00"),
            ("2024-05-01T10:00:00", "2024-05-01T10:00:00+00:00"),
            ("Wed, 01 May 2024 10:00:00 GMT", "2024-05-01T10:00:00+00:00"),
            ("1714557600", "2024-05-01T10:00:00+00:00"),
            ("1.7145576E9", "2024-05-01T10:00:00+00:00"),
            ("no_information", "no_information"),
            ("", ""),
            ("inf", "inf"),
        ] {
            assert_eq!(from_text(text), written, "{text}");
        }
        assert_eq!(from_seconds(1_714_557_600.5).as_deref(), Some("2024-05-01T10:00:00.500000+00:00"));
        assert_eq!(from_seconds(f64::NAN), None);
        assert_eq!(from_seconds(1e300), None);
    }
}
