//! Placing an order: a single transaction over stock, coupon, balance, ledger, order and event.

use std::{sync::Arc, vec};

use sijang_domain::{
    Allocation, Campaign, Cart, Command, CouponCheck, CouponId, EntryId, EntryType, Error, Idempotent, Money, Order,
    OrderChecks, OrderDecision, OrderId, PricedVersion, Prices, Rejection, SignedMoney,
};

use crate::{
    Store,
    balances::BalanceSnapshot,
    coupons::coupon_check,
    deadline::check_deadline,
    dynamodb::transaction::{Backoff, Condition, Transaction, backoff},
    idempotency::Commit,
    order_record::OrderRecord,
    orders::OrderRow,
    products::stock::Sale,
    random::random,
};

/// The most allocations that one transaction has room for, beside event, balance, coupon, ledger and order.
const MAX_ALLOCATIONS: usize = 100 - 5;

/// Sales that fit into one transaction. While they do not, the one with the most allocations takes all of its units from
/// the first shard. Returns the first of those sales, too: its units are to be gathered, unless something else rejects
/// the order.
fn fitting(mut sales: Vec<Sale>) -> (Vec<Sale>, Option<Sale>) {
    let mut scattered = None;
    while sales.iter().map(|sale| sale.allocations.len()).sum::<usize>() > MAX_ALLOCATIONS {
        let Some(largest) = sales.iter_mut().max_by_key(|sale| sale.allocations.len()) else { break };
        let whole = vec![Allocation { shard: 0, units: largest.units() }];
        let whole = Sale { allocations: whole, ..largest.clone() };
        scattered.get_or_insert(std::mem::replace(largest, whole));
    }
    (sales, scattered)
}

impl Store {
    /// Places an order and pays it from the balance: everything or nothing.
    ///
    /// The prices are the cart's quotes, or cached ones; the transaction checks them. In a warm environment this is one
    /// call. A stale price that was not quoted is corrected from what the failed transaction returned.
    pub async fn place_order(
        &self,
        command: &Command,
        cart: &Cart,
        coupon_id: Option<CouponId>,
    ) -> Result<Idempotent<Order>, Error> {
        let attempts = async {
            let mut attempts = OrderAttempts::begin(self, command, cart, coupon_id).await?;
            loop {
                if let Some(order) = attempts.next().await? {
                    return Ok(order);
                }
                check_deadline(command.time)?;
            }
        };
        self.one_answer(command, attempts).await
    }

    /// The prices to start from: the cart's quotes, and cached or current ones for the rest.
    async fn cart_prices(&self, cart: &Cart) -> Result<Prices, Error> {
        let unquoted = cart.lines().iter().filter(|line| line.quote.is_none()).map(|line| line.product_id);
        let mut prices = self.prices(unquoted).await?;
        let quoted = cart.lines().iter().filter_map(|line| Some((line.product_id, line.quote?)));
        prices.extend(quoted.map(|(product_id, price)| {
            (product_id, PricedVersion { price, version: self.assumed_version(product_id) })
        }));
        Ok(prices)
    }

    /// The transaction of an order. Its conditions stand in the order in which [`OrderAttempts::learn`] reads them: event,
    /// stock, balance, coupon.
    fn purchase(&self, command: &Command, order: &Order, sales: &[Sale], entry: EntryId) -> Result<Transaction, Error> {
        let tables = &self.tables;
        let mut transaction = Transaction::with_order_event(&tables.events, command, &command.user, order)?;
        for (line, sale) in order.lines.iter().zip(sales) {
            transaction.sell(&tables.products, sale, line)?;
        }
        transaction.pay(&tables.balances, &command.user, entry, order.paid_price)?;
        if let Some(coupon_id) = order.coupon_id {
            transaction.use_coupon(&tables.user_coupons, &command.user, coupon_id, order)?;
        }
        let payment = (EntryType::Payment, SignedMoney::debit(order.paid_price));
        transaction.enter(&tables.balances, (&command.user, command.time.now), entry, payment, Some(order.order_id))?;
        let row =
            OrderRow { user_id: command.user.to_string(), order_id: order.order_id, order: OrderRecord::of(order) };
        transaction.put_new(&tables.orders, &row, "order_id")?;
        Ok(transaction)
    }
}

/// The attempts to place one order. Each learns from the one before: current prices, the shards that have units, the
/// newest ledger entry.
struct OrderAttempts<'a> {
    store: &'a Store,
    command: &'a Command,
    cart: &'a Cart,
    coupon_id: Option<CouponId>,
    /// Nothing without a coupon, or when no campaign has its identifier.
    campaign: Option<Arc<Campaign>>,
    order_id: OrderId,
    prices: Prices,
    last_entry: Option<EntryId>,
    /// Waits between transactions that met another one.
    waits: Backoff,
    /// Whether the last failure was answered by choosing another shard. A second failure in a row reads all of them,
    /// because that costs a read of every shard.
    chose_other_shard: bool,
    /// A sale whose units are to be gathered, because its allocations do not fit into the transaction.
    scattered: Option<Sale>,
}

impl<'a> OrderAttempts<'a> {
    async fn begin(
        store: &'a Store,
        command: &'a Command,
        cart: &'a Cart,
        coupon_id: Option<CouponId>,
    ) -> Result<Self, Error> {
        let campaign = match coupon_id {
            Some(coupon_id) => store.campaign(coupon_id, command.time.now).await?,
            None => None,
        };
        Ok(Self {
            store,
            command,
            cart,
            coupon_id,
            campaign,
            order_id: OrderId::new(command.time.now, random()),
            prices: store.cart_prices(cart).await?,
            last_entry: None,
            waits: backoff(),
            chose_other_shard: false,
            scattered: None,
        })
    }

    /// Makes one attempt. Returns nothing when another one is to follow.
    async fn next(&mut self) -> Result<Option<Idempotent<Order>>, Error> {
        let (order, sales) = match (self.priced_order(), self.store.sales(self.cart)) {
            (Ok(order), Some(sales)) => (order, sales),
            (order, _) => {
                self.prices = self.precheck(order.err()).await?;
                return Ok(None);
            }
        };
        let (sales, scattered) = fitting(sales);
        self.scattered = scattered;
        self.send(order, &sales).await
    }

    fn priced_order(&self) -> Result<Order, Rejection> {
        if self.coupon_id.is_some() && self.campaign.is_none() {
            return Err(Rejection::UnknownCoupon);
        }
        if let Some(voided_at) = self.campaign.as_ref().and_then(|campaign| campaign.voided_at) {
            return Err(Rejection::CouponVoided { voided_at });
        }
        let terms = self.campaign.as_ref().map(|campaign| (campaign.coupon_id, &campaign.terms));
        Order::paid(self.order_id, self.cart, &self.prices, terms, self.command.time.now)
    }

    /// Checks the products of an order that cannot be sent as it is: it has a rejection of its own, or the cache says that
    /// units are missing. Returns the current prices when nothing forbids the order.
    ///
    /// A product's rejection comes first, as in a transaction. The order's own rejection stands only if the prices it was
    /// computed from are current.
    async fn precheck(&self, rejection: Option<Rejection>) -> Result<Prices, Error> {
        let products: Vec<_> = self.cart.lines().iter().map(|line| line.product_id).collect();
        let lines = self.store.cached_line_checks(&products, self.command.time).await?;
        let checks = OrderChecks { lines, coupon: CouponCheck::Held, short_balance: None };
        match (self.cart.decide(&checks, &self.prices, self.command.time.now), rejection) {
            (OrderDecision::Reject(rejection), _) => Err(rejection.into()),
            (OrderDecision::Retry(current), Some(rejection)) if current == self.prices => Err(rejection.into()),
            (OrderDecision::Retry(current), _) => Ok(current),
        }
    }

    async fn send(&mut self, order: Order, sales: &[Sale]) -> Result<Option<Idempotent<Order>>, Error> {
        let (store, command, price) = (self.store, self.command, order.paid_price);
        let entry = EntryId::following(self.last_entry, command.time.now, random());
        let transaction = store.purchase(command, &order, sales, entry)?;
        match store.try_commit_command_once(transaction, command, order, &mut self.waits).await? {
            // Another transaction held an item. Other shards may be free.
            None => Ok(None),
            Some(Commit::Done(order)) => {
                if !order.replayed {
                    store.cache_prices(&order.value);
                }
                Ok(Some(order))
            }
            Some(Commit::Failed(conditions)) => {
                self.learn(price, sales, conditions).await?;
                Ok(None)
            }
        }
    }

    /// Learns from the failed conditions of a transaction, or rejects the order.
    async fn learn(
        &mut self,
        price: Money,
        sales: &[Sale],
        mut conditions: vec::IntoIter<Condition>,
    ) -> Result<(), Error> {
        if !self.chose_other_shard && self.store.other_shard_may_suffice(sales, conditions.as_slice())? {
            self.chose_other_shard = true;
            return Ok(());
        }
        self.chose_other_shard = false;
        let lines = self.store.sale_checks(sales, &mut conditions, self.command.time).await?;
        let mut next = || conditions.next().unwrap_or(Condition::Held);
        let short_balance = match next() {
            Condition::Held => None,
            Condition::Failed(item) => {
                let snapshot = BalanceSnapshot::read(item)?;
                self.last_entry = snapshot.last.or(self.last_entry);
                Some((snapshot.balance, price))
            }
        };
        let coupon = if self.coupon_id.is_some() { coupon_check(next())? } else { CouponCheck::Held };
        let checks = OrderChecks { lines, coupon, short_balance };
        match self.cart.decide(&checks, &self.prices, self.command.time.now) {
            OrderDecision::Reject(rejection) => return Err(rejection.into()),
            OrderDecision::Retry(current) => self.prices = current,
        }
        // Now it is known that the customer can pay.
        match self.scattered.take() {
            Some(scattered) => self.store.gather(self.command, &scattered, self.order_id).await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::shards::Membership;

    fn sale(allocations: u32) -> Sale {
        let allocations = (0..allocations).map(|_| Allocation { shard: 0, units: 1 }).collect();
        Sale { product_id: "01M7Y1G093S7S47G54PPTC4D6G".parse().unwrap(), known: Membership::default(), allocations }
    }

    #[test]
    fn transaction_has_room_for_95_allocations_and_the_largest_is_gathered() {
        let lengths = |sales: &[Sale]| sales.iter().map(|sale| sale.allocations.len()).collect::<Vec<_>>();
        let (sales, scattered) = fitting(vec![sale(40), sale(55)]);
        assert!(lengths(&sales) == [40, 55] && scattered.is_none());
        let (sales, scattered) = fitting(vec![sale(40), sale(55), sale(1)]);
        assert_eq!((lengths(&sales), scattered.map(|sale| sale.allocations.len())), (vec![40, 1, 1], Some(55)));
        assert_eq!(sales[1].allocations, [Allocation { shard: 0, units: 55 }]);
    }
}
