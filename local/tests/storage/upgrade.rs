//! Upgrades: what an earlier release wrote is read and used by this one.
//!
//! `local/tests/storage/upgrade/VERSION.json` has what a release left behind: the raw items of every table, a message
//! that was still in the queue, positions that cursors carry, and the answers that were given. These files are kept,
//! and never edited. `UPDATE_EXPECT=1 cargo test --workspace --locked --test storage upgrade` writes the one of the
//! version in `Cargo.toml`, if there is none yet.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sijang_domain::{
    CloudEvent, CouponId, Day, OrderId, OrderStatus, Position, ProductId, ProductSearch, ProductSort, RankedProduct,
};
use sijang_storage::{Item, SETTLING, order_event_of};
use sijang_testkit::{
    engine::TABLES,
    shop::{Shop, after, at, fixed, time},
};

use crate::reconciliation::deliver;

/// The daily run after the day on which everything in a fixture happened, 21 November 2026.
const DAILY_RUN: &str = "2026-11-21T15:10:00Z";

/// Data that a release left behind.
#[derive(Serialize, Deserialize)]
struct Left {
    tables: BTreeMap<String, Vec<serde_dynamo::Item>>,
    /// The event of `alice`'s last order: in the queue, and not counted.
    message: String,
    tea: ProductId,
    milk: ProductId,
    coupon: CouponId,
    /// The answer to `alice` under the key `old-deposit`.
    deposit: String,
    /// The answer to her under the key `old-order`.
    order: String,
    last_order: OrderId,
    /// Where the second page of her ledger begins, two entries in.
    ledger: String,
    /// Where the second page of the catalogue begins, one product in.
    catalogue: String,
    /// Units and revenue by product, as the ranking says.
    ranking: Vec<(ProductId, i64, i64)>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("storage/upgrade")
}

/// A day of a small shop, as this release writes it.
async fn write() -> Left {
    let shop = Shop::open().await;
    let tea = shop.named_product("tea", 5_000, 9).await;
    let milk = shop.named_product("milk", 1_000, 9).await;
    shop.reshard(milk, 3).done().await;
    let coupon = shop.campaign(5, fixed(500)).await;
    let alice = shop.customer("alice").with_balance(30_000).await.with_coupon(coupon).await;
    let deposit = alice.deposit(7_000).key("old-deposit").done().await.as_str().to_owned();
    let order = alice.order([(tea, 2)]).with(coupon).key("old-order").done().await;
    shop.customer("bob").with_balance(10_000).await.with_coupon(coupon).await;
    deliver(&shop).await;
    let ranking = shop.store.aggregate(at(DAILY_RUN), at(DAILY_RUN)).await.unwrap().products;
    let last_order = alice.order([(milk, 1)]).done().await.order_id;
    let snapshot = shop.snapshot().await;
    let event = |item: &&Item| format!("{item:?}").contains(&last_order.to_string());
    let event = order_event_of(snapshot.items("events").find(event).unwrap().clone().into()).unwrap();
    let tables = TABLES.iter().map(|table| {
        let items = snapshot.items(&table.name).map(|item| item.clone().into());
        (table.name.clone(), items.collect())
    });
    Left {
        tables: tables.collect(),
        message: serde_json::to_string(&event).unwrap(),
        tea,
        milk,
        coupon,
        deposit,
        order: serde_json::to_string(&order).unwrap(),
        last_order,
        ledger: alice.ledger_page(2, None).await.unwrap().next.unwrap().0,
        catalogue: shop.store.catalogue(None, 1, None, shop.now()).await.unwrap().next.unwrap().0,
        ranking: figures(&ranking),
    }
}

fn figures(ranking: &[RankedProduct]) -> Vec<(ProductId, i64, i64)> {
    ranking.iter().map(|ranked| (ranked.product_id, ranked.units_sold, ranked.revenue)).collect()
}

/// The shop that goes on with it a day later.
async fn opened(left: &Left, without: &[&str]) -> Shop {
    let shop = Shop::open_at(at("2026-11-22T03:00:00Z")).await;
    for (table, items) in &left.tables {
        for item in items {
            let mut item: Item = item.clone().into();
            item.retain(|name, _| !without.contains(&name.as_str()));
            let put = shop.database.client.put_item().table_name(shop.database.name_of(table));
            put.set_item(Some(item)).send().await.unwrap();
        }
    }
    shop
}

/// Everything that customers and workers can want of it.
async fn used(left: &Left, without: &[&str]) {
    let shop = opened(left, without).await;
    let (alice, bob) = (shop.customer("alice"), shop.customer("bob"));

    // Keys: the first answers, byte for byte.
    let deposit = alice.deposit(7_000).key("old-deposit").replayed().await;
    assert_eq!(deposit.as_str(), left.deposit);
    let order = alice.order([(left.tea, 2)]).with(left.coupon).key("old-order").replayed().await;
    assert_eq!(serde_json::to_string(&order).unwrap(), left.order);

    // Cursors: the lists go on where they were.
    let ledger = alice.ledger().await;
    let rest = alice.ledger_page(100, Some(Position(left.ledger.clone()))).await.unwrap();
    assert_eq!((ledger.len(), rest.data), (4, ledger[2..].to_vec()));
    let rest = shop.store.catalogue(None, 100, Some(Position(left.catalogue.clone())), shop.now()).await.unwrap().data;
    assert_eq!(rest.iter().map(|product| product.product_id).collect::<Vec<_>>(), [left.tea]);
    // The first release stored the price of a product in its stock only.
    let dearest = ProductSearch { sort: ProductSort::PriceDescending, ..ProductSearch::default() };
    let found = shop.store.search_products(&dearest, 100, None, shop.now()).await.unwrap().page.data;
    assert_eq!(found.iter().map(|product| product.product_id).collect::<Vec<_>>(), [left.tea, left.milk]);

    // Events: the ranking as it was; what was in the queue is counted; the stream's record gives the same message.
    assert_eq!(figures(&shop.store.newest_ranking(at(DAILY_RUN)).await.unwrap().unwrap().products), left.ranking);
    let event: CloudEvent = serde_json::from_str(&left.message).unwrap();
    crate::sales::record(&shop, std::slice::from_ref(&event)).await;
    let snapshot = shop.snapshot().await;
    let of_last_order = |item: &&Item| item.contains_key("order") && format!("{item:?}").contains(&event.subject);
    let again = order_event_of(snapshot.items("events").find(of_last_order).unwrap().clone().into()).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), left.message);
    let expected = [(left.tea, 2, 10_000), (left.milk, 1, 1_000)];
    assert_eq!(figures(&shop.store.aggregate(at(DAILY_RUN), at(DAILY_RUN)).await.unwrap().products), expected);

    // An old coupon, old stock in shards, an old order, an old balance.
    let with_coupon = bob.order([(left.milk, 7)]).with(left.coupon).done().await;
    assert_eq!(with_coupon.discount.minor(), 500);
    // Lines ordered by an earlier release have no version, and new ones have one.
    let mut orders = [order, with_coupon.clone()];
    shop.store.name_lines(&mut orders).await.unwrap();
    let [old, new] = orders.map(|order| order.lines[0].clone());
    assert_eq!((old.product_version, old.name), (None, None));
    assert_eq!(new.name.unwrap().as_str(), "milk");
    let last = alice.orders().await.into_iter().find(|order| order.order_id == left.last_order).unwrap();
    assert_eq!(alice.cancel(&last).done().await.status, OrderStatus::Cancelled);
    assert_eq!((alice.balance().await, bob.balance().await), (27_500, 3_500));
    shop.adjust(left.tea, -1).done().await;
    assert_eq!((shop.stock(left.tea).await, shop.stock(left.milk).await), (6, 2));

    deliver(&shop).await;
    shop.check().await;
    for noon in ["2026-11-21T03:00:00Z", "2026-11-22T03:00:00Z"] {
        let (day, later) = (Day::of(at(noon)), time(after(at(noon), 86_400)));
        let result = shop.store.reconcile_day(day, later, SETTLING).await.unwrap();
        assert_eq!(result.findings.len(), 0, "{:?}", result.findings);
    }
}

#[tokio::test]
async fn data_of_every_earlier_release_is_read_and_used() {
    let own = folder().join(concat!(env!("CARGO_PKG_VERSION"), ".json"));
    if env::var_os("UPDATE_EXPECT").is_some() && !own.exists() {
        fs::create_dir_all(folder()).unwrap();
        let left = Box::pin(write()).await;
        fs::write(&own, serde_json::to_string_pretty(&left).unwrap() + "\n").unwrap();
    }
    assert!(own.is_file(), "{} is missing: this release is to be read by the next", own.display());
    for file in fs::read_dir(folder()).unwrap() {
        let left: Left = serde_json::from_slice(&fs::read(file.unwrap().path()).unwrap()).unwrap();
        Box::pin(used(&left, &[])).await;
        // Items from before these were written.
        Box::pin(used(&left, &["entered", "user", "details"])).await;
    }
}
