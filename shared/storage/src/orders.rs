//! Orders: placing one is a single transaction over stock, coupon, balance, ledger, order and event.

use serde::{Deserialize, Serialize};
use sijang_domain::{
    Answered, Cart, Command, CouponFinding, CouponId, EntryId, EntryType, Error, Findings, Moment, Money, Order,
    OrderId, OrderLine, OrderStatus, Page, Position, Prices, ProductId, Quantity, Refusal, SignedMoney, Timestamp,
    UserId, Verdict,
};

use crate::{
    Item, Store,
    balances::BalanceFinding,
    command::{in_time, random},
    coupons::coupon_finding,
    events::recorded,
    page::Query,
    stock::Sale,
    transaction::{Change, Condition, Outcome, Transaction, backoff, from_item, key},
};

/// An order in its compact form, for the orders table and for events: items up to 1 KB cost the least.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OrderRecord {
    id: OrderId,
    status: OrderStatus,
    lines: Vec<LineRecord>,
    /// List price, KRW minor units.
    list: i64,
    /// Discount, KRW minor units.
    off: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    coupon: Option<CouponId>,
    /// When it was paid, milliseconds since the epoch.
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<i64>,
}

/// Product, quantity, unit price.
#[derive(Debug, Serialize, Deserialize)]
struct LineRecord {
    p: ProductId,
    q: u32,
    u: i64,
}

impl OrderRecord {
    pub(crate) fn of(order: &Order) -> Self {
        let line =
            |line: &OrderLine| LineRecord { p: line.product_id, q: line.quantity.units(), u: line.unit_price.minor() };
        Self {
            id: order.order_id,
            status: order.status,
            lines: order.lines.iter().map(line).collect(),
            list: order.list_price.minor(),
            off: order.discount.minor(),
            coupon: order.coupon_id,
            at: order.paid_at.millis(),
            cancelled_at: order.cancelled_at.map(Timestamp::millis),
        }
    }

    pub(crate) fn order(self) -> Result<Order, Error> {
        let corrupt = |_| Error::corrupt("order", "a value is out of range");
        let line = |line: LineRecord| {
            let (quantity, unit_price) = (Quantity::new(line.q.into())?, Money::new(line.u)?);
            Ok(OrderLine { product_id: line.p, quantity, unit_price })
        };
        let lines = self.lines.into_iter().map(line).collect::<Result<_, _>>().map_err(corrupt)?;
        let time = |at| Timestamp::from_millis(at).map_err(corrupt);
        Ok(Order {
            order_id: self.id,
            status: self.status,
            lines,
            list_price: Money::new(self.list).map_err(corrupt)?,
            discount: Money::new(self.off).map_err(corrupt)?,
            paid_price: Money::new(self.list - self.off).map_err(corrupt)?,
            coupon_id: self.coupon,
            paid_at: time(self.at)?,
            cancelled_at: self.cancelled_at.map(time).transpose()?,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct OrderRow {
    user_id: String,
    order_id: OrderId,
    order: OrderRecord,
}

/// The order of an item.
pub(crate) fn order_of(item: Item) -> Result<Order, Error> {
    from_item::<OrderRow>("order", item)?.order.order()
}

/// The most draws from shards that one transaction has room for, beside event, balance, coupon, ledger and order.
const MOST_DRAWS: usize = 100 - 5;

/// The sale that is scattered most, when there are more draws than one transaction has room for.
fn too_scattered(sales: &[Sale]) -> Option<&Sale> {
    let draws: usize = sales.iter().map(|sale| sale.draws.len()).sum();
    sales.iter().max_by_key(|sale| sale.draws.len()).filter(|_| draws > MOST_DRAWS)
}

/// What becomes of an order that was not written.
enum Unwritten {
    /// It was accepted when it was sent before.
    Replay(Order),
    /// Nothing speaks against it: to be tried at these prices.
    Retry(Prices),
}

impl Store {
    /// Places an order and pays it from the balance: everything or nothing.
    ///
    /// The prices are the cart's quotes, or what is remembered; the transaction checks them. In a warm environment this
    /// is one call. A stale price that was not quoted is corrected from what the failed transaction brought back.
    pub async fn place_order(
        &self,
        command: &Command,
        cart: &Cart,
        coupon_id: Option<CouponId>,
    ) -> Result<Answered<Order>, Error> {
        let Moment { now, deadline } = command.moment;
        let coupon = match coupon_id {
            Some(coupon_id) => self.campaign(coupon_id).await?,
            None => None,
        };
        let mut prices = self.cart_prices(cart).await?;
        let order_id = OrderId::new(now, random());
        let (mut last_entry, mut waits, mut counted_last) = (None, backoff(), true);
        loop {
            let order = if coupon_id.is_some() && coupon.is_none() {
                Err(Refusal::UnknownCoupon)
            } else {
                let terms = coupon.as_ref().map(|campaign| (campaign.coupon_id, &campaign.terms));
                Order::paid(order_id, cart, &prices, terms, now)
            };
            let (order, sales) = match (order, self.sales(cart)) {
                (Ok(order), Some(sales)) => (order, sales),
                (order, _) => match self.unwritten(command, cart, &prices, order.err()).await? {
                    Unwritten::Replay(order) => return Ok(Answered::replay(order)),
                    Unwritten::Retry(current) => {
                        prices = current;
                        in_time(command.moment)?;
                        continue;
                    }
                },
            };
            if let Some(scattered) = too_scattered(&sales) {
                self.gather(scattered, command.moment).await?;
                continue;
            }
            let entry = EntryId::following(last_entry, now, random());
            let transaction = self.purchase(command, &order, &sales, entry)?;
            let conditions = match self.commit_or_give_way(transaction, &mut waits, deadline).await? {
                Some(Outcome::Committed) => {
                    for line in &order.lines {
                        self.memory.prices.insert(line.product_id, line.unit_price);
                    }
                    return Ok(Answered::new(order));
                }
                Some(Outcome::Cancelled(conditions)) => conditions,
                // Other shards may be free.
                None => continue,
            };
            let mut conditions = conditions.into_iter();
            if let Some(Condition::Failed(event)) = conditions.next() {
                return Ok(Answered::replay(recorded(event, &command.fingerprint)?.order()?));
            }
            // Counting takes a read of every shard: only a second failure is worth it.
            if counted_last && self.may_be_elsewhere(&sales, conditions.as_slice())? {
                counted_last = false;
                in_time(command.moment)?;
                continue;
            }
            counted_last = true;
            let (lines, counted) = self.sale_findings(&sales, &mut conditions, command.moment).await?;
            let mut next = || conditions.next().unwrap_or(Condition::Held);
            let short_balance = match next() {
                Condition::Held => None,
                Condition::Failed(item) => {
                    let seen = BalanceFinding::read(item)?;
                    last_entry = seen.last.or(last_entry);
                    Some((seen.balance, order.paid_price))
                }
            };
            let coupon = if coupon_id.is_some() { coupon_finding(next())? } else { CouponFinding::Held };
            match cart.judge(&Findings { lines, coupon, short_balance }, &prices, now) {
                // What was counted was counted after the transaction, which another of this request may have followed.
                Verdict::Refuse(refusal) if counted => {
                    return Ok(Answered::replay(self.recorded_or_refused(command, refusal).await?.order()?));
                }
                Verdict::Refuse(refusal) => return Err(refusal.into()),
                Verdict::Retry(current) => prices = current,
            }
            in_time(command.moment)?;
        }
    }

    /// What becomes of an order that is believed to be refused: the products are read as they are, unless they were just
    /// seen to be sold out, and nothing is written. What is wrong with them is refused first, as a transaction would have shown it; then what else speaks
    /// against the order, if it was priced right. Last of all, whether the order was accepted when it was sent before:
    /// what is read of it after the stock cannot have been the reason why the stock is short.
    async fn unwritten(
        &self,
        command: &Command,
        cart: &Cart,
        prices: &Prices,
        otherwise: Option<Refusal>,
    ) -> Result<Unwritten, Error> {
        let products: Vec<_> = cart.lines().iter().map(|line| line.product_id).collect();
        let lines = self.believed_findings(&products, command.moment).await?;
        let findings = Findings { lines, coupon: CouponFinding::Held, short_balance: None };
        let refusal = match (cart.judge(&findings, prices, command.moment.now), otherwise) {
            (Verdict::Refuse(refusal), _) => refusal,
            (Verdict::Retry(current), Some(refusal)) if current == *prices => refusal,
            (Verdict::Retry(current), _) => return Ok(Unwritten::Retry(current)),
        };
        Ok(Unwritten::Replay(self.recorded_or_refused(command, refusal).await?.order()?))
    }

    /// The prices that the cart believes in: its quotes, and what is remembered or read for the rest.
    async fn cart_prices(&self, cart: &Cart) -> Result<Prices, Error> {
        let unquoted = cart.lines().iter().filter(|line| line.quote.is_none()).map(|line| line.product_id);
        let mut prices = self.prices(unquoted).await?;
        prices.extend(cart.lines().iter().filter_map(|line| Some((line.product_id, line.quote?))));
        Ok(prices)
    }

    /// The transaction of an order. What can fail stands in the order in which it is judged, after the event: stock,
    /// balance, coupon.
    fn purchase(&self, command: &Command, order: &Order, sales: &[Sale], entry: EntryId) -> Result<Transaction, Error> {
        let tables = &self.tables;
        let mut transaction = Transaction::with_order_event(&tables.events, command, order)?;
        for (line, sale) in order.lines.iter().zip(sales) {
            transaction.sell(&tables.products, sale, line.unit_price)?;
        }
        transaction.pay(&tables.balances, &command.user, entry, order.paid_price)?;
        if let Some(coupon_id) = order.coupon_id {
            transaction.use_coupon(&tables.user_coupons, &command.user, coupon_id, order)?;
        }
        let payment = (EntryType::Payment, SignedMoney::debit(order.paid_price));
        transaction.enter(&tables.balances, command, entry, payment, Some(order.order_id))?;
        let row =
            OrderRow { user_id: command.user.to_string(), order_id: order.order_id, order: OrderRecord::of(order) };
        transaction.put_new(&tables.orders, &row, "order_id")?;
        Ok(transaction)
    }

    /// An order of this user. Another's is not there.
    pub async fn order(&self, user: &UserId, order_id: OrderId) -> Result<Order, Error> {
        let key = key([("user_id", user.to_string()), ("order_id", order_id.to_string())]);
        let item = self.get(&self.tables.orders, key, true).await?.ok_or(Refusal::OrderNotFound)?;
        order_of(item)
    }

    /// The orders of a user, newest first; with a status, only those.
    pub async fn orders(
        &self,
        user: &UserId,
        status: Option<OrderStatus>,
        limit: usize,
        after: Option<Position>,
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
        let orders = self
            .select(query, limit + 1, |item| {
                let order = order_of(item)?;
                Ok(status.is_none_or(|status| order.status == status).then_some(order))
            })
            .await?;
        Ok(Page::cut(orders, limit, |order| Position(order.order_id.to_string())))
    }

    /// Cancels an order: the money, the units and the coupon are given back, all or nothing.
    pub async fn cancel_order(&self, command: &Command, order_id: OrderId) -> Result<Answered<Order>, Error> {
        let Moment { now, deadline } = command.moment;
        let paid = self.order(&command.user, order_id).await?;
        let order = match paid.cancelled(now) {
            Ok(order) => order,
            Err(refusal) => return Ok(Answered::replay(self.recorded_or_refused(command, refusal).await?.order()?)),
        };
        let mut last_entry = None;
        loop {
            let entry = EntryId::following(last_entry, now, random());
            let transaction = self.cancellation(command, &order, entry)?;
            let conditions = match self.commit(transaction, deadline).await? {
                Outcome::Committed => return Ok(Answered::new(order)),
                Outcome::Cancelled(conditions) => conditions,
            };
            let mut conditions = conditions.into_iter();
            if let Some(Condition::Failed(event)) = conditions.next() {
                return Ok(Answered::replay(recorded(event, &command.fingerprint)?.order()?));
            }
            if let Some(Condition::Failed(_)) = conditions.next() {
                return Err(Refusal::OrderAlreadyCancelled.into());
            }
            match conditions.next() {
                Some(Condition::Failed(Some(item))) => last_entry = BalanceFinding::read(Some(item))?.last,
                _ => return Err(Error::corrupt("order", "what it took cannot be given back")),
            }
            in_time(command.moment)?;
        }
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
            .number(":now", command.moment.now.millis())
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

#[cfg(test)]
mod tests {
    use sijang_domain::{Draw, ShardCount};

    use super::*;

    fn sale(draws: usize) -> Sale {
        let draws = vec![Draw { shard: 0, units: 1 }; draws];
        Sale { product_id: "01M7Y1G093S7S47G54PPTC4D6G".parse().unwrap(), count: ShardCount::ALL, draws }
    }

    #[test]
    fn a_transaction_has_room_for_95_draws_and_the_largest_sale_makes_way() {
        assert!(too_scattered(&[sale(40), sale(55)]).is_none());
        assert_eq!(too_scattered(&[sale(40), sale(55), sale(1)]).map(|sale| sale.draws.len()), Some(55));
    }
}
