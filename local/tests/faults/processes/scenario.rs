//! Something that a function is to do, in a shop in which it can be done.

use sijang_testkit::{lambda::trigger::Trigger, pipeline::Stage, shop::Shop, snapshot::Snapshot};
use std::{future::Future, pin::Pin};

type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The shop as it is stored, and what starts the function.
#[derive(Clone)]
pub struct Prepared {
    pub items: Snapshot,
    /// Messages in the queue.
    pub messages: Vec<String>,
    pub trigger: Trigger,
    /// Where the order events are when the function is done.
    pub events: Stage,
}

impl Prepared {
    pub async fn new(shop: &Shop, trigger: Trigger, events: Stage) -> Self {
        Self { items: shop.snapshot().await, messages: Vec::new(), trigger, events }
    }
}

/// A scenario: its name in the table, the function, and how it is prepared.
pub struct Scenario {
    pub name: &'static str,
    pub function: &'static str,
    pub prepare: Box<dyn Fn(Shop) -> Task<Prepared> + Send + Sync>,
}

impl Scenario {
    pub fn new<F>(
        (function, name): (&'static str, &'static str),
        prepare: impl Fn(Shop) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Prepared> + Send + 'static,
    {
        Self { name, function, prepare: Box::new(move |shop| Box::pin(prepare(shop))) }
    }
}
