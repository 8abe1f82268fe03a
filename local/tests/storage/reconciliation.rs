//! The reconciler finds each damage by its rule, and finds nothing in a busy shop.
//!
//! Days are days of November 2026. The reconciler runs at 01:00 in Seoul of the next day, after all events of the day
//! are counted. Damage is written into raw items, without the store.

use std::{
    collections::{BTreeSet, HashMap},
    time::Instant,
};

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use futures::future::join_all;
use sijang_domain::{CampaignDraft, CouponId, Finding, Order, ProductId, RequestTime, Rule, Subject, Timestamp};
use sijang_storage::{AttributeValue, Item, Reconciliation, SETTLING};
use sijang_testkit::{
    pipeline::order_events,
    services::plenty,
    shop::{Customer, Shop, after, at, fixed, time, welcome},
};
use tokio::sync::watch;

/// 01:00 in Seoul on a day of the month.
fn one_o_clock(day: i64) -> Timestamp {
    after(at("2026-10-31T16:00:00Z"), (day - 1) * 86_400)
}

fn noon(day: i64) -> Timestamp {
    after(one_o_clock(day), 11 * 3_600)
}

/// Delivers all order events so far.
pub async fn deliver(shop: &Shop) {
    crate::sales::record(shop, &order_events(&shop.snapshot().await)).await;
}

/// Runs the daily aggregation and the reconciler after a day.
async fn daily_run(shop: &Shop, day: i64) -> Reconciliation {
    deliver(shop).await;
    let ten_past_midnight = after(one_o_clock(day + 1), -3_000);
    shop.store.aggregate(ten_past_midnight, ten_past_midnight).await.unwrap();
    reconciled(shop, day, time(one_o_clock(day + 1))).await
}

pub async fn reconciled(shop: &Shop, day: i64, time: RequestTime) -> Reconciliation {
    // A new environment, with an empty cache.
    let store = shop.another_environment().store;
    let result = store.reconcile_scheduled(one_o_clock(day + 1), time).await.unwrap();
    store.save_progress(&result).await.unwrap();
    result
}

fn rules(result: &Reconciliation) -> BTreeSet<Rule> {
    result.findings.iter().map(|finding| finding.rule).collect()
}

const NOTHING: BTreeSet<Rule> = BTreeSet::new();

/// A shop with a day on which everything happened: the 21st.
struct Busy {
    shop: Shop,
    tea: ProductId,
}

impl Busy {
    async fn day() -> Self {
        let shop = Shop::open().await;
        let (tea, milk) = (shop.product(5_000, 90).await, shop.split_product(1_000, 90, 3).await);
        let coupon = shop.campaign_of(CampaignDraft { total: 2, terms: fixed(500), ..welcome() }).await;
        let alice = shop.customer("alice").with_balance(20_000).await.with_coupon(coupon).await;
        shop.customer("bob").with_balance(3_000).await.with_coupon(coupon).await.order([(milk, 2)]).done().await;
        alice.order([(tea, 2), (milk, 1)]).with(coupon).done().await;
        alice.order([(milk, 1)]).done().await;
        let carol = shop.customer("carol").with_balance(1_000).await;
        let order = carol.order([(milk, 1)]).done().await;
        carol.cancel(&order).done().await;
        shop.adjust(tea, -3).done().await;
        shop.adjust(milk, 7).done().await;
        deliver(&shop).await;
        shop.store.aggregate(after(one_o_clock(22), -3_000), noon(22)).await.unwrap();
        Self { shop, tea }
    }

    /// The one raw item of a table of which all these texts are part.
    async fn item(&self, table: &str, parts: &[&str]) -> Item {
        let shop = self.shop.snapshot().await;
        let fits = |item: &&Item| parts.iter().all(|part| format!("{item:?}").contains(part));
        shop.items(table).find(fits).unwrap_or_else(|| panic!("no item in {table} with {parts:?}")).clone()
    }

    async fn put(&self, table: &str, item: Item) {
        let put = self.shop.database.client.put_item().table_name(self.shop.database.name_of(table));
        put.set_item(Some(item)).send().await.unwrap();
    }

    async fn put_all(&self, table: &str, items: &[Item]) {
        for chunk in items.chunks(25) {
            let put = |item: &Item| PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
            let writes = chunk.iter().map(|item| WriteRequest::builder().put_request(put(item)).build()).collect();
            let mut left = Some([(self.shop.database.name_of(table), writes)].into());
            while left.as_ref().is_some_and(|left: &HashMap<_, _>| !left.is_empty()) {
                let write = self.shop.database.client.batch_write_item().set_request_items(left);
                left = write.send().await.unwrap().unprocessed_items;
            }
        }
    }

    async fn delete(&self, table: &str, item: &Item) {
        let names = ["user_id", "product_id", "coupon_id", "order_id", "pk", "sk"];
        let of_table = |name: &&&str| {
            sijang_testkit::engine::TABLES
                .iter()
                .find(|one| one.name == table)
                .is_some_and(|table| table.key.hash == **name || table.key.range.as_deref() == Some(**name))
        };
        let key = names.iter().filter(of_table).map(|name| ((*name).to_owned(), item[*name].clone())).collect();
        let deletion = self.shop.database.client.delete_item().table_name(self.shop.database.name_of(table));
        deletion.set_key(Some(key)).send().await.unwrap();
    }

    async fn add(&self, table: &str, parts: &[&str], attribute: &str, delta: i64) {
        let mut item = self.item(table, parts).await;
        let number: i64 = item[attribute].as_n().unwrap().parse().unwrap();
        item.insert(attribute.to_owned(), AttributeValue::N((number + delta).to_string()));
        self.put(table, item).await;
    }

    async fn set(&self, table: &str, parts: &[&str], attribute: &str, value: AttributeValue) {
        let mut item = self.item(table, parts).await;
        item.insert(attribute.to_owned(), value);
        self.put(table, item).await;
    }

    async fn lose(&self, table: &str, parts: &[&str]) {
        let item = self.item(table, parts).await;
        self.delete(table, &item).await;
    }

    /// Damages one thing.
    async fn damage(&self, what: &str) {
        match what {
            "a balance is off by one" => self.add("balances", &["\"alice\"", "\"BALANCE\""], "balance", 1).await,
            "a payment is missing" => self.lose("balances", &["\"alice\"", "\"PAYMENT\""]).await,
            "a deposit is missing" => self.lose("balances", &["\"alice\"", "\"DEPOSIT\""]).await,
            "a refund is missing" => self.lose("balances", &["\"carol\"", "\"REFUND\""]).await,
            "an order is missing" => self.lose("orders", &["\"bob\""]).await,
            "a coupon was counted too seldom" => self.add("coupons", &["COUNTER#"], "issued", -1).await,
            "a quota is off by one" => self.add("coupons", &["COUNTER#"], "quota", 1).await,
            "a coupon is used without an order" => {
                let mut item = self.item("user-coupons", &["\"bob\""]).await;
                item.insert("order_id".to_owned(), AttributeValue::S("01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned()));
                item.insert("used_at".to_owned(), AttributeValue::N(noon(21).millis().to_string()));
                self.put("user-coupons", item).await;
            }
            "an order's coupon is not used" => {
                let mut item = self.item("user-coupons", &["\"alice\""]).await;
                item.retain(|name, _| !["order_id", "used_at"].contains(&name.as_str()));
                self.put("user-coupons", item).await;
            }
            "a coupon of a cancelled order is used" => {
                let order = self.item("orders", &["\"carol\""]).await;
                let mut item = self.item("user-coupons", &["\"bob\""]).await;
                item.insert("user_id".to_owned(), AttributeValue::S("carol".to_owned()));
                item.insert("order_id".to_owned(), order["order_id"].clone());
                item.insert("used_at".to_owned(), AttributeValue::N(noon(21).millis().to_string()));
                self.put("user-coupons", item).await;
            }
            "a fact is missing" => {
                let order = self.item("orders", &["\"alice\""]).await["order_id"].as_s().unwrap().clone();
                self.lose("sales", &["\"FACT#", &format!("{order}.paid")]).await;
            }
            "a cancellation was not counted" => self.lose("sales", &["\"FACT#", ".cancelled\""]).await,
            "a fact of no order" => {
                let mut item = self.item("sales", &["\"FACT#", "\"bob\""]).await;
                let name = item["order_id"].as_s().unwrap().clone();
                // The same instant, and the same shard.
                let other = if name[12..].starts_with('0') { "1" } else { "0" };
                let made_up = format!("{}{other}{}", &name[..12], &name[13..]);
                item.insert("order_id".to_owned(), AttributeValue::S(made_up.clone()));
                item.insert("sk".to_owned(), AttributeValue::S(format!("{made_up}.paid")));
                self.put("sales", item).await;
            }
            "a fact is there twice" => {
                let mut item = self.item("sales", &["\"FACT#", "\"bob\""]).await;
                let shard = item["pk"].as_s().unwrap().clone();
                let other = if shard.ends_with('0') { "1" } else { "0" };
                let elsewhere = format!("{}{other}", &shard[..shard.len() - 1]);
                item.insert("pk".to_owned(), AttributeValue::S(elsewhere));
                self.put("sales", item).await;
            }
            "a fact says something else" => {
                self.set("sales", &["\"FACT#", "\"bob\""], "lines", AttributeValue::L(Vec::new())).await;
            }
            "a day's total is wrong" => {
                self.add("sales", &["\"DAY#2026-11-21\"", &self.tea.to_string()], "units", 1).await;
            }
            "the sum of a day is wrong" => {
                self.add("sales", &["\"DAYS\"", "\"2026-11-21\""], "orders", 1).await;
            }
            "the uses of a coupon are wrong" => {
                let mut item = self.item("sales", &["\"COUPON_USES\"", "\"2026-11-21\""]).await;
                let Some(AttributeValue::M(uses)) = item.get_mut("2026-11-21") else { panic!("{item:?}") };
                uses.insert("used".to_owned(), AttributeValue::N("9".to_owned()));
                self.put("sales", item).await;
            }
            "a ranking is wrong" => {
                self.set("sales", &["\"RANKING#3D\""], "products", AttributeValue::L(Vec::new())).await;
            }
            "a balance cannot be read" => {
                let nonsense = AttributeValue::S("nonsense".to_owned());
                self.set("balances", &["\"alice\"", "\"BALANCE\""], "last", nonsense).await;
            }
            other => panic!("{other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_damage_is_found_by_its_rule_and_no_other() {
    let damages: [(&str, &[Rule]); 20] = [
        ("a balance is off by one", &[Rule::BalanceDiffers]),
        ("a payment is missing", &[Rule::BalanceDiffers, Rule::EntryMissing]),
        ("a deposit is missing", &[Rule::BalanceDiffers]),
        ("a refund is missing", &[Rule::BalanceDiffers, Rule::EntryMissing]),
        ("an order is missing", &[Rule::EntryForeign, Rule::FactForeign]),
        ("a coupon was counted too seldom", &[Rule::CounterDiffers]),
        ("a quota is off by one", &[Rule::CounterDiffers]),
        ("a coupon is used without an order", &[Rule::CouponWithoutOrder]),
        ("an order's coupon is not used", &[Rule::OrderWithoutCoupon]),
        ("a coupon of a cancelled order is used", &[Rule::CouponWithoutOrder, Rule::CounterDiffers]),
        ("a fact is missing", &[Rule::FactMissing, Rule::TotalDiffers]),
        ("a cancellation was not counted", &[Rule::FactMissing, Rule::TotalDiffers]),
        ("a fact of no order", &[Rule::FactForeign]),
        ("a fact is there twice", &[Rule::FactMisplaced]),
        ("a fact says something else", &[Rule::FactDiffers, Rule::TotalDiffers, Rule::RankingDiffers]),
        ("a day's total is wrong", &[Rule::TotalDiffers]),
        ("the sum of a day is wrong", &[Rule::TotalDiffers]),
        ("the uses of a coupon are wrong", &[Rule::TotalDiffers]),
        ("a ranking is wrong", &[Rule::RankingDiffers]),
        ("a balance cannot be read", &[Rule::Unreadable]),
    ];
    join_all(damages.map(|(what, expected)| Box::pin(found_as(what, expected.iter().copied().collect())))).await;
}

async fn found_as(what: &'static str, expected: BTreeSet<Rule>) {
    let busy = Box::pin(Busy::day()).await;
    let honest = busy.shop.store.reconcile_day(day_of(21), time(one_o_clock(22)), SETTLING).await.unwrap();
    assert_eq!((rules(&honest), honest.customers, honest.done), (NOTHING, 3, true));
    Box::pin(busy.damage(what)).await;
    let found = rules(&reconciled(&busy.shop, 21, time(one_o_clock(22))).await);
    assert_eq!(found, expected, "{what}");
}

fn day_of(number: i64) -> sijang_domain::Day {
    sijang_domain::Day::of(noon(number))
}

#[tokio::test]
async fn run_over_correct_records_writes_only_its_progress() {
    let busy = Busy::day().await;
    let before = busy.shop.snapshot().await;
    let result = reconciled(&busy.shop, 21, time(one_o_clock(22))).await;
    assert_eq!((rules(&result), result.facts, result.customers, result.nameless), (NOTHING, 5, 3, 0));
    let marks = busy.shop.snapshot().await.changes_since(&before);
    assert!(marks.iter().all(|(change, table, key)| (*change, *table) == ('+', "sales") && key.starts_with("BOOKS")));
    assert_eq!(marks.len(), 3, "the run's, and one for each product: {marks:?}");
    let again = reconciled(&busy.shop, 21, time(one_o_clock(22))).await;
    assert_eq!((again.facts, again.customers, again.done), (0, 0, true), "the run is done");
}

/// A shop whose run of the 24th has counted an order of the 21st for the last time; it was cancelled ten minutes later.
async fn shop_with_a_late_cancellation() -> Shop {
    let shop = Shop::open_at(noon(21)).await;
    let tea = shop.product(1_000, 9).await;
    let alice = shop.customer("alice").with_balance(5_000).await;
    let order = alice.order([(tea, 2)]).done().await;
    for day in 21..=22 {
        assert_eq!(rules(&daily_run(&shop, day).await), NOTHING, "the {day}th");
    }
    shop.store.aggregate(after(one_o_clock(24), -3_000), noon(24)).await.unwrap();
    alice.cancel(&order).at(after(one_o_clock(24), -2_400)).done().await;
    shop
}

async fn by_hand(shop: &Shop, now: Timestamp) -> BTreeSet<Rule> {
    rules(&shop.store.reconcile_day(day_of(21), time(now), SETTLING).await.unwrap())
}

#[tokio::test]
async fn total_older_than_its_facts_is_found_when_no_run_is_to_count_it() {
    let outdated = BTreeSet::from([Rule::TotalOutdated]);
    let shop = shop_with_a_late_cancellation().await;
    // To the consumer it is still the 21st: it leaves no mark.
    deliver(&shop).await;
    let result = reconciled(&shop, 23, time(one_o_clock(24))).await;
    assert_eq!(result.findings, [Finding::outdated(day_of(21))].into());
    assert_eq!(by_hand(&shop, one_o_clock(25)).await, outdated);
    shop.store.recount(day_of(21), noon(24)).await.unwrap();
    assert_eq!(by_hand(&shop, one_o_clock(25)).await, NOTHING);
}

#[tokio::test]
async fn marked_day_is_found_when_the_next_run_has_not_counted_it() {
    let outdated = BTreeSet::from([Rule::TotalOutdated]);
    let shop = shop_with_a_late_cancellation().await;
    crate::sales::record_on(&shop, after(one_o_clock(24), -2_300), &order_events(&shop.snapshot().await)).await;
    assert_eq!(
        rules(&reconciled(&shop, 23, time(one_o_clock(24))).await),
        NOTHING,
        "the run of the 25th is to count it"
    );
    assert_eq!(rules(&reconciled(&shop, 24, time(one_o_clock(25))).await), outdated);
    let run_of_today_may_be_late = by_hand(&shop, one_o_clock(25)).await;
    assert_eq!((run_of_today_may_be_late, by_hand(&shop, one_o_clock(26)).await), (NOTHING, outdated));
    assert_eq!(rules(&daily_run(&shop, 25).await), NOTHING);
    assert_eq!(by_hand(&shop, one_o_clock(26)).await, NOTHING);
}

/// Days of sales, returns, deliveries and new shards of one product; the findings of each run.
async fn days(damaged: Option<(i64, i64)>, shards: i64) -> Vec<BTreeSet<Rule>> {
    let shop = Shop::open_at(after(noon(10), -3_600)).await;
    // Half of the shards come into use only later, between two runs.
    let tea = shop.split_product(1_000, 500, (shards + 1) / 2).await;
    let alice = shop.customer("alice").with_balance(1_000_000).await;
    let mut last: Option<Order> = None;
    let mut runs = Vec::new();
    for day in 10..16 {
        // Early in the morning, after the reconciler; and around noon.
        alice.order([(tea, 2)]).at(after(one_o_clock(day), 600)).done().await;
        if let Some(order) = last {
            alice.cancel(&order).at(after(noon(day), -60)).done().await;
        }
        last = Some(alice.order([(tea, day - 7)]).at(noon(day)).done().await);
        shop.adjust(tea, if day % 2 == 0 { 40 } else { -5 }).at(after(noon(day), 60)).done().await;
        if shards > 1 {
            shop.reshard(tea, 1 + day % shards).at(after(noon(day), 120)).done().await;
        }
        if let Some((_, delta)) = damaged.filter(|(when, _)| *when == day) {
            let busy = Busy { shop: shop.clone(), tea };
            busy.add("products", &[&tea.to_string(), "\"STOCK#0\""], "stock", delta).await;
        }
        // After midnight, before the reconciler: an order of the next day, whose units are gone when the stock is read.
        alice.order([(tea, 1 + day % 4)]).at(after(one_o_clock(day + 1), -1_800)).done().await;
        runs.push(rules(&daily_run(&shop, day).await));
    }
    runs
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_and_invented_stock_is_found_by_the_next_run() {
    for shards in [1, 4] {
        assert_eq!(days(None, shards).await, vec![NOTHING; 6], "{shards} shards");
        for (delta, rule) in [(-1, Rule::StockLost), (1, Rule::StockInvented)] {
            // The run of the 13th reads the stock without the unit, and that of the 14th compares it with the orders.
            let mut expected = vec![NOTHING; 6];
            expected[4] = [rule].into();
            assert_eq!(days(Some((13, delta)), shards).await, expected, "{shards} shards");
        }
    }
}

#[tokio::test]
async fn run_continues_where_the_previous_one_ended() {
    let shop = Shop::open().await;
    let tea = shop.product(100, 1_000).await;
    for customer in shop.customers(40, 1_000).await {
        customer.order([(tea, 1)]).done().await;
    }
    deliver(&shop).await;
    // The last customer's balance is wrong: only the last run finds it.
    let busy = Busy { shop: shop.clone(), tea };
    busy.add("balances", &["\"customer-9\"", "\"BALANCE\""], "balance", 1).await;
    let over = || RequestTime { now: one_o_clock(22), deadline: Instant::now() };
    let mut runs = Vec::new();
    for _ in 0..4 {
        let result = reconciled(&shop, 21, over()).await;
        runs.push((result.customers, result.done, result.findings.len()));
    }
    assert_eq!(runs, [(16, false, 0), (16, false, 0), (8, true, 1), (0, true, 0)]);
}

#[tokio::test]
async fn missed_run_does_not_report_lost_stock() {
    let shop = Shop::open_at(after(noon(10), -3_600)).await;
    let tea = shop.product(1_000, 500).await;
    let alice = shop.customer("alice").with_balance(1_000_000).await;
    for day in 10..16 {
        alice.order([(tea, 3)]).at(noon(day)).done().await;
        deliver(&shop).await;
        if day != 12 {
            assert_eq!(rules(&daily_run(&shop, day).await), NOTHING, "the {day}th");
        }
    }
}

#[tokio::test]
async fn campaign_adds_up_in_several_shards_and_after_a_reshard_to_one() {
    for shards in [4, 1] {
        let shop = Shop::open().await;
        let tea = shop.product(1_000, 500).await;
        let coupon = shop.split_campaign(8, fixed(500), 4).await;
        for customer in shop.customers(4, 1_000).await {
            customer.with_coupon(coupon).await.order([(tea, 1)]).with(coupon).done().await;
        }
        shop.reshard_coupon(coupon, shards).done().await;
        assert_eq!(rules(&daily_run(&shop, 21).await), NOTHING, "{shards} shards");
    }
}

/// A shop with an order on the 21st and another on the 22nd, of a product and a campaign in three shards each.
async fn shop_in_shards() -> (Shop, ProductId, CouponId) {
    let shop = Shop::open_at(noon(21)).await;
    let (tea, coupon) = (shop.split_product(1_000, 90, 3).await, shop.split_campaign(9, fixed(500), 3).await);
    let alice = shop.customer("alice").with_balance(10_000).await.with_coupon(coupon).await;
    alice.order([(tea, 2)]).done().await;
    assert_eq!(rules(&daily_run(&shop, 21).await), NOTHING);
    alice.order([(tea, 1)]).with(coupon).at(noon(22)).done().await;
    (shop, tea, coupon)
}

#[tokio::test]
async fn unfinished_rollout_is_named_and_its_shards_are_not_called_damaged() {
    let unfinished = |subject| BTreeSet::from([Finding::unfinished(subject)]);
    let (shop, tea, coupon) = shop_in_shards().await;
    // Of the next day, and placed now: the order would wait for the end of the rollout.
    shop.customer("alice").order([(tea, 1)]).at(noon(23)).done().await;
    // Three shards and two counters have given units, and no other has received them.
    let of_stock = shop.killed_before_update(4, shop.reshard(tea, 5).at(noon(22))).await;
    let of_coupons = shop.killed_before_update(3, shop.reshard_coupon(coupon, 5).at(noon(22))).await;
    let both = [Finding::unfinished(Subject::Product(tea)), Finding::unfinished(Subject::Coupon(coupon))];
    assert_eq!(daily_run(&shop, 22).await.findings, both.into());
    shop.store.finish_command(of_coupons.into(), plenty()).await.unwrap();
    assert_eq!(daily_run(&shop, 23).await.findings, unfinished(Subject::Product(tea)));
    shop.store.finish_command(of_stock.into(), plenty()).await.unwrap();
    for day in 24..=26 {
        shop.customer("alice").order([(tea, 1)]).at(noon(day)).done().await;
        assert_eq!(rules(&daily_run(&shop, day).await), NOTHING, "the {day}th");
    }
}

#[tokio::test]
async fn rollout_that_is_under_way_is_no_finding() {
    let (shop, tea, coupon) = shop_in_shards().await;
    let just_now = after(one_o_clock(23), -600);
    shop.killed_before_update(4, shop.reshard(tea, 5).at(just_now)).await;
    shop.killed_before_update(3, shop.reshard_coupon(coupon, 5).at(just_now)).await;
    assert_eq!(rules(&daily_run(&shop, 22).await), NOTHING);
}

#[tokio::test(flavor = "multi_thread")]
async fn balance_is_not_compared_with_a_part_of_a_long_ledger() {
    const MOST: usize = 10_000;
    let busy = Busy::day().await;
    // Deposits that never were, each before the real one.
    let deposit = busy.item("balances", &["\"alice\"", "\"DEPOSIT\""]).await;
    let id = deposit["sk"].as_s().unwrap();
    let stamp = &id[..id.len() - 16];
    let entry = |number| {
        let mut entry = deposit.clone();
        entry.insert("sk".to_owned(), AttributeValue::S(format!("{stamp}{number:016}")));
        entry
    };
    let there =
        busy.shop.snapshot().await.items("balances").filter(|item| item["user_id"] == deposit["user_id"]).count();
    let entries: Vec<_> = (0..=MOST - there).map(entry).collect();
    let found = async || {
        let store = busy.shop.another_environment().store;
        rules(&store.reconcile_scheduled(one_o_clock(22), time(one_o_clock(22))).await.unwrap())
    };
    busy.put_all("balances", &entries[..1]).await;
    assert_eq!(found().await, [Rule::BalanceDiffers].into());
    busy.put_all("balances", &entries[1..]).await;
    assert_eq!(found().await, NOTHING);
}

/// Customers' commands at once, again and again as long as somebody looks. All are later than the checked period.
async fn traffic(customer: Customer, tea: ProductId, mut order: Order, late: Timestamp, onlooker: watch::Sender<()>) {
    let mut second = 0;
    while !onlooker.is_closed() {
        second += 1;
        let now = after(late, second);
        customer.cancel(&order).at(now).done().await;
        customer.deposit(500).at(now).done().await;
        order = customer.order([(tea, 1)]).at(now).done().await;
        onlooker.send_replace(());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_while_customers_order_cancel_and_pay_in() {
    let shop = Shop::open().await;
    let tea = shop.product(100, 10_000).await;
    let coupon = shop.campaign(40, fixed(50)).await;
    let mut orders = Vec::new();
    for customer in shop.customers(8, 10_000).await {
        let customer = customer.with_coupon(coupon).await;
        let order = customer.order([(tea, 1)]).with(coupon).done().await;
        orders.push((customer, order));
    }
    deliver(&shop).await;
    let now = after(shop.now(), 3_600);
    let late = after(now, -60);
    let (busy, mut onlooker) = watch::channel(());
    let customers =
        orders.into_iter().map(|(customer, order)| tokio::spawn(traffic(customer, tea, order, late, busy.clone())));
    let customers: Vec<_> = customers.collect();
    for look in 0..6 {
        let result = shop.another_environment().store.reconcile_day(day_of(21), time(now), SETTLING).await.unwrap();
        assert_eq!((rules(&result), result.customers), (NOTHING, 8), "look {look}");
        onlooker.changed().await.unwrap();
    }
    drop(onlooker);
    join_all(customers).await.into_iter().for_each(Result::unwrap);
    shop.check().await;
}
