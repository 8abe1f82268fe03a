//! Least privilege by observation: a role allows what its function was seen to do, and nothing else.
//!
//! The functions of a local stack run under their roles of `template.yaml`, so that a missing permission fails the
//! trial that needs it. The other way round is shown here: after all trials, nothing that is permitted was left unused.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use aws_sdk_dynamodb::{
    config::{BehaviorVersion, Credentials, Region},
    types::AttributeValue,
};
use jiff::Timestamp;
use libtest_mimic::{Completion, Trial};
use serde_json::{Value, json};
use sijang_cloud::{
    iam::Access,
    ministack::REGION,
    seoul,
    template::{Function, Template},
};
use sijang_testkit::http::Shop;
use ulid::Ulid;

use crate::{
    ministack::old_event,
    world::{World, eventually, named, own_trial},
};

const PATIENCE: Duration = Duration::from_mins(2);
/// In whose names a trial asks for what their roles do not allow: the first may query sales, the second also put its
/// own marks there.
const IMPOSTORS: [&str; 2] = ["get-daily-stats", "reconcile-day"];
/// The partition key of what a trial tries to put into sales.
const FOREIGN: &str = "of-an-impostor";

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![named!(trial, world, call_that_a_role_does_not_allow_is_rejected)]
}

/// Must come after all trials of the shared stack.
pub fn last_trial(world: &Arc<World>, before: &[Trial]) -> Trial {
    let before: Vec<String> = before.iter().map(|trial| trial.name().to_owned()).collect();
    own_trial(world, "roles::a_role_allows_what_its_function_was_seen_to_do_and_nothing_else", async move |world| {
        if !before.iter().all(|name| world.has_passed(name)) {
            return Completion::ignored_with("only part of the trials has passed");
        }
        let shop = world.shop().await;
        poison_in_the_stream(&shop).await;
        messages_for_the_aggregator(&shop).await;
        reconcile_today(&shop).await;
        compare(&shop);
        Completion::Completed
    })
}

/// A permission of a function.
type Permission = (String, Access);

fn compare(shop: &Shop) {
    let (template, roles) = (shop.stack().template(), shop.stack().roles());
    let (used, permitted) = (roles.used(), template.functions().iter().flat_map(permitted).collect());
    let mut needed: BTreeSet<Permission> = template.functions().iter().flat_map(|f| of_triggers(template, f)).collect();
    needed.extend(used.iter().map(|(function, access)| {
        // A permission that is also used outside of transactions cannot be limited to them.
        let alone = (function.clone(), Access { within: None, ..access.clone() });
        if used.contains(&alone) { alone } else { (function.clone(), access.clone()) }
    }));
    let lines = |of: &BTreeSet<Permission>, without: &BTreeSet<Permission>| {
        let lines = of.difference(without).map(|(function, access)| format!("  {function}: {access}"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let (unused, missing) = (lines(&permitted, &needed), lines(&needed, &permitted));
    assert!(unused.is_empty() && missing.is_empty(), "permitted and not used:\n{unused}\nused as:\n{missing}");
    // A trial asks in a function's name for what is rejected; no function itself was rejected anything.
    let rejected = roles.rejected().into_iter();
    let provoked = |access: &Access| access.key.as_deref() == Some(FOREIGN) || access.action == "dynamodb:Scan";
    let rejected = rejected.filter(|(function, access)| !(IMPOSTORS.contains(&&**function) && provoked(access)));
    assert_eq!(rejected.collect::<Vec<_>>(), []);
}

fn permitted(function: &Function) -> Vec<Permission> {
    let mut all = Vec::new();
    for statement in &function.permissions {
        let limits: Vec<_> = match statement.within.as_slice() {
            [] => vec![None],
            operations => operations.iter().cloned().map(Some).collect(),
        };
        for action in &statement.actions {
            let resource = &statement.resource;
            let access = |within| Access { action: action.clone(), resource: resource.clone(), within, key: None };
            all.extend(limits.iter().cloned().map(|within| (function.name.clone(), access(within))));
        }
    }
    all
}

/// Lambda's own actions in the name of a function that it triggers: poll a stream or a queue, report a failure.
fn of_triggers(template: &Template, function: &Function) -> Vec<Permission> {
    let declared = &template.document()["Resources"][&function.logical_id]["Properties"];
    let id = |value: &Value| value["Fn::GetAtt"][0].as_str().unwrap().to_owned();
    let mut all = Vec::new();
    // Lambda reports an asynchronous invocation that failed in every attempt.
    let failures = &declared["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"];
    all.extend(failures.is_object().then(|| ("sqs:SendMessage".to_owned(), id(failures))));
    for event in declared["Events"].as_object().into_iter().flatten().map(|(_, event)| event) {
        let properties = &event["Properties"];
        let (service, resource, actions): (_, _, &[&str]) = match event["Type"].as_str().unwrap() {
            "DynamoDB" => {
                let actions = &["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"];
                ("dynamodb", format!("{}/stream", id(&properties["Stream"])), actions)
            }
            "SQS" => ("sqs", id(&properties["Queue"]), &["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"]),
            _ => continue,
        };
        all.extend(actions.iter().map(|action| (format!("{service}:{action}"), resource.clone())));
        let failures = &properties["DestinationConfig"]["OnFailure"]["Destination"];
        all.extend(failures.is_object().then(|| ("sqs:SendMessage".to_owned(), id(failures))));
    }
    let access = |(action, resource)| (function.name.clone(), Access { action, resource, within: None, key: None });
    all.into_iter().map(access).collect()
}

/// A record that can never become a message, for the relay to set aside. It leaves neither event nor message behind.
async fn poison_in_the_stream(shop: &Shop) {
    let request = format!("nobody#place-order#{}", Ulid::generate());
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let put = shop.db().put_item().table_name(shop.table("events"));
    put.item("request", text(&request)).item("type", text("order.paid.v1")).send().await.unwrap();
    eventually("the malformed one in the dead-letter queue", PATIENCE, async || {
        let queue = shop.queue("OrderEventsDlqUrl");
        let receive = shop.sqs().receive_message().queue_url(queue).max_number_of_messages(10).visibility_timeout(0);
        let messages = receive.send().await.unwrap().messages.unwrap_or_default();
        let message =
            messages.into_iter().find(|message| message.body().is_some_and(|body| body.contains(&request)))?;
        let delete = shop.sqs().delete_message().queue_url(queue).set_receipt_handle(message.receipt_handle);
        delete.send().await.unwrap();
        Some(())
    })
    .await;
    let delete = shop.db().delete_item().table_name(shop.table("events")).key("request", text(&request));
    delete.send().await.unwrap();
}

/// Messages that the consumer leaves to the aggregator: it is asked until it was the faster one.
async fn messages_for_the_aggregator(shop: &Shop) {
    eventually("a message for the aggregator", PATIENCE, async || {
        for _ in 0..20 {
            let send = shop.sqs().send_message().queue_url(shop.queue("OrderEventsQueueUrl"));
            send.message_body(old_event().1.to_string()).send().await.unwrap();
        }
        let recount = shop.stack().invoke("aggregate-daily-stats", &json!({"day": "2020-01-01"})).await.unwrap();
        recount.payload["drained"].as_u64().filter(|drained| *drained > 0)
    })
    .await;
}

/// Reconciles today as the next daily run will, with its progress.
async fn reconcile_today(shop: &Shop) {
    let tomorrow = seoul::day(Timestamp::now()).tomorrow().unwrap();
    let event = json!({"scheduled_time": seoul::schedule(tomorrow).unwrap().to_string()});
    let report = shop.stack().invoke("reconcile-day", &event).await.unwrap();
    assert_eq!((&report.error, &report.payload["findings"]), (&None, &json!([])), "{}", report.payload);
}

async fn call_that_a_role_does_not_allow_is_rejected(shop: Shop) {
    let sales = shop.table("sales");
    let text = |value: &str| AttributeValue::S(value.to_owned());
    for impostor in IMPOSTORS {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(Credentials::new(impostor, "test", None, None, "tests"))
            .endpoint_url(shop.stack().gate_endpoint());
        let db = aws_sdk_dynamodb::Client::from_conf(config.build());
        let put = db.put_item().table_name(&sales).item("pk", text(FOREIGN)).item("sk", text(impostor)).send().await;
        let rejection = put.unwrap_err().into_service_error();
        assert_eq!(rejection.meta().code(), Some("AccessDeniedException"), "{rejection:?}");
        let scan = db.scan().table_name(&sales).send().await.unwrap_err().into_service_error();
        assert_eq!(scan.meta().code(), Some("AccessDeniedException"), "{scan:?}");
        let written = shop.db().get_item().table_name(&sales).key("pk", text(FOREIGN)).key("sk", text(impostor));
        assert_eq!(written.send().await.unwrap().item, None, "nothing was written");
    }
}
