//! What browsers are told not to do: headers of the storefront and of the sign-in page.

use axum::http::{HeaderName, header};

/// Nothing but the application's own files, no inline code or style, and no way to make code out of text. (`lit-html`
/// makes its templates under the one policy that is named.)
const CONTENT: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                       form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
                       require-trusted-types-for 'script'; trusted-types lit-html";

/// The headers.
pub(crate) const SITE: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];
