//! The cached "sold out": a count of no unit is not repeated for half a second, and units that come in are sold after
//! that. These tests set the time of each request. In other tests each request comes a second after the last.

use sijang_domain::{Order, ProductId, ProductPatch, ProductStatus, Rejection, Shortage, SoldOut, Timestamp};
use sijang_testkit::shop::{Customer, Purchase, Request, Shop, race};

use crate::races::outcome;

/// The instant so many milliseconds after another.
fn later(at: Timestamp, millis: u128) -> Timestamp {
    Timestamp::from_millis(at.millis() + i64::try_from(millis).unwrap()).unwrap()
}

/// The first instant at which a count is no longer fresh, and the last at which it is.
fn end(counted: Timestamp) -> (Timestamp, Timestamp) {
    let fresh = SoldOut::CACHED_FOR.as_millis();
    (later(counted, fresh), later(counted, fresh - 1))
}

fn short(product_id: ProductId, requested: u32, available: u32) -> Shortage {
    Shortage { product_id, requested, available }
}

fn insufficient(shortages: &[Shortage]) -> Rejection {
    Rejection::InsufficientStock { shortages: shortages.to_vec() }
}

/// A product of which the customer bought the last unit; her environment has cached that it is sold out.
struct SoldOutTea {
    shop: Shop,
    alice: Customer,
    tea: ProductId,
    last: Request<Purchase>,
    order: Order,
    counted: Timestamp,
}

async fn sold_out(shards: i64) -> SoldOutTea {
    let shop = Shop::open().await;
    let tea = shop.split_product(100, 8, shards).await;
    let alice = shop.customer("alice").with_balance(100_000).await;
    let last = alice.order([(tea, 8)]);
    let order = last.clone().done().await;
    let counted = shop.now();
    assert_eq!(alice.order([(tea, 1)]).at(counted).rejected().await, insufficient(&[short(tea, 1, 0)]));
    SoldOutTea { shop, alice, tea, last, order, counted }
}

#[tokio::test]
async fn returned_units_are_sold_after_at_most_half_a_second() {
    for (shards, way) in (0..3).flat_map(|way| [(1, way), (2, way), (8, way)]) {
        let SoldOutTea { shop, alice, tea, order, counted, .. } = sold_out(shards).await;
        let elsewhere = shop.another_environment();
        match way {
            0 => drop(elsewhere.customer("alice").cancel(&order).done().await),
            1 => drop(elsewhere.adjust(tea, 8).done().await),
            _ => {
                elsewhere.adjust(tea, 8).done().await;
                elsewhere.reshard(tea, 3).done().await;
            }
        }
        let (over, last) = end(counted);
        let cached = alice.order([(tea, 1)]).at(last).rejected().await;
        assert_eq!(cached, insufficient(&[short(tea, 1, 0)]), "{shards} shards");
        alice.order([(tea, 8)]).at(over).done().await;
        shop.check().await;
    }
}

#[tokio::test]
async fn rejection_from_the_cache_does_not_extend_it() {
    for shards in [1, 8] {
        let SoldOutTea { shop, alice, tea, counted, .. } = sold_out(shards).await;
        shop.another_environment().adjust(tea, 8).done().await;
        let (over, last) = end(counted);
        for at in [counted, later(counted, 250), last] {
            assert_eq!(alice.order([(tea, 1)]).at(at).rejected().await, insufficient(&[short(tea, 1, 0)]));
        }
        alice.order([(tea, 1)]).at(over).done().await;
    }
}

#[tokio::test]
async fn fewer_than_were_asked_for_is_not_nothing() {
    for shards in [1, 3, 8] {
        let shop = Shop::open().await;
        let tea = shop.split_product(100, 3, shards).await;
        let alice = shop.customer("alice").with_balance(1_000).await;
        let at = shop.now();
        for _ in 0..2 {
            assert_eq!(alice.order([(tea, 5)]).at(at).rejected().await, insufficient(&[short(tea, 5, 3)]));
        }
        shop.another_environment().adjust(tea, 4).done().await;
        assert_eq!(alice.order([(tea, 9)]).at(at).rejected().await, insufficient(&[short(tea, 9, 7)]));
        alice.order([(tea, 2)]).at(at).done().await;
    }
}

#[tokio::test]
async fn accepted_order_is_replayed_though_sold_out_is_cached() {
    for shards in [1, 8] {
        let SoldOutTea { last, order, counted, .. } = sold_out(shards).await;
        assert_eq!(last.again().at(counted).replayed().await, order);
    }
}

#[tokio::test]
async fn every_short_line_is_named_though_one_is_cached() {
    for shards in [1, 8] {
        let SoldOutTea { shop, alice, tea, counted, .. } = sold_out(shards).await;
        let (milk, jam) = (shop.split_product(10, 2, shards).await, shop.split_product(10, 5, shards).await);
        let order = alice.order([(jam, 1), (milk, 3), (tea, 1)]).at(counted);
        assert_eq!(order.rejected().await, insufficient(&[short(tea, 1, 0), short(milk, 3, 2)]));
        let inactive = ProductPatch { status: Some(ProductStatus::Inactive), ..ProductPatch::default() };
        shop.update(jam, inactive).done().await;
        let order = alice.order([(jam, 1), (milk, 3), (tea, 1)]).at(counted);
        assert_eq!(order.rejected().await, Rejection::ProductInactive { products: vec![jam] });
    }
}

#[tokio::test]
async fn product_seen_with_units_is_no_longer_cached_as_sold_out() {
    for shards in [1, 8] {
        let SoldOutTea { shop, alice, tea, counted, .. } = sold_out(shards).await;
        let milk = shop.split_product(10, 2, shards).await;
        assert_eq!(alice.order([(milk, 3)]).at(counted).rejected().await, insufficient(&[short(milk, 3, 2)]));
        shop.another_environment().adjust(tea, 2).done().await;
        // A staff command for too many units makes this environment count.
        assert_eq!(shop.adjust(tea, -3).at(counted).rejected().await, insufficient(&[short(tea, 3, 2)]));
        let order = alice.order([(milk, 3), (tea, 1)]).at(counted);
        assert_eq!(order.rejected().await, insufficient(&[short(milk, 3, 2)]));
        alice.order([(tea, 2)]).at(counted).done().await;
    }
}

#[tokio::test]
async fn staff_are_not_rejected_by_the_cached_count() {
    for shards in [1, 8] {
        let SoldOutTea { shop, tea, counted, .. } = sold_out(shards).await;
        shop.another_environment().adjust(tea, 2).done().await;
        shop.adjust(tea, -2).at(counted).done().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn buyers_at_one_instant_buy_all_units_and_the_others_are_rejected() {
    for shards in [1, 3, 8] {
        let shop = Shop::open().await;
        let tea = shop.split_product(100, 40, shards).await;
        let buyers = shop.customers(120, 1_000).await;
        let at = shop.now();
        let (done, rejected) = outcome(race(buyers.iter().map(|buyer| buyer.order([(tea, 1)]).at(at))).await);
        assert_eq!((done, rejected), (40, vec![insufficient(&[short(tea, 1, 0)]); 80]), "{shards} shards");
        assert_eq!(shop.stock(tea).await, 0);
        shop.check().await;
    }
}
