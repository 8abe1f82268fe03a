//! Orders: the cart, its price, and the decision after a failed transaction.
//!
//! A cart is priced by its quotes, or by cached prices. The transaction checks these prices; when it fails,
//! [`Cart::decide`] turns what the store showed into the one answer that the rules give: stock before coupon before
//! balance.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    CouponId, CouponTerms, Day, FieldError, Money, Name, OrderId, PriceChange, ProductId, ProductVersion, Quantity,
    Rejection, Shortage, Timestamp, Violation,
};

/// A version of a product and the price of one unit that an order line is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricedVersion {
    /// The price of one unit.
    pub price: Money,
    /// The product's version.
    pub version: ProductVersion,
}

/// Price and version, by product.
pub type Prices = BTreeMap<ProductId, PricedVersion>;

/// One product of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CartLine {
    /// Which product.
    pub product_id: ProductId,
    /// How many.
    pub quantity: Quantity,
    /// The price that the customer was shown, if the request says so: the order then costs this or is rejected.
    pub quote: Option<Money>,
    /// Where the product first stands in the request.
    #[serde(skip)]
    pub position: usize,
}

/// The requested lines: 1 to 50 products, each once, sorted by product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Cart {
    lines: Vec<CartLine>,
}

impl Cart {
    /// The most products of one order, after merging.
    pub const MAX_LINES: usize = 50;

    /// A cart from the lines of a request: lines of the same product are merged, then the limits hold.
    /// The violations' pointers lead into `/lines` of the request.
    pub fn new(lines: impl IntoIterator<Item = (ProductId, i64, Option<Money>)>) -> Result<Self, Vec<FieldError>> {
        struct Merged {
            quantity: i64,
            quote: Option<Money>,
            position: usize,
        }
        let mut errors = Vec::new();
        let mut merged: BTreeMap<ProductId, Merged> = BTreeMap::new();
        for (position, (product_id, quantity, quote)) in lines.into_iter().enumerate() {
            if let Err(violation) = Quantity::new(quantity) {
                errors.push(FieldError::new(format!("/lines/{position}/quantity"), violation));
                continue;
            }
            let line = merged.entry(product_id).or_insert(Merged { quantity: 0, quote, position });
            line.quantity = line.quantity.saturating_add(quantity);
            match (line.quote, quote) {
                (Some(one), Some(other)) if one != other => {
                    let pointer = format!("/lines/{position}/unit_price");
                    errors.push(FieldError::new(pointer, Violation::ConflictingQuotes));
                }
                (first, quote) => line.quote = first.or(quote),
            }
        }
        let count = merged.len();
        let mut lines = Vec::with_capacity(count);
        for (product_id, Merged { quantity, quote, position }) in merged {
            match Quantity::new(quantity) {
                Ok(quantity) => lines.push(CartLine { product_id, quantity, quote, position }),
                Err(violation) => errors.push(FieldError::new(format!("/lines/{position}/quantity"), violation)),
            }
        }
        if errors.is_empty() && !(1..=Self::MAX_LINES).contains(&count) {
            errors.push(FieldError::new("/lines", Violation::Length { min: 1, max: Self::MAX_LINES }));
        }
        if errors.is_empty() { Ok(Self { lines }) } else { Err(errors) }
    }

    /// Its lines, sorted by product.
    pub fn lines(&self) -> &[CartLine] {
        &self.lines
    }

    /// The price of the cart at these prices; products without a price are unknown.
    pub fn priced(&self, prices: &Prices) -> Result<Vec<OrderLine>, Rejection> {
        let mut unknown = Vec::new();
        let mut lines = Vec::with_capacity(self.lines.len());
        for CartLine { product_id, quantity, position, .. } in &self.lines {
            match prices.get(product_id) {
                Some(PricedVersion { price, version }) => lines.push(OrderLine {
                    product_id: *product_id,
                    quantity: *quantity,
                    unit_price: *price,
                    product_version: Some(*version),
                    name: None,
                }),
                None => unknown.push(*position),
            }
        }
        if !unknown.is_empty() {
            unknown.sort_unstable();
            return Err(Rejection::UnknownProduct { lines: unknown });
        }
        Ok(lines)
    }

    /// The decision after the transaction for this cart, priced at `prices`, failed with these checks.
    ///
    /// The rules' order: unknown products, products not sold, short stock, changed quotes; then, if the price was
    /// right, the coupon, then the balance.
    pub fn decide(&self, checks: &OrderChecks, prices: &Prices, now: Timestamp) -> OrderDecision {
        let found = || self.lines.iter().zip(&checks.lines);
        let mut unknown: Vec<usize> =
            found().filter(|(_, check)| matches!(check, LineCheck::Absent)).map(|(line, _)| line.position).collect();
        if !unknown.is_empty() {
            unknown.sort_unstable();
            return OrderDecision::Reject(Rejection::UnknownProduct { lines: unknown });
        }
        let inactive: Vec<_> = found()
            .filter(|(_, check)| matches!(check, LineCheck::Found { active: false, .. }))
            .map(|(line, _)| line.product_id)
            .collect();
        if !inactive.is_empty() {
            return OrderDecision::Reject(Rejection::ProductInactive { products: inactive });
        }
        let shortages: Vec<_> = found().filter_map(|(line, check)| line.shortage(check)).collect();
        if !shortages.is_empty() {
            return OrderDecision::Reject(Rejection::InsufficientStock { shortages });
        }
        let changes: Vec<_> = found().filter_map(|(line, check)| line.broken_quote(check)).collect();
        if !changes.is_empty() {
            return OrderDecision::Reject(Rejection::PriceChanged { changes });
        }
        let mut current = prices.clone();
        for (line, check) in found() {
            if let LineCheck::Found { price, version, .. } = check {
                current.insert(line.product_id, PricedVersion { price: *price, version: *version });
            }
        }
        if current != *prices {
            return OrderDecision::Retry(current);
        }
        let after_stock = checks.coupon.rejection(now).or_else(|| checks.short_balance());
        after_stock.map_or(OrderDecision::Retry(current), OrderDecision::Reject)
    }
}

impl CartLine {
    fn shortage(&self, check: &LineCheck) -> Option<Shortage> {
        match check {
            LineCheck::Found { stock, .. } if *stock < self.quantity.units() => {
                Some(Shortage { product_id: self.product_id, requested: self.quantity.units(), available: *stock })
            }
            _ => None,
        }
    }

    fn broken_quote(&self, check: &LineCheck) -> Option<PriceChange> {
        match (self.quote, check) {
            (Some(quoted), LineCheck::Found { price, .. }) if quoted != *price => {
                Some(PriceChange { product_id: self.product_id, quoted, current: *price })
            }
            _ => None,
        }
    }
}

/// A line's product as a failed transaction returned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineCheck {
    /// Its condition held.
    Held,
    /// There is no such product.
    Absent,
    /// The product as it is.
    Found {
        /// The price of one unit.
        price: Money,
        /// The product's version.
        version: ProductVersion,
        /// Units on hand.
        stock: u32,
        /// Whether it is sold.
        active: bool,
    },
}

/// The coupon as a failed transaction returned it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CouponCheck {
    /// Its condition held, or there is none.
    Held,
    /// The user does not hold it.
    Absent,
    /// The coupon as it is.
    Found {
        /// Whether an order used it.
        used: bool,
        /// The first instant at which it is no longer good.
        expires_at: Timestamp,
    },
}

impl CouponCheck {
    fn rejection(self, now: Timestamp) -> Option<Rejection> {
        match self {
            Self::Absent => Some(Rejection::UnknownCoupon),
            Self::Found { used: true, .. } => Some(Rejection::CouponUsed),
            Self::Found { expires_at, .. } if expires_at <= now => {
                Some(Rejection::CouponExpired { expired_at: expires_at })
            }
            Self::Held | Self::Found { .. } => None,
        }
    }
}

/// The items that a failed transaction returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderChecks {
    /// One for each line of the cart.
    pub lines: Vec<LineCheck>,
    /// The coupon.
    pub coupon: CouponCheck,
    /// The balance and the required amount, if the balance did not cover the price.
    pub short_balance: Option<(Money, Money)>,
}

impl OrderChecks {
    fn short_balance(&self) -> Option<Rejection> {
        let (balance, required) = self.short_balance?;
        (balance < required).then_some(Rejection::InsufficientBalance { balance, required })
    }
}

/// The next step after a failed transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderDecision {
    /// Reject the order.
    Reject(Rejection),
    /// The prices were stale and no rule rejects the order: try again at these prices.
    Retry(Prices),
}

/// One line of an order, with the price of one unit as it was charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderLine {
    /// Which product.
    pub product_id: ProductId,
    /// How many.
    pub quantity: Quantity,
    /// The price of one unit when the order was paid.
    pub unit_price: Money,
    /// The product's version when the order was paid. Orders of the first release have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_version: Option<ProductVersion>,
    /// The name of this version. Requests that read orders answer with it, if the line has a version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
}

/// The status of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// It is paid.
    Paid,
    /// It was cancelled: money, stock and coupon were given back.
    Cancelled,
}

/// An order. It exists only paid: an order that cannot be paid for is never written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Order {
    /// Sorts by time.
    pub order_id: OrderId,
    /// Its status.
    pub status: OrderStatus,
    /// The ordered lines, sorted by product.
    pub lines: Vec<OrderLine>,
    /// The sum of the lines.
    pub list_price: Money,
    /// The discount by the coupon.
    pub discount: Money,
    /// The amount that was paid from the balance.
    pub paid_price: Money,
    /// The coupon that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon_id: Option<CouponId>,
    /// When it was paid; its day in Seoul is the day of the sale.
    pub paid_at: Timestamp,
    /// When it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
}

impl Order {
    /// The paid order of a cart at these prices.
    pub fn paid(
        order_id: OrderId,
        cart: &Cart,
        prices: &Prices,
        coupon: Option<(CouponId, &CouponTerms)>,
        paid_at: Timestamp,
    ) -> Result<Self, Rejection> {
        let lines = cart.priced(prices)?;
        // 50 lines of 99 units at the highest price that a product can have stay below Money::MAX.
        let sum = |sum: Money, line: &OrderLine| {
            let amount = line.unit_price.checked_mul(line.quantity.units())?;
            sum.checked_add(amount)
        };
        let list_price = lines.iter().try_fold(Money::ZERO, sum).unwrap_or(Money::MAX);
        let discount = match coupon {
            None => Money::ZERO,
            Some((_, terms)) => terms
                .discount_on(list_price)
                .ok_or(Rejection::CouponMinimumNotMet { minimum_order: terms.minimum_order, list_price })?,
        };
        let paid_price = list_price.checked_sub(discount).unwrap_or_default();
        let coupon_id = coupon.map(|(coupon_id, _)| coupon_id);
        let status = OrderStatus::Paid;
        Ok(Self { order_id, status, lines, list_price, discount, paid_price, coupon_id, paid_at, cancelled_at: None })
    }

    /// The order once it is cancelled: only a paid one can be, and so only once, and only within the period.
    pub fn cancelled(self, at: Timestamp, period: CancellationPeriod) -> Result<Self, Rejection> {
        match (self.status, period.end(self.paid_at)) {
            (OrderStatus::Cancelled, _) => Err(Rejection::OrderAlreadyCancelled),
            (OrderStatus::Paid, Some(ended_at)) if at >= ended_at => {
                Err(Rejection::CancellationPeriodOver { ended_at })
            }
            (OrderStatus::Paid, _) => Ok(Self { status: OrderStatus::Cancelled, cancelled_at: Some(at), ..self }),
        }
    }
}

/// For how many days after the day of the payment an order can be cancelled (a parameter of the template).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancellationPeriod {
    days: u16,
}

impl CancellationPeriod {
    /// No limit: for staff.
    pub const UNLIMITED: Self = Self::of_days(0);

    /// A period of so many days; 0 is no limit.
    pub const fn of_days(days: u16) -> Self {
        Self { days }
    }

    /// The end of the last day (Asia/Seoul) of an order that was paid at this time; nothing without a limit.
    pub fn end(self, paid_at: Timestamp) -> Option<Timestamp> {
        (self.days > 0).then(|| Day::of(paid_at).plus(i32::from(self.days) + 1).start())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Discount;

    const HOUR: i64 = 3_600_000;
    const DAY: i64 = 24 * HOUR;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn product(n: u128) -> ProductId {
        ProductId::new(at(0), n)
    }

    fn money(minor: i64) -> Money {
        Money::new(minor).unwrap()
    }

    fn priced(price: i64) -> PricedVersion {
        PricedVersion { price: money(price), version: ProductVersion::FIRST }
    }

    fn cart(lines: &[(u128, i64, Option<i64>)]) -> Result<Cart, Vec<FieldError>> {
        Cart::new(lines.iter().map(|(id, quantity, quote)| (product(*id), *quantity, quote.map(money))))
    }

    fn prices(prices: &[(u128, i64)]) -> Prices {
        prices.iter().map(|(id, price)| (product(*id), priced(*price))).collect()
    }

    fn found(price: i64, stock: u32) -> LineCheck {
        LineCheck::Found { price: money(price), version: ProductVersion::FIRST, stock, active: true }
    }

    fn checks(lines: &[LineCheck]) -> OrderChecks {
        OrderChecks { lines: lines.to_vec(), coupon: CouponCheck::Held, short_balance: None }
    }

    #[test]
    fn lines_of_one_product_are_merged() {
        let cart = cart(&[(2, 1, None), (1, 2, None), (2, 3, Some(500))]).unwrap();
        let lines: Vec<_> =
            cart.lines().iter().map(|l| (l.product_id, l.quantity.units(), l.quote, l.position)).collect();
        assert_eq!(lines, [(product(1), 2, None, 1), (product(2), 4, Some(money(500)), 0)]);
    }

    #[test]
    fn the_limits_hold_after_merging() {
        let at_pointer = |cart: Result<Cart, Vec<FieldError>>| cart.unwrap_err()[0].pointer.clone();
        assert_eq!(at_pointer(cart(&[])), "/lines");
        assert_eq!(at_pointer(cart(&[(1, 1, None), (2, 0, None)])), "/lines/1/quantity");
        assert_eq!(at_pointer(cart(&[(2, 1, None), (1, 60, None), (1, 40, None)])), "/lines/1/quantity");
        assert!(cart(&[(1, 60, None), (1, 39, None)]).is_ok());
        assert_eq!(at_pointer(cart(&[(1, 1, Some(5)), (1, 1, Some(6))])), "/lines/1/unit_price");
        let many = |n: u128| (0..n).map(|id| (id, 1, None)).collect::<Vec<_>>();
        assert!(cart(&many(50)).is_ok());
        assert_eq!(at_pointer(cart(&many(51))), "/lines");
        let twice: Vec<_> = many(50).into_iter().chain(many(50)).collect();
        assert!(cart(&twice).is_ok(), "100 lines of 50 products");
    }

    #[test]
    fn the_same_cart_in_another_order_has_the_same_fingerprint() {
        let one = cart(&[(1, 2, None), (2, 1, None)]).unwrap();
        let two = cart(&[(2, 1, None), (1, 1, None), (1, 1, None)]).unwrap();
        let other = cart(&[(1, 2, None), (2, 2, None)]).unwrap();
        assert_eq!(crate::Fingerprint::of(&one), crate::Fingerprint::of(&two));
        assert_ne!(crate::Fingerprint::of(&one), crate::Fingerprint::of(&other));
    }

    #[test]
    fn an_order_costs_its_lines_less_the_discount() {
        let cart = cart(&[(1, 2, None), (2, 1, None)]).unwrap();
        let terms = CouponTerms { discount: Discount::Fixed { amount: money(300) }, minimum_order: money(2_500) };
        let coupon = CouponId::new(at(0), 1);
        let order = |prices: &Prices| Order::paid(OrderId::new(at(5), 1), &cart, prices, Some((coupon, &terms)), at(5));
        let paid = order(&prices(&[(1, 1_000), (2, 500)])).unwrap();
        assert_eq!((paid.list_price, paid.discount, paid.paid_price), (money(2_500), money(300), money(2_200)));
        let rejection = order(&prices(&[(1, 1_000), (2, 499)])).unwrap_err();
        let (minimum_order, list_price) = (money(2_500), money(2_499));
        assert_eq!(rejection, Rejection::CouponMinimumNotMet { minimum_order, list_price });
        assert_eq!(order(&prices(&[(2, 499)])).unwrap_err(), Rejection::UnknownProduct { lines: vec![0] });
    }

    #[test]
    fn an_order_is_cancelled_once_and_keeps_what_was_paid() {
        let cart = cart(&[(1, 2, None)]).unwrap();
        let paid = Order::paid(OrderId::new(at(5), 1), &cart, &prices(&[(1, 1_000)]), None, at(5)).unwrap();
        let period = CancellationPeriod::of_days(7);
        let cancelled = paid.clone().cancelled(at(9), period).unwrap();
        let expected = Order { status: OrderStatus::Cancelled, cancelled_at: Some(at(9)), ..paid };
        assert_eq!(cancelled, expected);
        for later in [at(10), at(100 * DAY)] {
            assert_eq!(cancelled.clone().cancelled(later, period), Err(Rejection::OrderAlreadyCancelled));
        }
    }

    #[test]
    fn an_order_can_be_cancelled_until_the_end_of_the_last_day() {
        let cart = cart(&[(1, 2, None)]).unwrap();
        // 09:00 in Seoul: a day there ends 15 hours later.
        let paid = Order::paid(OrderId::new(at(0), 1), &cart, &prices(&[(1, 1_000)]), None, at(0)).unwrap();
        let cancelled =
            |at, days| paid.clone().cancelled(at, CancellationPeriod::of_days(days)).map(|order| order.status);
        for (days, end) in [(1, 1), (7, 7), (365, 365)] {
            let ended_at = at(end * DAY + 15 * HOUR);
            assert_eq!(cancelled(at(ended_at.millis() - 1), days), Ok(OrderStatus::Cancelled), "{days} days");
            assert_eq!(cancelled(ended_at, days), Err(Rejection::CancellationPeriodOver { ended_at }), "{days} days");
        }
        assert_eq!(cancelled(at(9_999 * DAY), 0), Ok(OrderStatus::Cancelled), "0 is no limit");
    }

    #[test]
    fn every_short_line_is_named_at_once() {
        let cart = cart(&[(1, 5, None), (2, 5, None), (3, 5, None)]).unwrap();
        let decision = cart.decide(&checks(&[found(1, 4), found(1, 5), found(1, 0)]), &Prices::new(), at(0));
        let OrderDecision::Reject(Rejection::InsufficientStock { shortages }) = decision else {
            panic!("{decision:?}")
        };
        let short: Vec<_> = shortages.iter().map(|s| (s.product_id, s.requested, s.available)).collect();
        assert_eq!(short, [(product(1), 5, 4), (product(3), 5, 0)]);
    }

    #[test]
    fn stock_is_checked_before_coupon_and_coupon_before_balance() {
        let cart = cart(&[(1, 5, None)]).unwrap();
        let prices = prices(&[(1, 100)]);
        let mut all = OrderChecks {
            lines: vec![found(100, 4)],
            coupon: CouponCheck::Found { used: true, expires_at: at(10) },
            short_balance: Some((money(1), money(500))),
        };
        let rejection = |checks: &OrderChecks| match cart.decide(checks, &prices, at(10)) {
            OrderDecision::Reject(rejection) => rejection,
            OrderDecision::Retry(_) => panic!("not rejected"),
        };
        assert!(matches!(rejection(&all), Rejection::InsufficientStock { .. }));
        all.lines = vec![LineCheck::Held];
        assert_eq!(rejection(&all), Rejection::CouponUsed);
        all.coupon = CouponCheck::Found { used: false, expires_at: at(10) };
        assert_eq!(rejection(&all), Rejection::CouponExpired { expired_at: at(10) });
        all.coupon = CouponCheck::Absent;
        assert_eq!(rejection(&all), Rejection::UnknownCoupon);
        all.coupon = CouponCheck::Held;
        assert_eq!(rejection(&all), Rejection::InsufficientBalance { balance: money(1), required: money(500) });
    }

    #[test]
    fn unknown_and_inactive_products_come_before_short_ones() {
        let cart = cart(&[(2, 5, None), (1, 5, None)]).unwrap();
        let inactive = LineCheck::Found { price: money(1), version: ProductVersion::FIRST, stock: 0, active: false };
        let decide = |lines: &[LineCheck]| cart.decide(&checks(lines), &Prices::new(), at(0));
        let decision = decide(&[LineCheck::Absent, inactive]);
        assert_eq!(decision, OrderDecision::Reject(Rejection::UnknownProduct { lines: vec![1] }));
        let decision = decide(&[found(1, 0), inactive]);
        assert_eq!(decision, OrderDecision::Reject(Rejection::ProductInactive { products: vec![product(2)] }));
    }

    #[test]
    fn a_quote_that_no_longer_holds_is_rejected_and_a_stale_memory_is_retried() {
        let quoted = cart(&[(1, 1, Some(100))]).unwrap();
        let decision = quoted.decide(&checks(&[found(120, 9)]), &prices(&[(1, 100)]), at(0));
        let change = PriceChange { product_id: product(1), quoted: money(100), current: money(120) };
        assert_eq!(decision, OrderDecision::Reject(Rejection::PriceChanged { changes: vec![change] }));
        let moved = quoted.decide(&checks(&[found(100, 9)]), &prices(&[(1, 90)]), at(0));
        assert_eq!(moved, OrderDecision::Retry(prices(&[(1, 100)])), "the quote holds, the cached price does not");

        let unquoted = cart(&[(1, 1, None)]).unwrap();
        let stale = OrderChecks { short_balance: Some((money(90), money(100))), ..checks(&[found(80, 9)]) };
        let decision = unquoted.decide(&stale, &prices(&[(1, 100)]), at(0));
        assert_eq!(decision, OrderDecision::Retry(prices(&[(1, 80)])), "the balance may cover the right price");
    }

    #[test]
    fn a_line_is_retried_as_the_version_that_the_product_has_now() {
        let quoted = cart(&[(1, 1, Some(100))]).unwrap();
        let second = ProductVersion::FIRST.next();
        let renamed = LineCheck::Found { price: money(100), version: second, stock: 9, active: true };
        let OrderDecision::Retry(current) = quoted.decide(&checks(&[renamed]), &prices(&[(1, 100)]), at(0)) else {
            panic!("rejected")
        };
        let lines = quoted.priced(&current).unwrap();
        assert_eq!((lines[0].unit_price, lines[0].product_version), (money(100), Some(second)));
    }

    #[test]
    fn a_failure_that_nothing_explains_is_retried_never_rejected() {
        let cart = cart(&[(1, 1, None)]).unwrap();
        let prices = prices(&[(1, 100)]);
        assert_eq!(cart.decide(&checks(&[found(100, 9)]), &prices, at(0)), OrderDecision::Retry(prices.clone()));
        let covered = OrderChecks { short_balance: Some((money(100), money(100))), ..checks(&[LineCheck::Held]) };
        assert_eq!(cart.decide(&covered, &prices, at(0)), OrderDecision::Retry(prices.clone()));
        let good = CouponCheck::Found { used: false, expires_at: at(1) };
        let good = OrderChecks { coupon: good, ..checks(&[LineCheck::Held]) };
        assert_eq!(cart.decide(&good, &prices, at(0)), OrderDecision::Retry(prices));
    }

    proptest! {
        #[test]
        fn paid_price_plus_discount_is_the_sum_of_the_lines(
            lines in proptest::collection::vec((0..60_u128, 1..99_i64, 0..100_000_000_i64), 1..50),
            off in 0..1_000_000_i64,
        ) {
            let Ok(cart) = Cart::new(lines.iter().map(|(id, quantity, _)| (product(*id), *quantity, None))) else {
                return Ok(());
            };
            let prices: Prices = lines.iter().map(|(id, _, price)| (product(*id), priced(*price))).collect();
            let terms = CouponTerms { discount: Discount::Fixed { amount: money(off) }, minimum_order: Money::ZERO };
            let coupon = Some((CouponId::new(at(0), 1), &terms));
            let order = Order::paid(OrderId::new(at(1), 1), &cart, &prices, coupon, at(1)).unwrap();
            let sum: i64 = order.lines.iter().map(|l| l.unit_price.minor() * i64::from(l.quantity.units())).sum();
            prop_assert_eq!(order.list_price.minor(), sum);
            prop_assert_eq!(order.paid_price.minor() + order.discount.minor(), sum);
            let ordered: i64 = order.lines.iter().map(|l| i64::from(l.quantity.units())).sum();
            prop_assert_eq!(ordered, lines.iter().map(|(_, quantity, _)| quantity).sum::<i64>());
        }
    }
}
