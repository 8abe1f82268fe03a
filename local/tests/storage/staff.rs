//! The history of staff: who did what, when and why, written with the command itself.

use std::future::IntoFuture;

use sijang_domain::{
    ActionSubject, Day, EntryType, Error, FieldChange, OrderStatus, ProductPatch, ProductStatus, Rejection, StaffAction,
};
use sijang_storage::{Item, order_event_of};
use sijang_testkit::{
    invariants::violations_once_counted,
    shop::{Shop, at, fixed, limits, name, race, rejection, won},
};

use crate::reconciliation::deliver;

/// The actions of the day on which the tests take place, newest first.
async fn actions(shop: &Shop) -> Vec<StaffAction> {
    shop.store.staff_actions("2026-11-21".parse().unwrap(), 100, None).await.unwrap().data
}

/// The newest action: its name, its subject, what it changed.
async fn newest(shop: &Shop) -> (String, ActionSubject, Vec<FieldChange>) {
    let StaffAction { action, subject, changes, .. } = actions(shop).await.swap_remove(0);
    (action, subject, changes)
}

#[tokio::test]
async fn each_command_of_staff_records_its_subject_and_what_it_changed() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 9).await;
    let of_tea = |action: &str, changes| (action.to_owned(), ActionSubject::product(tea), changes);
    let created = vec![FieldChange::to("price", 1_000), FieldChange::to("stock", 9)];
    assert_eq!(newest(&shop).await, of_tea("create-product", created));
    let patch =
        ProductPatch { price: Some(won(900)), status: Some(ProductStatus::Inactive), ..ProductPatch::default() };
    shop.update(tea, patch).done().await;
    let updated = vec![FieldChange::from_to("price", 1_000, 900), FieldChange::from_to("status", "ACTIVE", "INACTIVE")];
    assert_eq!(newest(&shop).await, of_tea("update-product", updated));
    for delta in [-4, 6] {
        shop.adjust(tea, delta).done().await;
        assert_eq!(newest(&shop).await, of_tea("adjust-stock", vec![FieldChange::by("stock", delta)]));
    }
    shop.reshard(tea, 3).done().await;
    assert_eq!(newest(&shop).await, of_tea("reshard-stock", vec![FieldChange::from_to("shards", 1, 3)]));
    let coupon = shop.campaign(7, fixed(500)).await;
    let of_coupon = |action: &str, changes| (action.to_owned(), ActionSubject::campaign(coupon), changes);
    let created = vec![FieldChange::to("total", 7), FieldChange::to("closes_at", "2026-11-21T15:00:00.000Z")];
    assert_eq!(newest(&shop).await, of_coupon("create-coupon", created));
    shop.reshard_coupon(coupon, 2).done().await;
    assert_eq!(newest(&shop).await, of_coupon("reshard-coupon", vec![FieldChange::from_to("shards", 1, 2)]));
    shop.check().await;
}

#[tokio::test]
async fn action_names_who_when_why_and_the_key_of_the_request() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 9).await;
    let now = at("2026-11-21T05:00:00Z");
    shop.adjust(tea, -1).key("the-key").at(now).done().await;
    let action = actions(&shop).await.swap_remove(0);
    assert_eq!((action.staff_id.as_str(), action.idempotency_key.as_str()), ("admin", "the-key"));
    assert_eq!((action.created_at, action.reason), (now, Some(name("inventory"))));
    let created = actions(&shop).await.swap_remove(1);
    assert_eq!(created.reason, None, "optional where neither money nor goods move");
}

#[tokio::test]
async fn rejected_or_replayed_command_of_staff_records_nothing() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 2).await;
    let taken = shop.adjust(tea, -1);
    taken.clone().done().await;
    taken.again().replayed().await;
    shop.adjust(tea, -9).rejected().await;
    assert_eq!(actions(&shop).await.len(), 2);
    shop.check().await;
}

#[tokio::test]
async fn copies_of_a_command_of_staff_record_one_action() {
    let shop = Shop::open().await;
    let tea = shop.split_product(1_000, 9, 3).await;
    let update = shop.reprice(tea, 900);
    let copies = (0..8).map(|_| update.clone().in_environment_of(&shop.another_environment()));
    for copy in race(copies).await {
        copy.unwrap();
    }
    let updates = actions(&shop).await.into_iter().filter(|action| action.action == "update-product");
    assert_eq!(updates.count(), 1);
    shop.check().await;
}

#[tokio::test]
async fn actions_of_a_day_in_seoul_are_listed_newest_first_by_cursor() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 99).await;
    for time in ["2026-11-21T14:59:59.999Z", "2026-11-21T15:00:00Z", "2026-11-22T14:59:59Z", "2026-11-22T15:00:00Z"] {
        shop.adjust(tea, -1).at(at(time)).done().await;
    }
    let day: Day = "2026-11-22".parse().unwrap();
    let page = shop.store.staff_actions(day, 1, None).await.unwrap();
    let rest = shop.store.staff_actions(day, 1, page.next).await.unwrap();
    let times = [&page.data, &rest.data].map(|data| data.iter().map(|action| action.created_at).collect::<Vec<_>>());
    assert_eq!(times, [vec![at("2026-11-22T14:59:59Z")], vec![at("2026-11-21T15:00:00Z")]]);
    assert_eq!(rest.next, None);
}

#[tokio::test]
async fn order_is_cancelled_by_staff_after_the_period_and_given_back_whole() {
    let shop = Shop::open().await;
    let tea = shop.product(10_000, 5).await;
    let coupon = shop.campaign(1, fixed(3_000)).await;
    let alice = shop.customer("alice").with_balance(30_000).await.with_coupon(coupon).await;
    let order = alice.order([(tea, 2)]).with(coupon).done().await;
    let late = at("2026-12-21T03:00:00Z");
    let ended_at = at("2026-11-28T15:00:00Z");
    assert_eq!(alice.cancel(&order).at(late).rejected().await, Rejection::CancellationPeriodOver { ended_at });
    let before = shop.snapshot().await;
    let cancelled = shop.cancel_for(&alice, &order).at(late).done().await;
    assert_eq!(
        shop.snapshot().await.effects_since(&before),
        ["+ balances", "+ events", "+ staff-actions", "~ balances", "~ orders", "~ products", "~ user-coupons"]
    );
    assert_eq!((cancelled.status, cancelled.cancelled_at), (OrderStatus::Cancelled, Some(late)));
    assert_eq!((shop.stock(tea).await, alice.balance().await), (5, 30_000));
    assert_eq!(alice.coupons().await[0].used, None);
    let done = shop.store.staff_actions(Day::of(late), 10, None).await.unwrap().data.swap_remove(0);
    assert_eq!(done.subject, ActionSubject::order(&alice.user, order.order_id));
    let changes = [FieldChange::from_to("status", "PAID", "CANCELLED"), FieldChange::by("balance", 17_000)];
    assert_eq!((done.action.as_str(), &done.changes[..]), ("cancel-customer-order", &changes[..]));
    // The event is the customer's, and is counted like any other.
    let snapshot = shop.snapshot().await;
    let of_staff = |item: &&Item| item["request"].as_s().unwrap().contains("cancel-customer-order");
    let event = order_event_of(snapshot.items("events").find(of_staff).unwrap().clone().into()).unwrap();
    assert_eq!((event.r#type.as_str(), &event.data.user_id), ("order.cancelled.v1", &alice.user));
    deliver(&shop).await;
    assert_eq!(violations_once_counted(&shop.snapshot().await), Vec::<String>::new());
}

#[tokio::test]
async fn staff_cancellation_is_replayed_and_needs_the_right_customer() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 5).await;
    let (alice, bob) = (shop.customer("alice").with_balance(2_000).await, shop.customer("bob"));
    let order = alice.order([(tea, 1)]).done().await;
    assert_eq!(shop.cancel_for(&bob, &order).rejected().await, Rejection::OrderNotFound);
    let cancellation = shop.cancel_for(&alice, &order);
    let first = cancellation.clone().done().await;
    assert_eq!(cancellation.again().replayed().await, first);
    assert_eq!(shop.cancel_for(&alice, &order).rejected().await, Rejection::OrderAlreadyCancelled);
    assert_eq!(alice.cancel(&order).rejected().await, Rejection::OrderAlreadyCancelled);
    shop.check().await;
}

#[tokio::test]
async fn order_that_customer_and_staff_cancel_at_once_is_cancelled_once() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 99).await;
    let alice = shop.customer("alice").with_balance(20_000).await;
    for _ in 0..20 {
        let order = alice.order([(tea, 1)]).done().await;
        let (own, of_staff) = (alice.cancel(&order), shop.another_environment().cancel_for(&alice, &order));
        let answers = tokio::join!(tokio::spawn(own.into_future()), tokio::spawn(of_staff.into_future()));
        let answers = [answers.0.unwrap(), answers.1.unwrap()];
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 1));
        assert_eq!(lost.into_iter().map(rejection).collect::<Vec<_>>(), [Rejection::OrderAlreadyCancelled]);
    }
    assert_eq!((alice.balance().await, shop.stock(tea).await), (20_000, 99));
    shop.check().await;
}

#[tokio::test]
async fn balance_is_corrected_by_an_entry_that_the_customer_sees() {
    let shop = Shop::open().await;
    let alice = shop.customer("alice").with_balance(5_000).await;
    let before = shop.snapshot().await;
    shop.adjust_balance(&alice, -2_000).done().await;
    assert_eq!(
        shop.snapshot().await.effects_since(&before),
        ["+ balances", "+ events", "+ staff-actions", "~ balances"]
    );
    let entry = alice.ledger().await.swap_remove(0);
    let found = (entry.r#type, entry.amount.minor(), entry.balance.minor(), entry.order_id);
    assert_eq!(found, (EntryType::Adjustment, -2_000, 3_000, None));
    let change = FieldChange { delta: Some(-2_000), ..FieldChange::from_to("balance", 5_000, 3_000) };
    assert_eq!(newest(&shop).await, ("adjust-balance".to_owned(), ActionSubject::customer(&alice.user), vec![change]));
    shop.adjust_balance(&shop.customer("bob"), 700).done().await;
    assert_eq!(shop.customer("bob").balance().await, 700, "the first entry of a ledger");
    shop.check().await;
}

#[tokio::test]
async fn balance_is_corrected_neither_below_zero_nor_above_the_limit() {
    let shop = Shop::open().await;
    let alice = shop.customer("alice").with_balance(5_000).await;
    let short = Rejection::InsufficientBalance { balance: won(5_000), required: won(5_001) };
    assert_eq!(shop.adjust_balance(&alice, -5_001).rejected().await, short);
    let exceeded = Rejection::BalanceLimitExceeded { balance: won(5_000), limit: limits().balance_max };
    assert_eq!(shop.adjust_balance(&alice, 9_995_001).rejected().await, exceeded);
    let correction = shop.adjust_balance(&alice, 9_995_000);
    let first = correction.clone().done().await;
    assert_eq!(correction.again().replayed().await, first);
    shop.adjust_balance(&alice, -10_000_000).done().await;
    assert_eq!(alice.balance().await, 0);
    shop.check().await;
}

#[tokio::test]
async fn corrections_and_orders_at_once_all_count() {
    let shop = Shop::open().await;
    let tea = shop.product(100, 99).await;
    let alice = shop.customer("alice").with_balance(10_000).await;
    let corrections = race((0..8).map(|n| shop.adjust_balance(&alice, if n % 2 == 0 { -300 } else { 700 })));
    let orders = race((0..8).map(|_| alice.order([(tea, 1)])));
    let (corrections, orders) = tokio::join!(corrections, orders);
    assert!(corrections.iter().all(Result::is_ok) && orders.iter().all(Result::is_ok));
    assert_eq!(alice.balance().await, 10_000 + 4 * 400 - 800);
    shop.check().await;
}

#[tokio::test]
async fn command_that_moves_money_or_goods_needs_a_reason() {
    let shop = Shop::open().await;
    let (tea, coupon) = (shop.product(1_000, 5).await, shop.campaign(5, fixed(500)).await);
    let alice = shop.customer("alice").with_balance(2_000).await;
    let order = alice.order([(tea, 1)]).done().await;
    let before = shop.snapshot().await;
    let without = |answer: Result<_, Error>| assert!(matches!(answer, Err(Error::Internal(_))), "{answer:?}");
    without(shop.adjust(tea, 1).without_reason().await.map(drop));
    without(shop.adjust_balance(&alice, 1).without_reason().await.map(drop));
    without(shop.cancel_for(&alice, &order).without_reason().await.map(drop));
    without(shop.end_campaign(coupon).without_reason().await.map(drop));
    without(shop.void_campaign(coupon).without_reason().await.map(drop));
    assert_eq!(shop.snapshot().await.changes_since(&before), []);
}
