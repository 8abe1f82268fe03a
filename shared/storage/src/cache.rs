//! The cache of a warm environment, with which an order needs no read.
//!
//! Prices, versions and generations may be stale: the conditions of the transaction check them and bring back the
//! current ones. What shards have left is good for choosing one, and as a bound (see [`sijang_domain::Shards`]). That a
//! product is sold out is the one thing that rejects orders without being checked, and not for long (see [`SoldOut`]).
//! The terms of a campaign never change, and its counters check whether it was ended. Only the campaign itself says
//! whether its coupons were voided, so it is cached for half a minute. The sums over the shards that pages show are
//! cached for a second ([`Aged`]). The products on sale are cached for half a minute for searches, which read the price
//! and the stock of the products that they show.

use std::sync::Arc;

use futures::lock::Mutex;
use quick_cache::sync::Cache;
use sijang_domain::{Campaign, Catalogue, CouponId, Name, PricedVersion, ProductId, ProductVersion, Shards, SoldOut};

use crate::{aged::Aged, products::ProductView};

/// Bounded: a few megabytes when full, beside the catalogue, which takes about one kilobyte for each product.
#[derive(Debug)]
pub(crate) struct StoreCache {
    pub(crate) prices: Cache<ProductId, PricedVersion>,
    /// The name of a version never changes.
    pub(crate) names: Cache<(ProductId, ProductVersion), Name>,
    pub(crate) stocks: Cache<ProductId, Shards>,
    pub(crate) sold_out: Cache<ProductId, SoldOut>,
    pub(crate) campaigns: Cache<CouponId, Aged<Arc<Campaign>>>,
    pub(crate) counters: Cache<CouponId, Shards>,
    /// Pages of split products.
    pub(crate) views: Cache<ProductId, Aged<ProductView>>,
    /// Coupons left of split campaigns.
    pub(crate) remaining: Cache<CouponId, Aged<u32>>,
    /// All products on sale. Whoever reads them holds the lock meanwhile.
    pub(crate) catalogue: Mutex<Option<Aged<Arc<Catalogue>>>>,
}

impl Default for StoreCache {
    fn default() -> Self {
        Self {
            prices: Cache::new(10_000),
            names: Cache::new(10_000),
            stocks: Cache::new(10_000),
            sold_out: Cache::new(10_000),
            campaigns: Cache::new(1_000),
            counters: Cache::new(1_000),
            views: Cache::new(1_000),
            remaining: Cache::new(1_000),
            catalogue: Mutex::default(),
        }
    }
}
