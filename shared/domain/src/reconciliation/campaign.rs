//! Compares a campaign's counters with its total and with the customers who were found to hold one of its coupons.

use std::collections::BTreeSet;

use super::{Finding, Rule, Subject};
use crate::{CouponId, UserId};

/// One shard of a campaign's counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter {
    /// Its part of the total.
    pub quota: u32,
    /// How much of that is issued.
    pub issued: u32,
}

/// A campaign, read after the coupons of its holders.
#[derive(Debug, Clone)]
pub struct CampaignReconciliation {
    /// Which.
    pub coupon_id: CouponId,
    /// Coupons to give out in all.
    pub total: u32,
    /// Whether coupons may have been between two counters, of which one had given them, when the counters were read.
    pub moving: bool,
    /// Its counters.
    pub counters: Vec<Counter>,
    /// Customers who were found to hold a coupon: some of the holders, each counted once.
    pub holders: BTreeSet<UserId>,
}

impl CampaignReconciliation {
    /// The finding about its counters.
    pub fn finding(&self) -> Option<Finding> {
        let sum = |figure: fn(&Counter) -> u32| self.counters.iter().map(|one| u64::from(figure(one))).sum::<u64>();
        let issued = sum(|counter| counter.issued);
        let over = self.counters.iter().any(|counter| counter.issued > counter.quota);
        let (quotas, total) = (sum(|counter| counter.quota), u64::from(self.total));
        let quotas_differ = if self.moving { quotas > total } else { quotas != total };
        let wrong = over || quotas_differ || issued < self.holders.len() as u64;
        wrong.then_some(Finding::new(Rule::CounterDiffers, Subject::Coupon(self.coupon_id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn counters_add_up_to_their_campaign_and_have_counted_every_holder() {
        let holders = ["alice", "bob"].map(|name| UserId::parse(name).unwrap());
        let wrong = |moving, counters: &[(u32, u32)]| {
            let counters = counters.iter().map(|(quota, issued)| Counter { quota: *quota, issued: *issued }).collect();
            let coupon_id = CouponId::new(Timestamp::EPOCH, 1);
            CampaignReconciliation { coupon_id, total: 5, moving, counters, holders: holders.clone().into() }
                .finding()
                .is_some()
        };
        for good in [&[(5, 2)][..], &[(5, 5)], &[(3, 2), (2, 0)], &[(0, 0), (5, 4)]] {
            assert!(!wrong(false, good), "{good:?}");
        }
        for bad in [&[(5, 1)][..], &[(4, 2)], &[(6, 2)], &[(2, 3), (3, 0)], &[]] {
            assert!(wrong(false, bad), "{bad:?}");
        }
        // Coupons that one counter has given and no other has received yet are missing from the sum; there are never
        // more.
        for (counters, expected) in [(&[(4, 2)][..], false), (&[(6, 2)], true), (&[(4, 1)], true), (&[(1, 2)], true)] {
            assert_eq!(wrong(true, counters), expected, "{counters:?}");
        }
    }
}
