//! How an operation fails. The one error of the system, without transport or AWS in it.

use thiserror::Error;

use crate::Rejection;

/// Why an operation did not succeed.
#[derive(Debug, Error)]
pub enum Error {
    /// A rule rejects the command. Nothing was written but the stored rejection of a keyed command.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// An earlier copy of the command, with the same idempotency key, was rejected.
    #[error("{rejection}")]
    ReplayedRejection {
        /// The stored rejection.
        rejection: Rejection,
        /// The request that was rejected first. Every copy names it, so that all answers are equal byte for byte.
        request_id: String,
    },
    /// The store did not answer in time or asks for patience. The outcome may be unknown: the same request, with the
    /// same idempotency key, can be sent again.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// Something that should not happen: a rejected call, or an item that cannot be read.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// Stored data that cannot be read as its type.
    pub fn corrupt(what: &str, why: impl std::fmt::Display) -> Self {
        Self::Internal(format!("unreadable {what}: {why}"))
    }
}
