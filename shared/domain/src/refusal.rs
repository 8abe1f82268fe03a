//! The business reasons for which a command is refused. A refusal is definite: nothing was written.

use serde::Serialize;
use thiserror::Error;

use crate::{IssuedCoupon, Money, ProductId, Timestamp};

/// A line whose product has fewer units than asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Shortage {
    /// Which product.
    pub product_id: ProductId,
    /// Units asked for.
    pub requested: u32,
    /// Units on hand.
    pub available: u32,
}

/// A line whose quoted price no longer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PriceChange {
    /// Which product.
    pub product_id: ProductId,
    /// The price that the customer saw.
    pub quoted: Money,
    /// The price now.
    pub current: Money,
}

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
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
        /// Which, and what is there.
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
        /// Which, and what they are now.
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
    /// The list price is below what the coupon is good for.
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
    /// The balance would pass its limit.
    #[error("the balance would pass its limit")]
    BalanceLimitExceeded {
        /// The balance.
        balance: Money,
        /// The limit.
        limit: Money,
    },
    /// The user holds a coupon of this campaign.
    #[error("the user holds this coupon")]
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
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
}
