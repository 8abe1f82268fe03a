//! Metrics of retried transactions: conflicts show how hot items are, throttles whether the tables keep up.
//!
//! The SDK's own retries are not counted, only what fails after them.

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
    types::CancellationReason,
};
use metrics::counter;
use sijang_domain::metric::{CONFLICTS, Metric, RETRIES, THROTTLES};

/// Counts a transaction that is sent again.
pub(crate) fn record_retry() {
    counter!(RETRIES.name).increment(1);
}

/// Counts the cause of a transient failure.
pub(crate) fn record_cause(error: &SdkError<TransactWriteItemsError>) {
    if let Some(cause) = cause(error) {
        counter!(cause.name).increment(1);
    }
}

fn cause(error: &SdkError<TransactWriteItemsError>) -> Option<&'static Metric> {
    let error = error.as_service_error()?;
    let reasons = match error {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => cancelled.cancellation_reasons(),
        _ => &[],
    };
    reasons.iter().filter_map(CancellationReason::code).chain(error.code()).find_map(metric_of)
}

/// The metric of a cancellation reason or error code.
fn metric_of(code: &str) -> Option<&'static Metric> {
    match code {
        "TransactionConflict" | "TransactionConflictException" | "TransactionInProgressException" => Some(&CONFLICTS),
        "ThrottlingError"
        | "ThrottlingException"
        | "ProvisionedThroughputExceeded"
        | "RequestLimitExceeded"
        | "ProvisionedThroughputExceededException" => Some(&THROTTLES),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::{
        config::http::HttpResponse, error::ErrorMetadata, types::error::TransactionCanceledException,
    };

    use super::*;

    /// The metrics of a transaction that failed with this code, and of one that was cancelled for it.
    fn counted(code: &str) -> [Option<&'static str>; 2] {
        let response = || HttpResponse::new(400.try_into().unwrap(), "".into());
        let failed = TransactWriteItemsError::generic(ErrorMetadata::builder().code(code).build());
        let reason = |code: &str| CancellationReason::builder().code(code).build();
        let cancelled = TransactionCanceledException::builder().cancellation_reasons(reason("None"));
        let cancelled = cancelled.cancellation_reasons(reason(code)).build();
        [failed, TransactWriteItemsError::TransactionCanceledException(cancelled)]
            .map(|error| cause(&SdkError::service_error(error, response())).map(|metric| metric.name))
    }

    #[test]
    fn conflict_and_missing_capacity_are_told_apart() {
        for (code, expected) in [
            ("TransactionConflict", Some("Conflicts")),
            ("TransactionInProgressException", Some("Conflicts")),
            ("ThrottlingError", Some("Throttles")),
            ("ProvisionedThroughputExceeded", Some("Throttles")),
            ("InternalServerError", None),
            ("ConditionalCheckFailed", None),
        ] {
            assert_eq!(counted(code), [expected; 2], "{code}");
        }
    }
}
