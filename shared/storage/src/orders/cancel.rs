//! Cancelling an order: money, stock and coupon are given back in one transaction.

use sijang_domain::{
    CancellationPeriod, Command, EntryId, EntryType, Error, Idempotent, Order, OrderId, Rejection, SignedMoney,
};

use crate::{
    Store,
    balances::BalanceSnapshot,
    deadline::check_deadline,
    dynamodb::transaction::{Change, Condition, Transaction, key},
    idempotency::Commit,
    random::random,
};

impl Store {
    /// Cancels an order: money, units and coupon are given back, all or nothing.
    ///
    /// # Errors
    /// The rejections that [`sijang_domain::Order::cancelled`] gives, and that of an order which the user does not have.
    pub async fn cancel_order(
        &self,
        command: &Command,
        order_id: OrderId,
        period: CancellationPeriod,
    ) -> Result<Idempotent<Order>, Error> {
        let attempt = async {
            let order = self.order(&command.user, order_id).await?.cancelled(command.time.now, period)?;
            let mut last_entry = None;
            loop {
                let entry = EntryId::following(last_entry, command.time.now, random());
                let transaction = self.cancellation(command, &order, entry)?;
                let mut conditions = match self.commit_command(transaction, command, order.clone()).await? {
                    Commit::Done(order) => return Ok(order),
                    Commit::Failed(conditions) => conditions,
                };
                if let Some(Condition::Failed(_)) = conditions.next() {
                    return Err(Rejection::OrderAlreadyCancelled.into());
                }
                match conditions.next() {
                    Some(Condition::Failed(Some(item))) => last_entry = BalanceSnapshot::read(Some(item))?.last,
                    _ => return Err(Error::corrupt("order", "what it took cannot be given back")),
                }
                check_deadline(command.time)?;
            }
        };
        self.one_answer(command, attempt).await
    }

    /// The transaction of a cancellation. What can fail stands first, after the event: order, balance.
    fn cancellation(&self, command: &Command, order: &Order, entry: EntryId) -> Result<Transaction, Error> {
        let tables = &self.tables;
        let mut transaction = Transaction::with_order_event(&tables.events, command, order)?;
        let key = key([("user_id", command.user.to_string()), ("order_id", order.order_id.to_string())]);
        let set = "SET #order.#status = :cancelled, #order.cancelled_at = :now";
        let change = Change::to(&tables.orders, key, set)
            .when("#order.#status = :paid")
            .name("#order", "order")
            .name("#status", "status")
            .number(":now", command.time.now.millis())
            .text(":paid", "PAID")
            .text(":cancelled", "CANCELLED");
        transaction.update(change)?;
        transaction.refund(&tables.balances, &command.user, entry, order.paid_price)?;
        for line in &order.lines {
            transaction.restock(&tables.products, line.product_id, line.quantity)?;
        }
        if let Some(coupon_id) = order.coupon_id {
            transaction.return_coupon(&tables.user_coupons, &command.user, coupon_id, order)?;
        }
        let refund = (EntryType::Refund, SignedMoney::credit(order.paid_price));
        transaction.enter(&tables.balances, command, entry, refund, Some(order.order_id))?;
        Ok(transaction)
    }
}
