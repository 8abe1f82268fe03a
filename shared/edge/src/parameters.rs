//! The parameters that many routes share, as the OpenAPI document describes them. [`crate::Request`] reads them.

use utoipa::IntoParams;

/// `Idempotency-Key` where it must be sent.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKeyHeader {
    /// A key of your own for each new request, and the same key when you repeat it: the repetition changes nothing and
    /// gets the first one's answer, byte for byte, with the header `Idempotent-Replayed: true`. A key in double quotes is
    /// the same key without them.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 128, pattern = "^[A-Za-z0-9._:-]{1,128}$")]
    pub key: String,
}

/// `Idempotency-Key` where it may be sent.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct OptionalIdempotencyKeyHeader {
    /// A repeated request with the same key gets the first one's answer, with the header `Idempotent-Replayed: true`.
    /// Nothing is done twice without it, either.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 128, pattern = "^[A-Za-z0-9._:-]{1,128}$")]
    #[param(example = "4f6c1a3e-8b0d-4f43-9e6e-1d2a3b4c5d6e")]
    pub key: Option<String>,
}

/// Which page of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// How many elements at most.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<u8>,
    /// `next_cursor` of the page before; without it, the first page.
    #[param(min_length = 24, max_length = 1024, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: Option<String>,
}

/// A conditional read.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct ConditionalHeader {
    /// `ETag` of the answer that you have: when it still holds, the answer is 304 without a body.
    #[param(rename = "If-None-Match")]
    pub tag: Option<String>,
}
