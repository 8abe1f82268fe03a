//! The workers: what carries events from the stream to the ranking.

use std::sync::Arc;

use sijang_domain::Error;
use sijang_storage::Received;

use crate::{
    books::{messages, night, order_events},
    scenario::{Events, Job, Prepared, Reply, Scenario},
    shop::Shop,
    snapshot::Snapshot,
};

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("publish-order-events", async |shop: Shop| {
            let (items, messages) = sales(&shop).await;
            let at = shop.now();
            Prepared { job: relay(messages), at, items, messages: Vec::new(), events: Events::InQueue }
        }),
        Scenario::new("record-sales", async |shop: Shop| {
            let (items, messages) = sales(&shop).await;
            let at = shop.now();
            Prepared { job: record(&messages), at, items, messages: Vec::new(), events: Events::Counted }
        }),
        Scenario::new("aggregate-daily-stats, the drain", async |shop: Shop| {
            let (items, messages) = sales(&shop).await;
            let at = shop.now();
            Prepared { job: drain(), at, items, messages, events: Events::InQueue }
        }),
        Scenario::new("aggregate-daily-stats, the count", async |shop: Shop| {
            let (_, messages) = sales(&shop).await;
            let left = shop.store.record(&received(&messages), crate::books::plenty()).await;
            assert!(left.is_empty());
            let (at, items) = (shop.now(), shop.snapshot().await);
            Prepared { job: aggregate(), at, items, messages: Vec::new(), events: Events::Ranked }
        }),
    ]
}

/// Eleven events, more than one batch: ten sales, one of them cancelled.
async fn sales(shop: &Shop) -> (Snapshot, Vec<String>) {
    let (tea, milk) = (shop.product(1_000, 99).await, shop.product(300, 99).await);
    let alice = shop.customer("alice").with_balance(100_000).await;
    let cancelled = alice.order([(tea, 7), (milk, 1)]).done().await;
    alice.cancel(&cancelled).done().await;
    for units in 1..10 {
        alice.order([(tea, units)]).done().await;
    }
    let items = shop.snapshot().await;
    let messages = messages(&order_events(&items));
    (items, messages)
}

fn received(bodies: &[String]) -> Vec<Received> {
    let message = |(number, body): (usize, &String)| Received { handle: number.to_string(), body: body.clone() };
    bodies.iter().enumerate().map(message).collect()
}

/// A worker's answer: that all is done, as often as it is asked.
fn all_done() -> Reply {
    Reply { text: "done".to_owned(), replayed: true }
}

/// What is not done is delivered again, and all the rest of the batch with it.
fn left(count: usize) -> Result<Reply, Error> {
    if count == 0 { Ok(all_done()) } else { Err(Error::Busy(format!("{count} are not done with"))) }
}

fn relay(messages: Vec<String>) -> Job {
    let messages = Arc::new(messages);
    Arc::new(move |environment, _| {
        let messages = Arc::clone(&messages);
        Box::pin(async move { left(environment.queue.send(&messages, false).await?.len()) })
    })
}

fn record(messages: &[String]) -> Job {
    let mut batch = received(messages);
    // A queue may deliver an event twice in one batch.
    batch.push(Received { handle: "again".to_owned(), ..batch[0].clone() });
    let batch = Arc::new(batch);
    Arc::new(move |environment, moment| {
        let batch = Arc::clone(&batch);
        Box::pin(async move { left(environment.store.record(&batch, moment.deadline).await.len()) })
    })
}

fn drain() -> Job {
    Arc::new(|environment, moment| {
        Box::pin(async move {
            environment.store.drain(&environment.queue, moment.deadline).await?;
            Ok(all_done())
        })
    })
}

fn aggregate() -> Job {
    Arc::new(|environment, _| {
        Box::pin(async move {
            let ranking = environment.store.aggregate(night()).await?;
            Ok(Reply { text: format!("{ranking:?}"), replayed: true })
        })
    })
}
