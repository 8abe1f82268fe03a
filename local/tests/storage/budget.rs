//! The costs of each route: calls of `DynamoDB`, read units, write units, by outcome, in an environment that has cached
//! nothing (cold) and in one that has done the same before (warm).
//!
//! The engine says what each call consumes; the table is compared with `local/lab/BUDGET.md`, which
//! `UPDATE_EXPECT=1 cargo test -p sijang-tests --test storage budget` writes anew. What the engine does not know is
//! worked out here: a cancelled transaction is counted at the most that it can cost.

use std::{env, fmt::Write as _, fs, path::Path, pin::Pin};

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use sijang_cloud::faults::{Call, Consumed, Fault, Faults, Plan, Proxy};
use sijang_domain::{
    CampaignState, Day, DayRange, OrderId, OrderStatus, ProductId, ProductPatch, ProductSearch, ProductStatus,
    RecordedOrderFilter,
};
use sijang_storage::{AttributeValue, Item};
use sijang_testkit::shop::{Shop, after, at, fixed, time};

use crate::{
    reconciliation::deliver,
    sales::{record, record_on, sale_at},
};

/// A shop behind a proxy that reads the meter.
struct Metered {
    /// Not measured: for what has to be there.
    shop: Shop,
    faults: Faults,
    proxy: Proxy,
    lines: Vec<String>,
}

impl Metered {
    async fn open() -> Self {
        let shop = Shop::open().await;
        let faults = Faults::none();
        faults.measure();
        let proxy = Proxy::start(&shop.database.endpoint, &faults).await.unwrap();
        Self { shop, faults, proxy, lines: Vec::new() }
    }

    /// A measured environment with an empty cache.
    fn cold(&self) -> Shop {
        self.shop.through(&self.proxy.endpoint())
    }

    /// Does it, and enters what it cost.
    fn row<'a, T: 'a>(
        &'a mut self,
        route: &'a str,
        outcome: &'a str,
        action: impl IntoFuture<Output = T> + 'a,
    ) -> Pin<Box<dyn Future<Output = (usize, Consumed)> + 'a>> {
        Box::pin(async move {
            self.faults.plan(Plan::none());
            action.await;
            let calls = self.faults.calls();
            let sum: Consumed = calls.iter().map(|Call { consumed, .. }| *consumed).sum();
            let reads = match (sum.half_reads / 2, sum.half_reads % 2) {
                (whole, 0) => whole.to_string(),
                (whole, _) => format!("{whole}.5"),
            };
            let most = sum.writes + sum.writes_at_most;
            let writes = if sum.writes_at_most == 0 { most.to_string() } else { format!("at most {most}") };
            self.lines.push(format!("| {route} | {outcome} | {} | {reads} | {writes} |", calls.len()));
            (calls.len(), sum)
        })
    }
}

/// A customer's identity of the usual length.
const USER: &str = "c0a8012e-7b1f-4f43-9e6e-1d2a3b4c5d6e";
const PRICE: i64 = 19_900;
/// The products of a catalogue that is searched.
const SEARCHED: u128 = 1_000;

/// The bytes that an item is charged by: the names and values of its attributes, as `DynamoDB` documents them.
fn size_of(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + size_of_value(value)).sum()
}

fn size_of_value(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        // Two digits to a byte, and one byte more.
        AttributeValue::N(digits) => digits.trim_end_matches('0').len().div_ceil(2) + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::L(values) => 3 + values.iter().map(|value| 1 + size_of_value(value)).sum::<usize>(),
        AttributeValue::M(values) => 3 + values.len() + size_of(values),
        _ => 1,
    }
}

/// Whether it is the event of an order of so many lines by the customer of these figures.
fn is_order_of(n: usize, event: &Item) -> bool {
    let keyed = event["request"].as_s().unwrap().ends_with(&format!("-0000000000{n:02}"));
    keyed && event.contains_key("order")
}

/// So many calls, no reads, and so many write units.
fn exactly(calls: usize, writes: u64) -> (usize, Consumed) {
    (calls, Consumed { writes, ..Consumed::default() })
}

#[tokio::test]
async fn another_shard_is_tried_before_all_of_them_are_counted() {
    let m = Metered::open().await;
    m.shop.customer("alice").with_balance(1_000).await;
    let mut second_tries = 0;
    for _ in 0..20 {
        let tea = m.shop.split_product(1, 8, 2).await;
        let env = m.cold();
        let alice = env.customer("alice");
        // Four in each of two shards, as she knows since. Then somebody takes one of them empty.
        alice.order([(tea, 9)]).rejected().await;
        m.shop.another_environment().customer("alice").order([(tea, 4)]).done().await;
        m.faults.plan(Plan::none());
        alice.order([(tea, 1)]).done().await;
        let calls = m.faults.calls();
        assert!(calls.iter().all(|call| call.operation == "TransactWriteItems"), "{calls:?}");
        second_tries += calls.len() - 1;
    }
    assert!(second_tries > 0, "twenty times the right one of two by chance");
}

#[tokio::test]
async fn a_transaction_that_met_another_is_sent_again_by_the_same_request() {
    let m = Metered::open().await;
    let env = m.cold();
    for fault in [Fault::Conflict, Fault::InProgress, Fault::CancelledByThrottling] {
        m.faults.plan(Plan::nth("TransactWriteItems", 1, fault));
        env.customer("alice").deposit(100).key(&format!("{fault:?}")).done().await;
        let sent = m.faults.calls().iter().filter(|call| call.operation == "TransactWriteItems").count();
        assert_eq!(sent, 2, "{fault:?}");
    }
}

#[tokio::test]
async fn reconciler_reads_sharded_stock_twice() {
    let mut calls = Vec::new();
    for shards in [1, 4] {
        let m = Metered::open().await;
        let tea = m.shop.split_product(100, 8, shards).await;
        m.shop.customer("alice").with_balance(1_000).await.order([(tea, 1)]).done().await;
        deliver(&m.shop).await;
        m.shop.store.aggregate(at("2026-11-21T15:10:00Z"), at("2026-11-21T15:10:00Z")).await.unwrap();
        m.faults.plan(Plan::none());
        let one = at("2026-11-21T16:00:00Z");
        assert!(m.cold().store.reconcile_scheduled(one, time(one)).await.unwrap().findings.is_empty());
        calls.push(m.faults.calls().len());
    }
    // Of a product that was never split one read of its shard; of others the first shard, then all there can be, both
    // twice.
    assert_eq!(calls[1], calls[0] + 3);
}

async fn balances(m: &mut Metered) {
    let env = m.cold();
    let alice = env.customer("alice");
    let deposit = alice.deposit(50_000);
    m.row("get-balance", "any", env.store.balance(&alice.user)).await;
    m.row("deposit-balance", "done", deposit.clone()).await;
    m.row("deposit-balance", "replayed", deposit.again()).await;
    let full = m.shop.customer("full").with_balance(10_000_000).await;
    m.row("deposit-balance", "over the limit", env.customer(full.user.as_str()).deposit(100)).await;
    m.row("list-balance-transactions", "the first page", alice.ledger_page(20, None)).await;
    m.row("adjust-balance", "done", env.adjust_balance(&alice, -500)).await;
    m.row("adjust-balance", "more than there is", env.adjust_balance(&alice, -9_000_000)).await;
    m.row("get-customer-balance", "any", env.store.balance(&alice.user)).await;
    m.row("list-customer-ledger", "the first page", alice.ledger_page(20, None)).await;
}

async fn orders(m: &mut Metered) {
    let mut products: Vec<ProductId> = Vec::new();
    for _ in 0..50 {
        products.push(m.shop.product(PRICE, 1_000).await);
    }
    let env = m.cold();
    m.shop.customer(USER).with_balance(3_000_000).await;
    let rich = env.customer(USER);
    let lines = |n: usize| products[..n].iter().map(|product| (*product, 1)).collect::<Vec<_>>();
    m.row("place-order", "1 line, cold", rich.order_all(lines(1))).await;
    m.row("place-order", "1 line, cold, quoted", {
        let cold = m.cold();
        cold.customer(rich.user.as_str()).order_all(lines(1)).quoting(products[0], PRICE)
    })
    .await;
    let order = rich.order_all(lines(1));
    assert_eq!(m.row("place-order", "1 line, warm", order.clone()).await, exactly(1, 10));
    m.row("place-order", "replayed", order.again()).await;
    rich.order_all(lines(50)).done().await;
    let mut largest = 0;
    for n in 1..=50 {
        m.shop.customer(USER).with_balance(PRICE * i64::try_from(n).unwrap()).await;
        // Customer and key as long as they are where they are UUIDs.
        let order = rich.order_all(lines(n)).key(&format!("0fdbbf25-6a4c-4d3e-9b51-0000000000{n:02}"));
        let cost = m.row("place-order", &format!("{n} lines, warm"), order).await;
        assert_eq!((cost.0, cost.1.half_reads), (1, 0), "{n} lines are one call without a read");
        if cost.1.writes == 2 * (n as u64 + 4) {
            largest = n;
        }
        if ![3, 10, 25, 50].contains(&n) {
            m.lines.pop();
        }
    }
    let events = m.shop.snapshot().await;
    let fits = |n: usize| size_of(events.items("events").find(|item| is_order_of(n, item)).unwrap()) <= 1_024;
    assert!(
        fits(largest) && !fits(largest + 1),
        "the largest order that fits into one kilobyte is not of {largest} lines"
    );
    assert!(largest >= 15, "an order of {largest} lines does not fit into its budget");
    m.lines.push(format!("| place-order | n lines, warm, to n = {largest} | 1 | 0 | 2(n + 4) |"));

    let coupon = m.shop.campaign(5, fixed(5)).await;
    let held = env.customer(USER).with_coupon(coupon).await;
    rich.order_all(lines(1)).with(coupon).done().await;
    let second = m.shop.campaign(5, fixed(5)).await;
    held.with_coupon(second).await;
    m.row("place-order", "coupon used before", rich.order_all(lines(1)).with(coupon)).await;
    m.row("place-order", "1 line and a coupon, cold", rich.order_all(lines(1)).with(second)).await;
    let third = m.shop.campaign(5, fixed(5)).await;
    let bob = m.shop.customer("bob").with_balance(100_000).await.with_coupon(third).await;
    let bob = env.customer(bob.user.as_str());
    env.customer("warmer")
        .with_balance(100_000)
        .await
        .with_coupon(third)
        .await
        .order_all(lines(1))
        .with(third)
        .done()
        .await;
    let used = m.row("place-order", "1 line and a coupon, warm", bob.order_all(lines(1)).with(third)).await;
    assert_eq!(used, exactly(1, 12));
    m.row("place-order", "short balance", env.customer("poor").order_all(lines(1))).await;
    m.shop.rename(products[1], "another name").done().await;
    m.row("place-order", "product renamed", bob.order([(products[1], 1)])).await;
    assert_eq!(m.row("place-order", "product renamed, warm", bob.order([(products[1], 1)])).await, exactly(1, 10));
    m.shop.reprice(products[0], PRICE + 1).done().await;
    m.row("place-order", "price changed, not quoted", rich.order_all(lines(1))).await;
    m.row("place-order", "price changed, quoted", rich.order_all(lines(1)).quoting(products[0], PRICE)).await;

    for shards in [1, 8] {
        let product = m.shop.split_product(10, 64, shards).await;
        let env = m.cold();
        let rich = env.customer("warmer");
        rich.order([(product, 1)]).done().await;
        let what = |outcome: &str| format!("{outcome}, {shards} shard{}", if shards == 1 { "" } else { "s" });
        assert_eq!(m.row("place-order", &what("1 line, warm"), rich.order([(product, 1)])).await, exactly(1, 10));
        m.shop.adjust(product, -62).done().await;
        m.row("place-order", &what("sold out, cold"), rich.order([(product, 1)])).await;
        // Each request comes a second after the last, unless it says otherwise.
        let counted = rich.order([(product, 1)]);
        let (calls, cost) = m.row("place-order", &what("sold out, warm"), counted.clone()).await;
        let expected = Consumed { half_reads: 2, writes: 1, ..Consumed::default() };
        assert_eq!((calls, cost), (2, expected), "a read of the first shard, and the stored rejection");
        let (calls, cost) =
            m.row("place-order", &what("sold out, just counted"), counted.key(&format!("another-{shards}"))).await;
        assert_eq!((calls, cost), (1, Consumed { writes: 1, ..Consumed::default() }), "the stored rejection");
    }
    own_orders(m, products[0]).await;
}

/// Orders are cancelled and read. The customer has placed others.
async fn own_orders(m: &mut Metered, product: ProductId) {
    let env = m.cold();
    let rich = env.customer(USER);
    let order = rich.order([(product, 1)]).done().await;
    m.row("cancel-order", "1 line", rich.cancel(&order)).await;
    m.row("cancel-order", "cancelled before", rich.cancel(&order)).await;
    let another = rich.order([(product, 1)]).done().await;
    m.row("cancel-customer-order", "1 line", env.cancel_for(&rich, &another)).await;
    m.row("cancel-customer-order", "cancelled before", env.cancel_for(&rich, &another)).await;
    reads_of_orders(m, order.order_id).await;
}

/// Reads of orders with the names of their products, by the customer and by staff.
async fn reads_of_orders(m: &mut Metered, order_id: OrderId) {
    let env = m.cold();
    let rich = env.customer(USER);
    for (what, calls) in [("cold", 2), ("warm", 1)] {
        let read = async {
            let mut order = env.store.order(&rich.user, order_id).await.unwrap();
            env.store.name_lines(std::slice::from_mut(&mut order)).await.unwrap();
        };
        assert_eq!(m.row("get-order", &format!("1 line, {what}"), read).await.0, calls);
    }
    for list in ["list-orders", "list-customer-orders"] {
        let env = m.cold();
        for (what, calls) in [("cold", 2), ("warm", 1)] {
            let read = async {
                let mut page = env.store.orders(&rich.user, None, 20, None, time(env.now())).await.unwrap();
                env.store.name_lines(&mut page.data).await.unwrap();
                assert!(page.data.iter().flat_map(|order| &order.lines).all(|line| line.name.is_some()));
            };
            assert_eq!(m.row(list, &format!("20 orders of 1 to 50 lines, {what}"), read).await.0, calls);
        }
    }
    deliver(&m.shop).await;
    let env = m.cold();
    for (what, calls) in [("cold", 3), ("warm", 2)] {
        let read = async {
            let (_, mut order) = env.store.order_of_any_customer(order_id).await.unwrap();
            env.store.name_lines(std::slice::from_mut(&mut order)).await.unwrap();
        };
        assert_eq!(m.row("find-order", &format!("1 line, {what}"), read).await.0, calls);
    }
}

/// The orders of a day: 400 of two lines, each at a second of its own.
async fn day_orders(m: &mut Metered) {
    let noon = at("2026-11-21T03:00:00Z");
    let sale =
        |number: i64| sale_at(number.unsigned_abs().into(), after(noon, number), &[(1, 1, PRICE), (2, 2, PRICE)]);
    record(&m.shop, &(0..400).map(sale).collect::<Vec<_>>()).await;
    let (env, all) = (m.cold(), RecordedOrderFilter::default());
    let paid = RecordedOrderFilter { status: Some(OrderStatus::Paid), ..all.clone() };
    for (what, filter, limit) in
        [("20 of 400", &all, 20), ("100 of 400", &all, 100), ("by state, 20 of 400", &paid, 20)]
    {
        let read = async {
            let page = env.store.orders_of_day(Day::of(noon), filter, limit, None).await.unwrap();
            assert_eq!(page.data.len(), limit);
        };
        assert_eq!(m.row("list-day-orders", &format!("{what} orders of 2 lines"), read).await.0, 8);
    }
}

async fn coupons(m: &mut Metered) {
    for shards in [1, 8] {
        let what = |outcome: &str| format!("{outcome}, {shards} shard{}", if shards == 1 { "" } else { "s" });
        let coupon = m.shop.split_campaign(32, fixed(5), shards).await;
        let env = m.cold();
        let user = |number: usize| env.customer(&format!("user-{number}"));
        m.row("issue-coupon", &what("done, cold"), user(0).issue(coupon)).await;
        assert_eq!(m.row("issue-coupon", &what("done, warm"), user(1).issue(coupon)).await, exactly(1, 4));
        m.row("issue-coupon", &what("held already"), user(1).issue(coupon)).await;
        for number in 2..32 {
            m.shop.customer(&format!("user-{number}")).issue(coupon).done().await;
        }
        m.row("issue-coupon", &what("sold out, the first time"), user(32).issue(coupon)).await;
        let (calls, cost) = m.row("issue-coupon", &what("sold out, cached"), user(33).issue(coupon)).await;
        let expected = Consumed { half_reads: 4, ..Consumed::default() };
        assert_eq!((calls, cost), (1, expected), "a transactional read of the user's coupon");
        let env = m.cold();
        let now = env.now();
        m.row("get-coupon", &what("any"), env.store.campaign_listing(coupon, now)).await;
        if shards > 1 {
            let again = env.store.campaign_listing(coupon, now);
            let cost = m.row("get-coupon", &what("again in a second"), again).await;
            assert_eq!(cost, (0, Consumed::default()), "the sum is cached");
        }
    }
    let env = m.cold();
    let now = env.now();
    m.row("list-coupons", "2 campaigns, of 1 and 8 shards", env.store.open_campaigns(20, None, time(now))).await;
    let user = env.customer("user-0");
    for list in ["list-my-coupons", "list-customer-coupons"] {
        let env = m.cold();
        for what in ["2 coupons, cold", "2 coupons, warm"] {
            m.row(list, what, env.store.coupons_of(&user.user, None, 20, None, time(now))).await;
        }
    }
    let env = m.cold();
    let open = env.store.campaigns(CampaignState::Open, 20, None, time(now));
    m.row("list-campaigns", "2 open campaigns, of 1 and 8 shards", open).await;
    let closed = env.store.campaigns(CampaignState::Closed, 20, None, time(now));
    m.row("list-campaigns", "no closed campaign", closed).await;
}

async fn catalogue(m: &mut Metered) {
    for number in 0..20 {
        m.shop.named_product(&format!("product {number}"), PRICE, 8).await;
    }
    let env = m.cold();
    let create = env.create_product("a product", 100, 8);
    m.row("create-product", "done", create.clone()).await;
    m.row("create-product", "replayed", create.again()).await;
    m.row("create-coupon", "done", env.create_campaign(sijang_testkit::shop::welcome())).await;
    let ids: Vec<ProductId> = env
        .store
        .catalogue(None, 5, None, env.now())
        .await
        .unwrap()
        .data
        .iter()
        .map(|product| product.product_id)
        .collect();
    m.row("list-products", "20 products of 1 shard", env.store.catalogue(None, 20, None, env.now())).await;
    let active = env.store.products_by_status(ProductStatus::Active, None, 20, None, env.now());
    m.row("list-products-by-status", "20 products of 1 shard", active).await;
    m.row("list-popular-products", "5 products, beside the ranking", env.store.products(&ids, env.now())).await;
    m.row("list-popular-products", "the ranking", env.store.newest_ranking(at("2026-11-21T15:10:00Z"))).await;
    let product = m.shop.product(100, 64).await;
    m.row("update-product", "price, never split", env.reprice(product, 110)).await;
    m.row("update-product", "name, never split", env.rename(product, "another name")).await;
    for shards in [1, 8] {
        let product = m.shop.split_product(100, 64, shards).await;
        let what = |outcome: &str| format!("{outcome}, {shards} shard{}", if shards == 1 { "" } else { "s" });
        m.row("get-product", &what("any"), env.store.product(product, env.now())).await;
        m.row("update-product", &what("price"), env.reprice(product, 110)).await;
        let inactive = ProductPatch { status: Some(ProductStatus::Inactive), ..ProductPatch::default() };
        m.row("update-product", &what("status"), env.update(product, inactive)).await;
        m.row("adjust-stock", &what("added, cold"), env.adjust(product, 16)).await;
        m.row("adjust-stock", &what("added, warm"), env.adjust(product, 16)).await;
        m.row("adjust-stock", &what("taken, warm"), env.adjust(product, -8)).await;
        m.row("adjust-stock", &what("more than there is"), env.adjust(product, -1_000)).await;
        m.row("reshard-stock", &format!("from {shards} to 8"), env.reshard(product, 8)).await;
    }
    searches(m).await;
    let today = Day::of(env.now());
    m.row("list-staff-actions", "20 actions", env.store.staff_actions(today, 20, None)).await;
    let coupon = m.shop.campaign(100, fixed(5)).await;
    m.row("reshard-coupon", "from 1 to 8", env.reshard_coupon(coupon, 8)).await;
    m.row("end-coupon", "8 shards", env.end_campaign(coupon)).await;
    m.row("void-coupon", "8 shards", env.void_campaign(coupon)).await;
    let coupon = m.shop.campaign(100, fixed(5)).await;
    m.row("void-coupon", "1 shard", env.void_campaign(coupon)).await;
}

/// A page of 20 products of a catalogue of 1,000 and more, whose names and details are as long as those of the seed.
async fn searches(m: &mut Metered) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let mut requests = Vec::new();
    for number in 0..SEARCHED {
        let id = ProductId::new(m.shop.now(), number);
        let details = [
            ("category", "반찬과 간편식"),
            ("family", "동해 손질 오징어"),
            ("size", "10미"),
            ("name_en", "East Sea cleaned squid 10 pieces"),
        ];
        let details = details.map(|(name, value)| (name.to_owned(), text(value))).into();
        let name = format!("동해 손질 오징어 {number:05}");
        let item = [
            ("product_id", text(&id.to_string())),
            ("sk", text("INFO")),
            ("name", text(&name)),
            ("listing", text("ACTIVE")),
            ("listing_key", text(&format!("{name}\u{1}{id}"))),
            ("price", AttributeValue::N("19900".to_owned())),
            ("details", AttributeValue::M(details)),
        ];
        let put = PutRequest::builder().set_item(Some(item.map(|(name, value)| (name.to_owned(), value)).into()));
        requests.push(WriteRequest::builder().put_request(put.build().unwrap()).build());
    }
    for some in requests.chunks(25) {
        let put = m.shop.database.client.batch_write_item();
        put.request_items(m.shop.database.name_of("products"), some.to_vec()).send().await.unwrap();
    }
    let env = m.cold();
    let search = ProductSearch::default();
    m.row("list-products", "a search in 1,000 products, cold", env.store.search_products(&search, 20, None, env.now()))
        .await;
    m.row("list-products", "a search, warm", env.store.search_products(&search, 20, None, env.now())).await;
}

/// Each of 92 days sold 20 products.
async fn statistics(m: &mut Metered) {
    let now = at("2026-11-21T03:00:00Z");
    let last = Day::of(now);
    let range = DayRange::new(last.plus(1 - DayRange::MAX_DAYS), last).unwrap();
    let lines: Vec<_> = (1..=20).map(|product| (product, 1, PRICE)).collect();
    for (number, day) in (1..).zip(range.days()) {
        record_on(&m.shop, now, &[sale_at(number, day.start(), &lines)]).await;
        m.shop.store.recount(day, now).await.unwrap();
    }
    let env = m.cold();
    m.row("get-daily-stats", "20 products", env.store.daily_sales(last, 20, None)).await;
    m.row("list-daily-totals", "92 days", env.store.totals_of_days(range)).await;
}

/// A run of the reconciler, by how many customers placed the orders of the day.
async fn reconciliation(m: &mut Metered, customers: usize, orders_of_each: usize) {
    let products = [m.shop.product(PRICE, 10_000).await, m.shop.product(PRICE, 10_000).await];
    for number in 0..customers {
        let name = format!("c0a8012e-7b1f-4f43-9e6e-1d2a3b4c{number:04}");
        let customer = m.shop.customer(&name).with_balance(1_000_000).await;
        for _ in 0..orders_of_each {
            customer.order(products.map(|product| (product, 1))).done().await;
        }
    }
    deliver(&m.shop).await;
    let scheduled = at("2026-11-21T16:00:00Z");
    m.shop.store.aggregate(scheduled, scheduled).await.unwrap();
    let store = m.cold().store;
    let outcome = format!("{} orders of {customers} customers", customers * orders_of_each);
    let cost = m
        .row("reconcile-day", &outcome, async {
            let result = store.reconcile_scheduled(scheduled, time(scheduled)).await.unwrap();
            assert_eq!((result.customers, result.findings.len()), (customers, 0));
            store.save_progress(&result).await.unwrap();
        })
        .await;
    // How the facts lie in their eight partitions is left to chance, and each is rounded up.
    let (calls, Consumed { half_reads, writes, .. }) = cost;
    m.lines.pop();
    let reads = (half_reads + 50) / 100 * 50;
    m.lines.push(format!("| reconcile-day | {outcome} | {calls} | about {reads} | {writes} marks |"));
    m.row("reconcile-day", "nothing left to do", store.reconcile_scheduled(scheduled, time(scheduled))).await;
}

fn page(lines: &[String]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lab/BUDGET.md");
    let text = fs::read_to_string(path).unwrap_or_default();
    let head = text.split("\n| route |").next().unwrap_or_default().trim_end();
    let mut page = format!("{head}\n\n| route | outcome | calls | read units | write units |\n|---|---|---|---|---|\n");
    for line in lines {
        let _ = writeln!(page, "{line}");
    }
    page
}

#[tokio::test]
async fn each_route_costs_what_the_budget_says() {
    if ["SIJANG_DYNAMODB_ENDPOINT", "SIJANG_DYNAMODB_AWS"].iter().any(|other| env::var_os(other).is_some()) {
        return; // the figures are those of the engine in this process
    }
    let mut all = Vec::new();
    for part in 0..8 {
        let mut m = Metered::open().await;
        match part {
            0 => balances(&mut m).await,
            1 => orders(&mut m).await,
            2 => day_orders(&mut m).await,
            3 => coupons(&mut m).await,
            4 => catalogue(&mut m).await,
            5 => statistics(&mut m).await,
            6 => reconciliation(&mut m, 100, 1).await,
            _ => reconciliation(&mut m, 10, 10).await,
        }
        all.append(&mut m.lines);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lab/BUDGET.md");
    let measured = page(&all);
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &measured).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), measured, "local/lab/BUDGET.md");
}
