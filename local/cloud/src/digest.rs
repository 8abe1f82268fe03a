//! SHA-256 in hexadecimal: what `sha256sum` prints.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// The digest of some bytes.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
