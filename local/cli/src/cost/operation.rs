//! The cost of an operation, part by part.

use serde_json::{Value, json};

use super::{
    budget::Row,
    prices::{GATEWAY, GIGABYTE_SECOND, INVOCATION, Price, QUEUE, READ, WRITE},
};

/// The memory of a function in gigabytes: the template's 256 MB.
const MEMORY: f64 = 0.25;
/// How long a function is billed for each call that it makes, in seconds. An assumption.
const CALL: f64 = 0.010;
/// The most messages in one call of a queue.
const MESSAGES: f64 = 10.0;
/// Daily runs that read a fact: it is in the window of three days.
const DAILY_RUNS: f64 = 3.0;
/// Read units of a fact, read consistently as part of a page: a quarter of a kilobyte.
const FACT_READ: f64 = 0.25 / 4.0;

/// Billionths of a dollar, by item of the bill.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    pub(super) gateway: f64,
    pub(super) functions: f64,
    pub(super) writes: f64,
    pub(super) reads: f64,
    pub(super) queue: f64,
}

impl Cost {
    /// A request that reaches a function, with the units of the budget.
    pub fn of_request(row: &Row) -> Self {
        Self {
            gateway: GATEWAY.nanodollars,
            functions: run(row.calls),
            writes: times(row.writes, WRITE),
            reads: times(row.reads, READ),
            queue: 0.0,
        }
    }

    /// The way of one event to its counted fact, when relay and consumer get `batch` of them at once. (Lambda reads
    /// streams for nothing.)
    pub fn of_event(batch: f64) -> Self {
        Self::of_message(batch).and(Self {
            functions: run(batch / MESSAGES.min(batch)) / batch,
            queue: times(1.0 / MESSAGES.min(batch), QUEUE),
            ..Self::default()
        })
    }

    /// The way of one message from its queue to its counted fact.
    fn of_message(batch: f64) -> Self {
        Self {
            functions: run(1.0) / batch,
            // Received, and deleted.
            queue: times(2.0 / MESSAGES.min(batch), QUEUE),
            writes: times(1.0, WRITE),
            reads: times(DAILY_RUNS * FACT_READ, READ),
            ..Self::default()
        }
    }

    /// An order of `lines` lines in the design that comes to mind first: an idempotency table beside it (a conditional
    /// put before, an update with the answer after), one read of prices and balance, a transaction of stock, balance,
    /// ledger and order, and then the event sent to the queue.
    pub fn of_obvious_order(lines: f64, batch: f64) -> Self {
        let calls = 5.0;
        let sent = Self { queue: QUEUE.nanodollars, ..Self::default() };
        let row = Row {
            route: String::new(),
            outcome: String::new(),
            calls,
            reads: lines + 1.0,
            writes: 1.0 + 2.0 * (lines + 3.0) + 1.0,
        };
        Self::of_request(&row).and(sent).and(Self::of_message(batch))
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            gateway: self.gateway + other.gateway,
            functions: self.functions + other.functions,
            writes: self.writes + other.writes,
            reads: self.reads + other.reads,
            queue: self.queue + other.queue,
        }
    }

    /// The parts and the total, in US dollars for a million.
    pub(super) fn dollars_a_million(self) -> Value {
        let dollars = |nanodollars: f64| nanodollars / 1_000.0;
        json!({
            "gateway": dollars(self.gateway),
            "functions": dollars(self.functions),
            "writes": dollars(self.writes),
            "reads": dollars(self.reads),
            "queue": dollars(self.queue),
            "total": dollars(self.total()),
        })
    }

    /// All of it.
    pub fn total(self) -> f64 {
        self.gateway + self.functions + self.writes + self.reads + self.queue
    }
}

/// An invocation that makes so many calls.
fn run(calls: f64) -> f64 {
    INVOCATION.nanodollars + times(calls * CALL * MEMORY, GIGABYTE_SECOND)
}

fn times(number: f64, price: Price) -> f64 {
    number * price.nanodollars
}
