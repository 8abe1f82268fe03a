//! Metrics of retried writes: conflicts show how hot items are, throttles whether the tables keep up.
//!
//! The SDK's own retries are not counted, only what fails after them.

use metrics::counter;
use sijang_domain::metric::{CONFLICTS, Metric, RETRIES, THROTTLES};

/// Counts a write that is sent again.
pub(crate) fn record_retry() {
    counter!(RETRIES.name).increment(1);
}

/// Counts the cause of a transient failure: the first of these codes that has a metric.
pub(crate) fn record_cause<'a>(codes: impl IntoIterator<Item = &'a str>) {
    if let Some(cause) = codes.into_iter().find_map(metric_of) {
        counter!(cause.name).increment(1);
    }
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
    use super::*;

    #[test]
    fn conflict_and_missing_capacity_are_told_apart() {
        for (code, expected) in [
            ("TransactionConflict", Some("Conflicts")),
            ("TransactionConflictException", Some("Conflicts")),
            ("TransactionInProgressException", Some("Conflicts")),
            ("ThrottlingError", Some("Throttles")),
            ("ProvisionedThroughputExceeded", Some("Throttles")),
            ("InternalServerError", None),
            ("ConditionalCheckFailed", None),
        ] {
            assert_eq!(metric_of(code).map(|metric| metric.name), expected, "{code}");
        }
    }
}
