//! The problem types of the API, one row each: status, code, titles, the failure, what an occurrence says, an example.
//!
//! To add a type, add a row, and for a new rule a variant of [`Rejection`]: a variant without a row does not compile.
//! The OpenAPI document, its examples and the metrics follow from the rows.
//!
//! A `code` never changes its meaning, and clients depend on it. `says` is what RFC 9457 has beyond the type: the
//! detail (without one, the title), the errors of single fields, and the members that only this type has.

use sijang_domain::{
    CouponId, CouponTerms, Discount, Error, FieldError, IssuedCoupon, Money, Name, PriceChange, ProductId, Rejection,
    Shortage, Timestamp, Violation,
};

use crate::{
    Failure, ProblemType,
    messages::{self, Text},
    problem::Occurrence,
};

/// The pattern of a rejection, whether this request or an earlier copy of it was rejected.
macro_rules! rejected {
    ($($rejection:tt)*) => {
        Failure::Operation(
            Error::Rejected(Rejection::$($rejection)*)
                | Error::ReplayedRejection { rejection: Rejection::$($rejection)*, .. },
        )
    };
}

/// A rejection as an example.
macro_rules! rejection {
    ($($rejection:tt)*) => { Failure::Operation(Error::Rejected(Rejection::$($rejection)*)) };
}

macro_rules! catalogue {
    (@says) => { Occurrence::default() };
    (@says $says:expr) => { $says };
    // `now` is named by the caller, so that its rows can use it.
    ($now:ident; $({
        status: $status:literal,
        code: $code:literal,
        title: $en:literal, $ko:literal,
        failure: $failure:pat,
        $(says: $says:expr,)?
        example: $example:expr,
    })*) => {
        /// Every type of problem that the API answers with.
        pub const CATALOGUE: &[ProblemType] = &[
            $(ProblemType { code: $code, status: $status, title: Text { en: $en, ko: $ko } }),*
        ];

        impl Failure {
            /// The type of the problem.
            #[allow(unused_variables)] // the patterns name what `says` uses
            pub fn kind(&self) -> &'static ProblemType {
                match self {
                    $($failure => &ProblemType { code: $code, status: $status, title: Text { en: $en, ko: $ko } }),*
                }
            }

            /// The text of this occurrence.
            #[allow(unused_variables)] // not every row uses all that its pattern names
            pub(crate) fn occurrence(&self, $now: Timestamp) -> Occurrence {
                match self { $($failure => catalogue!(@says $($says)?)),* }
            }
        }

        /// A failure of each type, in the order of [`CATALOGUE`].
        pub(crate) fn examples() -> Vec<Failure> {
            vec![$($example),*]
        }
    };
}

catalogue! { now;
    {
        status: 400,
        code: "malformed-json",
        title: "The body is not a JSON document.", "본문이 JSON 문서가 아닙니다.",
        failure: Failure::MalformedJson,
        example: Failure::MalformedJson,
    }
    {
        status: 400,
        code: "body-too-large",
        title: "The body is larger than 16 KiB.", "본문이 16 KiB보다 큽니다.",
        failure: Failure::BodyTooLarge,
        example: Failure::BodyTooLarge,
    }
    {
        status: 400,
        code: "invalid-request",
        title: "The request has invalid fields.", "요청에 잘못된 항목이 있습니다.",
        failure: Failure::Invalid(errors),
        says: errors
            .iter()
            .fold(Occurrence::default(), |said, error| said.error(&error.pointer, messages::violation(error.violation)))
            .detail(
                format!("{} of its fields cannot be accepted; see errors.", errors.len()),
                format!("{}개 항목을 처리할 수 없습니다. errors를 확인하세요.", errors.len()),
            ),
        example: Failure::Invalid(vec![FieldError::new("/amount", Violation::Missing)]),
    }
    {
        status: 400,
        code: "invalid-cursor",
        title: "The cursor is not one that this list gave out.", "이 목록이 발급한 커서가 아닙니다.",
        failure: Failure::InvalidCursor,
        example: Failure::InvalidCursor,
    }
    {
        status: 400,
        code: "idempotency-key-required",
        title: "An Idempotency-Key header is required.", "Idempotency-Key 헤더가 필요합니다.",
        failure: Failure::KeyRequired,
        says: Occurrence::default().detail(
            "Send a key of your own with each new request, and the same key when you repeat it.",
            "새 요청마다 고유한 키를 보내고, 재시도할 때는 같은 키를 보내세요.",
        ),
        example: Failure::KeyRequired,
    }
    {
        status: 400,
        code: "idempotency-key-invalid",
        title: "The Idempotency-Key header is not valid.", "Idempotency-Key 헤더가 올바르지 않습니다.",
        failure: Failure::KeyInvalid,
        says: Occurrence::default().detail(
            "Use 1 to 128 letters, digits, dots, underscores, colons or hyphens.",
            "영문자, 숫자, 마침표, 밑줄, 콜론, 하이픈으로 1~128자를 사용하세요.",
        ),
        example: Failure::KeyInvalid,
    }
    {
        status: 401,
        code: "unauthenticated",
        title: "A valid access token is required.", "유효한 액세스 토큰이 필요합니다.",
        failure: Failure::Unauthenticated,
        example: Failure::Unauthenticated,
    }
    {
        status: 403,
        code: "forbidden",
        title: "The access token does not permit this.", "액세스 토큰에 이 작업의 권한이 없습니다.",
        failure: Failure::Forbidden,
        example: Failure::Forbidden,
    }
    {
        status: 404,
        code: "product-not-found",
        title: "There is no such product.", "상품을 찾을 수 없습니다.",
        failure: rejected!(ProductNotFound),
        example: rejection!(ProductNotFound),
    }
    {
        status: 404,
        code: "coupon-not-found",
        title: "There is no such coupon.", "쿠폰을 찾을 수 없습니다.",
        failure: rejected!(CouponNotFound),
        example: rejection!(CouponNotFound),
    }
    {
        status: 404,
        code: "order-not-found",
        title: "There is no such order.", "주문을 찾을 수 없습니다.",
        failure: rejected!(OrderNotFound),
        example: rejection!(OrderNotFound),
    }
    {
        status: 409,
        code: "order-already-cancelled",
        title: "The order was already cancelled.", "이미 취소된 주문입니다.",
        failure: rejected!(OrderAlreadyCancelled),
        example: rejection!(OrderAlreadyCancelled),
    }
    {
        status: 409,
        code: "cancellation-period-over",
        title: "The order can no longer be cancelled.", "취소 가능 기간이 지났습니다.",
        failure: rejected!(CancellationPeriodOver { ended_at }),
        says: Occurrence::default().member("ended_at", ended_at),
        example: rejection!(CancellationPeriodOver { ended_at: days_later(-1) }),
    }
    {
        status: 409,
        code: "product-inactive",
        title: "A product is not sold at present.", "현재 판매하지 않는 상품이 있습니다.",
        failure: rejected!(ProductInactive { products }),
        says: Occurrence::default().member("products", products),
        example: rejection!(ProductInactive { products: vec![product_id()] }),
    }
    {
        status: 409,
        code: "insufficient-stock",
        title: "There is not enough stock.", "재고가 부족합니다.",
        failure: rejected!(InsufficientStock { shortages }),
        says: Occurrence::default().member("shortages", shortages).detail(
            format!("{} of the products have too few units. Nothing was changed.", shortages.len()),
            format!("{}개 상품의 재고가 부족합니다. 변경된 것은 없습니다.", shortages.len()),
        ),
        example: rejection!(InsufficientStock {
            shortages: vec![Shortage { product_id: product_id(), requested: 3, available: 1 }],
        }),
    }
    {
        status: 409,
        code: "stock-limit-exceeded",
        title: "The stock would pass its limit.", "재고 한도를 초과합니다.",
        failure: rejected!(StockLimitExceeded { stock, limit }),
        says: Occurrence::default().member("stock", stock).member("limit", limit),
        example: rejection!(StockLimitExceeded { stock: 999_999_990, limit: 1_000_000_000 }),
    }
    {
        status: 409,
        code: "price-changed",
        title: "A quoted price no longer holds.", "안내된 가격이 변경되었습니다.",
        failure: rejected!(PriceChanged { changes }),
        says: Occurrence::default().member("changes", changes),
        example: rejection!(PriceChanged {
            changes: vec![PriceChange { product_id: product_id(), quoted: won(15_000), current: won(16_500) }],
        }),
    }
    {
        status: 409,
        code: "coupon-used",
        title: "The coupon was already used.", "이미 사용한 쿠폰입니다.",
        failure: rejected!(CouponUsed),
        example: rejection!(CouponUsed),
    }
    {
        status: 409,
        code: "coupon-expired",
        title: "The coupon has expired.", "만료된 쿠폰입니다.",
        failure: rejected!(CouponExpired { expired_at }),
        says: Occurrence::default().member("expired_at", expired_at),
        example: rejection!(CouponExpired { expired_at: days_later(-1) }),
    }
    {
        status: 409,
        code: "coupon-voided",
        title: "The shop has voided the coupon.", "쇼핑몰에서 사용을 중지한 쿠폰입니다.",
        failure: rejected!(CouponVoided { voided_at }),
        says: Occurrence::default().member("voided_at", voided_at),
        example: rejection!(CouponVoided { voided_at: days_later(-1) }),
    }
    {
        status: 409,
        code: "coupon-minimum-not-met",
        title: "The order is below the coupon's minimum.", "쿠폰의 최소 주문 금액에 미치지 못합니다.",
        failure: rejected!(CouponMinimumNotMet { minimum_order, list_price }),
        says: Occurrence::default().member("minimum_order", minimum_order).member("list_price", list_price),
        example: rejection!(CouponMinimumNotMet { minimum_order: won(10_000), list_price: won(8_000) }),
    }
    {
        status: 409,
        code: "insufficient-balance",
        title: "The balance does not cover the price.", "잔액이 부족합니다.",
        failure: rejected!(InsufficientBalance { balance, required }),
        says: Occurrence::default().member("balance", balance).member("required", required).detail(
            format!("The price is {} KRW, the balance {} KRW. Nothing was ordered.", required.minor(), balance.minor()),
            format!("결제 금액은 {}원, 잔액은 {}원입니다. 주문되지 않았습니다.", required.minor(), balance.minor()),
        ),
        example: rejection!(InsufficientBalance { balance: won(20_000), required: won(30_000) }),
    }
    {
        status: 409,
        code: "balance-limit-exceeded",
        title: "The deposit would take the balance above its limit.", "충전하면 잔액 한도를 넘습니다.",
        failure: rejected!(BalanceLimitExceeded { balance, limit }),
        says: Occurrence::default().member("balance", balance).member("limit", limit).detail(
            format!("A deposit never takes a balance above {} KRW; a refund may.", limit.minor()),
            format!("충전으로는 잔액이 {}원을 넘을 수 없습니다. 환불로는 넘을 수 있습니다.", limit.minor()),
        ),
        example: rejection!(BalanceLimitExceeded { balance: won(9_900_000), limit: won(10_000_000) }),
    }
    {
        status: 409,
        code: "coupon-already-issued",
        title: "The coupon was already issued to you.", "이미 발급받은 쿠폰입니다.",
        failure: rejected!(CouponAlreadyIssued { coupon }),
        says: Occurrence::default().member("coupon", coupon.clone().viewed_at(now)),
        example: rejection!(CouponAlreadyIssued { coupon: Box::new(coupon()) }),
    }
    {
        status: 409,
        code: "coupon-sold-out",
        title: "All coupons have been issued.", "쿠폰이 모두 소진되었습니다.",
        failure: rejected!(CouponSoldOut),
        example: rejection!(CouponSoldOut),
    }
    {
        status: 409,
        code: "coupon-not-open",
        title: "The coupon campaign has not begun.", "쿠폰 발급이 아직 시작되지 않았습니다.",
        failure: rejected!(CouponNotOpen { opens_at }),
        says: Occurrence::default().member("opens_at", opens_at),
        example: rejection!(CouponNotOpen { opens_at: days_later(1) }),
    }
    {
        status: 409,
        code: "coupon-closed",
        title: "The coupon campaign is over.", "쿠폰 발급이 종료되었습니다.",
        failure: rejected!(CouponClosed { closed_at }),
        says: Occurrence::default().member("closed_at", closed_at),
        example: rejection!(CouponClosed { closed_at: days_later(-1) }),
    }
    {
        status: 415,
        code: "unsupported-media-type",
        title: "The body is not sent as application/json.", "본문의 Content-Type이 application/json이 아닙니다.",
        failure: Failure::UnsupportedMediaType,
        example: Failure::UnsupportedMediaType,
    }
    {
        status: 422,
        code: "unknown-product",
        title: "The order names a product that does not exist.", "존재하지 않는 상품이 주문에 있습니다.",
        failure: rejected!(UnknownProduct { lines }),
        says: lines.iter().fold(Occurrence::default(), |said, line| {
            said.error_of_type(&format!("/lines/{line}/product_id"))
        }),
        example: rejection!(UnknownProduct { lines: vec![1] }),
    }
    {
        status: 422,
        code: "unknown-coupon",
        title: "The order names a coupon that you do not hold.", "보유하지 않은 쿠폰이 주문에 있습니다.",
        failure: rejected!(UnknownCoupon),
        says: Occurrence::default().error_of_type("/coupon_id"),
        example: rejection!(UnknownCoupon),
    }
    {
        status: 422,
        code: "idempotency-key-reused",
        title: "The Idempotency-Key was used for another request.", "다른 요청에 사용된 Idempotency-Key입니다.",
        failure: rejected!(IdempotencyKeyReused),
        example: rejection!(IdempotencyKeyReused),
    }
    {
        status: 500,
        code: "internal-error",
        title: "Something went wrong on our side.", "서버에 문제가 발생했습니다.",
        failure: Failure::Operation(Error::Internal(_)),
        example: Failure::Operation(Error::Internal(String::new())),
    }
    {
        status: 503,
        code: "busy",
        title: "The shop is busy; try again.", "요청이 몰리고 있습니다. 다시 시도해 주세요.",
        failure: Failure::Operation(Error::Busy(_)),
        says: Occurrence::default().detail(
            "Send the same request again, with the same Idempotency-Key if it has one.",
            "같은 요청을 다시 보내세요. Idempotency-Key가 있으면 같은 키를 사용하세요.",
        ),
        example: Failure::Operation(Error::Busy(String::new())),
    }
}

/// Midday of a day in Seoul, and `days` later.
pub(crate) fn days_later(days: i64) -> Timestamp {
    Timestamp::from_millis(1_795_230_000_000 + days * 86_400_000).unwrap_or(Timestamp::EPOCH)
}

fn won(minor: i64) -> Money {
    Money::new(minor).unwrap_or_default()
}

fn product_id() -> ProductId {
    ProductId::new(days_later(0), 0x5117_a96e_11d0_77b3)
}

#[allow(clippy::expect_used)]
fn coupon() -> IssuedCoupon {
    IssuedCoupon {
        coupon_id: CouponId::new(days_later(-3), 0x2f6e_0c11_90aa_41d8),
        name: Name::parse("첫 주문 3,000원 할인").expect("a name"),
        terms: CouponTerms { discount: Discount::Fixed { amount: won(3_000) }, minimum_order: won(10_000) },
        issued_at: days_later(-2),
        expires_at: days_later(28),
        used: None,
        voided_at: None,
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
    fn each_row_has_an_example_of_its_own_type() {
        let examples: Vec<_> = examples().iter().map(Failure::kind).collect();
        assert_eq!(examples, CATALOGUE.iter().collect::<Vec<_>>());
    }
}
