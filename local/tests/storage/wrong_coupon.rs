//! The drill of the runbook "wrong coupon": issued to many customers, used by some; ended, voided, the orders cancelled
//! by staff.
//!
//! `SIJANG_HOLDERS=500` makes the customers more than in CI; a fifth of them orders.

use std::{env, time::Instant};

use sijang_domain::{Day, Order, OrderStatus, Rejection};
use sijang_testkit::shop::{Shop, after, at, fixed, race};

use crate::reconciliation::{deliver, reconciled};

const PRICE: i64 = 20_000;

#[tokio::test]
async fn wrong_coupon_is_ended_voided_and_its_orders_are_cancelled_by_staff() {
    let holders: usize = env::var("SIJANG_HOLDERS").map_or(30, |count| count.parse().unwrap());
    let shop = Shop::open().await;
    let tea = shop.product(PRICE, 1_000).await;
    // 30,000 won off, and no minimum: a zero too many.
    let coupon = shop.campaign(100_000, fixed(30_000)).await;
    let customers = shop.customers(holders, PRICE).await;
    assert!(race(customers.iter().map(|customer| customer.issue(coupon))).await.iter().all(Result::is_ok));
    let buyers = &customers[..holders / 5];
    let orders = race(buyers.iter().map(|buyer| buyer.order([(tea, 1)]).with(coupon))).await;
    let orders: Vec<Order> = orders.into_iter().map(|order| order.unwrap().value).collect();
    assert!(orders.iter().all(|order| order.paid_price.minor() == 0));

    let decision = Instant::now();
    shop.end_campaign(coupon).done().await;
    let ended = decision.elapsed();
    shop.void_campaign(coupon).done().await;
    let voided = decision.elapsed();
    // Nobody gets or uses one of them now.
    let fresh = shop.another_environment();
    assert!(matches!(shop.customer("late").issue(coupon).rejected().await, Rejection::CouponClosed { .. }));
    let next = customers[holders - 1].order([(tea, 1)]).with(coupon).in_environment_of(&fresh);
    assert!(matches!(next.rejected().await, Rejection::CouponVoided { .. }));

    let cancellations = buyers.iter().zip(&orders).map(|(buyer, order)| fresh.cancel_for(buyer, order));
    for cancelled in race(cancellations).await {
        assert_eq!(cancelled.unwrap().value.status, OrderStatus::Cancelled);
    }
    println!(
        "wrong coupon: {holders} holders, {} orders; ended after {ended:.1?}, voided after {voided:.1?}, all orders \
         cancelled after {:.1?}",
        orders.len(),
        decision.elapsed()
    );
    for customer in &customers {
        assert_eq!(customer.balance().await, PRICE);
    }
    assert_eq!(shop.stock(tea).await, 1_000);
    shop.check().await;
    let history = shop.store.staff_actions(Day::of(at("2026-11-21T03:00:00Z")), 10_000, None).await.unwrap().data;
    let actions = |name: &str| history.iter().filter(|action| action.action == name).count();
    let expected = (1, 1, orders.len());
    assert_eq!((actions("end-coupon"), actions("void-coupon"), actions("cancel-customer-order")), expected);
    assert!(history[..orders.len() + 2].iter().all(|action| action.reason.is_some()));

    deliver(&shop).await;
    let midnight = at("2026-11-21T15:10:00Z");
    shop.store.aggregate(midnight, midnight).await.unwrap();
    let result = reconciled(&shop, 21, sijang_testkit::shop::time(after(midnight, 3_000))).await;
    assert_eq!(result.findings.len(), 0, "{:?}", result.findings);
}
