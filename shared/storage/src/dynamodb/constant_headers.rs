//! Switches off headers that the SDK computes for each call and DynamoDB does not need.
//!
//! The `User-Agent` with the SDK's metrics is put together twice for a call. Invocation and attempt numbers are headers
//! for AWS's support. The clock of a Lambda function needs no correction. The SDK lets a caller disable interceptors
//! for a call.

use aws_runtime::{
    invocation_id::InvocationIdInterceptor, request_info::RequestInfoInterceptor,
    service_clock_skew::ServiceClockSkewInterceptor, user_agent::UserAgentInterceptor,
};
use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut},
    },
    error::BoxError,
};
use aws_smithy_runtime_api::client::interceptors::disable_interceptor;

const USER_AGENT: &str = concat!("sijang/", env!("CARGO_PKG_VERSION"));
const REASON: &str = "nobody reads it";

/// Sends a constant `User-Agent` and none of these headers.
#[derive(Debug)]
pub(crate) struct ConstantHeaders;

impl Intercept for ConstantHeaders {
    fn name(&self) -> &'static str {
        "ConstantHeaders"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let state = config.interceptor_state();
        state.store_put(disable_interceptor::<UserAgentInterceptor>(REASON));
        state.store_put(disable_interceptor::<InvocationIdInterceptor>(REASON));
        state.store_put(disable_interceptor::<RequestInfoInterceptor>(REASON));
        state.store_put(disable_interceptor::<ServiceClockSkewInterceptor>(REASON));
        Ok(())
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        context.request_mut().headers_mut().insert("user-agent", USER_AGENT);
        Ok(())
    }
}
