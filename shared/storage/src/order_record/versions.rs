//! The product versions of an order's lines, as orders, events and facts store them.

use serde::{Deserialize, Serialize};
use sijang_domain::{Error, ProductVersion};

/// The version of each line, separated by commas. It is empty when all are the first: an order of 19 lines leaves two bytes
/// in its kilobyte, and the name and the entry of this attribute take them. What the first release wrote has no versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct LineVersions(String);

impl LineVersions {
    /// Nothing when a line has no version.
    pub(crate) fn of(versions: impl IntoIterator<Item = Option<ProductVersion>>) -> Option<Self> {
        let versions: Vec<ProductVersion> = versions.into_iter().collect::<Option<_>>()?;
        if versions.iter().all(ProductVersion::is_first) {
            return Some(Self(String::new()));
        }
        Some(Self(versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")))
    }

    /// The version of each of so many lines.
    pub(crate) fn each(stored: Option<Self>, lines: usize) -> Result<Vec<Option<ProductVersion>>, Error> {
        let Some(Self(text)) = stored else { return Ok(vec![None; lines]) };
        if text.is_empty() {
            return Ok(vec![Some(ProductVersion::FIRST); lines]);
        }
        let versions: Result<Vec<_>, _> = text.split(',').map(|version| version.parse().map(Some)).collect();
        let versions = versions.ok().filter(|versions| versions.len() == lines);
        versions.ok_or_else(|| Error::corrupt("order", "its versions are not those of its lines"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_read_back_and_first_ones_take_no_bytes() {
        let (first, second) = (ProductVersion::FIRST, ProductVersion::FIRST.next());
        for (versions, text) in [
            (vec![Some(first), Some(first)], Some("")),
            (vec![Some(first), Some(second)], Some("1,2")),
            (vec![None, None], None),
        ] {
            let stored = LineVersions::of(versions.clone());
            assert_eq!(stored.as_ref().map(|LineVersions(text)| text.as_str()), text);
            assert_eq!(LineVersions::each(stored, 2).unwrap(), versions);
        }
    }

    #[test]
    fn versions_of_other_lines_are_an_error() {
        for corrupt in ["1", "1,2,3", "1,0", "1,x", ","] {
            assert!(LineVersions::each(Some(LineVersions(corrupt.to_owned())), 2).is_err(), "{corrupt}");
        }
    }
}
