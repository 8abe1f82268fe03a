//! Reconciliation of one day while the shop sells: reads the records of the day and checks that they agree. The rules
//! are in the domain (see [`sijang_domain::Rule`]); this module reads what they need.
//!
//! It reads the items that the day's facts name, and scans nothing. Records that change together are read in the order
//! in which they are written: totals before the facts that they count, a balance before the ledger entries, holders
//! before the counter. A finding about a customer is reported when three checks agree, the later two by consistent
//! reads. The reconciler repairs nothing and writes only its own progress.

mod checkpoint;
mod customers;
mod facts;
mod stock;
mod totals;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use sijang_domain::{CouponId, Day, DayFacts, Error, Finding, Ranking, RequestTime, Subject, Timestamp, UserId};

use self::{checkpoint::Checkpoint, stock::StockReconciliationRow};
use crate::{Store, dynamodb::transaction::to_item};

/// An order must have been counted after this time: a consumer that is further behind is an alarm of its own.
pub const SETTLING: Duration = Duration::from_mins(15);
/// Customers that are read at once.
const AT_ONCE: usize = 16;

/// The result of a run.
#[derive(Debug)]
pub struct Reconciliation {
    /// The day whose orders were checked.
    pub day: Day,
    /// Facts of that day.
    pub facts: u64,
    /// Facts without a customer: their orders were not checked.
    pub nameless: usize,
    /// Customers that were checked.
    pub customers: usize,
    /// Whether anything was left to check.
    pub checked: bool,
    /// Whether everything was checked: if not, the next run continues.
    pub done: bool,
    /// The findings.
    pub findings: BTreeSet<Finding>,
    /// Where the next run begins; to be saved after the findings are reported.
    progress: Option<Progress>,
}

/// How far a run came.
#[derive(Debug)]
pub struct Progress {
    checkpoint: Checkpoint,
    readings_kept: Vec<StockReconciliationRow>,
}

impl Reconciliation {
    fn nothing_left(day: Day) -> Self {
        let findings = BTreeSet::new();
        Self { day, facts: 0, nameless: 0, customers: 0, checked: false, done: true, findings, progress: None }
    }

    /// The findings of the statistics together with those of a pass over the day's customers.
    fn of(day: Day, facts: &DayFacts, pass: CustomersPass, mut findings: BTreeSet<Finding>) -> Self {
        findings.extend(pass.findings);
        Self {
            day,
            facts: facts.totals().facts(),
            nameless: facts.nameless(),
            customers: pass.customers,
            checked: true,
            done: pass.done,
            findings,
            progress: None,
        }
    }
}

impl Store {
    /// Checks the day before `scheduled_at`, from where the previous run ended. Call [`Store::save_progress`] after the
    /// findings are reported.
    pub async fn reconcile_scheduled(
        &self,
        scheduled_at: Timestamp,
        time: RequestTime,
    ) -> Result<Reconciliation, Error> {
        let last_run = Day::of(scheduled_at);
        let day = last_run.plus(-1);
        let mut checkpoint = match self.checkpoint().await? {
            Some(checkpoint) if checkpoint.is_beyond(day) => return Ok(Reconciliation::nothing_left(day)),
            last => Checkpoint::of_run(last, day),
        };
        let began = Instant::now();
        let (facts, mut findings) = self.statistics(day, !checkpoint.stock_read).await?;
        let mut readings_kept = Vec::new();
        if !checkpoint.stock_read {
            let (rows, wrong) = self.reconcile_stock(&facts, checkpoint.since, (time.now, began)).await?;
            findings.extend(wrong);
            findings.extend(self.outdated_findings(last_run).await?);
            (readings_kept, checkpoint.stock_read) = (rows, true);
        }
        let pass = self.pass(&facts, checkpoint.after.as_ref(), time, SETTLING).await?;
        (checkpoint.done, checkpoint.after) = (pass.done, pass.last.clone().or(checkpoint.after));
        let progress = Some(Progress { checkpoint, readings_kept });
        Ok(Reconciliation { progress, ..Reconciliation::of(day, &facts, pass, findings) })
    }

    /// Checks one day again, without the stock, which is compared between consecutive runs only. Orders that are older
    /// than `settling` are checked.
    pub async fn reconcile_day(
        &self,
        day: Day,
        time: RequestTime,
        settling: Duration,
    ) -> Result<Reconciliation, Error> {
        let (facts, mut findings) = self.statistics(day, true).await?;
        // The run of today may still be to come.
        findings.extend(self.outdated_finding(day, Day::of(time.now).plus(-1)).await?);
        let pass = self.pass(&facts, None, time, settling).await?;
        Ok(Reconciliation::of(day, &facts, pass, findings))
    }

    /// Saves how far a run came. A run that ends before it is repeated, and reports the same findings again.
    pub async fn save_progress(&self, reconciliation: &Reconciliation) -> Result<(), Error> {
        let Some(Progress { checkpoint, readings_kept }) = &reconciliation.progress else { return Ok(()) };
        let items = readings_kept.iter().map(to_item).collect::<Result<Vec<_>, _>>()?;
        for items in items.chunks(AT_ONCE) {
            try_join_all(items.iter().cloned().map(|item| self.put_own_item(item))).await?;
        }
        self.put_own_item(to_item(checkpoint)?).await
    }

    /// The facts of a day, and on demand the findings about its totals and about the ranking that counts it.
    async fn statistics(&self, day: Day, checked: bool) -> Result<(DayFacts, BTreeSet<Finding>), Error> {
        if !checked {
            return Ok((self.facts_of_day(day).await?, BTreeSet::new()));
        }
        let (totals, ranking) = (self.day_totals(day).await?, self.ranking_of(day.plus(1)).await?);
        let sum = self.totals_of_days(day.into()).await?;
        let facts = self.facts_of_day(day).await?;
        let mut findings = facts.findings(&totals);
        let coupons: Vec<CouponId> = facts.totals().coupons().map(|(coupon_id, _)| coupon_id).collect();
        let uses = self.coupon_uses(&coupons, true).await?;
        findings.extend(
            coupons
                .into_iter()
                .filter_map(|coupon_id| facts.uses_finding(coupon_id, *uses.coupons.get(&coupon_id)?.get(&day)?)),
        );
        findings.extend(sum.into_iter().filter_map(|(_, sum)| facts.sum_finding(sum)));
        if let Some(ranking) = ranking {
            findings.extend(self.ranking_finding(&ranking, &facts).await?);
        }
        Ok((facts, findings))
    }

    async fn ranking_finding(&self, ranking: &Ranking, newest: &DayFacts) -> Result<Option<Finding>, Error> {
        let mut window = newest.totals().clone();
        for day in ranking.day.ranking_window().into_iter().filter(|day| *day != newest.day()) {
            window.merge(&self.count_day(day).await?);
        }
        Ok(ranking.finding(&window))
    }

    /// Checks one customer after the other until the deadline, and then the campaigns whose coupons they hold.
    async fn pass(
        &self,
        facts: &DayFacts,
        after: Option<&UserId>,
        time: RequestTime,
        settling: Duration,
    ) -> Result<CustomersPass, Error> {
        let settled = settled_at(time.now, settling);
        let mut pass = CustomersPass { done: true, ..CustomersPass::default() };
        let mut holders: BTreeMap<CouponId, BTreeSet<UserId>> = BTreeMap::new();
        let customers = facts.customers_after(after);
        for group in customers.chunks(AT_ONCE) {
            // At least one group, so that every run comes further.
            if pass.last.is_some() && Instant::now() >= time.deadline {
                pass.done = false;
                break;
            }
            for check in
                try_join_all(group.iter().cloned().map(|user| Box::pin(self.check_customer(user, facts, settled))))
                    .await?
            {
                pass.findings.extend(check.findings);
                for coupon_id in check.coupons {
                    holders.entry(coupon_id).or_default().insert(check.user.clone());
                }
            }
            pass.customers += group.len();
            pass.last = group.last().cloned();
        }
        for (coupon_id, holders) in holders {
            let (campaign, rollout_at) = self.campaign_reconciliation(coupon_id, holders).await?;
            pass.findings.extend(campaign.finding());
            if rollout_at.is_some_and(|at| at <= settled) {
                pass.findings.insert(Finding::unfinished(Subject::Coupon(coupon_id)));
            }
        }
        Ok(pass)
    }
}

/// Records before this instant are checked; younger ones may still be in progress.
fn settled_at(now: Timestamp, settling: Duration) -> Timestamp {
    let settled = now.millis() - i64::try_from(settling.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(settled.max(0)).unwrap_or(Timestamp::EPOCH)
}

#[derive(Debug, Default)]
struct CustomersPass {
    customers: usize,
    last: Option<UserId>,
    done: bool,
    findings: BTreeSet<Finding>,
}
