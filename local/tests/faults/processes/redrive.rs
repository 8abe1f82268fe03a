//! A redrive that ends in the middle of itself: no DLQ message is lost, and none is counted twice.

use std::time::Duration;

use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    SendMessageBatchRequestEntry,
};
use sijang_cloud::{
    faults::{Call, Fault, Plan},
    redrive::Redrive,
};
use sijang_testkit::{
    invariants::violations_once_ranked,
    lambda::{LambdaHost, functions, trigger},
    pipeline::Stage,
    services::{DLQ, QUEUE, sqs},
    snapshot::Snapshot,
};

use crate::processes::{enumeration::shop, workers::sell};

/// A redrive whose calls go through the proxy.
fn redrive(host: &LambdaHost) -> Redrive {
    Redrive::new(sqs(&host.services.sqs_endpoint(), Duration::from_millis(500)), DLQ, QUEUE)
}

/// The trace that every message has.
const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";

/// Messages in the dead-letter queue, each with an attribute and a trace.
async fn dlq_messages(host: &LambdaHost, bodies: &[String]) {
    let attribute = MessageAttributeValue::builder().data_type("String").string_value("kept").build().unwrap();
    let trace = MessageSystemAttributeValue::builder().data_type("String").string_value(TRACE).build().unwrap();
    for body in bodies {
        let entry = SendMessageBatchRequestEntry::builder().id("0").message_body(body);
        let entry = entry.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace.clone());
        let entry = entry.message_attributes("what", attribute.clone()).build().unwrap();
        host.sqs.send_message_batch().queue_url(DLQ).entries(entry).send().await.unwrap();
    }
}

/// The redrive, whose process ends when this call has no reply. What it said, if it came to its end.
async fn interrupted(host: &LambdaHost, call: &Call, fault: Fault) -> Option<anyhow::Result<usize>> {
    host.services.faults.plan(Plan::at(call.number, fault));
    let redrive = redrive(host);
    let ended = tokio::select! {
        ended = redrive.run(usize::MAX) => Some(ended),
        () = host.services.faults.silence() => None,
    };
    host.services.faults.plan(Plan::none());
    ended
}

/// Runs it to its end, and lets everything be counted that is in the queue.
async fn finish(host: &LambdaHost, items: &Snapshot, bodies: &[String]) {
    host.services.sqs.pass_visibility_timeout();
    redrive(host).run(usize::MAX).await.unwrap();
    host.services.faults.deliver_late().await;
    assert_eq!(redrive(host).count().await.unwrap(), 0);
    let messages = trigger::receive(host, 100).await;
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
    let shop = host.deliver_pending(Stage::InQueue).await.unwrap();
    assert_eq!(violations_once_ranked(&shop), Vec::<String>::new());
    assert!(!shop.changes_since(items).is_empty(), "nothing was counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn redrive_killed_anywhere_loses_and_doubles_no_message() {
    functions::build().await;
    let shop = shop().await;
    let bodies = sell(&shop).await;
    let (items, host) = (shop.snapshot().await, LambdaHost::new().await);
    host.reset(&items, &[]).await;
    dlq_messages(&host, &bodies).await;
    host.services.faults.plan(Plan::none());
    assert_eq!(redrive(&host).run(usize::MAX).await.unwrap(), bodies.len());
    let calls = host.services.faults.calls();
    assert!(calls.len() >= 6, "two batches: {calls:?}");
    finish(&host, &items, &bodies).await;

    for call in &calls {
        for fault in [Fault::Hang, Fault::Late, Fault::ReplyHung, Fault::ReplyDropped, Fault::HalfBatch] {
            host.reset(&items, &[]).await;
            dlq_messages(&host, &bodies).await;
            let ended = interrupted(&host, call, fault).await;
            assert_eq!(ended.is_none(), fault.is_silent(), "{call:?}, {fault:?}: {ended:?}");
            finish(&host, &items, &bodies).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redrive_moves_no_more_messages_than_requested() {
    let host = LambdaHost::new().await;
    dlq_messages(&host, &["one".to_owned(), "two".to_owned(), "three".to_owned()]).await;
    assert_eq!(redrive(&host).run(2).await.unwrap(), 2);
    assert_eq!((redrive(&host).count().await.unwrap(), host.services.sqs.bodies(QUEUE).len()), (1, 2));
    assert_eq!(redrive(&host).run(2).await.unwrap(), 1);
    assert_eq!(redrive(&host).run(2).await.unwrap(), 0);
}
