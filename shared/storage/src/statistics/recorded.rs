//! Orders found by their facts: one by its id, and those of a day. An order's id has the instant of the payment, which is
//! the day of its facts, and the shard follows from the id. So no index is needed.

use futures::future::try_join_all;
use sijang_domain::{
    Day, Error, Order, OrderId, OrderStatus, Page, Position, RecordedOrder, RecordedOrderFilter, Rejection, SaleFact,
    ShardFacts, UserId, event_id,
};

use crate::{
    Store,
    dynamodb::{
        query::Query,
        transaction::{from_item, key},
    },
    statistics::{FactRow, fact_partition},
};

/// How many facts one page reads of each shard when it is filtered.
const MOST_OF_A_SHARD: usize = 60;

impl Store {
    /// An order of any customer, and whose it is.
    ///
    /// # Errors
    /// [`Rejection::OrderNotFound`], also for an order whose fact is not recorded yet, or was recorded by the first release,
    /// which did not say whose the order is.
    pub async fn order_of_any_customer(&self, order_id: OrderId) -> Result<(UserId, Order), Error> {
        let day = order_id.day().ok_or(Rejection::OrderNotFound)?;
        let partition = fact_partition(day, SaleFact::shard_of(order_id));
        let fact = key([("pk", partition), ("sk", event_id(order_id, OrderStatus::Paid))]);
        let fact = self.get(&self.tables.sales, fact, false).await?.ok_or(Rejection::OrderNotFound)?;
        let user = from_item::<FactRow>("fact", fact)?.user.ok_or(Rejection::OrderNotFound)?;
        let order = self.order(&user, order_id).await?;
        Ok((user, order))
    }

    /// A page of the orders of a day that pass a filter, the newest first, as far as their facts are recorded. It reads a
    /// bounded number of facts of each shard at once, and can end early.
    pub async fn orders_of_day(
        &self,
        day: Day,
        filter: &RecordedOrderFilter,
        limit: usize,
        after: Option<Position>,
    ) -> Result<Page<RecordedOrder>, Error> {
        // A shard has an eighth of the orders. Twice as many facts make a short page improbable.
        let facts = if filter.is_empty() { limit / 4 + ShardFacts::LEAST } else { MOST_OF_A_SHARD };
        let after = after.map(|after| after.0.parse::<OrderId>()).transpose();
        let after = after.map_err(|_| Error::corrupt("position", "not of an order"))?;
        let shards = (0..SaleFact::SHARDS).map(|shard| self.newest_facts(day, shard, facts, after));
        RecordedOrder::page(try_join_all(shards).await?, filter, limit)
    }

    /// Up to so many facts of a shard, the newest orders first; of orders that are older than `after`, if it is given.
    async fn newest_facts(
        &self,
        day: Day,
        shard: u8,
        most: usize,
        after: Option<OrderId>,
    ) -> Result<ShardFacts, Error> {
        let partition = fact_partition(day, shard);
        // Of the facts of an order, that of the cancellation sorts first.
        let start = |after| key([("pk", partition.clone()), ("sk", event_id(after, OrderStatus::Cancelled))]);
        let query = Query {
            table: &self.tables.sales,
            condition: "pk = :pk",
            values: vec![(":pk", partition.clone())],
            after: after.map(start),
            newest_first: true,
            ..Query::default()
        };
        let read = |item| Ok(Some(from_item::<FactRow>("fact", item)?.placed(day, shard)?.fact));
        let facts = self.select(query, most, read).await?;
        Ok(ShardFacts { has_more: facts.len() >= most, facts })
    }
}
