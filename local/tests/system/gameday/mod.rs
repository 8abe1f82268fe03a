//! Game day: seven faults are made on purpose on a running stack. Each must appear in logs and metrics so that its
//! alarm is raised. The commands of its runbook, run as they are written there, must repair it. Then the invariants
//! must hold.
//!
//! `./local/shop gameday` prints the table. The test does not wait an hour: an alarm that looks at an hour gets metrics
//! with the times that they would have.

mod alarms;
mod runbook;
mod staff_leaves;
mod wrong_coupon;

use std::{
    fmt::Write as _,
    io::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use jiff::Timestamp;
use libtest_mimic::{Completion, Trial};
use serde_json::json;
use sijang_cloud::stack::StackOptions;
use sijang_cloud::{
    faults::{Fault, Faults, Plan},
    seoul,
};
use sijang_domain::{Cart, Command, Fingerprint, IdempotencyKey, RequestTime, UserId};
use sijang_storage::{Store, Tables};

use self::{alarms::Watch, runbook::Operator};
use sijang_testkit::http::{Person, Shop, krw, order, text};

use crate::{
    stored::{PIPELINE, Stored, reconcile},
    world::{World, eventually, named, own_trial},
};

const QUEUE: &str = "OrderEventsQueueUrl";
const DLQ: &str = "OrderEventsDlqUrl";
const PRICE: i64 = 1_000;
const HOUR: i64 = 3_600;

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(own_trial, world, every_fault_raises_its_alarm_and_its_runbook_repairs_it),
        own_trial(
            world,
            "gameday::staff_member_who_leaves_is_disabled_and_known_by_actions",
            staff_leaves::staff_member_who_leaves_is_disabled_and_known_by_actions,
        ),
        own_trial(
            world,
            "gameday::wrong_coupon_is_voided_and_its_orders_are_cancelled",
            wrong_coupon::wrong_coupon_is_voided_and_its_orders_are_cancelled,
        ),
    ]
}

/// A stack to break things on, and who keeps an eye on it.
struct GameDay {
    shop: Shop,
    faults: Faults,
    operator: Operator,
    customer: Person,
    product: String,
    watch: Watch,
    began: Instant,
    table: Vec<[String; 6]>,
}

async fn every_fault_raises_its_alarm_and_its_runbook_repairs_it(world: Arc<World>) -> Completion {
    let state = world.state_folder();
    let mut day = GameDay::open(&world, &state).await;
    day.poison().await;
    day.consumer_down().await;
    day.throttled_table().await;
    Box::pin(day.wrong_clock()).await;
    day.wrong_price().await;
    day.many_dlq_messages().await;
    day.spoilt_total().await;
    day.print();
    let GameDay { shop, customer, .. } = day;
    drop(customer);
    shop.close().await;
    Completion::Completed
}

impl GameDay {
    async fn open(world: &World, state: &Path) -> Self {
        let faults = Faults::none();
        let options = StackOptions { faults: Some(faults.clone()), ..StackOptions::isolated(state) };
        let shop = world.start(options).await.unwrap();
        // Ten receives with the usual visibility timeout would take half an hour.
        shop.set_visibility_timeout(QUEUE, "1").await;
        let operator = Operator::beside(&shop, state).await;
        let product = shop.product(PRICE, 10_000).await;
        let customer = shop.customer_with(1_000_000).await;
        let (watch, began) = (Watch::begin(&shop), Instant::now());
        Self { shop, faults, operator, customer, product, watch, began, table: Vec::new() }
    }

    async fn place(&self) -> String {
        text(&self.customer.order(&order(&self.product, 1)).until_definite().await.value(201)["order_id"])
    }

    /// From here on, logs and metrics are of the next fault.
    fn break_something(&mut self) {
        (self.watch, self.began) = (Watch::begin(&self.shop), Instant::now());
    }

    /// Waits until an alarm is on.
    async fn alarm(&self, alarm: &str, later: i64) -> f64 {
        let is_on = async || self.watch.is_on(&self.shop, alarm, later).await.then_some(());
        eventually(&format!("{alarm} to go on"), PIPELINE, is_on).await;
        self.began.elapsed().as_secs_f64()
    }

    /// Waits until the logs have it: they come after the answers.
    async fn noted(&self, what: &str, is_there: impl Fn() -> bool) {
        eventually(what, PIPELINE, async || is_there().then_some(())).await;
    }

    async fn logged(&self, text: &str) {
        self.noted(text, || self.watch.says(&self.shop, text)).await;
    }

    async fn counted(&self, metric: &str) {
        self.noted(metric, || self.watch.values(&self.shop, metric).iter().sum::<f64>() >= 1.0).await;
    }

    /// Everything is repaired: orders are accepted, alarms stay off, events are counted, the invariants hold.
    async fn mended(&mut self, what: &str, showed: &str, after: f64, alarm: Option<&str>, runbook: &str) {
        Stored::once_counted(&self.shop).await;
        self.watch = Watch::begin(&self.shop);
        self.place().await;
        Stored::once_counted(&self.shop).await.check();
        for day in [seoul::day(Timestamp::now()), yesterday()] {
            assert_eq!(reconcile(&self.shop, day).await, json!([]), "{what}: the reconciler");
        }
        if let Some(alarm) = alarm {
            assert!(!self.watch.is_on(&self.shop, alarm, 0).await, "{alarm} stays on");
        }
        let row = [what, showed, &format!("{after:.1} s"), alarm.unwrap_or("-"), runbook, "balance"];
        self.table.push(row.map(str::to_owned));
    }

    /// An invalid message.
    async fn poison(&mut self) {
        self.break_something();
        let send = self.shop.sqs().send_message().queue_url(self.shop.queue(QUEUE));
        send.message_body("poison").send().await.unwrap();
        self.place().await;
        let after = self.alarm("DlqMessagesAlarm", 0).await;
        self.logged("a message that is no order event").await;
        self.counted("MalformedEvents").await;
        let said = self.operator.follow("dlq-messages").await;
        assert!(said.contains("poison") && said.contains(" is gone"), "{said}");
        let showed = "log: no order event; MalformedEvents; 1 DLQ message";
        self.mended("poison message", showed, after, Some("DlqMessagesAlarm"), "dlq-messages").await;
    }

    /// Nobody takes from the queue, and an hour passes.
    async fn consumer_down(&mut self) {
        self.break_something();
        let off = "aws lambda update-event-source-mapping --uuid \"$(mapping record-sales)\" --no-enabled";
        self.operator.run(off).await;
        for _ in 0..12 {
            self.place().await;
        }
        let waiting = async || (self.shop.waiting(QUEUE).await[0].parse::<usize>().unwrap() >= 12).then_some(());
        eventually("the events in the queue", PIPELINE, waiting).await;
        assert!(!self.watch.is_on(&self.shop, "ConsumerBehindAlarm", 0).await, "nothing has waited long yet");
        let after = self.alarm("ConsumerBehindAlarm", HOUR).await;
        self.operator.follow("consumer-behind").await;
        let showed = "12 events wait; age of the oldest, as it is an hour later";
        self.mended("consumer down for an hour", showed, after, Some("ConsumerBehindAlarm"), "consumer-behind").await;
    }

    /// The tables reject transactions, until somebody gives them more capacity.
    async fn throttled_table(&mut self) {
        self.break_something();
        let raised = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&raised);
        self.faults.plan(Plan::new(move |call| {
            if call.operation == "UpdateTable" {
                seen.store(true, Ordering::SeqCst);
            }
            let throttled = call.operation == "TransactWriteItems" && !seen.load(Ordering::SeqCst);
            if throttled { Fault::Throttled.into() } else { Fault::None.into() }
        }));
        let after = {
            let customers = join_all((0..4).map(|_| self.place()));
            let operator = async {
                let after = self.alarm("ThrottledTablesAlarm", 0).await;
                self.operator.follow("throttled-tables").await;
                after
            };
            tokio::join!(customers, operator).1
        };
        assert!(raised.load(Ordering::SeqCst), "nobody gave the tables more");
        self.faults.plan(Plan::none());
        let showed = "Throttles; customers wait, or are asked to come again";
        self.mended("throttled table", showed, after, Some("ThrottledTablesAlarm"), "throttled-tables").await;
    }

    /// An environment whose clock still says yesterday writes an order when yesterday has been counted.
    async fn wrong_clock(&mut self) {
        let scheduled = seoul::schedule(seoul::day(Timestamp::now())).unwrap();
        let midnight = scheduled.as_millisecond() - 600_000;
        Box::pin(self.sell_by_the_clock(midnight - 200)).await;
        let event = json!({"scheduled_time": scheduled.to_string()});
        assert_eq!(self.shop.stack().invoke("aggregate-daily-stats", &event).await.unwrap().error, None);
        self.break_something();
        Box::pin(self.sell_by_the_clock(midnight - 100)).await;
        let after = self.began.elapsed().as_secs_f64();
        let since = f64::from(i32::try_from((Timestamp::now().as_millisecond() - midnight) / 2_000).unwrap());
        let lagged = || self.watch.values(&self.shop, "ConsumerLag").iter().any(|lag| *lag > since);
        self.noted("a lag since before midnight", lagged).await;
        let (day, before) = (yesterday(), self.units_of(yesterday()).await);
        self.operator.set("DAY", &day);
        self.operator.follow("replay-a-day").await;
        assert_eq!(self.units_of(day).await, before + 3, "yesterday counts what was late");
        self.counted("AggregationDrift").await;
        let showed = "ConsumerLag of the time since midnight; AggregationDrift when it is counted";
        self.mended("clock skew at midnight", showed, after, None, "replay-a-day").await;
    }

    /// Has an order written in an environment with this time, and waits until it can be counted.
    async fn sell_by_the_clock(&self, millis: i64) {
        let order = Box::pin(self.order_by_the_clock(millis)).await;
        let counted = async || Stored::read(&self.shop).await.has_fact(&order).then_some(());
        eventually("the fact of yesterday's order", PIPELINE, counted).await;
    }

    /// Yesterday's totals of the product.
    async fn units_of(&self, day: jiff::civil::Date) -> i64 {
        let rows = self.shop.admin().all(&format!("/v1/admin/stats/daily?date={day}"), 100).await;
        let row = rows.iter().find(|row| row["product_id"] == self.product.as_str());
        row.map_or(0, |row| row["units_sold"].as_i64().unwrap())
    }

    /// An order of three units by place-order's own code, in an environment with this time.
    async fn order_by_the_clock(&self, millis: i64) -> String {
        let table = |name: &str| self.shop.table(name);
        let tables = Tables {
            balances: table("balances"),
            products: table("products"),
            coupons: table("coupons"),
            user_coupons: table("user-coupons"),
            orders: table("orders"),
            events: table("events"),
            sales: table("sales"),
            staff_actions: table("staff-actions"),
        };
        let store = Store::new(self.shop.db().clone(), tables);
        let now = sijang_domain::Timestamp::from_millis(millis).unwrap();
        let cart = Cart::new([(self.product.parse().unwrap(), 3, None)]).unwrap();
        let command = Command {
            user: UserId::parse(self.customer.name()).unwrap(),
            operation: "place-order",
            key: IdempotencyKey::parse(&format!("by-the-clock-{millis}")).unwrap(),
            fingerprint: Fingerprint::of(&(&cart, None::<sijang_domain::CouponId>)),
            time: RequestTime { now, deadline: Instant::now() + Duration::from_mins(1) },
            request_id: format!("request-{millis}"),
            trace: None,
            reason: None,
        };
        store.place_order(&command, &cart, None).await.unwrap().value.order_id.to_string()
    }

    /// Somebody writes a tenth of the price into the table, without the shop's code; warm environments cache it soon.
    async fn wrong_price(&mut self) {
        self.break_something();
        let update = self.shop.db().update_item().table_name(self.shop.table("products"));
        let update = update.key("product_id", AttributeValue::S(self.product.clone()));
        let update = update.key("sk", AttributeValue::S("STOCK#0".to_owned())).update_expression("SET price = :price");
        update.expression_attribute_values(":price", AttributeValue::N((PRICE / 10).to_string())).send().await.unwrap();
        let mut quoted = order(&self.product, 1);
        quoted["lines"][0]["unit_price"] = krw(PRICE);
        self.customer.order(&quoted).await.problem(409, "price-changed");
        let paid = self.customer.order(&order(&self.product, 1)).await.value(201);
        assert_eq!(paid["paid_price"], krw(PRICE / 10), "what is stored is charged");
        self.logged(r#""Code":"price-changed""#).await;
        self.counted("Rejections").await;
        let after = self.began.elapsed().as_secs_f64();
        self.operator.set("PRODUCT", &self.product);
        self.operator.set("PRICE", &PRICE);
        let said = self.operator.follow("wrong-price").await;
        assert!(said.contains(&format!("\"price\":{}", krw(PRICE))), "{said}");
        // In every environment that has cached the wrong price, and more than once.
        for _ in 0..8 {
            let paid = self.customer.order(&order(&self.product, 1)).await.value(201);
            assert_eq!(paid["paid_price"], krw(PRICE));
            self.customer.order(&quoted).await.value(201);
        }
        let showed = "409 price-changed; Rejections by code";
        self.mended("wrong price in warm environments", showed, after, None, "wrong-price").await;
    }

    /// Facts cannot be written for a while: every event of that time goes to the DLQ.
    async fn many_dlq_messages(&mut self) {
        self.break_something();
        self.faults.plan(Plan::new(|call| {
            if call.operation == "BatchWriteItem" { Fault::InternalError.into() } else { Fault::None.into() }
        }));
        let unlucky = join_all((0..30).map(|_| self.place())).await;
        // Or more: a message that was delivered twice goes there twice.
        let dead = async || (self.shop.waiting(DLQ).await[0].parse::<usize>().unwrap() >= 30).then_some(());
        eventually("thirty DLQ messages", PIPELINE, dead).await;
        let after = self.alarm("DlqMessagesAlarm", 0).await;
        self.logged("facts not written").await;
        self.faults.plan(Plan::none());
        let said = self.operator.follow("dlq-messages").await;
        assert!(said.contains("DLQ messages moved to the queue"), "{said}");
        let showed = "log: facts not written; 30 DLQ messages";
        self.mended("dead-letter queue full", showed, after, Some("DlqMessagesAlarm"), "dlq-messages").await;
        let stored = Stored::read(&self.shop).await;
        assert!(unlucky.iter().all(|order| stored.has_fact(order)));
    }

    /// Somebody writes into yesterday's totals, past the shop.
    async fn spoilt_total(&mut self) {
        self.break_something();
        let update = self.shop.db().update_item().table_name(self.shop.table("sales"));
        let update = update.key("pk", AttributeValue::S(format!("DAY#{}", yesterday())));
        let update = update.key("sk", AttributeValue::S(self.product.clone()));
        let update =
            update.update_expression("SET #units = #units + :one").expression_attribute_names("#units", "units");
        update.expression_attribute_values(":one", AttributeValue::N("1".to_owned())).send().await.unwrap();
        assert_eq!(reconcile(&self.shop, yesterday()).await, json!(["total-differs"]));
        let after = self.alarm("ReconciliationFindingsAlarm", 0).await;
        self.operator.set("DAY", &yesterday());
        let said = self.operator.follow("reconciliation-findings").await;
        assert!(said.contains("total-differs"), "{said}");
        let showed = "log of reconcile-day: total-differs; ReconciliationFindings";
        self.mended(
            "a day's total spoilt",
            showed,
            after,
            Some("ReconciliationFindingsAlarm"),
            "reconciliation-findings",
        )
        .await;
    }

    /// The table, straight to the terminal: it is to be seen when the trial passes, too.
    fn print(&self) {
        let mut text =
            "| broken | showed | after | alarm | runbook | reconciliation |\n|---|---|---|---|---|---|\n".to_owned();
        for row in &self.table {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}

fn yesterday() -> jiff::civil::Date {
    seoul::day(Timestamp::now()).yesterday().unwrap()
}
