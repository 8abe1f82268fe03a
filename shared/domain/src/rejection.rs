//! The business reasons for which a command is rejected. A rejected command changes nothing.
//!
//! The store keeps the rejection of a keyed command under its idempotency key, in the JSON form of this type. A variant
//! or field that a release has written must stay readable by the next one.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{IssuedCoupon, Money, ProductId, Timestamp};

/// A line whose product has fewer units than asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Shortage {
    /// Which product.
    pub product_id: ProductId,
    /// Units asked for.
    pub requested: u32,
    /// Units on hand.
    pub available: u32,
}

/// A line whose quoted price no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PriceChange {
    /// Which product.
    pub product_id: ProductId,
    /// The price that the customer saw.
    pub quoted: Money,
    /// The price now.
    pub current: Money,
}

/// Why a command is rejected.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Rejection {
    /// No such product.
    #[error("no such product")]
    ProductNotFound,
    /// No such coupon campaign.
    #[error("no such coupon campaign")]
    CouponNotFound,
    /// No such order of this user: another's order is none.
    #[error("no such order")]
    OrderNotFound,
    /// The order was cancelled before.
    #[error("the order was cancelled before")]
    OrderAlreadyCancelled,
    /// The order can no longer be cancelled.
    #[error("the cancellation period is over")]
    CancellationPeriodOver {
        /// When it ended.
        ended_at: Timestamp,
    },
    /// The order names products that do not exist.
    #[error("unknown products")]
    UnknownProduct {
        /// The positions of their lines in the request.
        lines: Vec<usize>,
    },
    /// The order names a coupon that the user does not hold.
    #[error("unknown coupon")]
    UnknownCoupon,
    /// Products of the order are not sold at present.
    #[error("products not sold at present")]
    ProductInactive {
        /// Which.
        products: Vec<ProductId>,
    },
    /// Products of the order have too few units: every short line.
    #[error("short stock")]
    InsufficientStock {
        /// The products, with requested and available units.
        shortages: Vec<Shortage>,
    },
    /// The stock would pass its limit.
    #[error("the stock would pass its limit")]
    StockLimitExceeded {
        /// Units on hand.
        stock: u32,
        /// The limit.
        limit: u32,
    },
    /// Quoted prices no longer hold.
    #[error("prices have changed")]
    PriceChanged {
        /// The products, with quoted and current prices.
        changes: Vec<PriceChange>,
    },
    /// The coupon was used.
    #[error("the coupon was used")]
    CouponUsed,
    /// The coupon has expired.
    #[error("the coupon has expired")]
    CouponExpired {
        /// When.
        expired_at: Timestamp,
    },
    /// Staff have voided the coupons of the campaign.
    #[error("the coupons of the campaign are void")]
    CouponVoided {
        /// When.
        voided_at: Timestamp,
    },
    /// The list price is below the coupon's minimum order.
    #[error("below the coupon's minimum order")]
    CouponMinimumNotMet {
        /// The smallest list price the coupon is good for.
        minimum_order: Money,
        /// The list price of this order.
        list_price: Money,
    },
    /// The balance does not cover the price.
    #[error("short balance")]
    InsufficientBalance {
        /// The balance.
        balance: Money,
        /// The price to pay.
        required: Money,
    },
    /// The deposit would take the balance above its limit.
    #[error("the deposit would take the balance above its limit")]
    BalanceLimitExceeded {
        /// The balance. A refund may have taken it above the limit.
        balance: Money,
        /// A deposit never takes a balance above this.
        limit: Money,
    },
    /// The user holds a coupon of this campaign. Never stored: the coupon itself is the record of the request.
    #[error("the user holds this coupon")]
    #[serde(skip)]
    CouponAlreadyIssued {
        /// The coupon.
        coupon: Box<IssuedCoupon>,
    },
    /// The campaign has given out all its coupons.
    #[error("all coupons are given out")]
    CouponSoldOut,
    /// The campaign has not begun.
    #[error("the campaign has not begun")]
    CouponNotOpen {
        /// When it begins.
        opens_at: Timestamp,
    },
    /// The campaign is over.
    #[error("the campaign is over")]
    CouponClosed {
        /// When it ended.
        closed_at: Timestamp,
    },
    /// The idempotency key was used for another request. Never stored: the other request owns the key.
    #[error("the idempotency key was used for another request")]
    #[serde(skip)]
    IdempotencyKeyReused,
}

impl Rejection {
    /// How long a stored rejection answers the copies of its request.
    pub const KEPT: Duration = Duration::from_hours(24);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_rejection_reads_back_as_it_was() {
        let product_id = ProductId::new(Timestamp::EPOCH, 7);
        let shortages = vec![Shortage { product_id, requested: 3, available: 1 }];
        for rejection in [
            Rejection::OrderNotFound,
            Rejection::UnknownProduct { lines: vec![0, 2] },
            Rejection::InsufficientStock { shortages },
            Rejection::CouponExpired { expired_at: Timestamp::EPOCH },
            Rejection::CancellationPeriodOver { ended_at: Timestamp::EPOCH },
            Rejection::InsufficientBalance { balance: Money::ZERO, required: Money::MAX },
        ] {
            let stored = serde_json::to_string(&rejection).unwrap();
            assert_eq!(serde_json::from_str::<Rejection>(&stored).unwrap(), rejection, "{stored}");
        }
        let stored = serde_json::to_string(&Rejection::CouponSoldOut).unwrap();
        assert_eq!(stored, r#"{"code":"coupon-sold-out"}"#, "the form that an earlier release has stored");
    }

    #[test]
    fn a_key_used_for_another_request_is_never_stored() {
        assert!(serde_json::to_string(&Rejection::IdempotencyKeyReused).is_err());
    }
}
