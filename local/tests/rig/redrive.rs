//! A redrive that ends in the middle of itself: no dead letter is lost, and none is counted twice.

use std::time::Duration;

use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    SendMessageBatchRequestEntry,
};
use sijang_cloud::{
    faults::{Call, Fault, Plan},
    redrive::Redrive,
};

use crate::{
    books::{self, Events},
    enumeration::shop,
    functions,
    lambda::Rig,
    snapshot::Snapshot,
    trigger,
    workers::sell,
    world::{DEAD_LETTERS, QUEUE, sqs},
};

/// A redrive whose calls go through the proxy.
fn redrive(rig: &Rig) -> Redrive {
    Redrive::new(sqs(&rig.world.sqs_endpoint(), Duration::from_millis(500)), DEAD_LETTERS, QUEUE)
}

/// The trace that every letter has.
const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";

/// Letters in the dead-letter queue, each with an attribute and a trace.
async fn dead_letters(rig: &Rig, bodies: &[String]) {
    let attribute = MessageAttributeValue::builder().data_type("String").string_value("kept").build().unwrap();
    let trace = MessageSystemAttributeValue::builder().data_type("String").string_value(TRACE).build().unwrap();
    for body in bodies {
        let entry = SendMessageBatchRequestEntry::builder().id("0").message_body(body);
        let entry = entry.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace.clone());
        let entry = entry.message_attributes("what", attribute.clone()).build().unwrap();
        rig.sqs.send_message_batch().queue_url(DEAD_LETTERS).entries(entry).send().await.unwrap();
    }
}

/// The redrive, whose process ends when this call has no reply. What it said, if it came to its end.
async fn interrupted(rig: &Rig, call: &Call, fault: Fault) -> Option<anyhow::Result<usize>> {
    rig.world.faults.plan(Plan::at(call.number, fault));
    let redrive = redrive(rig);
    let ended = tokio::select! {
        ended = redrive.run(usize::MAX) => Some(ended),
        () = rig.world.faults.silence() => None,
    };
    rig.world.faults.plan(Plan::none());
    ended
}

/// Runs it to its end, and lets everything be counted that is in the queue.
async fn finish(rig: &Rig, items: &Snapshot, bodies: &[String]) {
    rig.world.sqs.pass_visibility_timeout();
    redrive(rig).run(usize::MAX).await.unwrap();
    rig.world.faults.deliver_late().await;
    assert_eq!(redrive(rig).count().await.unwrap(), 0);
    let messages = trigger::receive(rig, 100).await;
    for body in bodies {
        assert!(messages.iter().any(|message| message.body() == Some(body)), "{body} is lost");
    }
    let kept = messages.iter().all(|message| {
        let attribute = message.message_attributes().and_then(|attributes| attributes.get("what"));
        let system = message.attributes().and_then(|system| system.get(&MessageSystemAttributeName::AwsTraceHeader));
        attribute.is_some_and(|attribute| attribute.string_value() == Some("kept"))
            && system.is_some_and(|trace| trace == TRACE)
    });
    assert!(kept, "attributes or traces are lost");
    let shop = rig.carry(Events::InQueue).await.unwrap();
    assert_eq!(books::violations(&shop), Vec::<String>::new());
    assert!(!shop.changes_since(items).is_empty(), "nothing was counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redrive_that_ends_anywhere_loses_no_letter_and_counts_none_twice() {
    functions::build().await;
    let shop = shop().await;
    let bodies = sell(&shop).await;
    let (items, rig) = (shop.snapshot().await, Rig::new().await);
    rig.reset(&items, &[]).await;
    dead_letters(&rig, &bodies).await;
    rig.world.faults.plan(Plan::none());
    assert_eq!(redrive(&rig).run(usize::MAX).await.unwrap(), bodies.len());
    let calls = rig.world.faults.calls();
    assert!(calls.len() >= 6, "two batches: {calls:?}");
    finish(&rig, &items, &bodies).await;

    for call in &calls {
        for fault in [Fault::Hang, Fault::Late, Fault::ReplyHung, Fault::ReplyDropped, Fault::HalfBatch] {
            rig.reset(&items, &[]).await;
            dead_letters(&rig, &bodies).await;
            let ended = interrupted(&rig, call, fault).await;
            assert_eq!(ended.is_none(), fault.is_silent(), "{call:?}, {fault:?}: {ended:?}");
            finish(&rig, &items, &bodies).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_letters_are_moved_than_were_asked_for() {
    let rig = Rig::new().await;
    dead_letters(&rig, &["one".to_owned(), "two".to_owned(), "three".to_owned()]).await;
    assert_eq!(redrive(&rig).run(2).await.unwrap(), 2);
    assert_eq!((redrive(&rig).count().await.unwrap(), rig.world.sqs.bodies(QUEUE).len()), (1, 2));
    assert_eq!(redrive(&rig).run(2).await.unwrap(), 1);
    assert_eq!(redrive(&rig).run(2).await.unwrap(), 0);
}
