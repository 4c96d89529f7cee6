//! Three-valued logic of Kleene: nothing unknown ever becomes true or false by itself.

/// The truth of a predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Truth {
    /// Holds.
    True,
    /// Does not hold.
    False,
    /// Cannot be decided from what was read.
    Unknown,
}

impl Truth {
    /// False if any is false, else unknown if any is unknown, else true.
    pub fn all(truths: impl IntoIterator<Item = Truth>) -> Truth {
        let mut all = Truth::True;
        for truth in truths {
            match truth {
                Truth::False => return Truth::False,
                Truth::Unknown => all = Truth::Unknown,
                Truth::True => {}
            }
        }
        all
    }

    /// True if any is true, else unknown if any is unknown, else false.
    pub fn any(truths: impl IntoIterator<Item = Truth>) -> Truth {
        !Truth::all(truths.into_iter().map(|truth| !truth))
    }
}

impl std::ops::Not for Truth {
    type Output = Truth;

    fn not(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Truth {
        if holds { Truth::True } else { Truth::False }
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{self, False, True, Unknown};

    #[test]
    fn one_proven_violation_decides() {
        assert_eq!(Truth::all([True, Unknown, False]), False);
        assert_eq!(Truth::all([True, Unknown]), Unknown);
        assert_eq!(Truth::all([]), True);
        assert_eq!(Truth::any([False, Unknown, True]), True);
        assert_eq!(Truth::any([False, Unknown]), Unknown);
        assert_eq!(Truth::any([]), False);
        assert_eq!(!Unknown, Unknown);
    }
}
