//! The workers: what carries events from the stream to the ranking.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sijang_domain::Error;
use sijang_local::faults::{Fault, Plan};
use sijang_storage::Received;

use crate::{
    books::{Events, messages, night, order_events, plenty},
    scenario::{Job, Prepared, Reply, Scenario},
    shop::Shop,
    world::{World, untraced},
};

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("publish-order-events", async |shop: Shop| {
            let messages = sales(&shop).await;
            Prepared::work(&shop, relay(messages), Events::InQueue).await
        }),
        Scenario::new("record-sales", async |shop: Shop| {
            let messages = sales(&shop).await;
            Prepared::work(&shop, record(&messages), Events::Counted).await
        }),
        Scenario::new("aggregate-daily-stats, the drain", async |shop: Shop| {
            let messages = sales(&shop).await;
            Prepared { messages, ..Prepared::work(&shop, drain(), Events::InQueue).await }
        }),
        Scenario::new("aggregate-daily-stats, the count", async |shop: Shop| {
            let messages = sales(&shop).await;
            let left = shop.store.record(&received(&messages), plenty()).await;
            assert!(left.is_empty());
            Prepared::work(&shop, aggregate(), Events::Ranked).await
        }),
    ]
}

/// Eleven events, more than one batch: ten sales, one of them cancelled.
async fn sales(shop: &Shop) -> Vec<String> {
    let (tea, milk) = (shop.product(1_000, 99).await, shop.product(300, 99).await);
    let alice = shop.customer("alice").with_balance(100_000).await;
    let cancelled = alice.order([(tea, 7), (milk, 1)]).done().await;
    alice.cancel(&cancelled).done().await;
    for units in 1..10 {
        alice.order([(tea, units)]).done().await;
    }
    messages(&order_events(&shop.snapshot().await))
}

fn received(bodies: &[String]) -> Vec<Received> {
    let message =
        |(number, body): (usize, &String)| Received { handle: number.to_string(), body: body.clone(), trace: None };
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
        Box::pin(async move { left(environment.queue.send(&untraced(&messages), false).await?.len()) })
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

#[tokio::test]
async fn facts_that_the_table_leaves_are_written_in_another_call_if_there_is_time() {
    let messages = received(&sales(&Shop::open().await).await);
    let world = World::new().await;
    let store = world.environment(Duration::from_secs(5)).store;
    for (deadline, all_written, calls) in [(plenty(), true, 2), (Instant::now(), false, 1)] {
        world.faults.plan(Plan::nth("BatchWriteItem", 1, Fault::HalfBatch));
        let left = store.record(&messages, deadline).await;
        assert_eq!((left.is_empty(), world.faults.calls().len()), (all_written, calls));
    }
}
