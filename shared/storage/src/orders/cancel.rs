//! Cancelling an order, by its customer or by staff: money, stock and coupon are given back in one transaction.

use sijang_domain::{
    ActionSubject, CancellationPeriod, Command, EntryId, EntryType, Error, FieldChange, Idempotent, Order, OrderId,
    Rejection, SignedMoney, UserId,
};

use crate::{
    Store,
    balances::BalanceSnapshot,
    deadline::check_deadline,
    dynamodb::transaction::{Change, Condition, Transaction, key},
    idempotency::Commit,
    random::random,
    staff::ActionDetails,
};

/// The cancellation of a customer's order.
#[derive(Clone, Copy)]
struct Cancellation<'a> {
    command: &'a Command,
    customer: &'a UserId,
    order_id: OrderId,
    period: CancellationPeriod,
    by_staff: bool,
}

impl Store {
    /// Cancels an order of the customer who gives the command: money, units and coupon are given back, all or nothing.
    ///
    /// # Errors
    /// The rejections that [`sijang_domain::Order::cancelled`] gives, and that of an order which the user does not
    /// have.
    pub async fn cancel_order(
        &self,
        command: &Command,
        order_id: OrderId,
        period: CancellationPeriod,
    ) -> Result<Idempotent<Order>, Error> {
        let cancellation = Cancellation { command, customer: &command.user, order_id, period, by_staff: false };
        self.one_answer(command, self.cancel(&cancellation)).await
    }

    /// The same for staff: an order of this customer, however long ago it was paid.
    pub async fn cancel_customer_order(
        &self,
        command: &Command,
        customer: &UserId,
        order_id: OrderId,
    ) -> Result<Idempotent<Order>, Error> {
        command.required_reason()?;
        let period = CancellationPeriod::UNLIMITED;
        let cancellation = Cancellation { command, customer, order_id, period, by_staff: true };
        self.one_answer(command, self.cancel(&cancellation)).await
    }

    async fn cancel(&self, cancellation: &Cancellation<'_>) -> Result<Idempotent<Order>, Error> {
        let Cancellation { command, customer, order_id, period, .. } = *cancellation;
        let order = self.order(customer, order_id).await?.cancelled(command.time.now, period)?;
        let mut last_entry = None;
        loop {
            let entry = EntryId::following(last_entry, command.time.now, random());
            let transaction = self.cancellation(cancellation, &order, entry)?;
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
    }

    /// The transaction of a cancellation. Actions whose condition can fail come first, after the event: order, balance.
    fn cancellation(
        &self,
        cancellation: &Cancellation<'_>,
        order: &Order,
        entry: EntryId,
    ) -> Result<Transaction, Error> {
        let (tables, Cancellation { command, customer, by_staff, .. }) = (&self.tables, *cancellation);
        let mut transaction = Transaction::with_order_event(&tables.events, command, customer, order)?;
        let key = key([("user_id", customer.to_string()), ("order_id", order.order_id.to_string())]);
        let set = "SET #order.#status = :cancelled, #order.cancelled_at = :now";
        let change = Change::to(&tables.orders, key, set)
            .when("#order.#status = :paid")
            .name("#order", "order")
            .name("#status", "status")
            .number(":now", command.time.now.millis())
            .text(":paid", "PAID")
            .text(":cancelled", "CANCELLED");
        transaction.update(change)?;
        transaction.refund(&tables.balances, customer, entry, order.paid_price)?;
        for line in &order.lines {
            transaction.restock(&tables.products, line.product_id, line.quantity)?;
        }
        if let Some(coupon_id) = order.coupon_id {
            transaction.return_coupon(&tables.user_coupons, customer, coupon_id, order)?;
        }
        let refund = (EntryType::Refund, SignedMoney::credit(order.paid_price));
        transaction.enter(&tables.balances, (customer, command.time.now), entry, refund, Some(order.order_id))?;
        if by_staff {
            let changes = vec![
                FieldChange::from_to("status", "PAID", "CANCELLED"),
                FieldChange::by("balance", order.paid_price.minor()),
            ];
            let details = ActionDetails { subject: ActionSubject::order(customer, order.order_id), changes };
            transaction.record_action(&tables.staff_actions, command, &details)?;
        }
        Ok(transaction)
    }
}
