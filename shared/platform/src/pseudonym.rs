//! Customers in the data platform: a keyed pseudonym, from which nobody without the key finds the user id.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sijang_domain::UserId;

use crate::parquet_file::hexadecimal;

/// Bytes of the digest that are kept: no two of ten million customers share them.
const LENGTH: usize = 16;

/// The key of the pseudonyms. With another key, every customer has another pseudonym.
#[derive(Clone)]
pub struct PseudonymKey(Hmac<Sha256>);

impl PseudonymKey {
    /// A key of 32 characters or more.
    pub fn new(key: &str) -> Option<Self> {
        let long_enough = key.len() >= 32;
        long_enough.then(|| Hmac::new_from_slice(key.as_bytes()).ok().map(Self)).flatten()
    }

    /// The pseudonym of a customer: the first 16 bytes of HMAC-SHA-256 of the user id, in hexadecimal.
    pub fn pseudonym(&self, user: &UserId) -> String {
        let digest = self.0.clone().chain_update(user.as_str()).finalize().into_bytes();
        hexadecimal(&digest[..LENGTH])
    }
}

impl std::fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PseudonymKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(letter: &str) -> PseudonymKey {
        PseudonymKey::new(&letter.repeat(32)).unwrap()
    }

    #[test]
    fn a_pseudonym_depends_on_the_customer_and_on_the_key() {
        let [alice, bob] = ["alice", "bob"].map(|user| UserId::parse(user).unwrap());
        let pseudonym = key("a").pseudonym(&alice);
        assert_eq!(pseudonym, key("a").pseudonym(&alice));
        assert_ne!(pseudonym, key("a").pseudonym(&bob));
        assert_ne!(pseudonym, key("b").pseudonym(&alice));
        assert!(pseudonym.len() == 32 && !pseudonym.contains("alice"));
    }

    #[test]
    fn a_short_key_is_not_accepted() {
        assert!(PseudonymKey::new(&"a".repeat(31)).is_none() && PseudonymKey::new("").is_none());
    }
}
