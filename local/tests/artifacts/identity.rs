//! Every function checks the identity itself, whatever the gateway has let through.

use serde_json::{Value, json};
use sijang_fuzz::checked;

/// `(function, scope)` of every operation that is not public.
fn closed() -> Vec<(String, String)> {
    let document = sijang_functions::openapi::document();
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(_, path)| path.as_object().into_iter().flatten().map(|(_, operation)| operation));
    let of = |operation: &Value| {
        let scope = operation["security"][0]["token"][0].as_str()?;
        Some((operation["operationId"].as_str()?.to_owned(), scope.to_owned()))
    };
    operations.filter_map(of).collect()
}

fn answered(function: &str, authorizer: &Value) -> (u16, Value) {
    let event = json!({
        "headers": {"authorization": "Bearer a.b.c", "x-user": "intruder", "content-type": "application/json"},
        "requestContext": {"authorizer": authorizer},
    });
    #[allow(clippy::expect_used)]
    checked(function, serde_json::from_value(event).expect("an event"))
}

#[test]
fn non_public_function_needs_a_subject_and_the_route_s_scope() {
    let closed = closed();
    assert!(closed.len() >= 14, "{closed:?}");
    for (function, scope) in &closed {
        let other = if scope == "shop/admin" { "shop/customer" } else { "shop/admin" };
        let jwt = |claims: Value| json!({"jwt": {"claims": claims}});
        for (authorizer, expected) in [
            (Value::Null, (401, "unauthenticated")),
            (jwt(json!({"scope": scope})), (401, "unauthenticated")),
            (json!({"lambda": {"sub": "intruder", "scope": scope}}), (401, "unauthenticated")),
            (jwt(json!({"sub": "intruder", "scope": other})), (403, "forbidden")),
            (jwt(json!({"sub": "intruder"})), (403, "forbidden")),
        ] {
            let (status, problem) = answered(function, &authorizer);
            assert_eq!((status, problem["code"].as_str()), (expected.0, Some(expected.1)), "{function}: {authorizer}");
        }
        let (status, _) = answered(function, &jwt(json!({"sub": "somebody", "scope": scope})));
        assert!(![401, 403].contains(&status), "{function}: {status}");
    }
}
