//! Violations of one field of a request.
//!
//! Parsing collects every violation before it gives up, so that a caller learns all of them in one answer. A violation
//! never carries the offending value: input is not echoed.

use std::fmt;

/// Why a field was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Violation {
    /// The field is required and is not there.
    Missing,
    /// The field is not known here.
    Unknown,
    /// The route has no query parameter of this name.
    UnknownParameter,
    /// The field is given more than once.
    Repeated,
    /// The value has the wrong type or form.
    Malformed,
    /// The number is outside its range, both ends included.
    OutOfRange {
        /// The smallest value accepted.
        min: i64,
        /// The largest value accepted.
        max: i64,
    },
    /// The text or list is empty or longer than allowed.
    Length {
        /// The fewest characters or elements accepted.
        min: usize,
        /// The most characters or elements accepted.
        max: usize,
    },
    /// The text has control, format or line separator characters.
    ForbiddenCharacter,
    /// The lines of one product quote different prices.
    ConflictingQuotes,
    /// The value must come after another one.
    NotAfter,
    /// The day comes after tomorrow.
    AfterTomorrow,
    /// The range of days is longer than is read at once.
    TooManyDays {
        /// The most days accepted, both ends included.
        max: i32,
    },
    /// The list has no order of this name.
    UnknownSort,
    /// At least one field must be given.
    NothingGiven,
}

/// One violation and where it is: a JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where the violation is.
    pub pointer: String,
    /// The kind of violation.
    pub violation: Violation,
}

impl FieldError {
    /// A violation at `pointer`.
    pub fn new(pointer: impl Into<String>, violation: Violation) -> Self {
        Self { pointer: pointer.into(), violation }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.pointer, self.violation)
    }
}

/// Collects the violations of one request while its fields are parsed.
#[derive(Debug, Default)]
pub struct Fields {
    errors: Vec<FieldError>,
}

impl Fields {
    /// Keeps the value, or notes the violation at `pointer` and keeps nothing.
    pub fn check<T>(&mut self, pointer: impl Into<String>, value: Result<T, Violation>) -> Option<T> {
        value.map_err(|violation| self.note(pointer, violation)).ok()
    }

    /// Notes a violation.
    pub fn note(&mut self, pointer: impl Into<String>, violation: Violation) {
        self.errors.push(FieldError::new(pointer, violation));
    }

    /// The parsed whole, if nothing was violated and every part is there.
    pub fn finish<T>(self, whole: Option<T>) -> Result<T, Vec<FieldError>> {
        match whole {
            Some(whole) if self.errors.is_empty() => Ok(whole),
            _ => {
                debug_assert!(!self.errors.is_empty(), "a part is missing without a violation");
                Err(self.errors)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_told_at_once_and_nothing_is_made_of_it() {
        let mut fields = Fields::default();
        assert_eq!(fields.check("/a", Ok(1)), Some(1));
        assert_eq!(fields.check::<u8>("/b", Err(Violation::Missing)), None);
        fields.note("/c", Violation::Unknown);
        let told = [FieldError::new("/b", Violation::Missing), FieldError::new("/c", Violation::Unknown)];
        assert_eq!(told[0].to_string(), "/b: Missing");
        assert_eq!(fields.finish(Some(1)), Err(told.to_vec()), "a whole with a fault in it");
        assert_eq!(Fields::default().finish(Some(1)), Ok(1));
    }
}
