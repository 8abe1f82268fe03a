//! The cache of a warm environment, with which an order needs no read.
//!
//! Prices, versions and generations may be stale: the conditions of the transaction check them and bring back the
//! current ones. What shards have left is good for choosing one, and as a bound (see [`sijang_domain::Shards`]). That a
//! product is sold out is the one thing that rejects orders without being checked, and not for long (see [`SoldOut`]).
//! The terms of a campaign never change, and its counters check whether it was ended. Only the campaign itself says
//! whether its coupons were voided, so it is cached for half a minute. The sums over the shards that pages show are
//! cached for a second ([`Aged`]). The products on sale are cached for half a minute for searches, which read the price
//! and the stock of the products that they show.

use std::{sync::Arc, time::Duration};

use futures::lock::Mutex;
use quick_cache::sync::Cache;
use sijang_domain::{
    Campaign, Catalogue, CouponId, Name, PricedVersion, ProductId, ProductVersion, Shards, SoldOut, Timestamp,
};

use crate::products::ProductView;

/// For how long a campaign is cached. A request may take eight seconds more, and clocks differ a little: voided coupons
/// are rejected everywhere within a minute.
pub(crate) const CAMPAIGN_CACHED: Duration = Duration::from_secs(30);

/// For how long pages show a sum over shards.
pub(crate) const VIEW_CACHED: Duration = Duration::from_secs(1);

/// A value that is used until it has some age. The time is that of the requests, by the wall clock: a monotonic clock
/// may stand still while an environment is frozen.
#[derive(Debug, Clone)]
pub(crate) struct Aged<T> {
    value: T,
    read_at: Timestamp,
}

impl<T> Aged<T> {
    pub(crate) fn new(value: T, read_at: Timestamp) -> Self {
        Self { value, read_at }
    }

    /// The value, for a request that arrives now; nothing when it is too old, or from the future of a clock that was
    /// set back.
    pub(crate) fn fresh(self, now: Timestamp, limit: Duration) -> Option<T> {
        let age = u64::try_from(now.millis() - self.read_at.millis()).ok().map(Duration::from_millis)?;
        (age < limit).then_some(self.value)
    }
}

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
