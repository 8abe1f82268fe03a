//! What a warm environment remembers, so that an order needs no read.
//!
//! Prices and the number of shards may be stale: the transaction's conditions check them and bring back the current ones.
//! What shards have left is good for choosing one, and as a bound (see [`sijang_domain::Shards`]). That a product is sold
//! out is the one thing that is believed without being checked, and not for long (see [`SoldOut`]). Campaigns never change
//! once they exist, so what is remembered of them stays true; so does that all of their coupons are given out.

use std::sync::Arc;

use quick_cache::sync::Cache;
use sijang_domain::{Campaign, CouponId, Money, ProductId, Shards, SoldOut};

/// Bounded: a few megabytes when full.
#[derive(Debug)]
pub(crate) struct StoreCache {
    pub(crate) prices: Cache<ProductId, Money>,
    pub(crate) stocks: Cache<ProductId, Shards>,
    pub(crate) sold_out: Cache<ProductId, SoldOut>,
    pub(crate) campaigns: Cache<CouponId, Arc<Campaign>>,
    pub(crate) counters: Cache<CouponId, Shards>,
}

impl Default for StoreCache {
    fn default() -> Self {
        Self {
            prices: Cache::new(10_000),
            stocks: Cache::new(10_000),
            sold_out: Cache::new(10_000),
            campaigns: Cache::new(1_000),
            counters: Cache::new(1_000),
        }
    }
}
