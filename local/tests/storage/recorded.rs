//! Orders that staff find by their facts: one by its id, and those of a day.

use aws_config::BehaviorVersion;
use serde_json::{Value, json};
use sijang_domain::{
    CouponId, Day, Order, OrderId, OrderStatus, Page, Position, ProductId, RecordedOrder, RecordedOrderFilter,
    Rejection, Timestamp,
};
use sijang_functions::in_process;
use sijang_storage::{AttributeValue, OrderEvents, Store};
use sijang_testkit::shop::{Customer, Shop, after, at, fixed, pages, rejection, won};

use crate::{
    reconciliation::deliver,
    sales::{cancellation, record, sale_at},
};

const NOON: &str = "2026-11-21T03:00:00Z";

fn day() -> Day {
    Day::of(at(NOON))
}

async fn page(shop: &Shop, filter: &RecordedOrderFilter, limit: usize, after: Option<Position>) -> Page<RecordedOrder> {
    shop.store.orders_of_day(day(), filter, limit, after).await.unwrap()
}

/// All orders of the day that pass a filter, by pages of this size.
async fn listed(shop: &Shop, filter: &RecordedOrderFilter, limit: usize) -> Vec<RecordedOrder> {
    let pages = pages(async |after| Ok(page(shop, filter, limit, after).await)).await;
    assert!(pages.iter().all(|page| page.len() <= limit));
    pages.concat()
}

#[tokio::test]
async fn an_order_is_found_by_its_id_once_its_fact_is_recorded() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 10).await;
    let alice = shop.customer("alice").with_balance(5_000).await;
    let order = alice.order([(tea, 1)]).done().await;
    let found = async |order_id: OrderId| shop.store.order_of_any_customer(order_id).await;
    assert_eq!(rejection(found(order.order_id).await), Rejection::OrderNotFound);
    deliver(&shop).await;
    assert_eq!(found(order.order_id).await.unwrap(), (alice.user.clone(), order.clone()));
    // The order is read itself: its state does not wait for a fact.
    let cancelled = alice.cancel(&order).done().await;
    assert_eq!(found(order.order_id).await.unwrap(), (alice.user.clone(), cancelled));
    let midnight = day().plus(1).start();
    for absent in [OrderId::new(at(NOON), 7), OrderId::new(midnight, 7), OrderId::new(Timestamp::EPOCH, 7)] {
        assert_eq!(rejection(found(absent).await), Rejection::OrderNotFound);
    }
    let never = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse().unwrap();
    assert_eq!(rejection(found(never).await), Rejection::OrderNotFound);
}

#[tokio::test]
async fn an_order_is_found_on_the_day_in_seoul_of_its_payment() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 10).await;
    let alice = shop.customer("alice").with_balance(5_000).await;
    let midnight = day().plus(1).start();
    for paid_at in [after(midnight, -1), midnight] {
        let order = alice.order([(tea, 1)]).at(paid_at).done().await;
        deliver(&shop).await;
        assert_eq!(shop.store.order_of_any_customer(order.order_id).await.unwrap().1, order, "{paid_at}");
    }
}

/// Orders of two days, most recent first, with whose they are: a third with a coupon, a fourth cancelled.
async fn sold(shop: &Shop) -> (Vec<(Customer, Order)>, [ProductId; 2], CouponId) {
    let (tea, milk) = (shop.product(1_000, 500).await, shop.product(700, 500).await);
    let coupon = shop.campaign(50, fixed(300)).await;
    let mut orders = Vec::new();
    for number in 0..30 {
        let customer =
            shop.customer(&format!("customer-{number}")).with_balance(10_000).await.with_coupon(coupon).await;
        let product = if number % 2 == 0 { tea } else { milk };
        let request = customer.order([(product, 1 + number % 3)]);
        let request = if number % 3 == 0 { request.with(coupon) } else { request };
        let order = if number % 10 == 9 { request.at(after(shop.now(), 86_400)) } else { request }.done().await;
        let order = if number % 4 == 0 { customer.cancel(&order).done().await } else { order };
        orders.push((customer, order));
    }
    deliver(shop).await;
    orders.sort_by_key(|(_, order)| std::cmp::Reverse(order.order_id));
    (orders, [tea, milk], coupon)
}

#[tokio::test]
async fn orders_of_a_day_are_listed_newest_first_and_each_once() {
    let shop = Shop::open().await;
    let (orders, [tea, _], coupon) = sold(&shop).await;
    let all = RecordedOrderFilter::default();
    for filter in [
        all.clone(),
        RecordedOrderFilter { status: Some(OrderStatus::Paid), ..all.clone() },
        RecordedOrderFilter { status: Some(OrderStatus::Cancelled), ..all.clone() },
        RecordedOrderFilter { product_id: Some(tea), ..all.clone() },
        RecordedOrderFilter { coupon_id: Some(coupon), ..all.clone() },
        RecordedOrderFilter { status: Some(OrderStatus::Paid), product_id: Some(tea), coupon_id: Some(coupon) },
    ] {
        let passes = |(_, order): &&(Customer, Order)| {
            Day::of(order.paid_at) == day()
                && filter.status.is_none_or(|status| order.status == status)
                && filter.product_id.is_none_or(|id| order.lines[0].product_id == id)
                && filter.coupon_id.is_none_or(|id| order.coupon_id == Some(id))
        };
        let expected = orders.iter().filter(passes).map(|(customer, order)| RecordedOrder {
            order_id: order.order_id,
            user_id: Some(customer.user.clone()),
            status: order.status,
            lines: order.lines.clone(),
            list_price: order.list_price,
            discount: Some(order.discount),
            paid_price: Some(order.paid_price),
            coupon_id: order.coupon_id,
            paid_at: order.paid_at,
            cancelled_at: order.cancelled_at,
        });
        let expected: Vec<_> = expected.collect();
        assert!(!expected.is_empty());
        for limit in [1, 3, 7, 100] {
            assert_eq!(listed(&shop, &filter, limit).await, expected, "{filter:?} by {limit}");
        }
    }
    assert_eq!(shop.store.orders_of_day(day().plus(-1), &all, 9, None).await.unwrap().data, []);
}

#[tokio::test]
async fn a_filtered_list_of_a_day_goes_on_over_pages_without_orders() {
    let shop = Shop::open().await;
    // More facts than one page reads; only the oldest order was cancelled.
    let event = |number: u128| sale_at(number, after(at(NOON), i64::try_from(number).unwrap()), &[(1, 1, 100)]);
    let mut events: Vec<_> = (0..1_200).map(event).collect();
    events.push(cancellation(&events[0]));
    record(&shop, &events).await;
    let filter = RecordedOrderFilter { status: Some(OrderStatus::Cancelled), ..RecordedOrderFilter::default() };
    let first = page(&shop, &filter, 20, None).await;
    assert!(first.data.is_empty() && first.next.is_some());
    let cancelled = listed(&shop, &filter, 20).await;
    let ids: Vec<OrderId> = cancelled.iter().map(|order| order.order_id).collect();
    assert_eq!(ids, [events[0].data.order.order_id]);
    assert_eq!(listed(&shop, &RecordedOrderFilter::default(), 100).await.len(), 1_200);
}

#[tokio::test]
async fn facts_of_the_first_release_are_listed_without_what_they_lack() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 10).await;
    let alice = shop.customer("alice").with_balance(5_000).await;
    let order = alice.order([(tea, 2)]).done().await;
    deliver(&shop).await;
    let mut fact = shop.snapshot().await.items("sales").next().unwrap().clone();
    for lacking in ["user", "details", "versions"] {
        assert!(fact.remove(lacking).is_some(), "{lacking}");
    }
    let put = shop.database.client.put_item().table_name(shop.database.name_of("sales")).set_item(Some(fact));
    put.send().await.unwrap();
    let listed = listed(&shop, &RecordedOrderFilter::default(), 9).await;
    let [old] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((old.order_id, &old.user_id, old.discount, old.paid_price), (order.order_id, &None, None, None));
    assert_eq!((old.list_price, old.lines[0].product_version), (won(2_000), None));
    assert_eq!(rejection(shop.store.order_of_any_customer(order.order_id).await), Rejection::OrderNotFound);
}

#[tokio::test]
async fn a_fact_with_an_impossible_quantity_is_an_error() {
    let shop = Shop::open().await;
    record(&shop, &[sale_at(1, at(NOON), &[(1, 1, 100)])]).await;
    let mut fact = shop.snapshot().await.items("sales").next().unwrap().clone();
    let lines = fact.get_mut("lines").unwrap();
    let AttributeValue::L(lines) = lines else { panic!("{lines:?}") };
    let AttributeValue::M(line) = &mut lines[0] else { panic!("{lines:?}") };
    line.insert("q".to_owned(), AttributeValue::N("0".to_owned()));
    let put = shop.database.client.put_item().table_name(shop.database.name_of("sales")).set_item(Some(fact));
    put.send().await.unwrap();
    let page = shop.store.orders_of_day(day(), &RecordedOrderFilter::default(), 9, None).await;
    assert!(page.is_err(), "{page:?}");
}

#[tokio::test]
async fn a_cursor_of_a_day_is_good_for_its_day_and_filter_only() {
    let shop = Shop::open().await;
    let noon = at("2026-01-01T03:00:00Z");
    record(&shop, &[sale_at(1, noon, &[(1, 1, 100)]), sale_at(2, after(noon, 1), &[(1, 1, 100)])]).await;
    let store = Store::new(shop.database.client.clone(), shop.database.tables());
    let sqs = aws_sdk_sqs::Config::builder().behavior_version(BehaviorVersion::latest()).build();
    let queue = OrderEvents::new(aws_sdk_sqs::Client::from_conf(sqs), String::new(), String::new());
    let functions = in_process::Shop::new(store, queue, &"k".repeat(16)).unwrap();
    let answer = async |query: &str| {
        let claims = json!({"sub": "staff", "scope": "shop/admin"});
        let event = json!({
            "rawQueryString": format!("limit=1&{query}"), "requestContext": {"authorizer": {"jwt": {"claims": claims}}},
        });
        let response = functions.answer("list-day-orders", serde_json::from_value(event).unwrap()).await.unwrap();
        (response.status().as_u16(), serde_json::from_slice::<Value>(response.body()).unwrap())
    };
    let (status, first) = answer("date=2026-01-01&status=PAID").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!((status, first["data"][0]["paid_at"].as_str()), (200, Some("2026-01-01T03:00:01.000Z")));
    let (status, second) = answer(&format!("date=2026-01-01&status=PAID&coupon_id=&cursor={cursor}")).await;
    assert_eq!((status, second["data"][0]["paid_at"].as_str()), (200, Some("2026-01-01T03:00:00.000Z")));
    for other in [
        "date=2026-01-02&status=PAID",
        "date=2026-01-01",
        "date=2026-01-01&status=CANCELLED",
        "date=2026-01-01&status=PAID&product_id=01JD4QWKQK3X8M2Z6T9V5R7YBC",
        "date=2026-01-01&status=PAID&coupon_id=01JD4R2T8V6X4Z1B3D5F7H9K0M",
    ] {
        let (status, problem) = answer(&format!("{other}&cursor={cursor}")).await;
        assert_eq!((status, problem["code"].as_str()), (400, Some("invalid-cursor")), "{other}");
    }
}
