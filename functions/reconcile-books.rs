//! The reconciler: every night from 01:00 in Seoul it holds the books of the day before against each other.
//!
//! Once a night, and not every hour, because a customer's whole ledger is read: once for each day on which she bought, and
//! not once for each hour. After the aggregator, whose totals it checks. It is started every quarter of an hour until 04:45;
//! a run goes on where the last one ended, and one that finds the day done reads one item. With `{"day": ..}` it looks at
//! one day again. It repairs nothing: each finding is a line in the log, by names and never by amounts.

use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};
use sijang_domain::{
    Day, Finding, Moment, Subject, Timestamp,
    metric::{BOOKS_CHECKED, BOOKS_DRIFT, BOOKS_RECORDS},
};
use sijang_edge::{Error, log, metrics, run_worker};
use sijang_storage::{SETTLING, Store};

/// The most time for one run: the next one goes on.
const PATIENCE: Duration = Duration::from_mins(4);

/// What is asked for.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Task {
    /// By the schedule: the day before this time, as far as it is not done.
    Night {
        /// When it was to run.
        scheduled_time: Timestamp,
    },
    /// By an operator: one day, from its beginning.
    Again {
        /// Which one.
        day: Day,
        /// How old an order must be to be judged: less than usual where nothing is under way.
        #[serde(default)]
        settling_minutes: Option<u16>,
    },
}

/// What was done.
#[derive(Serialize)]
pub struct Report {
    day: Day,
    facts: u64,
    customers: usize,
    findings: Vec<&'static str>,
    done: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let store = Store::from_env().await;
    run_worker(move |task| async move { reconcile(store, task, moment()?).await }).await
}

/// Now, and until when this run may take.
fn moment() -> Result<Moment, Error> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let now = Timestamp::from_millis(now.as_millis().try_into()?).map_err(|_| "an impossible time")?;
    Ok(Moment { now, deadline: Instant::now() + PATIENCE })
}

/// Looks at what is asked for.
pub async fn reconcile(store: &Store, task: Task, moment: Moment) -> Result<Report, Error> {
    let books = match task {
        // In boxes: futures that are large, and deep for the compiler.
        Task::Night { scheduled_time } => Box::pin(store.reconcile_night(scheduled_time, moment)).await?,
        Task::Again { day, settling_minutes } => {
            let settling = settling_minutes.map_or(SETTLING, |minutes| Duration::from_mins(minutes.into()));
            Box::pin(store.reconcile_day(day, moment, settling)).await?
        }
    };
    books.findings.iter().for_each(tell);
    // Whoever dies between telling and marking tells again.
    store.save_progress(&books).await?;
    let (facts, customers, drift, nameless) = (books.facts, books.customers, books.findings.len(), books.nameless);
    if books.looked {
        metrics::measure(&BOOKS_DRIFT, drift as u64);
        metrics::measure(&BOOKS_RECORDS, customers as u64);
        metrics::count(&BOOKS_CHECKED, usize::from(books.done));
    }
    tracing::info!(day = %books.day, facts, customers, drift, nameless, done = books.done, "reconciled");
    let findings = books.findings.iter().map(|finding| finding.rule.name()).collect();
    Ok(Report { day: books.day, facts, customers, findings, done: books.done })
}

fn tell(Finding { rule, subject }: &Finding) {
    let rule = rule.name();
    match subject {
        Subject::Customer(user) => {
            let customer = log::pseudonym(user.as_str());
            tracing::error!(rule, customer, "drift");
        }
        Subject::Order(order_id) => tracing::error!(rule, order = %order_id, "drift"),
        Subject::Product(product_id) => tracing::error!(rule, product = %product_id, "drift"),
        Subject::Coupon(coupon_id) => tracing::error!(rule, coupon = %coupon_id, "drift"),
        Subject::Day(day) => tracing::error!(rule, day = %day, "drift"),
    }
}
