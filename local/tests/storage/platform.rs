//! The data platform: SQL over its files agrees with ledger, orders and statistics, and no interruption changes that.
//!
//! The files are written to a bucket in memory, and queried with `DuckDB`, as `./local/shop query` does.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fastrand::Rng;
use futures::{StreamExt, future::join_all, stream};
use serde_json::json;
use sijang_domain::{Day, Error, Finding, Order, OrderStatus, Rule, Subject};
use sijang_platform::{Manifest, Platform, Table};
use sijang_storage::{AttributeValue, Item, Store};
use sijang_testkit::{
    faults::{Fault, Faults, Plan, Proxy},
    invariants::violations_in_files,
    objects::Objects,
    platform::{Sql, platform_at, pseudonym_key},
    shop::{Customer, Shop, after, at, fixed},
};

use crate::reconciliation::deliver;

/// Noon in Seoul on the day on which most happens, and the aggregation that counts it.
const NOON: &str = "2026-11-21T03:00:00Z";
const DAILY_RUN: &str = "2026-11-21T15:10:00Z";

fn day() -> Day {
    Day::of(at(NOON))
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
    shop.store.aggregate(at(DAILY_RUN), at(DAILY_RUN)).await.unwrap();
}

/// Exports every day that is behind.
async fn export(shop: &Shop, platform: &Platform) -> Vec<Manifest> {
    let mut manifests = Vec::new();
    for day in platform.days_behind(&shop.store, Day::of(at(DAILY_RUN))).await.unwrap() {
        manifests.push(platform.export(&shop.store, day).await.unwrap());
    }
    manifests
}

fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    item[name].as_s().unwrap()
}

/// SQL over the files says what ledger, orders, statistics and ranking say.
async fn agrees(shop: &Shop, objects: &Objects) {
    let sql = Sql::over(objects).await;
    assert_eq!(violations_in_files(&shop.snapshot().await, &sql).await, Vec::<String>::new());
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
    let behind = platform.days_behind(&shop.store, Day::of(at(DAILY_RUN))).await.unwrap();
    assert_eq!(behind, [Day::of(live.paid_at)]);
    let late = [Finding { rule: Rule::ExportBehind, subject: Subject::Day(behind[0]) }];
    assert_eq!(platform.findings(&shop.store, behind[0]).await.unwrap(), late.into());
    export(&shop, &platform).await;
    agrees(&shop, &objects).await;
    assert_eq!(platform.findings(&shop.store, behind[0]).await.unwrap(), BTreeSet::new());
}

/// Adds one to a number, which lies below these names.
fn raise(value: &mut AttributeValue, below: &[&str]) {
    match (value, below) {
        (AttributeValue::N(number), []) => *number = (number.parse::<i64>().unwrap() + 1).to_string(),
        (AttributeValue::M(map), [name, below @ ..]) => raise(map.get_mut(*name).unwrap(), below),
        (AttributeValue::L(list), below) => raise(&mut list[0], below),
        (value, below) => panic!("there is no {below:?} in {value:?}"),
    }
}

#[tokio::test]
async fn sql_disagrees_with_a_table_that_says_something_else() {
    let objects = Objects::start().await;
    let shop = busy(14).await;
    counted(&shop).await;
    export(&shop, &platform_at(&objects.endpoint())).await;
    let mut tables = shop.snapshot().await;
    for (table, (name, start), below) in [
        ("balances", ("type", "PAYMENT"), vec!["amount"]),
        ("orders", ("order_id", ""), vec!["order", "list"]),
        ("orders", ("order_id", ""), vec!["order", "lines", "q"]),
        ("sales", ("pk", "DAY#"), vec!["units"]),
        ("sales", ("pk", "DAYS"), vec!["revenue"]),
        ("sales", ("pk", "RANKING"), vec!["products", "units"]),
    ] {
        let begins = |item: &Item| item.get(name).is_some_and(|value| value.as_s().unwrap().starts_with(start));
        // The sums of a cancelled order are zero in any case.
        let paid = |item: &Item| item.get("order").is_none_or(|order| text(order.as_m().unwrap(), "status") == "PAID");
        let item = tables.items_mut(table).values_mut().find(|item| begins(item) && paid(item)).unwrap();
        raise(item.get_mut(below[0]).unwrap(), &below[1..]);
    }
    let violations = violations_in_files(&tables, &Sql::over(&objects).await).await;
    let compared: Vec<_> = violations.iter().map(|violation| violation.split(", by SQL").next().unwrap()).collect();
    let products = ["the totals of the products", "the totals of the products by lines"];
    let expected =
        ["the orders", "their lines", "the ledger by order", products[0], products[1], "the totals of the days"];
    assert_eq!(compared[..6], expected);
    assert!(compared[6].starts_with("the best sellers"), "{compared:?}");
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
        .map(
            |number| json!({"customer": pseudonym_key().pseudonym(&shop.customer(&format!("customer-{number}")).user)}),
        )
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
async fn a_replay_of_all_days_into_a_new_bucket_makes_the_same_bytes() {
    let shop = busy(3).await;
    counted(&shop).await;
    let [objects, replayed] = [Objects::start().await, Objects::start().await];
    let platform = platform_at(&objects.endpoint());
    export(&shop, &platform).await;
    let once = objects.all();
    assert_eq!(once.len(), 2 * 18, "17 files and a manifest for each of two days");
    platform.export(&shop.store, day()).await.unwrap();
    assert!(objects.all() == once, "exported again");

    let new = platform_at(&replayed.endpoint());
    for day in (-4..2).map(|days| day().plus(days)) {
        new.export(&shop.store, day).await.unwrap();
    }
    assert!(replayed.all() == once, "days without facts have no files");
    assert_eq!(new.days_behind(&shop.store, Day::of(at(DAILY_RUN))).await.unwrap(), []);
}

/// A bucket, and an export of which every call of S3 and DynamoDB goes through a proxy.
struct ExportUnderFaults {
    objects: Objects,
    faults: Faults,
    platform: Platform,
    store: Arc<Store>,
    _proxies: [Proxy; 2],
}

impl ExportUnderFaults {
    async fn of(shop: &Shop) -> Self {
        let (objects, faults) = (Objects::start().await, Faults::none());
        let s3 = Proxy::start(&objects.endpoint(), &faults).await.unwrap();
        let dynamodb = Proxy::start(&shop.database.endpoint, &faults).await.unwrap();
        let (platform, store) = (platform_at(&s3.endpoint()), shop.through(&dynamodb.endpoint()).store);
        Self { objects, faults, platform, store, _proxies: [s3, dynamodb] }
    }

    /// The export of the day, and the reconciliation of its files.
    async fn run(&self) -> Result<BTreeSet<Finding>, Error> {
        self.platform.export(&self.store, day()).await?;
        self.platform.findings(&self.store, day()).await
    }

    /// Exports with a fault at one put. A killed export is run again, as Lambda does.
    async fn run_with_fault(&self, nth: usize, fault: Fault) {
        self.faults.plan(Plan::nth("PUT object", nth, fault));
        let ended = tokio::select! {
            ended = self.platform.export(&self.store, day()) => Some(ended.unwrap()),
            () = self.faults.silence() => None,
        };
        assert!(self.faults.calls().iter().any(|call| call.fault == fault), "{fault:?} was not met at put {nth}");
        self.faults.plan(Plan::none());
        if ended.is_none() {
            self.platform.export(&self.store, day()).await.unwrap();
        }
        self.faults.deliver_late().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_complete_whatever_happened_to_any_of_its_calls() {
    let shop = busy(4).await;
    counted(&shop).await;
    let clean = ExportUnderFaults::of(&shop).await;
    assert_eq!(clean.run().await.unwrap(), BTreeSet::new());
    let (complete, calls) = (clean.objects.all(), clean.faults.calls());
    let count = |operation: &str| calls.iter().filter(|call| call.operation == operation).count();
    // A head and a put for each file and the manifest, a head of each file for the manifest; then each of them is read.
    assert_eq!(["HEAD object", "PUT object", "GET object", "Query"].map(count), [35, 18, 18, 9]);

    // Every call fails, and its repetition does not; every read loses its reply.
    for (fault, hit) in [(Fault::InternalError, 80), (Fault::Reset, 80), (Fault::ReplyDropped, 62)] {
        let export = ExportUnderFaults::of(&shop).await;
        export.faults.plan(Plan::new(move |call| {
            let reply = fault == Fault::ReplyDropped && call.operation == "PUT object";
            if call.nth % 2 == 1 && !reply { fault.into() } else { Fault::None.into() }
        }));
        assert_eq!(export.run().await.unwrap(), BTreeSet::new(), "{fault:?}");
        assert_eq!(export.faults.calls().iter().filter(|call| call.fault == fault).count(), hit, "{fault:?}");
        assert!(export.objects.all() == complete, "{fault:?}");
    }

    // A put loses its reply or arrives twice, or the process is killed before it, after it, or while it is on its way. A
    // process that is killed at a read leaves the same files as one that is killed before its next put.
    let faults = [Fault::ReplyDropped, Fault::Twice, Fault::Hang, Fault::ReplyHung, Fault::Late];
    let cases = (1..=18).flat_map(|nth| faults.map(|fault| (nth, fault)));
    let run = async |(nth, fault)| {
        let export = ExportUnderFaults::of(&shop).await;
        export.run_with_fault(nth, fault).await;
        assert!(export.objects.all() == complete, "{fault:?} at put {nth}");
    };
    assert_eq!(stream::iter(cases).map(run).buffer_unordered(8).count().await, 18 * 5);
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

fn of_file(rule: Rule, key: &str) -> BTreeSet<Finding> {
    [Finding { rule, subject: Subject::File(key.to_owned()) }].into()
}

fn behind() -> BTreeSet<Finding> {
    [Finding { rule: Rule::ExportBehind, subject: Subject::Day(day()) }].into()
}

#[tokio::test]
async fn a_missing_or_spoilt_file_is_found_by_its_name() {
    let shop = busy(8).await;
    counted(&shop).await;
    let objects = Objects::start().await;
    let platform = platform_at(&objects.endpoint());
    export(&shop, &platform).await;
    let complete = objects.all();
    let findings = async || platform.findings(&shop.store, day()).await.unwrap();
    for (_, key) in Table::files(day()) {
        // One byte is changed, or the last one is missing, and the metadata are what they were.
        objects.change(&key, |mut content| {
            let middle = content.len() / 2;
            content[middle] ^= 1;
            content
        });
        assert_eq!(findings().await, of_file(Rule::FileDiffers, &key));
        objects.change(&key, |_| complete[&key][..complete[&key].len() - 1].to_vec());
        assert_eq!(findings().await, of_file(Rule::FileDiffers, &key));
        objects.remove(&key);
        assert_eq!(findings().await, of_file(Rule::FileMissing, &key));
        platform.export(&shop.store, day()).await.unwrap();
        assert_eq!(findings().await, BTreeSet::new(), "{key} after another export");
    }
    assert!(objects.all() == complete);
}

#[tokio::test]
async fn a_spoilt_manifest_is_found_and_replaced_by_the_next_run() {
    let shop = busy(11).await;
    counted(&shop).await;
    let objects = Objects::start().await;
    let platform = platform_at(&objects.endpoint());
    export(&shop, &platform).await;
    let (complete, key) = (objects.all(), Manifest::key(day()));
    let [own, of_another_day] = [day(), day().plus(-1)].map(|day| complete[&Manifest::key(day)].to_vec());
    let of_fewer = {
        let mut manifest: serde_json::Value = serde_json::from_slice(&own).unwrap();
        manifest["facts"] = json!(1);
        manifest.to_string().into_bytes()
    };
    for (what, content) in [
        ("truncated", own[..own.len() - 2].to_vec()),
        ("of another day", of_another_day),
        ("another count than that of its files", of_fewer),
    ] {
        objects.change(&key, |_| content);
        let expected = of_file(Rule::FileDiffers, &key).into_iter().chain(behind()).collect::<BTreeSet<_>>();
        assert_eq!(platform.findings(&shop.store, day()).await.unwrap(), expected, "{what}");
        assert_eq!(export(&shop, &platform).await.len(), 1, "{what}");
        assert!(objects.all() == complete, "{what}");
    }
    objects.remove(&key);
    assert_eq!(platform.findings(&shop.store, day()).await.unwrap(), behind());
    export(&shop, &platform).await;
    assert!(objects.all() == complete);
}

#[tokio::test]
async fn files_of_fewer_facts_than_the_table_has_are_found() {
    let shop = busy(12).await;
    let objects = Objects::start().await;
    let platform = platform_at(&objects.endpoint());
    counted(&shop).await;
    export(&shop, &platform).await;
    let product = shop.product(70, 100).await;
    shop.customer("customer-2").order([(product, 1)]).at(after(at(NOON), 90)).done().await;
    // From when the statistics count it.
    deliver(&shop).await;
    assert_eq!(platform.findings(&shop.store, day()).await.unwrap(), BTreeSet::new());
    counted(&shop).await;
    assert_eq!(platform.findings(&shop.store, day()).await.unwrap(), behind());
    export(&shop, &platform).await;
    assert_eq!(platform.findings(&shop.store, day()).await.unwrap(), BTreeSet::new());
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

#[tokio::test]
async fn files_of_the_last_release_are_queried_beside_those_of_this_one() {
    let shop = busy(13).await;
    counted(&shop).await;
    let objects = Objects::start().await;
    export(&shop, &platform_at(&objects.endpoint())).await;
    let sql = Sql::over(&objects).await;
    let lines = sql.rows("SELECT count(*) AS lines FROM order_lines").await[0]["lines"].as_i64().unwrap();
    // The last release had no product versions. The first file of all is one of its files.
    sql.add_file(
        "order_lines/day=2026-11-01/part-0.parquet",
        "SELECT * EXCLUDE (product_version, day) FROM order_lines",
    )
    .await;
    let rows = sql.rows("SELECT count(*) AS lines, count(product_version) AS versions FROM order_lines").await;
    assert_eq!(rows, [json!({"lines": 2 * lines, "versions": lines})]);
}

async fn counted_again(shop: &Shop) {
    shop.store.aggregate(at(DAILY_RUN), at(DAILY_RUN)).await.unwrap();
}

#[tokio::test]
async fn a_day_without_facts_has_no_files() {
    let shop = Shop::open().await;
    let objects = Objects::start().await;
    let platform = platform_at(&objects.endpoint());
    assert_eq!(platform.days_behind(&shop.store, day()).await.unwrap(), []);
    assert_eq!(platform.findings(&shop.store, day()).await.unwrap(), BTreeSet::new());
    assert_eq!(platform.export(&shop.store, day()).await.unwrap().files, []);
    assert_eq!(objects.all().len(), 0);
}

#[tokio::test]
async fn a_day_of_one_order_has_all_files() {
    let shop = Shop::open().await;
    let product = shop.product(1_000, 9).await;
    shop.customer("alice").with_balance(1_000).await.order([(product, 1)]).done().await;
    counted(&shop).await;
    let objects = Objects::start().await;
    let platform = platform_at(&objects.endpoint());
    assert_eq!(export(&shop, &platform).await.len(), 1);
    assert_eq!(objects.all().len(), 18);
    assert_eq!(platform.findings(&shop.store, day()).await.unwrap(), BTreeSet::new());
}
