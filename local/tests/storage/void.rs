//! Voided coupons: no order accepts them, within a minute in every environment, and at no unit more for an order.

use sijang_domain::{CouponId, CouponStatus, IssuedCoupon, Rejection};
use sijang_testkit::shop::{Customer, Shop, after, at, fixed, id_in, time};

/// A shop in which alice and bob hold a coupon of a campaign each and can pay; and a product.
async fn shop_with_holders() -> (Shop, CouponId, [Customer; 2], sijang_domain::ProductId) {
    let shop = Shop::open().await;
    let (tea, coupon) = (shop.product(1_000, 99).await, shop.campaign(9, fixed(500)).await);
    let holder = async |name: &str| shop.customer(name).with_balance(9_000).await.with_coupon(coupon).await;
    let holders = [holder("alice").await, holder("bob").await];
    (shop, coupon, holders, tea)
}

#[tokio::test]
async fn voided_coupon_is_rejected_by_a_new_environment_at_once() {
    let (shop, coupon, [alice, _], tea) = shop_with_holders().await;
    let voided_at = id_in(&shop.void_campaign(coupon).done().await, "voided_at");
    let order = alice.order([(tea, 1)]).with(coupon).in_environment_of(&shop.another_environment());
    assert_eq!(order.rejected().await, Rejection::CouponVoided { voided_at });
    alice.order([(tea, 1)]).done().await;
    shop.check().await;
}

#[tokio::test]
async fn warm_environment_rejects_a_voided_coupon_after_half_a_minute() {
    let (shop, coupon, [alice, bob], tea) = shop_with_holders().await;
    let warm = shop.another_environment();
    let read_at = at("2026-11-21T04:00:00Z");
    // The environment has read the campaign for an order that the balance does not cover.
    alice.order([(tea, 99)]).with(coupon).at(read_at).in_environment_of(&warm).rejected().await;
    let voided_at = after(read_at, 1);
    shop.void_campaign(coupon).at(voided_at).done().await;
    let order = |customer: &Customer, seconds| {
        customer.order([(tea, 1)]).with(coupon).at(after(read_at, seconds)).in_environment_of(&warm)
    };
    order(&alice, 29).done().await;
    assert_eq!(order(&bob, 30).rejected().await, Rejection::CouponVoided { voided_at });
    shop.check().await;
}

#[tokio::test]
async fn voided_campaign_issues_no_more_coupons() {
    let (shop, coupon, _, _) = shop_with_holders().await;
    let carol = shop.customer("carol");
    let voided_at = id_in(&shop.void_campaign(coupon).done().await, "voided_at");
    assert_eq!(carol.issue(coupon).rejected().await, Rejection::CouponClosed { closed_at: voided_at });
    let elsewhere = carol.issue(coupon).in_environment_of(&shop.another_environment());
    assert_eq!(elsewhere.rejected().await, Rejection::CouponClosed { closed_at: voided_at });
    let open = shop.store.open_campaigns(10, None, time(shop.now())).await.unwrap();
    assert_eq!(open.data.len(), 0);
}

#[tokio::test]
async fn campaign_is_voided_once_also_when_it_is_over() {
    let (shop, coupon, _, _) = shop_with_holders().await;
    let closed_at = id_in(&shop.end_campaign(coupon).done().await, "closes_at");
    let void = shop.void_campaign(coupon);
    let first = void.clone().done().await;
    assert_eq!(id_in::<sijang_domain::Timestamp>(&first, "closes_at"), closed_at);
    assert_eq!(void.again().replayed().await, first);
    let voided_at = id_in(&first, "voided_at");
    assert_eq!(shop.void_campaign(coupon).rejected().await, Rejection::CouponVoided { voided_at });
    assert_eq!(shop.end_campaign(coupon).rejected().await, Rejection::CouponClosed { closed_at });
    let absent = CouponId::new(at("2026-11-21T03:00:00Z"), 7);
    assert_eq!(shop.void_campaign(absent).rejected().await, Rejection::CouponNotFound);
    shop.check().await;
}

#[tokio::test]
async fn voided_coupons_are_listed_as_voided() {
    let (shop, coupon, [alice, bob], tea) = shop_with_holders().await;
    let other = shop.campaign(9, fixed(300)).await;
    alice.issue(other).done().await;
    bob.order([(tea, 1)]).with(coupon).done().await;
    shop.void_campaign(coupon).done().await;
    let environment = shop.another_environment();
    let listed = async |customer: &Customer, status| {
        let page = environment.store.coupons_of(&customer.user, status, 100, None, time(shop.now())).await.unwrap();
        let one = |coupon: &IssuedCoupon| (coupon.coupon_id, coupon.status(shop.now()));
        page.data.iter().map(one).collect::<Vec<_>>()
    };
    let (voided, usable) = ((coupon, CouponStatus::Voided), (other, CouponStatus::Usable));
    // The second time, the campaigns are cached.
    for _ in 0..2 {
        assert_eq!(listed(&alice, None).await, [voided, usable]);
        assert_eq!(listed(&alice, Some(CouponStatus::Usable)).await, [usable]);
        assert_eq!(listed(&alice, Some(CouponStatus::Voided)).await, [voided]);
    }
    assert_eq!(listed(&bob, None).await, [(coupon, CouponStatus::Used)], "what was used stays used");
}

#[tokio::test]
async fn order_before_the_void_is_replayed_and_returns_a_voided_coupon() {
    let (shop, coupon, [alice, _], tea) = shop_with_holders().await;
    let order = alice.order([(tea, 1)]).with(coupon);
    let placed = order.clone().done().await;
    let voided_at = id_in(&shop.void_campaign(coupon).done().await, "voided_at");
    let elsewhere = shop.another_environment();
    assert_eq!(order.again().in_environment_of(&elsewhere).replayed().await, placed);
    shop.cancel_for(&alice, &placed).done().await;
    let again = alice.order([(tea, 1)]).with(coupon).in_environment_of(&elsewhere);
    assert_eq!(again.rejected().await, Rejection::CouponVoided { voided_at });
    shop.check().await;
}
