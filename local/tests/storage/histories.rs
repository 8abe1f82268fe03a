//! Real purchase histories: CDNOW's customers buy here what they bought there, and the data platform says of it what
//! counting one by one says.
//!
//! The data set is that of Fader and Hardie, as the package `lifetimes` has it: customer, day, number of CDs, dollars. The
//! first six weeks are replayed by the store's commands, because the functions take the time of an order from the clock.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs,
};

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use sijang_cloud::{layout::Repository, progress::Progress, python::Environment};
use sijang_domain::{Day, ProductId};
use sijang_testkit::{
    objects::Objects,
    platform::{Sql, platform_at},
    shop::{Shop, at},
};

use crate::reconciliation::deliver;

/// The days that are replayed end before this one.
const END: &str = "19970211";
/// Customers who order at once.
const AT_ONCE: usize = 8;

/// A purchase: the customer, the day as `19970101`, CDs, and the price of one in cents, which are won here.
#[derive(Clone)]
struct Purchase {
    customer: String,
    day: String,
    units: i64,
    price: i64,
}

async fn purchases() -> Vec<Purchase> {
    let repository = Repository::find().unwrap();
    let requirements = "lifetimes==0.11.3\n";
    let what = "the CDNOW data set";
    let environment =
        Environment::fetch(&repository, "histories", requirements, what, Progress::new(true)).await.unwrap();
    let lib = environment.programs().join("../lib");
    let python = fs::read_dir(lib).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(python.join("site-packages/lifetimes/datasets/CDNOW_sample.txt")).unwrap();
    let purchase = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [_, customer, day, units, dollars] = columns[..] else { panic!("{line}") };
        let (units, cents): (i64, i64) = (units.parse().unwrap(), dollars.replace('.', "").parse().unwrap());
        let (customer, day) = (format!("cdnow-{customer}"), day.to_owned());
        Purchase { customer, day, units, price: cents / units }
    };
    text.lines().map(purchase).filter(|purchase| purchase.day.as_str() < END).collect()
}

fn day_of(day: &str) -> Day {
    format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]).parse().unwrap()
}

/// Each customer pays in what is needed, and then orders in order; a product for each price.
async fn replay(shop: &Shop, purchases: &[Purchase]) -> BTreeMap<i64, ProductId> {
    let mut products = BTreeMap::new();
    for purchase in purchases {
        if let Entry::Vacant(price) = products.entry(purchase.price) {
            price.insert(shop.product(purchase.price, 10_000).await);
        }
    }
    let mut customers: BTreeMap<&str, Vec<&Purchase>> = BTreeMap::new();
    for purchase in purchases {
        customers.entry(&purchase.customer).or_default().push(purchase);
    }
    let histories = customers.into_iter().map(|(customer, history)| {
        let products = &products;
        async move {
            let spent: i64 = history.iter().map(|purchase| purchase.units * purchase.price).sum();
            let customer = shop.customer(customer).with_balance(spent.max(100)).await;
            for Purchase { day, units, price, .. } in history {
                let noon = at(&format!("{}T03:00:00Z", day_of(day)));
                customer.order([(products[price], *units)]).at(noon).done().await;
            }
        }
    });
    stream::iter(histories).buffer_unordered(AT_ONCE).collect::<()>().await;
    products
}

#[tokio::test(flavor = "multi_thread")]
async fn cdnow_customers_are_counted_as_one_by_one() {
    let purchases = purchases().await;
    let shop = Shop::open_at(at("1996-12-31T03:00:00Z")).await;
    let products = replay(&shop, &purchases).await;
    deliver(&shop).await;
    let objects = Objects::start().await;
    let platform = platform_at(&objects.endpoint());
    // Each aggregation counts three days, so every third one counts all of them.
    for number in 1..=14 {
        shop.store.aggregate(day_of("19970101").plus(3 * number).start(), at("2026-11-28T00:00:00Z")).await.unwrap();
    }
    let last = day_of(END).plus(8);
    let behind = platform.days_behind(&shop.store, last).await.unwrap();
    for day in &behind {
        platform.export(&shop.store, *day).await.unwrap();
    }
    assert!(platform.days_behind(&shop.store, last).await.unwrap().is_empty());

    let sql = Sql::over(&objects).await;
    agree(&sql, &purchases, &products).await;
}

async fn agree(sql: &Sql, purchases: &[Purchase], products: &BTreeMap<i64, ProductId>) {
    let (mut days, mut customers, mut sellers) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for purchase in purchases {
        let paid = purchase.units * purchase.price;
        for (sums, key) in [(&mut days, &purchase.day), (&mut customers, &purchase.customer)] {
            let sum: &mut (i64, i64, i64) = sums.entry(key.clone()).or_default();
            *sum = (sum.0 + 1, sum.1 + purchase.units, sum.2 + paid);
        }
        let sold: &mut (i64, i64) = sellers.entry(products[&purchase.price]).or_default();
        *sold = (sold.0 + purchase.units, sold.1 + paid);
    }
    let by_day = "SELECT day, sum(sign) AS orders, sum(units) AS units, sum(paid_price) AS paid FROM orders \
                  GROUP BY day ORDER BY day";
    let expected = days.into_iter().map(
        |(day, (orders, units, paid))| json!({"day": day_of(&day), "orders": orders, "units": units, "paid": paid}),
    );
    assert_eq!(sql.rows(by_day).await, expected.collect::<Vec<_>>());

    let mut often: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for (orders, _, paid) in customers.into_values() {
        let row = often.entry(orders).or_default();
        *row = (row.0 + 1, row.1 + paid);
    }
    let often = often
        .into_iter()
        .map(|(orders, (customers, paid))| json!({"orders": orders, "customers": customers, "paid_price": paid}));
    let (first, last) = (day_of("19970101"), day_of(END));
    assert_eq!(sql.named("repeat-buyers", first, last).await, often.collect::<Vec<_>>());

    let mut best: Vec<_> = sellers.into_iter().collect();
    best.sort_by_key(|(product, (units, revenue))| (-units, -revenue, *product));
    let best = best
        .into_iter()
        .take(20)
        .map(|(product, (units, revenue))| json!({"product_id": product, "units_sold": units, "revenue": revenue}));
    assert_eq!(sql.named("best-sellers", first, last).await, best.collect::<Vec<Value>>());
}
