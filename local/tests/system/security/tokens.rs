//! Tokens that are not in order, and everything else that could be taken for one.
//!
//! The gateway's decisions here are those of MiniStack's JWT authorizer, in the place of API Gateway's. What the
//! function decides is the shop's own code, in both places.

use jiff::Timestamp;
use serde_json::{Value, json};
use sijang_cloud::ministack::user_pool::{ADMIN, CUSTOMER, TokenSigner};
use ulid::Ulid;

use super::routes::{Route, routes};
use sijang_testkit::{
    http::{Answer, PROVOKED, Person, Request, Shop},
    token_forger::{Forger, part, with},
};

use crate::stored;

/// Something that is sent in the hope to be taken for somebody.
#[derive(Clone)]
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
            route.required_query.clear();
        }
        let request: Request = route.request(&person, &id);
        match &self.header {
            Some((name, value)) => request.header(name, value).await,
            None => request.await,
        }
    }
}

/// Means that an intruder could have: the key of the pool of some routes (where only the claims are wrong), the key of the
/// other pool, a key of one's own, a good token that must not be good where it does not belong. The claims would open every
/// route of the pool.
struct Tokens {
    intruder: String,
    inside: Forger,
    outside: Forger,
    other_pool: Forger,
    claims: Value,
    other_claims: Value,
    good: String,
    now: i64,
    issuer: String,
    client: String,
}

impl Tokens {
    fn of(shop: &Shop, intruder: String, scope: &str) -> Self {
        let now = Timestamp::now().as_second();
        let [signer, other] = signers(shop, scope);
        let both = [("scope", json!(format!("{CUSTOMER} {ADMIN}")))];
        let claims = with(&signer.claims(&intruder, now), both.clone());
        let other_claims = with(&other.claims(&intruder, now), both);
        let (inside, other_pool) = (Forger::inside(shop, signer), Forger::inside(shop, other));
        let (outside, good) = (inside.outside(), inside.sign(&inside.header(), &claims));
        let (issuer, client) = (signer.pool().issuer.clone(), signer.pool().client_id.clone());
        Self { intruder, inside, outside, other_pool, claims, other_claims, good, now, issuer, client }
    }

    fn attacks(&self) -> Vec<Attack> {
        [self.malformed(), self.algorithms(), self.keys(), self.wrong_claims(), self.elsewhere(), self.scopes()]
            .concat()
    }

    /// Signed by the issuer, with one claim changed, or taken out.
    fn changed(&self, name: &'static str, value: Value) -> String {
        self.inside.sign(&self.inside.header(), &with(&self.claims, [(name, value)]))
    }

    /// Texts that are no token, or not the signed one.
    fn malformed(&self) -> Vec<Attack> {
        let good = &self.good;
        let parts: Vec<&str> = good.split('.').collect();
        let another = part(with(&self.claims, [("sub", json!(format!("{}-changed", self.intruder)))]).to_string());
        vec![
            Attack { token: None, ..Attack::token("nothing", "") },
            Attack::token("an empty token", ""),
            Attack::header("another scheme", "authorization", "Basic anybody"),
            Attack::header("a name for a token", "authorization", &*self.intruder),
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
            Attack::token("changed claims", format!("{}.{another}.{}", parts[0], parts[2])),
        ]
    }

    /// Unsigned tokens, or tokens signed with public values.
    fn algorithms(&self) -> Vec<Attack> {
        let (signed, signature) = self.good.rsplit_once('.').unwrap();
        let (_, claims) = signed.split_once('.').unwrap();
        let unsigned = |alg: Value| {
            let header = json!({"alg": alg, "typ": "JWT", "kid": self.inside.key_id});
            format!("{}.{claims}.", part(header.to_string()))
        };
        let mut attacks = vec![
            Attack::token("alg none", unsigned(json!("none"))),
            Attack::token("alg None", unsigned(json!("None"))),
            Attack::token("alg NONE", unsigned(json!("NONE"))),
            Attack::token("alg nOnE", unsigned(json!("nOnE"))),
            Attack::token("alg of nothing", unsigned(json!(""))),
            Attack::token("alg null", unsigned(Value::Null)),
            Attack::token("alg none, with a signature", format!("{}{}", unsigned(json!("none")), signature)),
        ];
        let forms = self.inside.public_forms().into_iter();
        attacks.extend(forms.map(|(what, secret)| Attack::token(what, self.inside.hmac(&secret, &self.claims))));
        attacks
    }

    /// Signed with a key that is not the issuer's, or said to be.
    fn keys(&self) -> Vec<Attack> {
        vec![
            Attack::token("an unknown key", self.inside.headed("kid", json!("another"), &self.claims)),
            Attack::token("no key", self.inside.headed("kid", Value::Null, &self.claims)),
            Attack::token("a key that is a path", self.inside.headed("kid", json!("../../dev/null"), &self.claims)),
            Attack::token("a wrong key", self.outside.sign(&self.outside.header(), &self.claims)),
            Attack::token("the key of the other pool", self.other_pool.sign(&self.other_pool.header(), &self.claims)),
            Attack::token("a token of the other pool", {
                self.other_pool.sign(&self.other_pool.header(), &self.other_claims)
            }),
            Attack::token(
                "a key that it brings along",
                self.outside.headed("jwk", self.outside.jwk("mine"), &self.claims),
            ),
            Attack::token(
                "a key set at an address of its own",
                self.outside.headed("jku", json!("http://127.0.0.1/jwks.json"), &self.claims),
            ),
            Attack::token(
                "a certificate of its own",
                self.outside.headed("x5u", json!("http://127.0.0.1/cert.pem"), &self.claims),
            ),
        ]
    }

    /// Signed by the issuer, and not for this shop, not now, or not for anybody.
    fn wrong_claims(&self) -> Vec<Attack> {
        vec![
            Attack::token("expired", self.changed("exp", json!(self.now - 60))),
            Attack::token("not good yet", self.changed("nbf", json!(self.now + 3_600))),
            Attack::token("issued tomorrow", self.changed("iat", json!(self.now + 86_400))),
            Attack::token("another issuer", self.changed("iss", json!("https://example.com"))),
            Attack::token(
                "an issuer that begins like ours",
                self.changed("iss", json!(format!("{}.example.com", self.issuer))),
            ),
            Attack::token("no issuer", self.changed("iss", Value::Null)),
            Attack::token("another audience", self.changed("aud", json!("another-shop"))),
            Attack::token(
                "an audience that begins like ours",
                self.changed("aud", json!(format!("{}-2", self.client))),
            ),
            Attack::token("another client", self.changed("client_id", json!("another-shop"))),
            Attack::token(
                "no audience",
                self.inside.sign(&self.inside.header(), &with(&self.claims, [("client_id", Value::Null)])),
            ),
            Attack::token("an ID token with a scope", self.changed("token_use", json!("id"))),
            Attack::token("no subject", self.changed("sub", Value::Null)),
            Attack::token(
                "a subject that nobody can have",
                self.changed("sub", json!(format!("{0} {0}", self.intruder))),
            ),
        ]
    }

    /// A good token, or a name, where neither belongs.
    fn elsewhere(&self) -> Vec<Attack> {
        let good = &self.good;
        vec![
            Attack::query("a token in the query", format!("access_token={good}")),
            Attack::query("a header in the query", format!("Authorization=Bearer%20{good}")),
            Attack::header("a token in a cookie", "cookie", format!("access_token={good}; Authorization={good}")),
            Attack::header("a token in another header", "x-access-token", good.as_str()),
            Attack::header("a token in the proxy's header", "proxy-authorization", format!("Bearer {good}")),
            Attack::header("a header of an authorizer", "x-amzn-oidc-identity", &*self.intruder),
            Attack::header("a header that names the user", "x-user-id", &*self.intruder),
        ]
    }

    /// A good token of someone who may do nothing.
    fn scopes(&self) -> Vec<Attack> {
        vec![
            Attack::token("no scope", self.changed("scope", Value::Null)).forbidden(),
            Attack::token("an ID token", {
                let changes = [("scope", Value::Null), ("token_use", json!("id")), ("aud", json!(self.client))];
                self.inside.sign(&self.inside.header(), &with(&self.claims, changes))
            })
            .forbidden(),
            Attack::token("a scope of nothing", self.changed("scope", json!(""))).forbidden(),
            Attack::token("scopes in other letters", self.changed("scope", json!("SHOP/CUSTOMER SHOP/ADMIN")))
                .forbidden(),
            Attack::token(
                "scopes that begin like ours",
                self.changed("scope", json!("shop/customers shop/administrator")),
            )
            .forbidden(),
            Attack::token("scopes with commas", self.changed("scope", json!("shop/customer,shop/admin"))).forbidden(),
            Attack::token("every scope there is", self.changed("scope", json!("*"))).forbidden(),
            Attack::token("a list of scopes", self.changed("scope", json!([CUSTOMER, ADMIN]))).forbidden(),
            Attack::token(
                "scopes under another name",
                self.inside.sign(
                    &self.inside.header(),
                    &with(
                        &self.claims,
                        [("scope", Value::Null), ("scopes", json!([CUSTOMER, ADMIN])), ("permissions", json!([ADMIN]))],
                    ),
                ),
            )
            .forbidden(),
        ]
    }
}

fn closed_routes() -> Vec<Route> {
    routes().into_iter().filter(|route| route.scope.is_some()).collect()
}

pub async fn no_token_that_is_not_in_order_gets_anywhere(shop: Shop) {
    let intruder = format!("intruder-{}", Ulid::generate());
    let (mut rejected, mut let_in) = (0, Vec::new());
    for (scope, door) in [(CUSTOMER, "/v1/me/balance"), (ADMIN, "/v1/admin/stats/daily?date=2026-01-01")] {
        let tokens = Tokens::of(&shop, intruder.clone(), scope);
        // The token that they are made from would open the door.
        shop.bearer(&tokens.good).get(door).await.value(200);
        let routes = closed_routes().into_iter().filter(|route| route.scope.as_deref() == Some(scope));
        let (attacks, routes) = (tokens.attacks(), routes.collect::<Vec<_>>());
        for attack in &attacks {
            for route in &routes {
                let answer = attack.send(&shop, route).await;
                if answer.status == attack.status && says_nothing(&answer) {
                    rejected += 1;
                } else {
                    let_in.push(format!("{}: {} with {}, {}", route.name(), answer.status, attack.what, answer.body));
                }
            }
        }
        eprintln!("security: {} attacks x {} routes of {scope}", attacks.len(), routes.len());
    }
    eprintln!("security: {rejected} attacks rejected");
    assert!(let_in.is_empty(), "{let_in:#?}");
    assert!(!stored::mentions(&shop, &intruder).await, "a rejected request left a trace");
}

/// A rejection is the gateway's message or our problem, and no more.
fn says_nothing(answer: &Answer) -> bool {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let members = body.as_object().map_or(0, serde_json::Map::len);
    members == 1 && body["message"].is_string()
        || members == 6 && (body["code"] == "unauthenticated" || body["code"] == "forbidden")
}

pub async fn a_route_that_is_not_public_wants_a_token_of_its_scope(shop: Shop) {
    let name = format!("scoped-{}", Ulid::generate());
    let id = Ulid::generate().to_string();
    let mut rejected = 0;
    for route in routes() {
        let Some(scope) = &route.scope else {
            let answer = route.request(&shop.nobody(), &id).await;
            assert!([200, 404].contains(&answer.status.as_u16()), "{}: {}", route.name(), answer.body);
            continue;
        };
        let [signer, other] = signers(&shop, scope);
        let claims = signer.claims(&name, Timestamp::now().as_second());
        let other_scope = signer.sign(&with(&claims, [("scope", json!(other.pool().scope))])).unwrap();
        route.request(&shop.bearer(other_scope), &id).await.stopped_at_the_gateway(403);
        route.request(&shop.bearer(other.token(&name).unwrap()), &id).await.stopped_at_the_gateway(401);
        rejected += 1;
    }
    eprintln!("security: {rejected} routes reject the other scope and the other pool");
    assert!(!stored::mentions(&shop, &name).await, "a rejected request left a trace");
    shop.customer_named(name.clone()).get("/v1/me/balance").await.value(200);
    shop.staff_named(name).get("/v1/admin/stats/daily?date=2026-01-01").await.value(200);
}

/// The signer of the pool whose people have this scope, and that of the other pool.
fn signers<'a>(shop: &'a Shop, scope: &str) -> [&'a TokenSigner; 2] {
    let (customers, staff) = (shop.local().customers(), shop.local().staff());
    if scope == ADMIN { [staff, customers] } else { [customers, staff] }
}

/// Tokens that a gateway that was set up wrongly would let through: every function looks by itself, and at nothing in the
/// event but the claims that the authorizer has verified.
pub async fn the_function_asks_again_and_believes_nothing_but_claims(shop: Shop) {
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
    let token = shop.local().customers().token(name).unwrap();
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

/// A customer and a member of staff of one name, who may do everything together.
pub struct Anybody {
    pub customer: Person,
    staff: Person,
}

impl Anybody {
    /// The one who may use the route.
    pub fn for_route(&self, route: &Route) -> &Person {
        if route.scope.as_deref() == Some(ADMIN) { &self.staff } else { &self.customer }
    }
}

/// People who may do everything, for those who look what is answered then.
pub fn anybody(shop: &Shop) -> Anybody {
    let name = format!("anybody-{}", Ulid::generate());
    Anybody { customer: shop.customer_named(name.clone()), staff: shop.staff_named(name) }
}
