//! One customer's day with everything in order; then each thing in it is damaged by itself, and only that is found.
//!
//! Alice pays in 1,000, buys tea and a cup with a coupon (order A), buys tea with another coupon (order B), and gives B
//! back. Times are hours of the day in Seoul; whatever came until the 12th is settled.

use super::*;
use crate::{
    CancellationPeriod, CouponId, CouponTerms, CouponUse, Day, Discount, EntryId, EntryType, FactDetails, IssuedCoupon,
    Money, Name, Order, OrderId, OrderLine, OrderStatus, ProductId, ProductSales, ProductVersion, Quantity, SaleFact,
    SaleKind, Timestamp, UserId,
};

const A: u128 = 1;
const B: u128 = 2;
const SETTLED: i64 = 12;

fn day() -> Day {
    "2026-11-21".parse().unwrap()
}

fn at(hour: i64) -> Timestamp {
    Timestamp::from_millis(day().start().millis() + hour * 3_600_000).unwrap()
}

fn alice() -> UserId {
    UserId::parse("alice").unwrap()
}

fn product(n: u128) -> ProductId {
    ProductId::new(Timestamp::EPOCH, n)
}

fn coupon_id(n: u128) -> CouponId {
    CouponId::new(Timestamp::EPOCH, n)
}

/// Orders are numbered by the hour at which they were paid.
fn order_id(n: u128) -> OrderId {
    OrderId::new(at(i64::try_from(n).unwrap()), n)
}

fn money(minor: i64) -> Money {
    Money::new(minor).unwrap()
}

fn order(n: u128, lines: &[(u128, i64, i64)], discount: i64) -> Order {
    let line = |(id, units, price): &(u128, i64, i64)| OrderLine {
        product_id: product(*id),
        quantity: Quantity::new(*units).unwrap(),
        unit_price: money(*price),
        product_version: Some(ProductVersion::FIRST),
        name: None,
    };
    let list = lines.iter().map(|(_, units, price)| units * price).sum();
    Order {
        order_id: order_id(n),
        status: OrderStatus::Paid,
        lines: lines.iter().map(line).collect(),
        list_price: money(list),
        discount: money(discount),
        paid_price: money(list - discount),
        coupon_id: Some(coupon_id(n)),
        paid_at: at(i64::try_from(n).unwrap()),
        cancelled_at: None,
    }
}

fn entry(n: u128, kind: EntryType, amount: i64, order: Option<u128>) -> LedgerLine {
    let id = EntryId::new(at(i64::try_from(n).unwrap()), n);
    LedgerLine { id, kind, amount, order_id: order.map(order_id) }
}

fn coupon(n: u128, used: Option<(OrderId, Timestamp)>) -> IssuedCoupon {
    IssuedCoupon {
        coupon_id: coupon_id(n),
        name: Name::parse("welcome").unwrap(),
        terms: CouponTerms { discount: Discount::Fixed { amount: money(30) }, minimum_order: Money::ZERO },
        issued_at: at(0),
        expires_at: at(999),
        used: used.map(|(order_id, used_at)| CouponUse { order_id, used_at }),
        voided_at: None,
    }
}

fn fact(order: &Order, kind: SaleKind) -> SaleFact {
    let lines = SaleFact::lines_of(order);
    let details = Some(FactDetails::of(order, kind));
    SaleFact { order_id: order.order_id, user_id: Some(alice()), kind, day: day(), lines, details }
}

fn placed(fact: SaleFact) -> PlacedFact {
    PlacedFact { name: fact.id(), shard: fact.shard(), fact }
}

/// Everything that was read.
struct Read {
    account: CustomerRecords,
    facts: Vec<SaleFact>,
}

impl Read {
    fn in_order() -> Self {
        let (a, b) = (order(A, &[(1, 2, 100), (2, 1, 50)], 30), order(B, &[(1, 1, 100)], 0));
        let sales = [fact(&a, SaleKind::Sale), fact(&b, SaleKind::Sale)];
        let b = b.cancelled(at(3), CancellationPeriod::of_days(7)).unwrap();
        let facts = sales.into_iter().chain([fact(&b, SaleKind::Cancellation)]).collect();
        let entries = vec![
            entry(0, EntryType::Deposit, 1_000, None),
            entry(1, EntryType::Payment, -220, Some(A)),
            entry(2, EntryType::Payment, -100, Some(B)),
            entry(3, EntryType::Refund, 100, Some(B)),
        ];
        let yesterday = Some((OrderId::new(at(-5), 0), at(-5)));
        let coupons = vec![coupon(A, Some((a.order_id, a.paid_at))), coupon(B, None), coupon(3, yesterday)];
        let ledger = Some(Ledger { balance: Some((780, entries[3].id)), entries });
        Self { account: CustomerRecords { user: alice(), ledger, orders: vec![a, b], coupons }, facts }
    }

    fn ledger(&mut self) -> &mut Ledger {
        self.account.ledger.as_mut().unwrap()
    }

    /// Another entry; the balance is what the entries add up to.
    fn enter(&mut self, entry: LedgerLine) {
        self.ledger().entries.push(entry);
        self.add_up();
    }

    fn add_up(&mut self) {
        let ledger = self.ledger();
        let sum = ledger.entries.iter().map(|entry| entry.amount).sum();
        ledger.balance = ledger.entries.last().map(|last| (sum, last.id));
    }

    fn findings(self) -> Vec<(Rule, Subject)> {
        let mut facts = DayFacts::new(day());
        self.facts.into_iter().for_each(|fact| facts.add(placed(fact)));
        self.account.findings(&facts, at(SETTLED)).into_iter().map(|found| (found.rule, found.subject)).collect()
    }
}

/// The findings after a damage.
fn after(damage: impl FnOnce(&mut Read)) -> Vec<(Rule, Subject)> {
    let mut read = Read::in_order();
    damage(&mut read);
    read.findings()
}

fn of_order(rule: Rule, n: u128) -> (Rule, Subject) {
    (rule, Subject::Order(order_id(n)))
}

#[test]
fn nothing_is_found_where_everything_is_in_order() {
    assert_eq!(after(|_| ()), []);
    assert_eq!(after(|read| *read = Read { facts: Vec::new(), ..Read::in_order() }).len(), 2, "facts are looked for");
    let nobody =
        CustomerRecords { user: alice(), ledger: Some(Ledger::default()), orders: Vec::new(), coupons: Vec::new() };
    assert_eq!(Read { account: nobody, facts: Vec::new() }.findings(), []);
    // A ledger that is too long to be read: everything else is checked.
    assert_eq!(after(|read| read.account.ledger = None), []);
    let unread = after(|read| (read.account.ledger, read.facts) = (None, Vec::new()));
    assert_eq!(unread, [of_order(Rule::FactMissing, A), of_order(Rule::FactMissing, B)]);
}

#[test]
fn a_balance_is_the_sum_of_its_ledger_up_to_its_last_entry() {
    let differs = [(Rule::BalanceDiffers, Subject::Customer(alice()))];
    assert_eq!(after(|read| read.ledger().balance.as_mut().unwrap().0 += 1), differs);
    assert_eq!(after(|read| read.ledger().balance = None), differs);
    assert_eq!(
        after(|read| read.ledger().balance.as_mut().unwrap().1 = entry(4, EntryType::Deposit, 0, None).id),
        differs
    );
    let overdrawn = after(|read| {
        read.ledger().entries[0].amount = 200;
        read.add_up();
    });
    assert_eq!(overdrawn, differs);
    let empty = after(|read| {
        read.ledger().entries[0].amount = 220;
        read.add_up();
    });
    assert_eq!(empty, [], "nothing left is no debt");
    // Entered after the balance was read.
    assert_eq!(after(|read| read.ledger().entries.push(entry(5, EntryType::Deposit, 9, None))), []);
}

#[test]
fn an_order_is_paid_once_and_given_back_once_when_it_is_cancelled() {
    let remove = |at: usize| {
        move |read: &mut Read| {
            read.ledger().entries.remove(at);
            read.add_up();
        }
    };
    let change = |at: usize, amount: i64| {
        move |read: &mut Read| {
            read.ledger().entries[at].amount = amount;
            read.add_up();
        }
    };
    let enter = |kind, amount, n| move |read: &mut Read| read.enter(entry(4, kind, amount, Some(n)));
    assert_eq!(after(remove(1)), [of_order(Rule::EntryMissing, A)]);
    assert_eq!(after(remove(3)), [of_order(Rule::EntryMissing, B)]);
    for foreign in [change(1, -219), change(1, 220)] {
        assert_eq!(after(foreign), [of_order(Rule::EntryForeign, A)]);
    }
    assert_eq!(after(enter(EntryType::Payment, -220, A)), [of_order(Rule::EntryForeign, A)]);
    assert_eq!(after(enter(EntryType::Refund, 220, A)), [of_order(Rule::EntryForeign, A)]);
    assert_eq!(after(enter(EntryType::Refund, 100, B)), [of_order(Rule::EntryForeign, B)]);
    assert_eq!(after(change(3, 99)), [of_order(Rule::EntryForeign, B)]);
    // Of an order of the day that is not there; not of one that may still come, or of another day.
    assert_eq!(after(enter(EntryType::Payment, -1, 7)), [of_order(Rule::EntryForeign, 7)]);
    assert_eq!(after(enter(EntryType::Payment, -1, 12)), [of_order(Rule::EntryForeign, 12)]);
    assert_eq!(after(enter(EntryType::Payment, -1, 13)), []);
    assert_eq!(after(enter(EntryType::Payment, -1, 24)), []);
}

#[test]
fn an_order_adds_up_and_its_coupon_is_used_by_it_alone() {
    let differs = after(|read| read.account.orders[0].list_price = money(251));
    assert_eq!(differs, [of_order(Rule::OrderDiffers, A)]);
    let without_coupon = || of_order(Rule::OrderWithoutCoupon, A);
    let unused = |n| (Rule::CouponWithoutOrder, Subject::Coupon(coupon_id(n)));
    assert_eq!(after(|read| read.account.coupons[0].used = None), [without_coupon()]);
    let used_by = |coupon: usize, n: u128| {
        let used = CouponUse { order_id: order_id(n), used_at: at(2) };
        move |read: &mut Read| read.account.coupons[coupon].used = Some(used)
    };
    assert_eq!(after(used_by(0, 7)), [unused(A), without_coupon()]);
    assert_eq!(after(used_by(0, B)), [unused(A), without_coupon()]);
    assert_eq!(after(used_by(1, A)), [unused(B)], "of another coupon");
    assert_eq!(after(used_by(1, B)), [unused(B)], "of a cancelled order");
    let swapped = after(|read| {
        used_by(1, A)(read);
        read.account.coupons[0].used = None;
    });
    assert_eq!(swapped, [unused(B), without_coupon()]);
    let used_at = |hour| {
        let used = CouponUse { order_id: order_id(9), used_at: at(hour) };
        after(|read| read.account.coupons[1].used = Some(used))
    };
    assert_eq!((used_at(12), used_at(13), used_at(24)), (vec![unused(B)], vec![], vec![]));
}

#[test]
fn an_order_is_counted_as_it_is_and_taken_out_when_it_is_cancelled() {
    for (lost, n) in [(0, A), (1, B), (2, B)] {
        assert_eq!(after(|read| drop(read.facts.remove(lost))), [of_order(Rule::FactMissing, n)], "{lost}");
    }
    for (changed, n) in [(0, A), (1, B), (2, B)] {
        let differs = after(|read| read.facts[changed].lines[0].units += 1);
        assert_eq!(differs, [of_order(Rule::FactDiffers, n)], "{changed}");
        for change in [
            |details: &mut FactDetails| details.discount = money(1),
            |details: &mut FactDetails| details.coupon_id = Some(coupon_id(9)),
            |details: &mut FactDetails| details.occurred_at = at(4),
        ] {
            let differs = after(|read| change(read.facts[changed].details.as_mut().unwrap()));
            assert_eq!(differs, [of_order(Rule::FactDiffers, n)], "{changed}");
        }
        assert_eq!(after(|read| read.facts[changed].details = None), [], "a fact of the first release");
    }
    let uncalled = after(|read| {
        let cancellation = fact(&read.account.orders[0], SaleKind::Cancellation);
        read.facts.push(cancellation);
    });
    assert_eq!(uncalled, [of_order(Rule::FactForeign, A)]);
    // A cancellation of a moment ago may be counted already, or not yet.
    let cancelled_at = |hour, counted: bool| {
        after(|read| {
            read.account.orders[1].cancelled_at = Some(at(hour));
            read.facts[2].details = None;
            read.facts.truncate(if counted { 3 } else { 2 });
        })
    };
    assert_eq!((cancelled_at(13, false), cancelled_at(13, true)), (vec![], vec![]));
    assert_eq!(cancelled_at(12, false), [of_order(Rule::FactMissing, B)]);
    let of_nothing = |n| after(|read| read.facts.push(fact(&order(n, &[(1, 1, 100)], 0), SaleKind::Sale)));
    assert_eq!(of_nothing(9), [of_order(Rule::FactForeign, 9)]);
    assert_eq!(of_nothing(12), [of_order(Rule::FactForeign, 12)]);
    assert_eq!(of_nothing(13), []);
}

#[test]
fn order_that_may_still_be_in_progress_is_not_checked() {
    let placed = |n| {
        after(|read| {
            let mut order = order(n, &[(1, 1, 100)], 0);
            order.list_price = money(99);
            read.account.orders.push(order);
        })
    };
    assert_eq!(placed(13), []);
    let rules: Vec<Rule> = placed(12).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(rules, [Rule::EntryMissing, Rule::OrderDiffers, Rule::OrderWithoutCoupon, Rule::FactMissing]);
}

#[test]
fn a_fact_belongs_into_its_day_and_shard_under_its_name() {
    let good = || placed(fact(&order(A, &[(1, 2, 100)], 0), SaleKind::Sale));
    let found = |fact: PlacedFact| {
        let mut facts = DayFacts::new(day());
        let id = fact.fact.order_id;
        facts.add(fact);
        let misplaced = facts.findings(&[]) == [Finding::new(Rule::FactMisplaced, Subject::Order(id))].into();
        assert_eq!(facts.totals().facts(), 1, "it is counted wherever it lies");
        assert_eq!(misplaced, facts.of(id).is_none());
        misplaced
    };
    assert!(!found(good()));
    assert!(found(PlacedFact { shard: good().shard + 1, ..good() }));
    assert!(found(PlacedFact { name: "of another".to_owned(), ..good() }));
    let elsewhere = fact(&order(24, &[(1, 2, 100)], 0), SaleKind::Sale);
    assert!(found(placed(elsewhere)));
}

#[test]
fn facts_are_known_by_customer_and_those_of_nobody_are_counted() {
    let mut facts = DayFacts::new(day());
    for (n, user) in [(1, Some("bob")), (2, Some("alice")), (3, None), (4, None), (5, Some("alice"))] {
        let user_id = user.map(|name| UserId::parse(name).unwrap());
        facts.add(placed(SaleFact { user_id, ..fact(&order(n, &[(1, 1, 100)], 0), SaleKind::Sale) }));
    }
    assert_eq!((facts.day(), facts.nameless(), facts.totals().facts()), (day(), 2, 5));
    let bob = || UserId::parse("bob").unwrap();
    assert_eq!(facts.customers_after(None), [alice(), bob()]);
    assert_eq!(facts.customers_after(Some(&alice())), [bob()]);
    assert_eq!(facts.customers_after(Some(&bob())), []);
    assert_eq!(facts.orders_of(&alice()).collect::<Vec<_>>(), [order_id(2), order_id(5)]);
    assert!(facts.of(order_id(5)).unwrap().sale.is_some());
}

#[test]
fn a_stored_total_is_wrong_when_it_says_something_else_of_the_same_facts() {
    let mut facts = DayFacts::new(day());
    facts.add(placed(fact(&order(A, &[(1, 2, 100)], 0), SaleKind::Sale)));
    facts.add(placed(fact(&order(B, &[(1, 1, 100)], 0), SaleKind::Sale)));
    let counted = ProductSales { units: 3, orders: 2, revenue: 300, facts: 2 };
    let found = |id: u128, total: ProductSales| {
        let found = facts.findings(&[(product(id), total)]);
        assert!(found.iter().all(|found| *found == Finding::new(Rule::TotalDiffers, Subject::Product(product(id)))));
        !found.is_empty()
    };
    let sum_found = |sum: ProductSales| facts.sum_finding(sum).is_some();
    assert!(!found(1, counted) && !sum_found(counted) && !sum_found(ProductSales::default()));
    assert!(sum_found(ProductSales { orders: 3, ..counted }) && sum_found(ProductSales { facts: 3, ..counted }));
    assert!(!found(1, ProductSales { units: 1, orders: 1, revenue: 100, facts: 1 }), "older");
    assert!(found(1, ProductSales { units: 4, ..counted }));
    assert!(found(1, ProductSales { facts: 3, ..counted }));
    assert!(found(2, counted), "of a product that nobody bought");
    assert!(!found(2, ProductSales::default()));
}

#[test]
fn units_sold_are_divided_by_the_time_of_the_reading() {
    let mut facts = DayFacts::new(day());
    for (n, units) in [(1, 1), (6, 2), (11, 4)] {
        facts.add(placed(fact(&order(n, &[(1, units, 100), (2, 1, 100)], 0), SaleKind::Sale)));
    }
    let sales = facts.units_sold_by_product(|id| (id == product(1)).then(|| at(6)));
    assert_eq!(sales[&product(1)], UnitsSold { all: 7, before: 1, unsure: 2 });
    assert_eq!(sales[&product(2)], UnitsSold { all: 3, before: 0, unsure: 0 }, "stock that was not read");
}

#[test]
fn rules_are_called_in_the_log_as_in_the_runbook() {
    assert_eq!(Rule::StockLost.to_string(), "stock-lost");
    let names: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    assert_eq!(names.len(), Rule::ALL.len());
}
