//! Common Configuration Scoring System, NIST IR 7502 (December 2010): a vector gives a score, the score a severity.
//!
//! NIST defines no severity bands; the bands of CVSS v3 on the base score are this project's own choice. Ties in the
//! rounding to one decimal go to the even digit, as in the one other public implementation.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Severity;
use crate::base::spelling;

/// One metric of the vector: its name and its values with their weights, in the order in which vectors are written.
#[derive(Debug)]
pub struct Metric {
    /// Abbreviation in the vector.
    pub name: &'static str,
    /// What it measures.
    pub meaning: &'static str,
    /// Value, weight, meaning.
    pub values: &'static [(&'static str, f64, &'static str)],
    group: Group,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Base,
    Temporal,
    Environmental,
}

const IMPACT: &[(&str, f64, &str)] = &[("N", 0.0, "none"), ("P", 0.275, "partial"), ("C", 0.66, "complete")];
// "Not defined" takes the base value for the environmental impacts; the weight is resolved when scoring.
const ENV_IMPACT: &[(&str, f64, &str)] =
    &[("N", 0.0, "none"), ("P", 0.275, "partial"), ("C", 0.66, "complete"), ("ND", f64::NAN, "as in the base vector")];
const REQUIREMENT: &[(&str, f64, &str)] =
    &[("L", 0.5, "low"), ("M", 1.0, "medium"), ("H", 1.51, "high"), ("ND", 1.0, "not defined")];

macro_rules! metric {
    ($group:ident $name:literal $meaning:literal $values:expr) => {
        Metric { name: $name, meaning: $meaning, values: $values, group: Group::$group }
    };
}

/// Every metric of a vector, in order.
pub const METRICS: &[Metric] = &[
    metric!(Base "AV" "access vector" &[("L", 0.395, "local access"), ("A", 0.646, "adjacent network"), ("N", 1.0, "any network")]),
    metric!(Base "AC" "access complexity" &[("H", 0.35, "special circumstances"), ("M", 0.61, "some circumstances"), ("L", 0.71, "nothing special")]),
    metric!(Base "Au" "authentication" &[("M", 0.45, "several logins"), ("S", 0.56, "one login"), ("N", 0.704, "no login")]),
    metric!(Base "C" "confidentiality impact" IMPACT),
    metric!(Base "I" "integrity impact" IMPACT),
    metric!(Base "A" "availability impact" IMPACT),
    metric!(Base "PL" "privilege level gained" &[("R", 0.0, "root"), ("U", 0.0, "user"), ("A", 0.0, "application"), ("ND", 0.0, "not defined")]),
    metric!(Base "EM" "exploitation method" &[("A", 0.0, "active"), ("P", 0.0, "passive")]),
    metric!(Temporal "GEL" "general exploit level" &[("N", 0.6, "none"), ("L", 0.8, "low"), ("M", 1.0, "medium"), ("H", 1.2, "high"), ("ND", 1.0, "not defined")]),
    metric!(Temporal "GRL" "general remediation level" &[("H", 0.4, "high"), ("M", 0.6, "medium"), ("L", 0.8, "low"), ("N", 1.0, "none"), ("ND", 1.0, "not defined")]),
    metric!(Environmental "LVP" "local vulnerability prevalence" &[("N", 0.6, "none"), ("L", 0.8, "low"), ("M", 1.0, "medium"), ("H", 1.2, "high"), ("ND", 1.0, "not defined")]),
    metric!(Environmental "PTV" "perceived target value" &[("L", 0.8, "low"), ("M", 1.0, "medium"), ("H", 1.2, "high"), ("ND", 1.0, "not defined")]),
    metric!(Environmental "LRL" "local remediation level" &[("N", 1.0, "none"), ("L", 0.8, "low"), ("M", 0.6, "medium"), ("H", 0.4, "high"), ("ND", 1.0, "not defined")]),
    metric!(Environmental "EC" "environment confidentiality impact" ENV_IMPACT),
    metric!(Environmental "EI" "environment integrity impact" ENV_IMPACT),
    metric!(Environmental "EA" "environment availability impact" ENV_IMPACT),
    metric!(Environmental "CDP" "collateral damage potential" &[("N", 1.0, "none"), ("L", 1.25, "low"), ("LM", 1.5, "low to medium"), ("MH", 1.75, "medium to high"), ("H", 2.0, "high"), ("ND", 1.0, "not defined")]),
    metric!(Environmental "CR" "confidentiality requirement" REQUIREMENT),
    metric!(Environmental "IR" "integrity requirement" REQUIREMENT),
    metric!(Environmental "AR" "availability requirement" REQUIREMENT),
];

const BASE_METRICS: usize = 8;

/// A CCSS vector: the eight base metrics and, optionally, the temporal and environmental ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ccss {
    // Index into the metric's values; none where an optional metric is not written.
    chosen: [Option<u8>; METRICS.len()],
}

/// What is wrong with a vector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CcssError(String);

impl Ccss {
    /// Base score, 0.0 to 10.0.
    pub fn base(&self) -> f64 {
        score(self.impact(), self.exploitability(), self.impact())
    }

    /// Base score adjusted by the temporal metrics; the base score if the vector has none.
    pub fn temporal(&self) -> f64 {
        let exploitability = (self.exploitability() * self.weight("GEL") * self.weight("GRL")).min(10.0);
        score(self.impact(), exploitability, self.impact())
    }

    /// Score in the environment that the environmental metrics describe.
    pub fn environmental(&self) -> f64 {
        let impact = |env: &str, base: &str, requirement: &str| {
            let own = self.weight(env);
            (if own.is_nan() { self.weight(base) } else { own }) * self.weight(requirement)
        };
        let (c, i, a) = (impact("EC", "C", "CR"), impact("EI", "I", "IR"), impact("EA", "A", "AR"));
        let env_impact = (10.41 * (1.0 - (1.0 - c) * (1.0 - i) * (1.0 - a)) * self.weight("CDP")).min(10.0);
        let local = self.weight("LVP") * self.weight("PTV");
        let exploitability = (self.exploitability() * self.weight("GEL") * local * self.weight("LRL")).min(10.0);
        score(env_impact, exploitability, self.impact())
    }

    /// Band of the base score: 9.0 critical, 7.0 high, 4.0 medium, below low.
    pub fn severity(&self) -> Severity {
        match self.base() {
            score if score >= 9.0 => Severity::Critical,
            score if score >= 7.0 => Severity::High,
            score if score >= 4.0 => Severity::Medium,
            _ => Severity::Low,
        }
    }

    /// How easily it is exploited, in words: access, complexity, authentication.
    pub fn likelihood(&self) -> String {
        self.words(["AV", "AC", "Au"])
    }

    /// What it does to confidentiality, integrity and availability, in words.
    pub fn technical_impact(&self) -> String {
        self.words(["C", "I", "A"])
    }

    fn words(&self, names: [&str; 3]) -> String {
        let word = |name: &str| {
            let metric = &METRICS[index(name)];
            let value = self.chosen[index(name)].map_or("not defined", |v| metric.values[usize::from(v)].2);
            format!("{}: {value}", metric.meaning)
        };
        names.map(word).join(", ")
    }

    fn impact(&self) -> f64 {
        10.41 * (1.0 - (1.0 - self.weight("C")) * (1.0 - self.weight("I")) * (1.0 - self.weight("A")))
    }

    fn exploitability(&self) -> f64 {
        20.0 * self.weight("AV") * self.weight("Au") * self.weight("AC")
    }

    fn weight(&self, name: &str) -> f64 {
        let at = index(name);
        let values = METRICS[at].values;
        // Only optional metrics can be missing, and the last value of each is "not defined".
        self.chosen[at].map_or(values[values.len() - 1].1, |v| values[usize::from(v)].1)
    }
}

fn index(name: &str) -> usize {
    METRICS.iter().position(|m| m.name == name).unwrap_or_default()
}

fn score(impact: f64, exploitability: f64, base_impact: f64) -> f64 {
    if base_impact == 0.0 {
        return 0.0;
    }
    let raw = (0.6 * impact + 0.4 * exploitability - 1.5) * 1.176;
    // Removes the noise of binary fractions first, so that a tie is seen as one.
    let tenths = ((raw * 10.0) * 1e9).round() / 1e9;
    tenths.round_ties_even() / 10.0
}

impl FromStr for Ccss {
    type Err = CcssError;

    fn from_str(text: &str) -> Result<Self, CcssError> {
        let mut chosen = [None; METRICS.len()];
        let mut last = None;
        for part in text.split('/') {
            let (name, value) =
                part.split_once(':').ok_or_else(|| CcssError(format!("expected METRIC:VALUE, found \"{part}\"")))?;
            let Some(at) = METRICS.iter().position(|m| m.name == name) else {
                let hint = spelling::nearest(name, METRICS.iter().map(|m| m.name))
                    .map_or_else(String::new, |near| format!(", did you mean \"{near}\"?"));
                return Err(CcssError(format!("unknown metric \"{name}\"{hint}")));
            };
            if last.is_some_and(|before| at <= before) {
                return Err(CcssError(format!("metric \"{name}\" is repeated or out of order")));
            }
            last = Some(at);
            let values = METRICS[at].values;
            let place = values.iter().position(|(v, ..)| *v == value).ok_or_else(|| {
                let known: Vec<&str> = values.iter().map(|(v, ..)| *v).collect();
                CcssError(format!("unknown value \"{value}\" of {name}, expected one of {}", known.join(", ")))
            })?;
            chosen[at] = u8::try_from(place).ok();
        }
        if let Some(missing) = (0..BASE_METRICS).find(|&at| chosen[at].is_none()) {
            let vector = METRICS[..BASE_METRICS].iter().map(|m| m.name).collect::<Vec<_>>().join(" ");
            return Err(CcssError(format!("base metric {} is missing; a vector has {vector}", METRICS[missing].name)));
        }
        for group in [Group::Temporal, Group::Environmental] {
            let of_group = || (0..METRICS.len()).filter(|&at| METRICS[at].group == group);
            if of_group().any(|at| chosen[at].is_some())
                && let Some(missing) = of_group().find(|&at| chosen[at].is_none())
            {
                return Err(CcssError(format!("metric {} is missing from its group", METRICS[missing].name)));
            }
        }
        Ok(Ccss { chosen })
    }
}

impl fmt::Display for Ccss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (metric, value) in METRICS.iter().zip(self.chosen) {
            if let Some(value) = value {
                write!(f, "{separator}{}:{}", metric.name, metric.values[usize::from(value)].0)?;
                separator = "/";
            }
        }
        Ok(())
    }
}

impl Serialize for Ccss {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ccss {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Ccss {
        text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    /// The worked examples of NIST IR 7502.
    #[test]
    fn scores_of_the_specification() {
        for (vector, base) in [
            ("AV:N/AC:L/Au:N/C:N/I:P/A:N/PL:ND/EM:P", 5.0),
            ("AV:L/AC:L/Au:N/C:N/I:N/A:P/PL:ND/EM:P", 2.1),
            ("AV:L/AC:L/Au:N/C:P/I:P/A:P/PL:ND/EM:A", 4.6),
            ("AV:L/AC:L/Au:N/C:N/I:N/A:P/PL:ND/EM:A", 2.1),
            ("AV:L/AC:H/Au:N/C:P/I:N/A:N/PL:ND/EM:A", 1.2),
            ("AV:L/AC:L/Au:N/C:N/I:N/A:C/PL:ND/EM:A", 4.9),
            ("AV:N/AC:H/Au:N/C:P/I:N/A:N/PL:ND/EM:A", 2.6),
            ("AV:N/AC:L/Au:N/C:N/I:N/A:P/PL:ND/EM:P", 5.0),
            ("AV:N/AC:H/Au:N/C:P/I:P/A:P/PL:U/EM:A", 5.1),
            ("AV:N/AC:L/Au:N/C:P/I:P/A:N/PL:ND/EM:A", 6.4),
            ("AV:L/AC:L/Au:N/C:N/I:P/A:N/PL:ND/EM:P", 2.1),
            ("AV:L/AC:L/Au:N/C:P/I:N/A:N/PL:ND/EM:A", 2.1),
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P/PL:ND/EM:P", 7.5),
            ("AV:L/AC:L/Au:N/C:P/I:P/A:P/PL:U/EM:A", 4.6),
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C/PL:A/EM:A", 10.0),
            ("AV:N/AC:L/Au:N/C:N/I:N/A:N/PL:ND/EM:P", 0.0),
        ] {
            assert_eq!(parse(vector).base(), base, "{vector}");
        }
    }

    #[test]
    fn temporal_and_environmental_scores() {
        let temporal = parse("AV:L/AC:L/Au:N/C:P/I:P/A:P/PL:U/EM:A/GEL:L/GRL:M");
        assert_eq!((temporal.base(), temporal.temporal()), (4.6, 3.7));
        let all = parse(
            "AV:L/AC:L/Au:N/C:P/I:P/A:P/PL:U/EM:A/GEL:L/GRL:M/LVP:L/PTV:L/LRL:L/EC:C/EI:C/EA:C/CDP:L/CR:M/IR:M/AR:L",
        );
        assert_eq!((all.base(), all.temporal(), all.environmental()), (4.6, 3.7, 6.1));
    }

    /// 729 base vectors: 76 distinct scores; 15 critical, 112 high, 441 medium, 134 low, 27 zero.
    #[test]
    fn the_spread_of_all_base_vectors() {
        let mut bands = [0; 5];
        let mut scores = std::collections::BTreeSet::new();
        let values = |name: &str| METRICS[index(name)].values.iter().map(|v| v.0).collect::<Vec<_>>();
        let (av, ac, au, c, i, a) = (values("AV"), values("AC"), values("Au"), values("C"), values("I"), values("A"));
        for n in 0..729 {
            let at = |divisor: usize| (n / divisor) % 3;
            let vector = parse(&format!(
                "AV:{}/AC:{}/Au:{}/C:{}/I:{}/A:{}/PL:ND/EM:A",
                av[at(1)],
                ac[at(3)],
                au[at(9)],
                c[at(27)],
                i[at(81)],
                a[at(243)]
            ));
            scores.insert((vector.base() * 10.0) as i64);
            let band = if vector.base() == 0.0 { 4 } else { 3 - vector.severity() as usize };
            bands[band] += 1;
        }
        assert_eq!(bands, [15, 112, 441, 134, 27]);
        assert_eq!(scores.len(), 76);
    }

    #[test]
    fn errors_name_the_fault() {
        for (vector, message) in [
            ("AV:N", "base metric AC is missing; a vector has AV AC Au C I A PL EM"),
            ("AV:X/AC:L", "unknown value \"X\" of AV, expected one of L, A, N"),
            ("AC:L/AV:N", "metric \"AV\" is repeated or out of order"),
            ("AU:N", "unknown metric \"AU\", did you mean \"Au\"?"),
            ("AV", "expected METRIC:VALUE, found \"AV\""),
        ] {
            assert_eq!(vector.parse::<Ccss>().unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_vector_prints_as_it_was_written() {
        let text = "AV:N/AC:L/Au:N/C:N/I:P/A:N/PL:ND/EM:P";
        assert_eq!(parse(text).to_string(), text);
    }
}
