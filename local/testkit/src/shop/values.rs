//! Values for the tests in a word each: amounts, names, times, discounts, a campaign.

use std::{
    fmt::Debug,
    str::FromStr,
    time::{Duration, Instant},
};

use sijang_domain::{
    CampaignDraft, CancellationPeriod, CouponTerms, DepositLimits, Discount, Money, Name, RequestTime, ResponseBody,
    Timestamp, TraceId,
};
use ulid::Ulid;

/// Longer than any request takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// The limits of the template.
pub fn limits() -> DepositLimits {
    DepositLimits { min: won(100), max: won(1_000_000), balance_max: won(10_000_000) }
}

/// The period of the template in which an order can be cancelled.
pub fn cancellation_period() -> CancellationPeriod {
    CancellationPeriod::of_days(7)
}

/// An amount in won.
pub fn won(minor: i64) -> Money {
    Money::new(minor).unwrap()
}

/// A name, which must be valid.
pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// An instant in RFC 3339.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The instant `seconds` after another, or before it when negative.
pub fn after(at: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_millis(at.millis() + seconds * 1000).unwrap()
}

/// The time of a request that is received now, with a deadline a minute later.
pub fn time(now: Timestamp) -> RequestTime {
    RequestTime { now, deadline: Instant::now() + PATIENCE }
}

/// A campaign of ten coupons of 3,000 won, open on the day on which the tests take place.
pub fn welcome() -> CampaignDraft {
    CampaignDraft {
        name: name("welcome"),
        terms: fixed(3_000),
        total: 10,
        opens_at: at("2026-11-20T15:00:00Z"),
        closes_at: at("2026-11-21T15:00:00Z"),
        valid_days: 30,
    }
}

/// A coupon for a fixed amount.
pub fn fixed(amount: i64) -> CouponTerms {
    CouponTerms { discount: Discount::Fixed { amount: won(amount) }, minimum_order: Money::ZERO }
}

/// A coupon for a percentage.
pub fn percent(percent: u8) -> CouponTerms {
    CouponTerms { discount: Discount::Percent { percent, max_amount: None }, minimum_order: Money::ZERO }
}

/// The same, good for orders from `minimum` on.
pub fn from(minimum: i64, terms: CouponTerms) -> CouponTerms {
    CouponTerms { minimum_order: won(minimum), ..terms }
}

/// A new request id, as the gateway gives one to each request.
pub fn request_id() -> String {
    Ulid::generate().to_string()
}

/// The trace id of all requests. It is stored in each event.
pub fn trace() -> TraceId {
    TraceId::of_header("Root=1-5759e988-bd862e3fe1be46a994272793").unwrap()
}

/// An attribute of an answer, parsed.
pub fn id_in<T: FromStr<Err: Debug>>(answer: &ResponseBody, attribute: &str) -> T {
    let answer: serde_json::Value = serde_json::from_str(answer.as_str()).unwrap();
    answer[attribute].as_str().unwrap().parse().unwrap()
}
