//! Repeated measurements: the middle, and how far they scatter.

use std::fmt;

/// Measurements of one thing.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    pub fn add(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    /// The one in the middle, or nothing when there are none.
    pub fn median(&self) -> f64 {
        self.at(0.5)
    }

    fn at(&self, part: f64) -> f64 {
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let position = (self.0.len().saturating_sub(1) as f64 * part).round() as usize;
        self.0.get(position).copied().unwrap_or_default()
    }
}

/// The median, and in brackets the quartiles.
impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        write!(f, "{:.digits$} ({:.digits$}..{:.digits$})", self.median(), self.at(0.25), self.at(0.75))
    }
}
