//! Orders: how they are stored and read. Placing and cancelling one has a file of its own each.

mod cancel;
mod place;

use serde::{Deserialize, Serialize};
use sijang_domain::{Error, Order, OrderId, OrderStatus, Page, Position, Rejection, RequestTime, UserId};

use crate::{
    Item, Store,
    dynamodb::{
        query::Query,
        transaction::{from_item, key},
    },
    order_record::OrderRecord,
};

#[derive(Serialize, Deserialize)]
pub(crate) struct OrderRow {
    user_id: String,
    order_id: OrderId,
    order: OrderRecord,
}

/// The order of an item.
pub(crate) fn order_of(item: Item) -> Result<Order, Error> {
    from_item::<OrderRow>("order", item)?.order.order()
}

impl Store {
    /// An order of this user.
    ///
    /// # Errors
    /// [`Rejection::OrderNotFound`], also for another user's order.
    pub async fn order(&self, user: &UserId, order_id: OrderId) -> Result<Order, Error> {
        let key = key([("user_id", user.to_string()), ("order_id", order_id.to_string())]);
        let item = self.get(&self.tables.orders, key, true).await?.ok_or(Rejection::OrderNotFound)?;
        order_of(item)
    }

    /// The orders of a user, newest first, filtered by status if one is given. A page may end early.
    pub async fn orders(
        &self,
        user: &UserId,
        status: Option<OrderStatus>,
        limit: usize,
        after: Option<Position>,
        time: RequestTime,
    ) -> Result<Page<Order>, Error> {
        let query = Query {
            table: &self.tables.orders,
            condition: "user_id = :user",
            values: vec![(":user", user.to_string())],
            after: after.map(|after| key([("user_id", user.to_string()), ("order_id", after.0)])),
            newest_first: true,
            consistent: true,
            ..Query::default()
        };
        let position = |order: &Order| Position(order.order_id.to_string());
        self.select_page(query, (limit, time), ("order_id", position), |item| {
            let order = order_of(item)?;
            Ok(status.is_none_or(|status| order.status == status).then_some(order))
        })
        .await
    }
}
