//! Idempotency: a repeated request has the same client's key and the same fingerprint of its content.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::Violation;

/// The client's `Idempotency-Key`: 1 to 128 of `A-Z a-z 0-9 . _ : -`.
///
/// The alphabet leaves out `#`, which separates the parts of a record's key, so that no two requests share a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key as the header has it.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        if text.is_empty() || text.len() > 128 {
            return Err(Violation::Length { min: 1, max: 128 });
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        if text.bytes().all(allowed) { Ok(Self(text.to_owned())) } else { Err(Violation::Malformed) }
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// 128 bits of SHA-256 over the parsed request: equal requests have equal fingerprints however they were spelled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// The fingerprint of a parsed request.
    ///
    /// # Panics
    /// Never: the requests are plain data with text keys.
    pub fn of(request: &impl Serialize) -> Self {
        #[allow(clippy::expect_used)]
        let canonical = serde_json::to_vec(request).expect("a parsed request is plain data");
        let mut bits = [0; 16];
        bits.copy_from_slice(&Sha256::digest(canonical)[..16]);
        Self(bits)
    }

    /// Its bytes, as they are stored.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({:032x})", u128::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_a_narrow_alphabet() {
        for good in ["a", "4f6c1a3e-8b0d-4f43-9e6e-1d2a3b4c5d6e", "cart:42.v1_x", &"k".repeat(128)] {
            assert_eq!(IdempotencyKey::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a#b", "키", "a/b", "\"a\"", &"k".repeat(129)] {
            assert!(IdempotencyKey::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_fingerprint_is_stable_across_releases() {
        // Records written by one release are compared by the next: this value must never change.
        let print = Fingerprint::of(&("deposit", 50_000));
        assert_eq!(format!("{print:?}"), "Fingerprint(d990f0b076d58907df220096fc92a3eb)");
        assert_ne!(print, Fingerprint::of(&("deposit", 50_001)));
    }
}
