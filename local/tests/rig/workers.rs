//! The workers, with the events of a busy shop: eleven of them, more than one call of the queue takes.

use crate::{
    books::{Events, messages, order_events, relayed_items},
    lambda::night,
    scenario::{Prepared, Scenario},
    shop::Shop,
    trigger::Trigger,
};

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new(("publish-order-events", "a batch"), async |shop: Shop| {
            sell(&shop).await;
            let records = relayed_items(&shop.snapshot().await);
            Prepared::new(&shop, Trigger::Stream(records), Events::InQueue).await
        }),
        Scenario::new(("record-sales", "a batch"), async |shop: Shop| {
            let messages = sell(&shop).await;
            Prepared { messages, ..Prepared::new(&shop, Trigger::Queue, Events::Counted).await }
        }),
        Scenario::new(("aggregate-daily-stats", "with a full queue"), async |shop: Shop| {
            let messages = sell(&shop).await;
            Prepared { messages, ..Prepared::new(&shop, night(), Events::InQueue).await }
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
