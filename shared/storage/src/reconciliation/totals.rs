//! Stored totals that are older than their facts, of days that no later daily run counts by itself.

use std::{collections::BTreeSet, time::Duration};

use sijang_domain::{Day, Error, Finding};
use tokio::time::sleep;

use crate::{Store, statistics::OutdatedDay};

/// How often a day must be found outdated.
const CHECKS: u32 = 3;
/// Between two checks. The consumer marks a day right after it has written the fact.
const PAUSE: Duration = Duration::from_millis(500);

impl Store {
    /// Checks the day that has just left the window of the daily run of `last_run`, and the days that this run should have
    /// counted because they were marked before.
    pub(super) async fn outdated_findings(&self, last_run: Day) -> Result<BTreeSet<Finding>, Error> {
        let marked = self.outdated_days().await?.into_iter().filter(|outdated| outdated.marked_on() < last_run);
        let days: BTreeSet<Day> = marked.map(|outdated| outdated.day).chain([last_run.plus(-3)]).collect();
        let mut findings = BTreeSet::new();
        for day in days {
            findings.extend(self.outdated_finding(day, last_run).await?);
        }
        Ok(findings)
    }

    /// A finding when the totals of the day are older than its facts and no run after `last_run` is to count it.
    pub(super) async fn outdated_finding(&self, day: Day, last_run: Day) -> Result<Option<Finding>, Error> {
        if day.is_counted_after(last_run) {
            return Ok(None);
        }
        for check in 0..CHECKS {
            if check > 0 {
                sleep(PAUSE).await;
            }
            // The totals before the facts that they count, and the facts before the marks that are written after them.
            let stored = self.day_totals(day).await?;
            let counted = self.count_day(day).await?;
            let marked = |outdated: &OutdatedDay| outdated.day == day && outdated.marked_on() >= last_run;
            if !counted.is_newer_than(&stored) || self.outdated_days().await?.iter().any(marked) {
                return Ok(None);
            }
        }
        Ok(Some(Finding::outdated(day)))
    }
}
