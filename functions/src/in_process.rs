//! The functions in the process of a test, which wants thousands of answers in a second: an event in, the answer of the
//! deployed handler out. Only the store's connection is the caller's.

use aws_lambda_events::event::{dynamodb::Event as StreamEvent, sqs::SqsEvent};
use serde_json::Value;
use sijang_domain::{CancellationPeriod, DepositLimits, Money};
use sijang_edge::{CursorKey, Error, time_of_worker};
use sijang_storage::{OrderEvents, Store};

use crate::{
    events::{finish_commands, publish_order_events},
    statistics::{aggregate_daily_stats, record_sales},
};

/// The store, the queue and the limits that the functions work with. [`Shop::answer`] calls the operations of the API.
pub struct Shop {
    pub(crate) store: Store,
    pub(crate) cursors: CursorKey,
    pub(crate) limits: DepositLimits,
    pub(crate) balance_max: Money,
    pub(crate) period: CancellationPeriod,
    queue: OrderEvents,
}

impl Shop {
    /// A shop on this store and queue, with the limits of the template; nothing when the key for cursors is too short.
    pub fn new(store: Store, queue: OrderEvents, cursor_key: &str) -> Option<Self> {
        let money = |minor| Money::new(minor).ok();
        let balance_max = money(10_000_000)?;
        let limits = DepositLimits { min: money(100)?, max: money(1_000_000)?, balance_max };
        let period = CancellationPeriod::of_days(7);
        Some(Self { store, cursors: CursorKey::new(cursor_key.to_owned())?, limits, balance_max, period, queue })
    }

    /// The outbox relay's response to a batch of the stream; an error when it is none.
    pub async fn publish(&self, batch: &[u8]) -> Result<Value, Error> {
        let batch: StreamEvent = serde_json::from_slice(batch)?;
        Ok(serde_json::to_value(publish_order_events::publish(&self.queue, batch).await?)?)
    }

    /// The response of the worker that finishes commands of staff to a batch of the stream; an error when it is none.
    pub async fn finish(&self, batch: &[u8]) -> Result<Value, Error> {
        let batch: StreamEvent = serde_json::from_slice(batch)?;
        Ok(serde_json::to_value(finish_commands::finish(&self.store, batch).await?)?)
    }

    /// The consumer's response to a batch of messages; an error when it is none.
    pub async fn record(&self, batch: &[u8]) -> Result<Value, Error> {
        let batch: SqsEvent = serde_json::from_slice(batch)?;
        let time = time_of_worker(record_sales::PATIENCE)?;
        Ok(serde_json::to_value(record_sales::record(&self.store, batch, time).await?)?)
    }

    /// The aggregator's response to a task; an error when it is none.
    pub async fn aggregate(&self, task: &[u8]) -> Result<Value, Error> {
        let (task, time) = (serde_json::from_slice(task)?, time_of_worker(aggregate_daily_stats::DRAINING)?);
        Ok(serde_json::to_value(aggregate_daily_stats::aggregate(&self.store, &self.queue, task, time).await?)?)
    }
}
