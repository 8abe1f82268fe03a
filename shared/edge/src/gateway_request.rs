//! The parts of an API Gateway request, by name. Only this module reads them.

use lambda_http::{
    RequestExt,
    aws_lambda_events::apigw::ApiGatewayV2httpRequestContext,
    http::Method,
    lambda_runtime::Context,
    request::{LambdaRequest, RequestContext},
};
use sijang_domain::TraceId;

use crate::{Event, event::TRACE_HEADER};

/// A request as `lambda_http` has it.
#[derive(Debug)]
pub(crate) struct GatewayRequest(lambda_http::Request);

impl From<lambda_http::Request> for GatewayRequest {
    fn from(request: lambda_http::Request) -> Self {
        Self(request)
    }
}

impl From<Event> for GatewayRequest {
    fn from(event: Event) -> Self {
        Self(LambdaRequest::from(event).into())
    }
}

impl GatewayRequest {
    /// Lambda's context of the invocation. Only a request that came by Lambda has it.
    pub(crate) fn lambda_context(&self) -> Option<&Context> {
        self.0.lambda_context_ref()
    }

    fn context(&self) -> Option<&ApiGatewayV2httpRequestContext> {
        match self.0.request_context_ref()? {
            RequestContext::ApiGatewayV2(context) => Some(context),
            // No other form is deserialized.
            _ => None,
        }
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        self.context()?.request_id.as_deref()
    }

    /// The route that was taken, as the template writes it: `GET /v1/orders/{order_id}`.
    pub(crate) fn route(&self) -> Option<&str> {
        self.context()?.route_key.as_deref()
    }

    pub(crate) fn is_head(&self) -> bool {
        self.0.method() == Method::HEAD
    }

    /// Whether it is a GET or a HEAD.
    pub(crate) fn is_read(&self) -> bool {
        self.is_head() || self.0.method() == Method::GET
    }

    /// The trace that API Gateway or the client began, or else the one of the invocation.
    pub(crate) fn trace(&self) -> Option<TraceId> {
        self.header(TRACE_HEADER).and_then(TraceId::of_header)
    }

    /// The value of a header. API Gateway joins the values of a header that was sent twice with a comma.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        // Not `to_str`, which takes ASCII only: a value that a client chose is there, whatever it is.
        str::from_utf8(self.0.headers().get(name)?.as_bytes()).ok()
    }

    pub(crate) fn path_parameter(&self, name: &str) -> Option<&str> {
        self.0.path_parameters_ref()?.first(name)
    }

    /// The decoded values of a query parameter, in their order.
    pub(crate) fn parameters(&self, name: &str) -> Vec<&str> {
        self.0.query_string_parameters_ref().and_then(|query| query.all(name)).unwrap_or_default()
    }

    /// The decoded names of the query parameters, in no order; a name as often as it has values.
    pub(crate) fn parameter_names(&self) -> impl Iterator<Item = &str> {
        self.0.query_string_parameters_ref().into_iter().flat_map(|query| query.iter().map(|(name, _)| name))
    }

    /// A claim of the token that the gateway's authorizer has verified. Nothing else in a request says who asks.
    pub(crate) fn claim(&self, name: &str) -> Option<&str> {
        self.context()?.authorizer.as_ref()?.jwt.as_ref()?.claims.get(name).map(String::as_str)
    }

    /// The bytes of the body, decoded from base64 where they came so.
    pub(crate) fn body(&self) -> &[u8] {
        self.0.body()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request(event: Value) -> GatewayRequest {
        GatewayRequest::from(serde_json::from_value::<Event>(event).unwrap())
    }

    #[test]
    fn a_header_is_found_by_its_name_in_any_case_and_has_any_value() {
        let request = request(json!({"headers": {"X-Odd": "a가", "x-plain": "b"},
            "requestContext": {"http": {"method": "GET"}}}));
        assert_eq!((request.header("x-odd"), request.header("x-plain")), (Some("a가"), Some("b")));
        assert_eq!(request.header("x-absent"), None);
    }

    #[test]
    fn nothing_is_there_where_the_event_leaves_it_out() {
        let request = request(json!({}));
        assert_eq!((request.request_id(), request.route(), request.claim("sub")), (None, None, None));
        assert_eq!((request.trace(), request.path_parameter("id")), (None, None));
        assert_eq!((request.parameter_names().count(), request.body()), (0, &b""[..]));
    }

    #[test]
    fn a_claim_is_taken_from_the_token_and_from_nothing_else() {
        let request = request(json!({
            "headers": {"sub": "intruder"},
            "requestContext": {
                "http": {"method": "GET"},
                "authorizer": {"lambda": {"sub": "intruder"}, "iam": {"userId": "intruder"}},
            },
        }));
        assert_eq!(request.claim("sub"), None);
    }
}
