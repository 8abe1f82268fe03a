//! Problem details (RFC 9457): the catalogue of problem types, and which failure is which problem.
//!
//! The one place where errors become HTTP. A type's `code` never changes its meaning; its texts are in `texts`.

use serde::Serialize;
use serde_json::{Map, Value, json};
use sijang_domain::{Error, FieldError, Rejection};

use crate::{
    language::Language,
    reply::Reply,
    texts::{self, Text},
};

/// A type of problem. Its URI is `/problems/<code>`.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemType {
    /// Its stable name.
    pub code: &'static str,
    /// Its HTTP status.
    pub status: u16,
    /// What it is, in English and Korean.
    pub(crate) title: Text,
}

impl ProblemType {
    /// What it is, in English.
    pub fn title_in_english(&self) -> &'static str {
        self.title.en
    }
}

macro_rules! problems {
    ($($name:ident $status:literal $code:literal $en:literal $ko:literal;)*) => {
        $(const $name: ProblemType = ProblemType { code: $code, status: $status, title: Text { en: $en, ko: $ko } };)*
        /// Every type of problem that the API answers with.
        pub const CATALOGUE: &[ProblemType] = &[$($name),*];
    };
}

problems! {
    MALFORMED_JSON 400 "malformed-json" "The body is not a JSON document." "본문이 JSON 문서가 아닙니다.";
    BODY_TOO_LARGE 400 "body-too-large" "The body is larger than 16 KiB." "본문이 16 KiB보다 큽니다.";
    INVALID_REQUEST 400 "invalid-request" "The request has invalid fields." "요청에 잘못된 항목이 있습니다.";
    INVALID_CURSOR 400 "invalid-cursor" "The cursor is not one that this list gave out." "이 목록이 발급한 커서가 아닙니다.";
    KEY_REQUIRED 400 "idempotency-key-required" "An Idempotency-Key header is required." "Idempotency-Key 헤더가 필요합니다.";
    KEY_INVALID 400 "idempotency-key-invalid" "The Idempotency-Key header is not valid." "Idempotency-Key 헤더가 올바르지 않습니다.";
    UNAUTHENTICATED 401 "unauthenticated" "A valid access token is required." "유효한 액세스 토큰이 필요합니다.";
    FORBIDDEN 403 "forbidden" "The access token does not permit this." "액세스 토큰에 이 작업의 권한이 없습니다.";
    PRODUCT_NOT_FOUND 404 "product-not-found" "There is no such product." "상품을 찾을 수 없습니다.";
    COUPON_NOT_FOUND 404 "coupon-not-found" "There is no such coupon." "쿠폰을 찾을 수 없습니다.";
    ORDER_NOT_FOUND 404 "order-not-found" "There is no such order." "주문을 찾을 수 없습니다.";
    ORDER_ALREADY_CANCELLED 409 "order-already-cancelled" "The order was already cancelled." "이미 취소된 주문입니다.";
    PRODUCT_INACTIVE 409 "product-inactive" "A product is not sold at present." "현재 판매하지 않는 상품이 있습니다.";
    INSUFFICIENT_STOCK 409 "insufficient-stock" "There is not enough stock." "재고가 부족합니다.";
    STOCK_LIMIT_EXCEEDED 409 "stock-limit-exceeded" "The stock would pass its limit." "재고 한도를 초과합니다.";
    PRICE_CHANGED 409 "price-changed" "A quoted price no longer holds." "안내된 가격이 변경되었습니다.";
    COUPON_USED 409 "coupon-used" "The coupon was already used." "이미 사용한 쿠폰입니다.";
    COUPON_EXPIRED 409 "coupon-expired" "The coupon has expired." "만료된 쿠폰입니다.";
    COUPON_MINIMUM 409 "coupon-minimum-not-met" "The order is below the coupon's minimum." "쿠폰의 최소 주문 금액에 미치지 못합니다.";
    INSUFFICIENT_BALANCE 409 "insufficient-balance" "The balance does not cover the price." "잔액이 부족합니다.";
    BALANCE_LIMIT 409 "balance-limit-exceeded" "The balance would pass its limit." "잔액 한도를 초과합니다.";
    COUPON_ALREADY_ISSUED 409 "coupon-already-issued" "The coupon was already issued to you." "이미 발급받은 쿠폰입니다.";
    COUPON_SOLD_OUT 409 "coupon-sold-out" "All coupons have been issued." "쿠폰이 모두 소진되었습니다.";
    COUPON_NOT_OPEN 409 "coupon-not-open" "The coupon campaign has not begun." "쿠폰 발급이 아직 시작되지 않았습니다.";
    COUPON_CLOSED 409 "coupon-closed" "The coupon campaign is over." "쿠폰 발급이 종료되었습니다.";
    UNSUPPORTED_MEDIA_TYPE 415 "unsupported-media-type" "The body is not sent as application/json." "본문의 Content-Type이 application/json이 아닙니다.";
    UNKNOWN_PRODUCT 422 "unknown-product" "The order names a product that does not exist." "존재하지 않는 상품이 주문에 있습니다.";
    UNKNOWN_COUPON 422 "unknown-coupon" "The order names a coupon that you do not hold." "보유하지 않은 쿠폰이 주문에 있습니다.";
    KEY_REUSED 422 "idempotency-key-reused" "The Idempotency-Key was used for another request." "다른 요청에 사용된 Idempotency-Key입니다.";
    INTERNAL 500 "internal-error" "Something went wrong on our side." "서버에 문제가 발생했습니다.";
    BUSY 503 "busy" "The shop is busy; try again." "요청이 몰리고 있습니다. 다시 시도해 주세요.";
}

/// How a request fails.
#[derive(Debug)]
pub enum Failure {
    /// The body is not one JSON document.
    MalformedJson,
    /// The body is too large.
    BodyTooLarge,
    /// The body is said to be something else than JSON.
    UnsupportedMediaType,
    /// Fields of the request are not valid.
    Invalid(Vec<FieldError>),
    /// The cursor is not one that this list gave out.
    InvalidCursor,
    /// There is no idempotency key.
    KeyRequired,
    /// The idempotency key is not valid.
    KeyInvalid,
    /// Nobody is signed in.
    Unauthenticated,
    /// Who is signed in may not do this.
    Forbidden,
    /// The operation failed.
    Operation(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Operation(error)
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self::Operation(rejection.into())
    }
}

impl From<Vec<FieldError>> for Failure {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Invalid(errors)
    }
}

/// What a problem says beyond its type.
#[derive(Debug, Default)]
struct More {
    errors: Vec<(String, Text)>,
    members: Map<String, Value>,
}

/// The body of a problem: the members of RFC 9457, then ours.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: String,
    code: &'a str,
    request_id: &'a str,
    #[serde(flatten)]
    members: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Value>,
}

impl More {
    fn with(mut self, name: &str, value: impl Serialize) -> Self {
        self.members.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
        self
    }
}

impl Failure {
    /// The type of the problem.
    pub fn kind(&self) -> &'static ProblemType {
        match self {
            Self::MalformedJson => &MALFORMED_JSON,
            Self::BodyTooLarge => &BODY_TOO_LARGE,
            Self::UnsupportedMediaType => &UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) => &INVALID_REQUEST,
            Self::InvalidCursor => &INVALID_CURSOR,
            Self::KeyRequired => &KEY_REQUIRED,
            Self::KeyInvalid => &KEY_INVALID,
            Self::Unauthenticated => &UNAUTHENTICATED,
            Self::Forbidden => &FORBIDDEN,
            Self::Operation(Error::Busy(_)) => &BUSY,
            Self::Operation(Error::Internal(_)) => &INTERNAL,
            Self::Operation(Error::Rejected(rejection) | Error::ReplayedRejection { rejection, .. }) => {
                kind_of(rejection)
            }
        }
    }

    fn more(self, now: sijang_domain::Timestamp) -> More {
        match self {
            Self::Invalid(errors) => More {
                errors: errors.iter().map(|error| (error.pointer.clone(), texts::violation(error.violation))).collect(),
                members: Map::new(),
            },
            Self::Operation(Error::Rejected(rejection) | Error::ReplayedRejection { rejection, .. }) => {
                more_of(rejection, now)
            }
            _ => More::default(),
        }
    }

    /// The response for this failure. A replayed rejection names the request that was rejected first, so that all copies
    /// of a command get the same body.
    pub(crate) fn reply(self, language: Language, request_id: &str, now: sijang_domain::Timestamp) -> Reply {
        match self {
            Self::Operation(Error::ReplayedRejection { rejection, request_id }) => {
                Self::from(rejection).reply(language, &request_id, now).with("idempotent-replayed", "true")
            }
            failure => failure.problem(language, request_id, now),
        }
    }

    fn problem(self, language: Language, request_id: &str, now: sijang_domain::Timestamp) -> Reply {
        let kind = self.kind();
        let detail = texts::detail(&self, kind);
        let More { errors, members } = self.more(now);
        let error = |(pointer, text): (String, Text)| {
            let place = if pointer.starts_with('?') { "parameter" } else { "pointer" };
            json!({ place: pointer.strip_prefix('?').unwrap_or(&pointer), "detail": text.in_language(language) })
        };
        let problem = Problem {
            r#type: format!("/problems/{}", kind.code),
            title: kind.title.in_language(language),
            status: kind.status,
            detail: detail.in_language(language),
            code: kind.code,
            request_id,
            members,
            errors: errors.into_iter().map(error).collect(),
        };
        let reply = Reply::problem(kind.status, &problem).with("content-language", language.tag());
        match kind.status {
            401 => reply.with("www-authenticate", "Bearer"),
            503 => reply.with("retry-after", "1"),
            _ => reply,
        }
    }
}

fn kind_of(rejection: &Rejection) -> &'static ProblemType {
    match rejection {
        Rejection::ProductNotFound => &PRODUCT_NOT_FOUND,
        Rejection::CouponNotFound => &COUPON_NOT_FOUND,
        Rejection::OrderNotFound => &ORDER_NOT_FOUND,
        Rejection::OrderAlreadyCancelled => &ORDER_ALREADY_CANCELLED,
        Rejection::UnknownProduct { .. } => &UNKNOWN_PRODUCT,
        Rejection::UnknownCoupon => &UNKNOWN_COUPON,
        Rejection::ProductInactive { .. } => &PRODUCT_INACTIVE,
        Rejection::InsufficientStock { .. } => &INSUFFICIENT_STOCK,
        Rejection::StockLimitExceeded { .. } => &STOCK_LIMIT_EXCEEDED,
        Rejection::PriceChanged { .. } => &PRICE_CHANGED,
        Rejection::CouponUsed => &COUPON_USED,
        Rejection::CouponExpired { .. } => &COUPON_EXPIRED,
        Rejection::CouponMinimumNotMet { .. } => &COUPON_MINIMUM,
        Rejection::InsufficientBalance { .. } => &INSUFFICIENT_BALANCE,
        Rejection::BalanceLimitExceeded { .. } => &BALANCE_LIMIT,
        Rejection::CouponAlreadyIssued { .. } => &COUPON_ALREADY_ISSUED,
        Rejection::CouponSoldOut => &COUPON_SOLD_OUT,
        Rejection::CouponNotOpen { .. } => &COUPON_NOT_OPEN,
        Rejection::CouponClosed { .. } => &COUPON_CLOSED,
        Rejection::IdempotencyKeyReused => &KEY_REUSED,
    }
}

/// What a rejection tells a program: the figures behind it, and where in the request its cause is.
fn more_of(rejection: Rejection, now: sijang_domain::Timestamp) -> More {
    let more = More::default();
    match rejection {
        Rejection::UnknownProduct { lines } => {
            let pointer = |line: usize| (format!("/lines/{line}/product_id"), UNKNOWN_PRODUCT.title);
            More { errors: lines.into_iter().map(pointer).collect(), ..more }
        }
        Rejection::UnknownCoupon => More { errors: vec![("/coupon_id".to_owned(), UNKNOWN_COUPON.title)], ..more },
        Rejection::ProductInactive { products } => more.with("products", products),
        Rejection::InsufficientStock { shortages } => more.with("shortages", shortages),
        Rejection::StockLimitExceeded { stock, limit } => more.with("stock", stock).with("limit", limit),
        Rejection::PriceChanged { changes } => more.with("changes", changes),
        Rejection::CouponExpired { expired_at } => more.with("expired_at", expired_at),
        Rejection::CouponMinimumNotMet { minimum_order, list_price } => {
            more.with("minimum_order", minimum_order).with("list_price", list_price)
        }
        Rejection::InsufficientBalance { balance, required } => {
            more.with("balance", balance).with("required", required)
        }
        Rejection::BalanceLimitExceeded { balance, limit } => more.with("balance", balance).with("limit", limit),
        Rejection::CouponAlreadyIssued { coupon } => more.with("coupon", coupon.viewed_at(now)),
        Rejection::CouponNotOpen { opens_at } => more.with("opens_at", opens_at),
        Rejection::CouponClosed { closed_at } => more.with("closed_at", closed_at),
        Rejection::ProductNotFound
        | Rejection::CouponNotFound
        | Rejection::OrderNotFound
        | Rejection::OrderAlreadyCancelled
        | Rejection::CouponUsed
        | Rejection::CouponSoldOut
        | Rejection::IdempotencyKeyReused => more,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_statuses_are_those_of_errors() {
        let codes: HashSet<_> = CATALOGUE.iter().map(|kind| kind.code).collect();
        assert_eq!(codes.len(), CATALOGUE.len());
        for kind in CATALOGUE {
            assert!((400..600).contains(&kind.status), "{}", kind.code);
            assert!(!kind.title.en.is_empty() && !kind.title.ko.is_empty(), "{}", kind.code);
        }
    }

    #[test]
    fn a_problem_has_its_type_texts_and_figures_in_the_language_asked_for() {
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        let money = |minor| sijang_domain::Money::new(minor).unwrap();
        let rejection = Rejection::InsufficientBalance { balance: money(100), required: money(250) };
        let reply = Failure::from(rejection).reply(Language::Korean, "r-1", now);
        assert_eq!(reply.status, 409);
        let problem: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(problem["type"], "/problems/insufficient-balance");
        assert_eq!(problem["title"], "잔액이 부족합니다.");
        assert_eq!(problem["request_id"], "r-1");
        assert_eq!(problem["required"], json!({"amount": 250, "currency": "KRW"}));
        assert!(reply.headers.contains(&("content-type".to_owned(), "application/problem+json".to_owned())));
    }

    #[test]
    fn a_busy_store_is_answered_with_when_to_try_again() {
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        let failure = Failure::Operation(Error::Busy("no gap before the deadline".to_owned()));
        let reply = failure.reply(Language::English, "r-1", now);
        assert_eq!(reply.status, 503);
        assert!(reply.headers.contains(&("retry-after".to_owned(), "1".to_owned())));
        let problem: Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(problem["code"], "busy");
        assert!(!reply.body.contains("deadline"), "what happened inside stays inside");
    }

    #[test]
    fn an_internal_error_says_nothing_of_what_went_wrong() {
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        let failure = Failure::Operation(Error::Internal("table sijang-orders".to_owned()));
        let reply = failure.reply(Language::English, "r-1", now);
        assert_eq!(reply.status, 500);
        assert!(!reply.body.contains("sijang-orders"));
    }
}
