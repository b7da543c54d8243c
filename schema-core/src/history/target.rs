//! Where `upgrade` and `downgrade` are asked to go.
//!
//! Only the spelling is read here; whether the revision exists is for the route to say.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

/// A place in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// `head`, `heads`: everything.
    Heads,
    /// `base`: nothing.
    Base,
    /// `+2`: so many more.
    Plus(usize),
    /// `-1`: so many fewer.
    Minus(usize),
    /// An id, the start of one, or a part of one.
    Revision(String),
}

/// Why a text is no target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// No text.
    Empty,
    /// `+` or `-` and no number.
    Number(String),
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TargetError::Empty => f.write_str("the target is empty; name a revision, `head`, `base`, `+1` or `-1`"),
            TargetError::Number(text) => write!(f, "`{text}` has no number of revisions; write `+1` or `-1`"),
        }
    }
}

impl std::error::Error for TargetError {}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Target, TargetError> {
        let number = |digits: &str| {
            let digits_only = Some(digits).filter(|digits| digits.bytes().all(|c| c.is_ascii_digit())).unwrap_or("");
            digits_only.parse().map_err(|_: ParseIntError| TargetError::Number(text.to_owned()))
        };
        match text {
            "" => Err(TargetError::Empty),
            "head" | "heads" => Ok(Target::Heads),
            "base" => Ok(Target::Base),
            _ => match (text.strip_prefix('+'), text.strip_prefix('-')) {
                (Some(digits), _) => number(digits).map(Target::Plus),
                (_, Some(digits)) => number(digits).map(Target::Minus),
                _ => Ok(Target::Revision(text.to_owned())),
            },
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Heads => f.write_str("head"),
            Target::Base => f.write_str("base"),
            Target::Plus(count) => write!(f, "+{count}"),
            Target::Minus(count) => write!(f, "-{count}"),
            Target::Revision(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_shown() {
        for (text, target) in [
            ("head", Target::Heads),
            ("base", Target::Base),
            ("+2", Target::Plus(2)),
            ("-1", Target::Minus(1)),
            ("add_bio", Target::Revision("add_bio".into())),
        ] {
            assert_eq!(text.parse(), Ok(target.clone()));
            assert_eq!(target.to_string(), text);
        }
        for text in ["+", "-x", "--1", "+-1", "+99999999999999999999999"] {
            assert_eq!(text.parse::<Target>(), Err(TargetError::Number(text.into())));
        }
        assert_eq!("".parse::<Target>(), Err(TargetError::Empty));
    }
}
