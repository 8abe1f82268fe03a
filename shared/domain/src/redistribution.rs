//! Redistributions: how units are moved between shards, and units from outside are spread over them.
//!
//! The shards are changed one after the other, while they are sold from. So a redistribution has two halves: shards
//! with a surplus give units first, then the others receive these units. A shard may have sold units since the plan was
//! made. It then gives fewer, and the receivers share what there is.

use serde::{Deserialize, Serialize};

use crate::ShardCount;

/// For each shard, the units that it is to give (negative) or may receive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Redistribution {
    changes: Vec<i64>,
}

impl Redistribution {
    /// The plan by which shards that have these units `left`, and `entering` units from outside, become so many equal
    /// shards.
    pub fn plan(left: &[u32], shards: ShardCount, entering: u32) -> Self {
        let total = left.iter().fold(entering, |sum, left| sum.saturating_add(*left));
        let mut parts = shards.shares(total);
        let mut changes: Vec<i64> =
            left.iter().map(|left| i64::from(parts.next().unwrap_or_default()) - i64::from(*left)).collect();
        changes.extend(parts.map(i64::from));
        Self { changes }
    }

    /// Whether no units are to be moved.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The shards that are to give units, and how many each.
    pub fn givers(&self) -> impl Iterator<Item = (u8, u32)> {
        let giver =
            |(shard, change): (u8, &i64)| Some((shard, u32::try_from(-change).ok().filter(|units| *units > 0)?));
        (0..).zip(&self.changes).filter_map(giver)
    }

    /// The shards that give nothing, and the share of `units` for each: in proportion to the units that it may receive.
    pub fn receivers(&self, units: u32) -> Vec<(u8, u32)> {
        let mut receivers: Vec<(u8, u64)> = (0..)
            .zip(&self.changes)
            .filter_map(|(shard, change)| Some((shard, u64::try_from(*change).ok()?)))
            .collect();
        let mut wanted: u64 = receivers.iter().map(|(_, wants)| wants).sum();
        let mut left = u64::from(units);
        for (_, share) in &mut receivers {
            let wants = *share;
            // The last one that wants any takes what is left.
            *share = (left * wants).div_ceil(wanted.max(1)).min(left);
            (wanted, left) = (wanted - wants, left - *share);
        }
        receivers.into_iter().map(|(shard, share)| (shard, u32::try_from(share).unwrap_or(u32::MAX))).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(count: i64) -> ShardCount {
        ShardCount::new(count).unwrap()
    }

    #[test]
    fn units_are_given_by_surplus_and_received_by_deficit() {
        let split = Redistribution::plan(&[22], count(4), 0);
        assert_eq!(split.givers().collect::<Vec<_>>(), [(0, 16)]);
        assert_eq!(split.receivers(16), [(1, 6), (2, 5), (3, 5)]);
        let joined = Redistribution::plan(&[6, 6, 5, 5], count(1), 0);
        assert_eq!(joined.givers().collect::<Vec<_>>(), [(1, 6), (2, 5), (3, 5)]);
        assert_eq!(joined.receivers(14), [(0, 14)], "two units were sold in the meantime");
        let delivered = Redistribution::plan(&[0, 0, 9], count(3), 6);
        assert_eq!(delivered.givers().collect::<Vec<_>>(), [(2, 4)]);
        assert_eq!(delivered.receivers(10), [(0, 5), (1, 5)]);
    }

    proptest! {
        #[test]
        fn redistribution_keeps_every_unit_whatever_was_sold_since_the_plan(
            lefts in prop::collection::vec((0..1_000_u32, 0..1_000_u32), 1..=96),
            shards in 1..=96_i64,
            entering in 0..1_000_000_u32,
        ) {
            let planned: Vec<u32> = lefts.iter().map(|(left, _)| *left).collect();
            let plan = Redistribution::plan(&planned, count(shards), entering);
            let mut stock: Vec<u32> = lefts.iter().map(|(left, sold)| left - left.min(sold)).collect();
            let before = stock.iter().sum::<u32>() + entering;
            stock.resize(stock.len().max(usize::try_from(shards).unwrap()), 0);
            let mut given = entering;
            for (shard, units) in plan.givers() {
                let units = units.min(stock[usize::from(shard)]);
                stock[usize::from(shard)] -= units;
                given += units;
            }
            let receivers = plan.receivers(given);
            prop_assert!(!receivers.is_empty() || given == 0);
            for (shard, units) in receivers {
                stock[usize::from(shard)] += units;
            }
            prop_assert_eq!(stock.iter().sum::<u32>(), before);
            prop_assert!(stock[usize::try_from(shards).unwrap()..].iter().all(|left| *left == 0), "out of use");
        }

        #[test]
        fn shards_are_equal_when_nothing_was_sold_since_the_plan(
            lefts in prop::collection::vec(0..1_000_u32, 1..=96),
            shards in 1..=96_i64,
            entering in 0..1_000_000_u32,
        ) {
            let plan = Redistribution::plan(&lefts, count(shards), entering);
            let given = plan.givers().map(|(_, units)| units).sum::<u32>() + entering;
            let mut stock = lefts.clone();
            stock.resize(lefts.len().max(usize::try_from(shards).unwrap()), 0);
            plan.givers().for_each(|(shard, units)| stock[usize::from(shard)] -= units);
            plan.receivers(given).into_iter().for_each(|(shard, units)| stock[usize::from(shard)] += units);
            let shares: Vec<u32> = count(shards).shares(lefts.iter().sum::<u32>() + entering).collect();
            prop_assert_eq!(&stock[..shares.len()], &shares[..]);
        }
    }
}
