//! What a warm environment remembers, so that an order needs no read.
//!
//! Prices may be stale: the transaction's conditions check them and bring back the current ones. Campaigns never change
//! once they exist, so what is remembered of them stays true.

use std::sync::Arc;

use quick_cache::sync::Cache;
use sijang_domain::{Campaign, CouponId, Money, ProductId};

/// Bounded: about a megabyte when full.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) prices: Cache<ProductId, Money>,
    pub(crate) campaigns: Cache<CouponId, Arc<Campaign>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { prices: Cache::new(10_000), campaigns: Cache::new(1_000) }
    }
}
