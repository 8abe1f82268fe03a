//! Tokens that are not in order, and everything else that could be taken for one.
//!
//! What the gateway decides here is decided by MiniStack's JWT authorizer, in the place of API Gateway's. What the
//! function decides is the shop's own code, in both places.

use std::fs;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    hmac,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};
use sijang_local::issuer::{ADMIN, AUDIENCE, CUSTOMER};
use ulid::Ulid;

use super::routes::{Route, routes};
use crate::{
    books,
    shop::{Answer, PROVOKED, Person, Request, Shop},
};

/// Something that is sent in the hope to be taken for somebody.
struct Attack {
    what: &'static str,
    token: Option<String>,
    /// Added to every request.
    header: Option<(&'static str, String)>,
    query: Option<String>,
    status: u16,
}

impl Attack {
    fn token(what: &'static str, token: impl Into<String>) -> Self {
        Self { what, token: Some(token.into()), header: None, query: None, status: 401 }
    }

    fn header(what: &'static str, name: &'static str, value: impl Into<String>) -> Self {
        Self { what, token: None, header: Some((name, value.into())), query: None, status: 401 }
    }

    fn query(what: &'static str, query: String) -> Self {
        Self { what, token: None, header: None, query: Some(query), status: 401 }
    }

    fn forbidden(self) -> Self {
        Self { status: 403, ..self }
    }

    async fn send(&self, shop: &Shop, route: &Route) -> Answer {
        let person = self.token.as_ref().map_or_else(|| shop.nobody(), |token| shop.bearer(token));
        let id = Ulid::generate().to_string();
        let mut route = route.clone();
        if let Some(query) = &self.query {
            let separator = if route.path_to(&id).contains('?') { '&' } else { '?' };
            route.path = format!("{}{separator}{query}", route.path_to(&id));
            route.query.clear();
        }
        let request: Request = route.request(&person, &id);
        match &self.header {
            Some((name, value)) => request.header(name, value).await,
            None => request.await,
        }
    }
}

/// Makes tokens with a key, of whatever header and claims.
struct Forger {
    key: KeyPair,
    key_id: String,
}

fn part(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Forger {
    /// With the issuer's own key.
    fn inside(shop: &Shop) -> Self {
        let der = fs::read(shop.stack().state().issuer_key()).unwrap();
        Self { key: KeyPair::from_pkcs8(&der).unwrap(), key_id: key_id(shop) }
    }

    /// With a key of one's own, under the name of the issuer's.
    fn outside(shop: &Shop) -> Self {
        Self { key: KeyPair::generate(KeySize::Rsa2048).unwrap(), key_id: key_id(shop) }
    }

    fn header(&self) -> Value {
        json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", part(header.to_string()), part(claims.to_string()));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        format!("{message}.{}", part(signature))
    }

    /// With another header than usual.
    fn headed(&self, name: &str, value: Value, claims: &Value) -> String {
        let mut header = self.header();
        header[name] = value;
        self.sign(&header, claims)
    }

    /// The public key as a web key, which anybody may know.
    fn jwk(&self, key_id: &str) -> Value {
        let public = self.key.public_key();
        let number = |number: &[u8]| part(number);
        let (n, e) = (public.modulus(), public.exponent());
        let (n, e) = (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
        json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key_id, "n": number(n), "e": number(e)})
    }

    /// "Signed" by HMAC with something public for a secret.
    fn hmac(&self, secret: &[u8], claims: &Value) -> String {
        let header = json!({"alg": "HS256", "typ": "JWT", "kid": self.key_id});
        let message = format!("{}.{}", part(header.to_string()), part(claims.to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", part(tag))
    }
}

fn key_id(shop: &Shop) -> String {
    shop.stack().issuer().jwks()["keys"][0]["kid"].as_str().unwrap().to_owned()
}

/// The claims of a good token with one of them changed, or taken out.
fn with(claims: &Value, changes: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let mut claims = claims.clone();
    for (name, value) in changes {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
    }
    claims
}

/// All of these say that they are `intruder`, who would have every scope.
fn forgeries(shop: &Shop, intruder: &str) -> Vec<Attack> {
    let now = Timestamp::now().as_second();
    let claims = shop.stack().issuer().claims(intruder, &[CUSTOMER, ADMIN], now);
    let (inside, outside) = (Forger::inside(shop), Forger::outside(shop));
    let good = inside.sign(&inside.header(), &claims);
    let parts: Vec<&str> = good.split('.').collect();
    let unsigned = |alg: Value| {
        let header = json!({"alg": alg, "typ": "JWT", "kid": inside.key_id});
        format!("{}.{}.", part(header.to_string()), parts[1])
    };
    let changed = |name: &'static str, value: Value| inside.sign(&inside.header(), &with(&claims, [(name, value)]));
    let spki: PublicKeyX509Der<'_> = inside.key.public_key().as_der().unwrap();
    let jwk = inside.jwk(&inside.key_id);
    let modulus = inside.key.public_key().modulus();
    let claims_of_all = part(with(&claims, [("sub", json!(format!("{intruder}-changed")))]).to_string());
    vec![
        Attack { token: None, ..Attack::token("nothing", "") },
        Attack::token("an empty token", ""),
        Attack::header("another scheme", "authorization", "Basic YWxpY2U6c2VjcmV0"),
        Attack::header("a name for a token", "authorization", intruder),
        Attack::token("no token at all", "opensesame"),
        Attack::token("two parts", format!("{}.{}", parts[0], parts[1])),
        Attack::token("four parts", format!("{good}.{}", parts[2])),
        Attack::token("only dots", ".."),
        Attack::token("parts that are no base64", "!!!.???.***"),
        Attack::token("parts that are no JSON", format!("{0}.{0}.{0}", part("not JSON"))),
        Attack::token("claims that are no object", format!("{}.{}.{}", parts[0], part("7"), parts[2])),
        Attack::token("a long one", format!("{}.{}", "A".repeat(4_000), parts[1])),
        Attack::token("cut off", &good[..good.len() - 20]),
        Attack::token("a signature of nothing", format!("{}.{}.", parts[0], parts[1])),
        Attack::token("a signature of something else", format!("{}.{}.{}", parts[0], parts[1], part([7; 256]))),
        Attack::token("changed claims", format!("{}.{claims_of_all}.{}", parts[0], parts[2])),
        Attack::token("alg none", unsigned(json!("none"))),
        Attack::token("alg None", unsigned(json!("None"))),
        Attack::token("alg NONE", unsigned(json!("NONE"))),
        Attack::token("alg nOnE", unsigned(json!("nOnE"))),
        Attack::token("alg of nothing", unsigned(json!(""))),
        Attack::token("alg null", unsigned(Value::Null)),
        Attack::token("alg none, with a signature", format!("{}{}", unsigned(json!("none")), parts[2])),
        Attack::token("HS256 by the public key (DER)", inside.hmac(spki.as_ref(), &claims)),
        Attack::token("HS256 by the public key (PEM)", inside.hmac(pem(spki.as_ref()).as_bytes(), &claims)),
        Attack::token("HS256 by the public key (JWK)", inside.hmac(jwk.to_string().as_bytes(), &claims)),
        Attack::token("HS256 by the modulus", inside.hmac(modulus.big_endian_without_leading_zero(), &claims)),
        Attack::token("HS256 by nothing", inside.hmac(b"", &claims)),
        Attack::token("an unknown key", inside.headed("kid", json!("another"), &claims)),
        Attack::token("no key", inside.headed("kid", Value::Null, &claims)),
        Attack::token("a key that is a path", inside.headed("kid", json!("../../dev/null"), &claims)),
        Attack::token("a wrong key", outside.sign(&outside.header(), &claims)),
        Attack::token("a key that it brings along", outside.headed("jwk", outside.jwk("mine"), &claims)),
        Attack::token(
            "a key set at an address of its own",
            outside.headed("jku", json!("http://127.0.0.1/jwks.json"), &claims),
        ),
        Attack::token("a certificate of its own", outside.headed("x5u", json!("http://127.0.0.1/cert.pem"), &claims)),
        Attack::token("expired", changed("exp", json!(now - 60))),
        Attack::token("not good yet", changed("nbf", json!(now + 3_600))),
        Attack::token("issued tomorrow", changed("iat", json!(now + 86_400))),
        Attack::token("another issuer", changed("iss", json!("https://example.com"))),
        Attack::token(
            "an issuer that begins like ours",
            changed("iss", json!(format!("{}.example.com", shop.stack().issuer().url()))),
        ),
        Attack::token("no issuer", changed("iss", Value::Null)),
        Attack::token("another audience", changed("aud", json!("another-shop"))),
        Attack::token("an audience that begins like ours", changed("aud", json!(format!("{AUDIENCE}-2")))),
        Attack::token(
            "no audience",
            inside.sign(&inside.header(), &with(&claims, [("aud", Value::Null), ("client_id", Value::Null)])),
        ),
        Attack::token("an ID token with a scope", changed("token_use", json!("id"))),
        Attack::token("no subject", changed("sub", Value::Null)),
        Attack::token("a subject that nobody can have", changed("sub", json!(format!("{intruder} {intruder}")))),
        Attack::query("a token in the query", format!("access_token={good}")),
        Attack::query("a header in the query", format!("Authorization=Bearer%20{good}")),
        Attack::header("a token in a cookie", "cookie", format!("access_token={good}; Authorization={good}")),
        Attack::header("a token in another header", "x-access-token", good.clone()),
        Attack::header("a token in the proxy's header", "proxy-authorization", format!("Bearer {good}")),
        Attack::header("a header of an authorizer", "x-amzn-oidc-identity", intruder),
        Attack::header("a header that names the user", "x-user-id", intruder),
        Attack::token("no scope", changed("scope", Value::Null)).forbidden(),
        Attack::token("an ID token", {
            let id = with(&claims, [("scope", Value::Null), ("token_use", json!("id")), ("nonce", json!("n"))]);
            inside.sign(&inside.header(), &id)
        })
        .forbidden(),
        Attack::token("a scope of nothing", changed("scope", json!(""))).forbidden(),
        Attack::token("scopes in other letters", changed("scope", json!("SHOP/CUSTOMER SHOP/ADMIN"))).forbidden(),
        Attack::token("scopes that begin like ours", changed("scope", json!("shop/customers shop/administrator")))
            .forbidden(),
        Attack::token("scopes with commas", changed("scope", json!("shop/customer,shop/admin"))).forbidden(),
        Attack::token("every scope there is", changed("scope", json!("*"))).forbidden(),
        Attack::token("a list of scopes", changed("scope", json!([CUSTOMER, ADMIN]))).forbidden(),
        Attack::token(
            "scopes under another name",
            inside.sign(
                &inside.header(),
                &with(
                    &claims,
                    [("scope", Value::Null), ("scp", json!([CUSTOMER, ADMIN])), ("permissions", json!([ADMIN]))],
                ),
            ),
        )
        .forbidden(),
    ]
}

fn pem(der: &[u8]) -> String {
    let base64 = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

fn closed_routes() -> Vec<Route> {
    routes().into_iter().filter(|route| route.scope.is_some()).collect()
}

pub async fn attacks(shop: Shop) {
    let intruder = format!("intruder-{}", Ulid::generate());
    let (attacks, routes) = (forgeries(&shop, &intruder), closed_routes());
    let (mut refused, mut let_in) = (0, Vec::new());
    for attack in &attacks {
        for route in &routes {
            let answer = attack.send(&shop, route).await;
            if answer.status == attack.status && says_nothing(&answer) {
                refused += 1;
            } else {
                let_in.push(format!("{}: {} with {}, {}", route.name(), answer.status, attack.what, answer.body));
            }
        }
    }
    eprintln!("security: {} attacks x {} routes, {refused} refused", attacks.len(), routes.len());
    assert!(let_in.is_empty(), "{let_in:#?}");
    assert!(!books::mentions(&shop, &intruder).await, "a refused request left a trace");
}

/// A refusal is the gateway's message or our problem, and no more.
fn says_nothing(answer: &Answer) -> bool {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let members = body.as_object().map_or(0, |members| members.len());
    members == 1 && body["message"].is_string()
        || members == 6 && (body["code"] == "unauthenticated" || body["code"] == "forbidden")
}

pub async fn scopes(shop: Shop) {
    let name = format!("scoped-{}", Ulid::generate());
    let id = Ulid::generate().to_string();
    let mut refused = 0;
    for route in routes() {
        let Some(scope) = &route.scope else {
            let answer = route.request(&shop.nobody(), &id).await;
            assert!([200, 404].contains(&answer.status.as_u16()), "{}: {}", route.name(), answer.body);
            continue;
        };
        let other = if scope == ADMIN { CUSTOMER } else { ADMIN };
        let person = shop.person(name.clone(), &[other]);
        route.request(&person, &id).await.stopped_at_the_gateway(403);
        refused += 1;
    }
    eprintln!("security: {refused} routes refuse the other scope");
    assert!(!books::mentions(&shop, &name).await, "a refused request left a trace");
    let both = shop.person(name, &[CUSTOMER, ADMIN]);
    both.get("/v1/me/balance").await.value(200);
    both.get("/v1/admin/stats/daily?date=2026-01-01").await.value(200);
}

/// What would be let through by a gateway that was set up wrongly: every function looks by itself, and at nothing in the
/// event but the claims that the authorizer has verified.
pub async fn past_the_gateway(shop: Shop) {
    let intruder = format!("intruder-{}", Ulid::generate());
    for route in closed_routes() {
        let scope = route.scope.as_deref().unwrap();
        let other = if scope == ADMIN { CUSTOMER } else { ADMIN };
        let jwt = |claims: Value| json!({"jwt": {"claims": claims, "scopes": [scope]}});
        let held = |scope: &str| jwt(json!({"sub": intruder, "scope": scope}));
        for (authorizer, status, code) in [
            (Value::Null, 401, "unauthenticated"),
            (json!({}), 401, "unauthenticated"),
            (json!({"lambda": {"sub": intruder, "scope": scope}}), 401, "unauthenticated"),
            (json!({"iam": {"userId": intruder}}), 401, "unauthenticated"),
            (jwt(json!({"scope": scope})), 401, "unauthenticated"),
            (jwt(json!({"sub": "", "scope": scope})), 401, "unauthenticated"),
            (jwt(json!({"sub": intruder, "scope": scope, "token_use": "id"})), 401, "unauthenticated"),
            (jwt(json!({"sub": intruder})), 403, "forbidden"),
            (held(""), 403, "forbidden"),
            (held(other), 403, "forbidden"),
            (held(&format!("{scope}istrator")), 403, "forbidden"),
        ] {
            let answer = invoke(&shop, &route, &intruder, &authorizer).await;
            assert_eq!(answer["statusCode"], status, "{}: {answer}", route.name());
            let problem: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)), "{}", route.name());
            assert_eq!(answer["headers"]["www-authenticate"].is_string(), status == 401, "{}", route.name());
            PROVOKED.lock().unwrap().insert(code.to_owned());
        }
        // And with the right one it would have been let in: the event is in order.
        let answer = invoke(&shop, &route, "somebody", &held(scope)).await;
        assert!(![401, 403].contains(&answer["statusCode"].as_i64().unwrap()), "{}: {answer}", route.name());
    }
}

async fn invoke(shop: &Shop, route: &Route, name: &str, authorizer: &Value) -> Value {
    let mut event = route.event(name, authorizer);
    let token = shop.stack().token(name, &[CUSTOMER, ADMIN]).unwrap();
    event["cookies"] = json!([format!("sub={name}")]);
    let headers = event["headers"].as_object_mut().unwrap();
    for header in ["x-user", "x-user-id", "x-forwarded-user", "x-amzn-oidc-identity", "sub"] {
        headers.insert(header.to_owned(), json!(name));
    }
    headers.insert("authorization".to_owned(), json!(format!("Bearer {token}")));
    headers.insert("x-amzn-oidc-data".to_owned(), json!(token));
    headers.insert("scope".to_owned(), json!(format!("{CUSTOMER} {ADMIN}")));
    let invocation = shop.stack().invoke(&route.function, &event).await.unwrap();
    assert_eq!(invocation.error, None, "{}", invocation.payload);
    invocation.payload
}

/// A person who may do everything, for those who look what is answered then.
pub fn anybody(shop: &Shop) -> Person {
    shop.person(format!("anybody-{}", Ulid::generate()), &[CUSTOMER, ADMIN])
}
