//! The operators: one table. The compiler, the JSON Schema for editors, the reference page and the tests of every
//! operator's example are made from it.

mod decide;

use regex::Regex;

use super::domain::DOMAIN;
use super::{Truth, Value};
use decide::{
    age, between, compare, contains, contains_all, contains_any, equals, has_type, is_empty, is_in, is_true, matches,
    mode_within, subset_of, text_test,
};

/// An operator: what it is called, what it takes, what it means.
#[derive(Debug)]
pub struct Operator {
    /// Name in rule files.
    pub name: &'static str,
    /// What may stand as its operand.
    pub takes: Takes,
    /// Truth when the value is absent or null, unless the rule says `unset`; the opposite where the operand is `false`.
    pub absent: Truth,
    /// Begins the words that evidence shows for what was expected.
    pub words: &'static str,
    /// What it means, for the reference.
    pub doc: &'static str,
    /// Operand, a value for which it holds, a value for which it does not; all JSON. Every row is tested.
    pub example: (&'static str, &'static str, &'static str),
    /// Decides on a value that is there and known.
    pub test: fn(&Value, &Operand, Modifiers) -> Truth,
    /// The kind of value that it can decide on, for the message when it cannot.
    pub wants: &'static str,
}

/// What an operator takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Text, number or boolean.
    Scalar,
    /// A list of such.
    Scalars,
    /// A number.
    Number,
    /// Two numbers.
    Range,
    /// A regular expression.
    Pattern,
    /// true or false.
    Flag,
    /// A file mode in octal.
    Mode,
    /// A duration.
    Duration,
    /// Text.
    Text,
    /// One of the names of value types.
    TypeName,
}

impl Takes {
    /// Whether upper and lower case may count in it.
    pub fn has_case(self) -> bool {
        matches!(self, Takes::Scalar | Takes::Scalars | Takes::Pattern | Takes::Text)
    }
}

/// A compiled operand.
#[derive(Debug, Clone)]
pub enum Operand {
    /// One value with its spelling.
    Scalar(Spelled),
    /// Several.
    Scalars(Vec<Spelled>),
    /// A number, or seconds.
    Number(f64),
    /// Two of them.
    Range(f64, f64),
    /// A regular expression.
    Pattern(Regex),
    /// true or false.
    Flag(bool),
    /// Permission bits.
    Mode(u32),
}

/// A scalar operand: compared by its spelling, and as a number where it is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Spelled {
    /// As text.
    pub text: String,
    /// As a number, only if it was written as one.
    pub number: Option<f64>,
}

/// Modifiers beside operators.
#[derive(Debug, Clone, Copy)]
pub struct Modifiers {
    /// Upper and lower case are the same.
    pub ignore_case: bool,
    /// The moment that ages are judged against.
    pub now: jiff::Timestamp,
}

/// Names of value types, for the operator `type`.
pub const TYPE_NAMES: [&str; 5] = ["text", "number", "boolean", "list", "map"];

/// Every operator that decides by itself. Operators that hold further conditions (`any`, `all`, `none`, `count`, `length`,
/// `version`, `duration`, `quantity`) are in [`NESTED`].
pub static OPERATORS: &[Operator] = &[
    Operator {
        name: "equals",
        takes: Takes::Scalar,
        absent: Truth::False,
        words: "",
        wants: "text, a number or a boolean",
        doc: "The same text, number or boolean. The spelling of a number or boolean as text is the same.",
        example: ("false", r#""false""#, "true"),
        test: equals,
    },
    Operator {
        name: "not_equals",
        takes: Takes::Scalar,
        absent: Truth::True,
        words: "not ",
        wants: "text, a number or a boolean",
        doc: "Anything else. `not: x` is the short form.",
        example: ("true", "false", r#""true""#),
        test: |v, o, m| !equals(v, o, m),
    },
    Operator {
        name: "in",
        takes: Takes::Scalars,
        absent: Truth::False,
        words: "one of ",
        wants: "text, a number or a boolean",
        doc: "One of the listed values. A plain list is the short form.",
        example: (r#"["a", 1]"#, r#""1""#, r#""b""#),
        test: is_in,
    },
    Operator {
        name: "not_in",
        takes: Takes::Scalars,
        absent: Truth::True,
        words: "none of ",
        wants: "text, a number or a boolean",
        doc: "None of the listed values.",
        example: (r#"["a", "b"]"#, r#""c""#, r#""a""#),
        test: |v, o, m| !is_in(v, o, m),
    },
    Operator {
        name: "gt",
        takes: Takes::Number,
        absent: Truth::False,
        words: "more than ",
        wants: "a number",
        doc: "Greater than the number.",
        example: ("0", "1", "0"),
        test: |v, o, _| compare(v, o, |a, b| a > b),
    },
    Operator {
        name: "gte",
        takes: Takes::Number,
        absent: Truth::False,
        words: "at least ",
        wants: "a number",
        doc: "Greater than or equal to the number.",
        example: ("30", r#""30""#, "29"),
        test: |v, o, _| compare(v, o, |a, b| a >= b),
    },
    Operator {
        name: "lt",
        takes: Takes::Number,
        absent: Truth::False,
        words: "less than ",
        wants: "a number",
        doc: "Less than the number.",
        example: ("5", "4", "5"),
        test: |v, o, _| compare(v, o, |a, b| a < b),
    },
    Operator {
        name: "lte",
        takes: Takes::Number,
        absent: Truth::False,
        words: "at most ",
        wants: "a number",
        doc: "Less than or equal to the number.",
        example: ("5", "5", "6"),
        test: |v, o, _| compare(v, o, |a, b| a <= b),
    },
    Operator {
        name: "between",
        takes: Takes::Range,
        absent: Truth::False,
        words: "between ",
        wants: "a number",
        doc: "From the first to the second number, both included.",
        example: ("[1, 5]", "5", "6"),
        test: between,
    },
    Operator {
        name: "matches",
        takes: Takes::Pattern,
        absent: Truth::False,
        words: "text that matches ",
        wants: "text",
        doc: "The regular expression is found in the text; anchor it with `^` and `$` where the whole text is meant.",
        example: (r#""^v[0-9]+$""#, r#""v12""#, r#""v12a""#),
        test: matches,
    },
    Operator {
        name: "starts_with",
        takes: Takes::Text,
        absent: Truth::False,
        words: "text that starts with ",
        wants: "text",
        doc: "The text begins so.",
        example: (r#""sha256:""#, r#""sha256:ab""#, r#""md5:ab""#),
        test: |v, o, m| text_test(v, o, m, |text, own| text.starts_with(own)),
    },
    Operator {
        name: "ends_with",
        takes: Takes::Text,
        absent: Truth::False,
        words: "text that ends with ",
        wants: "text",
        doc: "The text ends so.",
        example: (r#"".crt""#, r#""ca.crt""#, r#""ca.key""#),
        test: |v, o, m| text_test(v, o, m, |text, own| text.ends_with(own)),
    },
    Operator {
        name: "contains",
        takes: Takes::Scalar,
        absent: Truth::False,
        words: "contains ",
        wants: "a list, a map or text",
        doc: "An element of the list, a key of the map, or a part of the text.",
        example: (r#""ALL""#, r#"["ALL"]"#, r#"["NET_RAW"]"#),
        test: contains,
    },
    Operator {
        name: "contains_any",
        takes: Takes::Scalars,
        absent: Truth::False,
        words: "contains one of ",
        wants: "a list, a map or text",
        doc: "At least one of them is contained.",
        example: (r#"["ALL", "NET_RAW"]"#, r#"["NET_RAW"]"#, r#"["CHOWN"]"#),
        test: contains_any,
    },
    Operator {
        name: "contains_all",
        takes: Takes::Scalars,
        absent: Truth::False,
        words: "contains all of ",
        wants: "a list, a map or text",
        doc: "Every one of them is contained.",
        example: (r#"["Node", "RBAC"]"#, r#"["RBAC", "Node"]"#, r#"["RBAC"]"#),
        test: contains_all,
    },
    Operator {
        name: "lacks",
        takes: Takes::Scalar,
        absent: Truth::True,
        words: "without ",
        wants: "a list, a map or text",
        doc: "The opposite of `contains`.",
        example: (r#""AlwaysAllow""#, r#"["RBAC"]"#, r#"["AlwaysAllow"]"#),
        test: |v, o, m| !contains(v, o, m),
    },
    Operator {
        name: "lacks_any",
        takes: Takes::Scalars,
        absent: Truth::True,
        words: "without any of ",
        wants: "a list, a map or text",
        doc: "None of them is contained.",
        example: (r#"["ALL", "NET_RAW"]"#, r#"["CHOWN"]"#, r#"["ALL"]"#),
        test: |v, o, m| !contains_any(v, o, m),
    },
    Operator {
        name: "subset_of",
        takes: Takes::Scalars,
        absent: Truth::True,
        words: "only of ",
        wants: "a list",
        doc: "Every element of the list is one of these.",
        example: (r#"["a", "b"]"#, r#"["b"]"#, r#"["b", "c"]"#),
        test: subset_of,
    },
    Operator {
        name: "exists",
        takes: Takes::Flag,
        absent: Truth::False,
        words: "set",
        wants: "a value",
        doc: "Whether there is a value other than null.",
        example: ("true", "0", "null"),
        test: |_, o, _| Truth::from(is_true(o)),
    },
    Operator {
        name: "empty",
        takes: Takes::Flag,
        absent: Truth::True,
        words: "empty",
        wants: "a value",
        doc: "Whether it is absent, null, empty text, an empty list or an empty map.",
        example: ("false", "[1]", "[]"),
        test: |v, o, _| if is_true(o) { is_empty(v) } else { !is_empty(v) },
    },
    Operator {
        name: "type",
        takes: Takes::TypeName,
        absent: Truth::False,
        words: "of type ",
        wants: "a value",
        doc: "The value is of this type: text, number, boolean, list or map.",
        example: (r#""list""#, "[]", r#""a""#),
        test: has_type,
    },
    Operator {
        name: "mode_within",
        takes: Takes::Mode,
        absent: Truth::False,
        words: "mode within ",
        wants: "a file mode",
        doc: "A file mode without any bit outside of this one: 0400 is within 0600, 0477 is not.",
        example: (r#""0600""#, r#""0400""#, r#""0477""#),
        test: mode_within,
    },
    Operator {
        name: "older_than",
        takes: Takes::Duration,
        absent: Truth::False,
        words: "older than ",
        wants: "a date",
        doc: "A date (RFC 3339, or seconds since 1970 as a number) that lies further back than this, at the time of the scan.",
        example: (r#""90d""#, r#""2000-01-01T00:00:00Z""#, r#""2100-01-01T00:00:00Z""#),
        test: |v, o, m| age(v, o, m, |age, limit| age > limit),
    },
    Operator {
        name: "newer_than",
        takes: Takes::Duration,
        absent: Truth::False,
        words: "newer than ",
        wants: "a date",
        doc: "A date (RFC 3339, or seconds since 1970 as a number) that lies back no further than this, at the time of the scan.",
        example: (r#""90d""#, r#""2100-01-01T00:00:00Z""#, r#""2000-01-01T00:00:00Z""#),
        test: |v, o, m| age(v, o, m, |age, limit| age <= limit),
    },
    Operator {
        name: "expires_within",
        takes: Takes::Duration,
        absent: Truth::False,
        words: "expires within ",
        wants: "a date",
        doc: "A date (as for `older_than`) that is over, or no further ahead than this, at the time of the scan.",
        example: (r#""30d""#, r#""2000-01-01T00:00:00Z""#, r#""2100-01-01T00:00:00Z""#),
        test: |v, o, m| age(v, o, m, |age, limit| -age <= limit),
    },
];

/// An operator that holds further conditions: name and meaning.
pub static NESTED: &[(&str, &str)] = &[
    ("not", "The condition (or value, or list of values) does not hold."),
    (
        "any",
        "At least one element of the list or map holds; an operator map is a condition on the element, other keys are paths in it.",
    ),
    ("all", "Every element holds. Holds for no elements."),
    ("none", "No element holds."),
    ("count", "How many elements hold: `{gte: 2, where: ...}`."),
    ("length", "Numeric comparisons on the number of elements, entries or characters: `{gte: 1}`."),
    ("version", "Comparisons as versions: `{gte: \"1.29\"}`."),
    ("duration", "Comparisons as durations: `{lte: 5m}`."),
    ("quantity", "Comparisons as resource quantities: `{gte: 2Gi}`."),
];

/// Words beside operators that change how they decide.
pub static MODIFIERS: &[(&str, &str)] = &[
    ("ignore_case", "Upper and lower case are the same."),
    ("unset", "The truth when the value is absent or null: true, false or unknown."),
];

/// The operator `name`.
pub fn operator(name: &str) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.name == name)
}

/// Every word that may stand in an operator map.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    let plain = OPERATORS.iter().map(|o| o.name).chain(NESTED.iter().map(|n| n.0));
    plain.chain(DOMAIN.iter().map(|d| d.name)).chain(MODIFIERS.iter().map(|m| m.0))
}
