//! The sign-in page of the laptop, in the place of Cognito's: `OAuth` 2.0 authorization code with PKCE (RFC 7636) for the
//! clients of the template's own user pools. MiniStack checks each request, as Cognito does: client, callback URL, scope.
//! The page is the shop's: in both languages, and without a password.

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
use sijang_cloud::ministack::user_pool::{TOKEN_LIFE, TokenSigner};

use self::grants::{Grant, Grants};
use crate::{gateway::Gateway, security_headers::SITE};

/// Where a person signs in.
pub(crate) const AUTHORIZE_PATH: &str = "/oauth2/authorize";
/// Where a code is exchanged for tokens.
pub(crate) const TOKEN_PATH: &str = "/oauth2/token";
/// The only member of staff. Among customers it is a name like any other.
const ADMINISTRATOR: &str = "admin";

struct SignIn {
    /// MiniStack, which has the pools and their clients.
    cognito: Gateway,
    customers: Arc<TokenSigner>,
    staff: Arc<TokenSigner>,
    grants: Grants,
}

/// The pages of both pools.
pub(crate) fn routes<S>(cognito: Gateway, customers: Arc<TokenSigner>, staff: Arc<TokenSigner>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    let sign_in = SignIn { cognito, customers, staff, grants: Grants::default() };
    Router::new()
        .route(AUTHORIZE_PATH, get(choose).post(chosen))
        .route(TOKEN_PATH, post(token))
        .with_state(Arc::new(sign_in))
}

/// The fields of a request to sign in that Cognito takes.
struct Request(HashMap<String, String>);

impl Request {
    fn field(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn is_korean(&self) -> bool {
        self.field("ui_locales") == "ko"
    }
}

impl SignIn {
    /// The request, or the answer to one that Cognito does not take.
    async fn request(&self, query: Option<String>) -> Result<Request, Response> {
        let query = query.unwrap_or_default();
        let answer = self.cognito.answer(self.cognito.get(&format!("{AUTHORIZE_PATH}?{query}"))).await;
        if answer.status() == StatusCode::OK { Ok(Request(form(&query))) } else { Err(answer) }
    }

    fn is_for_staff(&self, request: &Request) -> bool {
        request.field("client_id") == self.staff.pool().client_id
    }

    /// Sends the person back with a code.
    fn sign_in(&self, request: &Request, name: &str) -> Result<Redirect, &'static str> {
        check(name, self.is_for_staff(request))?;
        let [client, callback, challenge] =
            ["client_id", "redirect_uri", "code_challenge"].map(|name| request.field(name).to_owned());
        let mut url = Url::parse(&callback).map_err(|_| "redirect_uri is no URL")?;
        let code = self.grants.give(Grant { name: name.to_owned(), client, callback, challenge });
        url.query_pairs_mut().append_pair("code", &code).append_pair("state", request.field("state"));
        Ok(Redirect::to(url.as_str()))
    }

    /// The tokens for a code.
    fn tokens(&self, request: &Request) -> Option<serde_json::Value> {
        let [code, verifier, client, callback] =
            ["code", "code_verifier", "client_id", "redirect_uri"].map(|name| request.field(name));
        let name = self.grants.redeem(code, verifier, client, callback)?;
        let signer = if self.is_for_staff(request) { &self.staff } else { &self.customers };
        Some(json!({
            "access_token": signer.token(&name).ok()?,
            "id_token": signer.id_token(&name).ok()?,
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFE.as_secs(),
        }))
    }
}

async fn choose(State(here): State<Arc<SignIn>>, RawQuery(query): RawQuery) -> Response {
    match here.request(query).await {
        Ok(request) => (SITE, Html(page::render(here.is_for_staff(&request), request.is_korean()))).into_response(),
        Err(answer) => answer,
    }
}

/// The form is sent to the page's own address, and so with the request in the query.
async fn chosen(State(here): State<Arc<SignIn>>, RawQuery(query): RawQuery, body: String) -> Response {
    let request = match here.request(query).await {
        Ok(request) => request,
        Err(answer) => return answer,
    };
    match here.sign_in(&request, Request(form(&body)).field("name")) {
        Ok(redirect) => redirect.into_response(),
        Err(message) => (StatusCode::BAD_REQUEST, message).into_response(),
    }
}

async fn token(State(here): State<Arc<SignIn>>, body: String) -> Response {
    let not_kept = [(header::CACHE_CONTROL, "no-store")];
    match here.tokens(&Request(form(&body))) {
        Some(tokens) => (not_kept, Json(tokens)).into_response(),
        None => (StatusCode::BAD_REQUEST, not_kept, Json(json!({"error": "invalid_grant"}))).into_response(),
    }
}

/// The fields of a query or a form; of a repeated one the first, which is the one that MiniStack has checked.
fn form(text: &str) -> HashMap<String, String> {
    let mut fields = HashMap::new();
    for (name, value) in Url::parse(&format!("form:?{text}")).iter().flat_map(|url| url.query_pairs().into_owned()) {
        fields.entry(name).or_insert(value);
    }
    fields
}

/// A customer may have any name of letters and digits of any script, dots and dashes.
fn check(name: &str, is_for_staff: bool) -> Result<(), &'static str> {
    let is_name = |character: char| character.is_alphanumeric() || "-_.".contains(character);
    if !(1..=64).contains(&name.len()) || !name.chars().all(is_name) {
        return Err("that is no name");
    }
    if is_for_staff && name != ADMINISTRATOR {
        return Err("only the administrator is a member of staff");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_field_is_the_one_that_was_checked() {
        assert_eq!(form("redirect_uri=home&redirect_uri=elsewhere")["redirect_uri"], "home");
    }

    #[test]
    fn name_has_letters_and_digits_of_any_script() {
        for name in ["alice", "민준", "mary-jane_2.0"] {
            assert!(check(name, false).is_ok(), "{name}");
        }
        for name in ["", "two words", "a@b", "<b>", "\u{feff}", &"a".repeat(65)] {
            assert!(check(name, false).is_err(), "{name}");
        }
    }

    #[test]
    fn only_the_administrator_is_a_member_of_staff() {
        assert!(check("alice", true).is_err());
        assert!(check(ADMINISTRATOR, true).is_ok());
    }
}
