//! DLQ messages and their redrive: what cannot be counted ends in the dead-letter queue after ten receives, its batch
//! mates are counted, and when the reason is mended `./local/shop redrive` brings it back, to be counted once.

use std::{path::Path, process::Output, sync::Arc};

use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use libtest_mimic::{Completion, Trial};
use sijang_cloud::stack::StackOptions;
use sijang_cloud::{layout::Repository, template::Key};
use sijang_storage::Item;
use sijang_testkit::http::{Shop, order, text};
use tokio::process::Command;
use ulid::Ulid;

use crate::{
    stored::{PIPELINE, Stored},
    world::{World, eventually, named},
};

const QUEUE: &str = "OrderEventsQueueUrl";
const DEAD_LETTERS: &str = "OrderEventsDlqUrl";

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![named!(own_trial, world, redriven_message_is_counted_once_after_the_repair)]
}

async fn redriven_message_is_counted_once_after_the_repair(world: Arc<World>) -> Completion {
    let state = world.state_folder();
    let shop = world.start(StackOptions::isolated(&state)).await.unwrap();
    // Ten receives with the usual visibility timeout would take half an hour.
    shop.set_visibility_timeout(QUEUE, "1").await;
    let product = shop.product(100, 1_000).await;
    let customer = shop.customer_with(10_000).await;
    let place = async || text(&customer.order(&order(&product, 1)).await.value(201)["order_id"]);
    assert_eq!(said(&state, &[]).await, "the DLQ is empty\n");

    // An invalid message beside a valid one.
    let malformed = format!("malformed {}", Ulid::generate());
    shop.sqs().send_message().queue_url(shop.queue(QUEUE)).message_body(&malformed).send().await.unwrap();
    let mate = place().await;
    eventually("the fact beside the malformed message", PIPELINE, async || {
        Stored::read(&shop).await.has_fact(&mate).then_some(())
    })
    .await;
    dead(&shop, 1).await;

    // For a while there is no table to count in: these die of nothing that is wrong with them.
    let sales = shop.table("sales");
    let items = take_away(&shop, &sales).await;
    let unlucky = [place().await, place().await, place().await];
    dead(&shop, 4).await;
    put_back(&shop, &sales, items).await;

    assert_eq!(said(&state, &["--dry-run"]).await, "4 DLQ messages would be moved to the queue\n");
    assert_eq!(said(&state, &["--max", "1"]).await, "1 of 4 DLQ messages moved to the queue\n");
    // The malformed message may be in the DLQ again meanwhile.
    let all = said(&state, &[]).await;
    assert!(
        ["3 of 3 DLQ messages moved to the queue\n", "4 of 4 DLQ messages moved to the queue\n"]
            .contains(&all.as_str()),
        "{all}"
    );
    let stored = Stored::once_counted(&shop).await;
    assert!(unlucky.iter().all(|order| stored.has_fact(order)));
    stored.check();

    // An invalid message returns to the DLQ.
    dead(&shop, 1).await;
    let receive = shop.sqs().receive_message().queue_url(shop.queue(DEAD_LETTERS));
    let message = receive.send().await.unwrap().messages.unwrap().remove(0);
    assert_eq!(message.body(), Some(malformed.as_str()));
    let delete = shop.sqs().delete_message().queue_url(shop.queue(DEAD_LETTERS));
    delete.receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
    assert_eq!(said(&state, &[]).await, "the DLQ is empty\n");
    drop(customer);
    shop.close().await;
    Completion::Completed
}

/// Waits until so many are in the dead-letter queue.
async fn dead(shop: &Shop, count: usize) {
    let what = format!("{count} DLQ messages");
    let wanted = [count.to_string(), "0".to_owned()];
    eventually(&what, PIPELINE, async || (shop.waiting(DEAD_LETTERS).await == wanted).then_some(())).await;
}

/// Deletes a table. Returns its items.
async fn take_away(shop: &Shop, name: &str) -> Vec<Item> {
    let scan = shop.db().scan().table_name(name).consistent_read(true).into_paginator().items().send();
    let items = scan.collect::<Result<_, _>>().await.unwrap();
    // MiniStack takes the template's `false` for a text, and a text for a yes.
    let unprotected = shop.db().update_table().table_name(name).deletion_protection_enabled(false);
    unprotected.send().await.unwrap();
    shop.db().delete_table().table_name(name).send().await.unwrap();
    items
}

/// Creates the table again, with its items.
async fn put_back(shop: &Shop, name: &str, items: Vec<Item>) {
    let Key { hash, range } = shop.stack().template().table("sales").unwrap().key.clone();
    let mut create = shop.db().create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    for (name, kind) in [(Some(hash), KeyType::Hash), (range, KeyType::Range)] {
        let (element, attribute) = (KeySchemaElement::builder().key_type(kind), AttributeDefinition::builder());
        let attribute = attribute.attribute_type(ScalarAttributeType::S).set_attribute_name(name.clone());
        create = create.key_schema(element.set_attribute_name(name).build().unwrap());
        create = create.attribute_definitions(attribute.build().unwrap());
    }
    create.send().await.unwrap();
    for item in items {
        shop.db().put_item().table_name(name).set_item(Some(item)).send().await.unwrap();
    }
}

/// The output of `./local/shop redrive`.
async fn said(state: &Path, arguments: &[&str]) -> String {
    let script = Repository::find().unwrap().root().join("local/shop");
    let Output { status, stdout, stderr } =
        Command::new(script).arg("redrive").args(arguments).env("SIJANG_STATE", state).output().await.unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}
