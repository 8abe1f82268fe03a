//! The workers: what carries events from the stream to the ranking.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sijang_cloud::faults::{Fault, Plan};
use sijang_domain::{Error, RequestTime};
use sijang_storage::{AttributeValue, Item, Received};
use sijang_testkit::{
    pipeline::{Stage, aggregation_time, messages, order_events},
    services::{QUEUE, Services, plenty, untraced},
    shop::{Shop, after, at, fixed},
    snapshot::Snapshot,
};

use crate::in_process::scenario::{Job, Prepared, Reply, Scenario};

pub fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("publish-order-events", async |shop: Shop| {
            let messages = sales(&shop).await;
            Prepared::work(&shop, relay(messages), Stage::InQueue).await
        }),
        Scenario::new("record-sales", async |shop: Shop| {
            let messages = sales(&shop).await;
            Prepared::work(&shop, record(&messages), Stage::Counted).await
        }),
        Scenario::new("aggregate-daily-stats, the drain", async |shop: Shop| {
            let messages = sales(&shop).await;
            Prepared { messages, ..Prepared::work(&shop, drain(), Stage::InQueue).await }
        }),
        Scenario::new("aggregate-daily-stats, the count", async |shop: Shop| {
            let messages = sales(&shop).await;
            let left = shop.store.record(&received(&messages), recorded_at(plenty())).await;
            assert!(left.is_empty());
            Prepared::work(&shop, aggregate(), Stage::Ranked).await
        }),
        Scenario::new("finish-commands, a price in three shards", async |shop: Shop| {
            let tea = shop.split_product(1_000, 9, 3).await;
            let accepted = shop.killed_before_update(1, shop.reprice(tea, 1_200)).await;
            Prepared::work(&shop, finish(accepted), Stage::Ranked).await
        }),
        Scenario::new("finish-commands, units between shards", async |shop: Shop| {
            let tea = shop.split_product(1_000, 9, 3).await;
            let given = shop.killed_before_update(3, shop.reshard(tea, 4)).await;
            Prepared::work(&shop, finish(given), Stage::Ranked).await
        }),
        Scenario::new("finish-commands, the end of a campaign", async |shop: Shop| {
            let coupon = shop.split_campaign(9, fixed(500), 3).await;
            let ended = shop.killed_before_update(3, shop.end_campaign(coupon)).await;
            Prepared::work(&shop, finish(ended), Stage::Ranked).await
        }),
        Scenario::new("record-sales, a late cancellation", async |shop: Shop| {
            let messages = late_cancellation(&shop).await;
            Prepared::work(&shop, record(&messages), Stage::Counted).await
        }),
        Scenario::new("aggregate-daily-stats, an earlier day", async |shop: Shop| {
            let messages = late_cancellation(&shop).await;
            assert!(shop.store.record(&received(&messages), recorded_at(plenty())).await.is_empty());
            Prepared::work(&shop, aggregate(), Stage::Ranked).await
        }),
    ]
}

/// The message of the cancellation of an order that was paid six days before, and whose day has been counted.
async fn late_cancellation(shop: &Shop) -> Vec<String> {
    let tea = shop.product(1_000, 99).await;
    let alice = shop.customer("alice").with_balance(10_000).await;
    let paid_at = after(aggregation_time(), -6 * 86_400);
    let order = alice.order([(tea, 7)]).at(paid_at).done().await;
    let sale = messages(&order_events(&shop.snapshot().await));
    let then = RequestTime { now: paid_at, deadline: plenty() };
    assert!(shop.store.record(&received(&sale), then).await.is_empty());
    shop.store.aggregate(after(paid_at, 86_400), after(paid_at, 86_400)).await.unwrap();
    alice.cancel(&order).done().await;
    let both = messages(&order_events(&shop.snapshot().await));
    both.into_iter().filter(|message| !sale.contains(message)).collect()
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

/// The daily run after the day of the tests.
fn recorded_at(deadline: Instant) -> RequestTime {
    RequestTime { now: aggregation_time(), deadline }
}

/// A worker's answer: that all is done, as often as it is asked.
fn all_done() -> Reply {
    Reply { text: "done".to_owned(), replayed: true }
}

/// An unfinished message is delivered again, and all the rest of the batch with it.
fn left(count: usize) -> Result<Reply, Error> {
    if count == 0 { Ok(all_done()) } else { Err(Error::Busy(format!("{count} are not done with"))) }
}

fn relay(messages: Vec<String>) -> Job {
    let messages = Arc::new(messages);
    Arc::new(move |clients, _| {
        let messages = Arc::clone(&messages);
        Box::pin(async move { left(clients.queue.send(&untraced(&messages), false).await?.len()) })
    })
}

fn record(messages: &[String]) -> Job {
    let mut batch = received(messages);
    // A queue may deliver an event twice in one batch.
    batch.push(Received { handle: "again".to_owned(), ..batch[0].clone() });
    let batch = Arc::new(batch);
    Arc::new(move |clients, time| {
        let batch = Arc::clone(&batch);
        Box::pin(async move { left(clients.store.record(&batch, time).await.len()) })
    })
}

fn finish(event: Item) -> Job {
    Arc::new(move |clients, time| {
        let event = event.clone();
        Box::pin(async move {
            clients.store.finish_command(event.into(), time.deadline).await?;
            Ok(all_done())
        })
    })
}

fn drain() -> Job {
    Arc::new(|clients, time| {
        Box::pin(async move {
            clients.store.drain(&clients.queue, time).await?;
            Ok(all_done())
        })
    })
}

fn aggregate() -> Job {
    Arc::new(|clients, _| {
        Box::pin(async move {
            let ranking = clients.store.aggregate(aggregation_time(), aggregation_time()).await?;
            Ok(Reply { text: format!("{ranking:?}"), replayed: true })
        })
    })
}

#[tokio::test]
async fn unprocessed_facts_are_written_by_another_call_in_time() {
    let messages = received(&sales(&Shop::open().await).await);
    let services = Services::new().await;
    let store = services.clients(Duration::from_secs(5)).store;
    for (deadline, all_written, calls) in [(plenty(), true, 2), (Instant::now(), false, 1)] {
        services.faults.plan(Plan::nth("BatchWriteItem", 1, Fault::HalfBatch));
        let left = store.record(&messages, recorded_at(deadline)).await;
        assert_eq!((left.is_empty(), services.faults.calls().len()), (all_written, calls));
    }
}

#[tokio::test]
async fn reconciler_confirms_findings_by_consistent_reads() {
    let shop = Shop::open().await;
    let messages = received(&sales(&shop).await);
    assert!(shop.store.record(&messages, recorded_at(plenty())).await.is_empty());
    shop.store.aggregate(aggregation_time(), aggregation_time()).await.unwrap();
    let whole = shop.snapshot().await;
    let mut damaged = whole.clone();
    damaged.items_mut("balances").pop_first();
    damaged.items_mut("orders").pop_last();
    let sales = damaged.items_mut("sales");
    let fact = sales.iter().find(|(_, item)| !item.contains_key("facts")).unwrap().0.clone();
    sales.remove(&fact);
    for total in sales.values_mut().filter_map(|item| item.get_mut("facts")) {
        *total = AttributeValue::N("99".to_owned());
    }

    let services = Services::new().await;
    services.reset(&Snapshot::of(&services.database).await, &damaged, &[]).await;
    let findings = async || {
        let (store, one) = (services.clients(Duration::from_secs(5)).store, at("2026-11-21T16:00:00Z"));
        store.reconcile_scheduled(one, RequestTime { now: one, deadline: plenty() }).await.unwrap().findings
    };
    assert!(findings().await.len() > 3);
    // Now that all is well, whatever may be answered as it was before is.
    services.reset(&damaged, &whole, &[]).await;
    services.faults.plan(Plan::new(|_| Fault::Stale.into()));
    assert_eq!(findings().await, [].into());
}

#[tokio::test]
async fn unsent_messages_are_named_by_position() {
    let services = Services::new().await;
    let queue = services.clients(Duration::from_secs(5)).queue;
    let bodies: Vec<String> = (0..25).map(|number| number.to_string()).collect();
    // Some of one batch, and all from the second on.
    let some = (1..=3).map(|nth| Plan::nth("SendMessageBatch", nth, Fault::HalfBatch));
    for plan in some.chain([Plan::from(2, "SendMessageBatch", Fault::InternalError)]) {
        services.sqs.clear();
        services.faults.plan(plan);
        let unsent = queue.send(&untraced(&bodies), false).await.unwrap();
        let sent = services.sqs.bodies(QUEUE);
        let expected: Vec<usize> = (0..25).filter(|place| !sent.contains(&bodies[*place])).collect();
        assert!(!expected.is_empty() && !sent.is_empty());
        assert_eq!(unsent, expected);
    }
}
