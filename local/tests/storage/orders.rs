//! Orders: everything or nothing, at the right price, once.

use std::time::Instant;

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use sijang_domain::{
    CampaignDraft, CouponId, Error, Money, OrderId, OrderStatus, PriceChange, ProductId, ProductPatch, ProductStatus,
    Rejection, RequestTime, Shortage,
};
use sijang_storage::AttributeValue;
use sijang_testkit::shop::{Shop, after, at, fixed, from, pages, percent, rejection, time, welcome, won};

fn nothing() -> ProductId {
    "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap()
}

fn short(product_id: ProductId, requested: u32, available: u32) -> Shortage {
    Shortage { product_id, requested, available }
}

fn inactive() -> ProductPatch {
    ProductPatch { status: Some(ProductStatus::Inactive), ..ProductPatch::default() }
}

// Effects of an order.

#[tokio::test]
async fn an_order_takes_stock_money_and_coupon_and_leaves_order_entry_and_event() {
    let shop = Shop::open().await;
    let (tea, milk) = (shop.product(10_000, 5).await, shop.product(2_500, 5).await);
    let coupon = shop.campaign(1, percent(10)).await;
    let alice = shop.customer("alice").with_balance(30_000).await.with_coupon(coupon).await;
    let before = shop.snapshot().await;
    let order = alice.order([(tea, 2), (milk, 1)]).with(coupon).done().await;
    assert_eq!(
        shop.snapshot().await.effects_since(&before),
        ["+ balances", "+ events", "+ orders", "~ balances", "~ products", "~ products", "~ user-coupons"]
    );
    assert_eq!((order.list_price, order.discount, order.paid_price), (won(22_500), won(2_250), won(20_250)));
    assert_eq!((order.status, order.coupon_id, order.lines.len()), (OrderStatus::Paid, Some(coupon), 2));
    assert_eq!((shop.stock(tea).await, shop.stock(milk).await), (3, 4));
    assert_eq!(alice.balance().await, 9_750);
    let payment = &alice.ledger().await[0];
    assert_eq!((payment.amount.minor(), payment.order_id), (-20_250, Some(order.order_id)));
    assert_eq!(alice.orders().await, [order]);
    shop.check().await;
}

#[tokio::test]
async fn an_order_that_costs_nothing_needs_no_balance() {
    let shop = Shop::open().await;
    let (gift, tea) = (shop.product(0, 5).await, shop.product(2_000, 5).await);
    let coupon = shop.campaign(1, fixed(3_000)).await;
    let alice = shop.customer("alice").with_coupon(coupon).await;
    alice.order([(gift, 1)]).done().await;
    let order = alice.order([(tea, 1)]).with(coupon).done().await;
    assert_eq!((order.discount, order.paid_price), (won(2_000), Money::ZERO));
    assert_eq!((alice.balance().await, alice.ledger().await.len()), (0, 2));
    shop.check().await;
}

#[tokio::test]
async fn the_last_units_and_the_last_won_can_be_spent() {
    let shop = Shop::open().await;
    let tea = shop.product(1_500, 2).await;
    let alice = shop.customer("alice").with_balance(3_000).await;
    alice.order([(tea, 2)]).done().await;
    assert_eq!((shop.stock(tea).await, alice.balance().await), (0, 0));
}

#[tokio::test]
async fn the_largest_order_fits_in_one_transaction() {
    let shop = Shop::open().await;
    let coupon = shop.campaign(1, fixed(3_000)).await;
    let alice = shop.customer("alice").with_balance(100_000).await.with_coupon(coupon).await;
    let mut products = Vec::new();
    for _ in 0..50 {
        products.push(shop.product(10, 99).await);
    }
    let order = alice.order_all(products.iter().map(|product| (*product, 99))).with(coupon).done().await;
    assert_eq!((order.lines.len(), order.paid_price), (50, won(50 * 99 * 10 - 3_000)));
    assert_eq!(alice.orders().await, [order]);
    shop.check().await;
}

#[tokio::test]
async fn lines_of_one_product_are_one_line() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 5).await;
    let alice = shop.customer("alice").with_balance(5_000).await;
    let order = alice.order([(tea, 2), (tea, 3)]).done().await;
    assert_eq!((order.lines.len(), shop.stock(tea).await, alice.balance().await), (1, 0, 0));
}

#[tokio::test]
async fn own_orders_are_paged_newest_first_and_others_are_not_found() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 10).await;
    let alice = shop.customer("alice").with_balance(5_000).await;
    let bob = shop.customer("bob").with_balance(1_000).await;
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.insert(0, alice.order([(tea, 1)]).done().await);
    }
    let bobs = bob.order([(tea, 1)]).done().await;
    for limit in 1..=6 {
        let pages = pages(|after| shop.store.orders(&alice.user, None, limit, after, time(shop.now()))).await;
        assert!(pages.iter().all(|page| (1..=limit).contains(&page.len())), "pages of {limit}");
        assert_eq!(pages.concat(), orders, "pages of {limit}");
    }
    assert_eq!(shop.store.order(&bob.user, bobs.order_id).await.unwrap(), bobs);
    assert_eq!(rejection(shop.store.order(&alice.user, bobs.order_id).await), Rejection::OrderNotFound);
}

#[tokio::test]
async fn own_orders_are_listed_by_what_became_of_them() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 10).await;
    let alice = shop.customer("alice").with_balance(9_000).await;
    let (mut paid, mut cancelled) = (Vec::new(), Vec::new());
    for round in 0..7 {
        let order = alice.order([(tea, 1)]).done().await;
        if round % 3 == 0 {
            cancelled.insert(0, alice.cancel(&order).done().await);
        } else {
            paid.insert(0, order);
        }
    }
    for (status, expected) in [(OrderStatus::Paid, paid), (OrderStatus::Cancelled, cancelled)] {
        for limit in 1..=5 {
            let pages =
                pages(|after| shop.store.orders(&alice.user, Some(status), limit, after, time(shop.now()))).await;
            assert!(pages.iter().all(|page| (1..=limit).contains(&page.len())), "{status:?} in pages of {limit}");
            assert_eq!(pages.concat(), expected, "{status:?} in pages of {limit}");
        }
    }
}

/// Puts copies of an order of alice, which are older than it.
async fn put_copies(shop: &Shop, copies: i64) {
    let snapshot = shop.snapshot().await;
    let order = snapshot.items("orders").next().unwrap();
    let copy = |number| {
        let id = AttributeValue::S(OrderId::new(after(at("2026-11-20T00:00:00Z"), number), 1).to_string());
        let mut copy = order.clone();
        copy.insert("order_id".to_owned(), id.clone());
        let AttributeValue::M(record) = copy.get_mut("order").unwrap() else { panic!("{copy:?}") };
        record.insert("id".to_owned(), id);
        WriteRequest::builder().put_request(PutRequest::builder().set_item(Some(copy)).build().unwrap()).build()
    };
    for chunk in (0..copies).map(copy).collect::<Vec<_>>().chunks(25) {
        let batch = shop.database.client.batch_write_item();
        let left = batch.request_items(shop.database.name_of("orders"), chunk.to_vec()).send().await.unwrap();
        assert!(left.unprocessed_items.unwrap_or_default().is_empty());
    }
}

#[tokio::test]
async fn filtered_page_ends_early_and_the_next_one_goes_on() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 10).await;
    let alice = shop.customer("alice").with_balance(9_000).await;
    alice.order([(tea, 1)]).done().await;
    put_copies(&shop, 1_000).await;
    let oldest = alice.order([(tea, 1)]).at(at("2026-11-15T00:00:00Z")).done().await;
    let cancelled = alice.cancel(&oldest).done().await;
    let list = async |limit, after, time| {
        shop.store.orders(&alice.user, Some(OrderStatus::Cancelled), limit, after, time).await
    };
    let lists = pages(|after| list(20, after, time(shop.now()))).await;
    // 21, and five times 100; the second page comes to the end.
    assert_eq!(lists, [Vec::new(), vec![cancelled]]);
    let passed = RequestTime { deadline: Instant::now(), ..time(shop.now()) };
    let page = list(20, None, passed).await.unwrap();
    assert_eq!((page.data, page.next.is_some()), (Vec::new(), true));
    assert_ne!(page.next, list(20, None, time(shop.now())).await.unwrap().next, "it ends after its first call");
}

// Rejections, which leave nothing.

/// The rule that this shop is built around: a payment that does not go through has nothing to give back, because
/// nothing was taken. Stock, coupon and balance are the very items that they were.
#[tokio::test]
async fn order_above_the_balance_changes_neither_stock_nor_coupon() {
    let shop = Shop::open().await;
    let (tea, milk) = (shop.product(10_000, 5).await, shop.product(2_500, 1).await);
    let coupon = shop.campaign(1, fixed(3_000)).await;
    let alice = shop.customer("alice").with_balance(19_499).await.with_coupon(coupon).await;

    let everything = shop.snapshot().await;
    let rejected = rejection(alice.order([(tea, 2), (milk, 1)]).with(coupon).await);
    assert_eq!(rejected, Rejection::InsufficientBalance { balance: won(19_499), required: won(19_500) });
    assert_eq!(shop.snapshot().await.changes_beside_rejections(&everything), []);

    // One won more, and the same order takes all of it.
    let alice = alice.with_balance(100).await;
    alice.order([(tea, 2), (milk, 1)]).with(coupon).done().await;
    assert_eq!((alice.balance().await, shop.stock(milk).await), (99, 0));
    shop.check().await;
}

#[tokio::test]
async fn a_user_without_a_balance_cannot_pay() {
    let shop = Shop::open().await;
    let tea = shop.product(1, 1).await;
    let rejected = shop.customer("alice").order([(tea, 1)]).rejected().await;
    assert_eq!(rejected, Rejection::InsufficientBalance { balance: Money::ZERO, required: won(1) });
}

#[tokio::test]
async fn unknown_products_are_told_by_their_positions_quoted_or_not() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 5).await;
    let alice = shop.customer("alice").with_balance(5_000).await;
    let also_nothing: ProductId = "01ARZ3NDEKTSV4RRFFQ69G5FAA".parse().unwrap();
    let order = || alice.order([(nothing(), 1), (tea, 1), (also_nothing, 1)]);
    let all = Rejection::UnknownProduct { lines: vec![0, 2] };
    assert_eq!(order().rejected().await, all);
    assert_eq!(order().quoting(nothing(), 5).quoting(also_nothing, 5).rejected().await, all);
    assert_eq!(order().quoting(nothing(), 5).rejected().await, all);
}

#[tokio::test]
async fn inactive_products_are_not_sold() {
    let shop = Shop::open().await;
    let (tea, milk) = (shop.product(1_000, 5).await, shop.product(1_000, 5).await);
    let alice = shop.customer("alice").with_balance(5_000).await;
    alice.order([(tea, 1), (milk, 1)]).done().await;
    shop.update(milk, inactive()).done().await;
    let rejected = alice.order([(tea, 1), (milk, 1)]).rejected().await;
    assert_eq!(rejected, Rejection::ProductInactive { products: vec![milk] });
}

#[tokio::test]
async fn every_short_line_is_told() {
    let shop = Shop::open().await;
    let (tea, milk, jam) = (shop.product(1, 2).await, shop.product(1, 9).await, shop.product(1, 0).await);
    let alice = shop.customer("alice").with_balance(1_000).await;
    let rejected = alice.order([(jam, 1), (milk, 9), (tea, 3)]).rejected().await;
    let mut shortages = vec![short(tea, 3, 2), short(jam, 1, 0)];
    shortages.sort_by_key(|shortage| shortage.product_id);
    assert_eq!(rejected, Rejection::InsufficientStock { shortages });
}

#[tokio::test]
async fn a_quoted_price_that_no_longer_holds_is_rejected() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 5).await;
    let alice = shop.customer("alice").with_balance(5_000).await;
    shop.reprice(tea, 900).done().await;
    let rejected = alice.order([(tea, 1)]).quoting(tea, 1_000).rejected().await;
    let change = PriceChange { product_id: tea, quoted: won(1_000), current: won(900) };
    assert_eq!(rejected, Rejection::PriceChanged { changes: vec![change] });
    assert_eq!(alice.order([(tea, 1)]).quoting(tea, 900).done().await.paid_price, won(900));
}

#[tokio::test]
async fn stale_cached_price_is_corrected_when_no_price_was_quoted() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 9).await;
    let alice = shop.customer("alice").with_balance(9_000).await;
    let elsewhere = shop.another_environment();
    for price in [1_200, 700] {
        alice.order([(tea, 1)]).done().await;
        elsewhere.reprice(tea, price).done().await;
        assert_eq!(alice.order([(tea, 1)]).done().await.paid_price, won(price));
    }
    shop.check().await;
}

#[tokio::test]
async fn balance_is_checked_by_the_current_price_not_the_cached_one() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 9).await;
    let alice = shop.customer("alice").with_balance(1_500).await;
    alice.order([(tea, 1)]).done().await;
    let elsewhere = shop.another_environment();
    elsewhere.reprice(tea, 500).done().await;
    assert_eq!(alice.order([(tea, 1)]).done().await.paid_price, won(500));
    elsewhere.reprice(tea, 100).done().await;
    let rejected = alice.order([(tea, 1)]).rejected().await;
    assert_eq!(rejected, Rejection::InsufficientBalance { balance: Money::ZERO, required: won(100) });
}

#[tokio::test]
async fn a_coupon_that_the_user_does_not_hold_is_unknown() {
    let shop = Shop::open().await;
    let (tea, coupon) = (shop.product(5_000, 5).await, shop.campaign(2, fixed(3_000)).await);
    let alice = shop.customer("alice").with_balance(10_000).await;
    shop.customer("bob").issue(coupon).done().await;
    let no_campaign: CouponId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
    for coupon in [coupon, no_campaign] {
        assert_eq!(alice.order([(tea, 1)]).with(coupon).rejected().await, Rejection::UnknownCoupon);
    }
}

#[tokio::test]
async fn a_coupon_is_good_for_one_order() {
    let shop = Shop::open().await;
    let (tea, coupon) = (shop.product(5_000, 5).await, shop.campaign(1, fixed(3_000)).await);
    let alice = shop.customer("alice").with_balance(10_000).await.with_coupon(coupon).await;
    alice.order([(tea, 1)]).with(coupon).done().await;
    assert_eq!(alice.order([(tea, 1)]).with(coupon).rejected().await, Rejection::CouponUsed);
    // A used coupon stays used when it expires.
    let late = alice.order([(tea, 1)]).with(coupon).at(at("2027-01-01T00:00:00Z")).rejected().await;
    assert_eq!(late, Rejection::CouponUsed);
    shop.check().await;
}

#[tokio::test]
async fn a_coupon_is_good_until_the_instant_at_which_it_expires() {
    let shop = Shop::open().await;
    let tea = shop.product(5_000, 5).await;
    let (one, other) = (shop.campaign(1, fixed(3_000)).await, shop.campaign(1, fixed(3_000)).await);
    let alice = shop.customer("alice").with_balance(10_000).await.with_coupon(one).await.with_coupon(other).await;
    let expired_at = alice.coupons().await[0].expires_at;
    alice.order([(tea, 1)]).with(one).at(after(expired_at, -1)).done().await;
    let late = alice.order([(tea, 1)]).with(other).at(expired_at).rejected().await;
    assert_eq!(late, Rejection::CouponExpired { expired_at });
}

#[tokio::test]
async fn a_coupon_is_good_from_its_minimum_order_on() {
    let shop = Shop::open().await;
    let (tea, gum) = (shop.product(5_000, 5).await, shop.product(1, 5).await);
    let coupon = shop.campaign(1, from(5_001, fixed(3_000))).await;
    let alice = shop.customer("alice").with_balance(10_000).await.with_coupon(coupon).await;
    let rejected = alice.order([(tea, 1)]).with(coupon).rejected().await;
    assert_eq!(rejected, Rejection::CouponMinimumNotMet { minimum_order: won(5_001), list_price: won(5_000) });
    alice.order([(tea, 1), (gum, 1)]).with(coupon).done().await;
}

#[tokio::test]
async fn minimum_order_is_checked_by_the_current_price_not_the_cached_one() {
    let shop = Shop::open().await;
    let tea = shop.product(4_000, 5).await;
    let coupon = shop.campaign(1, from(5_000, fixed(3_000))).await;
    let alice = shop.customer("alice").with_balance(50_000).await.with_coupon(coupon).await;
    let elsewhere = shop.another_environment();
    alice.order([(tea, 1)]).done().await;
    elsewhere.reprice(tea, 6_000).done().await;
    let order = alice.order([(tea, 1)]).with(coupon).done().await;
    assert_eq!((order.list_price, order.discount), (won(6_000), won(3_000)));
    shop.check().await;
}

#[tokio::test]
async fn a_minimum_order_is_missed_when_the_price_has_fallen() {
    let shop = Shop::open().await;
    let tea = shop.product(6_000, 5).await;
    let coupon = shop.campaign(1, from(5_000, fixed(3_000))).await;
    let alice = shop.customer("alice").with_balance(50_000).await.with_coupon(coupon).await;
    alice.order([(tea, 1)]).done().await;
    shop.another_environment().reprice(tea, 4_000).done().await;
    let rejected = alice.order([(tea, 1)]).with(coupon).rejected().await;
    assert_eq!(rejected, Rejection::CouponMinimumNotMet { minimum_order: won(5_000), list_price: won(4_000) });
}

#[tokio::test]
async fn product_rejections_come_before_coupon_rejections() {
    let shop = Shop::open().await;
    let (tea, milk) = (shop.product(1_000, 1).await, shop.product(1_000, 5).await);
    let alice = shop.customer("alice").with_balance(50_000).await;
    let (used, dear) = (shop.campaign(1, fixed(100)).await, shop.campaign(1, from(50_000, fixed(100))).await);
    let stale = shop.campaign_of(CampaignDraft { valid_days: 1, ..welcome() }).await;
    let alice = alice.with_coupon(used).await.with_coupon(dear).await.with_coupon(stale).await;
    alice.order([(milk, 1)]).with(used).done().await;
    let no_campaign: CouponId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
    let later = after(shop.now(), 7 * 86_400);
    for coupon in [used, dear, stale, no_campaign] {
        let order = |product, quantity| alice.order([(product, quantity)]).with(coupon).at(later);
        let shortages = vec![short(tea, 2, 1)];
        assert_eq!(order(tea, 2).rejected().await, Rejection::InsufficientStock { shortages });
        assert_eq!(order(nothing(), 1).rejected().await, Rejection::UnknownProduct { lines: vec![0] });
        let change = PriceChange { product_id: tea, quoted: won(1), current: won(1_000) };
        let changes = vec![change];
        assert_eq!(order(tea, 1).quoting(tea, 1).rejected().await, Rejection::PriceChanged { changes });
    }
}

#[tokio::test]
async fn stock_is_told_before_coupon_and_coupon_before_balance() {
    let shop = Shop::open().await;
    let (tea, gum) = (shop.product(10_000, 1).await, shop.product(1, 1).await);
    let coupon = shop.campaign(1, fixed(1)).await;
    let alice = shop.customer("alice").with_coupon(coupon).await;
    alice.order([(gum, 1)]).with(coupon).done().await;
    let shortages = vec![short(tea, 2, 1)];
    assert_eq!(alice.order([(tea, 2)]).with(coupon).rejected().await, Rejection::InsufficientStock { shortages });
    assert_eq!(alice.order([(tea, 1)]).with(coupon).rejected().await, Rejection::CouponUsed);
    let poor = alice.order([(tea, 1)]).rejected().await;
    assert_eq!(poor, Rejection::InsufficientBalance { balance: Money::ZERO, required: won(10_000) });
}

// The same request again.

#[tokio::test]
async fn a_replayed_order_is_the_same_order_and_charged_once() {
    let shop = Shop::open().await;
    let (tea, coupon) = (shop.product(5_000, 1).await, shop.campaign(1, fixed(3_000)).await);
    let alice = shop.customer("alice").with_balance(2_000).await.with_coupon(coupon).await;
    let order = alice.order([(tea, 1)]).with(coupon);
    let first = order.clone().done().await;
    // By now stock, coupon and balance would all reject it.
    assert_eq!(order.again().replayed().await, first);
    assert_eq!(order.again().in_environment_of(&shop.another_environment()).replayed().await, first);
    shop.check().await;
}

#[tokio::test]
async fn a_key_is_not_good_for_another_cart() {
    let shop = Shop::open().await;
    let (tea, milk) = (shop.product(1_000, 9).await, shop.product(1_000, 9).await);
    let coupon = shop.campaign(1, from(5_000, fixed(100))).await;
    let alice = shop.customer("alice").with_balance(9_000).await.with_coupon(coupon).await;
    alice.order([(tea, 1), (milk, 2)]).key("k").done().await;
    let others = [
        alice.order([(tea, 2), (milk, 1)]),
        alice.order([(tea, 1)]),
        alice.order([(nothing(), 1)]),
        alice.order([(tea, 1), (milk, 2)]).with(coupon),
        alice.order([(tea, 1), (milk, 2)]).quoting(tea, 1_000),
    ];
    for other in others {
        assert_eq!(other.key("k").rejected().await, Rejection::IdempotencyKeyReused);
    }
    // The order of the lines is not the cart.
    alice.order([(milk, 2), (tea, 1)]).key("k").replayed().await;
}

#[tokio::test]
async fn a_replay_is_answered_though_a_new_price_misses_the_coupon_s_minimum() {
    let shop = Shop::open().await;
    let tea = shop.product(6_000, 5).await;
    let coupon = shop.campaign(1, from(5_000, fixed(3_000))).await;
    let alice = shop.customer("alice").with_balance(50_000).await.with_coupon(coupon).await;
    let order = alice.order([(tea, 1)]).with(coupon);
    let first = order.clone().done().await;
    let elsewhere = shop.another_environment();
    elsewhere.reprice(tea, 4_000).done().await;
    assert_eq!(order.again().in_environment_of(&elsewhere).replayed().await, first);
    assert_eq!(order.again().replayed().await, first);
}

#[tokio::test]
async fn rejection_answers_every_copy_and_a_new_key_tries_again() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 1).await;
    let alice = shop.customer("alice");
    let order = alice.order([(tea, 1)]);
    // This one is rejected before there is a transaction.
    let unknown = alice.order([(tea, 1)]).with(CouponId::new(shop.now(), 7));
    let rejected = [order.clone().rejected().await, unknown.clone().rejected().await];
    alice.deposit(1_000).done().await;
    for (order, first) in [&order, &unknown].into_iter().zip(rejected) {
        let copy = order.again().await;
        assert!(matches!(&copy, Err(Error::ReplayedRejection { rejection, .. }) if *rejection == first), "{copy:?}");
    }
    order.key("a-new-attempt").done().await;
}

#[tokio::test]
async fn two_equal_orders_under_two_keys_are_two_orders() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 2).await;
    let alice = shop.customer("alice").with_balance(2_000).await;
    alice.order([(tea, 1)]).done().await;
    alice.order([(tea, 1)]).done().await;
    assert_eq!((alice.orders().await.len(), shop.stock(tea).await, alice.balance().await), (2, 0, 0));
}
