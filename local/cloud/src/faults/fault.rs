//! The faults of a call.

use std::time::Duration;

/// A fault of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: it goes through.
    None,
    /// The service fails before it does anything: 500.
    InternalError,
    /// `ThrottlingException`.
    Throttled,
    /// `ProvisionedThroughputExceededException`.
    ThroughputExceeded,
    /// `TransactionInProgressException`: an earlier call with this token is still under way.
    InProgress,
    /// Somebody else is changing one of the items: the reason of a cancelled transaction, or the exception of a
    /// single write.
    Conflict,
    /// A transaction cancelled by a conflict, in which a condition is said to have failed too: on what another
    /// transaction was about to write and may never have written.
    ConflictAndCondition,
    /// A transaction cancelled because one of its items was throttled.
    CancelledByThrottling,
    /// A transaction cancelled because one of its items was over its provisioned throughput.
    CancelledByThroughput,
    /// The connection breaks before the call gets anywhere.
    Reset,
    /// The call goes through after a while.
    Delay(Duration),
    /// The call hangs without a reply.
    Hang,
    /// The call is on its way for longer than anybody waits: it arrives when [`super::Faults::deliver_late`] says so.
    Late,
    /// The call is done, and the connection breaks before the reply.
    ReplyDropped,
    /// The call is done, and its reply never comes.
    ReplyHung,
    /// The call arrives twice; the reply is the second one's.
    Twice,
    /// Only the first half of a batch is done; the reply names the rest.
    HalfBatch,
    /// A read that need not be consistent is answered as the same read was before.
    Stale,
}

impl Fault {
    /// The same, without the transaction's `ClientRequestToken`: as if it had been forgotten.
    pub fn without_token(self) -> Injection {
        Injection { fault: self, without_token: true }
    }

    /// Whether the caller gets no reply, nor the news that there is none.
    pub fn is_silent(self) -> bool {
        matches!(self, Self::Hang | Self::Late | Self::ReplyHung)
    }

    /// Whether the fault makes sense for an operation. Applied to another, it lets the call through.
    pub fn applies_to(self, operation: &str) -> bool {
        let transaction = operation == "TransactWriteItems";
        let batch = matches!(operation, "BatchWriteItem" | "BatchGetItem" | "SendMessageBatch" | "DeleteMessageBatch");
        let queue = operation.contains("Message");
        match self {
            Self::InProgress
            | Self::ConflictAndCondition
            | Self::CancelledByThrottling
            | Self::CancelledByThroughput => transaction,
            Self::Conflict => transaction || matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem"),
            Self::ThroughputExceeded => !queue,
            Self::HalfBatch => batch,
            Self::Stale => matches!(operation, "GetItem" | "BatchGetItem" | "Query" | "Scan"),
            _ => true,
        }
    }
}

/// A fault, and whether the call loses its token on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Injection {
    /// What happens.
    pub fault: Fault,
    /// Whether `ClientRequestToken` is stripped.
    pub without_token: bool,
}

impl From<Fault> for Injection {
    fn from(fault: Fault) -> Self {
        Self { fault, without_token: false }
    }
}
