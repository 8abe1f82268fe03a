//! How an operation fails. The one error of the system, without transport or AWS in it.

use thiserror::Error;

use crate::Refusal;

/// Why an operation did not succeed.
#[derive(Debug, Error)]
pub enum Error {
    /// A rule refuses the command: definite, nothing was written.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store did not answer in time or asks for patience. The outcome may be unknown: the same request, with the
    /// same idempotency key, can be sent again.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// Something that should not happen: a rejected call, or an item that cannot be read.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Stored data that does not read as what it should be.
    pub fn corrupt(what: &str, why: impl std::fmt::Display) -> Self {
        Self::Internal(format!("unreadable {what}: {why}"))
    }
}
