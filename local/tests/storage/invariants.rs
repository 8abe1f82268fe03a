//! The auditor is audited: a shop with everything in it has no violations, and each single tampering is one.

use sijang_domain::CampaignDraft;
use sijang_storage::{AttributeValue, Item, order_event_of};
use sijang_testkit::{
    invariants::violations,
    shop::{Shop, fixed, welcome},
    snapshot::Snapshot,
};

/// A shop in which everything has happened: sales, a cancellation, facts, coupons used and not, adjustments.
async fn busy_shop() -> Snapshot {
    let shop = Shop::open().await;
    let (tea, milk) = (shop.product(5_000, 9).await, shop.product(1_000, 9).await);
    let coupon = shop.campaign_of(CampaignDraft { total: 2, terms: fixed(500), ..welcome() }).await;
    let alice = shop.customer("alice").with_balance(20_000).await.with_coupon(coupon).await;
    shop.customer("bob").with_balance(1_000).await.with_coupon(coupon).await;
    alice.order([(tea, 2), (milk, 1)]).with(coupon).done().await;
    alice.order([(milk, 1)]).done().await;
    let carol = shop.customer("carol").with_balance(1_000).await;
    let order = carol.order([(milk, 1)]).done().await;
    carol.cancel(&order).done().await;
    let events = shop.snapshot().await;
    let orders = events.items("events").filter(|item| item.contains_key("order"));
    crate::sales::record(&shop, &orders.map(|item| order_event_of(item.clone().into()).unwrap()).collect::<Vec<_>>())
        .await;
    shop.adjust(tea, -3).done().await;
    shop.adjust_balance(&carol, 70).done().await;
    shop.split_product(100, 9, 3).await;
    shop.split_campaign(5, fixed(500), 3).await;
    shop.snapshot().await
}

/// The one item of a table whose key begins and ends like this.
fn item<'a>(shop: &'a mut Snapshot, table: &str, begins: &str, ends: &str) -> &'a mut Item {
    let items = shop.items_mut(table).iter_mut();
    items.filter(|(key, _)| key.starts_with(begins) && key.contains(ends)).map(|(_, item)| item).next().unwrap()
}

fn add(item: &mut Item, attribute: &str, delta: i64) {
    let number: i64 = item[attribute].as_n().unwrap().parse().unwrap();
    item.insert(attribute.to_owned(), AttributeValue::N((number + delta).to_string()));
}

fn remove(shop: &mut Snapshot, table: &str, part: &str) {
    let items = shop.items_mut(table);
    let key = items.keys().find(|key| key.contains(part)).unwrap().clone();
    items.remove(&key);
}

#[tokio::test]
async fn an_honest_shop_passes_its_audit() {
    assert_eq!(violations(&busy_shop().await), Vec::<String>::new());
}

#[tokio::test]
async fn every_tampering_is_found() {
    type Tampering = (&'static str, fn(&mut Snapshot));
    let tamperings: [Tampering; 29] = [
        ("money from nowhere", |shop| add(item(shop, "balances", "alice", "BALANCE"), "balance", 1)),
        ("an entry lost", |shop| remove(shop, "balances", "alice / TX#")),
        ("a balance lost", |shop| remove(shop, "balances", "bob / BALANCE")),
        ("an entry that is not the last", |shop| {
            let nothing = AttributeValue::S("00000000000000000000000000".to_owned());
            item(shop, "balances", "bob", "BALANCE").insert("last".to_owned(), nothing);
        }),
        ("oversold", |shop| add(item(shop, "products", "", "STOCK#"), "stock", 1)),
        ("undersold", |shop| add(item(shop, "products", "", "STOCK#"), "stock", -1)),
        ("an adjustment not recorded", |shop| remove(shop, "events", "adjust-stock")),
        ("a coupon counted that nobody got", |shop| add(item(shop, "coupons", "", "COUNTER#"), "issued", 1)),
        ("a coupon that was not counted", |shop| add(item(shop, "coupons", "", "COUNTER#"), "issued", -1)),
        ("a quota over the total", |shop| add(item(shop, "coupons", "", "COUNTER#"), "quota", 1)),
        ("a shard lost", |shop| remove(shop, "products", "STOCK#1")),
        ("units moved to a shard that is not in use", |shop| {
            let mut spare = item(shop, "products", "", "STOCK#2").clone();
            add(item(shop, "products", "", "STOCK#2"), "stock", -3);
            spare.insert("sk".to_owned(), AttributeValue::S("STOCK#3".to_owned()));
            shop.items_mut("products").insert("spare".to_owned(), spare);
        }),
        ("a shard at another price", |shop| add(item(shop, "products", "", "STOCK#1"), "price", 1)),
        ("a shard of another generation", |shop| add(item(shop, "products", "", "STOCK#1"), "generation", -1)),
        ("a counter of another generation", |shop| add(item(shop, "coupons", "", "COUNTER#1"), "generation", -1)),
        ("a shard that gave out more than its part", |shop| {
            add(item(shop, "coupons", "", "COUNTER#1"), "quota", -3);
            add(item(shop, "coupons", "", "COUNTER#2"), "quota", 3);
        }),
        ("a coupon that was used and is not", |shop| {
            item(shop, "user-coupons", "alice", "").retain(|name, _| name != "order_id");
        }),
        ("a coupon used by nothing", |shop| {
            let order = AttributeValue::S("01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned());
            item(shop, "user-coupons", "bob", "").insert("order_id".to_owned(), order);
        }),
        ("an order lost", |shop| remove(shop, "orders", "alice")),
        ("a refund lost", |shop| {
            let entries = shop.items_mut("balances");
            entries.retain(|_, item| item.get("type") != Some(&AttributeValue::S("REFUND".to_owned())));
            add(item(shop, "balances", "carol", "BALANCE"), "balance", -1_000);
        }),
        ("a cancellation that nobody asked for", |shop| {
            let AttributeValue::M(order) = item(shop, "orders", "alice", "").get_mut("order").unwrap() else { return };
            order.insert("status".to_owned(), AttributeValue::S("CANCELLED".to_owned()));
        }),
        ("the event of a cancellation lost", |shop| remove(shop, "events", "carol#cancel-order")),
        ("the event of a cancelled order's payment lost", |shop| remove(shop, "events", "carol#place-order")),
        ("a fact of no event", |shop| {
            let fact = item(shop, "sales", "FACT#", "");
            fact.insert("sk".to_owned(), AttributeValue::S("01ARZ3NDEKTSV4RRFFQ69G5FAV.paid".to_owned()));
        }),
        ("a fact that says more than its event", |shop| {
            item(shop, "sales", "FACT#", "").insert("lines".to_owned(), AttributeValue::L(Vec::new()));
        }),
        ("a correction of another customer's balance", |shop| {
            let mut actions = shop.items_mut("staff-actions").values_mut();
            let correction = actions.find(|item| item.contains_key("user_id")).unwrap();
            correction.insert("user_id".to_owned(), AttributeValue::S("bob".to_owned()));
        }),
        ("an action of staff lost", |shop| {
            let actions = shop.items_mut("staff-actions");
            actions.pop_last();
        }),
        ("an event lost", |shop| remove(shop, "events", "alice#place-order")),
        ("an event too many", |shop| {
            let twin = item(shop, "events", "alice#place-order", "").clone();
            shop.items_mut("events").insert("twin".to_owned(), twin);
        }),
    ];
    let honest = busy_shop().await;
    for (what, tamper) in tamperings {
        let mut shop = honest.clone();
        tamper(&mut shop);
        assert_ne!(violations(&shop), Vec::<String>::new(), "{what}");
    }
}
