//! Signing in at the local issuer as at any other (`OAuth` 2.0 authorization code with PKCE, RFC 7636): a page to
//! choose a customer on, and a token for the code that it gives out. On AWS the hosted pages of the user pool do this.

mod grants;
mod page;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use reqwest::Url;
use serde_json::json;

use self::grants::{Grant, Grants};
use crate::{
    issuer::{ADMIN, AUDIENCE, AUTHORIZE_PATH, CUSTOMER, Issuer, TOKEN_LIFE, TOKEN_PATH},
    security_headers::SITE,
};

/// The members of staff; every other name is a customer.
const ADMINISTRATOR: &str = "admin";

struct SignIn {
    issuer: Arc<Issuer>,
    /// The storefront: the only place that a code is sent to.
    storefront: String,
    grants: Grants,
}

/// The issuer's pages below `prefix`. Codes go to the front page of `origin` and nowhere else.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(issuer: Arc<Issuer>, origin: &str, prefix: &str) -> Router<S> {
    let sign_in = SignIn { issuer, storefront: format!("{origin}/"), grants: Grants::default() };
    Router::new()
        .route(&format!("{prefix}{AUTHORIZE_PATH}"), get(choose).post(chosen))
        .route(&format!("{prefix}{TOKEN_PATH}"), post(token))
        .with_state(Arc::new(sign_in))
}

/// A valid request to sign in. Its texts are such that they can stand in a page as they are.
struct Request {
    state: String,
    challenge: String,
    scopes: &'static [&'static str],
    korean: bool,
}

impl Request {
    fn is_for_staff(&self) -> bool {
        self.scopes.contains(&ADMIN)
    }
}

impl SignIn {
    fn request(&self, fields: &HashMap<String, String>) -> Result<Request, &'static str> {
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let known = [
            ("response_type", "code"),
            ("client_id", AUDIENCE),
            ("code_challenge_method", "S256"),
            ("redirect_uri", &self.storefront),
        ];
        if known.iter().any(|(name, expected)| field(name) != *expected) {
            return Err(
                "response_type, client_id, code_challenge_method or redirect_uri is not one that is known here",
            );
        }
        let mut scopes: Vec<&str> = field("scope").split(' ').collect();
        scopes.sort_unstable();
        let known: [&'static [&'static str]; 3] = [&[CUSTOMER], &[ADMIN], &[ADMIN, CUSTOMER]];
        let scopes = known.into_iter().find(|known| *known == scopes).ok_or("scope is not one that is known here")?;
        let [state, challenge] = ["state", "code_challenge"].map(|name| opaque(field(name)));
        Ok(Request {
            state: state.ok_or("state is missing, or not random")?,
            challenge: challenge.ok_or("code_challenge is not that of S256")?,
            scopes,
            korean: field("ui_locales") == "ko",
        })
    }

    fn sign_in(&self, fields: &HashMap<String, String>) -> Result<Redirect, &'static str> {
        let request = self.request(fields)?;
        let name = fields.get("name").filter(|name| is_name(name)).ok_or("that is no name")?.clone();
        if request.is_for_staff() && name != ADMINISTRATOR {
            return Err("only the administrator may keep the shop");
        }
        let Request { state, challenge, scopes, .. } = request;
        let code = self.grants.give(Grant { name, scopes, challenge });
        Ok(Redirect::to(&format!("{}?code={code}&state={state}", self.storefront)))
    }
}

async fn choose(State(here): State<Arc<SignIn>>, RawQuery(query): RawQuery) -> Response {
    let fields = form(&query.unwrap_or_default());
    match here.request(&fields) {
        Ok(request) => (SITE, Html(page::render(&request, &here.storefront))).into_response(),
        Err(message) => (StatusCode::BAD_REQUEST, message).into_response(),
    }
}

async fn chosen(State(here): State<Arc<SignIn>>, body: String) -> Response {
    match here.sign_in(&form(&body)) {
        Ok(redirect) => redirect.into_response(),
        Err(message) => (StatusCode::BAD_REQUEST, message).into_response(),
    }
}

async fn token(State(here): State<Arc<SignIn>>, body: String) -> Response {
    let fields = form(&body);
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let asked = field("grant_type") == "authorization_code"
        && field("client_id") == AUDIENCE
        && field("redirect_uri") == here.storefront;
    let grant = if asked { here.grants.redeem(field("code"), field("code_verifier")) } else { None };
    let token = grant.and_then(|grant| Some((here.issuer.token(&grant.name, grant.scopes).ok()?, grant.scopes)));
    let not_kept = [(header::CACHE_CONTROL, "no-store")];
    match token {
        Some((token, scopes)) => {
            let answer = json!({
                "access_token": token,
                "token_type": "Bearer",
                "expires_in": TOKEN_LIFE.as_secs(),
                "scope": scopes.join(" "),
            });
            (not_kept, Json(answer)).into_response()
        }
        None => (StatusCode::BAD_REQUEST, not_kept, Json(json!({"error": "invalid_grant"}))).into_response(),
    }
}

/// The fields of a query or a form; of a repeated one the last.
fn form(text: &str) -> HashMap<String, String> {
    let url = Url::parse(&format!("form:?{text}"));
    url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default()
}

/// A random text in URL-safe base64.
fn opaque(text: &str) -> Option<String> {
    let safe = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    (safe && (16..=128).contains(&text.len())).then(|| text.to_owned())
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> SignIn {
        let folder = tempfile::tempdir().unwrap();
        let issuer = Issuer::open(&folder.path().join("key"), "http://shop/issuer").unwrap();
        SignIn { issuer: Arc::new(issuer), storefront: "http://shop/".to_owned(), grants: Grants::default() }
    }

    fn fields(changes: &[(&str, &str)]) -> HashMap<String, String> {
        let usual = [
            ("response_type", "code"),
            ("client_id", AUDIENCE),
            ("code_challenge_method", "S256"),
            ("redirect_uri", "http://shop/"),
            ("scope", CUSTOMER),
            ("state", "0123456789abcdef"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("name", "alice"),
        ];
        usual.iter().chain(changes).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_code_goes_to_the_storefront_and_nowhere_else() {
        let here = here();
        let there = here.sign_in(&fields(&[])).unwrap().into_response();
        assert!(there.headers()["location"].to_str().unwrap().starts_with("http://shop/?code="));
        assert!(here.sign_in(&fields(&[("redirect_uri", "http://elsewhere/")])).is_err());
        assert!(here.sign_in(&fields(&[("redirect_uri", "http://shop/elsewhere")])).is_err());
    }

    #[test]
    fn only_the_administrator_may_keep_the_shop() {
        let here = here();
        let both = format!("{CUSTOMER} {ADMIN}");
        for scope in [both.as_str(), ADMIN] {
            assert!(here.sign_in(&fields(&[("scope", scope)])).is_err());
            assert!(here.sign_in(&fields(&[("scope", scope), ("name", ADMINISTRATOR)])).is_ok());
        }
    }

    #[test]
    fn token_has_the_scopes_that_were_asked_for() {
        let both = format!("{CUSTOMER} {ADMIN}");
        for (asked, given) in [(CUSTOMER, &[CUSTOMER][..]), (ADMIN, &[ADMIN]), (&both, &[ADMIN, CUSTOMER])] {
            assert_eq!(here().request(&fields(&[("scope", asked)])).ok().unwrap().scopes, given);
        }
    }

    #[test]
    fn input_that_could_change_the_page_is_rejected() {
        let here = here();
        for change in [
            ("state", "\"><script>0123456789"),
            ("state", ""),
            ("code_challenge", "short"),
            ("code_challenge_method", "plain"),
            ("scope", "everything"),
            ("client_id", "another"),
            ("name", "a b"),
        ] {
            assert!(here.sign_in(&fields(&[change])).is_err(), "{change:?}");
        }
    }
}
