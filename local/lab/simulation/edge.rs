//! A CloudFront distribution between the customers and the shop: each of its locations answers with the public view of
//! the goods for a second, and sends one request to the shop for all customers who look meanwhile.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use sijang_domain::Error;
use sijang_storage::Store;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep},
};

use super::{
    assumptions::Cloud,
    dynamo::Engine,
    gateway::{Gateway, TurnedAway},
    shop::Goods,
};

/// How long a location answers with a view (`max-age` of `get-product` and `get-coupon`).
const CACHED_FOR: Duration = Duration::from_secs(1);
/// How old the sum of the shards is at most when a function answers with it (`VIEW_CACHED` in `shared/storage/src/aged.rs`).
const SUM_CACHED_FOR: Duration = Duration::from_secs(1);

pub struct Edge {
    engine: Engine,
    goods: Goods,
    /// The way to the functions that give the views, which have environments and a throttling limit of their own.
    views: Gateway,
    /// How long a request of a location takes to the shop and back, beside the function.
    distance: Duration,
    locations: Vec<Mutex<Option<View>>>,
    requests: AtomicU64,
    misses: AtomicU64,
}

/// A location's cached view.
#[derive(Debug, Clone, Copy)]
pub struct View {
    pub is_sold_out: bool,
    /// The shop had so much at some time since then.
    pub since: Instant,
    received: Instant,
}

impl Edge {
    pub fn new(cloud: &Cloud, engine: &Engine, goods: Goods, seed: u64) -> Self {
        Self {
            engine: engine.clone(),
            goods,
            views: Gateway::new(cloud, engine, seed),
            distance: cloud.edge_to_shop * 2,
            locations: (0..cloud.edge_locations).map(|_| Mutex::default()).collect(),
            requests: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// The view at the location of this customer; nothing when the shop gives it none. A customer who looks while it
    /// asks the shop waits for that answer.
    pub async fn look(&self, customer: usize) -> Option<View> {
        self.forwards();
        let mut shown = self.locations[customer % self.locations.len()].lock().await;
        if let Some(view) = shown.filter(|view| view.received.elapsed() < CACHED_FOR) {
            return Some(view);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let since = Instant::now().checked_sub(SUM_CACHED_FOR)?;
        let answer = self.views.request(async |store| self.view(store).await).await;
        sleep(self.distance).await;
        *shown = match answer {
            Ok(Some(is_sold_out)) => Some(View { is_sold_out, since, received: Instant::now() }),
            Ok(None) | Err(TurnedAway::Throttled | TurnedAway::Unavailable) => None,
        };
        *shown
    }

    /// Counts a request that passes here.
    pub fn forwards(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Requests of customers, and views that the shop was asked for.
    pub fn requests(&self) -> (u64, u64) {
        (self.requests.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }

    /// Whether nothing is left. Nothing when the shop is too busy to count.
    async fn view(&self, store: &Store) -> Option<bool> {
        let now = self.engine.time();
        let is_sold_out = match self.goods {
            Goods::Product(product) => store.product(product, now).await.map(|product| product.stock.units() == 0),
            Goods::Campaign(coupon) => store.campaign_listing(coupon, now).await.map(|listing| listing.remaining == 0),
        };
        match is_sold_out {
            Err(Error::Busy(_)) => None,
            is_sold_out => Some(is_sold_out.unwrap()),
        }
    }
}
