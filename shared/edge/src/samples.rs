//! One failure of every kind, rendered by the code that renders them all: the contract's examples of problems are what
//! the API really says.

use serde_json::Value;
use sijang_domain::{
    CouponId, CouponTerms, Discount, Error, FieldError, IssuedCoupon, Money, Name, PriceChange, ProductId, Rejection,
    Shortage, Timestamp, Violation,
};

use crate::{Failure, ProblemType, language::Language};

/// Every type of problem with an example of it, in the order of the catalogue.
pub fn problems() -> Vec<(&'static ProblemType, Value)> {
    let mut samples: Vec<_> = failures().into_iter().map(sample).collect();
    samples.sort_by_key(|(kind, _)| crate::CATALOGUE.iter().position(|listed| listed.code == kind.code));
    samples
}

fn sample(failure: Failure) -> (&'static ProblemType, Value) {
    let kind = failure.kind();
    let reply = failure.reply(Language::English, "Jj9p5hGtoE0EPZA=", at(0));
    (kind, serde_json::from_str(&reply.body).unwrap_or_default())
}

/// Midday of a day in Seoul, and `days` later.
fn at(days: i64) -> Timestamp {
    Timestamp::from_millis(1_795_230_000_000 + days * 86_400_000).unwrap_or_else(|_| at(0))
}

fn won(minor: i64) -> Money {
    Money::new(minor).unwrap_or_default()
}

fn failures() -> Vec<Failure> {
    let product_id = ProductId::new(at(0), 0x5117_a96e_11d0_77b3);
    let mut failures = vec![
        Failure::MalformedJson,
        Failure::BodyTooLarge,
        Failure::UnsupportedMediaType,
        Failure::Invalid(vec![FieldError::new("/amount", Violation::Missing)]),
        Failure::InvalidCursor,
        Failure::KeyRequired,
        Failure::KeyInvalid,
        Failure::Unauthenticated,
        Failure::Forbidden,
        Failure::Operation(Error::Busy(String::new())),
        Failure::Operation(Error::Internal(String::new())),
    ];
    let rejections = [
        Rejection::ProductNotFound,
        Rejection::CouponNotFound,
        Rejection::OrderNotFound,
        Rejection::OrderAlreadyCancelled,
        Rejection::UnknownProduct { lines: vec![1] },
        Rejection::UnknownCoupon,
        Rejection::ProductInactive { products: vec![product_id] },
        Rejection::InsufficientStock { shortages: vec![Shortage { product_id, requested: 3, available: 1 }] },
        Rejection::StockLimitExceeded { stock: 999_999_990, limit: 1_000_000_000 },
        Rejection::PriceChanged {
            changes: vec![PriceChange { product_id, quoted: won(15_000), current: won(16_500) }],
        },
        Rejection::CouponUsed,
        Rejection::CouponExpired { expired_at: at(-1) },
        Rejection::CouponMinimumNotMet { minimum_order: won(10_000), list_price: won(8_000) },
        Rejection::InsufficientBalance { balance: won(20_000), required: won(30_000) },
        Rejection::BalanceLimitExceeded { balance: won(9_900_000), limit: won(10_000_000) },
        Rejection::CouponAlreadyIssued { coupon: Box::new(coupon()) },
        Rejection::CouponSoldOut,
        Rejection::CouponNotOpen { opens_at: at(1) },
        Rejection::CouponClosed { closed_at: at(-1) },
        Rejection::IdempotencyKeyReused,
    ];
    failures.extend(rejections.map(Failure::from));
    failures
}

#[allow(clippy::expect_used)]
fn coupon() -> IssuedCoupon {
    IssuedCoupon {
        coupon_id: CouponId::new(at(-3), 0x2f6e_0c11_90aa_41d8),
        name: Name::parse("첫 주문 3,000원 할인").expect("a name"),
        terms: CouponTerms { discount: Discount::Fixed { amount: won(3_000) }, minimum_order: won(10_000) },
        issued_at: at(-2),
        expires_at: at(28),
        used: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_an_example_of_every_type_of_problem() {
        let samples: Vec<_> = problems().into_iter().map(|(kind, _)| kind.code).collect();
        let catalogue: Vec<_> = crate::CATALOGUE.iter().map(|kind| kind.code).collect();
        assert_eq!(samples, catalogue);
    }
}
