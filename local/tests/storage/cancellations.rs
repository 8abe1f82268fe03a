//! Cancelled orders: what they took is given back, all of it, once.

use std::time::Duration;

use sijang_cloud::faults::{Fault, Faults, Plan, Proxy};
use sijang_domain::{CampaignDraft, CouponStatus, EntryType, Order, OrderId, OrderStatus, Rejection};
use sijang_storage::order_event_of;
use sijang_testkit::shop::{Shop, after, at, fixed, limits, rejection, welcome, won};

#[tokio::test]
async fn a_cancelled_order_gives_back_money_units_and_coupon() {
    let shop = Shop::open().await;
    let (tea, milk) = (shop.product(10_000, 5).await, shop.product(2_500, 5).await);
    let coupon = shop.campaign(1, fixed(3_000)).await;
    let alice = shop.customer("alice").with_balance(30_000).await.with_coupon(coupon).await;
    let held = alice.coupons().await;
    let order = alice.order([(tea, 2), (milk, 1)]).with(coupon).done().await;
    let before = shop.snapshot().await;
    let cancelled = alice.cancel(&order).done().await;
    assert_eq!(
        shop.snapshot().await.effects_since(&before),
        ["+ balances", "+ events", "~ balances", "~ orders", "~ products", "~ products", "~ user-coupons"]
    );
    assert!(cancelled.cancelled_at.is_some());
    let expected = Order { status: OrderStatus::Cancelled, cancelled_at: cancelled.cancelled_at, ..order };
    assert_eq!(cancelled, expected);
    assert_eq!((shop.stock(tea).await, shop.stock(milk).await, alice.balance().await), (5, 5, 30_000));
    let refund = &alice.ledger().await[0];
    let found = (refund.r#type, refund.amount.minor(), refund.order_id);
    assert_eq!(found, (EntryType::Refund, 19_500, Some(cancelled.order_id)));
    assert_eq!((alice.orders().await, alice.coupons().await), (vec![cancelled], held));
    shop.check().await;
}

#[tokio::test]
async fn a_cancellation_is_relayed_as_an_event_of_its_own() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 5).await;
    let alice = shop.customer("alice").with_balance(1_000).await;
    let order = alice.order([(tea, 1)]).done().await;
    let cancelled = alice.cancel(&order).done().await;
    let snapshot = shop.snapshot().await;
    let item = snapshot.items("events").find(|item| item["request"].as_s().unwrap().contains("cancel-order")).unwrap();
    let event = order_event_of(item.clone().into()).unwrap();
    assert_eq!(
        (event.id.as_str(), event.r#type.as_str()),
        (&*format!("{}.cancelled", order.order_id), "order.cancelled.v1")
    );
    assert_eq!((Some(event.time), event.data.order), (cancelled.cancelled_at, cancelled));
}

#[tokio::test]
async fn an_order_is_cancelled_once() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 5).await;
    let alice = shop.customer("alice").with_balance(1_000).await;
    let order = alice.order([(tea, 1)]).done().await;
    alice.cancel(&order).done().await;
    assert_eq!(alice.cancel(&order).rejected().await, Rejection::OrderAlreadyCancelled);
}

#[tokio::test]
async fn order_is_not_cancelled_after_the_period_and_the_rejection_is_stored() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 5).await;
    let alice = shop.customer("alice").with_balance(2_000).await;
    let (one, other) = (alice.order([(tea, 1)]).done().await, alice.order([(tea, 1)]).done().await);
    // Paid on the 21st: the 28th in Seoul is the last day.
    let ended_at = at("2026-11-28T15:00:00Z");
    let late = alice.cancel(&one).at(ended_at);
    assert_eq!(late.clone().rejected().await, Rejection::CancellationPeriodOver { ended_at });
    let copy = late.at(one.paid_at);
    assert_eq!(rejection(copy.await), Rejection::CancellationPeriodOver { ended_at }, "one key, one answer");
    alice.cancel(&other).at(after(ended_at, -1)).done().await;
    assert_eq!((alice.balance().await, shop.stock(tea).await), (1_000, 4));
    shop.check().await;
}

#[tokio::test]
async fn a_cancellation_that_arrives_after_another_gives_nothing_back() {
    let shop = Shop::open().await;
    let faults = Faults::none();
    let proxy = Proxy::start(&shop.database.endpoint, &faults).await.unwrap();
    let tea = shop.product(1_000, 5).await;
    let alice = shop.customer("alice").with_balance(1_000).await;
    let order = alice.order([(tea, 1)]).done().await;
    // It has seen a paid order, and is on its way.
    faults.plan(Plan::nth("TransactWriteItems", 1, Fault::Delay(Duration::from_secs(1))));
    let slow = shop.through(&proxy.endpoint()).customer("alice").cancel(&order);
    let slow = tokio::spawn(async move { slow.await });
    while !faults.calls().iter().any(|call| call.operation == "TransactWriteItems") {
        tokio::task::yield_now().await;
    }
    alice.cancel(&order).done().await;
    assert_eq!(rejection(slow.await.unwrap()), Rejection::OrderAlreadyCancelled);
    assert_eq!((alice.balance().await, shop.stock(tea).await), (1_000, 5));
    shop.check().await;
}

#[tokio::test]
async fn replayed_cancellation_has_the_same_answer_and_no_second_effect() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 5).await;
    let alice = shop.customer("alice").with_balance(2_000).await;
    let (one, other) = (alice.order([(tea, 1)]).done().await, alice.order([(tea, 1)]).done().await);
    let cancellation = alice.cancel(&one).key("k");
    let first = cancellation.clone().done().await;
    assert_eq!(cancellation.again().replayed().await, first);
    assert_eq!(alice.cancel(&other).key("k").rejected().await, Rejection::IdempotencyKeyReused);
}

#[tokio::test]
async fn a_replayed_order_is_answered_as_it_was_though_it_has_been_cancelled() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 5).await;
    let alice = shop.customer("alice").with_balance(1_000).await;
    let request = alice.order([(tea, 1)]);
    let order = request.clone().done().await;
    alice.cancel(&order).done().await;
    assert_eq!(request.again().replayed().await, order);
}

#[tokio::test]
async fn order_of_another_customer_cannot_be_cancelled() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 5).await;
    let alice = shop.customer("alice").with_balance(1_000).await;
    let order = alice.order([(tea, 1)]).done().await;
    assert_eq!(shop.customer("bob").cancel(&order).rejected().await, Rejection::OrderNotFound);
    let nothing: OrderId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
    let none = Order { order_id: nothing, ..order };
    assert_eq!(alice.cancel(&none).rejected().await, Rejection::OrderNotFound);
    assert_eq!(rejection(shop.store.order(&alice.user, nothing).await), Rejection::OrderNotFound);
}

#[tokio::test]
async fn refund_is_the_paid_price_though_the_price_has_changed() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 5).await;
    let alice = shop.customer("alice").with_balance(1_000).await;
    let order = alice.order([(tea, 1)]).done().await;
    shop.reprice(tea, 9_000).done().await;
    alice.cancel(&order).done().await;
    assert_eq!(alice.balance().await, 1_000);
}

#[tokio::test]
async fn refund_is_paid_though_the_balance_passes_the_deposit_limit() {
    let shop = Shop::open().await;
    let tea = shop.product(500_000, 5).await;
    let alice = shop.customer("alice").with_balance(500_000).await;
    let order = alice.order([(tea, 1)]).done().await;
    let alice = alice.with_balance(limits().balance_max.minor()).await;
    alice.cancel(&order).done().await;
    assert_eq!(alice.balance().await, 10_500_000);
    let rejected = alice.deposit(100).rejected().await;
    assert_eq!(rejected, Rejection::BalanceLimitExceeded { balance: won(10_500_000), limit: limits().balance_max });
    shop.check().await;
}

#[tokio::test]
async fn refund_sorts_after_earlier_entries_though_a_clock_is_behind() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 5).await;
    let alice = shop.customer("alice").with_balance(5_000).await;
    let order = alice.order([(tea, 1)]).done().await;
    alice.cancel(&order).at(after(order.paid_at, -3_600)).done().await;
    shop.check().await;
    let balances: Vec<_> = alice.ledger().await.iter().map(|entry| entry.balance.minor()).collect();
    assert_eq!(balances, [5_000, 4_000, 5_000]);
}

#[tokio::test]
async fn returned_coupon_pays_for_one_more_order_and_expires_as_before() {
    let shop = Shop::open().await;
    let tea = shop.product(5_000, 9).await;
    let coupon = shop.campaign_of(CampaignDraft { valid_days: 1, ..welcome() }).await;
    let alice = shop.customer("alice").with_balance(20_000).await.with_coupon(coupon).await;
    for _ in 0..2 {
        let order = alice.order([(tea, 1)]).with(coupon).done().await;
        assert_eq!(alice.order([(tea, 1)]).with(coupon).rejected().await, Rejection::CouponUsed);
        alice.cancel(&order).done().await;
    }
    let expires_at = alice.coupons().await[0].expires_at;
    assert_eq!(alice.coupons().await[0].status(expires_at), CouponStatus::Expired);
    let late = alice.order([(tea, 1)]).with(coupon).at(expires_at).rejected().await;
    assert_eq!(late, Rejection::CouponExpired { expired_at: expires_at });
    shop.check().await;
}
