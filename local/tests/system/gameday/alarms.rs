//! The alarms of `template.yaml`, held against what the functions wrote to their logs and what lies in the queues: as
//! `CloudWatch` would, but without its periods.

use std::{collections::BTreeMap, fs};

use aws_sdk_sqs::types::MessageSystemAttributeName;
use serde_json::Value;
use sijang_cloud::stack::STACK_NAME;
use sijang_testkit::http::Shop;

/// Length of the logs before; only later lines count.
#[derive(Default)]
pub struct Watch(BTreeMap<String, usize>);

impl Watch {
    /// Watches from now on.
    pub fn begin(shop: &Shop) -> Self {
        let functions = shop.stack().template().functions().iter();
        Self(functions.map(|function| (function.name.clone(), log(shop, &function.name).len())).collect())
    }

    /// The new lines of all functions' logs that are JSON.
    fn lines(&self, shop: &Shop) -> Vec<Value> {
        let texts = self.0.iter().map(|(name, seen)| log(shop, name).split_off(*seen));
        let lines: Vec<String> = texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The values of a metric that the functions wrote.
    pub fn values(&self, shop: &Shop, metric: &str) -> Vec<f64> {
        let lines = self.lines(shop).into_iter().filter(|line| line["_aws"].is_object() && line["Stack"] == STACK_NAME);
        lines.flat_map(|line| numbers(&line[metric])).collect()
    }

    /// Whether a log line says this.
    pub fn says(&self, shop: &Shop, text: &str) -> bool {
        self.lines(shop).iter().any(|line| line.to_string().contains(text))
    }

    /// Whether an alarm of the template is on. For a queue that nobody empties, it is asked as it would be `later` seconds
    /// from now.
    pub async fn is_on(&self, shop: &Shop, alarm: &str, later: i64) -> bool {
        let properties = &shop.stack().template().document()["Resources"][alarm]["Properties"];
        let text = |name: &str| properties[name].as_str().unwrap_or_else(|| panic!("{alarm} has no {name}")).to_owned();
        let values = match (text("Namespace").as_str(), text("MetricName").as_str()) {
            ("Sijang", metric) => self.values(shop, metric),
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible") => vec![depth(shop, &queue(shop, properties)).await],
            ("AWS/SQS", "ApproximateAgeOfOldestMessage") => vec![age(shop, &queue(shop, properties), later).await],
            other => panic!("{alarm}: nobody measures {other:?} here"),
        };
        let value = match text("Statistic").as_str() {
            "Sum" => values.iter().sum(),
            "Maximum" => values.into_iter().fold(0.0, f64::max),
            other => panic!("{alarm}: {other}"),
        };
        assert_eq!(text("ComparisonOperator"), "GreaterThanThreshold");
        value > properties["Threshold"].as_f64().unwrap()
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_f64).collect(),
        // A distribution, as values and how often each came.
        Value::Object(distribution) => numbers(distribution.get("Values").unwrap_or(&Value::Null)),
        one => one.as_f64().into_iter().collect(),
    }
}

fn log(shop: &Shop, function: &str) -> String {
    fs::read_to_string(shop.stack().state().log(function)).unwrap_or_default()
}

/// The address of the queue that an alarm is about.
fn queue(shop: &Shop, properties: &Value) -> String {
    let id = properties["Dimensions"][0]["Value"]["Fn::GetAtt"][0].as_str().unwrap();
    shop.queue(&format!("{id}QueueUrl").replace("DlqQueueUrl", "DlqUrl")).to_owned()
}

async fn depth(shop: &Shop, url: &str) -> f64 {
    let name = aws_sdk_sqs::types::QueueAttributeName::ApproximateNumberOfMessages;
    let get = shop.sqs().get_queue_attributes().queue_url(url).attribute_names(name.clone());
    get.send().await.unwrap().attributes.unwrap()[&name].parse().unwrap()
}

/// How long the oldest message has waited, in seconds.
async fn age(shop: &Shop, url: &str, later: i64) -> f64 {
    let sent = MessageSystemAttributeName::SentTimestamp;
    let look = shop.sqs().receive_message().queue_url(url).max_number_of_messages(10).visibility_timeout(0);
    let messages = look.message_system_attribute_names(sent.clone()).send().await.unwrap().messages.unwrap_or_default();
    let sent = messages.iter().filter_map(|message| message.attributes.as_ref()?.get(&sent)?.parse::<i64>().ok()).min();
    let now = jiff::Timestamp::now().as_millisecond() + later * 1_000;
    sent.map_or(0.0, |sent| f64::from(i32::try_from((now - sent) / 1_000).unwrap()))
}
