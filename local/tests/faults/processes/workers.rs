//! The workers, with the events of a busy shop: eleven of them, more than one call of the queue takes.

use serde_json::json;
use sijang_domain::Day;
use sijang_storage::Received;
use sijang_testkit::{
    lambda::{daily_aggregation, trigger::Trigger},
    pipeline::{Stage, messages, order_events, relayed_items},
    shop::{Shop, after, time},
};

use crate::processes::scenario::{Prepared, Scenario};

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new(("publish-order-events", "a batch"), async |shop: Shop| {
            sell(&shop).await;
            let records = relayed_items(&shop.snapshot().await);
            Prepared::new(&shop, Trigger::Stream(records), Stage::InQueue).await
        }),
        Scenario::new(("finish-commands", "a price in three shards"), async |shop: Shop| {
            let tea = shop.split_product(1_000, 9, 3).await;
            let accepted = shop.killed_before_update(1, shop.reprice(tea, 1_200)).await;
            Prepared::new(&shop, Trigger::Stream(vec![accepted]), Stage::Ranked).await
        }),
        Scenario::new(("finish-commands", "units between shards"), async |shop: Shop| {
            let tea = shop.split_product(1_000, 9, 3).await;
            let given = shop.killed_before_update(3, shop.reshard(tea, 4)).await;
            Prepared::new(&shop, Trigger::Stream(vec![given]), Stage::Ranked).await
        }),
        Scenario::new(("record-sales", "a batch"), async |shop: Shop| {
            let messages = sell(&shop).await;
            Prepared { messages, ..Prepared::new(&shop, Trigger::Queue, Stage::Counted).await }
        }),
        Scenario::new(("aggregate-daily-stats", "with a full queue"), async |shop: Shop| {
            let messages = sell(&shop).await;
            Prepared { messages, ..Prepared::new(&shop, daily_aggregation(), Stage::InQueue).await }
        }),
        Scenario::new(("export-day", "a day"), async |shop: Shop| {
            let received = |(number, body): (usize, String)| Received { handle: number.to_string(), body, trace: None };
            let messages: Vec<_> = sell(&shop).await.into_iter().enumerate().map(received).collect();
            assert!(shop.store.record(&messages, time(shop.now())).await.is_empty(), "every event is recorded");
            let tomorrow = after(shop.now(), 86_400);
            shop.store.aggregate(tomorrow, tomorrow).await.unwrap();
            let task = json!({"day": Day::of(shop.now())});
            Prepared::new(&shop, Trigger::Operator(task), Stage::Ranked).await
        }),
    ]
}

/// Ten sales, one of them cancelled; the messages of their events.
pub async fn sell(shop: &Shop) -> Vec<String> {
    let (tea, milk) = (shop.product(1_000, 99).await, shop.product(300, 99).await);
    let alice = shop.customer("alice").with_balance(100_000).await;
    let cancelled = alice.order([(tea, 7), (milk, 1)]).done().await;
    alice.cancel(&cancelled).done().await;
    for units in 1..10 {
        alice.order([(tea, units)]).done().await;
    }
    messages(&order_events(&shop.snapshot().await))
}
