//! What each route costs: calls of `DynamoDB`, read units, write units, by outcome, in an environment that remembers
//! nothing (cold) and in one that has done the same before (warm).
//!
//! The engine says what each call consumes; the table is compared with `local/lab/BUDGET.md`, which
//! `UPDATE_EXPECT=1 cargo test -p sijang-tests --test storage budget` writes anew. What the engine does not know is
//! worked out here: a cancelled transaction is counted at the most that it can cost.

use std::{env, fmt::Write as _, fs, path::Path, pin::Pin};

use sijang_cloud::faults::{Call, Consumed, Fault, Faults, Plan, Proxy};
use sijang_domain::{ProductId, ProductPatch, ProductStatus};
use sijang_storage::{AttributeValue, Item};
use sijang_testkit::shop::{Shop, at, fixed, time};

use crate::reconciliation::deliver;

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

    /// A measured environment that remembers nothing.
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
async fn stock_in_shards_is_read_twice_by_the_reconciler_for_units_may_be_on_their_way() {
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
    // Of a product that was never split one read of its shard; of others the first shard, then all there can be, both twice.
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
    m.shop.reprice(products[0], PRICE + 1).done().await;
    m.row("place-order", "price changed, not quoted", rich.order_all(lines(1))).await;
    m.row("place-order", "price changed, quoted", rich.order_all(lines(1)).quoting(products[0], PRICE)).await;

    for shards in [1, 8] {
        let product = m.shop.split_product(10, 64, shards).await;
        let env = m.cold();
        let rich = env.customer(USER);
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
    let env = m.cold();
    let rich = env.customer(USER);
    let order = rich.order_all(lines(1)).done().await;
    m.row("cancel-order", "1 line", rich.cancel(&order)).await;
    m.row("cancel-order", "cancelled before", rich.cancel(&order)).await;
    m.row("get-order", "any", env.store.order(&rich.user, order.order_id)).await;
    m.row("list-orders", "20 orders of 1 to 50 lines", env.store.orders(&rich.user, None, 20, None, time(env.now())))
        .await;
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
        let (calls, cost) = m.row("issue-coupon", &what("sold out, remembered"), user(33).issue(coupon)).await;
        let expected = Consumed { half_reads: 4, ..Consumed::default() };
        assert_eq!((calls, cost), (1, expected), "a transactional read of the user's coupon");
    }
    let env = m.cold();
    let now = env.now();
    m.row("list-coupons", "2 campaigns, of 1 and 8 shards", env.store.open_campaigns(20, None, time(now))).await;
    let user = env.customer("user-0");
    m.row("list-my-coupons", "2 coupons", env.store.coupons_of(&user.user, None, 20, None, time(now))).await;
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
    m.row("list-popular-products", "5 products, beside the ranking", env.store.products(&ids, env.now())).await;
    m.row("list-popular-products", "the ranking", env.store.newest_ranking(at("2026-11-21T15:10:00Z"))).await;
    let product = m.shop.product(100, 64).await;
    m.row("update-product", "price, never split", env.reprice(product, 110)).await;
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
    let coupon = m.shop.campaign(100, fixed(5)).await;
    m.row("reshard-coupon", "from 1 to 8", env.reshard_coupon(coupon, 8)).await;
}

/// A night of the reconciler, by how many customers placed the orders of the day.
async fn books(m: &mut Metered, customers: usize, orders_of_each: usize) {
    let products = [m.shop.product(PRICE, 10_000).await, m.shop.product(PRICE, 10_000).await];
    for number in 0..customers {
        let name = format!("c0a8012e-7b1f-4f43-9e6e-1d2a3b4c{number:04}");
        let customer = m.shop.customer(&name).with_balance(1_000_000).await;
        for _ in 0..orders_of_each {
            customer.order(products.map(|product| (product, 1))).done().await;
        }
    }
    deliver(&m.shop).await;
    let night = at("2026-11-21T16:00:00Z");
    m.shop.store.aggregate(night, night).await.unwrap();
    let store = m.cold().store;
    let outcome = format!("{} orders of {customers} customers", customers * orders_of_each);
    let cost = m
        .row("reconcile-day", &outcome, async {
            let books = store.reconcile_scheduled(night, time(night)).await.unwrap();
            assert_eq!((books.customers, books.findings.len()), (customers, 0));
            store.save_progress(&books).await.unwrap();
        })
        .await;
    // How the facts lie in their eight partitions is left to chance, and each is rounded up.
    let (calls, Consumed { half_reads, writes, .. }) = cost;
    m.lines.pop();
    let reads = (half_reads + 50) / 100 * 50;
    m.lines.push(format!("| reconcile-day | {outcome} | {calls} | about {reads} | {writes} marks |"));
    m.row("reconcile-day", "nothing left to do", store.reconcile_scheduled(night, time(night))).await;
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
    for part in 0..6 {
        let mut m = Metered::open().await;
        match part {
            0 => balances(&mut m).await,
            1 => orders(&mut m).await,
            2 => coupons(&mut m).await,
            3 => catalogue(&mut m).await,
            4 => books(&mut m, 100, 1).await,
            _ => books(&mut m, 10, 10).await,
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
