//! Text that people read: names and descriptions, bounded and free of control characters.

use serde::{Deserialize, Serialize};

use crate::Violation;

/// The limits hold for the text as it came, so that the contract can say them without speaking of trimming.
fn checked(text: &str, min: usize, max: usize) -> Result<String, Violation> {
    let trimmed = text.trim();
    if trimmed.chars().count() < min || text.chars().count() > max {
        return Err(Violation::Length { min, max });
    }
    if text.chars().any(char::is_control) {
        return Err(Violation::ControlCharacter);
    }
    Ok(trimmed.to_owned())
}

/// The name of a product or campaign: 1 to 100 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// The most characters of a name.
    pub const MAX_LENGTH: usize = 100;

    /// A name, trimmed.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        checked(text, 1, Self::MAX_LENGTH).map(Self)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form by which names are listed and searched: lower case.
    pub fn sort_key(&self) -> String {
        self.0.to_lowercase()
    }
}

/// A description: up to 1,000 characters, on one line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Description(String);

impl Description {
    /// The most characters of a description.
    pub const MAX_LENGTH: usize = 1000;

    /// A description, trimmed.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        checked(text, 0, Self::MAX_LENGTH).map(Self)
    }

    /// The description.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_bounded_and_printable() {
        assert_eq!(Name::parse(" 제주 감귤 ").unwrap().as_str(), "제주 감귤");
        assert_eq!(Name::parse("Jeju 감귤").unwrap().sort_key(), "jeju 감귤");
        assert!(Name::parse(&"가".repeat(100)).is_ok());
        assert_eq!(Name::parse("  "), Err(Violation::Length { min: 1, max: 100 }));
        assert_eq!(Name::parse(&"가".repeat(101)), Err(Violation::Length { min: 1, max: 100 }));
        assert_eq!(Name::parse("a\u{0}b"), Err(Violation::ControlCharacter));
        assert_eq!(Name::parse("a\n"), Err(Violation::ControlCharacter));
        assert_eq!(Name::parse(&format!("a{}", " ".repeat(100))), Err(Violation::Length { min: 1, max: 100 }));
        assert_eq!(Description::parse(""), Ok(Description::default()));
        assert_eq!(Description::parse(" sweet ").unwrap().as_str(), "sweet");
        assert!(Description::parse(&"a".repeat(1001)).is_err());
    }
}
