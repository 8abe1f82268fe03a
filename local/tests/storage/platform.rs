//! The data platform: SQL over its files agrees with ledger, orders and statistics, and no interruption changes that.
//!
//! The files are written to a bucket in memory, and queried with `DuckDB`, as `./local/shop query` does.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use fastrand::Rng;
use futures::future::join_all;
use serde_json::{Value, json};
use sijang_cli::query::{DuckDb, Query};
use sijang_cloud::{layout::Repository, progress::Progress, template::Template};
use sijang_domain::{Day, Finding, Order, OrderStatus, Rule, Subject};
use sijang_platform::{Manifest, Platform, PseudonymKey, Table};
use sijang_storage::Item;
use sijang_testkit::{
    faults::{Fault, Faults, Plan, Proxy},
    objects::{Objects, bucket_at},
    shop::{Customer, Shop, after, at, fixed},
};
use tempfile::TempDir;

use crate::reconciliation::deliver;

/// Noon in Seoul on the day on which most happens, and the aggregation that counts it.
const NOON: &str = "2026-11-21T03:00:00Z";
const NIGHT: &str = "2026-11-21T15:10:00Z";

fn day() -> Day {
    Day::of(at(NOON))
}

fn key() -> PseudonymKey {
    PseudonymKey::new(&"k".repeat(64)).unwrap()
}

/// The data platform in the bucket at an endpoint.
pub fn platform_at(endpoint: &str) -> Platform {
    Platform::new(bucket_at(endpoint), key())
}

/// A shop with sales on two days, one half of them with a coupon, and cancellations on the same day and on the next.
async fn busy(seed: u64) -> Shop {
    let shop = Shop::open_at(after(at(NOON), -10_800)).await;
    let mut rng = Rng::with_seed(seed);
    let mut products = Vec::new();
    for price in [1_000, 2_500, 9_900, 333] {
        products.push(shop.product(price, 500).await);
    }
    let coupon = shop.campaign(50, fixed(700)).await;
    let mut orders: Vec<(Customer, Order)> = Vec::new();
    for number in 0..8 {
        let customer = shop.customer(&format!("customer-{number}")).with_balance(900_000).await;
        let customer = customer.with_coupon(coupon).await;
        // The day before, noon, and the evening.
        for (round, hours) in [-20, 0, 6].into_iter().enumerate() {
            rng.shuffle(&mut products);
            let lines: Vec<_> = products[..rng.usize(1..=3)].iter().map(|product| (*product, rng.i64(1..=5))).collect();
            let order = customer.order_all(lines).at(after(at(NOON), hours * 3_600));
            let order = if round == 1 { order.with(coupon) } else { order };
            orders.push((customer.clone(), order.done().await));
        }
    }
    rng.shuffle(&mut orders);
    for (number, (customer, order)) in orders.iter().take(5).enumerate() {
        let hours = if number < 3 { 13 } else { 8 };
        customer.cancel(order).at(after(at(NOON), hours * 3_600)).done().await;
    }
    shop
}

/// Delivers all events, and counts three days.
async fn counted(shop: &Shop) {
    deliver(shop).await;
    shop.store.aggregate(at(NIGHT), at(NIGHT)).await.unwrap();
}

/// Exports every day that is behind.
async fn export(shop: &Shop, platform: &Platform) -> Vec<Manifest> {
    let mut manifests = Vec::new();
    for day in platform.days_behind(&shop.store, Day::of(at(NIGHT))).await.unwrap() {
        manifests.push(platform.export(&shop.store, day).await.unwrap());
    }
    manifests
}

/// The files of a bucket on disk, and `DuckDB`.
pub struct Sql {
    folder: TempDir,
    duckdb: DuckDb,
}

impl Sql {
    pub async fn over(objects: &Objects) -> Self {
        let folder = TempDir::new().unwrap();
        objects.save(folder.path());
        let duckdb = DuckDb::fetch(&Repository::find().unwrap(), Progress::new(true)).await.unwrap();
        Self { folder, duckdb }
    }

    /// The rows of a query.
    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        self.duckdb.rows(self.folder.path(), &Query::new(sql)).await.unwrap()
    }

    /// The rows of a named query of the template.
    pub async fn named(&self, name: &str, first: Day, last: Day) -> Vec<Value> {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
        let examples = Query::examples(&Template::load(&template).unwrap(), &first.to_string(), &last.to_string());
        let (_, query) = examples.into_iter().find(|(found, _)| found == name).unwrap();
        self.duckdb.rows(self.folder.path(), &query).await.unwrap()
    }
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item[name].as_s().unwrap()
}

fn number(item: &Item, name: &str) -> i64 {
    item[name].as_n().unwrap().parse().unwrap()
}

/// SQL over the files says what ledger, orders, statistics and ranking say.
async fn agrees(shop: &Shop, objects: &Objects) {
    let sql = Sql::over(objects).await;
    let stored = shop.snapshot().await;

    // The ledger, to the won: what was paid, less what was given back.
    let ledger = stored.items("balances").filter(|item| ["PAYMENT", "REFUND"].contains(&kind(item)));
    let paid: i64 = ledger.map(|item| -number(item, "amount")).sum();
    assert_eq!(sql.rows("SELECT sum(paid_price) AS paid FROM orders").await, [json!({"paid": paid})]);

    // Each order, with what it costs and what became of it.
    let rows = "SELECT order_id, sum(sign) AS sign, sum(list_price) AS list_price, sum(discount) AS discount, \
                sum(paid_price) AS paid_price, max(coupon_id) AS coupon_id FROM orders GROUP BY order_id ORDER BY order_id";
    let mut orders = BTreeMap::new();
    for customer in (0..8).map(|number| shop.customer(&format!("customer-{number}"))) {
        for order in customer.orders().await {
            let live = i64::from(order.status == OrderStatus::Paid);
            let Order { list_price, discount, paid_price, coupon_id, .. } = &order;
            let expected = json!({
                "order_id": order.order_id, "sign": live, "list_price": live * list_price.minor(),
                "discount": live * discount.minor(), "paid_price": live * paid_price.minor(), "coupon_id": coupon_id,
            });
            orders.insert(order.order_id, expected);
        }
    }
    assert_eq!(sql.rows(rows).await, orders.into_values().collect::<Vec<_>>());

    // Each product of each day, by its lines and by its totals.
    let mut expected = Vec::new();
    for day in [day().plus(-1), day()] {
        for (product_id, sales) in shop.store.day_totals(day).await.unwrap() {
            expected.push(json!({
                "day": day, "product_id": product_id, "units": sales.units, "revenue": sales.revenue,
                "orders": sales.orders,
            }));
        }
    }
    let by_lines = "SELECT day, product_id, sum(units) AS units, sum(amount) AS revenue, sum(sign) AS orders \
                    FROM order_lines GROUP BY day, product_id ORDER BY day, product_id";
    assert_eq!(sql.rows(by_lines).await, expected);
    let by_totals = "SELECT day, product_id, units, revenue, orders FROM product_days ORDER BY day, product_id";
    assert_eq!(sql.rows(by_totals).await, expected);

    // The best sellers, as GET /v1/products/popular reads them.
    let ranking = shop.store.newest_ranking(at(NIGHT)).await.unwrap().unwrap();
    let [first, .., last] = ranking.day.ranking_window();
    let ranked = ranking.products.iter().map(|ranked| {
        let (units_sold, revenue) = (ranked.units_sold, ranked.revenue);
        json!({"product_id": ranked.product_id, "units_sold": units_sold, "revenue": revenue})
    });
    assert_eq!(sql.named("best-sellers", first, last).await, ranked.collect::<Vec<_>>());
}

fn kind(item: &Item) -> &str {
    item.get("type").and_then(|kind| kind.as_s().ok()).map_or("", String::as_str)
}

#[tokio::test]
async fn sql_agrees_with_ledger_orders_statistics_and_ranking() {
    let objects = Objects::start().await;
    let platform = platform_at(&objects.endpoint());
    let shop = busy(1).await;
    counted(&shop).await;
    // Events that are delivered again change nothing.
    counted(&shop).await;
    assert_eq!(export(&shop, &platform).await.len(), 2);
    agrees(&shop, &objects).await;

    // A cancellation after the export: its day is behind, and no other is.
    let customer = shop.customer("customer-3");
    let live = customer.orders().await.into_iter().find(|order| order.status == OrderStatus::Paid).unwrap();
    customer.cancel(&live).at(after(at(NOON), 2 * 86_400)).done().await;
    counted(&shop).await;
    let behind = platform.days_behind(&shop.store, Day::of(at(NIGHT))).await.unwrap();
    assert_eq!(behind, [Day::of(live.paid_at)]);
    let late = [Finding { rule: Rule::ExportBehind, subject: Subject::Day(behind[0]) }];
    assert_eq!(platform.findings(&shop.store, behind[0]).await.unwrap(), late.into());
    export(&shop, &platform).await;
    agrees(&shop, &objects).await;
    assert_eq!(platform.findings(&shop.store, behind[0]).await.unwrap(), BTreeSet::new());
}

#[tokio::test]
async fn customers_are_pseudonyms_and_repeat_buyers_are_counted() {
    let objects = Objects::start().await;
    let shop = busy(2).await;
    counted(&shop).await;
    export(&shop, &platform_at(&objects.endpoint())).await;
    let sql = Sql::over(&objects).await;
    let found = sql.rows("SELECT DISTINCT customer FROM orders ORDER BY customer").await;
    let mut expected: Vec<_> = (0..8)
        .map(|number| json!({"customer": key().pseudonym(&shop.customer(&format!("customer-{number}")).user)}))
        .collect();
    expected.sort_by_key(|row| row["customer"].as_str().map(str::to_owned));
    assert_eq!(found, expected);

    let mut often: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
    for customer in (0..8).map(|number| shop.customer(&format!("customer-{number}"))) {
        let live = customer.orders().await.into_iter().filter(|order| order.status == OrderStatus::Paid);
        let paid: Vec<i64> = live.map(|order| order.paid_price.minor()).collect();
        let row = often.entry(paid.len()).or_default();
        *row = (row.0 + 1, row.1 + paid.iter().sum::<i64>());
    }
    often.remove(&0);
    let often = often
        .into_iter()
        .map(|(orders, (customers, paid))| json!({"orders": orders, "customers": customers, "paid_price": paid}));
    let found = sql.named("repeat-buyers", day().plus(-1), day()).await;
    assert_eq!(found, often.collect::<Vec<_>>());
    let coupons = sql.named("coupon-effect", day().plus(-1), day()).await;
    assert_eq!(coupons.len(), 2, "with the coupon, and without: {coupons:?}");
}

#[tokio::test]
async fn the_same_facts_make_the_same_bytes() {
    let shop = busy(3).await;
    counted(&shop).await;
    let mut buckets = Vec::new();
    for _ in 0..2 {
        let objects = Objects::start().await;
        let platform = platform_at(&objects.endpoint());
        export(&shop, &platform).await;
        let once = objects.all();
        platform.export(&shop.store, day()).await.unwrap();
        assert_eq!(objects.all(), once, "exported again");
        buckets.push(once);
    }
    assert_eq!(buckets[0].len(), 2 * 18, "17 files and a manifest for each of two days");
    assert!(buckets[0] == buckets[1]);
}

#[tokio::test]
async fn an_export_that_is_killed_at_any_call_is_completed_by_the_next() {
    let shop = busy(4).await;
    counted(&shop).await;
    let (objects, faults) = (Objects::start().await, Faults::none());
    platform_at(&objects.endpoint()).export(&shop.store, day()).await.unwrap();
    let complete = objects.all();
    let proxy = Proxy::start(&objects.endpoint(), &faults).await.unwrap();
    // Before a call does anything, which is also right after the call before it.
    for call in 1.. {
        objects.clear();
        faults.plan(Plan::at(call, Fault::Hang));
        let (platform, store) = (platform_at(&proxy.endpoint()), Arc::clone(&shop.store));
        let mut run = tokio::spawn(async move { platform.export(&store, day()).await });
        tokio::select! {
            ended = &mut run => {
                ended.unwrap().unwrap();
                assert_eq!(call, 3 * 17 + 2 + 1, "a head and a put for each file, a head of each for the manifest");
                return;
            }
            () = faults.silence() => run.abort(),
        }
        faults.plan(Plan::none());
        platform_at(&objects.endpoint()).export(&shop.store, day()).await.unwrap();
        assert!(objects.all() == complete, "killed at call {call}");
    }
}

#[tokio::test]
async fn lost_and_repeated_calls_change_nothing() {
    let shop = busy(5).await;
    counted(&shop).await;
    let (objects, faults) = (Objects::start().await, Faults::none());
    platform_at(&objects.endpoint()).export(&shop.store, day()).await.unwrap();
    let complete = objects.all();
    let proxy = Proxy::start(&objects.endpoint(), &faults).await.unwrap();
    for seed in 0..4 {
        objects.clear();
        let lost = [Fault::Reset, Fault::ReplyDropped, Fault::Twice, Fault::InternalError].map(Into::into);
        faults.plan(Plan::seeded(seed, 150, lost.into()));
        // Whoever fails is run again, as Lambda does.
        let mut runs = 0;
        while platform_at(&proxy.endpoint()).export(&shop.store, day()).await.is_err() {
            runs += 1;
            assert!(runs < 20, "seed {seed}");
        }
        let hurt = faults.calls().iter().filter(|call| call.fault != Fault::None).count();
        assert!(hurt > 0 && objects.all() == complete, "seed {seed}");
    }
}

#[tokio::test]
async fn a_put_that_arrives_late_replaces_no_newer_file() {
    let shop = busy(10).await;
    counted(&shop).await;
    let (objects, faults) = (Objects::start().await, Faults::none());
    let proxy = Proxy::start(&objects.endpoint(), &faults).await.unwrap();
    let product = shop.product(70, 100).await;
    // With no file there, and with the file of an earlier export there.
    for round in 0..2 {
        // The last of the 17 files, which every fact changes.
        faults.plan(Plan::nth("PUT object", 17, Fault::Late));
        let (platform, store) = (platform_at(&proxy.endpoint()), Arc::clone(&shop.store));
        let run = tokio::spawn(async move { platform.export(&store, day()).await });
        faults.silence().await;
        run.abort();
        shop.customer("customer-2").order([(product, 1)]).at(after(at(NOON), 90 + round)).done().await;
        counted(&shop).await;
        platform_at(&objects.endpoint()).export(&shop.store, day()).await.unwrap();
        let newest = objects.all();
        assert_eq!(faults.deliver_late().await, 1);
        assert!(objects.all() == newest, "round {round}");
    }
}

#[tokio::test]
async fn exports_at_once_leave_the_files_of_the_one_that_saw_most() {
    let shop = busy(6).await;
    let objects = Objects::start().await;
    deliver(&shop).await;
    let exports = (0..4).map(|_| {
        let (platform, store) = (platform_at(&objects.endpoint()), Arc::clone(&shop.store));
        tokio::spawn(async move { platform.export(&store, day()).await })
    });
    let exports: Vec<_> = exports.collect();
    // Facts come while the exports run.
    let customer = shop.customer("customer-1");
    let product = shop.product(50, 100).await;
    for number in 0..6 {
        customer.order([(product, 1)]).at(after(at(NOON), 60 + number)).done().await;
        deliver(&shop).await;
    }
    for export in join_all(exports).await {
        // Who is overtaken too often is run again.
        drop(export.unwrap());
    }
    counted(&shop).await;
    let platform = platform_at(&objects.endpoint());
    export(&shop, &platform).await;
    agrees(&shop, &objects).await;
    assert_eq!(platform.findings(&shop.store, day()).await.unwrap(), BTreeSet::new());
}

#[tokio::test]
async fn an_export_of_fewer_facts_replaces_nothing() {
    let shop = busy(7).await;
    counted(&shop).await;
    let objects = Objects::start().await;
    let platform = platform_at(&objects.endpoint());
    let complete = platform.export(&shop.store, day()).await.unwrap();
    let files = objects.all();
    let snapshot = shop.snapshot().await;
    let unseen = snapshot.items("sales").find(|item| text(item, "pk").starts_with(&format!("FACT#{}", day()))).unwrap();
    let table = shop.database.name_of("sales");
    let delete = shop.database.client.delete_item().table_name(table);
    delete.key("pk", unseen["pk"].clone()).key("sk", unseen["sk"].clone()).send().await.unwrap();
    assert_eq!(platform.export(&shop.store, day()).await.unwrap(), complete);
    assert!(objects.all() == files);
}

#[tokio::test]
async fn a_missing_or_spoilt_file_is_found_by_its_name() {
    let shop = busy(8).await;
    counted(&shop).await;
    let objects = Objects::start().await;
    let platform = platform_at(&objects.endpoint());
    export(&shop, &platform).await;
    let findings = async || platform.findings(&shop.store, day()).await.unwrap();
    for (_, key) in Table::files(day()) {
        let finding = |rule| BTreeSet::from([Finding { rule, subject: Subject::File(key.clone()) }]);
        objects.spoil(&key);
        assert_eq!(findings().await, finding(Rule::FileDiffers));
        objects.remove(&key);
        assert_eq!(findings().await, finding(Rule::FileMissing));
        platform.export(&shop.store, day()).await.unwrap();
        assert_eq!(findings().await, BTreeSet::new(), "{key} after another export");
    }
    objects.remove(&Manifest::key(day()));
    let behind = Finding { rule: Rule::ExportBehind, subject: Subject::Day(day()) };
    assert_eq!(findings().await, [behind].into());
}

#[tokio::test]
async fn facts_of_the_first_release_are_exported_without_what_they_lack() {
    let shop = busy(9).await;
    deliver(&shop).await;
    let table = shop.database.name_of("sales");
    for item in shop.snapshot().await.items("sales").filter(|item| item.contains_key("details")) {
        let mut item = item.clone();
        item.retain(|name, _| !["details", "user"].contains(&name.as_str()));
        shop.database.client.put_item().table_name(&table).set_item(Some(item)).send().await.unwrap();
    }
    counted_again(&shop).await;
    let objects = Objects::start().await;
    export(&shop, &platform_at(&objects.endpoint())).await;
    let sql = Sql::over(&objects).await;
    let rows = "SELECT count(*) AS events, count(customer) + count(discount) + count(paid_price) AS known, \
                sum(sign) AS orders, count(occurred_at) AS dated FROM orders";
    assert_eq!(sql.rows(rows).await, [json!({"events": 29, "known": 0, "orders": 19, "dated": 24})]);
}

async fn counted_again(shop: &Shop) {
    shop.store.aggregate(at(NIGHT), at(NIGHT)).await.unwrap();
}

#[tokio::test]
async fn a_day_without_facts_has_no_files() {
    let shop = Shop::open().await;
    let objects = Objects::start().await;
    let platform = platform_at(&objects.endpoint());
    assert_eq!(platform.days_behind(&shop.store, day()).await.unwrap(), []);
    assert_eq!(platform.findings(&shop.store, day()).await.unwrap(), BTreeSet::new());
    assert_eq!(objects.all().len(), 0);
}
