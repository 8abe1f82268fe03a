//! A call of a service, as a proxy saw it.

use super::{Consumed, Fault};

/// A call that came to a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Counted over all calls, from one.
    pub number: usize,
    /// The name of the operation.
    pub operation: String,
    /// Counted over the calls of this operation, from one.
    pub nth: usize,
    /// What happened to it.
    pub fault: Fault,
    /// What it consumed, if that is measured.
    pub consumed: Consumed,
}
