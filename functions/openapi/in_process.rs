//! Every function in this process, for tests that want thousands of answers in a second: an event in, what the function
//! makes of it out. The handlers are those that are deployed; only the store's connection is the caller's.

use aws_lambda_events::event::{dynamodb::Event as StreamEvent, sqs::SqsEvent};
use serde_json::Value;
use sijang_domain::{CancellationPeriod, DepositLimits, Money};
use sijang_edge::{CursorKey, Event, Invocation, Response, respond, time_of_worker};
use sijang_storage::{OrderEvents, Store};

#[path = "../statistics/aggregate-daily-stats.rs"]
#[allow(dead_code)] // its `main` is not called here
mod aggregate_daily_stats;
#[path = "../events/finish-commands.rs"]
#[allow(dead_code)]
mod finish_commands;
#[path = "../events/publish-order-events.rs"]
#[allow(dead_code)]
mod publish_order_events;
#[path = "../statistics/record-sales.rs"]
#[allow(dead_code)]
mod record_sales;

/// What the functions work with.
pub struct Shop {
    store: Store,
    queue: OrderEvents,
    cursors: CursorKey,
    limits: DepositLimits,
    period: CancellationPeriod,
}

impl Shop {
    /// A shop on this store and queue, with the limits of the template.
    ///
    /// # Errors
    /// When the key for cursors is too short.
    pub fn new(store: Store, queue: OrderEvents, cursor_key: &str) -> Option<Self> {
        let money = |minor| Money::new(minor).ok();
        let limits = DepositLimits { min: money(100)?, max: money(1_000_000)?, balance_max: money(10_000_000)? };
        let period = CancellationPeriod::of_days(7);
        Some(Self { store, queue, cursors: CursorKey::new(cursor_key.to_owned())?, limits, period })
    }

    /// What the function of an operation answers; nothing when there is no such operation.
    pub async fn answer(&self, operation: &str, event: Event) -> Option<Response> {
        let Self { store, cursors, limits, period, .. } = self;
        let balance_max = &limits.balance_max;
        macro_rules! answers {
            ($($name:literal $module:ident($($with:ident),*))*) => {
                match operation {
                    $($name => {
                        let handle = |request| crate::$module::handle(store, $($with,)* request);
                        Some(respond(handle, event, Invocation::new("in-process", None, 0)).await)
                    })*
                    _ => None,
                }
            };
        }
        if operation == "get-health" {
            return Some(respond(crate::get_health::handle, event, Invocation::new("in-process", None, 0)).await);
        }
        answers! {
            "adjust-balance" adjust_balance(balance_max)
            "adjust-stock" adjust_stock()
            "cancel-customer-order" cancel_customer_order()
            "cancel-order" cancel_order(period)
            "create-coupon" create_coupon()
            "create-product" create_product()
            "deposit-balance" deposit_balance(limits)
            "end-coupon" end_coupon()
            "find-order" find_order()
            "get-balance" get_balance()
            "get-customer-balance" get_customer_balance()
            "get-daily-stats" get_daily_stats(cursors)
            "get-order" get_order()
            "get-product" get_product()
            "issue-coupon" issue_coupon()
            "list-balance-transactions" list_balance_transactions(cursors)
            "list-campaigns" list_campaigns(cursors)
            "list-coupons" list_coupons(cursors)
            "list-customer-coupons" list_customer_coupons(cursors)
            "list-customer-ledger" list_customer_ledger(cursors)
            "list-customer-orders" list_customer_orders(cursors)
            "list-daily-totals" list_daily_totals()
            "list-day-orders" list_day_orders(cursors)
            "list-my-coupons" list_my_coupons(cursors)
            "list-orders" list_orders(cursors)
            "list-popular-products" list_popular_products()
            "list-products" list_products(cursors)
            "list-products-by-status" list_products_by_status(cursors)
            "list-staff-actions" list_staff_actions(cursors)
            "place-order" place_order()
            "reshard-coupon" reshard_coupon()
            "reshard-stock" reshard_stock()
            "update-product" update_product()
            "void-coupon" void_coupon()
        }
    }

    /// What the outbox relay makes of a batch of the stream; an error when it is none.
    pub async fn publish(&self, batch: &[u8]) -> Result<Value, sijang_edge::Error> {
        let batch: StreamEvent = serde_json::from_slice(batch)?;
        Ok(serde_json::to_value(publish_order_events::publish(&self.queue, batch).await?)?)
    }

    /// What the worker that finishes commands of staff makes of a batch of the stream; an error when it is none.
    pub async fn finish(&self, batch: &[u8]) -> Result<Value, sijang_edge::Error> {
        let batch: StreamEvent = serde_json::from_slice(batch)?;
        Ok(serde_json::to_value(finish_commands::finish(&self.store, batch).await?)?)
    }

    /// What the consumer makes of a batch of messages; an error when it is none.
    pub async fn record(&self, batch: &[u8]) -> Result<Value, sijang_edge::Error> {
        let batch: SqsEvent = serde_json::from_slice(batch)?;
        let time = time_of_worker(record_sales::PATIENCE)?;
        Ok(serde_json::to_value(record_sales::record(&self.store, batch, time).await?)?)
    }

    /// What the aggregator makes of a task; an error when it is none.
    pub async fn aggregate(&self, task: &[u8]) -> Result<Value, sijang_edge::Error> {
        let (task, time) = (serde_json::from_slice(task)?, time_of_worker(aggregate_daily_stats::DRAINING)?);
        Ok(serde_json::to_value(aggregate_daily_stats::aggregate(&self.store, &self.queue, task, time).await?)?)
    }
}
