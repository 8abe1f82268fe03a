//! One customer's records: three queries, and two more checks when there is a finding.

use std::{collections::BTreeSet, time::Duration};

use sijang_domain::{CouponId, CustomerRecords, Day, DayFacts, Error, Finding, OrderId, Timestamp, UserId};
use tokio::time::sleep;

use crate::{Item, Store, balances::ledger_of, coupons::coupon_of, dynamodb::query::Query, orders::order_of};

/// Checks that must agree on a finding.
const CHECKS: u32 = 3;
/// Between two checks: an eventually consistent read is rarely older.
const PAUSE: Duration = Duration::from_millis(500);
/// A longer ledger is not added up.
const MOST_ENTRIES: usize = 10_000;

/// The result for one customer.
pub(super) struct CustomerCheck {
    pub(super) user: UserId,
    pub(super) findings: BTreeSet<Finding>,
    /// The campaigns of the coupons that the customer holds.
    pub(super) coupons: Vec<CouponId>,
}

/// A customer's items as they were read.
struct Items {
    ledger: Vec<Item>,
    orders: Vec<Item>,
    coupons: Vec<Item>,
}

impl Items {
    fn records(self, user: &UserId) -> Result<CustomerRecords, Error> {
        let whole = self.ledger.len() <= MOST_ENTRIES;
        Ok(CustomerRecords {
            user: user.clone(),
            ledger: whole.then(|| ledger_of(self.ledger)).transpose()?,
            orders: self.orders.into_iter().map(order_of).collect::<Result<_, _>>()?,
            coupons: self.coupons.into_iter().map(coupon_of).collect::<Result<_, _>>()?,
        })
    }
}

impl Store {
    /// The findings about a customer on which all checks agree.
    pub(super) async fn check_customer(
        &self,
        user: UserId,
        facts: &DayFacts,
        settled: Timestamp,
    ) -> Result<CustomerCheck, Error> {
        let (mut findings, coupons) = self.check_once(&user, facts, settled, false).await?;
        for _ in 1..CHECKS {
            if findings.is_empty() {
                break;
            }
            sleep(PAUSE).await;
            let known = self.orders_with_facts(&user, facts).await?;
            let fresh = self.facts_of_orders(facts.day(), &known).await?;
            let (again, _) = self.check_once(&user, &fresh, settled, true).await?;
            findings.retain(|finding| again.contains(finding));
        }
        Ok(CustomerCheck { user, findings, coupons })
    }

    /// One check: the findings, and the campaigns of the coupons that the customer holds.
    async fn check_once(
        &self,
        user: &UserId,
        facts: &DayFacts,
        settled: Timestamp,
        consistent: bool,
    ) -> Result<(BTreeSet<Finding>, Vec<CouponId>), Error> {
        let items = self.items_of(user, facts.day(), consistent).await?;
        Ok(match items.records(user) {
            Ok(account) => {
                let coupons = account.coupons.iter().map(|coupon| coupon.coupon_id).collect();
                (account.findings(facts, settled), coupons)
            }
            Err(_) => ([Finding::unreadable(user.clone())].into(), Vec::new()),
        })
    }

    async fn items_of(&self, user: &UserId, day: Day, consistent: bool) -> Result<Items, Error> {
        let all_of = |table| Query {
            table,
            condition: "user_id = :user",
            values: vec![(":user", user.to_string())],
            consistent,
            ..Query::default()
        };
        let ledger = self.query(all_of(&self.tables.balances), MOST_ENTRIES + 1).await?;
        let orders = self.query_all(self.orders_query(user, day, consistent)).await?;
        let coupons = self.query_all(all_of(&self.tables.user_coupons)).await?;
        Ok(Items { ledger, orders, coupons })
    }

    fn orders_query(&self, user: &UserId, day: Day, consistent: bool) -> Query<'_> {
        let (first, last) = OrderId::range_of(day);
        Query {
            table: &self.tables.orders,
            condition: "user_id = :user AND order_id BETWEEN :first AND :last",
            values: vec![(":user", user.to_string()), (":first", first.to_string()), (":last", last.to_string())],
            consistent,
            ..Query::default()
        }
    }

    /// The customer's orders of the day, by the facts and as they are there.
    async fn orders_with_facts(&self, user: &UserId, facts: &DayFacts) -> Result<BTreeSet<OrderId>, Error> {
        let items = self.query_all(self.orders_query(user, facts.day(), true)).await?;
        let there = items.into_iter().filter_map(|item| Some(order_of(item).ok()?.order_id));
        Ok(facts.orders_of(user).chain(there).collect())
    }
}
