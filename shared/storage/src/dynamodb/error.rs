//! From the SDK's errors to the system's: possible later, or broken. Nothing of AWS gets out of here.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use sijang_domain::Error;

/// Error codes by which a service asks to be tried again later.
const TRANSIENT: &[&str] = &[
    "TransactionConflictException",
    "TransactionInProgressException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "ThrottlingError",
    "InternalServerError",
    "InternalServerErrorException",
    "InternalFailure",
    "ServiceUnavailable",
    "RequestTimeout",
];

/// Whether the call can be sent again as it is: no answer came, or one that asks for patience.
pub(crate) fn is_transient<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or_default();
            TRANSIENT.contains(&code) || service.raw().status().as_u16() >= 500
        }
        _ => false,
    }
}

/// The error for a failed call.
#[allow(clippy::needless_pass_by_value)] // the form that map_err takes
pub fn failed<E: ProvideErrorMetadata>(error: SdkError<E>) -> Error {
    if is_transient(&error) { Error::Busy(describe(&error)) } else { Error::Internal(describe(&error)) }
}

/// The outcome of a call, for the log.
pub(crate) fn describe<E: ProvideErrorMetadata>(error: &SdkError<E>) -> String {
    match error {
        SdkError::ServiceError(service) => {
            let (code, message) = (service.err().code(), service.err().message());
            format!("{}: {}", code.unwrap_or("unknown error"), message.unwrap_or_default())
        }
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(_) => "the call could not be sent".to_owned(),
        SdkError::ResponseError(_) => "the answer could not be read".to_owned(),
        _ => "the call could not be made".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::{config::http::HttpResponse, error::ErrorMetadata, operation::get_item::GetItemError};

    use super::*;

    type Failure = SdkError<GetItemError, HttpResponse>;

    fn response(status: u16) -> HttpResponse {
        HttpResponse::new(status.try_into().unwrap(), "".into())
    }

    fn answer(status: u16, code: &str) -> Failure {
        let error = ErrorMetadata::builder().code(code).message("because").build();
        SdkError::service_error(GetItemError::generic(error), response(status))
    }

    #[test]
    fn throttling_and_conflicts_are_busy_and_other_errors_failed() {
        let busy = [
            (answer(400, "ThrottlingException"), "ThrottlingException: because"),
            (answer(400, "ProvisionedThroughputExceededException"), "ProvisionedThroughputExceededException: because"),
            (answer(503, "NeverHeardOf"), "NeverHeardOf: because"),
            (answer(500, "InternalServerError"), "InternalServerError: because"),
            (SdkError::timeout_error("late"), "no answer in time"),
            (SdkError::response_error("cut off", response(200)), "the answer could not be read"),
        ];
        for (error, text) in busy {
            assert!(matches!(failed(error), Error::Busy(said) if said == text), "{text}");
        }
        let broken = [
            (answer(400, "ValidationException"), "ValidationException: because"),
            (answer(499, "ResourceNotFoundException"), "ResourceNotFoundException: because"),
            (SdkError::construction_failure("no key"), "the call could not be made"),
        ];
        for (error, text) in broken {
            assert!(matches!(failed(error), Error::Internal(said) if said == text), "{text}");
        }
    }
}
