//! Statistics: one fact for each order event, totals for each day, and the ranking of popular products.

use std::collections::{BTreeMap, HashSet};

use fastrand::Rng;
use sijang_cloud::faults::{Fault, Faults, Plan, Proxy};
use sijang_domain::{
    CloudEvent, Day, DayRange, Money, Order, OrderEvent, OrderId, OrderLine, OrderStatus, ProductId, ProductPatch,
    ProductStatus, ProductVersion, Quantity, RankedProduct, Timestamp, UserId,
};
use sijang_storage::{AttributeValue, Received};
use sijang_testkit::{
    pipeline::order_events,
    shop::{Shop, after, at, pages, time, won},
};

/// The daily run after 21 November 2026 in Seoul: the ranking counts the 19th, 20th and 21st.
const DAILY_RUN: &str = "2026-11-21T15:10:00Z";

fn product(number: u128) -> ProductId {
    ProductId::new(Timestamp::from_millis(0).unwrap(), number)
}

/// The event of an order paid at noon in Seoul of a day of November 2026.
fn sale(order: u128, day: i64, lines: &[(u128, i64, i64)]) -> CloudEvent {
    sale_at(order, after(at("2026-11-01T03:00:00Z"), (day - 1) * 86_400), lines)
}

/// The event of an order paid at this time.
pub fn sale_at(order: u128, paid_at: Timestamp, lines: &[(u128, i64, i64)]) -> CloudEvent {
    let line = |(number, units, price): &(u128, i64, i64)| OrderLine {
        product_id: product(*number),
        quantity: Quantity::new(*units).unwrap(),
        unit_price: won(*price),
        product_version: Some(ProductVersion::FIRST),
        name: None,
    };
    let list_price = won(lines.iter().map(|(_, units, price)| units * price).sum());
    let order = Order {
        order_id: OrderId::new(paid_at, order),
        status: OrderStatus::Paid,
        lines: lines.iter().map(line).collect(),
        list_price,
        discount: Money::ZERO,
        paid_price: list_price,
        coupon_id: None,
        paid_at,
        cancelled_at: None,
    };
    CloudEvent::of(OrderEvent { user_id: UserId::parse("alice").unwrap(), order }, paid_at)
}

/// The event of the cancellation of that order, two days later.
pub fn cancellation(sale: &CloudEvent) -> CloudEvent {
    let OrderEvent { user_id, order } = sale.data.clone();
    let cancelled_at = after(order.paid_at, 2 * 86_400);
    let order = Order { status: OrderStatus::Cancelled, cancelled_at: Some(cancelled_at), ..order };
    CloudEvent::of(OrderEvent { user_id, order }, cancelled_at)
}

fn message(number: usize, body: impl Into<String>) -> Received {
    Received { handle: format!("message {number}"), body: body.into(), trace: None }
}

/// Records messages, and returns the handles of those that are not done with.
async fn record_messages(shop: &Shop, bodies: impl IntoIterator<Item = String>, now: Timestamp) -> HashSet<String> {
    let messages: Vec<_> = bodies.into_iter().enumerate().map(|(number, body)| message(number, body)).collect();
    shop.store.record(&messages, time(now)).await
}

/// Records events, each of which must be done with.
pub async fn record(shop: &Shop, events: &[CloudEvent]) {
    record_on(shop, shop.now(), events).await;
}

/// The same, at another time than the shop's.
pub async fn record_on(shop: &Shop, now: Timestamp, events: &[CloudEvent]) {
    let bodies = events.iter().map(|event| serde_json::to_string(event).unwrap());
    assert_eq!(record_messages(shop, bodies, now).await, HashSet::new());
}

async fn count(shop: &Shop) -> Vec<RankedProduct> {
    shop.store.aggregate(at(DAILY_RUN), at(DAILY_RUN)).await.unwrap().products
}

fn ranked(number: u128, units_sold: i64, revenue: i64) -> RankedProduct {
    RankedProduct { product_id: product(number), units_sold, revenue }
}

fn day(number: i64) -> Day {
    format!("2026-11-{number:02}").parse().unwrap()
}

#[tokio::test]
async fn an_event_counts_once_however_often_it_is_delivered() {
    let shop = Shop::open().await;
    let event = sale(1, 21, &[(1, 3, 100)]);
    record(&shop, std::slice::from_ref(&event)).await;
    let once = shop.snapshot().await;
    assert_eq!(once.items("sales").count(), 1);
    // Again, and twice within one batch.
    record(&shop, std::slice::from_ref(&event)).await;
    record(&shop, &[event.clone(), event]).await;
    assert_eq!(shop.snapshot().await, once);
    assert_eq!(count(&shop).await, [ranked(1, 3, 300)]);
}

#[tokio::test]
async fn an_unreadable_message_is_reported_and_its_mates_are_counted() {
    let shop = Shop::open().await;
    let [one, two] =
        [sale(1, 21, &[(1, 3, 100)]), sale(2, 21, &[(1, 4, 100)])].map(|event| serde_json::to_string(&event).unwrap());
    let cut = one[..one.len() / 2].to_owned();
    let pending = record_messages(&shop, [one, String::new(), "{}".to_owned(), cut, two], shop.now()).await;
    assert_eq!(pending, ["message 1", "message 2", "message 3"].map(str::to_owned).into());
    assert_eq!(count(&shop).await, [ranked(1, 7, 700)]);
}

#[tokio::test]
async fn an_event_that_contradicts_itself_is_reported_and_not_counted() {
    let shop = Shop::open().await;
    let event = sale(1, 21, &[(1, 3, 100)]);
    let contradictions = [
        CloudEvent { r#type: "order.cancelled.v1".to_owned(), ..event.clone() },
        CloudEvent { r#type: "order.paid.v2".to_owned(), ..event.clone() },
        CloudEvent { id: sale(2, 21, &[]).id, ..event.clone() },
        CloudEvent { specversion: "2.0".to_owned(), ..event.clone() },
    ];
    let bodies = contradictions.iter().map(|event| serde_json::to_string(event).unwrap());
    assert_eq!(record_messages(&shop, bodies, shop.now()).await.len(), contradictions.len());
    assert_eq!(shop.snapshot().await.items("sales").count(), 0);
}

#[tokio::test]
async fn more_facts_than_one_write_takes_are_all_counted() {
    let shop = Shop::open().await;
    let events: Vec<_> = (0..60).map(|order| sale(order, 20, &[(1, 1, 100)])).collect();
    record(&shop, &events).await;
    assert_eq!(count(&shop).await, [ranked(1, 60, 6_000)]);
}

#[tokio::test]
async fn sale_counts_on_its_seoul_day_and_the_ranking_counts_three_days() {
    let shop = Shop::open().await;
    let instants: [(&str, i64); 5] = [
        ("2026-11-18T14:59:59.999Z", 1),
        ("2026-11-18T15:00:00Z", 2),
        ("2026-11-19T15:00:00Z", 4),
        ("2026-11-21T14:59:59.999Z", 8),
        ("2026-11-21T15:00:00Z", 16),
    ];
    let events = instants.map(|(paid_at, units)| sale_at(7, at(paid_at), &[(1, units, 1)]));
    record(&shop, &events).await;
    assert_eq!(count(&shop).await, [ranked(1, 2 + 4 + 8, 14)]);
    for (number, units) in [(19, 2), (20, 4), (21, 8)] {
        let totals = shop.store.day_totals(day(number)).await.unwrap();
        assert_eq!(totals.iter().map(|(_, sales)| sales.units).collect::<Vec<_>>(), [units], "the {number}th");
    }
}

#[tokio::test]
async fn counting_again_changes_nothing() {
    let shop = Shop::open().await;
    record(&shop, &[sale(1, 19, &[(1, 3, 100), (2, 1, 50)]), sale(2, 21, &[(2, 9, 60)])]).await;
    let first = count(&shop).await;
    let counted = shop.snapshot().await;
    // Later in the same run, and from another environment.
    let again = shop.another_environment();
    assert_eq!(again.store.aggregate(after(at(DAILY_RUN), 3_600), at(DAILY_RUN)).await.unwrap().products, first);
    assert_eq!(shop.snapshot().await, counted);
}

#[tokio::test]
async fn a_late_fact_is_counted_when_the_days_are_counted_again() {
    let shop = Shop::open().await;
    record(&shop, &[sale(1, 20, &[(1, 3, 100)])]).await;
    count(&shop).await;
    record(&shop, &[sale(2, 20, &[(2, 4, 100)])]).await;
    let expected = [ranked(2, 4, 400), ranked(1, 3, 300)];
    assert_eq!(count(&shop).await, expected);
    assert_eq!(shop.store.newest_ranking(at(DAILY_RUN)).await.unwrap().unwrap().products, expected);
    assert_eq!(shop.store.day_totals(day(20)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn one_day_can_be_counted_by_itself_and_is_read_in_pages() {
    let shop = Shop::open().await;
    let lines: Vec<_> = (1..=7).map(|number| (number, 2, 100)).collect();
    record(&shop, &[sale(1, 20, &lines), sale(2, 20, &lines[..1]), sale(3, 21, &lines)]).await;
    assert_eq!(shop.store.recount(day(20), at(DAILY_RUN)).await.unwrap(), 2);
    let all = shop.store.day_totals(day(20)).await.unwrap();
    assert_eq!((all.len(), all[0].1.units, all[0].1.orders, all[0].1.revenue), (7, 4, 2, 400));
    for limit in 1..=8 {
        let pages = pages(|after| shop.store.daily_sales(day(20), limit, after)).await;
        assert!(pages.iter().all(|page| (1..=limit).contains(&page.len())), "pages of {limit}");
        assert_eq!(pages.concat(), all, "pages of {limit}");
    }
    assert_eq!(shop.store.day_totals(day(21)).await.unwrap(), []);
}

/// Units, orders and revenue of each day from one to another of November 2026.
async fn totals(shop: &Shop, from: i64, to: i64) -> Vec<(i64, i64, i64)> {
    let range = DayRange::new(day(from), day(to)).unwrap();
    let totals = shop.store.totals_of_days(range).await.unwrap();
    assert!(totals.iter().map(|(day, _)| *day).eq(range.days()));
    totals.into_iter().map(|(_, sales)| (sales.units, sales.orders, sales.revenue)).collect()
}

#[tokio::test]
async fn totals_of_days_count_each_order_once_and_are_zeros_without_sales() {
    let shop = Shop::open().await;
    let cancelled = sale(3, 21, &[(1, 9, 100)]);
    record(&shop, &[sale(1, 19, &[(1, 2, 100), (2, 3, 50)]), sale(2, 19, &[(1, 1, 100)]), cancelled.clone()]).await;
    assert_eq!(totals(&shop, 18, 21).await, [(0, 0, 0); 4], "nothing is counted yet");
    count(&shop).await;
    assert_eq!(totals(&shop, 18, 21).await, [(0, 0, 0), (6, 2, 450), (0, 0, 0), (9, 1, 900)]);
    assert_eq!(totals(&shop, 19, 19).await, [(6, 2, 450)]);
    record(&shop, &[cancellation(&cancelled)]).await;
    count(&shop).await;
    assert_eq!(totals(&shop, 20, 21).await, [(0, 0, 0); 2]);
}

#[tokio::test]
async fn an_older_count_does_not_replace_a_newer_one() {
    let shop = Shop::open().await;
    record(&shop, &[sale(1, 20, &[(1, 3, 100)]), sale(2, 20, &[(1, 4, 100)])]).await;
    count(&shop).await;
    let newer = shop.snapshot().await;
    // A count that began earlier has not seen this fact.
    let unseen = newer.items("sales").find(|item| item["pk"].as_s().unwrap().starts_with("FACT#")).unwrap();
    let key = |name: &str| unseen[name].clone();
    let table = shop.database.name_of("sales");
    let deletion = shop.database.client.delete_item().table_name(table);
    deletion.key("pk", key("pk")).key("sk", key("sk")).send().await.unwrap();
    let without = shop.snapshot().await;
    count(&shop).await;
    assert_eq!(shop.snapshot().await, without);
    assert_eq!(shop.store.newest_ranking(at(DAILY_RUN)).await.unwrap().unwrap().products, [ranked(1, 7, 700)]);
}

#[tokio::test]
async fn the_newest_ranking_is_that_of_the_newest_day() {
    let shop = Shop::open().await;
    assert_eq!(shop.store.newest_ranking(at(DAILY_RUN)).await.unwrap(), None);
    record(&shop, &[sale(1, 20, &[(1, 3, 100)]), sale(2, 22, &[(2, 1, 100)])]).await;
    for run in ["2026-11-20T15:10:00Z", "2026-11-22T15:10:00Z", DAILY_RUN] {
        shop.store.aggregate(at(run), at(run)).await.unwrap();
    }
    let newest = shop.store.newest_ranking(at(DAILY_RUN)).await.unwrap().unwrap();
    assert_eq!((newest.day, newest.products), (day(23), vec![ranked(1, 3, 300), ranked(2, 1, 100)]));
}

#[tokio::test]
async fn day_after_tomorrow_is_not_counted_and_its_ranking_is_not_read() {
    let shop = Shop::open().await;
    record(&shop, &[sale(1, 20, &[(1, 3, 100)])]).await;
    count(&shop).await;
    let before = shop.snapshot().await;
    let mistyped = after(at(DAILY_RUN), 365 * 86_400);
    let sentence = "2027-11-22 is after tomorrow, and is not counted";
    let error = shop.store.aggregate(mistyped, at(DAILY_RUN)).await.unwrap_err();
    assert_eq!(error.to_string(), sentence);
    assert_eq!(shop.store.recount(Day::of(mistyped), at(DAILY_RUN)).await.unwrap_err().to_string(), sentence);
    assert_eq!(shop.snapshot().await, before);
    // An earlier release counted it. Until the day before, nobody reads it.
    shop.store.aggregate(mistyped, mistyped).await.unwrap();
    let newest = async |now| shop.store.newest_ranking(now).await.unwrap().unwrap().day;
    assert_eq!(newest(at(DAILY_RUN)).await, day(22));
    assert_eq!(newest(after(mistyped, -2 * 86_400)).await, day(22));
    assert_eq!(newest(mistyped).await, Day::of(mistyped));
}

#[tokio::test]
async fn popular_products_are_the_first_that_are_on_sale() {
    let shop = Shop::open().await;
    let mut products = Vec::new();
    for _ in 0..12 {
        products.push(shop.product(100, 99).await);
    }
    let alice = shop.customer("alice").with_balance(100_000).await;
    for (units, product) in (1..).zip(products.iter().rev()) {
        alice.order([(*product, units)]).done().await;
    }
    record(&shop, &order_events(&shop.snapshot().await)).await;
    let ranking = shop.store.aggregate(at(DAILY_RUN), at(DAILY_RUN)).await.unwrap();
    let shown = async || {
        let popular = shop.another_environment().store.popular_products(&ranking, at(DAILY_RUN)).await.unwrap();
        popular.into_iter().map(|(_, product)| product.product_id).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, products[..5]);
    let off_sale = ProductPatch { status: Some(ProductStatus::Inactive), ..ProductPatch::default() };
    for product in products[..4].iter().chain(&products[5..8]) {
        shop.update(*product, off_sale.clone()).done().await;
    }
    let left: Vec<_> = products[4..5].iter().chain(&products[8..]).copied().collect();
    assert_eq!(shown().await, left);
}

#[tokio::test]
async fn revenue_beyond_one_amount_is_the_same_in_totals_and_ranking() {
    let shop = Shop::open().await;
    let events: Vec<_> = (0..103).map(|order| sale(order, 20, &[(1, 99, 100_000_000)])).collect();
    record(&shop, &events).await;
    assert_eq!(count(&shop).await, [ranked(1, 99 * 103, 1_019_700_000_000)]);
    assert_eq!(shop.store.day_totals(day(20)).await.unwrap()[0].1.revenue, 1_019_700_000_000);
}

#[tokio::test]
async fn a_cancelled_order_is_taken_out_whichever_event_comes_first() {
    let (one, other) = (sale(1, 20, &[(1, 3, 100)]), sale(2, 20, &[(1, 2, 100), (2, 1, 100)]));
    let cancelled = cancellation(&one);
    for events in [[&one, &other, &cancelled], [&cancelled, &other, &one]] {
        let shop = Shop::open().await;
        for event in events {
            record(&shop, std::slice::from_ref(event)).await;
            count(&shop).await;
        }
        assert_eq!(count(&shop).await, [ranked(1, 2, 200), ranked(2, 1, 100)]);
        assert_eq!(shop.store.newest_ranking(at(DAILY_RUN)).await.unwrap().unwrap().products.len(), 2);
    }
}

/// Units, orders and facts of the one product that was sold on a day.
async fn sold(shop: &Shop, number: i64) -> (i64, i64, u64) {
    let totals = shop.store.day_totals(day(number)).await.unwrap();
    let [(_, sales)] = totals[..] else { panic!("{totals:?}") };
    (sales.units, sales.orders, sales.facts)
}

/// The daily run after a day of the month.
async fn run_after(shop: &Shop, number: i64) {
    let run = after(at(DAILY_RUN), (number - 21) * 86_400);
    shop.store.aggregate(run, run).await.unwrap();
}

/// Two orders of the 21st, counted three times and then no more.
async fn shop_whose_21st_is_counted() -> (Shop, [CloudEvent; 2]) {
    let shop = Shop::open().await;
    let events = [sale(1, 21, &[(1, 3, 100)]), sale(2, 21, &[(1, 4, 100)])];
    record(&shop, &events).await;
    for number in 21..=23 {
        run_after(&shop, number).await;
    }
    assert_eq!(sold(&shop, 21).await, (7, 2, 2));
    (shop, events)
}

#[tokio::test]
async fn late_cancellation_is_counted_out_by_the_next_daily_run() {
    let (shop, [one, _]) = shop_whose_21st_is_counted().await;
    record_on(&shop, at("2026-11-25T03:00:00Z"), &[cancellation(&one)]).await;
    run_after(&shop, 25).await;
    assert_eq!(sold(&shop, 21).await, (4, 1, 3));
    // No later run counts the day again.
    let counted = shop.snapshot().await;
    run_after(&shop, 25).await;
    assert_eq!(shop.snapshot().await, counted);
    let marks = counted.items("sales").find(|item| item["pk"].as_s().unwrap() == "OUTDATED").unwrap();
    assert_eq!(marks.len(), 2, "only its key is left: {marks:?}");
}

#[tokio::test]
async fn every_marked_day_is_counted_though_daily_runs_were_missed() {
    let (shop, [one, two]) = shop_whose_21st_is_counted().await;
    // On two days, and a sale whose message was lost for four days.
    record_on(&shop, at("2026-11-24T03:00:00Z"), &[cancellation(&one)]).await;
    record_on(&shop, at("2026-11-25T03:00:00Z"), &[cancellation(&two), sale(3, 20, &[(1, 9, 100)])]).await;
    run_after(&shop, 29).await;
    assert_eq!((sold(&shop, 21).await, sold(&shop, 20).await), ((0, 0, 4), (9, 1, 1)));
}

#[tokio::test]
async fn facts_of_today_and_yesterday_cost_no_mark() {
    let shop = Shop::open().await;
    record(&shop, &[sale(1, 21, &[(1, 3, 100)]), sale(2, 20, &[(1, 3, 100)])]).await;
    assert_eq!(shop.snapshot().await.items("sales").count(), 2);
    record(&shop, &[sale(3, 19, &[(1, 3, 100)])]).await;
    assert_eq!(shop.snapshot().await.items("sales").count(), 4);
}

#[tokio::test]
async fn fact_that_comes_while_its_day_is_counted_keeps_the_day_marked() {
    let (shop, [one, two]) = shop_whose_21st_is_counted().await;
    let later = at("2026-11-25T03:00:00Z");
    record_on(&shop, later, &[cancellation(&one)]).await;
    // The run has counted the day, and is about to remove its mark.
    let faults = Faults::none();
    let proxy = Proxy::start(&shop.database.endpoint, &faults).await.unwrap();
    faults.plan(Plan::nth("UpdateItem", 1, Fault::Late));
    let run = shop.through(&proxy.endpoint());
    let run = tokio::spawn(async move { run_after(&run, 25).await });
    faults.silence().await;
    record_on(&shop, later, &[cancellation(&two)]).await;
    assert_eq!(faults.deliver_late().await, 1);
    run.abort();
    assert_eq!(sold(&shop, 21).await, (4, 1, 3));
    run_after(&shop, 26).await;
    assert_eq!(sold(&shop, 21).await, (0, 0, 4));
}

#[tokio::test]
async fn message_is_delivered_again_until_its_day_is_marked() {
    let (shop, [one, _]) = shop_whose_21st_is_counted().await;
    let faults = Faults::none();
    let proxy = Proxy::start(&shop.database.endpoint, &faults).await.unwrap();
    faults.plan(Plan::from(1, "UpdateItem", Fault::InternalError));
    let body = serde_json::to_string(&cancellation(&one)).unwrap();
    let consumer = shop.through(&proxy.endpoint());
    let pending = record_messages(&consumer, [body], at("2026-11-25T03:00:00Z")).await;
    assert_eq!(pending, ["message 0".to_owned()].into());
}

#[tokio::test]
async fn totals_and_ranking_are_those_of_adding_everything_up() {
    for seed in 0..3 {
        let mut rng = Rng::with_seed(seed);
        let shop = Shop::open().await;
        let mut events = Vec::new();
        let (mut window, mut day_20) = (BTreeMap::new(), BTreeMap::new());
        for order in 0..120 {
            let day = rng.i64(17..=23);
            let mut products: Vec<u128> = (1..=9).collect();
            rng.shuffle(&mut products);
            let lines: Vec<_> = products
                .into_iter()
                .take(rng.usize(1..=4))
                .map(|p| (p, rng.i64(1..=5), rng.i64(1..=3) * 100))
                .collect();
            let event = sale(order, day, &lines);
            if rng.u8(0..8) == 0 {
                events.push(cancellation(&event));
            } else {
                for (number, units, price) in lines {
                    let days = [(19..=21, &mut window), (20..=20, &mut day_20)];
                    for (_, sums) in days.into_iter().filter(|(days, _)| days.contains(&day)) {
                        let (sold, revenue) = sums.entry(product(number)).or_insert((0, 0));
                        *sold += units;
                        *revenue += units * price;
                    }
                }
            }
            if rng.bool() {
                events.push(event.clone());
            }
            events.push(event);
        }
        rng.shuffle(&mut events);
        for batch in events.chunks(10) {
            record(&shop, batch).await;
        }

        let ranking = count(&shop).await;
        let mut expected: Vec<_> = window.into_iter().collect();
        expected.sort_by_key(|(product, (units, revenue))| (-units, -revenue, *product));
        let ranked = |ranked: &RankedProduct| (ranked.product_id, (ranked.units_sold, ranked.revenue));
        assert_eq!(ranking.iter().map(ranked).collect::<Vec<_>>(), expected, "seed {seed}");
        let totals = shop.store.day_totals(day(20)).await.unwrap();
        let totals = totals.into_iter().map(|(product, sales)| (product, (sales.units, sales.revenue)));
        let sold: BTreeMap<_, _> = totals.filter(|(_, sales)| sales.0 != 0).collect();
        assert_eq!(sold, day_20, "seed {seed}");
    }
}

#[tokio::test]
async fn a_real_order_counts_as_what_it_sold_at_list_price() {
    let shop = Shop::open().await;
    let tea = shop.product(5_000, 9).await;
    let coupon = shop.campaign(1, sijang_testkit::shop::fixed(3_000)).await;
    let alice = shop.customer("alice").with_balance(20_000).await.with_coupon(coupon).await;
    alice.order([(tea, 2)]).with(coupon).done().await;
    let snapshot = shop.snapshot().await;
    let paid = AttributeValue::S(sijang_domain::ORDER_PAID.to_owned());
    let item = snapshot.items("events").find(|item| item["type"] == paid).unwrap();
    record(&shop, &[sijang_storage::order_event_of(item.clone().into()).unwrap()]).await;
    assert_eq!(count(&shop).await, [RankedProduct { product_id: tea, units_sold: 2, revenue: 10_000 }]);
    shop.check().await;
}
