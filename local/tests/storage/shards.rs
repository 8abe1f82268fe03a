//! Stock and coupons in several shards: sold and given out to the last one, rejected only when there is none, while
//! prices change, units come and go, and the number of shards changes.

use sijang_domain::{Error, Idempotent, ProductId, ProductPatch, ProductStatus, Rejection, Shortage};
use sijang_storage::Item;
use sijang_testkit::shop::{Shop, fixed, race, time, won};

/// How many succeeded; all others were rejected, by this count of what was left.
fn sold<T>(results: Vec<Result<Idempotent<T>, Error>>) -> usize {
    let mut sold = 0;
    for result in results {
        match result {
            Ok(_) => sold += 1,
            Err(Error::Rejected(Rejection::InsufficientStock { shortages })) => {
                assert!(shortages.iter().all(|short| short.available < short.requested), "{shortages:?}");
            }
            Err(Error::Rejected(Rejection::CouponSoldOut)) => {}
            Err(other) => panic!("a race is no reason to fail: {other}"),
        }
    }
    sold
}

fn number(item: &Item, attribute: &str) -> i64 {
    item.get(attribute).map_or(0, |value| value.as_n().unwrap().parse().unwrap())
}

/// The units of the one product's shards, in their order.
async fn stocks(shop: &Shop, product: ProductId) -> Vec<i64> {
    let shop = shop.snapshot().await;
    let mut shards: Vec<_> = shop
        .items("products")
        .filter(|item| item["product_id"].as_s().unwrap().starts_with(&product.to_string()))
        .filter_map(|item| Some((item["sk"].as_s().unwrap().strip_prefix("STOCK#")?, number(item, "stock"))))
        .map(|(shard, stock)| (shard.parse::<u8>().unwrap(), stock))
        .collect();
    shards.sort_unstable();
    shards.into_iter().map(|(_, stock)| stock).collect()
}

// Resharding.

#[tokio::test]
async fn first_shard_has_its_owner_s_partition_key_and_others_their_own() {
    let shop = Shop::open().await;
    let tea = shop.split_product(1_000, 8, 3).await.to_string();
    let welcome = shop.split_campaign(8, fixed(5), 3).await.to_string();
    let shop = shop.snapshot().await;
    for (table, hash, id, kind) in
        [("products", "product_id", tea, "STOCK#"), ("coupons", "coupon_id", welcome, "COUNTER#")]
    {
        let shards = shop.items(table).filter(|item| item["sk"].as_s().unwrap().starts_with(kind));
        let keys: Vec<&str> = shards.map(|item| item[hash].as_s().unwrap().as_str()).collect();
        assert_eq!(keys, [id.clone(), format!("{id}#1"), format!("{id}#2")]);
    }
}

#[tokio::test]
async fn units_are_split_evenly_and_their_sum_stays() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 22).await;
    for (shards, expected) in
        [(4, vec![6, 6, 5, 5]), (1, vec![22, 0, 0, 0]), (3, vec![8, 7, 7, 0]), (5, vec![5, 5, 4, 4, 4])]
    {
        shop.reshard(tea, shards).done().await;
        assert_eq!((stocks(&shop, tea).await, shop.stock(tea).await), (expected, 22));
        shop.check().await;
    }
    shop.reshard(tea, 96).done().await;
    assert_eq!((stocks(&shop, tea).await.len(), shop.stock(tea).await), (96, 22));
    assert_eq!(shop.store.catalogue(None, 1, None, shop.now()).await.unwrap().data[0].stock.units(), 22);
    shop.check().await;
}

#[tokio::test]
async fn the_rest_of_a_campaign_is_split_and_what_is_issued_stays() {
    let shop = Shop::open().await;
    let coupon = shop.campaign(10, fixed(500)).await;
    let mut users = (0..).map(|number| shop.customer(&format!("user-{number}")));
    for shards in [4, 1, 3, 96] {
        shop.reshard_coupon(coupon, shards).done().await;
        users.next().unwrap().issue(coupon).done().await;
        shop.check().await;
    }
    assert_eq!(shop.store.open_campaigns(1, None, time(shop.now())).await.unwrap().data[0].remaining, 6);
    for _ in 0..6 {
        users.next().unwrap().issue(coupon).done().await;
    }
    assert_eq!(users.next().unwrap().issue(coupon).rejected().await, Rejection::CouponSoldOut);
    shop.check().await;
}

#[tokio::test]
async fn shards_are_changed_once_however_often_it_is_sent() {
    let shop = Shop::open().await;
    let (tea, coupon) = (shop.product(1_000, 22).await, shop.campaign(10, fixed(500)).await);
    let (stock, counter) = (shop.reshard(tea, 4).key("k"), shop.reshard_coupon(coupon, 4).key("k"));
    let (first, second) = (stock.clone().done().await, counter.clone().done().await);
    assert_eq!(stock.again().replayed().await, first);
    assert_eq!(counter.again().replayed().await, second);
    assert_eq!(shop.reshard(tea, 5).key("k").rejected().await, Rejection::IdempotencyKeyReused);
    assert_eq!(shop.reshard_coupon(coupon, 5).key("k").rejected().await, Rejection::IdempotencyKeyReused);
}

#[tokio::test]
async fn missing_product_is_not_split() {
    let shop = Shop::open().await;
    let nothing = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    assert_eq!(shop.reshard(nothing.parse().unwrap(), 2).rejected().await, Rejection::ProductNotFound);
    assert_eq!(shop.reshard_coupon(nothing.parse().unwrap(), 2).rejected().await, Rejection::CouponNotFound);
}

#[tokio::test]
async fn page_of_a_split_product_is_a_second_old_at_most() {
    let shop = Shop::open().await;
    let tea = shop.split_product(100, 12, 4).await;
    let alice = shop.customer("alice").with_balance(1_000).await;
    let seen = shop.now();
    let page = async |millis| {
        let now = sijang_domain::Timestamp::from_millis(seen.millis() + millis).unwrap();
        shop.store.product(tea, now).await.unwrap().stock.units()
    };
    assert_eq!(page(0).await, 12);
    alice.order([(tea, 2)]).done().await;
    assert_eq!((page(999).await, page(1_000).await), (12, 10));
    assert_eq!(page(-1).await, 10, "the clock was set back");
}

// Selling from several shards.

#[tokio::test]
async fn a_line_is_drawn_from_several_shards_when_no_single_one_has_enough() {
    let shop = Shop::open().await;
    let tea = shop.split_product(100, 10, 4).await;
    let alice = shop.customer("alice").with_balance(10_000).await;
    let before = shop.snapshot().await;
    alice.order([(tea, 9)]).done().await;
    let effects = shop.snapshot().await.effects_since(&before);
    assert_eq!(effects.iter().filter(|effect| *effect == "~ products").count(), 4);
    assert_eq!((shop.stock(tea).await, alice.balance().await), (1, 9_100));
    alice.order([(tea, 1)]).done().await;
    let shortages = vec![Shortage { product_id: tea, requested: 1, available: 0 }];
    assert_eq!(alice.order([(tea, 1)]).rejected().await, Rejection::InsufficientStock { shortages });
    shop.check().await;
}

#[tokio::test]
async fn every_short_line_is_told_with_the_sum_of_its_shards() {
    let shop = Shop::open().await;
    let (tea, milk, jam) =
        (shop.split_product(1, 10, 4).await, shop.product(1, 2).await, shop.split_product(1, 5, 3).await);
    let alice = shop.customer("alice").with_balance(1_000).await;
    let short = |product_id, requested, available| Shortage { product_id, requested, available };
    let shortages = vec![short(tea, 11, 10), short(milk, 3, 2), short(jam, 6, 5)];
    let order = || alice.order([(jam, 6), (milk, 3), (tea, 11)]);
    for _ in 0..3 {
        // First by a transaction, then from the cache; and in an environment with an empty cache.
        assert_eq!(order().rejected().await, Rejection::InsufficientStock { shortages: shortages.clone() });
        let elsewhere = order().in_environment_of(&shop.another_environment());
        assert_eq!(elsewhere.rejected().await, Rejection::InsufficientStock { shortages: shortages.clone() });
    }
}

#[tokio::test]
async fn sold_out_is_unlearned_when_units_come_back_or_in_from_anywhere() {
    let shop = Shop::open().await;
    let elsewhere = shop.another_environment();
    let alice = shop.customer("alice").with_balance(100_000).await;
    for shards in [1, 2, 8] {
        let tea = shop.split_product(100, 8, shards).await;
        let order = alice.order([(tea, 8)]).done().await;
        for _ in 0..2 {
            assert!(matches!(alice.order([(tea, 1)]).rejected().await, Rejection::InsufficientStock { .. }));
        }
        elsewhere.customer("alice").cancel(&order).done().await;
        alice.order([(tea, 8)]).done().await;
        assert!(matches!(alice.order([(tea, 1)]).rejected().await, Rejection::InsufficientStock { .. }));
        elsewhere.adjust(tea, 5).done().await;
        alice.order([(tea, 5)]).done().await;
    }
    shop.check().await;
}

#[tokio::test]
async fn order_of_the_last_units_is_replayed_while_sold_out_is_cached() {
    let shop = Shop::open().await;
    for shards in [1, 3] {
        let (tea, coupon) = (shop.split_product(100, 4, shards).await, shop.split_campaign(1, fixed(50), shards).await);
        let (alice, bob) = (shop.customer("alice").with_balance(1_000).await, shop.customer("bob"));
        let (order, issue) = (alice.order([(tea, 4)]), alice.issue(coupon));
        let (first, issued) = (order.clone().done().await, issue.clone().done().await);
        assert_eq!(bob.issue(coupon).rejected().await, Rejection::CouponSoldOut);
        for _ in 0..2 {
            alice.order([(tea, 1)]).rejected().await;
            assert_eq!(order.again().replayed().await, first);
            assert_eq!(bob.issue(coupon).rejected().await, Rejection::CouponSoldOut);
            assert_eq!(issue.again().replayed().await, issued);
            assert!(matches!(alice.issue(coupon).rejected().await, Rejection::CouponAlreadyIssued { .. }));
        }
    }
}

#[tokio::test]
async fn environment_with_a_stale_number_of_shards_is_corrected() {
    let shop = Shop::open().await;
    let (tea, coupon) = (shop.product(100, 40).await, shop.campaign(20, fixed(50)).await);
    let alice = shop.customer("alice").with_balance(10_000).await;
    let elsewhere = shop.another_environment();
    for (round, shards) in [4, 1, 3, 8, 2].into_iter().enumerate() {
        elsewhere.reshard(tea, shards).done().await;
        elsewhere.reshard_coupon(coupon, shards).done().await;
        for number in 0..3 {
            alice.order([(tea, 2)]).done().await;
            shop.customer(&format!("user-{round}-{number}")).issue(coupon).done().await;
        }
        shop.check().await;
    }
    // Both environments find what the other left.
    alice.order([(tea, 10)]).done().await;
    assert_eq!(shop.stock(tea).await, 0);
}

#[tokio::test]
async fn environment_with_two_cached_shards_sells_from_new_shards() {
    let shop = Shop::open().await;
    let tea = shop.split_product(1, 800, 2).await;
    let alice = shop.customer("alice").with_balance(1_000).await;
    alice.order([(tea, 1)]).done().await;
    shop.another_environment().reshard(tea, 8).done().await;
    let split = shop.snapshot().await;
    for _ in 0..40 {
        alice.order([(tea, 1)]).done().await;
    }
    let after = shop.snapshot().await;
    let allocated = after.effects_since(&split).iter().filter(|effect| **effect == "~ products").count();
    assert!(allocated > 2, "all of forty were sold from two shards of eight");
    shop.check().await;
}

#[tokio::test]
async fn a_price_holds_in_all_shards_at_once_and_so_does_being_sold() {
    let shop = Shop::open().await;
    let tea = shop.split_product(100, 96, 96).await;
    let alice = shop.customer("alice").with_balance(10_000).await;
    let elsewhere = shop.another_environment();
    alice.order([(tea, 1)]).done().await;
    elsewhere.reprice(tea, 70).done().await;
    shop.check().await;
    for _ in 0..5 {
        assert_eq!(alice.order([(tea, 2)]).done().await.paid_price, won(140));
    }
    let inactive = ProductPatch { status: Some(ProductStatus::Inactive), ..ProductPatch::default() };
    elsewhere.update(tea, inactive).done().await;
    for _ in 0..3 {
        assert_eq!(alice.order([(tea, 1)]).rejected().await, Rejection::ProductInactive { products: vec![tea] });
    }
    elsewhere.reshard(tea, 3).done().await;
    assert_eq!(alice.order([(tea, 1)]).rejected().await, Rejection::ProductInactive { products: vec![tea] });
    shop.check().await;
}

#[tokio::test]
async fn an_adjustment_reaches_all_shards() {
    let shop = Shop::open().await;
    let tea = shop.split_product(100, 8, 4).await;
    for shop in [shop.clone(), shop.another_environment()] {
        let before = shop.stock(tea).await;
        shop.adjust(tea, 6).done().await;
        assert_eq!(shop.stock(tea).await, before + 6);
        shop.adjust(tea, -12).done().await;
        assert_eq!(shop.stock(tea).await, before - 6);
        let shortages = vec![Shortage { product_id: tea, requested: 99, available: before - 6 }];
        assert_eq!(shop.adjust(tea, -99).rejected().await, Rejection::InsufficientStock { shortages });
        shop.adjust(tea, 6).done().await;
        shop.check().await;
    }
    assert_eq!(shop.stock(tea).await, 8);
}

#[tokio::test]
async fn stock_may_reach_its_limit_but_not_pass_it() {
    let shop = Shop::open().await;
    let (stock, limit) = (sijang_domain::Stock::MAX - 5, sijang_domain::Stock::MAX);
    for shards in [1, 4] {
        let tea = shop.split_product(100, stock.into(), shards).await;
        // Each of four by itself is far from it; the first try knows only one shard.
        for shop in [shop.another_environment(), shop.clone()] {
            assert_eq!(shop.adjust(tea, 6).rejected().await, Rejection::StockLimitExceeded { stock, limit });
        }
        shop.adjust(tea, 5).done().await;
        assert_eq!(shop.stock(tea).await, limit);
        assert_eq!(shop.adjust(tea, 1).rejected().await, Rejection::StockLimitExceeded { stock: limit, limit });
    }
}

#[tokio::test]
async fn order_is_cancelled_whatever_became_of_its_shards() {
    let shop = Shop::open().await;
    let tea = shop.split_product(100, 16, 8).await;
    let alice = shop.customer("alice").with_balance(10_000).await;
    for shards in [1, 3, 8, 2] {
        let order = alice.order([(tea, 15)]).done().await;
        shop.reshard(tea, shards).done().await;
        alice.cancel(&order).done().await;
        assert_eq!(shop.stock(tea).await, 16);
        shop.check().await;
    }
}

#[tokio::test]
async fn largest_order_of_split_products_fits_in_one_transaction() {
    let shop = Shop::open().await;
    let coupon = shop.campaign(1, fixed(3_000)).await;
    let alice = shop.customer("alice").with_balance(100_000).await.with_coupon(coupon).await;
    let mut products = Vec::new();
    for _ in 0..50 {
        products.push(shop.split_product(10, 24, 8).await);
    }
    let whole = alice.order_all(products.iter().map(|product| (*product, 3))).done().await;
    assert_eq!(whole.lines.len(), 50);
    // Three shards to a line would be 150 allocations: units are gathered until they fit.
    let scattered = alice.order_all(products.iter().map(|product| (*product, 9))).with(coupon).done().await;
    assert_eq!((scattered.lines.len(), scattered.paid_price), (50, won(50 * 9 * 10 - 3_000)));
    alice.order_all(products.iter().map(|product| (*product, 12))).done().await;
    let nothing = alice.order_all(products.iter().map(|product| (*product, 1))).rejected().await;
    let all_short = |shortages: &Vec<Shortage>| shortages.len() == 50 && shortages.iter().all(|s| s.available == 0);
    assert!(matches!(&nothing, Rejection::InsufficientStock { shortages } if all_short(shortages)), "{nothing}");
    shop.check().await;
}

// Races.

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_buyers_buy_all_there_is_and_the_others_are_rejected() {
    for (shards, buyers) in [(1, 200), (2, 60), (3, 60), (8, 200)] {
        let shop = Shop::open().await;
        let tea = shop.split_product(100, buyers / 2, shards).await;
        let elsewhere = shop.another_environment();
        let buyers = shop.customers(buyers.try_into().unwrap(), 1_000).await;
        let orders = buyers.iter().enumerate().map(|(number, buyer)| {
            let order = buyer.order([(tea, 1)]);
            if number % 2 == 0 { order } else { order.in_environment_of(&elsewhere) }
        });
        assert_eq!((sold(race(orders).await), shop.stock(tea).await), (buyers.len() / 2, 0), "{shards} shards");
        shop.check().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_users_get_all_coupons_and_the_others_are_rejected() {
    for shards in [1, 2, 3, 8] {
        let shop = Shop::open().await;
        let coupon = shop.split_campaign(120, fixed(100), shards).await;
        let elsewhere = shop.another_environment();
        let issues = (0..200).map(|number| {
            let shop = if number % 2 == 0 { &shop } else { &elsewhere };
            shop.customer(&format!("user-{number}")).issue(coupon)
        });
        assert_eq!(sold(race(issues).await), 120, "{shards} shards");
        shop.check().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn order_is_not_rejected_while_units_move_between_shards() {
    for shards in [2, 3, 8] {
        let shop = Shop::open().await;
        let tea = shop.split_product(100, 100, shards).await;
        let elsewhere = shop.another_environment();
        let buyers = shop.customers(100, 1_000).await;
        // As many units as buyers, so that each rejection is a false one.
        let orders = race(buyers.iter().map(|buyer| buyer.order([(tea, 1)])));
        let moves = race([1, 8, 2, 5, 1, 3].map(|shards| elsewhere.reshard(tea, shards)));
        let prices = race([110, 90, 100].map(|price| elsewhere.reprice(tea, price)));
        let (orders, moves, prices) = tokio::join!(orders, moves, prices);
        assert_eq!((sold(orders), shop.stock(tea).await), (100, 0), "{shards} shards");
        assert!(moves.iter().all(Result::is_ok) && prices.iter().all(Result::is_ok), "{moves:?} {prices:?}");
        shop.check().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn coupon_is_not_rejected_while_coupons_move_between_counters() {
    for shards in [2, 3, 8] {
        let shop = Shop::open().await;
        let coupon = shop.split_campaign(100, fixed(100), shards).await;
        let elsewhere = shop.another_environment();
        let issues = race((0..100).map(|number| shop.customer(&format!("user-{number}")).issue(coupon)));
        let moves = race([1, 8, 2, 5, 1, 3].map(|shards| elsewhere.reshard_coupon(coupon, shards)));
        let (issues, moves) = tokio::join!(issues, moves);
        assert_eq!(sold(issues), 100, "{shards} shards");
        assert!(moves.iter().all(Result::is_ok), "{moves:?}");
        shop.check().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_over_several_shards_race_and_sell_the_last_units() {
    for shards in [2, 3, 8] {
        let shop = Shop::open().await;
        let (tea, milk) = (shop.split_product(100, 60, shards).await, shop.split_product(50, 60, shards).await);
        let buyers = shop.customers(60, 5_000).await;
        let orders = buyers.iter().map(|buyer| buyer.order([(tea, 5), (milk, 5)]));
        let sold = sold(race(orders).await);
        assert_eq!((sold, shop.stock(tea).await, shop.stock(milk).await), (12, 0, 0), "{shards} shards");
        shop.check().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn units_that_come_and_go_during_a_rush_are_sold_once_or_still_there() {
    for shards in [1, 3, 8] {
        let shop = Shop::open().await;
        let tea = shop.split_product(100, 30, shards).await;
        let elsewhere = shop.another_environment();
        let buyers = shop.customers(60, 1_000).await;
        let mut earlier = Vec::new();
        for buyer in &buyers[..10] {
            earlier.push(buyer.order([(tea, 2)]).done().await);
        }
        let cancellations = race(buyers.iter().zip(&earlier).map(|(buyer, order)| buyer.cancel(order)));
        let orders = race(buyers[10..].iter().map(|buyer| buyer.order([(tea, 1)])));
        let adjustments = race([4, -3, 6, -2].map(|delta| elsewhere.adjust(tea, delta)));
        let (cancellations, orders, adjustments) = tokio::join!(cancellations, orders, adjustments);
        assert_eq!(sold(cancellations), 10);
        sold(orders);
        sold(adjustments);
        shop.check().await;
    }
}
